/* base/base64.c: three bytes are four letters. */
#include "base/base64.h"
#include <stdint.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { FOREIGN = 0x80 }; /* no letter's value has this bit */

void base64_encode(const unsigned char *bytes, size_t size_bytes, char *text)
{
    for (size_t at = 0; at < size_bytes; at += 3, text += 4) {
        size_t left = size_bytes - at;
        uint32_t group = (uint32_t)bytes[at] << 16;
        if (left > 1) group |= (uint32_t)bytes[at + 1] << 8;
        if (left > 2) group |= bytes[at + 2];
        text[0] = ALPHABET[group >> 18];
        text[1] = ALPHABET[group >> 12 & 63];
        text[2] = left > 1 ? ALPHABET[group >> 6 & 63] : '=';
        text[3] = left > 2 ? ALPHABET[group & 63] : '=';
    }
    *text = 0;
}

static uint32_t value_of(char letter)
{
    if (letter >= 'A' && letter <= 'Z') return (uint32_t)(letter - 'A');
    if (letter >= 'a' && letter <= 'z') return (uint32_t)(letter - 'a') + 26;
    if (letter >= '0' && letter <= '9') return (uint32_t)(letter - '0') + 52;
    if (letter == '+') return 62;
    return letter == '/' ? 63 : FOREIGN;
}

bool base64_decode(const char *text, size_t text_bytes, unsigned char *bytes, size_t *size_bytes_out)
{
    if (text_bytes % 4 != 0) return false;
    size_t used = 0;
    for (size_t at = 0; at < text_bytes; at += 4) {
        size_t padding = 0;
        if (at + 4 == text_bytes && text[at + 3] == '=') padding = text[at + 2] == '=' ? 2 : 1;
        uint32_t group = 0, foreign = 0;
        for (size_t i = 0; i < 4; i++) {
            uint32_t value = i < 4 - padding ? value_of(text[at + i]) : 0;
            group = group << 6 | (value & 63);
            foreign |= value;
        }
        if (foreign & FOREIGN || (group & ((1u << (8 * padding)) - 1)) != 0) return false;
        for (size_t i = 0; i < 3 - padding; i++) bytes[used++] = (unsigned char)(group >> (16 - 8 * i));
    }
    *size_bytes_out = used;
    return true;
}
