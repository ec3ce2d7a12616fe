/* engine/state.h: the tables behind the handle. Private to engine/.
 *
 * A task is one record in a fixed table. Lists run through the records by
 * slot number (NONE ends them), so that nothing is allocated and nothing
 * dangles. Which list a task is in follows from its status:
 *
 *   pending              a wait queue (waiting.c), unless it waits for its own parents
 *   executed             the back-pressure list, when the proof queue was full
 *   proof_pending        the proof queue, or clock PROVING, or a backoff deadline
 *   awaiting_ancestors   clock AWAITING
 *   submitting           the ready queue, or a backoff deadline
 *   submitting/confirming clock CONFIRMING from the moment the proof is handed to the chain
 *   terminal and settled clock FINAL; the releasable list while its snapshot is held */
#pragma once
#include "base/assert.h"
#include "base/heap.h"
#include "base/table.h"
#include "engine/engine.h"
#include "engine/mutant.h"

#define NONE UINT32_MAX

/* In the order in which they expire at one instant: what others wait for comes first. */
enum clock_kind { CLOCK_PROVING, CLOCK_CONFIRMING, CLOCK_AWAITING, CLOCK_FINAL, CLOCK_COUNT, CLOCK_STOPPED };
enum link_kind { LINK_CLOCK, LINK_AGE, LINK_QUEUE, LINK_COUNT };

enum task_flag {
    TASK_SPECULATIVE = 1 << 0, /* admitted with an unconfirmed parent; never cleared */
    TASK_COMMITTED = 1 << 1,   /* holds an unsettled commitment */
    TASK_ROOT = 1 << 2,        /* the cause of a rollback, not its victim */
    TASK_IN_PLAN = 1 << 3,     /* blocked by a rollback; its turn comes or came */
    TASK_IN_WAIT_QUEUE = 1 << 4,
    TASK_PROOF_CACHED = 1 << 5,
    TASK_USED = 1 << 6,        /* the slot holds a task */
    TASK_DETACHED = 1 << 7,    /* terminal, settled, and its parents know */
    TASK_RUNNING = 1 << 8,     /* the executor has it */
    TASK_AGING = 1 << 9,       /* in by_age: its commitment can expire */
    TASK_BOND_GIVEN = 1 << 10, /* the submission named the bond */
    TASK_UNCOVERED = 1 << 11,  /* reopened by a reorg, and the agent could not bond it again */
    TASK_PROBE = 1 << 12,      /* admitted while the breaker was half open */
    TASK_DEAF = 1 << 13,       /* of mutant 7 alone: hears of no confirmation */
};

struct links {
    uint32_t prev, next;
};

struct task {
    uint64_t id, seq;
    uint64_t bond_lamports, snapshot_bytes;
    uint64_t output_digest;
    int64_t since_ns; /* submitted; from admission on: admitted, or reopened by a reorg */
    int64_t compute_ns, clock_ns, claim_expires_ns;
    struct links links[LINK_COUNT];
    union {
        struct {
            uint32_t child, sibling, prev;
        } wait; /* pending: pairing heap of a wait queue */
        /* Once proven: when, ns; low and high half, because here 8 bytes would not be aligned. */
        uint32_t proof_ready[2];
    };
    struct {
        uint32_t root, next, head, size;
    } plan; /* head and size: of the root itself */
    uint32_t generation, agent;
    uint32_t in_head, out_head, out_tail, out_count, out_dead;
    uint32_t speculative_children, live_children, visited;
    uint16_t depth_now, depth_at_admission, flags, rollout_bucket;
    uint16_t factor_bps; /* of a root cause: share of the slash that applies */
    uint16_t incarnation;
    uint8_t status, clock, wait_reason, reason;
    uint8_t commitment, proof, branch, snapshot, claim; /* states of engine/machines.h */
    uint8_t proof_attempt, proof_tries, tx_attempt;     /* attempts name what is out; tries are counted */
    uint8_t parent_count, unconfirmed_parents;
};
_Static_assert(sizeof(struct task) <= 192, "three cache lines a task");

