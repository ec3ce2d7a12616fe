/* tests/unit/test_latency_model.c: the closed forms, and that they agree with stepping a chain by hand. */
#include "base/latency_model.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Each submission waits for the parent's confirmation, each execution for the parent's. */
static int64_t stepped(const struct chain_costs *costs, uint32_t tasks)
{
    int64_t executed = 0, confirmed = 0;
    for (uint32_t i = 0; i < tasks; i++) {
        executed += costs->execution;
        confirmed = later(executed + costs->proof, confirmed) + costs->confirmation;
    }
    return confirmed;
}

Test(latency_model, strict_bound_is_the_stepped_chain)
{
    for (int64_t e = 0; e <= 1000; e += 250)
        for (int64_t p = 0; p <= 1500; p += 500)
            for (int64_t c = 0; c <= 2000; c += 400)
                for (uint32_t n = 1; n <= 10; n++) {
                    struct chain_costs costs = {e, p, c};
                    cr_assert(eq(i64, latency_strict(&costs, n), stepped(&costs, n)));
                    cr_assert(le(i64, latency_strict(&costs, n), latency_sequential(&costs, n)));
                }
}

Test(latency_model, gates_shorter_than_execution_cost_nothing)
{
    cr_assert(eq(i64, latency_gated(&(struct gated_costs){1000, 500, 400, 2000}, 3), 5500));
    cr_assert(eq(i64, latency_gated(&(struct gated_costs){100, 500, 400, 2000}, 3), 3400));
}

Test(latency_model, long_chains_approach_the_limit)
{
    struct chain_costs costs = {1000, 500, 2000};
    double speedup = (double)latency_sequential(&costs, 100000) / (double)latency_strict(&costs, 100000);
    cr_assert(lt(dbl, fabs(speedup - latency_speedup_limit(&costs)), 0.001));
    cr_assert(isinf(latency_speedup_limit(&(struct chain_costs){0, 1, 0})));
}

Test(latency_model, what_does_not_fit_is_cut)
{
    cr_assert(eq(i64, latency_sequential(&(struct chain_costs){INT64_MAX, INT64_MAX, 0}, 2), INT64_MAX));
    cr_assert(eq(i64, latency_strict(&(struct chain_costs){1, 2, 3}, 0), 0));
}
