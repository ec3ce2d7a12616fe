/* tests/unit/test_decimal.c: a decimal is read exactly or refused. */
#include "base/decimal.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(decimal, text_becomes_whole_steps)
{
    static const struct {
        const char *text;
        int places;
        int64_t steps;
    } CASES[] = {
        {"0.1", 4, 1000},
        {"0.01", 4, 100},
        {".5", 4, 5000},
        {"1", 4, 10000},
        {"100.0", 2, 10000},
        {"0.10000000000000000000000000", 4, 1000},
        {"1e-1", 4, 1000},
        {"10.5e-1", 4, 10500},
        {"1_000_000", 0, 1000000},
        {"-0.1", 2, -10},
        {"+7", 0, 7},
        {"0", 4, 0},
        {"0e999999999999", 4, 0},
        {"5.", 1, 50},
        {"1E+2", 0, 100},
        {"9223372036854775807", 0, INT64_MAX},
        {"1000000000000000000000e-21", 0, 1},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int64_t steps = -1;
        cr_assert(eq(int, decimal_parse(CASES[i].text, CASES[i].places, &steps), OK), "%s", CASES[i].text);
        cr_assert(eq(i64, steps, CASES[i].steps), "%s", CASES[i].text);
    }
}

Test(decimal, what_is_finer_or_larger_is_out_of_range)
{
    static const char *const CASES[] = {
        "0.10005",      "0.00001",   "9223372036854775808",     "1e19",
        "1e-999999999", "1e9999999", "12345678901234567890123", "0.1000000000000000055"};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int64_t steps = -1;
        cr_assert(eq(int, decimal_parse(CASES[i], 4, &steps), ERR_RANGE), "%s", CASES[i]);
        cr_assert(eq(i64, steps, -1));
    }
}

Test(decimal, what_is_no_number_is_malformed)
{
    static const char *const CASES[] = {"",    ".",   "-",  "nan", "inf", "1__0",  "_1",  "1_",  "1e",
                                        "1e+", "0x1", "1 ", " 1",  "--1", "1.2.3", "1,5", "1._5"};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int64_t steps;
        cr_assert(eq(int, decimal_parse(CASES[i], 4, &steps), ERR_SYNTAX), "%s", CASES[i]);
    }
}

Test(decimal, steps_are_written_as_short_as_they_can_be)
{
    char text[DECIMAL_TEXT_BYTES];
    decimal_write(text, 1000, 4);
    cr_assert(eq(str, text, "0.1"));
    decimal_write(text, 10000, 2);
    cr_assert(eq(str, text, "100.0"));
    decimal_write(text, -12345, 4);
    cr_assert(eq(str, text, "-1.2345"));
    decimal_write(text, INT64_MIN, 0);
    cr_assert(eq(str, text, "-9223372036854775808"));
}

Test(decimal, a_double_becomes_the_shortest_text_that_reads_back)
{
    char text[DECIMAL_TEXT_BYTES];
    decimal_from_double(text, 0.1);
    cr_assert(eq(str, text, "0.1"));
    decimal_from_double(text, 1.0 / 3);
    cr_assert(eq(str, text, "0.3333333333333333"));
    decimal_from_double(text, 100);
    cr_assert(eq(str, text, "100"));
}
