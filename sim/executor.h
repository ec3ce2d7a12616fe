/* sim/executor.h: agents' execution slots.
 *
 * Each agent runs up to `slots` tasks at once (0: no limit); others wait, first
 * ready first, by submission number among those of one instant. Functions say
 * when things happen; the caller schedules them and calls back.
 * An abort is acknowledged 5 ms later. A running task holds its slot until then;
 * a queued one leaves at once but is acknowledged the same way (semantics.md 10).
 * Memory: fixed at open. Errors: ERR_NOMEM from executor_open. */
#pragma once
#include "base/err.h"
#include "base/units.h"
#include <stdbool.h>
#include <stdint.h>

#define EXECUTOR_ABORT_NS (5 * NS_PER_MS)

struct executor;

struct executor_options {
    uint32_t agents, slots; /* agents 0 .. agents-1; slots each */
    uint32_t tasks;         /* tasks are named 1 .. tasks */
};

struct executor_task {
    uint32_t task, agent;
    uint64_t submission;  /* unique, ascending in order of submission */
    int64_t execution_ns; /* at least 0 */
};

struct executor_start {
    uint32_t task;
    int64_t finish_ns; /* when to call executor_release, unless aborted */
};

enum executor_abort { EXECUTOR_NOT_THERE, EXECUTOR_WAS_QUEUED, EXECUTOR_WAS_RUNNING };

MUST_USE err executor_open(struct executor **out, const struct executor_options *options);
void executor_free(struct executor *executor); /* NULL is fine */

/* The task is ready. True: it starts now, *out says until when; false: it waits. */
bool executor_submit(struct executor *executor, int64_t now_ns, const struct executor_task *task,
                     struct executor_start *out);

bool executor_has(const struct executor *executor, uint32_t task); /* it runs, or waits for a slot */

/* A running task ended, or its abort was acknowledged. True: its slot goes to *out. */
bool executor_release(struct executor *executor, int64_t now_ns, uint32_t task, struct executor_start *out);

/* Acknowledged at *ack_ns. After EXECUTOR_WAS_RUNNING call executor_release then, and not at finish_ns. */
enum executor_abort executor_abort(struct executor *executor, int64_t now_ns, uint32_t task, int64_t *ack_ns);

uint32_t executor_running(const struct executor *executor); /* over all agents */
uint32_t executor_waiting(const struct executor *executor);