/* One dependency. Its child is NONE once the child was pruned before the parent. */
struct edge {
    uint32_t parent_and_kind, child, next_out, next_in;
};
_Static_assert(sizeof(struct edge) == 16, "sixteen bytes an edge");
enum { EDGE_KIND_SHIFT = 30, EDGE_PARENT_MASK = (1 << EDGE_KIND_SHIFT) - 1 };
/* A selective rollback spared the child: the parent is dead and does not count any more. */
enum { EDGE_DROPPED = EDGE_KIND_COUNT };
_Static_assert((int)EDGE_DROPPED < 1 << (32 - EDGE_KIND_SHIFT), "an edge's kind has two bits");

enum { AGENT_QUEUES = 5 }; /* reasons that can be of one agent */

struct agent {
    uint64_t id, deposited, received, free, locked, slashed, withdrawn;
    int64_t cooldown_until_ns, payout_ns;
    uint32_t tips, snapshots, locks, uncovered;
    uint32_t wait_heads[AGENT_QUEUES];
};

struct list {
    uint32_t head, tail, count;
};

/* A rollback being carried out: the cursor walks the plan of `root`, leaves first. */
enum plan_stage { PLAN_IDLE, PLAN_ABORTING, PLAN_RESTORING };
struct running_plan {
    uint32_t root, task;
    enum plan_stage stage;
    int64_t deadline_ns; /* the port must have answered by then; NEVER_NS: none was asked */
};

/* Admissions stopped until nothing speculative is left. */
struct drain {
    bool is_on, is_forced;
};

/* Sliding windows in seconds of the engine's clock, and what the breaker saw last. */
struct breaker {
    uint8_t state;
    enum breaker_trigger trigger, cause; /* of the last opening; of the last that was no failed probe */
    int64_t opened_ns, retry_ns;
    uint64_t value, threshold;
    uint32_t probes_admitted, probes_confirmed;
    struct task_ref probes[LIMIT_BREAKER_PROBES];
    bool is_memory_excused; /* reset while memory is above the threshold: not tripped by it again at once */
    /* consecutive failures: the times of the last ones */
    int64_t failures_ns[LIMIT_BREAKER_FAILURES];
    uint32_t failure_count, failure_next;
    /* rate: per second, what was admitted and what was rolled back */
    struct {
        uint32_t admitted, rolled_back;
    } seconds[LIMIT_BREAKER_SECONDS];
    int64_t window_ns; /* the setting, and the whole seconds of it */
    uint32_t window_s;
    int64_t look_ns;                       /* when the rate is looked at next */
    uint64_t rate_seen_bps;                /* a rate that has held for the window; 0: none */
    int64_t second;                        /* the one that is counted now */
    uint64_t admitted, rolled_back;        /* sums over the window */
    int64_t rate_since_ns, queue_since_ns; /* above the threshold since; NEVER_NS: it is not */
};

struct engine {
    struct settings settings;
    struct engine_limits limits;
    struct engine_stats stats;
    int64_t now_ns;
    uint64_t seq_next;
    struct effects *effects; /* of the step that runs */

    struct task *tasks;
    struct edge *edges;
    struct agent *agents;
    struct table task_of_id, agent_of_id;
    uint32_t agent_count, free_task, free_edge, fresh_task, fresh_edge, visit_mark;
    uint32_t *scratch;                /* one slot number a task: traversals */
    uint32_t *sort_keys, *sort_spare; /* of order.c: two words a task, and one */
    uint32_t *sweep; /* one a task: what a sweep found, while each find starts traversals of its own */

    struct list clocks[CLOCK_COUNT], by_age;
    struct deadline_heap deadlines; /* claims, backoffs, cooldowns, plan stages */

    uint32_t wait_heads[WAIT_REASON_COUNT]; /* engine-wide queues */
    uint32_t *dirty_queues, *dirty_flags;   /* queues to wake at the end of the step */
    uint32_t dirty_first, dirty_count;

