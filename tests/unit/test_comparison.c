/* tests/unit/test_comparison.c: what a difference between two results may be called. */
#include "reports/comparison.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <string.h>

static struct bench_result *before, *after;
static struct report_inputs inputs[2];
static struct comparison comparison;
static struct diag diag;

static void begin(uint32_t runs_before, uint32_t runs_after)
{
    before = bench_fixture(runs_before, false);
    after = bench_fixture(runs_after, false);
    for (uint32_t run = 0; run < after->runs; run++) after->per_run[run].trajectory_hash += 1000;
    memset(inputs, 0, sizeof inputs);
    diag.text[0] = 0;
}

/* The inputs own the results from here on. */
static err compare(void)
{
    cr_assert(eq(int, report_inputs_add(&inputs[0], "", before, &diag), OK));
    cr_assert(eq(int, report_inputs_add(&inputs[1], "", after, &diag), OK));
    return comparison_make(&comparison, &inputs[0], &inputs[1], &diag);
}

static void end(void)
{
    comparison_free(&comparison);
    for (int side = 0; side < 2; side++) report_inputs_close(&inputs[side]);
}

static const struct comparison_row *row_of(const char *metric)
{
    for (uint32_t i = 0; i < comparison_metric_count(); i++)
        if (strcmp(comparison.tests[0].rows[i].metric->name, metric) == 0)
            return &comparison.tests[0].rows[i];
    return NULL;
}

static double *p99_of(struct bench_result *result, uint32_t run)
{
    return &result->per_run[run].latency[LATENCY_RESULT].quantile_ns[Q99];
}

/* Multiplies every run's p99 by `factor`, a little more in one run and less in the next. */
static void scale_p99(double factor, double noise)
{
    for (uint32_t run = 0; run < after->runs; run++)
        *p99_of(after, run) = *p99_of(before, run) * factor * (1 + (run % 2 ? noise : -noise));
}

static void refused(const char *what)
{
    cr_assert(eq(int, compare(), ERR_RANGE));
    cr_expect(strstr(diag.text, what) != NULL, "%s", diag.text);
    end();
}

Test(comparison, arms_that_agree_in_every_run_are_identical_however_few_runs)
{
    begin(2, 2);
    cr_assert(eq(int, compare(), OK), "%s", diag.text);
    cr_expect(comparison.is_identical);
    for (uint32_t i = 0; i < comparison_metric_count(); i++)
        cr_expect(ne(int, comparison.tests[0].rows[i].verdict, VERDICT_INCONCLUSIVE));
    end();
}

Test(comparison, an_effect_is_the_geometric_mean_of_the_pairs_ratios)
{
    begin(10, 10);
    scale_p99(1.1, 0.02);
    cr_assert(eq(int, compare(), OK));
    const struct comparison_row *row = row_of("result.p99");
    cr_expect(ieee_ulp_eq(dbl, comparison_effect(row, row->mean), 1.1 * sqrt(1.02 * .98) - 1, 1 << 12));
    cr_expect(row->limits.low < row->mean && row->mean < row->limits.high);
    cr_expect(row->limits.low > 0);
    cr_expect(eq(int, row->verdict, VERDICT_WORSE));
    cr_expect(eq(u32, comparison_count(&comparison, VERDICT_WORSE), 1));
    end();
}

Test(comparison, more_throughput_is_better_and_less_latency_is_too)
{
    begin(10, 10);
    scale_p99(0.9, 0.01);
    for (uint32_t run = 0; run < 10; run++) after->per_run[run].throughput *= 1.05;
    cr_assert(eq(int, compare(), OK));
    cr_expect(eq(int, row_of("throughput")->verdict, VERDICT_BETTER));
    cr_expect(eq(int, row_of("result.p99")->verdict, VERDICT_BETTER));
    end();
}

Test(comparison, a_metric_without_a_better_side_has_only_changed)
{
    begin(10, 10);
    for (uint32_t run = 0; run < 10; run++) after->per_run[run].depth_mean *= 1.5;
    cr_assert(eq(int, compare(), OK));
    cr_expect(eq(int, row_of("depth_mean")->verdict, VERDICT_CHANGED));
    end();
}

