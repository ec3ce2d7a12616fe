/* chaos/watch_state.h: what the watch remembers. Private to chaos/watch*.c.
 *
 * A record a task that the engine should hold, found by the slot that effects
 * name; ids lead to records by an array while they are dense. Dependencies are
 * edges between records, in a list a child and a list a parent. Everything is
 * filled from events and effects; rules read it and judge.
 *
 * Memory: one arena, sized by the limits of the engine that is watched. */
#pragma once
#include "base/assert.h"
#include "base/heap.h"
#include "base/table.h"
#include "chaos/watch.h"

#define NO_RECORD UINT32_MAX

enum record_flag {
    RECORD_SPECULATIVE = 1 << 0,
    RECORD_BONDED = 1 << 1,
    RECORD_GIVEN_BOND = 1 << 2,
    RECORD_UNCOVERED = 1 << 3, /* reopened, and its agent could not bond it again */
    RECORD_ROOT = 1 << 4,      /* of a rollback */
    RECORD_UNDONE = 1 << 5,    /* had its turn */
    RECORD_DOOMED = 1 << 6,    /* below something dead, or blocked by a rollback: may only end */
    RECORD_ACTIVE = 1 << 7,    /* speculative and not terminal: counts for branches */
    RECORD_ASKED = 1 << 8,     /* a port was asked to abort or to restore it: its plan runs */
    RECORD_ON_CHAIN = 1 << 9,  /* sent in this incarnation */
    RECORD_SENDING = 1 << 10,  /* neither accepted nor refused yet: holds a submission slot */
    RECORD_LANDED = 1 << 11,   /* as the chain's port says */
    RECORD_QUEUED = 1 << 12,   /* its first proof is in the queue */
    RECORD_ADMITTED = 1 << 13,
    RECORD_ACKNOWLEDGED = 1 << 14,
    RECORD_BOUND = 1 << 15, /* its reference is known */
    RECORD_LOOSE = 1 << 16, /* a checkpoint rollback may have blocked it: which ones only snapshots tell */
    RECORD_SENT = 1 << 17,  /* once, and not taken back since */
    RECORD_TAKEN = 1 << 18, /* a reorg took away what had landed; who followed that fork may not know yet */
    RECORD_QUEUES = RECORD_SENDING | RECORD_QUEUED,
};

enum { RECORD_EVENTS = 4 };

struct record {
    uint64_t id, seq, bond_lamports, slashed_lamports;
    int64_t claim_expires_ns, since_ns, progress_ns, sent_ns, began_ns, wasted_ns, key_ns;
    uint32_t agent, slot, generation, attempt, landed; /* attempts: the incarnation, then 8 bits of number */
    uint32_t in_head, out_head;                        /* edges */
    uint32_t active_children, blocked_left, blocked_by;
    uint32_t plan_owner, plan_head, plan_next; /* who had its turn in whose rollback */
    uint32_t visited, memo;                    /* of a search: its mark, what it found */
    uint32_t events[RECORD_EVENTS], event_count;
    uint32_t factor_bps;
    uint32_t flags;
    uint16_t rollout_bucket, rolled_back;
    uint8_t status, wait_reason, from, reason; /* from, reason: of its last move */
};

struct record_edge {
    uint32_t parent, child, next_in, next_out, prev_out;
    uint8_t kind;
    bool is_dropped; /* spared by a selective rollback, or its parent is forgotten */
};

struct watched_agent {
    uint64_t id, deposited, received, free, locked, slashed, withdrawn;
    int64_t cooldown_until_ns;
    uint32_t tips, locks, uncovered, branch_waiters;
    uint64_t touched; /* number of the event that touched it */
};

/* Counted outside: what S21 compares. */
struct watched_counts {
    uint64_t events[EVENT_KIND_COUNT], stale_events[EVENT_KIND_COUNT];
    uint64_t submitted, admitted_speculatively, admitted_normally, ended[TASK_STATUS_COUNT];
    uint64_t rollbacks_by_reason[REASON_COUNT], rollback_events[REASON_COUNT];
    uint64_t proofs_ready, batches, batched_proofs, reverts, pruned, gc_runs, waits[WAIT_REASON_COUNT];
    uint64_t trips[TRIGGER_COUNT], settings;
    uint64_t bonded, released, slashed, treasury, withdrawn, deposited;
    uint64_t tasks, live, active, tips, locked, waiting, uncovered, plans_running, edges;
    uint64_t by_status[TASK_STATUS_COUNT], waiting_by[WAIT_REASON_COUNT];
    uint64_t sending, queued_at_least, draining;
    enum breaker_state breaker;
};

