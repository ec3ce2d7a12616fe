/* base/histogram.h: an HdrHistogram of nanoseconds: three significant digits,
 * fixed memory, constant time a record.
 *
 * Range 1 .. 1 hour at 3 digits, unit 1 ns (33,792 counts, 264 KiB); values beyond the
 * last slot are counted there, in `overflow_count` and in max, never dropped in
 * silence. Count, sum, min and max are exact; a quantile is its slot's highest
 * equivalent value, at most 0.1 % above the truth, or the max when it falls
 * among values that overflowed. Layout and index are HdrHistogram's own.
 * Errors: ERR_RANGE highest_ns outside 2 .. HISTOGRAM_HIGHEST_MAX; ERR_NOMEM.
 * Threads: none; one histogram a thread, then histogram_add.
 * Codec (V2 compressed, log 1.3): reports/hdr_codec.h. */
#pragma once
#include "base/err.h"
#include "base/units.h"
#include <stdint.h>

enum {
    HISTOGRAM_DIGITS = 3,
    HISTOGRAM_SUB_BUCKETS = 2048, /* 2^ceil(log2(2 * 10^3)) */
    HISTOGRAM_SUB_BITS = 11,
};

#define HISTOGRAM_HIGHEST_MAX (INT64_C(1) << 53) /* 104 days; what every decoder can represent */

struct histogram {
    int64_t highest_ns;   /* highest trackable */
    uint32_t count_slots; /* length of counts */
    uint64_t total_count, overflow_count;
    u128 sum_ns;            /* exact */
    int64_t min_ns, max_ns; /* exact; min NEVER_NS when empty */
    uint64_t *counts;       /* ours */
};

MUST_USE err histogram_open(struct histogram *out, int64_t highest_ns);
void histogram_close(struct histogram *histogram); /* fine on a zeroed one */
void histogram_clear(struct histogram *histogram);

static inline uint32_t histogram_index(int64_t value)
{
    uint64_t v = (uint64_t)value;
    int bucket = 64 - __builtin_clzll(v | (HISTOGRAM_SUB_BUCKETS - 1)) - HISTOGRAM_SUB_BITS;
    return ((uint32_t)(bucket + 1) << (HISTOGRAM_SUB_BITS - 1)) + (uint32_t)(v >> bucket) -
           HISTOGRAM_SUB_BUCKETS / 2;
}

/* value_ns >= 0 (asserted by callers that subtract times: a negative latency is a bug). */
static inline void histogram_record(struct histogram *histogram, int64_t value_ns)
{
    uint32_t index = histogram_index(value_ns);
    histogram->total_count++;
    histogram->sum_ns += (uint64_t)value_ns;
    if (value_ns < histogram->min_ns) histogram->min_ns = value_ns;
    if (value_ns > histogram->max_ns) histogram->max_ns = value_ns;
    if (__builtin_expect(index >= histogram->count_slots, 0)) {
        histogram->overflow_count++;
        index = histogram->count_slots - 1;
    }
    histogram->counts[index]++;
}

/* Both must have the same highest_ns. */
void histogram_add(struct histogram *to, const struct histogram *from);

/* Highest equivalent value of the rank-th smallest, rank 1 .. total_count. */
int64_t histogram_at_rank(const struct histogram *histogram, uint64_t rank);

/* The rank of a quantile in [0, 1] among count > 0 values: the least r with r / count >= quantile, at
 * least 1. */
uint64_t histogram_rank(double quantile, uint64_t count);

/* Quantiles in one scan: values[i] for quantiles[i], ascending. All NEVER_NS when empty. */
void histogram_quantiles(const struct histogram *histogram, const double *quantiles, int64_t *values_ns,
                         uint32_t count);
double histogram_mean_ns(const struct histogram *histogram); /* exact sum / count; 0 when empty */
int64_t histogram_lowest_of(uint32_t index);                 /* bounds of a slot */
int64_t histogram_highest_of(uint32_t index);
