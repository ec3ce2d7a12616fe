/* engine/engine.c: the handle, the dispatch of events, and what every step does at its end. */
#include "engine/state.h"
#include <string.h>

#define TEXT_(name, text) [name] = text,
static const char *const EVENT_NAMES[] = {EVENT_KINDS(TEXT_)};
static const char *const EFFECT_NAMES[] = {EFFECT_KINDS(TEXT_)};

const char *event_kind_name(enum event_kind kind)
{
    return EVENT_NAMES[kind];
}

const char *effect_kind_name(enum effect_kind kind)
{
    return EFFECT_NAMES[kind];
}

/* ---- effects ---- */

struct effect *effect_push(struct engine *engine, enum effect_kind kind, uint32_t slot)
{
    struct effects *effects = engine->effects;
    if (effects->count == effects->capacity) effects->flush(effects);
    ASSERT(effects->count < effects->capacity);
    struct effect *effect = &effects->items[effects->count++];
    memset(effect, 0, sizeof *effect);
    effect->kind = kind;
    effect->agent = NONE;
    if (slot == NONE) return effect;
    const struct task *task = task_at(engine, slot);
    effect->task = ref_of(engine, slot);
    effect->task_id = task->id;
    effect->agent = task->agent;
    return effect;
}

/* ---- moves ---- */

bool move_may(struct engine *engine, enum machine machine, unsigned state, unsigned move)
{
    if (machine_allows(machine, state, move)) return true;
    engine->stats.illegal_moves[machine]++;
    return false;
}

/* What a task's end means for its commitment. */
static const unsigned char COMMITMENT_MOVES_OF[MOVE_COUNT] = {
    [MOVE_CONFIRM] = COMMIT_CONFIRM,     [MOVE_FINALIZE] = COMMIT_FINALIZE, [MOVE_REVERT] = COMMIT_REVERT,
    [MOVE_FAIL] = COMMIT_FAIL,           [MOVE_EXPIRE] = COMMIT_EXPIRE,     [MOVE_CANCEL] = COMMIT_CANCEL,
    [MOVE_ROLL_BACK] = COMMIT_ROLL_BACK,
};

static void move_commitment(struct task *task, enum task_move move)
{
    bool has_one = task->commitment != COMMITMENT_NONE && COMMITMENT_MOVES_OF[move];
    if (has_one) move_must(MACHINE_COMMITMENT, &task->commitment, COMMITMENT_MOVES_OF[move]);
}

static void end_claim(struct task *task, enum task_status to)
{
    if (task->claim != CLAIM_CLAIMED) return;
    unsigned move = to == TASK_CONFIRMED                   ? CLAIM_COMPLETE
                    : task->reason == REASON_CLAIM_EXPIRED ? CLAIM_EXPIRE
                                                           : CLAIM_ABANDON;
    move_must(MACHINE_CLAIM, &task->claim, move);
}

void speculation_enter(struct engine *engine, uint32_t slot)
{
    engine->stats.speculative_active++;
    engine->stats.pending_operations++;
    engine->stats.active_by_depth[depth_class(task_at(engine, slot)->depth_now)]++;
    tips_enter(engine, slot);
}

/* A speculative operation has ended: what it held of the limits is free. */
static void leave_speculation(struct engine *engine, uint32_t slot)
{
    const struct task *task = task_at(engine, slot);
    if (!(task->flags & TASK_SPECULATIVE)) return;
    engine->stats.speculative_active--;
    engine->stats.pending_operations--;
    engine->stats.active_by_depth[depth_class(task->depth_now)]--;
    tips_leave(engine, slot);
    waiting_freed(engine, WAIT_PENDING_LIMIT, 0);
}

