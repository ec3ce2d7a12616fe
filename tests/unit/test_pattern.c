/* tests/unit/test_pattern.c: rates as the grammar says, an exact inverse, and the
 * shared case of the rate grammar (burst:10x:30s:every:2m at 50/s). */
#include "loadgen/pattern.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(pattern, .timeout = 20);

static struct pattern parse(const char *text, double rate, int64_t duration_ns)
{
    struct pattern pattern;
    struct diag diag = {0};
    struct pattern_options options = {text, rate, 1, duration_ns};
    cr_assert(pattern_parse(&pattern, &options, &diag) == OK, "%s", diag.text);
    return pattern;
}

/* Jobs offered by at_ns, by walking unit steps through the inverse. */
static uint32_t offered_until(const struct pattern *pattern, int64_t at_ns)
{
    uint32_t piece = 0, count = 0;
    for (u128 work = 0; work < pattern_work(pattern); work += PATTERN_JOB_WORK, count++)
        if (pattern_at(pattern, work, &piece) >= at_ns) break;
    return count;
}

static void about(double value, double target)
{
    cr_assert(fabs(value - target) <= 1e-6 * fabs(target) + 1.01, "%g is not %g", value, target);
}

Test(pattern, constant_offers_the_base_rate)
{
    struct pattern pattern = parse("constant", 50, 10 * NS_PER_MIN);
    uint32_t piece = 0;
    cr_assert(fabs(pattern_mean_rate(&pattern) - 50) < 1e-9);
    cr_assert(eq(i64, pattern_at(&pattern, PATTERN_JOB_WORK, &piece), 20 * NS_PER_MS));
    cr_assert(eq(i64, pattern_at(&pattern, PATTERN_JOB_WORK * 29999, &piece), 29999 * 20 * NS_PER_MS));
    pattern_close(&pattern);
}

Test(pattern, bursts_are_those_of_the_shared_vector)
{
    struct pattern pattern = parse("burst:10x:30s:every:2m", 50, 10 * NS_PER_MIN);
    cr_assert(fabs(pattern_mean_rate(&pattern) - 162.5) < 1e-9);
    cr_assert(eq(u32, pattern.burst_count, 5));
    cr_assert(eq(i64, pattern.burst_first_ns, NS_PER_MIN));
    cr_assert(eq(i64, pattern.burst_every_ns, 2 * NS_PER_MIN));
    about(offered_until(&pattern, 60 * NS_PER_S), 3000);
    about(offered_until(&pattern, 90 * NS_PER_S), 3000 + 15000);
    about(offered_until(&pattern, 180 * NS_PER_S), 3000 + 15000 + 4500);
    about(offered_until(&pattern, 210 * NS_PER_S), 3000 + 15000 + 4500 + 15000);
    pattern_close(&pattern);
}

Test(pattern, a_burst_is_cut_at_the_end_of_the_duration)
{
    struct pattern pattern = parse("burst:10x:30s:every:2m", 50, 70 * NS_PER_S);
    about(offered_until(&pattern, NEVER_NS), 60 * 50 + 10 * 500);
    pattern_close(&pattern);
}

Test(pattern, ramps_go_straight_up_and_down)
{
    struct pattern up = parse("ramp:10-110", 50, 100 * NS_PER_S),
                   down = parse("ramp:110-0", 50, 100 * NS_PER_S);
    cr_assert(fabs(pattern_mean_rate(&up) - 60) < 1e-9);
    about(offered_until(&up, 50 * NS_PER_S), 10 * 50 + 50 * 25);
    cr_assert(fabs(pattern_mean_rate(&down) - 55) < 1e-9);
    about(offered_until(&down, 50 * NS_PER_S), 50 * (110 + 55) / 2.0);
    pattern_close(&up);
    pattern_close(&down);
}

Test(pattern, a_slope_is_inverted_to_the_nanosecond)
{
    /* Against the closed form, at a rate and length that overflow a careless product. */
    struct pattern pattern = parse("ramp:0-1000000", 50, 7 * NS_PER_DAY);
    u128 total = pattern_work(&pattern);
    uint32_t piece = 0;
    int64_t last_ns = 0;
    for (uint32_t i = 1; i < 1000; i++) {
        u128 work = total / 1000 * i;
        int64_t at_ns = pattern_at(&pattern, work, &piece);
        double expected_ns = sqrt(i / 1000.0) * (double)(7 * NS_PER_DAY);
        cr_assert(at_ns > last_ns);
        cr_assert(fabs((double)at_ns - expected_ns) < 1000, "%u: %ld, %f", i, (long)at_ns, expected_ns);
        last_ns = at_ns;
    }
    pattern_close(&pattern);
}

Test(pattern, steps_hold_their_rates)
{
    struct pattern pattern = parse("step:50@0s,100@60s,0@90s,10@95s", 1, 2 * NS_PER_MIN);
    about(offered_until(&pattern, 60 * NS_PER_S), 3000);
    about(offered_until(&pattern, 90 * NS_PER_S), 6000);
    about(offered_until(&pattern, 95 * NS_PER_S), 6000);
    about(offered_until(&pattern, NEVER_NS), 6250);
    pattern_close(&pattern);
}

