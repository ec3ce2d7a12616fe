/* tests/unit/test_dist.c: the grammar reads what it promises, refuses the rest helpfully, and samples match
 * it. */
#include "base/dist.h"
#include "base/file.h"
#include "base/units.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLES = 100000 };

TestSuite(dist, .timeout = 30);

static struct dist parse(const char *text)
{
    struct dist dist = {0};
    struct diag diag = {0};
    cr_assert(eq(int, dist_parse(&dist, text, &diag), OK), "%s: %s", text, diag.text);
    return dist;
}

static int64_t sample_at(const struct dist *dist, uint64_t entity)
{
    struct rng rng = rng_keyed(31, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, entity, 0);
    return dist_sample_ns(dist, &draw);
}

Test(dist, each_form_is_read)
{
    static const struct {
        const char *text;
        enum dist_kind kind;
        double a, b;
    } CASES[] = {
        {"fixed:2s", DIST_FIXED, 2e9, 0},
        {"fixed:0s", DIST_FIXED, 0, 0},
        {"uniform:100ms-300ms", DIST_UNIFORM, 1e8, 3e8},
        {"uniform:1s-1s", DIST_UNIFORM, 1e9, 1e9},
        {"exponential:100ms", DIST_EXPONENTIAL, 1e8, 0},
        {"normal:1s:100ms", DIST_NORMAL, 1e9, 1e8},
        {"lognormal:200ms:0.5", DIST_LOGNORMAL, 2e8, 0.5},
        {"lognormal:1.5s:0", DIST_LOGNORMAL, 1.5e9, 0},
        {"gamma:1s:0.5", DIST_GAMMA, 1e9, 0.5},
        {"pareto:450ms:1.4", DIST_PARETO, 4.5e8, 1.4},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct dist dist = parse(CASES[i].text);
        cr_expect(eq(int, dist.kind, CASES[i].kind), "%s", CASES[i].text);
        cr_expect(eq(dbl, dist.a, CASES[i].a), "%s", CASES[i].text);
        cr_expect(eq(dbl, dist.b, CASES[i].b), "%s", CASES[i].text);
        dist_close(&dist);
    }
}

Test(dist, malformed_text_is_refused)
{
    static const struct {
        const char *text;
        err want;
    } CASES[] = {
        {"", ERR_SYNTAX},
        {"2s", ERR_SYNTAX},
        {"fixed", ERR_SYNTAX},
        {"fixed:", ERR_SYNTAX},
        {"fixed:2", ERR_SYNTAX},
        {"fixed:2s:3s", ERR_SYNTAX},
        {"fixed:-2s", ERR_SYNTAX},
        {"Fixed:2s", ERR_SYNTAX},
        {"fixedly:2s", ERR_SYNTAX},
        {"uniform:1s", ERR_SYNTAX},
        {"uniform:1s:2s", ERR_SYNTAX},
        {"normal:1s", ERR_SYNTAX},
        {"lognormal:200ms:nan", ERR_SYNTAX},
        {"lognormal:200ms:inf", ERR_SYNTAX},
        {"lognormal:200ms:1e1", ERR_SYNTAX},
        {"lognormal:200ms:-1", ERR_SYNTAX},
        {"lognormal:200ms:.", ERR_SYNTAX},
        {"lognormal:200ms:0.5 ", ERR_SYNTAX},
        {"lognormal:200ms:1.2.3", ERR_SYNTAX},
        {"lognormal:200ms:", ERR_SYNTAX},
        {"gamma:1s:0.5s", ERR_SYNTAX},
        {"pareto::1.4", ERR_SYNTAX},
        {"pareto:11111111111111111111111111111111111111111111111111111111111111111111s:1", ERR_SYNTAX},
        {"uniform:3s-1s", ERR_RANGE},
        {"fixed:2d", ERR_RANGE},
        {"exponential:0s", ERR_RANGE},
        {"lognormal:0s:1", ERR_RANGE},
        {"lognormal:1s:11", ERR_RANGE},
        {"gamma:1s:0", ERR_RANGE},
        {"pareto:1s:0", ERR_RANGE},
        {"pareto:1s:101", ERR_RANGE},
        {"empirical:/nowhere/at/all", ERR_IO},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct dist dist = {.a = 7};
        struct diag diag = {0};
        cr_expect(eq(int, dist_parse(&dist, CASES[i].text, &diag), CASES[i].want), "%s", CASES[i].text);
        cr_expect(eq(dbl, dist.a, 7), "out-parameters stay untouched");
        cr_expect(gt(sz, strlen(diag.text), 30), "%s", diag.text);
    }
}

