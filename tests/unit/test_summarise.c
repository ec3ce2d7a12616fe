/* tests/unit/test_summarise.c: several runs, one answer: medians, sums, extremes, pooled samples, intervals.
 */
#include "reports/run_fields.h"
#include "reports/stats.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

TestSuite(summarise, .timeout = 30);

Test(summarise, figures_are_medians_and_counters_sums)
{
    struct bench_result *result = bench_fixture_runs(3, false);
    result->per_run[0].throughput = 100;
    result->per_run[1].throughput = 130;
    result->per_run[2].throughput = 70;
    cr_assert(eq(int, bench_summarise(result), OK));
    const struct run_metrics *runs = result->per_run, *summary = &result->summary;
    cr_assert(epsilon_eq(dbl, summary->throughput, 100, 0));
    cr_assert(epsilon_eq(dbl, result->spread.throughput_cv, 0.3, 1e-12));
    cr_assert(epsilon_eq(dbl, summary->memory_mean, runs[1].memory_mean, 0));
    cr_assert(epsilon_eq(dbl, summary->memory_peak, runs[2].memory_peak, 0));
    cr_assert(eq(u64, summary->max_rollback_size, runs[2].max_rollback_size));
    cr_assert(eq(u64, summary->tasks.submitted,
                 runs[0].tasks.submitted + runs[1].tasks.submitted + runs[2].tasks.submitted));
    cr_assert(eq(u64, summary->waits[WAIT_DEPTH_LIMIT], 3 * WAIT_DEPTH_LIMIT + 3));
    cr_assert(eq(u64, summary->depth_counts[1], 21));
    bench_free(result);
}

Test(summarise, sums_of_tasks_and_money_hold)
{
    struct bench_result *result = bench_fixture(3, true);
    const struct run_metrics *summary = &result->baseline_summary;
    const struct task_counts *tasks = &summary->tasks;
    cr_assert(eq(u64, tasks->submitted,
                 tasks->confirmed + tasks->failed + tasks->rolled_back + tasks->cancelled + tasks->expired +
                     tasks->unfinished));
    cr_assert(eq(u64, summary->bonded_lamports,
                 summary->released_lamports + summary->slashed_lamports + summary->locked_lamports));
    bench_free(result);
}

Test(summarise, a_quantile_that_one_run_lacks_is_not_made_up)
{
    struct bench_result *result = bench_fixture_runs(3, false);
    result->per_run[1].latency[LATENCY_RESULT].quantile_ns[Q99] = NAN;
    cr_assert(eq(int, bench_summarise(result), OK));
    cr_assert(isnan(result->summary.latency[LATENCY_RESULT].quantile_ns[Q99]));
    cr_assert(not(isnan(result->summary.latency[LATENCY_RESULT].quantile_ns[Q50])));
    bench_free(result);
}

Test(summarise, pooled_is_the_sample_of_all_runs_together)
{
    struct bench_result *result = bench_fixture(3, false);
    const struct latency *pooled = &result->spread.pooled[LATENCY_PROOF];
    struct histogram all;
    cr_assert(eq(int, histogram_open(&all, NS_PER_H), OK));
    for (int run = 0; run < 3; run++) histogram_add(&all, &result->per_run[run].histograms[LATENCY_PROOF]);
    cr_assert(eq(u64, pooled->count, 3 * FIXTURE_VALUES));
    cr_assert(epsilon_eq(dbl, pooled->mean_ns, histogram_mean_ns(&all), 0));
    cr_assert(epsilon_eq(dbl, pooled->max_ns, (double)all.max_ns, 0));
    cr_assert(epsilon_eq(dbl, pooled->quantile_ns[Q99], (double)histogram_at_rank(&all, 11880), 0));
    histogram_close(&all);
    bench_free(result);
}

Test(summarise, intervals_are_order_statistics_of_the_pooled_sample)
{
    struct bench_result *result = bench_fixture(3, false);
    const double *bounds = result->spread.latency_interval[LATENCY_RESULT][Q99];
    struct rank_interval ranks;
    cr_assert(stats_quantile_ranks(3 * FIXTURE_VALUES, 0.99, 0.95, &ranks));
    const struct histogram *histogram = &result->summary.histograms[LATENCY_RESULT];
    cr_assert(epsilon_eq(dbl, bounds[0], (double)histogram_at_rank(histogram, ranks.low), 0));
    cr_assert(epsilon_eq(dbl, bounds[1], (double)histogram_at_rank(histogram, ranks.high), 0));
    cr_assert(bounds[0] <= result->spread.pooled[LATENCY_RESULT].quantile_ns[Q99]);
    bench_free(result);
}

