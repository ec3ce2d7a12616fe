/* base/critical_path.h: the longest chain of work in a graph of tasks.
 *
 * No schedule, speculative or not, is faster than the critical path of its
 * executions; a claim below it is wrong (engine.md 8.1). Tasks stand in a
 * topological order: parents come before their children. */
#pragma once
#include "base/err.h"
#include "base/limits.h"
#include <stdint.h>

struct path_task {
    int64_t duration;
    uint32_t parent_count;
    uint32_t parents[LIMIT_PARENTS]; /* indices of earlier tasks */
};

struct critical_path {
    int64_t total, length;             /* of all durations; of the path's */
    uint32_t count;                    /* tasks on it */
    uint32_t tasks[LIMIT_SHAPE_NODES]; /* first to last; the earlier parent where two are as long */
};

/* ERR_LIMIT: more tasks than LIMIT_SHAPE_NODES. ERR_RANGE: a parent that does not come before its child, a
 * negative duration, or a sum that does not fit. */
MUST_USE err critical_path_of(const struct path_task *tasks, uint32_t count, struct critical_path *out);
