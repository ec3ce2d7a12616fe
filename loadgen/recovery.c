/* loadgen/recovery.c: a percentile of the past, and a streak after the disturbance. */
#include "loadgen/recovery.h"
#include "base/sort.h"
#include "base/units.h"
#include "loadgen/recorder.h"
#include <stdlib.h>
#include <string.h>

enum { STREAK_SAMPLES = 100, DRAIN_MINUTES = 15 }; /* 10 s; more than any drain of the shipped settings */

err backlog_open(struct backlog *out, int64_t duration_ns)
{
    int64_t capacity = (duration_ns + DRAIN_MINUTES * NS_PER_MIN) / RECORDER_SAMPLE_NS + 2;
    if (capacity > INT32_MAX) return ERR_LIMIT;
    uint32_t *samples = calloc((size_t)capacity, sizeof *samples);
    if (!samples) return ERR_NOMEM;
    *out = (struct backlog){.samples = samples, .capacity = (uint32_t)capacity};
    return OK;
}

void backlog_close(struct backlog *backlog)
{
    free(backlog->samples);
    *backlog = (struct backlog){0};
}

void backlog_sample(struct backlog *backlog, uint64_t tasks)
{
    if (backlog->count == backlog->capacity) return;
    backlog->samples[backlog->count++] = tasks < UINT32_MAX ? (uint32_t)tasks : UINT32_MAX;
}

/* 95th percentile of the samples before the disturbance; UINT32_MAX when there are none or no memory. */
static uint32_t usual_level(const struct backlog *backlog, uint32_t count)
{
    if (count > backlog->count) count = backlog->count;
    uint32_t *sorted = malloc(((size_t)count + 1) * sizeof *sorted);
    if (!sorted || count == 0) {
        free(sorted);
        return UINT32_MAX;
    }
    memcpy(sorted, backlog->samples, (size_t)count * sizeof *sorted);
    sort_u32(sorted, count);
    uint32_t level = sorted[(uint64_t)(count - 1) * 95 / 100];
    free(sorted);
    return level;
}

int64_t backlog_recovery_ns(const struct backlog *backlog, int64_t begin_ns, int64_t end_ns)
{
    uint32_t level = usual_level(backlog, (uint32_t)(begin_ns / RECORDER_SAMPLE_NS));
    uint32_t first = (uint32_t)((end_ns + RECORDER_SAMPLE_NS - 1) / RECORDER_SAMPLE_NS), streak = 0;
    for (uint32_t i = first; i < backlog->count; i++) {
        streak = backlog->samples[i] <= level ? streak + 1 : 0;
        if (streak < STREAK_SAMPLES) continue;
        int64_t since_ns = (int64_t)(i + 1 - STREAK_SAMPLES) * RECORDER_SAMPLE_NS;
        return since_ns > end_ns ? since_ns - end_ns : 0;
    }
    return NEVER_NS;
}
