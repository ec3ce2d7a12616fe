/* tests/unit/test_base64.c: RFC 4648's vectors, a round trip for each length, and one text only for each
 * bytes. */
#include "base/base64.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

TestSuite(base64, .timeout = 5);

Test(base64, the_vectors_of_the_rfc)
{
    static const char *const CASES[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[16];
        base64_encode((const unsigned char *)CASES[i][0], strlen(CASES[i][0]), text);
        cr_assert(eq(str, text, (char *)CASES[i][1]));
        cr_assert(eq(sz, strlen(text), base64_text_bytes(strlen(CASES[i][0]))));
    }
}

Test(base64, all_lengths_and_bytes_come_back)
{
    unsigned char bytes[256], back[260];
    char text[400];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 167 + 13);
    for (size_t size_bytes = 0; size_bytes <= sizeof bytes; size_bytes++) {
        size_t got = 999;
        base64_encode(bytes, size_bytes, text);
        cr_assert(base64_decode(text, strlen(text), back, &got));
        cr_assert(eq(sz, got, size_bytes));
        cr_assert(eq(int, memcmp(bytes, back, size_bytes), 0));
    }
}

Test(base64, anything_else_is_refused)
{
    static const char *const TEXTS[] = {
        "Z",    "Zg",   "Zg=",  "Zg===", "====", "Z===", "Zm8=Zm8=", "Zg==Zg==",        "Zm9v\n",
        "Zm 9", "Zm9-", "Zm9_", "Zh==",  "Zm9=", "=Zm9", "Z=m9",     "\xff\xff\xff\xff"};
    unsigned char bytes[16];
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        size_t got = 999;
        cr_assert(eq(int, base64_decode(TEXTS[i], strlen(TEXTS[i]), bytes, &got), 0), "%s", TEXTS[i]);
        cr_assert(eq(sz, got, 999));
    }
}
