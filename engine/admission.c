/* engine/admission.c: may this task run before its parents are confirmed?
 *
 * The checks run in a fixed order and the first that fails decides
 * (engine.md 2.1; the rows are in that order). They change nothing, but for
 * the collection of garbage that two of them are allowed to try. A denial is
 * never an end: the task waits, and runs at the latest when its parents are
 * confirmed. */
#include "engine/state.h"

static bool is_enabled(struct engine *engine, const struct task *task)
{
    (void)task;
    return engine->settings.enabled && !engine->drain.is_on;
}

static bool is_circuit_closed(struct engine *engine, const struct task *task)
{
    (void)task;
    return breaker_admits(engine);
}

static bool is_rolled_out(struct engine *engine, const struct task *task)
{
    return task->rollout_bucket == ROLLOUT_ALWAYS || task->rollout_bucket < engine->settings.rollout_bps;
}

static bool have_output(struct engine *engine, const struct task *task)
{
    enum task_status needed = engine->settings.require_parent_output ? TASK_EXECUTED : TASK_EXECUTING;
    FOR_EACH_PARENT(engine, task, edge)
    {
        if (edge_is_dropped(edge)) continue;
        if (engine->tasks[edge_parent(edge)].status < needed) return false;
    }
    return true;
}

static bool have_speculatable_edges(struct engine *engine, const struct task *task)
{
    FOR_EACH_PARENT(engine, task, edge)
    {
        bool is_open = !task_status_is_confirmed((enum task_status)engine->tasks[edge_parent(edge)].status);
        if (is_open && edge_kind(edge) == EDGE_RESOURCE) return false;
    }
    return true;
}

static bool may_cross_agents(struct engine *engine, const struct task *task)
{
    if (engine->settings.cross_agent_speculation) return true;
    FOR_EACH_PARENT(engine, task, edge)
    {
        const struct task *parent = &engine->tasks[edge_parent(edge)];
        bool is_open = !task_status_is_confirmed((enum task_status)parent->status);
        if (is_open && !edge_is_dropped(edge) && parent->agent != task->agent) return false;
    }
    return true;
}

static bool is_shallow_enough(struct engine *engine, const struct task *task)
{
    return task->depth_now <= engine->settings.max_depth;
}

static uint32_t slot_of(const struct engine *engine, const struct task *task)
{
    return (uint32_t)(task - engine->tasks);
}

static bool has_branch(struct engine *engine, const struct task *task)
{
    return tips_allow(engine, slot_of(engine, task));
}

static bool is_out_of_cooldown(struct engine *engine, const struct task *task)
{
    return engine->agents[task->agent].cooldown_until_ns <= engine->now_ns;
}

static bool can_pay(struct engine *engine, const struct task *task)
{
    const struct agent *agent = &engine->agents[task->agent];
    return agent->uncovered == 0 && bond_asked(engine, task, task->depth_now) <= agent->free;
}

static bool is_below_stake_limit(struct engine *engine, const struct task *task)
{
    const struct agent *agent = &engine->agents[task->agent];
    uint64_t locked;
    return agent->locks < (uint64_t)engine->settings.max_locks &&
           u64_add(agent->locked, bond_asked(engine, task, task->depth_now), &locked) &&
           locked <= (uint64_t)engine->settings.max_stake_lamports;
}

static bool has_time_to_claim(struct engine *engine, const struct task *task)
{
    if (task->claim_expires_ns == NEVER_NS) return true;
    return task->claim_expires_ns > ns_after(engine->now_ns, engine->settings.claim_buffer_ns);
}

static bool has_operation_slot(struct engine *engine, const struct task *task)
{
    (void)task;
    return engine->stats.pending_operations < (uint64_t)engine->settings.max_pending_operations;
}

static bool is_below_snapshot_limit(const struct engine *engine, const struct task *task)
{
    bool by_agent = engine->settings.branch_scope == SCOPE_AGENT;
    uint64_t held = by_agent ? engine->agents[task->agent].snapshots : engine->stats.snapshots;
    return held < (uint64_t)engine->settings.max_state_snapshots;
}

static bool has_snapshot_slot(struct engine *engine, const struct task *task)
{
    if (is_below_snapshot_limit(engine, task)) return true;
    if (engine->releasable.head == NONE) return false;
    snapshots_collect(engine);
    return is_below_snapshot_limit(engine, task);
}

static bool has_memory(struct engine *engine, const struct task *task)
{
    return memory_allows(engine, slot_of(engine, task));
}

static bool has_proof_queue_room(struct engine *engine, const struct task *task)
{
    (void)task;
    return engine->proof_queue.count < (uint32_t)engine->settings.queue_size;
}

