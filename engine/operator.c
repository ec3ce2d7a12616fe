/* engine/operator.c: what people order (engine.md 2.7, 2.10, 5.1).
 *
 * Nothing ordered is ever slashed. Sweeps find their tasks first, in order of
 * submission, then act on each that is still as it was found: what one takes
 * with it is not touched twice. */
#include "engine/state.h"

static void report(struct engine *engine, const struct event *event, uint64_t count, uint64_t amount)
{
    struct effect *note = effect_push(engine, NOTE_REPORT, NONE);
    note->u.report.event = event->kind;
    note->u.report.count = count;
    note->u.report.amount = amount;
}

static bool is_open(const struct task *task)
{
    return is_live(task) && !(task->flags & TASK_IN_PLAN);
}

/* Tasks for which `wants` holds, in order of submission, into the sweep. */
static uint32_t find(struct engine *engine, const struct event *event,
                     bool (*wants)(const struct engine *engine, const struct task *task,
                                   const struct event *event))
{
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < engine->fresh_task; slot++) {
        const struct task *task = task_at(engine, slot);
        if ((task->flags & TASK_USED) && wants(engine, task, event)) engine->sweep[count++] = slot;
    }
    slots_sort(engine, engine->sweep, count, ORDER_SUBMISSION);
    return count;
}

/* ---- rollbacks ---- */

err on_rollback(struct engine *engine, const struct event *event)
{
    uint32_t slot = slot_of_event(engine, event);
    if ((unsigned)event->u.rollback.reason >= REASON_COUNT) return ERR_RANGE;
    if (slot == NONE || (task_at(engine, slot)->flags & TASK_IN_PLAN)) return ERR_STALE;
    if (!move_may(engine, MACHINE_TASK, task_at(engine, slot)->status, MOVE_CANCEL)) return ERR_STALE;
    rollback_ordered(engine, slot, event->u.rollback.reason);
    report(engine, event, 1 + task_at(engine, slot)->plan.size, 0);
    return OK;
}

/* Speculative, with nothing speculative above it. */
static bool is_topmost(const struct engine *engine, const struct task *task, const struct event *event)
{
    (void)event;
    if (!is_open(task) || !(task->flags & TASK_SPECULATIVE)) return false;
    FOR_EACH_PARENT(engine, task, edge)
    {
        if (!edge_is_dropped(edge) && is_speculative_active(&engine->tasks[edge_parent(edge)])) return false;
    }
    return true;
}

/* Nothing speculative is left over: what a selective rollback spares comes next. */
static uint64_t roll_back_all(struct engine *engine, const struct event *event, enum rollback_reason reason)
{
    uint64_t tasks = 0;
    uint32_t count;
    while ((count = find(engine, event, is_topmost)) > 0) {
        for (uint32_t i = 0; i < count; i++) {
            if (!is_open(task_at(engine, engine->sweep[i]))) continue;
            rollback_ordered(engine, engine->sweep[i], reason);
            tasks += 1 + task_at(engine, engine->sweep[i])->plan.size;
        }
    }
    return tasks;
}

err on_force_rollback(struct engine *engine, const struct event *event)
{
    if ((unsigned)event->u.rollback.reason >= REASON_COUNT) return ERR_RANGE;
    report(engine, event, roll_back_all(engine, event, event->u.rollback.reason), 0);
    return OK;
}

static bool is_stale(const struct engine *engine, const struct task *task, const struct event *event)
{
    return is_open(task) && engine->now_ns - task->since_ns > event->u.stale.older_than_ns;
}

err on_timeout_stale(struct engine *engine, const struct event *event)
{
    if (event->u.stale.older_than_ns < 0) return ERR_RANGE;
    uint32_t count = find(engine, event, is_stale), done = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_open(task_at(engine, engine->sweep[i]))) continue;
        rollback_root(engine, engine->sweep[i], MOVE_FAIL, REASON_CONFIRMATION_TIMEOUT);
        done++;
    }
    report(engine, event, done, 0);
    return OK;
}

/* ---- drain ---- */

static void drain_begin(struct engine *engine, int64_t timeout_ns, bool is_forced)
{
    engine->drain = (struct drain){.is_on = true, .is_forced = is_forced};
    engine->stats.draining = 1;
    uint32_t handle = deadline_handle(engine, DEADLINE_DRAIN, 0);
    heap_remove(&engine->deadlines, handle);
    if (timeout_ns != NEVER_NS) heap_set(&engine->deadlines, handle, ns_after(engine->now_ns, timeout_ns));
}

static void drain_end(struct engine *engine)
{
    engine->drain = (struct drain){0};
    engine->stats.draining = 0;
    heap_remove(&engine->deadlines, deadline_handle(engine, DEADLINE_DRAIN, 0));
    effect_push(engine, NOTE_DRAINED, NONE)->u.drained.remaining = engine->stats.speculative_active;
    waiting_freed(engine, WAIT_DISABLED, 0);
}

