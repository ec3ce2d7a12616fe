/* tests/unit/test_histogram.c: counts, sums and extremes are exact; quantiles are within a thousandth of the
 * sorted truth. */
#include "base/histogram.h"
#include "base/rng.h"
#include "base/sample.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdlib.h>

enum { VALUES = 50000 };

static struct histogram histogram;

static void set_up(void)
{
    cr_assert(eq(int, histogram_open(&histogram, NS_PER_H), OK));
}

static void tear_down(void)
{
    histogram_close(&histogram);
    histogram_close(&histogram);
}

TestSuite(histogram, .init = set_up, .fini = tear_down, .timeout = 20);

Test(histogram, an_hour_takes_264_kib)
{
    cr_assert(eq(u32, histogram.count_slots, 33792));
}

Test(histogram, ranges_are_checked)
{
    struct histogram other = {.highest_ns = 7};
    cr_assert(eq(int, histogram_open(&other, 1), ERR_RANGE));
    cr_assert(eq(int, histogram_open(&other, -5), ERR_RANGE));
    cr_assert(eq(int, histogram_open(&other, HISTOGRAM_HIGHEST_MAX + 1), ERR_RANGE));
    cr_assert(eq(i64, other.highest_ns, 7));
    cr_assert(eq(int, histogram_open(&other, HISTOGRAM_HIGHEST_MAX), OK));
    cr_assert(lt(u32, histogram_index(HISTOGRAM_HIGHEST_MAX), other.count_slots));
    histogram_close(&other);
}

Test(histogram, slots_follow_each_other_without_gap)
{
    for (uint32_t i = 0; i < histogram.count_slots; i++) {
        int64_t lowest = histogram_lowest_of(i), highest = histogram_highest_of(i);
        cr_assert(eq(u32, histogram_index(lowest), i));
        cr_assert(eq(u32, histogram_index(highest), i));
        cr_assert(eq(i64, histogram_lowest_of(i + 1), highest + 1));
        cr_assert(le(i64, (highest - lowest) * 1000, lowest), "three digits");
    }
    cr_assert(eq(u32, histogram_index(0), 0));
    cr_assert(ge(u32, histogram_index(INT64_MAX), histogram.count_slots));
}