static const struct check {
    enum wait_reason denial;
    bool (*passes)(struct engine *engine, const struct task *task);
} CHECKS[] = {
    {WAIT_DISABLED, is_enabled},
    {WAIT_CIRCUIT_OPEN, is_circuit_closed},
    {WAIT_ROLLOUT_EXCLUDED, is_rolled_out},
    {WAIT_PARENT_OUTPUT, have_output},
    {WAIT_DEPENDENCY_TYPE, have_speculatable_edges},
    {WAIT_CROSS_AGENT, may_cross_agents},
    {WAIT_DEPTH_LIMIT, is_shallow_enough},
    {WAIT_BRANCH_LIMIT, has_branch},
    {WAIT_AGENT_COOLDOWN, is_out_of_cooldown},
    {WAIT_STAKE_INSUFFICIENT, can_pay},
    {WAIT_STAKE_LIMIT, is_below_stake_limit},
    {WAIT_CLAIM_WINDOW, has_time_to_claim},
    {WAIT_PENDING_LIMIT, has_operation_slot},
    {WAIT_SNAPSHOT_LIMIT, has_snapshot_slot},
    {WAIT_MEMORY_LIMIT, has_memory},
    {WAIT_PROOF_BACKPRESSURE, has_proof_queue_room},
};
enum { CHECK_COUNT = sizeof CHECKS / sizeof *CHECKS };
_Static_assert((int)CHECK_COUNT == (int)WAIT_REASON_COUNT - 1, "every reason to wait has its check");

enum wait_reason admission_check(struct engine *engine, uint32_t slot)
{
    const struct task *task = task_at(engine, slot);
    for (int i = 0; i < CHECK_COUNT; i++)
        if (!CHECKS[i].passes(engine, task)) return CHECKS[i].denial;
    return WAIT_NONE;
}

/* Both ways of starting: the commitment exists, its life and its execution begin. */
static void start(struct engine *engine, uint32_t slot, uint64_t bond, bool is_speculative)
{
    struct task *task = task_at(engine, slot);
    task->since_ns = engine->now_ns;
    task->depth_at_admission = task->depth_now;
    task->flags |= TASK_COMMITTED | TASK_AGING | TASK_RUNNING;
    list_append(engine, &engine->by_age, LINK_AGE, slot);
    move_must(MACHINE_COMMITMENT, &task->commitment, COMMIT_CREATE);
    task->bond_lamports = 0;
    if (bond) {
        ledger_lock(engine, slot, bond);
        move_must(MACHINE_COMMITMENT, &task->commitment, COMMIT_BOND);
    }
    move_must(MACHINE_COMMITMENT, &task->commitment, COMMIT_ACTIVATE);
    waiting_set(engine, slot, WAIT_NONE);
    task_advance(engine, slot, MOVE_START, REASON_COUNT);
    struct effect *note = effect_push(engine, NOTE_ADMITTED, slot);
    note->u.admitted.bond_lamports = bond;
    note->u.admitted.snapshot_bytes = is_speculative ? task->snapshot_bytes : 0;
    note->u.admitted.depth = task->depth_now;
    note->u.admitted.is_speculative = is_speculative;
    effect_push(engine, EFFECT_EXECUTE, slot);
    if (!engine->settings.require_parent_output) waiting_wake_children(engine, slot);
}

static void start_speculatively(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    task->flags |= TASK_SPECULATIVE;
    engine->stats.speculative_admissions++;
    speculation_enter(engine, slot);
    snapshot_take(engine, slot);
    breaker_admitted(engine, slot);
    start(engine, slot, bond_asked(engine, task, task->depth_now), true);
}

/* No unconfirmed parent: not speculation. A root is bonded only where the settings ask for it and the
 * agent can pay; a bond that cannot be had never holds normal work back. */
static void start_normally(struct engine *engine, uint32_t slot)
{
    const struct task *task = task_at(engine, slot);
    uint64_t bond = engine->settings.bond_roots ? bond_asked(engine, task, 0) : 0;
    bool is_possible =
        can_pay(engine, task) && is_below_stake_limit(engine, task) && is_out_of_cooldown(engine, task);
    if (!is_possible) bond = 0;
    engine->stats.normal_admissions++;
    start(engine, slot, bond, false);
}

void admission_try(struct engine *engine, uint32_t slot)
{
    if (task_at(engine, slot)->unconfirmed_parents == 0) {
        start_normally(engine, slot);
        return;
    }
    enum wait_reason denial = admission_check(engine, slot);
    if (denial == WAIT_NONE)
        start_speculatively(engine, slot);
    else
        waiting_set(engine, slot, denial);
}
