/* tests/unit/test_health.c: the health score at every breakpoint, against values worked out by hand. */
#include "engine/health.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

TestSuite(health, .timeout = 5);

static uint32_t component(enum health_component which, uint64_t value)
{
    struct health_inputs inputs = {.breaker = BREAKER_CLOSED};
    uint64_t *const places[] = {&inputs.rollback_rate_bps, &inputs.confirmation_p99_ms,
                                &inputs.proof_queue_bps, &inputs.memory_bps, &inputs.stake_bps};
    *places[which] = value;
    return health_score(&inputs).component_bps[which];
}

struct point {
    enum health_component which;
    uint64_t value;
    uint32_t expected;
};

static void check(const struct point *points, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_expect(eq(u32, component(points[i].which, points[i].value), points[i].expected), "%s at %llu",
                  health_component_name(points[i].which), (unsigned long long)points[i].value);
}
#define CHECK(...)                                                                                           \
    do {                                                                                                     \
        const struct point points[] = {__VA_ARGS__};                                                         \
        check(points, sizeof points / sizeof *points);                                                       \
    } while (0)

Test(health, rollback_rate_falls_from_5_to_30_percent)
{
    CHECK({HEALTH_ROLLBACK_RATE, 0, 10000}, {HEALTH_ROLLBACK_RATE, 500, 10000},
          {HEALTH_ROLLBACK_RATE, 501, 9995}, {HEALTH_ROLLBACK_RATE, 1000, 7500},
          {HEALTH_ROLLBACK_RATE, 1500, 5000}, {HEALTH_ROLLBACK_RATE, 1501, 4996},
          {HEALTH_ROLLBACK_RATE, 2250, 2500}, {HEALTH_ROLLBACK_RATE, 2999, 3},
          {HEALTH_ROLLBACK_RATE, 3000, 0}, {HEALTH_ROLLBACK_RATE, UINT64_MAX, 0});
}

Test(health, confirmation_falls_from_30_to_120_seconds)
{
    CHECK({HEALTH_CONFIRMATION, 30000, 10000}, {HEALTH_CONFIRMATION, 45000, 7500},
          {HEALTH_CONFIRMATION, 60000, 5000}, {HEALTH_CONFIRMATION, 90000, 2500},
          {HEALTH_CONFIRMATION, 119988, 1}, {HEALTH_CONFIRMATION, 120000, 0},
          {HEALTH_CONFIRMATION, UINT64_MAX, 0});
}

Test(health, proof_queue_falls_from_50_percent_to_full)
{
    CHECK({HEALTH_PROOF_QUEUE, 5000, 10000}, {HEALTH_PROOF_QUEUE, 6500, 7500},
          {HEALTH_PROOF_QUEUE, 8000, 5000}, {HEALTH_PROOF_QUEUE, 9000, 2500}, {HEALTH_PROOF_QUEUE, 9999, 2},
          {HEALTH_PROOF_QUEUE, 10000, 0});
}

Test(health, memory_and_stake_fall_from_80_percent_to_full)
{
    CHECK({HEALTH_MEMORY, 8000, 10000}, {HEALTH_MEMORY, 8750, 7500}, {HEALTH_MEMORY, 9500, 5000},
          {HEALTH_MEMORY, 9750, 2500}, {HEALTH_MEMORY, 10000, 0}, {HEALTH_MEMORY, 12000, 0});
    CHECK({HEALTH_STAKE, 8000, 10000}, {HEALTH_STAKE, 8750, 7500}, {HEALTH_STAKE, 9500, 5000},
          {HEALTH_STAKE, 9750, 2500}, {HEALTH_STAKE, 10000, 0});
}

Test(health, the_score_is_six_tenths_of_the_worst_and_four_of_the_mean)
{
    struct health_inputs inputs = {.breaker = BREAKER_CLOSED};
    cr_assert(eq(u32, health_score(&inputs).score_bps, 10000));
    inputs.breaker = BREAKER_HALF_OPEN; /* .6 x .5 + .4 x 5.5/6 */
    cr_assert(eq(u32, health_score(&inputs).score_bps, 6666));
    inputs.breaker = BREAKER_OPEN; /* .4 x 5/6 */
    cr_assert(eq(u32, health_score(&inputs).score_bps, 3333));
    /* .9, .75, 1, .5, 1, 1: .6 x .5 + .4 x 5.15/6 */
    inputs = (struct health_inputs){700, 45000, 0, 9500, 0, BREAKER_CLOSED};
    cr_assert(eq(u32, health_score(&inputs).score_bps, 6433));
}

Test(health, bands_begin_above_80_and_end_below_50_percent)
{
    struct health_inputs inputs = {.breaker = BREAKER_CLOSED};
    cr_assert(eq(str, (char *)health_band_name(health_score(&inputs).band), "good"));
    /* x alone below 1: score = .6 x + .4 (5 + x)/6 = 1/3 + 2x/3; .8 at x = .7, .5 at x = .25 */
    inputs.confirmation_p99_ms = 48000;
    cr_assert(eq(u32, health_score(&inputs).score_bps, 8000));
    cr_assert(eq(int, health_score(&inputs).band, HEALTH_WARNING));
    inputs.confirmation_p99_ms = 47940;
    cr_assert(eq(int, health_score(&inputs).band, HEALTH_GOOD));
    inputs.confirmation_p99_ms = 90000;
    cr_assert(eq(u32, health_score(&inputs).score_bps, 5000));
    cr_assert(eq(int, health_score(&inputs).band, HEALTH_WARNING));
    inputs.confirmation_p99_ms = 90012;
    cr_assert(eq(int, health_score(&inputs).band, HEALTH_CRITICAL));
    cr_assert(eq(str, (char *)health_band_name(health_score(&inputs).band), "critical"));
}
