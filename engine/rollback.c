/* engine/rollback.c: a wrong guess is undone, leaves first, each task once (engine.md 2.9).
 *
 * A failure is dealt with in two movements. At once: the root takes its final
 * status, every live descendant is blocked and leaves its queues, so that no
 * more work or money follows the wrong guess. Then, one task after the other
 * in reverse topological order, at most rollback.max_concurrent plans at a
 * time: abort what runs, restore the snapshot, settle the bond. The roots settle
 * last, because what they lose is shared among the victims.
 *
 * What is undone with a root is region.c's to say. A rollback that was ordered
 * rather than caused by a failure leaves the root its status until the end.
 *
 * A plan lives in its root's record. A failure above a plan that has not begun
 * its turns absorbs it: no task is in two plans, and a root inside another's
 * plan keeps its status and its slash (semantics.md 17). What lies below two
 * roots, of which neither is above the other, is undone with the first. */
#include "engine/state.h"

static struct running_plan *running_plan_of(struct engine *engine, uint32_t root)
{
    for (int i = 0; i < LIMIT_RUNNING_PLANS; i++)
        if (engine->running[i].root == root) return &engine->running[i];
    return NULL;
}

/* A failure above a plan that has not begun its turns takes all of it over. */
static uint32_t absorb_plans(struct engine *engine, uint32_t count)
{
    uint32_t reached = count;
    for (uint32_t i = 0; i < reached; i++) {
        uint32_t slot = engine->scratch[i];
        const struct task *task = task_at(engine, slot);
        bool is_waiting =
            (task->flags & TASK_IN_PLAN) && task->plan.root == slot && !running_plan_of(engine, slot);
        if (!is_waiting) continue;
        list_remove(engine, &engine->plans, LINK_QUEUE, slot);
        for (uint32_t member = task->plan.head; member != NONE; member = task_at(engine, member)->plan.next) {
            if (task_at(engine, member)->visited == engine->visit_mark) continue;
            task_at(engine, member)->visited = engine->visit_mark;
            engine->scratch[count++] = member;
        }
    }
    return count;
}

static void block(struct engine *engine, uint32_t slot, uint32_t root)
{
    struct task *task = task_at(engine, slot);
    task_detach(engine, slot);
    snapshot_pin(engine, slot);
    task->flags |= TASK_IN_PLAN;
    task->plan.root = root;
}

/* Takes a live task of the region, or one of an absorbed plan, into root's plan. False: it belongs elsewhere,
 * as the victim of a root that is not below this one. */
static bool take_into_plan(struct engine *engine, uint32_t slot, uint32_t root)
{
    struct task *task = task_at(engine, slot);
    if (task->flags & TASK_IN_PLAN) {
        bool is_absorbed = task_at(engine, task->plan.root)->visited == engine->visit_mark &&
                           !running_plan_of(engine, task->plan.root);
        if (is_absorbed) task->plan.root = root;
        return is_absorbed;
    }
    ASSERT(is_live(task));
    if (task->status != TASK_PENDING) task_at(engine, root)->plan.size++;
    block(engine, slot, root);
    return true;
}

/* Links the region and its root in the order of their turns; returns the spared. */
static uint32_t make_plan(struct engine *engine, uint32_t root)
{
    struct task *task = task_at(engine, root);
    struct region region = rollback_region(engine, root);
    uint32_t count = absorb_plans(engine, region.count), taken = 0;
    task->plan.size = 0;
    block(engine, root, root);
    for (uint32_t i = 0; i < count; i++)
        if (take_into_plan(engine, engine->scratch[i], root)) engine->scratch[taken++] = engine->scratch[i];
    engine->scratch[taken++] = root;
    slots_sort(engine, engine->scratch, taken, ORDER_UNDOING);
    if (MUTANT(4) || MUTANT(24)) taken = mutant_spoil_plan(engine, taken);
    uint32_t next = NONE;
    for (uint32_t i = taken; i-- > 0;) {
        task_at(engine, engine->scratch[i])->plan.next = next;
        next = engine->scratch[i];
    }
    task->plan.head = next;
    list_append(engine, &engine->plans, LINK_QUEUE, root);
    engine->stats.plans_waiting = engine->plans.count;
    return region.spared;
}

static struct effect *note_rollback(struct engine *engine, enum effect_kind kind, uint32_t root)
{
    const struct task *task = task_at(engine, root);
    struct effect *note = effect_push(engine, kind, root);
    note->u.rollback.reason = (enum rollback_reason)task->reason;
    note->u.rollback.size = task->plan.size;
    note->u.rollback.began_ns = task->clock_ns;
    note->u.rollback.slashed_lamports = 0;
    return note;
}

