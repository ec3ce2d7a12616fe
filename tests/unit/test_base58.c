/* tests/unit/test_base58.c: known texts, a round trip for each length, foreign letters and sizes. */
#include "base/base58.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

TestSuite(base58, .timeout = 5);

Test(base58, known_texts)
{
    static const struct {
        const char *bytes, *text;
    } CASES[] = {
        {"", ""}, {"a", "2g"}, {"bbb", "a3gV"}, {"simply a long string", "2cFupjhnEsSn59qHXstmK2ffpLv2"}};
    unsigned char zeros[32] = {0};
    char text[64];
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        base58_encode((const unsigned char *)CASES[i].bytes, strlen(CASES[i].bytes), text);
        cr_assert(eq(str, text, (char *)CASES[i].text));
    }
    base58_encode(zeros, sizeof zeros, text);
    cr_assert(eq(str, text, "11111111111111111111111111111111"));
}

Test(base58, what_was_written_reads_back)
{
    unsigned char bytes[BASE58_BYTES_MAX], back[BASE58_BYTES_MAX];
    char text[BASE58_TEXT_MAX];
    for (size_t size = 0; size <= BASE58_BYTES_MAX; size += size < 80 ? 1 : 128) {
        size_t got;
        for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)(i < size % 3 ? 0 : i * 37 + size);
        base58_encode(bytes, size, text);
        cr_assert(lt(sz, strlen(text), BASE58_TEXT_MAX));
        cr_assert(base58_decode(text, back, size, &got), "%zu", size);
        cr_assert(eq(sz, got, size));
        cr_assert(memcmp(bytes, back, size) == 0, "%zu", size);
        if (size) cr_assert(not(base58_decode(text, back, size - 1, &got)));
    }
}

Test(base58, foreign_letters_and_other_sizes_are_refused)
{
    unsigned char bytes[32];
    size_t got;
    for (const char *text = "0OIl+/ \n\x80"; *text; text++) {
        char word[4] = {'2', *text, '2', 0};
        cr_assert(not(base58_decode(word, bytes, sizeof bytes, &got)), "%c", *text);
    }
    cr_assert(base58_decode_exactly("11111111111111111111111111111111", bytes, 32));
    cr_assert(not(base58_decode_exactly("1111111111111111111111111111111", bytes, 32)));
    cr_assert(not(base58_decode_exactly("111111111111111111111111111111111", bytes, 32)));
}
