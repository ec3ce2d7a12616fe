/* daemon/query_range.c: one number of the points of a range, as Prometheus 2.42 computes it
 * (promql/functions.go). */
#include "daemon/query_own.h"
#include <math.h>

/* What a counter counted between its first point and its last: a fall is a restart from 0. */
static double counted(const struct query_run *run)
{
    double sum = run->values[run->points - 1] - run->values[0];
    for (uint32_t i = 1; i < run->points; i++)
        if (run->values[i] < run->values[i - 1]) sum += run->values[i - 1];
    return sum;
}

/* The points seldom reach both ends of the range: the slope goes on to an end that is nearer than the usual
 * distance of two points and a tenth, else half such a distance, and never below zero. */
static double extrapolated(const struct query_run *run, int64_t range_ms)
{
    uint32_t last = run->points - 1;
    double sum = counted(run);
    double sampled = (double)(run->times_ms[last] - run->times_ms[0]) / 1000;
    double to_start = (double)(run->times_ms[0] - (run->at_ms - range_ms)) / 1000;
    double to_end = (double)(run->at_ms - run->times_ms[last]) / 1000;
    double distance = sampled / last, threshold = distance * 1.1, interval = sampled;
    if (sum > 0 && run->values[0] >= 0) {
        double to_zero = sampled * (run->values[0] / sum);
        if (to_zero < to_start) to_start = to_zero;
    }
    interval += to_start < threshold ? to_start : distance / 2;
    interval += to_end < threshold ? to_end : distance / 2;
    return sum * (interval / sampled);
}

/* Neumaier's sum: what is lost to rounding is kept apart. */
struct exact {
    double sum, lost;
};

static void add(struct exact *to, double value)
{
    double sum = to->sum + value;
    to->lost += fabs(to->sum) >= fabs(value) ? to->sum - sum + value : value - sum + to->sum;
    to->sum = sum;
}

static double sum_of(const struct query_run *run)
{
    struct exact exact = {0};
    for (uint32_t i = 0; i < run->points; i++) add(&exact, run->values[i]);
    return isinf(exact.sum) ? exact.sum : exact.sum + exact.lost;
}

static double extreme(const struct query_run *run, bool is_max)
{
    double best = run->values[0];
    for (uint32_t i = 1; i < run->points; i++)
        if (isnan(best) || (is_max ? run->values[i] > best : run->values[i] < best)) best = run->values[i];
    return best;
}

bool query_over_range(const struct query_run *run, enum query_function function, int64_t range_ms,
                      double *out)
{
    bool is_rate = function == FUNCTION_RATE || function == FUNCTION_INCREASE;
    if (run->points < (is_rate ? 2 : 1)) return false;
    switch (function) {
    case FUNCTION_RATE: *out = extrapolated(run, range_ms) / ((double)range_ms / 1000); break;
    case FUNCTION_INCREASE: *out = extrapolated(run, range_ms); break;
    case FUNCTION_AVG_OVER_TIME: *out = sum_of(run) / run->points; break;
    case FUNCTION_MAX_OVER_TIME: *out = extreme(run, true); break;
    case FUNCTION_MIN_OVER_TIME: *out = extreme(run, false); break;
    case FUNCTION_SUM_OVER_TIME: *out = sum_of(run); break;
    case FUNCTION_COUNT_OVER_TIME: *out = run->points; break;
    default: return false;
    }
    return true;
}