    struct list proof_queue, proof_blocked, ready, releasable, plans;
    uint8_t worker_busy[LIMIT_PROOF_WORKERS];
    uint32_t workers_busy;
    struct running_plan running[LIMIT_RUNNING_PLANS];
    struct drain drain;
    struct breaker breaker;
};

/* engine.c */
static inline struct task *task_at(struct engine *engine, uint32_t slot)
{
    return &engine->tasks[slot];
}

static inline struct task_ref ref_of(const struct engine *engine, uint32_t slot)
{
    return (struct task_ref){slot, engine->tasks[slot].generation};
}

static inline bool is_speculative_active(const struct task *task)
{
    return (task->flags & TASK_SPECULATIVE) && !task_status_is_terminal((enum task_status)task->status);
}

/* Whether the bytes of its snapshot are held, and whether the task can be put back to it. */
static inline bool holds_snapshot(const struct task *task)
{
    return task->snapshot >= SNAPSHOT_LIVE && task->snapshot <= SNAPSHOT_RELEASABLE;
}

static inline bool is_restorable(const struct task *task)
{
    return task->snapshot == SNAPSHOT_LIVE || task->snapshot == SNAPSHOT_PINNED;
}

static inline int64_t proof_ready_ns(const struct task *task)
{
    return (int64_t)((uint64_t)task->proof_ready[1] << 32 | task->proof_ready[0]);
}

static inline bool is_live(const struct task *task)
{
    return !task_status_is_terminal((enum task_status)task->status);
}

/* What effects and their answers call an attempt: counted anew in each incarnation, never repeated. */
static inline uint32_t attempt_name(const struct task *task, uint8_t attempt)
{
    return (uint32_t)task->incarnation << 8 | attempt;
}

/* A move that the engine makes of itself: an illegal one is a bug. */
static inline void move_must(enum machine machine, uint8_t *state, unsigned move)
{
    err e = machine_move(machine, state, move);
    ASSERT(e == OK);
}

/* May an event make this move? Refusals are counted. */
bool move_may(struct engine *engine, enum machine machine, unsigned state, unsigned move);

/* Index of the gauge by depth; the last one gathers what lies beyond the hard cap. */
static inline uint32_t depth_class(uint32_t depth)
{
    return depth <= LIMIT_DEPTH ? depth : LIMIT_DEPTH + 1;
}

/* Effects: a blank one of this kind about this task, to be filled in place. */
struct effect *effect_push(struct engine *engine, enum effect_kind kind, uint32_t slot);

/* The one place where a status changes: by the table of machines.c, with its note and its counters. */
void task_advance(struct engine *engine, uint32_t slot, enum task_move move, enum rollback_reason reason);

/* The slot that an event names, or NONE when the reference is not good any more. */
uint32_t slot_of_event(const struct engine *engine, const struct event *event);
void speculation_enter(struct engine *engine, uint32_t slot); /* counters and branch of an active task */

/* clock.c: constant-duration clocks are lists in order of start; irregular deadlines are in a heap. */
enum deadline_kind {
    DEADLINE_TASK, /* the earlier of the end of its claim and of its backoff */
    DEADLINE_COOLDOWN,
    DEADLINE_DRAIN,
    DEADLINE_BREAKER, /* one of enum breaker_deadline */
};
enum breaker_deadline { BREAKER_LOOK, BREAKER_QUEUE_FULL, BREAKER_RETRY, BREAKER_DEADLINES };
/* Handles of the heap: tasks, then agents, the drain, the breaker. */
static inline uint32_t deadline_handle(const struct engine *engine, enum deadline_kind kind, uint32_t index)
{
    uint32_t tasks = engine->limits.tasks, agents = engine->limits.agents;
    switch (kind) {
    case DEADLINE_TASK: return index;
    case DEADLINE_COOLDOWN: return tasks + index;
    case DEADLINE_DRAIN: return tasks + agents;
    case DEADLINE_BREAKER: break;
    }
    return tasks + agents + 1 + index;
}
uint32_t deadline_handle_count(const struct engine_limits *limits);
void list_append(struct engine *engine, struct list *list, enum link_kind kind, uint32_t slot);
void list_remove(struct engine *engine, struct list *list, enum link_kind kind, uint32_t slot);
void clock_start(struct engine *engine, uint32_t slot, enum clock_kind clock); /* leaves any other */
void clock_stop(struct engine *engine, uint32_t slot);
/* `backoff_ns`: when a backoff ends, NEVER_NS without one. */
void task_deadline_set(struct engine *engine, uint32_t slot, int64_t backoff_ns);
void clocks_tick(struct engine *engine);