void task_advance(struct engine *engine, uint32_t slot, enum task_move move, enum rollback_reason reason)
{
    struct task *task = task_at(engine, slot);
    enum task_status from = (enum task_status)task->status, to = from;
    move_must(MACHINE_TASK, &task->status, move);
    to = (enum task_status)task->status;
    move_commitment(task, move);
    engine->stats.submitting += (uint64_t)(to == TASK_SUBMITTING) - (from == TASK_SUBMITTING);
    struct effect *note = effect_push(engine, NOTE_STATUS, slot);
    note->u.status.from = from;
    note->u.status.to = to;
    note->u.status.reason = reason;
    note->u.status.was_speculative = task->flags & TASK_SPECULATIVE;
    if (!task_status_is_terminal(to)) return;
    engine->stats.ended[to]++;
    if (task_status_is_terminal(from)) return;
    engine->stats.operations--;
    end_claim(task, to);
    leave_speculation(engine, slot);
    if (to != TASK_CONFIRMED) breaker_ended(engine, slot);
}

/* ---- events ---- */

uint32_t slot_of_event(const struct engine *engine, const struct event *event)
{
    uint32_t slot = event->task.slot;
    if (slot >= engine->fresh_task) return NONE;
    const struct task *task = &engine->tasks[slot];
    bool is_good = (task->flags & TASK_USED) && task->generation == event->task.generation;
    return is_good ? slot : NONE;
}

static err refuse(struct engine *engine, enum refusal refusal)
{
    engine->stats.refused[refusal]++;
    return refusal == REFUSED_TABLE_FULL ? ERR_LIMIT : ERR_RANGE;
}

static uint32_t task_take(struct engine *engine)
{
    uint32_t slot = engine->free_task;
    if (slot == NONE) return engine->fresh_task++;
    engine->free_task = task_at(engine, slot)->links[LINK_QUEUE].next;
    return slot;
}

static void task_init(struct engine *engine, uint32_t slot, const struct event_submit *submit, uint32_t agent)
{
    struct task *task = task_at(engine, slot);
    uint32_t generation = task->generation;
    *task = (struct task){
        .id = submit->id,
        .seq = engine->seq_next++,
        .snapshot_bytes = submit->snapshot_bytes,
        .bond_lamports = submit->bond_lamports,
        .since_ns = engine->now_ns,
        .claim_expires_ns = submit->claim_expires_ns,
        .wait = {NONE, NONE, NONE},
        .plan = {.root = NONE, .next = NONE, .head = NONE},
        .generation = generation,
        .agent = agent,
        .in_head = NONE,
        .out_head = NONE,
        .out_tail = NONE,
        .flags = submit->bond_lamports ? TASK_USED | TASK_BOND_GIVEN : TASK_USED,
        .rollout_bucket = (uint16_t)submit->rollout_bucket,
        .status = TASK_PENDING,
        .clock = CLOCK_STOPPED,
    };
    engine->stats.submitted++;
    engine->stats.table_tasks++;
    engine->stats.live_tasks++;
    engine->stats.operations++;
}

/* Everything that can be wrong with a submission, before anything is changed. */
static err check_submit(struct engine *engine, const struct event_submit *submit, uint32_t *parent_slots)
{
    bool is_bucket = submit->rollout_bucket < BPS_ONE || submit->rollout_bucket == ROLLOUT_ALWAYS;
    if (!is_bucket) return ERR_RANGE;
    if (submit->parent_count > LIMIT_PARENTS) return refuse(engine, REFUSED_TOO_MANY_PARENTS);
    if (submit->id == 0 || table_find(&engine->task_of_id, submit->id, NULL))
        return refuse(engine, REFUSED_DUPLICATE_TASK);
    for (uint32_t i = 0; i < submit->parent_count; i++) {
        if (submit->edge_kinds[i] >= EDGE_KIND_COUNT) return ERR_RANGE;
        if (submit->parents[i] == submit->id) return refuse(engine, REFUSED_CYCLE_DETECTED);
        if (!table_find(&engine->task_of_id, submit->parents[i], &parent_slots[i]))
            return refuse(engine, REFUSED_PARENT_NOT_FOUND);
    }
    bool is_full =
        engine->stats.table_tasks >= engine->limits.tasks || graph_edges_left(engine) < submit->parent_count;
    return is_full ? refuse(engine, REFUSED_TABLE_FULL) : OK;
}

