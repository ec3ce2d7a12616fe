/* base/escape.c: one character at a time, plain stretches at once. */
#include "base/escape.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Bytes of the UTF-8 character at `text`; 0 when it is none (overlong, surrogate, beyond U+10FFFF, cut off).
 */
static uint32_t character_bytes(const unsigned char *text)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high;
        uint32_t bytes;
    } FORMS[] = {
        {0x20, 0x7E, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        if (text[0] < FORMS[i].first_low || text[0] > FORMS[i].first_high) continue;
        if (FORMS[i].bytes > 1 && (text[1] < FORMS[i].second_low || text[1] > FORMS[i].second_high)) return 0;
        for (uint32_t j = 2; j < FORMS[i].bytes; j++)
            if ((text[j] & 0xC0) != 0x80) return 0;
        return FORMS[i].bytes;
    }
    return 0;
}

/* How many bytes from here on stand for themselves in a JSON string: nearly always all. */
static size_t plain_bytes(const unsigned char *at)
{
    size_t count = 0;
    while (at[count] >= 0x20 && at[count] < 0x7F && at[count] != '"' && at[count] != '\\') count++;
    return count;
}

void escape_json(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    putc('"', out);
    while (*at) {
        size_t plain = plain_bytes(at);
        if (plain) {
            fwrite(at, 1, plain, out);
            at += plain;
            continue;
        }
        uint32_t bytes = character_bytes(at);
        if (*at == '"' || *at == '\\')
            fprintf(out, "\\%c", *at);
        else if (bytes)
            fwrite(at, 1, bytes, out);
        else
            fprintf(out, "\\u%04x", *at < 0x80 ? *at : 0xFFFD);
        at += bytes ? bytes : 1;
    }
    putc('"', out);
}

static const char *html_reference(unsigned char byte)
{
    switch (byte) {
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '&': return "&amp;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

/* What is neither UTF-8 nor printable. */
static const char *stand_in(unsigned char byte)
{
    return byte < 0x80 ? " " : "\xEF\xBF\xBD";
}

void escape_html(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        uint32_t bytes = character_bytes(at);
        const char *reference = html_reference(*at);
        if (reference || !bytes)
            fputs(reference ? reference : stand_in(*at), out);
        else
            fwrite(at, 1, bytes, out);
        at += bytes ? bytes : 1;
    }
}

void escape_markdown(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        uint32_t bytes = character_bytes(at);
        bool is_quote = *at == '"' || *at == '\'';
        const char *reference = *at == '@' ? "&#64;" : is_quote ? NULL : html_reference(*at);
        if (reference || !bytes) {
            fputs(reference ? reference : stand_in(*at), out);
        } else {
            if (strchr("\\`*_[]#|~$!", *at)) putc('\\', out);
            fwrite(at, 1, bytes, out);
        }
        at += bytes ? bytes : 1;
    }
}

void escape_csv(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"') putc('"', out);
        putc(*text, out);
    }
    putc('"', out);
}

bool escape_is_utf8(const char *bytes, size_t size_bytes)
{
    for (size_t at = 0; at < size_bytes;) {
        unsigned char next[5] = {0}; /* never reads behind the end */
        size_t left = size_bytes - at;
        memcpy(next, bytes + at, left < 4 ? left : 4);
        uint32_t size = next[0] < 0x80 ? 1 : character_bytes(next);
        if (size == 0) return false;
        at += size;
    }
    return true;
}
