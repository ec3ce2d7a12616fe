/* chaos/shrink.h: the smallest schedule and task graph that still fail in the same way.
 *
 * Delta debugging over replays: the tasks that arrive last first, by bisection; then stretches of faults and
 * of tasks, long ones first, until no single one can go; then what is left is made plain: certain instead of
 * likely, parameters as they are by themselves, short, at round times. A step is kept only if the run still
 * fails with the wanted fingerprint, among others or not: a failure of another kind is not this one.
 *
 * Draws are keyed, so that taking a fault or a task away moves no draw of the rest.
 *
 * Memory:  ours, shrunk_close. Threads: none. A function of its order and of what `run` says.
 * Errors:  those of `run`; ERR_CONFLICT the case does not fail so in the first place; ERR_NOMEM. */
#pragma once
#include "chaos/schedule.h"
#include <stdbool.h>
#include <stdint.h>

enum { SHRINK_FINGERPRINTS_MOST = 32 };

/* What is run: all that `schedule` holds, all tasks but those. */
struct shrink_case {
    const struct schedule *schedule;
    const bool *dropped; /* by task id, from 1; NULL: none */
    uint32_t tasks_most; /* only the first so many ids arrive; 0: all */
};

struct shrink_answer { /* of each violation */
    uint64_t fingerprints[SHRINK_FINGERPRINTS_MOST];
    uint32_t count;
};

typedef err shrink_run(void *context, const struct shrink_case *attempt, struct shrink_answer *answer);

struct shrink_order {
    struct shrink_case from; /* that fails */
    uint32_t task_count;     /* ids are 1 .. task_count */
    uint64_t fingerprint;
    uint32_t replays_most; /* at least 1 */
    shrink_run *run;
    void *context;
};

struct shrunk {
    struct schedule schedule; /* ours */
    bool *dropped;            /* ours; dropped[id], ids up to task_count */
    uint32_t task_count, tasks_most, tasks_left;
    uint32_t replays;
    bool is_minimal; /* no single fault or task can go; false: replays_most came first */
};

MUST_USE err shrink(struct shrunk *out, const struct shrink_order *order);
void shrunk_close(struct shrunk *shrunk); /* fine on a zeroed one */
