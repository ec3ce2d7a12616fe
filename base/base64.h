/* base/base64.h: bytes as text: the standard alphabet with padding, on one line (RFC 4648, section 4).
 *
 * Decoding is strict: a length that is a multiple of four, no space, no other
 * characters, padding only at the end, and unused bits zero, so that a text
 * has one meaning and bytes have one text. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

static inline size_t base64_text_bytes(size_t size_bytes) /* without the NUL */
{
    return (size_bytes + 2) / 3 * 4;
}

static inline size_t base64_bytes_max(size_t text_bytes)
{
    return text_bytes / 4 * 3;
}

/* Writes base64_text_bytes(size_bytes) characters and a NUL. */
void base64_encode(const unsigned char *bytes, size_t size_bytes, char *text);

/* Writes at most base64_bytes_max(text_bytes); false when malformed. */
bool base64_decode(const char *text, size_t text_bytes, unsigned char *bytes, size_t *size_bytes_out);
