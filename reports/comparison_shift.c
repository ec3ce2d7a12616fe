/* reports/comparison_shift.c: the difference at each percentile, with a band for all of them together. */
#include "reports/comparison.h"
#include "reports/quantile.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double SHIFT_SHARES[COMPARISON_SHIFTS] = {.05, .10, .15, .20, .25, .30, .35, .40, .45, .50, .55,
                                                       .60, .65, .70, .75, .80, .85, .90, .95, .99, .999};

/* How many of the shares every compared run can speak of. */
static uint32_t shares_supported(const struct comparison_test *test)
{
    uint64_t least = UINT64_MAX;
    uint32_t count = 0;
    for (int side = 0; side < 2; side++)
        for (uint32_t i = 0; i < (side ? test->after_runs : test->before_runs); i++) {
            const struct bench_result *result = side ? test->after : test->before;
            uint64_t values = result->per_run[i].histograms[LATENCY_RESULT].total_count;
            if (values < least) least = values;
        }
    while (count < COMPARISON_SHIFTS && (double)least * log(SHIFT_SHARES[count]) <= log(0.025)) count++;
    return count;
}

static double log_quantile(const struct run_metrics *run, double share)
{
    return log(quantile_of(&run->histograms[LATENCY_RESULT], share));
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