/* A parent that failed, or is being rolled back, will never be confirmed. */
static bool has_dead_parent(const struct engine *engine, const uint32_t *parent_slots, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct task *parent = &engine->tasks[parent_slots[i]];
        if (parent->status > TASK_FINALIZED || (parent->flags & TASK_IN_PLAN)) return true;
    }
    return false;
}

static err on_submit(struct engine *engine, const struct event *event)
{
    const struct event_submit *submit = &event->u.submit;
    uint32_t parent_slots[LIMIT_PARENTS], agent;
    if (MUTANT(23) && mutant_reparent(engine, submit)) return OK;
    TRY(check_submit(engine, submit, parent_slots));
    if (agent_find_or_add(engine, submit->agent_id, &agent) != OK) return refuse(engine, REFUSED_TABLE_FULL);
    uint32_t slot = task_take(engine);
    task_init(engine, slot, submit, agent);
    err is_new = table_insert(&engine->task_of_id, submit->id, slot);
    ASSERT(is_new == OK);
    graph_add(engine, slot, submit, parent_slots);
    struct effect *note = effect_push(engine, NOTE_STATUS, slot);
    note->u.status.reason = REASON_COUNT;
    if (has_dead_parent(engine, parent_slots, submit->parent_count)) {
        task_at(engine, slot)->reason = REASON_ANCESTOR_FAILED;
        task_advance(engine, slot, MOVE_CANCEL, REASON_ANCESTOR_FAILED);
        task_finish(engine, slot);
        return OK;
    }
    if (submit->claim_expires_ns != NEVER_NS) {
        move_must(MACHINE_CLAIM, &task_at(engine, slot)->claim, CLAIM_TAKE);
        task_deadline_set(engine, slot, NEVER_NS);
    }
    admission_try(engine, slot);
    return OK;
}

static err on_claim_renewed(struct engine *engine, const struct event *event)
{
    uint32_t slot = slot_of_event(engine, event);
    if (slot == NONE) return ERR_STALE;
    struct task *task = task_at(engine, slot);
    if ((task->flags & TASK_IN_PLAN) || !move_may(engine, MACHINE_CLAIM, task->claim, CLAIM_RENEW))
        return ERR_STALE;
    if (event->u.claim.expires_ns <= task->claim_expires_ns) return ERR_RANGE;
    move_must(MACHINE_CLAIM, &task->claim, CLAIM_RENEW);
    waiting_rekey(engine, slot, task->depth_now, event->u.claim.expires_ns);
    bool backs_off = task->proof == PROOF_BACKOFF || task->proof == PROOF_RESENDING;
    task_deadline_set(engine, slot, backs_off ? task->clock_ns : NEVER_NS);
    /* Nobody else's claim is any longer: only this task's own reason can have gone. */
    if (task->status == TASK_PENDING && task->wait_reason == WAIT_CLAIM_WINDOW) admission_try(engine, slot);
    return OK;
}

static err on_executed(struct engine *engine, const struct event *event)
{
    uint32_t slot = slot_of_event(engine, event);
    if (slot == NONE) return ERR_STALE;
    struct task *task = task_at(engine, slot);
    if ((task->flags & TASK_IN_PLAN) || !move_may(engine, MACHINE_TASK, task->status, MOVE_EXECUTED))
        return ERR_STALE;
    if (event->u.executed.compute_ns < 0) return ERR_RANGE; /* shares of a slash are weighed by it */
    task->flags &= (uint16_t)~TASK_RUNNING;
    task->compute_ns = event->u.executed.compute_ns;
    if (event->kind == EVENT_EXECUTION_FAILED) {
        rollback_root(engine, slot, MOVE_FAIL, REASON_INVALID_STATE);
        return OK;
    }
    /* Run again after a reorg, with another result: whoever read the first one is wrong. */
    bool is_rerun = task->incarnation > 0;
    if (is_rerun && task->output_digest != event->u.executed.output_digest) {
        rollback_root_faultless(engine, slot, REASON_CHAIN_REORG);
        return OK;
    }
    task->output_digest = event->u.executed.output_digest;
    task_advance(engine, slot, MOVE_EXECUTED, REASON_COUNT);
    proof_request(engine, slot);
    waiting_wake_children(engine, slot);
    return OK;
}