static int compare_values(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t *record_many(struct histogram *to, uint64_t seed)
{
    int64_t *values = malloc(VALUES * sizeof *values);
    struct rng rng = rng_keyed(seed, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
    for (int i = 0; i < VALUES; i++) {
        values[i] = (int64_t)(2e8 * sample_lognormal(&draw, 1.5));
        histogram_record(to, values[i]);
    }
    return values;
}

Test(histogram, quantiles_are_those_of_the_sorted_values)
{
    static const double QUANTILES[] = {0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
    int64_t got[9], *values = record_many(&histogram, 1);
    qsort(values, VALUES, sizeof *values, compare_values);
    histogram_quantiles(&histogram, QUANTILES, got, 9);
    for (int i = 0; i < 9; i++) {
        uint64_t rank = (uint64_t)(QUANTILES[i] * VALUES + 0.999999);
        int64_t truth = values[rank ? rank - 1 : 0];
        cr_expect(eq(i64, got[i], histogram_highest_of(histogram_index(truth))), "quantile %f", QUANTILES[i]);
        cr_expect(le(i64, got[i] - truth, truth / 1000));
        cr_expect(eq(i64, histogram_at_rank(&histogram, rank ? rank : 1), got[i]));
    }
    free(values);
}

Test(histogram, every_rank_is_found)
{
    for (int64_t value = 1; value <= 5000; value += 7) histogram_record(&histogram, value);
    uint64_t rank = 0;
    for (int64_t value = 1; value <= 5000; value += 7)
        cr_assert(
            eq(i64, histogram_at_rank(&histogram, ++rank), histogram_highest_of(histogram_index(value))));
}

/* 0.07 * 100 is 7.000000000000001: the rank must still be 7, not 8. */
Test(histogram, ranks_do_not_suffer_from_rounding)
{
    for (int64_t value = 1; value <= 100; value++) histogram_record(&histogram, value);
    for (int percent = 1; percent <= 100; percent++) {
        double quantile = percent / 100.0;
        int64_t value;
        histogram_quantiles(&histogram, &quantile, &value, 1);
        cr_assert(eq(i64, value, percent));
    }
}

Test(histogram, count_sum_and_extremes_are_exact)
{
    int64_t *values = record_many(&histogram, 2), sum = 0, least = INT64_MAX, most = 0;
    for (int i = 0; i < VALUES; i++) {
        sum += values[i];
        least = values[i] < least ? values[i] : least;
        most = values[i] > most ? values[i] : most;
    }
    cr_assert(eq(u64, histogram.total_count, VALUES));
    cr_assert(eq(u64, (uint64_t)histogram.sum_ns, (uint64_t)sum));
    cr_assert(eq(i64, histogram.min_ns, least));
    cr_assert(eq(i64, histogram.max_ns, most));
    cr_assert(lt(dbl, fabs(histogram_mean_ns(&histogram) - (double)sum / VALUES), 1e-3));
    free(values);
}

Test(histogram, overflow_is_counted_and_seen)
{
    double quantiles[] = {0.5, 0.75, 1};
    int64_t values[3], far = 3 * NS_PER_DAY;
    histogram_record(&histogram, NS_PER_H);
    histogram_record(&histogram, 7);
    histogram_record(&histogram, far);
    histogram_record(&histogram, 2 * NS_PER_DAY);
    cr_assert(eq(u64, histogram.overflow_count, 2));
    cr_assert(eq(u64, histogram.total_count, 4));
    cr_assert(eq(i64, histogram.max_ns, far));
    cr_assert(eq(u64, (uint64_t)histogram.sum_ns, (uint64_t)(NS_PER_H + 7 + 5 * NS_PER_DAY)));
    histogram_quantiles(&histogram, quantiles, values, 3);
    cr_assert(eq(i64, values[0], histogram_highest_of(histogram_index(NS_PER_H))));
    cr_assert(eq(i64, values[1], far));
    cr_assert(eq(i64, values[2], far));
    histogram_clear(&histogram);
    histogram_record(&histogram, far);
    cr_assert(eq(i64, histogram_at_rank(&histogram, 1), far));
}

Test(histogram, empty_has_no_quantile)
{
    double quantiles[] = {0.5, 0.9};
    int64_t values[2] = {0};
    histogram_quantiles(&histogram, quantiles, values, 2);
    cr_assert(eq(i64, values[0], NEVER_NS));
    cr_assert(eq(i64, values[1], NEVER_NS));
    cr_assert(eq(dbl, histogram_mean_ns(&histogram), 0));
    cr_assert(eq(i64, histogram.min_ns, NEVER_NS));
}

Test(histogram, adding_is_recording_both)
{
    struct histogram other, both;
    cr_assert(eq(int, histogram_open(&other, NS_PER_H), OK));
    cr_assert(eq(int, histogram_open(&both, NS_PER_H), OK));
    histogram_record(&other, 5 * NS_PER_H);
    free(record_many(&histogram, 3));
    free(record_many(&other, 4));
    free(record_many(&both, 3));
    free(record_many(&both, 4));
    histogram_record(&both, 5 * NS_PER_H);
    histogram_add(&histogram, &other);
    cr_assert(eq(int, memcmp(histogram.counts, both.counts, both.count_slots * sizeof *both.counts), 0));
    cr_assert(eq(u64, histogram.total_count, both.total_count));
    cr_assert(eq(u64, histogram.overflow_count, 1));
    cr_assert(eq(u64, (uint64_t)histogram.sum_ns, (uint64_t)both.sum_ns));
    cr_assert(eq(i64, histogram.min_ns, both.min_ns));
    cr_assert(eq(i64, histogram.max_ns, both.max_ns));
    histogram_close(&other);
    histogram_close(&both);
}

Test(histogram, clear_forgets_everything)
{
    free(record_many(&histogram, 5));
    histogram_clear(&histogram);
    cr_assert(eq(u64, histogram.total_count, 0));
    for (uint32_t i = 0; i < histogram.count_slots; i++) cr_assert(eq(u64, histogram.counts[i], 0));
    histogram_record(&histogram, 3);
    cr_assert(eq(i64, histogram.min_ns, 3));
    cr_assert(eq(i64, histogram.max_ns, 3));
}

Test(histogram, adding_another_range_is_a_bug, .signal = SIGABRT)
{
    struct histogram other;
    cr_assert(eq(int, histogram_open(&other, NS_PER_S), OK));
    histogram_add(&histogram, &other);
}

Test(histogram, a_rank_beyond_the_count_is_a_bug, .signal = SIGABRT)
{
    histogram_record(&histogram, 3);
    histogram_at_rank(&histogram, 2);
}