/* graph.c */
void graph_add(struct engine *engine, uint32_t slot, const struct event_submit *submit,
               const uint32_t *parent_slots);
void graph_remove(struct engine *engine, uint32_t slot);
uint32_t graph_edges_left(const struct engine *engine);
/* Live descendants of slot, parents before children, into engine->scratch; returns how many. */
uint32_t graph_descendants(struct engine *engine, uint32_t slot);
/* The same of several: what scratch holds and the present mark names, and everything below it. */
uint32_t graph_closure(struct engine *engine, uint32_t count);
/* A number that no record carries: each traversal marks its finds with its own. */
uint32_t graph_mark(struct engine *engine);
uint32_t graph_depth(const struct engine *engine, uint32_t slot);

/* order.c */
enum slot_order {
    ORDER_SUBMISSION,
    ORDER_UNDOING,     /* deepest first, later submissions first: a reverse topological order */
    ORDER_PROOF_READY, /* oldest proof first */
};
void slots_sort(struct engine *engine, uint32_t *slots, uint32_t count, enum slot_order order);
static inline uint32_t edge_parent(const struct edge *edge)
{
    return edge->parent_and_kind & EDGE_PARENT_MASK;
}
static inline enum edge_kind edge_kind(const struct edge *edge)
{
    return (enum edge_kind)(edge->parent_and_kind >> EDGE_KIND_SHIFT); /* or EDGE_DROPPED */
}
static inline bool edge_is_dropped(const struct edge *edge)
{
    return edge->parent_and_kind >> EDGE_KIND_SHIFT == EDGE_DROPPED;
}
static inline const struct edge *edge_at(const struct engine *engine, uint32_t index)
{
    return index == NONE ? NULL : &engine->edges[index];
}
/* This edge or the next one that leads to a child which the table holds and which still counts on us. */
static inline const struct edge *child_edge(const struct engine *engine, uint32_t index)
{
    while (index != NONE && (engine->edges[index].child == NONE || edge_is_dropped(&engine->edges[index])))
        index = engine->edges[index].next_out;
    return edge_at(engine, index);
}
#define FOR_EACH_PARENT(engine, task, edge)                                                                  \
    for (const struct edge *edge = edge_at(engine, (task)->in_head); edge;                                   \
         edge = edge_at(engine, edge->next_in))
#define FOR_EACH_CHILD(engine, task, edge)                                                                   \
    for (const struct edge *edge = child_edge(engine, (task)->out_head); edge;                               \
         edge = child_edge(engine, edge->next_out))

/* ledger.c */
MUST_USE err agent_find_or_add(struct engine *engine, uint64_t id, uint32_t *index_out);
uint64_t bond_at_depth(const struct settings *settings, uint32_t depth);
uint64_t slash_amount(const struct settings *settings, uint64_t bond_lamports, uint32_t factor_bps);
uint64_t bond_asked(const struct engine *engine, const struct task *task, uint32_t depth);
enum bond_state bond_state_of(const struct engine *engine, const struct agent *agent);
void ledger_relock(struct engine *engine, uint32_t slot); /* after a reorg: or marks it uncovered */
MUST_USE err ledger_deposit(struct engine *engine, const struct event *event);
MUST_USE err ledger_withdraw(struct engine *engine, const struct event *event);
void ledger_lock(struct engine *engine, uint32_t slot, uint64_t lamports);
void ledger_release(struct engine *engine, uint32_t slot);
/* Slashes a root cause; its victims are the tasks of `plan_root`'s plan. Returns what was slashed. */
uint64_t ledger_settle_root(struct engine *engine, uint32_t slot, uint32_t plan_root);

