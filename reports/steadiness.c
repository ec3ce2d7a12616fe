/* reports/steadiness.c: tasks in the system over time. */
#include "reports/steadiness.h"
#include "reports/steady.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_S = 10 };

static bool is_constant(const struct bench_result *result)
{
    const struct bench_pair *pattern = bench_get(&result->workload, "rate_pattern");
    return !pattern || pattern->kind != BENCH_TEXT || strcmp(pattern->text, "constant") == 0;
}

/* Mean over runs, a value a second of the time in which tasks arrive. */
static double *tasks_over_time(const struct bench_result *result, uint32_t seconds)
{
    double *values = calloc(seconds, sizeof *values);
    for (uint32_t run = 0; values && run < result->runs; run++) {
        const struct run_metrics *metrics = &result->per_run[run];
        for (uint32_t t = 0; t < seconds && t < metrics->series_count && metrics->series[SERIES_ACTIVE]; t++)
            values[t] +=
                (metrics->series[SERIES_ACTIVE][t] + metrics->series[SERIES_BACKLOG][t]) / result->runs;
    }
    return values;
}

err steadiness_of(struct steadiness *out, const struct bench_result *result, bool *is_known)
{
    uint32_t seconds = (uint32_t)(result->duration_ns / NS_PER_S);
    uint32_t cut = (uint32_t)(result->warmup_ns / NS_PER_S);
    struct steady steady;
    *is_known = false;
    if (!is_constant(result) || seconds < STEADY_VALUES_LEAST) return OK;
    double *values = tasks_over_time(result, seconds);
    if (!values) return ERR_NOMEM;
    *is_known = steady_find(&steady, values, seconds);
    if (*is_known) {
        double effective = steady_effective(values + cut, seconds - cut, BATCH_S);
        *out = (struct steadiness){steady.is_steady, steady.dropped, effective / (seconds - cut)};
    }
    free(values);
    return OK;
}
