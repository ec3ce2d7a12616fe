/* reports/gate.c: limits as rows. */
#include "reports/gate.h"
#include <string.h>

static const struct gate_limit LIMITS[] = {
    {"latency", false, 10},
    {"throughput", true, 5},
    {"memory", false, 20},
};

uint32_t gate_limit_count(void)
{
    return sizeof LIMITS / sizeof *LIMITS;
}

const struct gate_limit *gate_limit_find(const char *metric)
{
    for (uint32_t i = 0; i < gate_limit_count(); i++)
        if (strcmp(LIMITS[i].metric, metric) == 0) return &LIMITS[i];
    return NULL;
}

bool gate_regressed(const struct gate_limit *limit, double base, double now)
{
    /* Multiplied out: a hundredth has no exact double, 1100 against 1000 must not depend on that. */
    if (limit->is_higher_better) return now * 100 < base * (100.0 - limit->tolerance_percent);
    return now * 100 > base * (100.0 + limit->tolerance_percent);
}
