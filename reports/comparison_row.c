/* reports/comparison_row.c: one metric of both arms: its values, and what they say. */
#include "reports/comparison.h"
#include "reports/run_fields.h"
#include <math.h>
#include <stdlib.h>

static double value_of(const struct run_metrics *run, const struct comparison_metric *metric,
                       enum metric_unit *unit)
{
    struct run_metric found = {NAN, UNIT_COUNT};
    run_metric_find(run, metric->name, &found);
    *unit = found.unit;
    return found.value;
}

static void read_values(struct comparison_row *row, const struct comparison_test *test)
{
    for (uint32_t i = 0; i < test->before_runs; i++) {
        row->before[i] = value_of(&test->before->per_run[i], row->metric, &row->unit);
    }
    for (uint32_t i = 0; i < test->after_runs; i++) {
        row->after[i] = value_of(&test->after->per_run[i], row->metric, &row->unit);
    }
}

static bool all_of(const double *values, uint32_t count, bool (*is_good)(double value))
{
    for (uint32_t i = 0; i < count; i++)
        if (!is_good(values[i])) return false;
    return true;
}

static bool is_number(double value)
{
    return isfinite(value);
}

static bool is_positive(double value)
{
    return value > 0;
}

static bool both_are(const struct comparison_row *row, const struct comparison_test *test,
                     bool (*is_good)(double value))
{
    return all_of(row->before, test->before_runs, is_good) && all_of(row->after, test->after_runs, is_good);
}

static err estimate_paired(struct comparison_row *row, const struct comparison_test *test)
{
    struct paired paired;
    row->is_identical = true;
    for (uint32_t i = 0; i < test->pairs; i++) {
        row->differences[i] =
            row->is_ratio ? log(row->after[i] / row->before[i]) : row->after[i] - row->before[i];
        row->is_identical =
            row->is_identical && !(row->before[i] < row->after[i]) && !(row->before[i] > row->after[i]);
    }
    const struct paired_sample sample = {row->differences, test->pairs, COMPARISON_CONFIDENCE,
                                         COMPARISON_SEED};
    TRY(paired_estimate(&paired, &sample));
    row->mean = paired.mean;
    row->deviation = paired.deviation;
    row->error = paired.deviation / sqrt(test->pairs);
    row->degrees = test->pairs - 1;
    row->limits = paired.mean_limits;
    row->shift = paired.shift;
    row->shift_limits = paired.shift_limits;
    row->detectable = paired.detectable;
    return OK;
}

static double *logs_of(const double *values, uint32_t count, bool is_ratio)
{
    double *logs = malloc(count * sizeof *logs);
    for (uint32_t i = 0; logs && i < count; i++) logs[i] = is_ratio ? log(values[i]) : values[i];
    return logs;
}

static err estimate_unpaired(struct comparison_row *row, const struct comparison_test *test)
{
    struct unpaired unpaired;
    double *before = logs_of(row->before, test->before_runs, row->is_ratio);
    double *after = logs_of(row->after, test->after_runs, row->is_ratio);
    const struct unpaired_sample sample = {before, after, test->before_runs, test->after_runs,
                                           COMPARISON_CONFIDENCE};
    err e = before && after ? unpaired_compare(&unpaired, &sample) : ERR_NOMEM;
    free(before);
    free(after);
    if (e != OK) return e;
    row->mean = unpaired.difference;
    row->error = unpaired.error;
    row->degrees = unpaired.degrees;
    row->limits = unpaired.difference_limits;
    row->shift = unpaired.shift;
    row->shift_limits = unpaired.shift_limits;
    row->p = unpaired.rank_p;
    row->detectable = unpaired.detectable;
    row->superiority = unpaired.superiority;
    return OK;
}

err comparison_row_open(struct comparison_row *row, const struct comparison_test *test,
                        const struct comparison_metric *metric)
{
    *row = (struct comparison_row){.metric = metric,
                                   .verdict = VERDICT_INCONCLUSIVE,
                                   .pairs = test->pairs,
                                   .p = NAN,
                                   .adjusted_p = NAN,
                                   .mean = NAN,
                                   .deviation = NAN,
                                   .error = NAN,
                                   .degrees = NAN,
                                   .shift = NAN,
                                   .detectable = NAN,
                                   .superiority = NAN,
                                   .limits = {NAN, NAN},
                                   .shift_limits = {NAN, NAN}};
    row->before = calloc(test->before_runs, sizeof *row->before);
    row->after = calloc(test->after_runs, sizeof *row->after);
    row->differences = test->is_paired ? calloc(test->pairs, sizeof *row->differences) : NULL;
    if (!row->before || !row->after || (test->is_paired && !row->differences)) return ERR_NOMEM;
    read_values(row, test);
    row->median_before = stats_median(row->before, test->before_runs);
    row->median_after = stats_median(row->after, test->after_runs);
    if (!both_are(row, test, is_number)) {
        bool is_lost = all_of(row->before, test->before_runs, is_number);
        row->verdict = is_lost ? VERDICT_LOST : VERDICT_NO_VALUES;
        return OK;
    }
    row->is_ratio = both_are(row, test, is_positive);
    return test->is_paired ? estimate_paired(row, test) : estimate_unpaired(row, test);
}

bool comparison_run_limits(const struct run_metrics *run, enum latency_kind kind,
                           enum latency_quantile quantile, struct interval *out)
{
    const struct histogram *histogram = &run->histograms[kind];
    const struct latency *latency = &run->latency[kind];
    struct rank_interval ranks;
    if (isnan(latency->quantile_ns[quantile]) ||
        !stats_quantile_ranks(histogram->total_count + latency->censored, latency_quantile_value(quantile),
                              COMPARISON_CONFIDENCE, &ranks) ||
        ranks.high > histogram->total_count)
        return false;
    *out = (struct interval){(double)histogram_at_rank(histogram, ranks.low),
                             (double)histogram_at_rank(histogram, ranks.high)};
    return true;
}