void drain_watch(struct engine *engine)
{
    if (engine->drain.is_on && engine->stats.speculative_active == 0) drain_end(engine);
}

/* Forced, the drain ends when the rollbacks do. */
void drain_timeout(struct engine *engine)
{
    const struct event order = {.kind = EVENT_FORCE_ROLLBACK};
    if (MUTANT(18)) mutant_force_back_confirmed(engine);
    if (engine->drain.is_forced)
        roll_back_all(engine, &order, REASON_MANUAL);
    else
        drain_end(engine);
}

err on_drain(struct engine *engine, const struct event *event)
{
    if (event->u.drain.timeout_ns < 0) return ERR_RANGE;
    if (engine->drain.is_on) return ERR_CONFLICT;
    drain_begin(engine, event->u.drain.timeout_ns, event->u.drain.is_forced);
    return OK;
}

err on_emergency(struct engine *engine, const struct event *event)
{
    bool is_forced = event->u.emergency.is_forced;
    uint64_t tasks = 0;
    if (event->u.emergency.action > EMERGENCY_DRAIN) return ERR_RANGE;
    if (event->u.emergency.action == EMERGENCY_DISABLE) {
        engine->settings.enabled = 0;
        if (MUTANT(17)) mutant_return_slashed(engine);
        if (is_forced) tasks = roll_back_all(engine, event, REASON_EMERGENCY_SHUTDOWN);
    }
    /* An emergency takes the place of a drain that is under way. */
    bool rolls_back_later = event->u.emergency.action == EMERGENCY_DRAIN;
    drain_begin(engine, engine->settings.drain_timeout_ns, rolls_back_later || is_forced);
    report(engine, event, tasks, 0);
    return OK;
}

/* ---- proofs ---- */

err on_clear_queue(struct engine *engine, const struct event *event)
{
    uint32_t count = proof_clear_queue(engine, engine->sweep);
    uint64_t queued = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = engine->sweep[i];
        if (!is_open(task_at(engine, slot))) continue; /* a failure before it took it along */
        if (MUTANT(19) && event->u.clear.is_dropped) continue;
        if (event->u.clear.is_dropped) {
            rollback_root_faultless(engine, slot, REASON_PROOF_FAILED);
        } else {
            proof_request(engine, slot);
            queued++;
        }
    }
    report(engine, event, count, queued);
    return OK;
}

err on_proof_retry(struct engine *engine, const struct event *event)
{
    uint32_t slot = slot_of_event(engine, event);
    return slot == NONE ? ERR_STALE : proof_retry_now(engine, slot);
}

/* ---- snapshots and stake ---- */

static bool is_old_snapshot(const struct engine *engine, const struct task *task, const struct event *event)
{
    if (engine->now_ns - task->since_ns <= event->u.snapshots.older_than_ns) return false;
    if (task->snapshot == SNAPSHOT_RELEASABLE) return true;
    return task->snapshot == SNAPSHOT_LIVE && event->u.snapshots.includes_live;
}

static void give_up(struct engine *engine, uint32_t slot)
{
    if (task_at(engine, slot)->snapshot == SNAPSHOT_RELEASABLE)
        snapshot_collect(engine, slot);
    else
        snapshot_drop(engine, slot);
}

err on_snapshots_clear(struct engine *engine, const struct event *event)
{
    if (event->u.snapshots.older_than_ns < 0) return ERR_RANGE;
    uint32_t count = find(engine, event, is_old_snapshot);
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) bytes += task_at(engine, engine->sweep[i])->snapshot_bytes;
    report(engine, event, count, bytes);
    if (event->u.snapshots.is_dry_run) return OK;
    /* All are given up before anything is undone: what one takes with it would be restored otherwise. */
    for (uint32_t i = 0; i < count; i++) give_up(engine, engine->sweep[i]);
    for (uint32_t i = 0; i < count; i++)
        if (is_open(task_at(engine, engine->sweep[i])))
            rollback_ordered(engine, engine->sweep[i], REASON_MANUAL);
    return OK;
}

/* A lock whose commitment is over, and which no rollback is about to settle. */
static bool is_stuck(const struct engine *engine, const struct task *task, const struct event *event)
{
    uint64_t agent = event->u.recover.agent_id;
    bool is_asked = agent == 0 || engine->agents[task->agent].id == agent;
    return is_asked && !is_live(task) && (task->flags & TASK_COMMITTED) && !(task->flags & TASK_IN_PLAN);
}

err on_stake_recover(struct engine *engine, const struct event *event)
{
    uint32_t count = find(engine, event, is_stuck);
    uint64_t lamports = 0;
    for (uint32_t i = 0; i < count; i++) {
        lamports += task_at(engine, engine->sweep[i])->bond_lamports;
        ledger_release(engine, engine->sweep[i]);
    }
    engine->stats.stuck_locks_released += count;
    report(engine, event, count, lamports);
    return OK;
}
