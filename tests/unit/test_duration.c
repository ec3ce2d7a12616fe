/* tests/unit/test_duration.c: what people write is read exactly or refused with a line that helps. */
#include "base/duration.h"
#include "base/units.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <string.h>

TestSuite(duration, .timeout = 5);

typedef err parse_function(const char *text, int64_t *out, struct diag *diag);

struct example {
    const char *text;
    int64_t want;
};

static void expect_values(parse_function *parse, const struct example *examples)
{
    for (; examples->text; examples++) {
        int64_t value = -1;
        struct diag diag = {0};
        cr_expect(eq(int, parse(examples->text, &value, &diag), OK), "%s: %s", examples->text, diag.text);
        cr_expect(eq(i64, value, examples->want), "%s", examples->text);
        cr_expect(eq(str, diag.text, ""));
    }
}

static void expect_refusals(parse_function *parse, const char *const *texts, err want)
{
    for (; *texts; texts++) {
        int64_t value = -7;
        struct diag diag = {0};
        cr_expect(eq(int, parse(*texts, &value, &diag), want), "\"%s\" gave %ld", *texts, (long)value);
        cr_expect(eq(i64, value, -7), "out-parameters stay untouched");
        cr_expect(gt(sz, strlen(diag.text), 20));
        cr_expect(eq(int, parse(*texts, &value, NULL), want));
    }
}

Test(duration, durations_are_read)
{
    static const struct example EXAMPLES[] = {
        {"500ns", 500},
        {"20us", 20000},
        {"500ms", 500 * NS_PER_MS},
        {"30s", 30 * NS_PER_S},
        {"1.5s", 1500000000},
        {"5m", 300 * NS_PER_S},
        {"2h", 2 * NS_PER_H},
        {"1d", NS_PER_DAY},
        {"0s", 0},
        {"0.000000001s", 1},
        {"00012ms", 12 * NS_PER_MS},
        {"0.25d", 6 * NS_PER_H},
        {"106751d", 106751 * NS_PER_DAY},
        {NULL, 0},
    };
    expect_values(duration_parse, EXAMPLES);
}

Test(duration, malformed_durations_are_refused)
{
    static const char *const TEXTS[] = {
        "",      "5",     "s",    "-5s",        "+5s",
        " 5s",   "5s ",   "5 s",  "5S",         "5sec",
        "5ss",   ".s",    "5.s",  "1..5s",      "1.2.3s",
        "nan",   "NaN",   "inf",  "infs",       "1e3s",
        "0x10s", "5m30s", "1,5s", "5\xc2\xb5s", "12345678901234567890s",
        NULL,
    };
    expect_refusals(duration_parse, TEXTS, ERR_SYNTAX);
}

Test(duration, durations_that_do_not_fit_are_refused)
{
    static const char *const TEXTS[] = {"106752d", "999999999999999999d", "9223372036.854775807s",
                                        "1.5ns",   "0.0000000001s",       NULL};
    expect_refusals(duration_parse, TEXTS, ERR_RANGE);
}

Test(duration, the_line_says_what_would_be_right)
{
    int64_t value;
    struct diag diag = {0};
    cr_assert(eq(int, duration_parse("5 parsecs", &value, &diag), ERR_SYNTAX));
    cr_assert(eq(str, diag.text, "\"5 parsecs\" is not a number and a unit, as in 500ms, 30s, 5m, 2h or 1d"));
}

Test(duration, sizes_are_read)
{
    static const struct example EXAMPLES[] = {
        {"0B", 0},
        {"100B", 100},
        {"64KB", 65536},
        {"64KiB", 65536},
        {"512MB", 512 << 20},
        {"8GiB", INT64_C(8) << 30},
        {"1.5GB", INT64_C(3) << 29},
        {"2TB", INT64_C(2) << 40},
        {NULL, 0},
    };
    static const char *const BAD[] = {"", "512", "MB", "-1MB", "512mb", "512 MB", "5s", "1M", "nanMB", NULL};
    static const char *const LARGE[] = {"8388608TB", "0.1KB", "0.5B", NULL};
    expect_values(size_parse, EXAMPLES);
    expect_refusals(size_parse, BAD, ERR_SYNTAX);
    expect_refusals(size_parse, LARGE, ERR_RANGE);
}