Test(comparison, five_pairs_decide_nothing_but_six_do)
{
    begin(5, 5);
    scale_p99(2, 0);
    cr_assert(eq(int, compare(), OK));
    cr_expect(eq(int, row_of("result.p99")->verdict, VERDICT_INCONCLUSIVE));
    end();
    begin(6, 6);
    scale_p99(2, 0);
    cr_assert(eq(int, compare(), OK));
    cr_expect(eq(int, row_of("result.p99")->verdict, VERDICT_WORSE));
    end();
}

Test(comparison, less_than_one_percent_is_no_difference_even_when_it_is_certain)
{
    begin(10, 10);
    scale_p99(1.005, 0.0001);
    cr_assert(eq(int, compare(), OK));
    cr_expect(lt(dbl, row_of("result.p99")->adjusted_p, 0.05));
    cr_expect(eq(int, row_of("result.p99")->verdict, VERDICT_SAME));
    end();
}

Test(comparison, noise_larger_than_the_effect_is_inconclusive_and_says_what_it_takes)
{
    begin(10, 10);
    scale_p99(1.02, 0.2);
    cr_assert(eq(int, compare(), OK));
    const struct comparison_row *row = row_of("result.p99");
    cr_expect(eq(int, row->verdict, VERDICT_INCONCLUSIVE));
    cr_expect(gt(dbl, comparison_effect(row, row->detectable), 0.15));
    cr_expect(gt(u32, comparison_runs_for(&comparison, 0.05), 100));
    end();
}

Test(comparison, where_a_value_is_zero_differences_take_the_place_of_ratios)
{
    begin(8, 8);
    for (uint32_t run = 0; run < 8; run++) {
        before->per_run[run].rollback_rate = run == 3 ? 0 : 0.01;
        after->per_run[run].rollback_rate = before->per_run[run].rollback_rate + 0.02;
    }
    cr_assert(eq(int, compare(), OK));
    const struct comparison_row *row = row_of("rollback_rate");
    cr_expect(not(row->is_ratio));
    cr_expect(ieee_ulp_eq(dbl, comparison_effect(row, row->mean), 0.02, 64));
    cr_expect(eq(int, row->verdict, VERDICT_WORSE));
    end();
}

Test(comparison, a_metric_that_some_run_cannot_tell_is_not_compared)
{
    begin(8, 8);
    *p99_of(after, 4) = NAN;
    cr_assert(eq(int, compare(), OK));
    cr_expect(eq(int, row_of("result.p99")->verdict, VERDICT_LOST));
    cr_expect(ne(int, row_of("result.p50")->verdict, VERDICT_NO_VALUES));
    end();
}

Test(comparison, arms_of_different_seeds_are_compared_by_ranks)
{
    begin(10, 12);
    after->seed = 43;
    for (uint32_t run = 0; run < 12; run++) *p99_of(after, run) *= 1.5;
    cr_assert(eq(int, compare(), OK));
    const struct comparison_row *row = row_of("result.p99");
    cr_expect(not(comparison.tests[0].is_paired));
    cr_expect(eq(u32, comparison.tests[0].after_runs, 12));
    cr_expect(eq(int, row->verdict, VERDICT_WORSE));
    cr_expect(lt(dbl, row->superiority, 0.01));
    cr_expect(row->differences == NULL);
    end();
}

Test(comparison, the_longer_arm_gives_up_the_runs_without_partner)
{
    begin(8, 11);
    cr_assert(eq(int, compare(), OK));
    cr_expect(eq(u32, comparison.tests[0].pairs, 8));
    cr_expect(comparison.is_identical);
    end();
}

Test(comparison, settings_that_differ_are_the_change)
{
    begin(6, 6);
    after->config.pairs[0].integer++;
    bench_put_integer(before, &before->workload, "executors", 4);
    bench_put_integer(after, &after->workload, "executors", 8);
    cr_assert(eq(int, compare(), OK), "%s", diag.text);
    cr_assert(eq(u32, comparison.change_count, 2));
    cr_expect(eq(str, (char *)comparison.changes[0].name, (char *)before->config.pairs[0].name));
    cr_expect(eq(str, (char *)comparison.changes[1].section, "supply"));
    end();
}