static err on_aborted(struct engine *engine, const struct event *event)
{
    uint32_t slot = slot_of_event(engine, event);
    if (slot == NONE || !(task_at(engine, slot)->flags & TASK_RUNNING)) return ERR_STALE;
    if (event->u.executed.compute_ns < 0) return ERR_RANGE;
    struct task *task = task_at(engine, slot);
    const int64_t compute_before_ns = task->compute_ns;
    task->flags &= (uint16_t)~TASK_RUNNING;
    task->compute_ns = event->u.executed.compute_ns;
    err e = rollback_stage_done(engine, slot, PLAN_ABORTING);
    if (e == OK) return OK;
    task->flags |= TASK_RUNNING; /* nobody had asked */
    task->compute_ns = compute_before_ns;
    return e;
}

static err on_restored(struct engine *engine, const struct event *event)
{
    uint32_t slot = slot_of_event(engine, event);
    return slot == NONE ? ERR_STALE : rollback_stage_done(engine, slot, PLAN_RESTORING);
}

static err on_proof(struct engine *engine, const struct event *event)
{
    uint32_t slot = slot_of_event(engine, event);
    if (slot == NONE) return ERR_STALE;
    const struct task *task = task_at(engine, slot);
    if (attempt_name(task, task->proof_attempt) != event->attempt ||
        !move_may(engine, MACHINE_PROOF, task->proof, PROVE_FINISH))
        return ERR_STALE;
    if (event->kind == EVENT_PROOF_DONE)
        proof_done(engine, slot);
    else if (event->u.proof.error == PROOF_ERROR_TRANSIENT)
        proof_fail_attempt(engine, slot, false, event->jitter);
    else
        proof_fail(engine, slot);
    return OK;
}

static err on_worker_free(struct engine *engine, const struct event *event)
{
    uint32_t worker = event->u.worker.worker;
    if (worker >= LIMIT_PROOF_WORKERS || !engine->worker_busy[worker]) return ERR_STALE;
    engine->worker_busy[worker] = 0;
    engine->stats.workers_busy = --engine->workers_busy;
    return OK;
}

/* A transaction's outcome must answer the attempt that is out. */
static err on_transaction(struct engine *engine, const struct event *event)
{
    uint32_t slot = slot_of_event(engine, event);
    if (slot == NONE) return ERR_STALE;
    struct task *task = task_at(engine, slot);
    if (MUTANT(5) && task->status == TASK_CONFIRMED && event->kind != EVENT_TX_ACCEPTED)
        return mutant_believe_late_failure(engine, slot);
    enum proof_move move = event->kind == EVENT_TX_ACCEPTED   ? PROVE_ACCEPT
                           : event->kind == EVENT_TX_REJECTED ? PROVE_FAIL
                                                              : PROVE_DROP;
    /* A generation can fail, too, but not by the chain's word. */
    bool is_out = task->proof == PROOF_SUBMITTING || task->proof == PROOF_SUBMITTED;
    if (attempt_name(task, task->tx_attempt) != event->attempt || !is_out ||
        !move_may(engine, MACHINE_PROOF, task->proof, move))
        return ERR_STALE;
    switch (move) {
    case PROVE_ACCEPT:
        if (MUTANT(11))
            confirm_gate(engine, slot);
        else
            deferral_accepted(engine, slot);
        return OK;
    case PROVE_DROP: deferral_fail_attempt(engine, slot, event->jitter); return OK;
    default: break;
    }
    if (event->u.tx.rejection == TX_PROOF_INVALID)
        rollback_root(engine, slot, MOVE_FAIL, REASON_PROOF_FAILED);
    else
        rollback_root_faultless(engine, slot, REASON_INVALID_STATE);
    return OK;
}

