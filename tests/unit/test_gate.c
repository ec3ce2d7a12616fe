/* tests/unit/test_gate.c: the limit itself is allowed, the next step is not. */
#include "reports/gate.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static bool regressed(const char *metric, double base, double now)
{
    const struct gate_limit *limit = gate_limit_find(metric);
    cr_assert(limit != NULL);
    return gate_regressed(limit, base, now);
}

Test(gate, latency_may_grow_by_a_tenth)
{
    cr_assert(not(regressed("latency", 1000, 1100)));
    cr_assert(regressed("latency", 1000, 1101));
    cr_assert(not(regressed("latency", 1000, 1)));
}

Test(gate, throughput_may_lose_a_twentieth)
{
    cr_assert(not(regressed("throughput", 100, 95)));
    cr_assert(regressed("throughput", 100, 94.9));
    cr_assert(not(regressed("throughput", 100, 500)));
}

Test(gate, memory_may_grow_by_a_fifth)
{
    cr_assert(not(regressed("memory", 500, 600)));
    cr_assert(regressed("memory", 500, 601));
}

Test(gate, other_metrics_have_no_default)
{
    cr_assert(gate_limit_find("colour") == NULL);
    cr_assert(eq(u32, gate_limit_count(), 3));
}