Test(dist, the_line_says_what_would_be_right)
{
    struct dist dist;
    struct diag diag = {0};
    cr_assert(eq(int, dist_parse(&dist, "gamma:1s:20", &diag), ERR_RANGE));
    cr_assert(
        eq(str, diag.text,
           "distribution \"gamma:1s:20\": \"20\" is not a coefficient of variation from 0.001 to 10; write "
           "for example gamma:1s:0.5"));
}

/* The sample mean of each form against dist_mean_ns; both against the number from the textbook. */
Test(dist, means_are_those_of_the_grammar)
{
    static const struct {
        const char *text;
        double mean_ns, sd_ns;
    } CASES[] = {
        {"fixed:2s", 2e9, 0},
        {"uniform:100ms-300ms", 2e8, 5.7735e7},
        {"exponential:100ms", 1e8, 1e8},
        {"normal:1s:100ms", 1e9, 1e8},
        {"lognormal:200ms:0.5", 226629690.6, 120780105.0},
        {"gamma:1s:0.5", 1e9, 5e8},
        {"gamma:1s:2", 1e9, 2e9},
        {"pareto:100ms:3", 1.5e8, 8.66e7},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct dist dist = parse(CASES[i].text);
        double sum = 0, mean = CASES[i].mean_ns;
        for (uint64_t entity = 0; entity < SAMPLES; entity++) sum += (double)sample_at(&dist, entity);
        cr_expect(lt(dbl, fabs(dist_mean_ns(&dist) / mean - 1), 1e-9), "%s: %f", CASES[i].text,
                  dist_mean_ns(&dist));
        cr_expect(le(dbl, fabs(sum / SAMPLES - mean), 3.5 * CASES[i].sd_ns / sqrt(SAMPLES)), "%s",
                  CASES[i].text);
    }
}

Test(dist, samples_stay_between_zero_and_a_day)
{
    struct dist wide = parse("normal:0s:1d"), heavy = parse("pareto:1h:0.1"), wild = parse("lognormal:1d:10");
    int zeros = 0, days = 0;
    for (uint64_t entity = 0; entity < 10000; entity++) {
        int64_t samples[] = {sample_at(&wide, entity), sample_at(&heavy, entity), sample_at(&wild, entity)};
        for (int i = 0; i < 3; i++) cr_assert(samples[i] >= 0 && samples[i] <= NS_PER_DAY);
        zeros += samples[0] == 0;
        days += samples[1] == NS_PER_DAY;
    }
    cr_assert(gt(int, zeros, 4500));
    cr_assert(gt(int, days, 5000));
}

/* Without the cut this Pareto has no mean; with it, the integral gives one. */
Test(dist, heavy_tails_have_the_mean_of_the_cut)
{
    double day = (double)NS_PER_DAY;
    struct dist one = parse("pareto:1h:1"), half = parse("pareto:1h:0.5"), wild = parse("lognormal:1h:10");
    cr_assert(lt(dbl, fabs(dist_mean_ns(&one) / (day / 24 * (1 + log(24))) - 1), 1e-12));
    cr_assert(lt(dbl, fabs(dist_mean_ns(&half) / (day / 24 * (1 + (sqrt(24) - 1) / 0.5)) - 1), 1e-12));
    cr_assert(eq(dbl, dist_mean_ns(&wild), day));
}