static err on_commitment_level(struct engine *engine, const struct event *event)
{
    uint32_t slot = slot_of_event(engine, event);
    if (slot == NONE) return ERR_STALE;
    const struct task *task = task_at(engine, slot);
    bool is_out = task->proof == PROOF_SUBMITTING || task->proof == PROOF_SUBMITTED;
    if (attempt_name(task, task->tx_attempt) != event->attempt ||
        !(is_out || move_may(engine, MACHINE_TASK, task->status, MOVE_FINALIZE)))
        return ERR_STALE;
    bool is_final = event->kind == EVENT_FINALIZED;
    if (MUTANT(6) && !is_final && task->status == TASK_CONFIRMED) mutant_release_twice(engine, slot);
    if (!is_final && (task->status == TASK_CONFIRMED || engine->settings.gate_level == GATE_FINALIZED))
        return task->status == TASK_CONFIRMED ? ERR_STALE : OK;
    if (task->status != TASK_CONFIRMED) confirm_gate(engine, slot);
    if (is_final) confirm_final(engine, slot);
    return OK;
}

static err on_cancel(struct engine *engine, const struct event *event)
{
    uint32_t slot = slot_of_event(engine, event);
    if (slot == NONE) return ERR_STALE;
    const struct task *task = task_at(engine, slot);
    if ((task->flags & TASK_IN_PLAN) || !move_may(engine, MACHINE_TASK, task->status, MOVE_CANCEL))
        return ERR_STALE;
    rollback_root(engine, slot, MOVE_CANCEL, REASON_MANUAL);
    return OK;
}

static err on_settings(struct engine *engine, const struct event *event)
{
    int64_t depth_before = engine->settings.max_depth;
    engine->stats.settings_generation++;
    waiting_wake_all(engine, event->u.settings);
    if (MUTANT(20) && engine->settings.max_depth < depth_before) engine->settings.max_depth = depth_before;
    return OK;
}

static err on_tick(struct engine *engine, const struct event *event)
{
    (void)event;
    clocks_tick(engine);
    return OK;
}

static err on_gc(struct engine *engine, const struct event *event)
{
    memory_gc(engine, event->u.gc.is_forced);
    return OK;
}

static err (*const HANDLERS[EVENT_KIND_COUNT])(struct engine *engine, const struct event *event) = {
    [EVENT_DEPOSIT] = ledger_deposit,
    [EVENT_SUBMIT] = on_submit,
    [EVENT_EXECUTED] = on_executed,
    [EVENT_EXECUTION_FAILED] = on_executed,
    [EVENT_ABORTED] = on_aborted,
    [EVENT_RESTORED] = on_restored,
    [EVENT_PROOF_DONE] = on_proof,
    [EVENT_PROOF_FAILED] = on_proof,
    [EVENT_WORKER_FREE] = on_worker_free,
    [EVENT_TX_ACCEPTED] = on_transaction,
    [EVENT_TX_REFUSED] = on_transaction,
    [EVENT_TX_DROPPED] = on_transaction,
    [EVENT_TX_REJECTED] = on_transaction,
    [EVENT_CONFIRMED] = on_commitment_level,
    [EVENT_FINALIZED] = on_commitment_level,
    [EVENT_REVERTED] = on_reverted,
    [EVENT_CLAIM_RENEWED] = on_claim_renewed,
    [EVENT_WITHDRAW] = ledger_withdraw,
    [EVENT_CANCEL] = on_cancel,
    [EVENT_ROLLBACK] = on_rollback,
    [EVENT_FORCE_ROLLBACK] = on_force_rollback,
    [EVENT_DRAIN] = on_drain,
    [EVENT_EMERGENCY] = on_emergency,
    [EVENT_TIMEOUT_STALE] = on_timeout_stale,
    [EVENT_CLEAR_QUEUE] = on_clear_queue,
    [EVENT_PROOF_RETRY] = on_proof_retry,
    [EVENT_SNAPSHOTS_CLEAR] = on_snapshots_clear,
    [EVENT_STAKE_RECOVER] = on_stake_recover,
    [EVENT_BREAKER_RESET] = on_breaker_reset,
    [EVENT_BREAKER_ENABLE] = on_breaker_enable,
    [EVENT_RESUME] = on_resume,
    [EVENT_SETTINGS] = on_settings,
    [EVENT_TICK] = on_tick,
    [EVENT_GC] = on_gc,
};