/* Whoever is spared has fewer open ancestors now. */
static void let_go(struct engine *engine, uint32_t spared)
{
    for (uint32_t slot = spared; slot != NONE; slot = task_at(engine, slot)->plan.next)
        task_refresh_depth(engine, slot);
    for (uint32_t next; spared != NONE; spared = next) {
        const struct task *task = task_at(engine, spared);
        next = task->plan.next;
        ASSERT(is_live(task) && !(task->flags & TASK_IN_PLAN));
        descendant_progress(engine, spared);
        recheck_edges(engine, spared);
    }
}

static void begin(struct engine *engine, uint32_t slot, enum rollback_reason reason, uint32_t factor_bps)
{
    struct task *task = task_at(engine, slot);
    task->flags |= TASK_ROOT;
    task->factor_bps = (uint16_t)factor_bps;
    engine->stats.rollback_events[reason]++;
    if (task->flags & TASK_SPECULATIVE) engine->stats.rollbacks_by_reason[reason]++;
    uint32_t spared = make_plan(engine, slot);
    task->clock_ns = engine->now_ns;
    note_rollback(engine, NOTE_ROLLBACK_BEGIN, slot);
    breaker_cascade(engine, task->plan.size);
    let_go(engine, spared);
}

/* What people order says nothing about how well speculation works. */
static bool is_order(enum rollback_reason reason)
{
    return reason == REASON_MANUAL || reason == REASON_EMERGENCY_SHUTDOWN;
}

static void tell_breaker(struct engine *engine, uint32_t root)
{
    const struct task *task = task_at(engine, root);
    if (is_order((enum rollback_reason)task->reason)) return;
    if (task->flags & TASK_SPECULATIVE) breaker_rolled_back(engine);
    breaker_failure(engine);
}

static void fail(struct engine *engine, uint32_t slot, enum task_move move, enum rollback_reason reason,
                 uint32_t factor_bps)
{
    task_at(engine, slot)->reason = (uint8_t)reason;
    task_detach(engine, slot);
    task_advance(engine, slot, move, reason);
    tell_breaker(engine, slot);
    begin(engine, slot, reason, factor_bps);
}

void rollback_root(struct engine *engine, uint32_t slot, enum task_move move, enum rollback_reason reason)
{
    fail(engine, slot, move, reason, (uint32_t)engine->settings.reason_factor_bps[reason]);
}

void rollback_root_faultless(struct engine *engine, uint32_t slot, enum rollback_reason reason)
{
    fail(engine, slot, MOVE_FAIL, reason, 0);
}

void rollback_ordered(struct engine *engine, uint32_t slot, enum rollback_reason reason)
{
    struct task *task = task_at(engine, slot);
    task->reason = (uint8_t)reason;
    if (task->status == TASK_PENDING) {
        task_detach(engine, slot);
        task_advance(engine, slot, MOVE_CANCEL, reason);
    }
    begin(engine, slot, reason, 0);
}

/* The last act of a victim's turn. */
static void undo(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    task->reason = REASON_ANCESTOR_FAILED;
    if (task->status == TASK_PENDING) {
        task_advance(engine, slot, MOVE_CANCEL, REASON_ANCESTOR_FAILED);
    } else {
        task_advance(engine, slot, MOVE_ROLL_BACK, REASON_ANCESTOR_FAILED);
        bool is_counted = !MUTANT(25) || task_at(engine, task->plan.root)->plan.head == slot;
        if (is_counted) engine->stats.rollbacks_by_reason[REASON_ANCESTOR_FAILED]++;
        if (!is_order((enum rollback_reason)task_at(engine, task->plan.root)->reason))
            breaker_rolled_back(engine);
    }
    if (MUTANT(22) && engine->plans.count > 0) {
        task->factor_bps = BPS_ONE;
        ledger_settle_root(engine, slot, task->plan.root);
    }
    ledger_release(engine, slot);
    task_finish(engine, slot);
}

static void settle_root(struct engine *engine, uint32_t slot, uint32_t plan_root)
{
    struct task *task = task_at(engine, slot);
    if (is_live(task)) task_advance(engine, slot, MOVE_ROLL_BACK, (enum rollback_reason)task->reason);
    uint64_t slashed = ledger_settle_root(engine, slot, plan_root);
    struct effect *note = note_rollback(engine, NOTE_ROLLBACK_END, slot);
    note->u.rollback.slashed_lamports = slashed;
    task_finish(engine, slot);
}

/* All turns are over: the roots pay, the first one last. */
static void complete(struct engine *engine, uint32_t root)
{
    uint32_t head = task_at(engine, root)->plan.head;
    for (uint32_t slot = head; slot != NONE; slot = task_at(engine, slot)->plan.next)
        if (slot != root && (task_at(engine, slot)->flags & TASK_ROOT)) settle_root(engine, slot, root);
    settle_root(engine, root, root);
    for (uint32_t slot = head; slot != NONE; slot = task_at(engine, slot)->plan.next)
        task_at(engine, slot)->flags &= (uint16_t)~TASK_IN_PLAN;
}

