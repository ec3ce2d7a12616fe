/* daemon/metrics_window.h: the last minutes of what happened, in slices of ten seconds of the engine's clock.
 *
 * Two kinds: counts of an hour, and durations of five minutes whose quantiles are known to 3 %. A window is a
 * whole number of slices and the one that has begun. Memory: fixed, inside the struct. */
#pragma once
#include "base/units.h"

enum {
    WINDOW_SLICE_S = 10,
    WINDOW_COUNT_SLICES = 361,   /* an hour and the slice that has begun */
    WINDOW_QUANTILE_SLICES = 31, /* five minutes and the slice that has begun */
    WINDOW_SUB_BITS = 5,         /* 32 steps for each power of two */
    WINDOW_STEPS = 64 << WINDOW_SUB_BITS,
};

enum window_what { WINDOW_SUBMITTED, WINDOW_ADMITTED, WINDOW_ROLLED_BACK, WINDOW_WHATS };

struct window_counts {
    struct window_slice {
        int64_t number; /* of the slice since time 0; what is older than the window is not counted */
        uint64_t counts[WINDOW_WHATS];
    } slices[WINDOW_COUNT_SLICES];
};
void window_count(struct window_counts *window, int64_t now_ns, enum window_what what);
uint64_t window_sum(const struct window_counts *window, int64_t now_ns, int64_t span_ns,
                    enum window_what what);

struct window_quantiles {
    struct window_durations {
        int64_t number;
        uint64_t count;
        uint32_t steps[WINDOW_STEPS];
    } slices[WINDOW_QUANTILE_SLICES];
};
void window_duration(struct window_quantiles *window, int64_t now_ns, int64_t duration_ns);
uint64_t window_durations(const struct window_quantiles *window, int64_t now_ns); /* how many there are */
/* The upper end of the step in which the quantile lies; 0 when there are none. */
int64_t window_quantile(const struct window_quantiles *window, int64_t now_ns, double quantile);
