/* engine/audit.h: the parts of the integrity check. Private to engine/integrity.c and engine/audit_*.c.
 *
 * Rule of all of them: look at an index before following it, and follow no more links than there are
 * records. */
#pragma once
#include "engine/integrity.h"
#include "engine/state.h"

enum audit_list { LIST_PROOF, LIST_BLOCKED, LIST_READY, LIST_RELEASABLE, LIST_PLANS, LIST_AGE, LISTS };

/* What the tables say about an agent. */
struct agent_sum {
    uint64_t locked;
    uint32_t locks, tips, snapshots, uncovered;
};

struct audit {
    const struct engine *engine;
    struct findings *findings;
    struct agent_sum *agents;         /* one an agent, the caller's scratch */
    struct engine_stats counted;      /* the gauges, counted anew */
    uint64_t in_edges;                /* edges in in-lists */
    uint64_t planned, queued, probes; /* tasks in plans, in wait queues, on trial for the breaker */
    uint64_t deadlines;               /* that must be in the heap */
    uint64_t members[LISTS];          /* tasks that belong to each list */
};

/* A task that another record refers to: NULL when the number is no task's. */
static inline const struct task *audit_task(const struct audit *audit, uint32_t slot)
{
    const struct engine *engine = audit->engine;
    if (slot >= engine->fresh_task || slot >= engine->limits.tasks) return NULL;
    const struct task *task = &engine->tasks[slot];
    return task->flags & TASK_USED ? task : NULL;
}

static inline const struct edge *audit_edge(const struct audit *audit, uint32_t index)
{
    const struct engine *engine = audit->engine;
    return index < engine->fresh_edge && index < engine->limits.edges ? &engine->edges[index] : NULL;
}

/* Does this task belong in that list? */
bool audit_belongs(const struct audit *audit, uint32_t slot, enum audit_list list);

void audit_report(struct audit *audit, struct finding finding);
void audit_task_finding(struct audit *audit, enum finding_kind kind, uint32_t slot, const char *what);
/* Reports when the numbers differ. */
void audit_equal(struct audit *audit, enum finding_kind kind, uint32_t slot, const char *what, uint64_t found,
                 uint64_t expected);

bool audit_ranges(struct audit *audit, uint32_t slot); /* false: nothing else about it can be trusted */
void audit_states(struct audit *audit, uint32_t slot);
void audit_parents(struct audit *audit, uint32_t slot);
void audit_count(struct audit *audit, uint32_t slot);
void audit_totals(struct audit *audit);
/* full */
void audit_children(struct audit *audit, uint32_t slot);
void audit_task_deadlines(struct audit *audit, uint32_t slot);
void audit_lists(struct audit *audit);
void audit_wait_queues(struct audit *audit);
void audit_plans(struct audit *audit);
void audit_deadlines(struct audit *audit);
void audit_free_lists(struct audit *audit);
void audit_full_totals(struct audit *audit);
MUST_USE err audit_log(struct audit *audit, const struct engine_check *check);
