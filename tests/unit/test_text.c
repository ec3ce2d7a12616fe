/* tests/unit/test_text.c: the pieces of the load grammars: numbers, shares, lines. */
#include "loadgen/text.h"
#include "base/limits.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(text, .timeout = 20);

static const struct text_bounds BOUNDS = {"what", 0, 10};

Test(text, numbers_are_plain_decimals_within_bounds)
{
    double number = -7;
    struct diag diag = {0};
    cr_assert(text_number(".3", &BOUNDS, &number, &diag) == OK && number == 0.3, "%s", diag.text);
    cr_assert(text_number("10", &BOUNDS, &number, &diag) == OK && number == 10);
    static const char *WRONG[] = {"", "nan", "inf", "0x3", "3s", " 3", "1e"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        cr_expect(text_number(WRONG[i], &BOUNDS, &number, &diag) == ERR_SYNTAX, "'%s'", WRONG[i]);
    static const char *OUTSIDE[] = {"-1", "10.1", "1e300", "0.00000000001"};
    for (size_t i = 0; i < sizeof OUTSIDE / sizeof *OUTSIDE; i++)
        cr_expect(text_number(OUTSIDE[i], &BOUNDS, &number, &diag) == ERR_RANGE, "'%s'", OUTSIDE[i]);
    cr_assert(number == 10); /* untouched on failure */
}

Test(text, shares_default_to_zero)
{
    double a = 5, b = 5;
    struct text_share shares[] = {{"a", &a}, {"b", &b}};
    struct text_share_set set = {"what", shares, 2};
    struct diag diag = {0};
    cr_assert(text_shares(&set, "b=1", &diag) == OK && a == 0 && b == 1);
    cr_assert(text_shares(&set, "b=.25,a=.75", &diag) == OK && a == .75 && b == .25);
    cr_assert(eq(int, text_shares(&set, "b=1,", &diag), ERR_SYNTAX));
}

Test(text, lines_come_trimmed_and_numbered)
{
    char path[] = "/tmp/agenc-text-XXXXXX";
    struct text_lines lines;
    struct diag diag = {0};
    FILE *file = fdopen(mkstemp(path), "w");
    fputs("\n  one \r\n# nothing\ntwo#three\n\nlast", file);
    fclose(file);
    cr_assert(eq(int, text_lines_open(&lines, "--what", path, &diag), OK));
    cr_assert(eq(str, text_lines_next(&lines), "one"));
    cr_assert(eq(u32, lines.line, 2));
    cr_assert(eq(str, text_lines_next(&lines), "two"));
    cr_assert(eq(str, text_lines_next(&lines), "last"));
    cr_assert(eq(u32, lines.line, 6));
    cr_assert(text_lines_next(&lines) == NULL);
    text_lines_close(&lines);
    unlink(path);
}

Test(text, files_that_are_none_are_refused)
{
    char path[] = "/tmp/agenc-text-XXXXXX";
    struct text_lines lines;
    struct diag diag = {0};
    cr_assert(eq(int, text_lines_open(&lines, "--what", "/no/such", &diag), ERR_IO));
    cr_assert(eq(int, text_lines_open(&lines, "--what", "/tmp", &diag), ERR_IO));
    FILE *file = fdopen(mkstemp(path), "w");
    fwrite("a\0b", 1, 3, file);
    fclose(file);
    diag.text[0] = 0;
    cr_assert(eq(int, text_lines_open(&lines, "--what", path, &diag), ERR_IO));
    cr_assert(strstr(diag.text, "is not a text file") != NULL, "%s", diag.text);
    cr_assert(truncate(path, LIMIT_TRACE_BYTES + 1L) == 0);
    cr_assert(eq(int, text_lines_open(&lines, "--what", path, &diag), ERR_IO));
    unlink(path);
}
