/* tests/model/model.h: a second, naive engine, to disagree with the first.
 *
 * It shares no code with engine/ but the words (event.h, types.h, machines.h): no lists, no heaps, no
 * counters that are kept up to date. A task is a plain record that only ever grows older; who stands in which
 * queue, who is a tip, how deep a task is, what an agent has free is found by looking at all records each
 * time. Order in a queue is a stamp taken on entering it. Slow and simple on purpose. */
#pragma once
#include "engine/event.h"

enum { MODEL_TASKS = 64, MODEL_AGENTS = 6, MODEL_EFFECTS = 2048, MODEL_MARKS = 256, MODEL_COUNTED = 2048 };

enum m_clock {
    M_STOPPED,
    M_PROVING,
    M_CONFIRMING,
    M_AWAITING
}; /* those of one instant expire in this order */
enum m_stage { M_IDLE, M_ABORTING, M_RESTORING };

struct m_task {
    struct event_submit in; /* as submitted; a renewed claim is written here */
    struct m_task *parents[LIMIT_PARENTS];
    uint32_t slot, agent;
    bool is_dropped[LIMIT_PARENTS]; /* edges that a selective rollback cut */
    bool is_known;                  /* not pruned */
    enum task_status status;
    enum wait_reason wait;
    bool is_queued; /* in the queue of its reason */
    enum proof_state proof;
    enum snapshot_state snapshot;
    enum claim_state claim;
    enum rollback_reason reason;
    uint32_t factor_bps;
    bool is_speculative, is_committed, is_root, is_in_plan, is_running, has_cached_proof, is_aging,
        is_uncovered;
    bool is_probe, is_finished, was_admitted;
    uint64_t bond, digest;
    uint32_t depth, depth_at_admission, incarnation, proof_attempt, proof_tries, tx_attempt;
    int64_t since_ns, compute_ns, clock_ns, claim_due_ns, backoff_ns, proven_ns;
    enum m_clock clock;
    uint64_t clock_stamp, age_stamp, queue_stamp, final_stamp;
    struct m_task *plan_root, *plan[MODEL_TASKS]; /* plan: of a root, in the order of turns */
    uint32_t plan_count, plan_size;
};

struct m_agent {
    uint64_t id, deposited, received, slashed, withdrawn;
    int64_t cooldown_ns, cooldown_due_ns, payout_ns;
};

struct m_mark {
    enum wait_reason reason;
    uint32_t agent; /* MODEL_AGENTS: of the engine */
};

struct m_breaker {
    enum breaker_state state;
    enum breaker_trigger trigger, cause;
    int64_t opened_ns, retry_ns, due_ns[3]; /* due: look, queue full, retry */
    uint64_t value, threshold, probes_admitted, probes_confirmed;
    int64_t failures[MODEL_COUNTED];
    uint32_t failure_count;
    struct {
        int64_t second;
        bool is_rollback;
    } counted[MODEL_COUNTED];
    uint32_t counted_count;
    int64_t second, rate_since_ns, queue_since_ns;
    uint64_t rate_seen_bps;
    bool is_memory_excused;
};

struct model {
    struct settings settings;
    uint32_t task_limit, agent_limit;
    int64_t now_ns;
    uint64_t stamp;
    struct m_task tasks[MODEL_TASKS];
    uint32_t task_count;
    struct m_agent agents[MODEL_AGENTS];
    uint32_t agent_count;
    bool worker_busy[LIMIT_PROOF_WORKERS];
    struct {
        struct m_task *root;
        uint32_t turn;
        enum m_stage stage;
        int64_t due_ns;
    } running[LIMIT_RUNNING_PLANS];
    struct {
        bool is_on, is_forced;
        int64_t due_ns;
    } drain;
    struct m_breaker breaker;
    struct m_mark marks[MODEL_MARKS];
    uint32_t mark_first, mark_count;
    struct effect effects[MODEL_EFFECTS]; /* of the last step */
    uint32_t effect_count;
    /* what happened, counted */
    uint64_t refused[REFUSAL_COUNT], waits[WAIT_REASON_COUNT], ended[TASK_STATUS_COUNT];
    uint64_t rollbacks_by_reason[REASON_COUNT], rollback_events[REASON_COUNT], slash_events[REASON_COUNT];
    uint64_t speculative, normal, reverts, bonded, released, slashed, treasury, withdrawn, stuck,
        trips[TRIGGER_COUNT];
    uint64_t queue_full, proof_retries, tx_retries, batches, batched, overruns, pruned, bytes_freed;
    uint64_t proofs_ready, proof_failures, proof_timeouts;
};

#define EACH_TASK(m, t)  for (struct m_task *t = (m)->tasks; t < (m)->tasks + (m)->task_count; t++)
#define EACH_CONST(m, t) for (const struct m_task *t = (m)->tasks; t < (m)->tasks + (m)->task_count; t++)

void model_init(struct model *m, const struct settings *settings, uint32_t tasks, uint32_t agents);
/* `task`: the one that the event's reference means, NULL for a reference that is not good. `new_slot`: where
 * the engine has put the task of EVENT_SUBMIT, once it has. */
