/* base/latency_model.c: sums and products in 128 bits, cut at the end. */
#include "base/latency_model.h"
#include "base/assert.h"
#include "base/units.h"

static u128 larger(u128 a, u128 b)
{
    return a > b ? a : b;
}

static int64_t cut(u128 value)
{
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

int64_t latency_sequential(const struct chain_costs *costs, uint32_t tasks)
{
    return cut(((u128)costs->execution + (u128)costs->proof + (u128)costs->confirmation) * tasks);
}

int64_t latency_strict(const struct chain_costs *costs, uint32_t tasks)
{
    u128 e = (u128)costs->execution, p = (u128)costs->proof, c = (u128)costs->confirmation;
    return tasks == 0 ? 0 : cut(p + larger(e + tasks * c, tasks * e + c));
}

int64_t latency_gated(const struct gated_costs *costs, uint32_t tasks)
{
    ASSERT(tasks >= 1);
    u128 e = (u128)costs->execution, gate = (u128)costs->gate;
    return cut((u128)costs->proof + (u128)costs->final + larger(tasks * e, e + (tasks - 1) * gate));
}

double latency_speedup_limit(const struct chain_costs *costs)
{
    double e = (double)costs->execution, c = (double)costs->confirmation;
    return (e + (double)costs->proof + c) / (e > c ? e : c);
}
