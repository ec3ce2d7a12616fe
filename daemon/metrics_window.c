/* daemon/metrics_window.c: rings of slices; a slice of another age is empty. */
#include "daemon/metrics_window.h"
#include <math.h>
#include <string.h>

static int64_t slice_number(int64_t now_ns)
{
    return now_ns / (WINDOW_SLICE_S * NS_PER_S);
}

void window_count(struct window_counts *window, int64_t now_ns, enum window_what what)
{
    int64_t number = slice_number(now_ns);
    struct window_slice *slice = &window->slices[number % WINDOW_COUNT_SLICES];
    if (slice->number != number) *slice = (struct window_slice){.number = number};
    slice->counts[what]++;
}

uint64_t window_sum(const struct window_counts *window, int64_t now_ns, int64_t span_ns,
                    enum window_what what)
{
    int64_t last = slice_number(now_ns), first = last - span_ns / (WINDOW_SLICE_S * NS_PER_S);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < WINDOW_COUNT_SLICES; i++) {
        const struct window_slice *slice = &window->slices[i];
        if (slice->number >= first && slice->number <= last) sum += slice->counts[what];
    }
    return sum;
}

/* Values below 32 are their own step; above, the power of two and the five bits that follow its first. */
static uint32_t step_of(int64_t duration_ns)
{
    uint64_t value = duration_ns < 0 ? 0 : (uint64_t)duration_ns;
    if (value < UINT64_C(1) << WINDOW_SUB_BITS) return (uint32_t)value;
    int power = 63 - __builtin_clzll(value);
    uint32_t below = (uint32_t)(value >> (power - WINDOW_SUB_BITS)) & ((1U << WINDOW_SUB_BITS) - 1);
    return ((uint32_t)(power - WINDOW_SUB_BITS + 1) << WINDOW_SUB_BITS) + below;
}

static int64_t end_of_step(uint32_t step)
{
    if (step < 1U << WINDOW_SUB_BITS) return step;
    uint32_t power = (step >> WINDOW_SUB_BITS) - 1;
    uint64_t below = step & ((1U << WINDOW_SUB_BITS) - 1);
    uint64_t end = ((below + 1 + (UINT64_C(1) << WINDOW_SUB_BITS)) << power) - 1;
    return end > INT64_MAX ? INT64_MAX : (int64_t)end;
}

void window_duration(struct window_quantiles *window, int64_t now_ns, int64_t duration_ns)
{
    int64_t number = slice_number(now_ns);
    struct window_durations *slice = &window->slices[number % WINDOW_QUANTILE_SLICES];
    if (slice->number != number) {
        memset(slice, 0, sizeof *slice);
        slice->number = number;
    }
    slice->count++;
    slice->steps[step_of(duration_ns)]++;
}

static const struct window_durations *live_slice(const struct window_quantiles *window, int64_t now_ns,
                                                 uint32_t index)
{
    const struct window_durations *slice = &window->slices[index];
    int64_t age = slice_number(now_ns) - slice->number;
    return age >= 0 && age < WINDOW_QUANTILE_SLICES && slice->count ? slice : NULL;
}

uint64_t window_durations(const struct window_quantiles *window, int64_t now_ns)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < WINDOW_QUANTILE_SLICES; i++) {
        const struct window_durations *slice = live_slice(window, now_ns, i);
        if (slice) count += slice->count;
    }
    return count;
}

int64_t window_quantile(const struct window_quantiles *window, int64_t now_ns, double quantile)
{
    uint64_t count = window_durations(window, now_ns), seen = 0;
    if (!count) return 0;
    uint64_t rank = (uint64_t)ceil(quantile * (double)count);
    for (uint32_t step = 0; step < WINDOW_STEPS; step++) {
        for (uint32_t i = 0; i < WINDOW_QUANTILE_SLICES; i++) {
            const struct window_durations *slice = live_slice(window, now_ns, i);
            if (slice) seen += slice->steps[step];
        }
        if (seen && seen >= rank) return end_of_step(step);
    }
    return 0;
}
