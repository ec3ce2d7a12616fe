/* tests/unit/test_changepoint.c: steps found where they are, noise left alone. */
#include "base/rng.h"
#include "reports/changepoint.h"
#include "reports/stats.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>

TestSuite(changepoint, .timeout = 120);

static double normal(uint64_t series, uint64_t entity)
{
    const struct rng rng = rng_keyed(series, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, entity, 0);
    return stats_normal_quantile(draw_unit(&draw));
}

static struct changepoint_list find(const double *values, uint32_t count)
{
    struct changepoint_list list;
    const struct changepoint_series series = {values, count, 0.05, 1};
    cr_assert(changepoint_find(&list, &series) == OK);
    return list;
}

Test(changepoint, two_steps_are_found_with_their_levels)
{
    double values[90];
    for (uint32_t i = 0; i < 90; i++) values[i] = (i < 30 ? 100 : i < 60 ? 108 : 95) + 1.0 * normal(1, i);
    struct changepoint_list list = find(values, 90);
    cr_assert(eq(u32, list.count, 2));
    cr_assert(abs((int)list.points[0].index - 30) <= 1);
    cr_assert(abs((int)list.points[1].index - 60) <= 1);
    cr_assert(epsilon_eq(dbl, list.points[0].before, 100, 1));
    cr_assert(epsilon_eq(dbl, list.points[0].after, 108, 1));
    cr_assert(epsilon_eq(dbl, list.points[1].after, 95, 1));
    cr_assert(list.points[0].p <= 0.05);
}

Test(changepoint, white_noise_has_few)
{
    uint32_t alarms = 0;
    for (uint32_t series = 0; series < 60; series++) {
        double values[60];
        for (uint32_t i = 0; i < 60; i++) values[i] = 100 + 3 * normal(100 + series, i);
        alarms += find(values, 60).count > 0;
    }
    cr_assert(alarms <= 8, "%u of 60", alarms);
}

Test(changepoint, one_spike_is_no_change)
{
    double values[40];
    for (uint32_t i = 0; i < 40; i++) values[i] = 100 + normal(2, i) + (i == 17 ? 60 : 0);
    cr_assert(eq(u32, find(values, 40).count, 0));
}

Test(changepoint, values_that_flip_between_two_levels_are_no_change)
{
    double values[60];
    for (uint32_t i = 0; i < 60; i++) values[i] = 100 + normal(3, i) + (normal(4, i) > 0.5 ? 15 : 0);
    cr_assert(eq(u32, find(values, 60).count, 0));
}

Test(changepoint, short_or_constant_series_have_none_and_long_ones_are_refused)
{
    static double values[CHANGEPOINT_VALUES_MOST + 1];
    cr_assert(eq(u32, find(values, 0).count, 0));
    cr_assert(eq(u32, find(values, 9).count, 0));
    cr_assert(eq(u32, find(values, 60).count, 0));
    struct changepoint_list list;
    const struct changepoint_series series = {values, CHANGEPOINT_VALUES_MOST + 1, 0.05, 1};
    cr_assert(changepoint_find(&list, &series) == ERR_LIMIT);
}

Test(changepoint, from_eighteen_values_on_a_clear_step_is_found_wherever_it_is)
{
    for (uint32_t count = CHANGEPOINT_SURE; count <= 30; count++)
        for (uint32_t step = CHANGEPOINT_SEGMENT_LEAST; step + CHANGEPOINT_SEGMENT_LEAST <= count; step++) {
            double values[30];
            for (uint32_t i = 0; i < count; i++) values[i] = (i < step ? 100 : 200) + normal(count, i);
            struct changepoint_list list = find(values, count);
            bool is_found = false; /* beside it noise may be, now and then */
            for (uint32_t i = 0; i < list.count; i++) is_found = is_found || list.points[i].index == step;
            cr_assert(is_found, "%u of %u: %u", step, count, list.count);
        }
}