Test(dist, uniform_reaches_both_ends)
{
    struct dist dist = parse("uniform:3ns-5ns");
    int seen[6] = {0};
    for (uint64_t entity = 0; entity < 300; entity++) seen[sample_at(&dist, entity)]++;
    cr_assert(eq(int, seen[3] + seen[4] + seen[5], 300));
    for (int i = 3; i <= 5; i++) cr_assert(gt(int, seen[i], 60));
}

static char name[] = "/tmp/agenc-dist-XXXXXX";

static err parse_content(const char *content, struct dist *dist, struct diag *diag)
{
    static char text[64];
    static bool exists;
    if (!exists) {
        close(mkstemp(name));
        exists = true;
    }
    cr_assert(eq(int, file_write(name, content, strlen(content), NULL), OK));
    snprintf(text, sizeof text, "empirical:%s", name);
    return dist_parse(dist, text, diag);
}

Test(dist, empirical_values_come_from_the_file)
{
    struct dist dist = {0};
    struct diag diag = {0};
    err result = parse_content("# measured in May\n30ms\r\n\n  10ms # the least\n20ms", &dist, &diag);
    unlink(name);
    cr_assert(eq(int, result, OK), "%s", diag.text);
    cr_assert(eq(u32, dist.value_count, 3));
    cr_assert(eq(dbl, dist_mean_ns(&dist), 2e7));
    int seen[4] = {0};
    for (uint64_t entity = 0; entity < 3000; entity++) seen[sample_at(&dist, entity) / (10 * NS_PER_MS)]++;
    for (int i = 1; i <= 3; i++) cr_assert(gt(int, seen[i], 900));
    dist_close(&dist);
    dist_close(&dist);
    cr_assert(eq(ptr, dist.values, NULL));
}

Test(dist, empirical_files_are_checked_line_by_line)
{
    static const char *const BAD[] = {"10ms\nten\n", "10ms\n2d\n", "10ms\n10ms 20ms\n"};
    struct dist dist = {0};
    for (int i = 0; i < 3; i++) {
        struct diag diag = {0};
        err result = parse_content(BAD[i], &dist, &diag);
        cr_expect(eq(int, result, i == 1 ? ERR_RANGE : ERR_SYNTAX));
        cr_expect(ne(ptr, strstr(diag.text, ":2: \""), NULL), "%s", diag.text);
    }
    struct diag diag = {0};
    cr_expect(eq(int, parse_content("# nothing\n", &dist, &diag), ERR_SYNTAX));
    cr_expect(ne(ptr, strstr(diag.text, "no durations"), NULL), "%s", diag.text);
    unlink(name);
    cr_expect(eq(ptr, dist.values, NULL));
}

Test(dist, endless_files_are_refused)
{
    struct dist dist = {0};
    struct diag diag = {0};
    cr_assert(eq(int, dist_parse(&dist, "empirical:/dev/zero", &diag), ERR_LIMIT), "%s", diag.text);
}

/* Golden: the first samples of each form; published results depend on them. */
Test(dist, samples_never_change)
{
    static const struct {
        const char *text;
        int64_t want[3];
    } CASES[] = {
        {"uniform:100ms-300ms", {114896621, 151961286, 186715123}},
        {"exponential:100ms", {18955106, 64117735, 92909898}},
        {"normal:1s:100ms", {1014617258, 1050091001, 922976831}},
        {"lognormal:200ms:0.5", {215164673, 256921957, 136074363}},
        {"gamma:1s:0.5", {988437100, 1177976056, 595174835}},
        {"pareto:450ms:1.4", {515244322, 711397542, 873833377}},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct dist dist = parse(CASES[i].text);
        for (uint64_t k = 0; k < 3; k++)
            cr_expect(eq(i64, sample_at(&dist, k), CASES[i].want[k]), "%s", CASES[i].text);
    }
}