Test(pattern, a_sine_keeps_the_mean_and_swings)
{
    struct pattern pattern = parse("sine:50%:60s", 100, 10 * NS_PER_MIN);
    cr_assert(fabs(pattern_mean_rate(&pattern) - 100) < 1e-6);
    double half = 30 * 100 * (1 + .5 * 2 / 3.14159265358979); /* first half period: the upper one */
    cr_assert(fabs(offered_until(&pattern, 30 * NS_PER_S) - half) < half * .001);
    double highest = 0, lowest = 1e18;
    for (uint32_t i = 0; i < pattern.count; i++) {
        highest = fmax(highest, (double)pattern.pieces[i].begin_rate);
        lowest = fmin(lowest, (double)pattern.pieces[i].begin_rate);
    }
    cr_assert(fabs(highest / 150e9 - 1) < 1e-9 && fabs(lowest / 50e9 - 1) < 1e-9);
    pattern_close(&pattern);
}

Test(pattern, a_trace_is_steps_from_a_file)
{
    char path[] = "/tmp/agenc-rate-XXXXXX", text[64];
    FILE *file = fdopen(mkstemp(path), "w");
    fputs("# at rate\n0s 50\n\n60s  100 # more\n", file);
    fclose(file);
    snprintf(text, sizeof text, "trace:%s", path);
    struct pattern trace = parse(text, 1, 2 * NS_PER_MIN),
                   steps = parse("step:50@0s,100@60s", 1, 2 * NS_PER_MIN);
    cr_assert(pattern_work(&trace) == pattern_work(&steps));
    cr_assert(eq(u32, trace.count, 2));
    unlink(path);
    pattern_close(&trace);
    pattern_close(&steps);
}

Test(pattern, tasks_become_jobs)
{
    struct pattern pattern;
    struct diag diag = {0};
    struct pattern_options options = {"constant", 50, 4, NS_PER_MIN};
    cr_assert(eq(int, pattern_parse(&pattern, &options, &diag), OK));
    cr_assert(fabs(pattern_mean_rate(&pattern) - 12.5) < 1e-9);
    pattern_close(&pattern);
}

Test(pattern, malformed_ones_are_refused_with_what_would_be_right)
{
    static const struct {
        const char *text, *says;
        err code;
    } CASES[] = {
        {"bursts", "none of constant", ERR_SYNTAX},
        {"", "none of constant", ERR_SYNTAX},
        {"constant:5", "must be constant", ERR_SYNTAX},
        {"burst:10x", "must be burst:10x:30s:every:2m", ERR_SYNTAX},
        {"burst:10x:30s:each:2m", "must be burst:10x:30s:every:2m", ERR_SYNTAX},
        {"burst:10:30s:every:2m", "must be burst:10x:30s:every:2m", ERR_SYNTAX},
        {"burst:nanx:30s:every:2m", "'nan' is not a number", ERR_SYNTAX},
        {"burst:10x:30:every:2m", "30", ERR_SYNTAX},
        {"burst:10x:3m:every:2m", "longer than their period", ERR_RANGE},
        {"burst:10x:0s:every:2m", "duration of zero", ERR_RANGE},
        {"burst:99999x:1s:every:2m", "must be in 0 .. 1000", ERR_RANGE},
        {"ramp:10", "must be ramp:A-B", ERR_SYNTAX},
        {"ramp:inf-1", "'inf' is not a number", ERR_SYNTAX},
        {"ramp:0-0", "offers nothing", ERR_RANGE},
        {"ramp:0-99999999999999999999", "out of range", ERR_RANGE},
        {"step:50", "must be step:RATE@TIME", ERR_SYNTAX},
        {"step:50@5s", "first step must be at 0s", ERR_RANGE},
        {"step:50@0s,60@10s,70@10s", "must ascend", ERR_RANGE},
        {"sine:50:60s", "must be sine:AMPLITUDE%:PERIOD", ERR_SYNTAX},
        {"sine:150%:60s", "must be in 0 .. 100", ERR_RANGE},
        {"sine:50%:1us", "1ms", ERR_RANGE},
        {"sine:50%:1ms", "more than", ERR_LIMIT},
        {"trace:/no/such/file", "cannot read /no/such/file", ERR_IO},
        {"trace", "trace:FILE", ERR_SYNTAX},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct pattern pattern;
        struct diag diag = {0};
        struct pattern_options options = {CASES[i].text, 50, 1, NS_PER_H};
        err e = pattern_parse(&pattern, &options, &diag);
        cr_expect(e == CASES[i].code && strstr(diag.text, CASES[i].says), "%s: %s: %s", CASES[i].text,
                  err_text(e), diag.text);
    }
}

Test(pattern, rate_and_duration_have_bounds)
{
    static const struct pattern_options CASES[] = {{"constant", 0, 1, NS_PER_S},
                                                   {"constant", NAN, 1, NS_PER_S},
                                                   {"constant", 2e6, 1, NS_PER_S},
                                                   {"constant", 1, 1, 0}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct pattern pattern;
        struct diag diag = {0};
        cr_assert(eq(int, pattern_parse(&pattern, &CASES[i], &diag), ERR_RANGE));
    }
}
