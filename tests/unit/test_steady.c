/* tests/unit/test_steady.c: warm-ups found, values counted for what they tell, looks that stop in time. */
#include "base/rng.h"
#include "reports/steady.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

TestSuite(steady, .timeout = 60);

static double normal(uint64_t entity)
{
    const struct rng rng = rng_keyed(5, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, entity, 0);
    return stats_normal_quantile(draw_unit(&draw));
}

Test(steady, a_warm_up_that_decays_is_dropped)
{
    double values[400];
    for (uint32_t i = 0; i < 400; i++) values[i] = 10 + 8 * exp(-(double)i / 20) + 0.5 * normal(i);
    struct steady steady;
    cr_assert(steady_find(&steady, values, 400));
    cr_assert(steady.is_steady);
    cr_assert(steady.dropped >= 40 && steady.dropped <= 120, "dropped %u", steady.dropped);
}

Test(steady, a_steady_series_keeps_nearly_everything)
{
    double values[400];
    for (uint32_t i = 0; i < 400; i++) values[i] = 10 + normal(i);
    struct steady steady;
    cr_assert(steady_find(&steady, values, 400));
    cr_assert(steady.is_steady && steady.dropped <= 60, "dropped %u", steady.dropped);
}

Test(steady, what_grows_to_its_end_is_not_steady)
{
    double values[400];
    for (uint32_t i = 0; i < 400; i++) values[i] = i + normal(i);
    struct steady steady;
    cr_assert(steady_find(&steady, values, 400));
    cr_assert(not(steady.is_steady));
}

Test(steady, too_few_values_or_holes_find_nothing)
{
    double values[40] = {0};
    struct steady steady;
    cr_assert(not(steady_find(&steady, values, STEADY_VALUES_LEAST - 1)));
    values[7] = NAN;
    cr_assert(not(steady_find(&steady, values, 40)));
}

Test(steady, correlated_values_count_for_less)
{
    enum { COUNT = 20000 };
    static double values[COUNT];
    double last = 0;
    for (uint32_t i = 0; i < COUNT; i++) values[i] = last = 0.5 * last + normal(i);
    /* AR(1): n (1 - r) / (1 + r) */
    cr_assert(epsilon_eq(dbl, steady_effective(values, COUNT, 100) / COUNT, 1.0 / 3, 0.06));
    for (uint32_t i = 0; i < COUNT; i++) values[i] = normal(i);
    cr_assert(epsilon_eq(dbl, steady_effective(values, COUNT, 100) / COUNT, 1, 0.15));
    cr_assert(isnan(steady_effective(values, 50, 40)));
}

Test(steady, a_look_stops_when_the_interval_is_narrow)
{
    const double values[] = {10, 10.2, 9.9, 10.1, 9.8, 10};
    struct steady_look look = steady_look(values, 6, 0.02, 0.95);
    double half = 2.570582 * stats_deviation(values, 6) / sqrt(6) / 10;
    cr_assert(epsilon_eq(dbl, look.half_width, half, 1e-6));
    cr_assert(look.is_narrow_enough);
    cr_assert(not(steady_look(values, 6, 0.01, 0.95).is_narrow_enough));
    cr_assert(not(steady_look(values, 1, 0.5, 0.95).is_narrow_enough));
    for (uint32_t i = 0; STEADY_LOOKS[i]; i++)
        cr_assert(STEADY_LOOKS[i + 1] == 0 || STEADY_LOOKS[i + 1] > STEADY_LOOKS[i]);
}