Test(duration, percentages_are_read)
{
    static const struct example EXAMPLES[] = {
        {"0%", 0},    {"10%", 1000}, {"0.5%", 50},     {"100%", 10000}, {"0.01%", 1}, {"0.1", 1000},
        {"1", 10000}, {"0", 0},      {"0.2500", 2500}, {".02", 200},    {NULL, 0},
    };
    static const char *const BAD[] = {"", "%", "-1%", "10 %", "10%%", "ten", "nan", "inf%", "1e-1", NULL};
    static const char *const LARGE[] = {"101%", "10", "1.01", "0.001%", "0.00001", NULL};
    expect_values(percent_parse, EXAMPLES);
    expect_refusals(percent_parse, BAD, ERR_SYNTAX);
    expect_refusals(percent_parse, LARGE, ERR_RANGE);
}

Test(duration, printing_is_short)
{
    static const struct {
        void (*print)(char *, int64_t);
        int64_t value;
        const char *want;
    } CASES[] = {
        {duration_print, 0, "0s"},
        {duration_print, 1, "1ns"},
        {duration_print, 1500 * NS_PER_MS, "1500ms"},
        {duration_print, 90 * NS_PER_S, "90s"},
        {duration_print, 300 * NS_PER_S, "5m"},
        {duration_print, 7 * NS_PER_DAY, "7d"},
        {duration_print, NEVER_NS, "never"},
        {duration_print, NEVER_NS - 1, "9223372036854775806ns"},
        {size_print, 0, "0B"},
        {size_print, 512 << 20, "512MB"},
        {size_print, 1000, "1000B"},
        {percent_print, 0, "0%"},
        {percent_print, 1000, "10%"},
        {percent_print, 150, "1.5%"},
        {percent_print, 1, "0.01%"},
        {percent_print, 10000, "100%"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[DURATION_TEXT_BYTES];
        CASES[i].print(text, CASES[i].value);
        cr_expect(eq(str, text, (char *)CASES[i].want));
    }
}

Test(duration, what_is_printed_parses_back)
{
    uint64_t state = 1;
    for (int i = 0; i < 20000; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int64_t value = (int64_t)(state >> (1 + i % 60)), back = -1;
        char text[DURATION_TEXT_BYTES];
        duration_print(text, value);
        cr_assert(eq(int, duration_parse(text, &back, NULL), OK), "%s", text);
        cr_assert(eq(i64, back, value));
        size_print(text, value);
        cr_assert(eq(int, size_parse(text, &back, NULL), OK), "%s", text);
        cr_assert(eq(i64, back, value));
        percent_print(text, value % 10001);
        cr_assert(eq(int, percent_parse(text, &back, NULL), OK), "%s", text);
        cr_assert(eq(i64, back, value % 10001));
    }
}

Test(duration, printing_a_negative_is_a_bug, .signal = SIGABRT)
{
    char text[DURATION_TEXT_BYTES];
    duration_print(text, -1);
}

Test(duration, a_table_shows_three_figures_in_the_unit_that_people_would_use)
{
    static const struct {
        int64_t ns;
        const char *text;
    } ROWS[] = {{431200 * NS_PER_US, "431 ms"}, {13620 * NS_PER_MS, "13.62 s"}, {999 * NS_PER_S, "999.00 s"},
                {1278 * NS_PER_S, "21.3 min"},  {62721 * NS_PER_S, "17.42 h"},  {NEVER_NS, "n/a"}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char text[DURATION_TEXT_BYTES];
        duration_print_rounded(text, ROWS[i].ns);
        cr_assert(eq(str, text, (char *)(uintptr_t)ROWS[i].text));
        cr_assert(lt(sz, strlen(text), 10), "columns of ten must not touch");
    }
}