/* Asks a port for something and gives it until the deadline to answer. */
static void ask(struct engine *engine, struct running_plan *plan, enum plan_stage stage, int64_t patience_ns)
{
    const struct task *task = task_at(engine, plan->task);
    plan->stage = stage;
    if (stage == PLAN_ABORTING)
        effect_push(engine, EFFECT_ABORT, plan->task);
    else
        effect_push(engine, EFFECT_RESTORE, plan->task)->u.restore.bytes = task->snapshot_bytes;
    plan->deadline_ns = ns_after(engine->now_ns, patience_ns);
}

static void end_turn(struct engine *engine, uint32_t root, uint32_t slot)
{
    const struct task *task = task_at(engine, slot);
    struct effect *note = effect_push(engine, NOTE_UNDONE, slot);
    note->u.undone.before = (enum task_status)task->status;
    note->u.undone.root_id = task_at(engine, root)->id;
    note->u.undone.wasted_ns = task->compute_ns;
    if (!(task->flags & TASK_ROOT)) undo(engine, slot);
}

/* Runs turns until a port has to be asked. True when the plan is complete. */
static bool run_turns(struct engine *engine, struct running_plan *plan)
{
    const struct settings *settings = &engine->settings;
    for (;;) {
        const struct task *task = task_at(engine, plan->task);
        if (plan->stage == PLAN_IDLE && (task->flags & TASK_RUNNING)) {
            ask(engine, plan, PLAN_ABORTING, settings->rollback_grace_ns);
            return false;
        }
        if (plan->stage != PLAN_RESTORING && is_restorable(task)) {
            ask(engine, plan, PLAN_RESTORING, settings->rollback_timeout_ns);
            return false;
        }
        plan->stage = PLAN_IDLE;
        end_turn(engine, plan->root, plan->task);
        if (task->plan.next == NONE) return true;
        plan->task = task->plan.next;
    }
}

static void carry_on(struct engine *engine, struct running_plan *plan)
{
    plan->deadline_ns = NEVER_NS;
    if (!run_turns(engine, plan)) return;
    complete(engine, plan->root);
    engine->stats.plans_running--;
    *plan = (struct running_plan){.root = NONE, .task = NONE};
}

static struct running_plan *free_place(struct engine *engine)
{
    /* The limit may have been lowered below what runs. */
    if (engine->stats.plans_running >= (uint64_t)engine->settings.rollback_max_concurrent) return NULL;
    struct running_plan *plan = engine->running;
    while (plan->root != NONE) plan++;
    ASSERT(plan < engine->running + LIMIT_RUNNING_PLANS);
    return plan;
}

void rollback_dispatch(struct engine *engine)
{
    struct running_plan *plan;
    while (engine->plans.head != NONE && (plan = free_place(engine))) {
        uint32_t root = engine->plans.head;
        list_remove(engine, &engine->plans, LINK_QUEUE, root);
        engine->stats.plans_waiting = engine->plans.count;
        engine->stats.plans_running++;
        *plan = (struct running_plan){.root = root, .task = task_at(engine, root)->plan.head};
        carry_on(engine, plan);
    }
}

err rollback_stage_done(struct engine *engine, uint32_t slot, enum plan_stage stage)
{
    for (int i = 0; i < LIMIT_RUNNING_PLANS; i++) {
        struct running_plan *plan = &engine->running[i];
        if (plan->root == NONE || plan->task != slot || plan->stage != stage) continue;
        carry_on(engine, plan);
        return OK;
    }
    return ERR_STALE;
}

void rollback_ask_again(struct engine *engine)
{
    const struct settings *settings = &engine->settings;
    for (int i = 0; i < LIMIT_RUNNING_PLANS; i++) {
        struct running_plan *plan = &engine->running[i];
        if (plan->root == NONE || plan->stage == PLAN_IDLE) continue;
        bool aborts = plan->stage == PLAN_ABORTING;
        if (MUTANT(16)) mutant_repeat_turns(engine, plan->root, plan->task);
        ask(engine, plan, plan->stage, aborts ? settings->rollback_grace_ns : settings->rollback_timeout_ns);
    }
}

int64_t rollback_deadline_ns(const struct engine *engine)
{
    int64_t first_ns = NEVER_NS;
    for (int i = 0; i < LIMIT_RUNNING_PLANS; i++) {
        const struct running_plan *plan = &engine->running[i];
        if (plan->root != NONE && plan->deadline_ns < first_ns) first_ns = plan->deadline_ns;
    }
    return first_ns;
}

/* A port did not answer in time: the clean-up goes on without it. */
void rollback_tick(struct engine *engine)
{
    for (int i = 0; i < LIMIT_RUNNING_PLANS && engine->stats.plans_running; i++) {
        struct running_plan *plan = &engine->running[i];
        while (plan->root != NONE && plan->deadline_ns <= engine->now_ns) {
            task_at(engine, plan->task)->flags &= (uint16_t)~TASK_RUNNING;
            carry_on(engine, plan);
        }
    }
}