Test(comparison, another_load_is_refused_with_what_differs)
{
    begin(6, 6);
    bench_put_number(before, &before->workload, "rate_tasks_per_s", 50);
    bench_put_number(after, &after->workload, "rate_tasks_per_s", 100);
    refused("rate_tasks_per_s 50 against 100");
    begin(6, 6);
    after->duration_ns = 2 * before->duration_ns;
    refused("5m against runs of 10m");
    begin(6, 6);
    after->warmup_ns = 0;
    refused("warm-up");
    begin(6, 6);
    after->agents++;
    refused("agents");
    begin(6, 6);
    after->interrupted = true;
    refused("interrupted");
}

/* Every quantile of the fixture's histograms is the same, so is the shift. */
Test(comparison, the_shift_is_the_ratio_of_quantiles_with_a_band_around_it)
{
    begin(10, 10);
    for (uint32_t run = 0; run < 10; run++) {
        struct histogram *histogram = &after->per_run[run].histograms[LATENCY_RESULT];
        histogram_clear(histogram);
        for (int64_t i = 0; i < FIXTURE_VALUES; i++)
            histogram_record(histogram, 2 * ((i * 37 % 1009 + 1) * (NS_PER_MS + run * 1000) + i % 7));
    }
    cr_assert(eq(int, compare(), OK));
    const struct comparison_shift *shift = &comparison.tests[0].shift;
    cr_assert(eq(u32, shift->count, COMPARISON_SHIFTS));
    for (uint32_t i = 0; i < shift->count; i++) {
        cr_expect(epsilon_eq(dbl, shift->mean[i], log(2), 0.002));
        cr_expect(shift->limits[i].low <= shift->mean[i] && shift->mean[i] <= shift->limits[i].high);
    }
    end();
}

Test(comparison, tests_are_matched_by_name_and_those_without_partner_are_counted)
{
    static const char *const NAMES[2][3] = {{"latency", "burst", "deep_chain"},
                                            {"burst", "throughput", "latency"}};
    memset(inputs, 0, sizeof inputs);
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < 3; i++) {
            struct bench_result *result = bench_fixture(6, false);
            result->name = bench_text(result, NAMES[side][i]);
            cr_assert(eq(int, report_inputs_add(&inputs[side], "", result, &diag), OK));
        }
    cr_assert(eq(int, comparison_make(&comparison, &inputs[0], &inputs[1], &diag), OK));
    cr_expect(eq(u32, comparison.count, 2));
    cr_expect(eq(u32, comparison.left_out_before, 1));
    cr_expect(eq(u32, comparison.left_out_after, 1));
    for (uint32_t i = 0; i < comparison.count; i++)
        cr_expect(eq(str, (char *)comparison.tests[i].before->name, (char *)comparison.tests[i].after->name));
    end();
}

/* --- properties --- */

static double noise_of(uint32_t run)
{
    return 1 + (run * 2654435761u % 101) / 1000.0;
}

static struct comparison_row compare_filled(double unit, bool is_swapped, bool is_reversed)
{
    begin(9, 9);
    for (uint32_t run = 0; run < 9; run++) {
        uint32_t at = is_reversed ? 8 - run : run;
        *p99_of(is_swapped ? after : before, at) = 1e9 * unit * noise_of(run);
        *p99_of(is_swapped ? before : after, at) = 1e9 * unit * noise_of(run + 20) * 1.1;
    }
    cr_assert(eq(int, compare(), OK));
    struct comparison_row row = *row_of("result.p99");
    end();
    return row;
}