/* The nearest that a value came to its limit. */
struct nearest {
    uint64_t value, limit;
};

enum { TOUCHED_MOST = 64, PENDING_MOST = 64 };

struct watch {
    struct watch_options options;
    struct settings settings; /* in force */
    struct arena arena;
    struct record *records;
    struct record_edge *edges;
    struct watched_agent *agents;
    uint32_t *record_of_id, *record_of_slot, *scratch;
    struct table others, agent_of_id; /* ids that are not dense */
    struct deadline_heap deadlines;   /* one a record */
    uint32_t limits_tasks, record_room, edge_room, agent_room, agent_count;
    uint32_t fresh_record, free_record, fresh_edge, free_edge, mark;
    uint64_t seq;

    const struct event *event; /* the one that is stepped; NULL between steps */
    int64_t now_ns, last_ns;   /* last_ns: of the last event */
    uint64_t event_number;
    bool is_ignored, agent_is_new;
    uint32_t submitted;           /* the record that this event's submission made */
    uint64_t moved_in, moved_out; /* lamports that a deposit or a withdrawal moved in advance */
    uint32_t touched[TOUCHED_MOST], touched_count;
    uint32_t pending[PENDING_MOST], pending_count; /* records that must have gone on when the step ends */
    uint64_t plans_before, queued_before, admitted_in_step;
    bool settings_changed;

    struct watched_counts counts;
    struct engine_stats scraped; /* the last ones */
    uint64_t confirmed_bonded;   /* confirmed tasks whose bond is not settled */

    uint32_t faults_armed;
    int64_t stalled_from_ns, stalled_until_ns; /* the last time in which the driver could step nothing */
    int64_t heal_ns, healed_ns;                /* the last end of a fault; of all of them, NEVER_NS before */
    int64_t resolved_ns, rollback_end_ns, drain_due_ns, breaker_due_ns;
    bool drain_is_forced;
    bool has_chain; /* a port reports landings */

    uint64_t checks[INVARIANT_COUNT];
    struct nearest nearest[INVARIANT_COUNT];
    struct violation violations[WATCH_VIOLATIONS_KEPT];
    uint64_t violation_count, broken[INVARIANT_COUNT];
};

/* ---- watch.c ---- */