/* branches and snapshots: tips.c, memory.c */
void tips_enter(struct engine *engine, uint32_t slot);
void tips_leave(struct engine *engine, uint32_t slot);
bool tips_allow(const struct engine *engine, uint32_t slot);
void snapshot_take(struct engine *engine, uint32_t slot);
void snapshot_release(struct engine *engine, uint32_t slot); /* collectable from now on */
void snapshots_collect(struct engine *engine);
void snapshot_pin(struct engine *engine, uint32_t slot);
void snapshot_drop(struct engine *engine, uint32_t slot);    /* it cannot be restored any more */
void snapshot_collect(struct engine *engine, uint32_t slot); /* a releasable one */
bool snapshot_is_checkpoint(const struct settings *settings, const struct task *task);
void memory_gc(struct engine *engine, bool is_forced);
bool memory_allows(struct engine *engine, uint32_t slot);
void proof_cache_add(struct engine *engine, uint32_t slot);

/* admission.c, waiting.c */
void admission_try(struct engine *engine, uint32_t slot); /* starts it, or makes it wait */
enum wait_reason admission_check(struct engine *engine, uint32_t slot);
uint32_t waiting_queue_count(const struct engine_limits *limits);
uint32_t waiting_queue_of(const struct engine *engine, enum wait_reason reason, uint32_t agent);
uint32_t waiting_head(const struct engine *engine, uint32_t queue); /* NONE: nobody waits */
void waiting_set(struct engine *engine, uint32_t slot, enum wait_reason reason);
/* The key of its queue changes: depth, or the end of the claim. */
void waiting_rekey(struct engine *engine, uint32_t slot, uint32_t depth, int64_t claim_expires_ns);
void waiting_freed(struct engine *engine, enum wait_reason reason, uint32_t agent);
void waiting_wake(struct engine *engine);                                  /* the end of a step */
void waiting_wake_all(struct engine *engine, const struct settings *next); /* the rules change */
void waiting_wake_children(struct engine *engine, uint32_t slot); /* this parent has its output now */

/* proof.c: from executed to a proof */
void proof_request(struct engine *engine, uint32_t slot); /* an executed task may want a proof now */
void proof_dispatch(struct engine *engine);
void proof_detach(struct engine *engine, uint32_t slot); /* the work is not wanted any more */
void proof_done(struct engine *engine, uint32_t slot);
void proof_fail(struct engine *engine, uint32_t slot); /* for good */
void proof_fail_attempt(struct engine *engine, uint32_t slot, bool is_timeout, uint32_t jitter);
void proof_requeue(struct engine *engine, uint32_t slot);
void proof_restart(struct engine *engine, uint32_t slot); /* its worker is gone: from the queue again */
uint32_t proof_clear_queue(struct engine *engine, uint32_t *slots); /* executed again, in queue order */
err proof_retry_now(struct engine *engine, uint32_t slot);

/* deferral.c: from a proof to the chain */
void deferral_release(struct engine *engine, uint32_t slot); /* its last ancestor was confirmed */
void deferral_dispatch(struct engine *engine);
void deferral_take_back(struct engine *engine, uint32_t slot); /* an ancestor is open again */
void deferral_place(struct engine *engine, uint32_t slot);     /* by its ancestors: waits, or is ready */
void deferral_accepted(struct engine *engine, uint32_t slot);
void deferral_detach(struct engine *engine, uint32_t slot);
void deferral_give_up(struct engine *engine, uint32_t slot); /* the chain did not confirm in time */
void deferral_fail_attempt(struct engine *engine, uint32_t slot, uint32_t jitter);
void deferral_requeue(struct engine *engine, uint32_t slot);
void backoff_start(struct engine *engine, uint32_t slot, uint32_t attempt, uint32_t jitter);
void backoff_over(struct engine *engine, uint32_t slot);

