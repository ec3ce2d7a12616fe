/* reports/change.c: percentages, directions, the balance. */
#include "reports/change.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct change_metric METRICS[] = {
    {"throughput", true},         {"latency_p50_s", false},     {"latency_p99_s", false},
    {"rollback_rate_pct", false}, {"avg_rollback_size", false}, {"memory_gb", false},
    {"proof_p99_s", false},
};

const struct change_metric *change_metric_find(const char *name)
{
    for (size_t i = 0; i < sizeof METRICS / sizeof *METRICS; i++)
        if (strcmp(METRICS[i].name, name) == 0) return &METRICS[i];
    return NULL;
}

double change_percent(double before, double after)
{
    if (!isfinite(before) || !isfinite(after) || before == 0) return NAN;
    return round((after - before) * 1000 / fabs(before)) / 10;
}

enum change_verdict change_verdict(const struct change_metric *metric, double before, double after)
{
    double percent = change_percent(before, after);
    if (isnan(percent)) return CHANGE_UNKNOWN;
    if (percent == 0) return CHANGE_NONE;
    return (percent > 0) == metric->is_higher_better ? CHANGE_BETTER : CHANGE_WORSE;
}

enum net_assessment change_net(const enum change_verdict *verdicts, uint32_t count)
{
    int64_t balance = 0;
    for (uint32_t i = 0; i < count; i++)
        balance += (verdicts[i] == CHANGE_BETTER) - (verdicts[i] == CHANGE_WORSE);
    if (balance == 0) return NET_NEUTRAL;
    return balance > 0 ? NET_POSITIVE : NET_NEGATIVE;
}

const char *net_assessment_name(enum net_assessment net)
{
    static const char *const NAMES[] = {"NEUTRAL", "POSITIVE", "NEGATIVE"};
    return NAMES[net];
}
