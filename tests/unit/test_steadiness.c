/* tests/unit/test_steadiness.c: where a result became steady, and whether it did. */
#include "reports/steadiness.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

enum { SECONDS = 200 };
static struct bench_result *result;
static struct steadiness steadiness;

/* A result whose tasks in the system follow `level`. */
static bool known(double (*level)(uint32_t second))
{
    bool is_known;
    result = bench_fixture(2, false);
    result->warmup_ns = 20 * NS_PER_S;
    result->duration_ns = SECONDS * NS_PER_S;
    for (uint32_t run = 0; run < 2; run++) {
        struct run_metrics *metrics = &result->per_run[run];
        metrics->series_count = SECONDS;
        for (int kind = 0; kind < SERIES_COUNT; kind++)
            metrics->series[kind] = realloc(metrics->series[kind], SECONDS * sizeof(double));
        for (uint32_t second = 0; second < SECONDS; second++) {
            metrics->series[SERIES_BACKLOG][second] = 1;
            metrics->series[SERIES_ACTIVE][second] = level(second);
        }
    }
    cr_assert(eq(int, steadiness_of(&steadiness, result, &is_known), OK));
    return is_known;
}

static double wobble(uint32_t second)
{
    return second * 2654435761u % 97 / 97.0;
}

static double fills_up(uint32_t second)
{
    return (second < 40 ? second : 40) + wobble(second);
}

static double grows(uint32_t second)
{
    return second + wobble(second);
}

static double waves(uint32_t second)
{
    return second / 10 * 2654435761u % 97 / 97.0 + wobble(second) / 100;
}

Test(steadiness, the_filling_of_the_system_is_its_warm_up)
{
    cr_assert(known(fills_up));
    cr_expect(steadiness.is_steady);
    cr_expect(ge(u32, steadiness.from_s, 35));
    cr_expect(le(u32, steadiness.from_s, 45));
    bench_free(result);
}

Test(steadiness, what_grows_to_the_end_never_is)
{
    cr_assert(known(grows));
    cr_expect(not(steadiness.is_steady));
    bench_free(result);
}

Test(steadiness, seconds_that_repeat_their_neighbours_count_for_less)
{
    cr_assert(known(wobble));
    cr_expect(gt(dbl, steadiness.share, 0.8));
    bench_free(result);
    cr_assert(known(waves));
    cr_expect(lt(dbl, steadiness.share, 0.2));
    bench_free(result);
}

Test(steadiness, bursts_are_not_judged)
{
    result = bench_fixture(2, false);
    bool is_known = true;
    result->duration_ns = SECONDS * NS_PER_S;
    bench_put_text(result, &result->workload, "rate_pattern", "ramp:10-100");
    cr_assert(eq(int, steadiness_of(&steadiness, result, &is_known), OK));
    cr_expect(not(is_known));
    bench_free(result);
}