err engine_step(struct engine *engine, const struct event *event, struct effects *effects)
{
    if (event->now_ns < engine->now_ns || event->now_ns > EVENT_LAST_NS) return ERR_RANGE;
    if ((unsigned)event->kind >= EVENT_KIND_COUNT) return ERR_RANGE;
    engine->now_ns = event->now_ns;
    engine->effects = effects;
    engine->stats.events[event->kind]++;
    err e = HANDLERS[event->kind](engine, event);
    if (e == ERR_STALE) engine->stats.stale_events[event->kind]++;
    if (e == OK) {
        rollback_dispatch(engine);
        proof_dispatch(engine);
        deferral_dispatch(engine);
        drain_watch(engine);
        do { /* an admission can fill the memory, and a breaker that closes lets more in */
            waiting_wake(engine);
            breaker_watch(engine);
        } while (engine->dirty_count > 0);
    }
    if (effects->count) effects->flush(effects);
    engine->effects = NULL;
    return e;
}

/* ---- the handle ---- */

struct engine_limits engine_limits_for(const struct settings *settings, uint32_t agents)
{
    int64_t tasks =
        settings->table_capacity ? settings->table_capacity : 4 * settings->max_pending_operations;
    if (tasks > LIMIT_TABLE) tasks = LIMIT_TABLE;
    return (struct engine_limits){.tasks = (uint32_t)tasks, .edges = (uint32_t)tasks * 2, .agents = agents};
}

size_t engine_memory_bytes(const struct engine_limits *limits)
{
    return arena_array_bytes(1, sizeof(struct engine)) +
           arena_array_bytes(limits->tasks, sizeof(struct task)) +
           arena_array_bytes(limits->edges, sizeof(struct edge)) +
           arena_array_bytes(limits->agents, sizeof(struct agent)) +
           2 * arena_array_bytes(limits->tasks, sizeof(uint32_t)) +
           arena_array_bytes(2 * (size_t)limits->tasks, sizeof(uint32_t)) +
           arena_array_bytes(limits->tasks, sizeof(uint32_t)) +
           2 * arena_array_bytes(waiting_queue_count(limits), sizeof(uint32_t)) + table_bytes(limits->tasks) +
           table_bytes(limits->agents) + heap_bytes(deadline_handle_count(limits));
}

static void init_lists(struct engine *engine)
{
    const struct list empty = {NONE, NONE, 0};
    for (int clock = 0; clock < CLOCK_COUNT; clock++) engine->clocks[clock] = empty;
    engine->by_age = engine->proof_queue = engine->proof_blocked = engine->ready = empty;
    engine->releasable = engine->plans = empty;
    for (int reason = 0; reason < WAIT_REASON_COUNT; reason++) engine->wait_heads[reason] = NONE;
    for (int i = 0; i < LIMIT_RUNNING_PLANS; i++)
        engine->running[i] = (struct running_plan){.root = NONE, .task = NONE};
    engine->free_task = engine->free_edge = NONE;
}

