/* loadgen/recovery.h: how long the backlog takes to come down after a burst or fault (semantics.md 33).
 *
 * The backlog (tasks that wait, are queued, await ancestors or are being
 * submitted) is sampled at a fixed step. Recovery: from the end of the
 * disturbance to the first instant from which the backlog stays for 10 s at or
 * below its earlier 95th percentile. Memory: ours until backlog_close. */
#pragma once
#include "base/err.h"
#include <stdint.h>

struct backlog {
    uint32_t *samples; /* one every RECORDER_SAMPLE_NS from the first instant on */
    uint32_t count, capacity;
};

MUST_USE err backlog_open(struct backlog *out,
                          int64_t duration_ns); /* room for the drain is made as needed */
void backlog_close(struct backlog *backlog);
void backlog_sample(struct backlog *backlog, uint64_t tasks); /* beyond its capacity samples are not kept */

/* NEVER_NS when it never recovered within what was sampled. */
int64_t backlog_recovery_ns(const struct backlog *backlog, int64_t begin_ns, int64_t end_ns);
