/* base/base58.h: bytes as text in Bitcoin's alphabet, as Solana writes keys, signatures and blockhashes.
 *
 * The number that the bytes spell, to base 58; each leading zero byte is a leading '1'. Cost grows with the
 * square of the size: for what is at most BASE58_BYTES_MAX long. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum {
    BASE58_BYTES_MAX = 1232,                /* a packet of Solana */
    BASE58_TEXT_MAX = 1232 * 138 / 100 + 2, /* with the NUL */
    BASE58_KEY_TEXT = 45,                   /* 32 bytes, with the NUL */
    BASE58_SIGNATURE_TEXT = 89,             /* 64 bytes, with the NUL */
};

/* Writes at most size_bytes * 138 / 100 + 1 characters and a NUL. size_bytes <= BASE58_BYTES_MAX. */
void base58_encode(const unsigned char *bytes, size_t size_bytes, char *text);

/* False when a character is foreign, or the bytes are more than size_max (itself <= BASE58_BYTES_MAX). */
bool base58_decode(const char *text, unsigned char *bytes, size_t size_max, size_t *size_bytes_out);

/* False unless it is exactly so many bytes. */
bool base58_decode_exactly(const char *text, unsigned char *bytes, size_t size_bytes);