err engine_init(struct engine **out, struct arena *arena, const struct engine_limits *limits,
                const struct settings *settings)
{
    if (limits->tasks == 0 || limits->tasks > EDGE_PARENT_MASK || limits->agents == 0) return ERR_RANGE;
    struct engine *engine = arena_array(arena, 1, sizeof *engine);
    if (!engine) return ERR_NOMEM;
    engine->settings = *settings;
    engine->limits = *limits;
    engine->tasks = arena_array(arena, limits->tasks, sizeof *engine->tasks);
    engine->edges = arena_array(arena, limits->edges, sizeof *engine->edges);
    engine->agents = arena_array(arena, limits->agents, sizeof *engine->agents);
    engine->scratch = arena_array(arena, limits->tasks, sizeof *engine->scratch);
    engine->sort_keys = arena_array(arena, 2 * (size_t)limits->tasks, sizeof *engine->sort_keys);
    engine->sort_spare = arena_array(arena, limits->tasks, sizeof *engine->sort_spare);
    engine->sweep = arena_array(arena, limits->tasks, sizeof *engine->sweep);
    engine->dirty_queues = arena_array(arena, waiting_queue_count(limits), sizeof *engine->dirty_queues);
    engine->dirty_flags = arena_array(arena, waiting_queue_count(limits), sizeof *engine->dirty_flags);
    if (!engine->tasks || !engine->edges || !engine->agents || !engine->scratch || !engine->sweep ||
        !engine->sort_keys || !engine->sort_spare || !engine->dirty_queues || !engine->dirty_flags)
        return ERR_NOMEM;
    TRY(table_init(&engine->task_of_id, arena, limits->tasks));
    TRY(table_init(&engine->agent_of_id, arena, limits->agents));
    TRY(heap_init(&engine->deadlines, arena, deadline_handle_count(limits)));
    init_lists(engine);
    breaker_init(engine);
    *out = engine;
    return OK;
}

/* ---- questions ---- */

const struct engine_stats *engine_statistics(const struct engine *engine)
{
    return &engine->stats;
}

bool engine_find(const struct engine *engine, uint64_t id, struct task_ref *out)
{
    uint32_t slot;
    if (!table_find(&engine->task_of_id, id, &slot)) return false;
    *out = ref_of(engine, slot);
    return true;
}

err engine_task(const struct engine *engine, struct task_ref ref, struct task_view *out)
{
    const struct event asked = {.task = ref};
    uint32_t slot = slot_of_event(engine, &asked);
    if (slot == NONE) return ERR_STALE;
    const struct task *task = &engine->tasks[slot];
    *out = (struct task_view){
        .id = task->id,
        .bond_lamports = task->commitment == COMMITMENT_NONE ? 0 : task->bond_lamports,
        .snapshot_bytes = task->snapshot_bytes,
        .agent = task->agent,
        .status = (enum task_status)task->status,
        .waiting_for = (enum wait_reason)task->wait_reason,
        .depth_now = task->depth_now,
        .depth_at_admission = task->depth_at_admission,
        .incarnation = task->incarnation,
        .was_speculative = task->flags & TASK_SPECULATIVE,
        .is_in_rollback = task->flags & TASK_IN_PLAN,
        .is_uncovered = task->flags & TASK_UNCOVERED,
        .output_digest = task->output_digest,
        .commitment = (enum commitment_state)task->commitment,
        .proof = (enum proof_state)task->proof,
        .branch = (enum branch_state)task->branch,
        .snapshot = (enum snapshot_state)task->snapshot,
        .claim = (enum claim_state)task->claim,
        .since_ns = task->since_ns,
    };
    return OK;
}

bool engine_find_agent(const struct engine *engine, uint64_t id, uint32_t *index_out)
{
    return table_find(&engine->agent_of_id, id, index_out);
}

uint32_t engine_agent_count(const struct engine *engine)
{
    return engine->agent_count;
}

struct agent_view engine_agent(const struct engine *engine, uint32_t index)
{
    ASSERT(index < engine->agent_count);
    const struct agent *agent = &engine->agents[index];
    return (struct agent_view){
        .id = agent->id,
        .deposited = agent->deposited,
        .received = agent->received,
        .free = agent->free,
        .locked = agent->locked,
        .slashed = agent->slashed,
        .withdrawn = agent->withdrawn,
        .tips = agent->tips,
        .snapshots = agent->snapshots,
        .locks = agent->locks,
        .uncovered = agent->uncovered,
        .bond = bond_state_of(engine, agent),
        .cooldown_until_ns = agent->cooldown_until_ns,
        .payout_ns = agent->payout_ns,
    };
}
