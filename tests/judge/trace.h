/* tests/judge/trace.h: one recorded trace, read and checked.
 *
 * Tasks are numbered in the order of their creation; a creation that the record
 * refused gives none. What is not of the form ends the program (judge.h). */
#pragma once
#include "tests/judge/judge.h"
#include "tests/judge/world.h"

#define TRACE_OPS(X)                                                                                         \
    X(OP_CREATE, "create")                                                                                   \
    X(OP_START, "start")                                                                                     \
    X(OP_EXECUTED, "executed")                                                                               \
    X(OP_QUEUE_PROOF, "queue_proof")                                                                         \
    X(OP_PROOF_DONE, "proof_done")                                                                           \
    X(OP_PROOF_FAILED, "proof_failed")                                                                       \
    X(OP_CONFIRM, "confirm")                                                                                 \
    X(OP_REJECT, "reject")                                                                                   \
    X(OP_FAIL, "fail")                                                                                       \
    X(OP_ROLLBACK, "rollback")                                                                               \
    X(OP_CANCEL, "cancel")                                                                                   \
    X(OP_TICK, "tick")

#define NAME_(name, text) name,
enum trace_op { TRACE_OPS(NAME_) OP_COUNT };
#undef NAME_
const char *record_op_name(enum trace_op op);

enum { NO_TASK = UINT32_MAX };

struct trace_event {
    int64_t at_ns;
    enum trace_op op;
    uint32_t task; /* NO_TASK: a tick, or a name that was not created */
    struct world_new_task new_task;
    bool is_ok;            /* "ok", or a sweep that found something */
    const char *timed_out; /* "a,b"; NULL: none */
    uint64_t stake_after;
};

struct trace_task {
    const char *name;
    uint32_t parent, depth; /* NO_TASK, 0: a root */
    enum task_class last;
    uint64_t stake; /* when it was started */
};

struct task_list {
    uint32_t *tasks, count;
};

struct trace_rollback {
    uint32_t at, root;
    struct task_list undone; /* in the order of their turns */
};

struct trace {
    const char *name;
    struct world_config config;
    struct trace_event *events;
    struct trace_task *tasks;
    struct trace_rollback *rollbacks;
    struct task_list submissions, confirmations;
    uint32_t event_count, task_count, rollback_count;
};

void record_read(struct trace *out, struct judge *judge, const struct json_node *node);
void record_close(struct trace *trace);
bool record_is_below(const struct trace *trace, uint32_t task, uint32_t ancestor);
