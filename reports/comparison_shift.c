/* reports/comparison_shift.c: the difference at each percentile, with a band for all of them together. */
#include "reports/comparison.h"
#include "reports/quantile.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double SHIFT_SHARES[COMPARISON_SHIFTS] = {.05, .10, .15, .20, .25, .30, .35, .40, .45, .50, .55,
                                                       .60, .65, .70, .75, .80, .85, .90, .95, .99, .999};

/* Whether a run can speak of a share of all its tasks, unfinished ones being longer than all others. */
static bool is_supported(const struct run_metrics *run, double share)
{
    uint64_t finished = run->histograms[LATENCY_RESULT].total_count;
    double all = (double)(finished + run->latency[LATENCY_RESULT].censored);
    return all * log(share) <= log(0.025) && share * all < (double)finished;
}

/* How many of the shares every compared run can speak of. */
static uint32_t shares_supported(const struct comparison_test *test)
{
    for (uint32_t count = 0; count < COMPARISON_SHIFTS; count++)
        for (int side = 0; side < 2; side++)
            for (uint32_t i = 0; i < (side ? test->after_runs : test->before_runs); i++)
                if (!is_supported(&(side ? test->after : test->before)->per_run[i], SHIFT_SHARES[count]))
                    return count;
    return COMPARISON_SHIFTS;
}

static double log_quantile(const struct run_metrics *run, double share)
{
    const struct histogram *histogram = &run->histograms[LATENCY_RESULT];
    double all = (double)(histogram->total_count + run->latency[LATENCY_RESULT].censored);
    return log(quantile_of(histogram, share * all / (double)histogram->total_count));
}

static err shift_paired(struct comparison_test *test)
{
    struct comparison_shift *shift = &test->shift;
    struct signflip_answer answer;
    uint32_t n = test->pairs;
    double *differences = malloc((size_t)shift->count * n * sizeof *differences);
    if (!differences) return ERR_NOMEM;
    for (uint32_t k = 0; k < shift->count; k++)
        for (uint32_t i = 0; i < n; i++)
            differences[(size_t)k * n + i] = log_quantile(&test->after->per_run[i], SHIFT_SHARES[k]) -
                                             log_quantile(&test->before->per_run[i], SHIFT_SHARES[k]);
    const struct signflip_question question = {differences, shift->count, n, COMPARISON_CONFIDENCE,
                                               COMPARISON_SEED};
    err e = n > 1 ? signflip(&answer, &question) : OK;
    for (uint32_t k = 0; k < shift->count && e == OK; k++) {
        const double *row = differences + (size_t)k * n;
        double error = n > 1 ? answer.critical_t * stats_deviation(row, n) / sqrt(n) : NAN;
        shift->mean[k] = stats_mean(row, n);
        shift->limits[k] = (struct interval){shift->mean[k] - error, shift->mean[k] + error};
    }
    free(differences);
    return e;
}

/* Welch's intervals, narrowed to the share of the error that each percentile gets (Bonferroni). */
static err shift_unpaired(struct comparison_test *test)
{
    struct comparison_shift *shift = &test->shift;
    double *before = malloc(test->before_runs * sizeof *before),
           *after = malloc(test->after_runs * sizeof *after);
    err e = before && after ? OK : ERR_NOMEM;
    for (uint32_t k = 0; k < shift->count && e == OK; k++) {
        struct unpaired unpaired;
        for (uint32_t i = 0; i < test->before_runs; i++)
            before[i] = log_quantile(&test->before->per_run[i], SHIFT_SHARES[k]);
        for (uint32_t i = 0; i < test->after_runs; i++)
            after[i] = log_quantile(&test->after->per_run[i], SHIFT_SHARES[k]);
        const struct unpaired_sample sample = {before, after, test->before_runs, test->after_runs,
                                               1 - (1 - COMPARISON_CONFIDENCE) / shift->count};
        e = unpaired_compare(&unpaired, &sample);
        shift->mean[k] = unpaired.difference;
        shift->limits[k] = unpaired.difference_limits;
    }
    free(before);
    free(after);
    return e;
}

err comparison_shift_make(struct comparison_test *test)
{
    test->shift.count = shares_supported(test);
    memcpy(test->shift.shares, SHIFT_SHARES, sizeof SHIFT_SHARES);
    if (test->shift.count == 0) return OK;
    return test->is_paired ? shift_paired(test) : shift_unpaired(test);
}
