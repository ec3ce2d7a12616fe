/* base/histogram.c: slots double in width every 1,024, so a value's slot is its top eleven bits. */
#include "base/histogram.h"
#include "base/assert.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HALF = HISTOGRAM_SUB_BUCKETS / 2, SCAN_STEP = 16 };

/* The first bucket has 2,048 slots, each further one adds the upper half of as many. */
static uint32_t slots_for(int64_t highest_ns)
{
    uint32_t buckets = 1;
    while ((INT64_C(1) << (HISTOGRAM_SUB_BITS + buckets - 1)) <= highest_ns) buckets++;
    return (buckets + 1) * HALF;
}

err histogram_open(struct histogram *out, int64_t highest_ns)
{
    if (highest_ns < 2 || highest_ns > HISTOGRAM_HIGHEST_MAX) return ERR_RANGE;
    struct histogram histogram = {.highest_ns = highest_ns, .count_slots = slots_for(highest_ns)};
    histogram.counts = calloc(histogram.count_slots, sizeof *histogram.counts);
    if (!histogram.counts) return ERR_NOMEM;
    histogram.min_ns = NEVER_NS;
    *out = histogram;
    return OK;
}

void histogram_close(struct histogram *histogram)
{
    free(histogram->counts);
    *histogram = (struct histogram){0};
}

void histogram_clear(struct histogram *histogram)
{
    memset(histogram->counts, 0, histogram->count_slots * sizeof *histogram->counts);
    histogram->total_count = histogram->overflow_count = 0;
    histogram->sum_ns = 0;
    histogram->min_ns = NEVER_NS;
    histogram->max_ns = 0;
}

void histogram_add(struct histogram *to, const struct histogram *from)
{
    ASSERT(to->highest_ns == from->highest_ns);
    for (uint32_t i = 0; i < to->count_slots; i++) to->counts[i] += from->counts[i];
    to->total_count += from->total_count;
    to->overflow_count += from->overflow_count;
    to->sum_ns += from->sum_ns;
    if (from->min_ns < to->min_ns) to->min_ns = from->min_ns;
    if (from->max_ns > to->max_ns) to->max_ns = from->max_ns;
}

static uint32_t used_slots(const struct histogram *histogram)
{
    uint32_t last = histogram_index(histogram->max_ns);
    return (last < histogram->count_slots ? last : histogram->count_slots - 1) + 1;
}

/* A place in the scan: all slots below `slot` hold `passed` records. */
struct scan {
    uint32_t slot, end;
    uint64_t passed;
};

static struct scan scan_of(const struct histogram *histogram)
{
    struct scan scan = {.end = used_slots(histogram)};
    scan.slot = histogram_index(histogram->min_ns);
    if (scan.slot >= scan.end) scan.slot = scan.end - 1;
    return scan;
}

static uint64_t step_sum(const uint64_t *counts)
{
    uint64_t sum = 0;
    for (int i = 0; i < SCAN_STEP; i++) sum += counts[i];
    return sum;
}

/* Moves to the slot that holds the rank-th record. */
static void scan_to(struct scan *scan, const struct histogram *histogram, uint64_t rank)
{
    for (uint64_t sum; scan->slot + SCAN_STEP <= scan->end; scan->passed += sum, scan->slot += SCAN_STEP) {
        sum = step_sum(histogram->counts + scan->slot);
        if (scan->passed + sum >= rank) break;
    }
    while (scan->passed + histogram->counts[scan->slot] < rank) {
        scan->passed += histogram->counts[scan->slot++];
        ASSERT(scan->slot < scan->end);
    }
}

/* The overflowing values are the largest; what is known of them is the largest of all. */
static int64_t value_at(const struct histogram *histogram, struct scan *scan, uint64_t rank)
{
    if (rank > histogram->total_count - histogram->overflow_count) return histogram->max_ns;
    scan_to(scan, histogram, rank);
    return histogram_highest_of(scan->slot);
}

int64_t histogram_at_rank(const struct histogram *histogram, uint64_t rank)
{
    ASSERT(rank >= 1 && rank <= histogram->total_count);
    struct scan scan = scan_of(histogram);
    return value_at(histogram, &scan, rank);
}

/* The least rank r with r / count >= quantile. The product alone would be one too high for 0.07 of 100. */
uint64_t histogram_rank(double quantile, uint64_t count)
{
    double exact = (double)count, rank = ceil(quantile * exact);
    if (rank > 1 && (rank - 1) / exact >= quantile) rank--;
    if (rank < 1) return 1;
    return rank < exact ? (uint64_t)rank : count;
}

void histogram_quantiles(const struct histogram *histogram, const double *quantiles, int64_t *values_ns,
                         uint32_t count)
{
    if (histogram->total_count == 0) {
        for (uint32_t i = 0; i < count; i++) values_ns[i] = NEVER_NS;
        return;
    }
    struct scan scan = scan_of(histogram);
    for (uint32_t i = 0; i < count; i++) {
        ASSERT(quantiles[i] >= (i ? quantiles[i - 1] : 0) && quantiles[i] <= 1);
        values_ns[i] = value_at(histogram, &scan, histogram_rank(quantiles[i], histogram->total_count));
    }
}

double histogram_mean_ns(const struct histogram *histogram)
{
    if (histogram->total_count == 0) return 0;
    u128 whole = histogram->sum_ns / histogram->total_count,
         rest = histogram->sum_ns % histogram->total_count;
    return (double)(uint64_t)whole + (double)(uint64_t)rest / (double)histogram->total_count;
}

int64_t histogram_lowest_of(uint32_t index)
{
    uint32_t bucket = index / HALF, sub = index % HALF + HALF;
    if (bucket == 0) return index;
    return (int64_t)sub << (bucket - 1);
}

int64_t histogram_highest_of(uint32_t index)
{
    return histogram_lowest_of(index + 1) - 1;
}