err model_step(struct model *m, const struct event *event, struct m_task *task, uint32_t new_slot);
int64_t model_deadline_ns(const struct model *m);
struct m_task *model_find(struct model *m, uint64_t id); /* NULL: not in the table */

/* What the records say. */
uint64_t model_locked(const struct model *m, uint32_t agent);
uint64_t model_free(const struct model *m, uint32_t agent);
uint32_t model_locks(const struct model *m, uint32_t agent);
uint32_t model_uncovered(const struct model *m, uint32_t agent);
uint32_t model_tips(const struct model *m, uint32_t agent); /* MODEL_AGENTS: all */
uint32_t model_snapshots(const struct model *m, uint32_t agent);
uint64_t model_memory(const struct model *m);
uint32_t model_speculative_active(const struct model *m);
uint32_t model_count_proof(const struct model *m, enum proof_state state);
uint32_t model_workers_busy(const struct model *m);
bool m_is_tip(const struct model *m, const struct m_task *task);
bool m_is_live(const struct m_task *task);
bool m_is_confirmed(const struct m_task *task);
bool m_is_restorable(const struct m_task *task);
bool m_is_child(const struct m_task *child, const struct m_task *parent, bool and_dropped);
uint32_t m_open_parents(const struct m_task *task);

/* between the files */
struct effect *m_emit(struct model *m, enum effect_kind kind, const struct m_task *task);
void m_status(struct model *m, struct m_task *task, enum task_status to, enum rollback_reason reason);
void m_depths(struct model *m);
void m_wait(struct model *m, struct m_task *task, enum wait_reason reason);
void m_freed(struct model *m, enum wait_reason reason, uint32_t agent);
void m_serve_marks(struct model *m);
void m_wake_all(struct model *m, const struct settings *next);
void m_wake_children(struct model *m, const struct m_task *task);
enum wait_reason m_denial(struct model *m, struct m_task *task);
void m_admit(struct model *m, struct m_task *task);
uint64_t m_bond(const struct model *m, const struct m_task *task, uint32_t depth);
void m_extend_tips(struct model *m, const struct m_task *task);
void m_lock(struct model *m, struct m_task *task, uint64_t lamports);
void m_settle(struct model *m, struct m_task *task, uint64_t slashed, uint64_t treasury);
uint64_t m_settle_root(struct model *m, struct m_task *task, struct m_task *plan_root);
void m_take_snapshot(struct model *m, struct m_task *task);
void m_collect(struct model *m);
void m_free_snapshot(struct model *m, struct m_task *task);
uint32_t m_descendants(struct model *m, struct m_task *root, struct m_task **found);
void m_detach(struct model *m, struct m_task *task);
void m_finish(struct model *m, struct m_task *task);
void m_progress(struct model *m, struct m_task *task);
void m_recheck_edges(struct model *m, struct m_task *task);
struct m_task *m_queue_head(struct model *m, enum proof_state state);
void m_proof_request(struct model *m, struct m_task *task);
void m_enqueue_proof(struct model *m, struct m_task *task);
void m_refill(struct model *m);
void m_place(struct model *m, struct m_task *task);
void m_leave_chain(struct m_task *task);
void m_give_up(struct model *m, struct m_task *task);
void m_clock(struct model *m, struct m_task *task, enum m_clock clock);
void m_backoff_over(struct model *m, struct m_task *task);
void m_proof_timeout(struct model *m, struct m_task *task);
void m_drain_timeout(struct model *m);
void m_tick(struct model *m);
err m_on_proof(struct model *m, const struct event *event, struct m_task *task);
err m_on_transaction(struct model *m, const struct event *event, struct m_task *task);
err m_on_level(struct model *m, const struct event *event, struct m_task *task);
err m_on_reverted(struct model *m, const struct event *event, struct m_task *task);
void m_start_proofs(struct model *m);
void m_start_submissions(struct model *m);
void m_drain_watch(struct model *m);
err m_order_event(struct model *m, const struct event *event, struct m_task *task);
int64_t m_after(int64_t at_ns, int64_t span_ns);

/* model_undo.c */
void m_fail(struct model *m, struct m_task *root, enum task_status to, enum rollback_reason reason,
            uint32_t factor_bps);
uint32_t m_factor(const struct model *m, enum rollback_reason reason);
void m_order(struct model *m, struct m_task *root, enum rollback_reason reason);
void m_start_plans(struct model *m);
void m_carry_on(struct model *m, uint32_t running);
err m_stage_done(struct model *m, struct m_task *task, enum m_stage stage);
void m_revert(struct model *m, struct m_task *task);

/* model_breaker.c */
void m_breaker_init(struct model *m);
bool m_breaker_admits(const struct model *m);
void m_breaker_admitted(struct model *m, struct m_task *task);
void m_breaker_failure(struct model *m);
void m_breaker_rolled_back(struct model *m);
void m_breaker_cascade(struct model *m, uint32_t size);
void m_breaker_confirmed(struct model *m, struct m_task *task);
void m_breaker_ended(struct model *m, struct m_task *task);
void m_breaker_watch(struct model *m);
void m_breaker_due(struct model *m, int which);
void m_breaker_reset(struct model *m);
err m_breaker_enable(struct model *m, bool is_forced);
uint64_t m_breaker_counted(const struct model *m, bool rollbacks);