/* confirm.c: from the chain to the end */
void confirm_gate(struct engine *engine, uint32_t slot);
void confirm_final(struct engine *engine, uint32_t slot);
void descendant_progress(struct engine *engine, uint32_t slot); /* fewer ancestors are open */
void recheck_edges(struct engine *engine, uint32_t slot);       /* reasons that lie in edges may have ended */
void task_detach(struct engine *engine, uint32_t slot);         /* takes it out of every queue and clock */
void task_finish(struct engine *engine, uint32_t slot);         /* terminal and settled: parents, retention */
void task_set_depth(struct engine *engine, uint32_t slot, uint32_t depth);
void task_refresh_depth(struct engine *engine, uint32_t slot); /* of a live task that is not blocked */

/* rollback.c */
void rollback_root(struct engine *engine, uint32_t slot, enum task_move move, enum rollback_reason reason);
/* As above with a factor that differs from the reason's: the agent is not at fault. */
void rollback_root_faultless(struct engine *engine, uint32_t slot, enum rollback_reason reason);
/* Ordered, not failed: the root, too, keeps its status until its turn, the last. */
void rollback_ordered(struct engine *engine, uint32_t slot, enum rollback_reason reason);
/* region.c: what a failure takes with it, by the policy: slots in scratch, the root not among them; they
 * alone carry the graph's present mark. Descendants that are spared are a chain through plan.next, parents
 * first; their edges to the region are dropped. */
struct region {
    uint32_t count, spared;
};
struct region rollback_region(struct engine *engine, uint32_t root);
void rollback_dispatch(struct engine *engine);
MUST_USE err rollback_stage_done(struct engine *engine, uint32_t slot, enum plan_stage stage);
void rollback_ask_again(struct engine *engine);
int64_t rollback_deadline_ns(const struct engine *engine);
void rollback_tick(struct engine *engine);

/* revert.c */
MUST_USE err on_reverted(struct engine *engine, const struct event *event);

/* operator.c */
MUST_USE err on_rollback(struct engine *engine, const struct event *event);
MUST_USE err on_force_rollback(struct engine *engine, const struct event *event);
MUST_USE err on_drain(struct engine *engine, const struct event *event);
MUST_USE err on_emergency(struct engine *engine, const struct event *event);
MUST_USE err on_timeout_stale(struct engine *engine, const struct event *event);
MUST_USE err on_clear_queue(struct engine *engine, const struct event *event);
MUST_USE err on_proof_retry(struct engine *engine, const struct event *event);
MUST_USE err on_snapshots_clear(struct engine *engine, const struct event *event);
MUST_USE err on_stake_recover(struct engine *engine, const struct event *event);
void drain_watch(struct engine *engine); /* the end of a step */
void drain_timeout(struct engine *engine);

/* breaker.c */
void breaker_init(struct engine *engine);
bool breaker_admits(const struct engine *engine);
void breaker_admitted(struct engine *engine, uint32_t slot);
void breaker_failure(struct engine *engine); /* a root cause, whatever it takes with it */
void breaker_rolled_back(struct engine *engine);
void breaker_cascade(struct engine *engine, uint32_t size);
void breaker_confirmed(struct engine *engine, uint32_t slot);
void breaker_ended(struct engine *engine, uint32_t slot); /* terminal without confirmation */
void breaker_watch(struct engine *engine);                /* the end of a step */
void breaker_deadline(struct engine *engine, enum breaker_deadline deadline);
MUST_USE err on_breaker_reset(struct engine *engine, const struct event *event);
MUST_USE err on_breaker_enable(struct engine *engine, const struct event *event);

/* resume.c */
MUST_USE err on_resume(struct engine *engine, const struct event *event);