/* Notes that a rule was broken; record: whose task it is about, NO_RECORD for none. */
void watch_broke(struct watch *watch, enum invariant invariant, uint32_t record, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The rule was asked for once more. `holds` false: broken, and the rest says how. */
#define JUDGE(watch, rule, record, holds, ...)                                                               \
    do {                                                                                                     \
        (watch)->checks[INVARIANT_##rule]++;                                                                 \
        if (__builtin_expect(!(holds), 0)) watch_broke(watch, INVARIANT_##rule, record, __VA_ARGS__);        \
    } while (0)
/* A rule with a limit: judged, and how near it came is kept. */
void watch_near(struct watch *watch, enum invariant invariant, uint64_t value, uint64_t limit);

static inline struct record *record_at(struct watch *watch, uint32_t index)
{
    return &watch->records[index];
}

static inline bool status_is_dead(uint8_t status)
{
    return status > TASK_FINALIZED;
}

static inline bool record_is_confirmed(const struct record *record)
{
    return task_status_is_confirmed((enum task_status)record->status);
}

static inline bool record_is_over(const struct record *record)
{
    return task_status_is_terminal((enum task_status)record->status);
}

static inline int64_t later(int64_t a_ns, int64_t b_ns)
{
    return a_ns > b_ns ? a_ns : b_ns;
}

#define FOR_EACH_EDGE(watch, edge, head, next)                                                               \
    for (struct record_edge *edge = (head) == NO_RECORD ? NULL : &(watch)->edges[head]; edge;                \
         edge = edge->next == NO_RECORD ? NULL : &(watch)->edges[edge->next])
#define FOR_EACH_ABOVE(watch, record, edge) FOR_EACH_EDGE(watch, edge, (record)->in_head, next_in)
#define FOR_EACH_BELOW(watch, record, edge) FOR_EACH_EDGE(watch, edge, (record)->out_head, next_out)

/* ---- watch_picture.c: records, edges, agents ---- */
uint32_t picture_find(const struct watch *watch, uint64_t id);           /* NO_RECORD: unknown */
uint32_t picture_of_ref(const struct watch *watch, struct task_ref ref); /* NO_RECORD: no good */
uint32_t picture_of_effect(struct watch *watch, const struct effect *effect);
uint32_t picture_add(struct watch *watch, const struct event_submit *submit); /* NO_RECORD: no room */
void picture_forget(struct watch *watch, uint32_t index);
uint32_t picture_agent(struct watch *watch, uint64_t id); /* known or new; NO_RECORD: no room */
void picture_touch(struct watch *watch, uint32_t agent);  /* its balances are compared after the step */
void picture_await(struct watch *watch, uint32_t record); /* must have gone on when the step ends */
void picture_leave_queues(struct watch *watch, struct record *record);
bool picture_has_open_parent(struct watch *watch, const struct record *record);

/* ---- what rules see; each file judges its own ---- */
void graph_submitted(struct watch *watch, uint32_t index, err answer);
void graph_admitted(struct watch *watch, uint32_t index, const struct effect *effect);
void graph_sent(struct watch *watch, uint32_t index);
void graph_worked(struct watch *watch, uint32_t index);
void graph_status(struct watch *watch, uint32_t index, enum task_status from);
void graph_active(struct watch *watch, uint32_t index, bool is_active);
void graph_rollback_begins(struct watch *watch, uint32_t index);
void graph_rollback_ends(struct watch *watch, uint32_t index);
void graph_turn(struct watch *watch, uint32_t index, const struct effect *effect);

void money_event(struct watch *watch, const struct event *event);
void money_answer(struct watch *watch, err answer);
void money_admitted(struct watch *watch, uint32_t index, const struct effect *effect);
void money_status(struct watch *watch, uint32_t index, enum task_status from, enum rollback_reason reason);
void money_settled(struct watch *watch, uint32_t index, const struct effect *effect);
void money_rollback_begins(struct watch *watch, uint32_t index);
void money_rollback_ends(struct watch *watch, uint32_t index, const struct effect *effect);
void money_compare(struct watch *watch, const struct engine *engine);

void life_status(struct watch *watch, uint32_t index, const struct effect *effect);
void life_waits(struct watch *watch, uint32_t index, const struct effect *effect);
void life_reverted(struct watch *watch, const struct event *event);
void life_sent(struct watch *watch, uint32_t index, const struct effect *effect);
void life_step_ends(struct watch *watch, const struct engine *engine);
void life_finish(struct watch *watch);

void rules_event(struct watch *watch, const struct event *event);
void rules_admitted(struct watch *watch, uint32_t index, const struct effect *effect);
void rules_asked(struct watch *watch, uint32_t index);
void rules_turn(struct watch *watch, uint32_t index, const struct effect *effect);
void rules_queued(struct watch *watch, uint32_t index);
void rules_sent(struct watch *watch, uint32_t index);
void rules_step_ends(struct watch *watch, err answer, const struct engine *engine);

void time_admitted(struct watch *watch, uint32_t index);
void time_progress_below(struct watch *watch, uint32_t index);
void time_status(struct watch *watch, uint32_t index, enum task_status from, enum rollback_reason reason);
void time_rollback_begins(struct watch *watch, uint32_t index);
void time_rollback_ends(struct watch *watch, uint32_t index);
void time_event(struct watch *watch, const struct event *event, err answer);
void time_step_ends(struct watch *watch);
void time_drained(struct watch *watch, const struct effect *effect);
void time_breaker(struct watch *watch, const struct effect *effect);
void time_forget(struct watch *watch, uint32_t index);
void time_finish(struct watch *watch);

void metrics_compare(struct watch *watch, const struct engine *engine);
