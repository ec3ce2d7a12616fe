/* tests/unit/test_response.c: effects of settings, from results whose effects are known. */
#include "reports/response.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <string.h>

static struct design design;
static struct response response;

/* Throughput is 10 x, 20 x, 30 x by a, times 1 or 4 by b; a run differs from the next by a tenth. */
static void set_up(void)
{
    memset(&design, 0, sizeof design);
    cr_assert(eq(int, design_add_factor(&design, "rate=1,2,3", NULL), OK));
    cr_assert(eq(int, design_add_factor(&design, "b=x,y", NULL), OK));
    cr_assert(eq(int, design_lay_out(&design, 0, 1, NULL), OK));
    cr_assert(eq(int, response_open(&response, &design, 4), OK));
    for (uint32_t point = 0; point < design.point_count; point++) {
        struct bench_result *result = bench_fixture_runs(4, false);
        double level = 10.0 * (design.points[point][0] + 1) * (design.points[point][1] ? 4 : 1);
        for (uint32_t run = 0; run < 4; run++) result->per_run[run].throughput = level * (1 + run / 10.0);
        cr_assert(eq(int, bench_summarise(result), OK));
        result->summary.offered = level;
        response_take(&response, point, result);
        bench_free(result);
    }
}

static void tear_down(void)
{
    response_close(&response);
}

TestSuite(response, .init = set_up, .fini = tear_down);

Test(response, runs_that_share_a_seed_cancel_what_they_have_in_common)
{
    struct response_estimate at = response_at(&response, 3, 0); /* rate=2, b=y: eight times the first */
    cr_expect(at.is_ratio);
    cr_expect(ieee_ulp_eq(dbl, at.effect, 7, 1 << 8));
    cr_expect(epsilon_eq(dbl, at.limits.low, 7, 1e-9));
    cr_expect(epsilon_eq(dbl, at.limits.high, 7, 1e-9));
    cr_expect(ieee_ulp_eq(dbl, at.value, 80 * 1.15, 16));
}

Test(response, a_levels_main_effect_is_the_geometric_mean_over_the_other_settings)
{
    struct response_estimate first = response_level(&response, 0, 0, 0),
                             third = response_level(&response, 0, 2, 0);
    cr_expect(ieee_ulp_eq(dbl, third.value / first.value, 3, 1 << 8));
    struct response_estimate x = response_level(&response, 1, 0, 0), y = response_level(&response, 1, 1, 0);
    cr_expect(ieee_ulp_eq(dbl, y.value / x.value, 4, 1 << 8));
    cr_expect(x.limits.low < x.value && x.value < x.limits.high);
}

Test(response, the_knee_is_the_highest_load_that_holds)
{
    for (uint32_t point = 0; point < design.point_count; point++) {
        response.served[point] = point < 4 ? 1 : 0.9;
        response.misses_targets[point] = false;
    }
    cr_expect(eq(int, response_knee(&response), 3));
    response.misses_targets[3] = true;
    cr_expect(eq(int, response_knee(&response), 1));
    for (uint32_t point = 0; point < design.point_count; point++) response.served[point] = 0.5;
    cr_expect(eq(int, response_knee(&response), -1));
}

Test(response, a_point_is_named_by_its_settings)
{
    char name[DESIGN_NAME_BYTES];
    design_name(&design, 5, name);
    cr_expect(eq(str, name, "rate=3, b=y"));
}