Test(comparison, neither_unit_nor_order_of_runs_nor_direction_matters)
{
    struct comparison_row one = compare_filled(1, false, false), scaled = compare_filled(1000, false, false);
    struct comparison_row reversed = compare_filled(1, false, true), swapped = compare_filled(1, true, false);
    cr_expect(epsilon_eq(dbl, scaled.mean, one.mean, 1e-12));
    cr_expect(epsilon_eq(dbl, scaled.p, one.p, 1e-12));
    cr_expect(epsilon_eq(dbl, reversed.limits.low, one.limits.low, 1e-12));
    cr_expect(epsilon_eq(dbl, reversed.p, one.p, 1e-12));
    cr_expect(epsilon_eq(dbl, swapped.mean, -one.mean, 1e-12));
    cr_expect(epsilon_eq(dbl, swapped.limits.high, -one.limits.low, 1e-12));
    cr_expect(epsilon_eq(dbl, swapped.shift, -one.shift, 1e-12));
    cr_expect(epsilon_eq(dbl, swapped.p, one.p, 1e-12));
    cr_expect(eq(int, one.verdict, VERDICT_WORSE));
    cr_expect(eq(int, swapped.verdict, VERDICT_BETTER));
}

Test(comparison, a_metric_that_is_zero_everywhere_is_the_same)
{
    begin(8, 8);
    for (uint32_t run = 0; run < 8; run++)
        before->per_run[run].rollback_rate = after->per_run[run].rollback_rate = 0;
    cr_assert(eq(int, compare(), OK));
    cr_expect(eq(int, row_of("rollback_rate")->verdict, VERDICT_SAME));
    end();
}

Test(comparison, a_constant_difference_without_any_spread_is_a_difference)
{
    begin(8, 8);
    for (uint32_t run = 0; run < 8; run++) {
        *p99_of(before, run) = 1e9;
        *p99_of(after, run) = 1.2e9;
    }
    cr_assert(eq(int, compare(), OK));
    const struct comparison_row *row = row_of("result.p99");
    cr_expect(eq(int, row->verdict, VERDICT_WORSE));
    cr_expect(epsilon_eq(dbl, comparison_effect(row, row->limits.low), 0.2, 1e-9));
    end();
}

Test(comparison, one_trajectory_with_two_sets_of_figures_was_edited)
{
    begin(8, 8);
    after->per_run[3].trajectory_hash = before->per_run[3].trajectory_hash;
    *p99_of(after, 3) *= 0.7;
    refused("run 4 has one trajectory on both sides but another result.p99");
    begin(8, 8);
    after->per_run[3].trajectory_hash = before->per_run[3].trajectory_hash;
    *p99_of(after, 3) *= 0.7;
    after->commit = bench_text(after, "another");
    cr_expect(eq(int, compare(), OK));
    end();
}

Test(comparison, a_value_that_every_run_had_and_some_run_has_not_any_more_is_lost)
{
    begin(8, 8);
    *p99_of(after, 2) = NAN;
    cr_assert(eq(int, compare(), OK));
    cr_expect(eq(int, row_of("result.p99")->verdict, VERDICT_LOST));
    cr_expect(not(comparison.is_identical));
    end();
    begin(8, 8);
    *p99_of(after, 2) = *p99_of(before, 2) = NAN;
    cr_assert(eq(int, compare(), OK));
    cr_expect(eq(int, row_of("result.p99")->verdict, VERDICT_NO_VALUES));
    cr_expect(comparison.is_identical);
    end();
}

Test(comparison, five_runs_of_other_seeds_decide_nothing_either)
{
    begin(5, 9);
    after->seed = 43;
    for (uint32_t run = 0; run < 9; run++) *p99_of(after, run) *= 3;
    cr_assert(eq(int, compare(), OK));
    cr_expect(eq(int, row_of("result.p99")->verdict, VERDICT_INCONCLUSIVE));
    end();
}

Test(comparison, unfinished_tasks_are_longer_than_all_others_in_the_shift_too)
{
    begin(8, 8);
    for (uint32_t run = 0; run < 8; run++)
        after->per_run[run].latency[LATENCY_RESULT].censored = FIXTURE_VALUES;
    cr_assert(eq(int, compare(), OK));
    const struct comparison_shift *shift = &comparison.tests[0].shift;
    cr_expect(eq(u32, shift->count, 9));     /* up to 45 %: half of all never finished */
    cr_expect(gt(dbl, shift->mean[4], 0.5)); /* the 25th percentile of all is the median of those that did */
    end();
}