Test(summarise, the_map_counts_the_tasks_of_all_runs_or_is_not_there)
{
    struct bench_result *result = bench_fixture(3, false);
    cr_assert(eq(u32, result->summary.latency_map->counts[2][45], 6 + 7 + 8));
    result->per_run[1].latency_map->bin_s = 2;
    cr_assert(eq(int, bench_summarise(result), OK));
    cr_assert(result->summary.latency_map == NULL, "bins of different width do not add up");
    bench_free(result);
}

Test(summarise, unfinished_tasks_are_longer_than_any_seen)
{
    struct bench_result *result = bench_fixture_runs(1, false);
    result->per_run[0].latency[LATENCY_RESULT].censored = FIXTURE_VALUES / 10;
    cr_assert(eq(int, bench_summarise(result), OK));
    const struct latency *pooled = &result->spread.pooled[LATENCY_RESULT];
    cr_assert(isnan(pooled->quantile_ns[Q95]));
    cr_assert(isnan(result->spread.latency_interval[LATENCY_RESULT][Q95][1]));
    cr_assert(epsilon_eq(
        dbl, pooled->quantile_ns[Q50],
        (double)histogram_at_rank(&result->summary.histograms[LATENCY_RESULT], FIXTURE_VALUES * 11 / 20), 0));
    bench_free(result);
}

Test(summarise, an_interval_that_reaches_the_unfinished_has_no_limits)
{
    struct bench_result *result = bench_fixture_runs(1, false);
    result->per_run[0].latency[LATENCY_RESULT].censored = 440; /* rank of p90: 3996 of 4000 seen */
    cr_assert(eq(int, bench_summarise(result), OK));
    cr_assert(not(isnan(result->spread.pooled[LATENCY_RESULT].quantile_ns[Q90])));
    cr_assert(isnan(result->spread.latency_interval[LATENCY_RESULT][Q90][0]));
    cr_assert(isnan(result->spread.latency_interval[LATENCY_RESULT][Q90][1]));
    bench_free(result);
}

Test(summarise, rollback_interval_is_wilsons_of_all_runs)
{
    struct bench_result *result = bench_fixture(3, false);
    struct interval wanted = stats_wilson(40 + 41 + 42, 3000, 0.95);
    cr_assert(epsilon_eq(dbl, result->spread.rollback_rate_interval[0], wanted.low, 0));
    cr_assert(epsilon_eq(dbl, result->spread.rollback_rate_interval[1], wanted.high, 0));
    bench_free(result);
}

Test(summarise, runs_that_never_began_are_dropped_and_a_torn_baseline_with_them)
{
    struct bench_result *result = bench_fixture_runs(3, true);
    run_metrics_close(&result->per_run[0]);
    run_metrics_close(&result->baseline[0]);
    cr_assert(eq(int, bench_summarise(result), OK));
    cr_assert(eq(u32, result->runs, 2));
    cr_assert(result->baseline != NULL);
    cr_assert(epsilon_eq(dbl, result->per_run[0].throughput, 49.75, 0));
    run_metrics_close(&result->baseline[1]);
    cr_assert(eq(int, bench_summarise(result), OK));
    cr_assert(result->baseline == NULL);
    cr_assert(eq(u32, result->runs, 2));
    bench_free(result);
}

Test(summarise, the_hash_depends_on_every_run_of_both_arms_and_their_order)
{
    struct bench_result *result = bench_fixture(2, true);
    uint64_t before = result->trajectory_hash;
    result->baseline[1].trajectory_hash ^= 1;
    cr_assert(eq(int, bench_summarise(result), OK));
    cr_assert(ne(u64, result->trajectory_hash, before));
    result->baseline[1].trajectory_hash ^= 1;
    uint64_t first = result->per_run[0].trajectory_hash;
    result->per_run[0].trajectory_hash = result->per_run[1].trajectory_hash;
    result->per_run[1].trajectory_hash = first;
    cr_assert(eq(int, bench_summarise(result), OK));
    cr_assert(ne(u64, result->trajectory_hash, before));
    bench_free(result);
}
