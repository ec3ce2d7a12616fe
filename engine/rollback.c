/* engine/rollback.c: a wrong guess is undone, leaves first, each task once (engine.md 2.9).
 *
 * A failure is dealt with in two movements. At once: the root takes its final
 * status, every live descendant is blocked and leaves its queues, so that no
 * more work or money follows the wrong guess. Then, one task after the other
 * in reverse topological order, at most rollback.max_concurrent plans at a
 * time: abort what runs, restore the snapshot, settle the bond. The root's turn
 * is last, because what it loses is shared among the victims.
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

static bool is_root(const struct task *task, uint32_t slot)
{
    return task->plan.root == slot || task->status == TASK_FAILED || task->status == TASK_EXPIRED ||
           (task->status == TASK_CANCELLED && task->reason != REASON_ANCESTOR_FAILED);
}

/* Takes a live descendant just found, or an absorbed plan's task, into root's plan. False: it belongs
 * elsewhere. */
static bool take_into_plan(struct engine *engine, uint32_t slot, uint32_t root)
{
    struct task *task = task_at(engine, slot);
    if (task->flags & TASK_IN_PLAN) {
        /* Another root's victim stays with it, unless that root is below this one and goes with all it has.
         */
        bool is_absorbed = task_at(engine, task->plan.root)->visited == engine->visit_mark;
        if (!is_absorbed || running_plan_of(engine, task->plan.root)) return false;
        if (task->plan.root == slot) list_remove(engine, &engine->plans, LINK_QUEUE, slot);
    } else {
        if (task_status_is_terminal((enum task_status)task->status)) return false;
        if (task->status != TASK_PENDING) task_at(engine, root)->plan.size++;
        task_detach(engine, slot);
        task->flags |= TASK_IN_PLAN;
    }
    task->plan.root = root;
    return true;
}

/* Deepest first, later submission first: a reverse topological order. */
static bool undone_before(const struct task *a, const struct task *b)
{
    if (a->depth_now != b->depth_now) return a->depth_now > b->depth_now;
    return a->seq > b->seq;
}

static void make_plan(struct engine *engine, uint32_t root)
{
    struct task *task = task_at(engine, root);
    uint32_t count = graph_descendants(engine, root), taken = 0;
    task->flags |= TASK_IN_PLAN;
    task->plan.root = root;
    task->plan.size = 0;
    task->plan.next = NONE;
    for (uint32_t i = 0; i < count; i++)
        if (take_into_plan(engine, engine->scratch[i], root)) engine->scratch[taken++] = engine->scratch[i];
    slots_sort(engine, engine->scratch, taken, undone_before);
    uint32_t next = NONE;
    for (uint32_t i = taken; i-- > 0;) {
        task_at(engine, engine->scratch[i])->plan.next = next;
        next = engine->scratch[i];
    }
    task->plan.head = next;
    list_append(engine, &engine->plans, LINK_QUEUE, root);
    engine->stats.plans_waiting = engine->plans.count;
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

static void begin(struct engine *engine, uint32_t slot, enum task_move move, uint32_t factor_bps)
{
    struct task *task = task_at(engine, slot);
    enum rollback_reason reason = (enum rollback_reason)task->reason;
    task->factor_bps = (uint16_t)factor_bps;
    task_detach(engine, slot);
    task_advance(engine, slot, move, reason);
    task->clock_ns = engine->now_ns;
    engine->stats.rollback_events[reason]++;
    if (task->flags & TASK_SPECULATIVE) engine->stats.rollbacks_by_reason[reason]++;
    make_plan(engine, slot);
    note_rollback(engine, NOTE_ROLLBACK_BEGIN, slot);
}

void rollback_root(struct engine *engine, uint32_t slot, enum task_move move, enum rollback_reason reason)
{
    task_at(engine, slot)->reason = (uint8_t)reason;
    begin(engine, slot, move, (uint32_t)engine->settings.reason_factor_bps[reason]);
}

void rollback_root_faultless(struct engine *engine, uint32_t slot, enum rollback_reason reason)
{
    task_at(engine, slot)->reason = (uint8_t)reason;
    begin(engine, slot, MOVE_FAIL, 0);
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
        engine->stats.rollbacks_by_reason[REASON_ANCESTOR_FAILED]++;
    }
    ledger_release(engine, slot);
    task_finish(engine, slot);
}

static void settle_root(struct engine *engine, uint32_t slot, uint32_t plan_root)
{
    uint64_t slashed = ledger_settle_root(engine, slot, plan_root);
    struct effect *note = note_rollback(engine, NOTE_ROLLBACK_END, slot);
    note->u.rollback.slashed_lamports = slashed;
    task_finish(engine, slot);
}

/* All turns are over: the roots pay, the first one last. */
static void complete(struct engine *engine, uint32_t root)
{
    for (uint32_t slot = task_at(engine, root)->plan.head; slot != NONE;
         slot = task_at(engine, slot)->plan.next)
        if (is_root(task_at(engine, slot), slot)) settle_root(engine, slot, root);
    settle_root(engine, root, root);
    for (uint32_t slot = task_at(engine, root)->plan.head; slot != NONE;
         slot = task_at(engine, slot)->plan.next)
        task_at(engine, slot)->flags &= (uint16_t)~TASK_IN_PLAN;
    task_at(engine, root)->flags &= (uint16_t)~TASK_IN_PLAN;
}

static uint32_t plan_index(const struct engine *engine, const struct running_plan *plan)
{
    return (uint32_t)(plan - engine->running);
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
    heap_set(&engine->deadlines, deadline_handle(engine, DEADLINE_PLAN, plan_index(engine, plan)),
             ns_after(engine->now_ns, patience_ns));
}

/* Runs turns until a port has to be asked. True when the plan is complete. */
static bool run_turns(struct engine *engine, struct running_plan *plan)
{
    const struct settings *settings = &engine->settings;
    for (;;) {
        struct task *task = task_at(engine, plan->task);
        if (plan->stage == PLAN_IDLE && (task->flags & TASK_RUNNING)) {
            ask(engine, plan, PLAN_ABORTING, settings->rollback_grace_ns);
            return false;
        }
        if (plan->stage != PLAN_RESTORING && (task->flags & TASK_HAS_SNAPSHOT)) {
            ask(engine, plan, PLAN_RESTORING, settings->rollback_timeout_ns);
            return false;
        }
        plan->stage = PLAN_IDLE;
        if (plan->task == plan->root) return true;
        uint32_t next = task->plan.next;
        if (!is_root(task, plan->task)) undo(engine, plan->task);
        plan->task = next == NONE ? plan->root : next;
    }
}

static void carry_on(struct engine *engine, struct running_plan *plan)
{
    heap_remove(&engine->deadlines, deadline_handle(engine, DEADLINE_PLAN, plan_index(engine, plan)));
    if (!run_turns(engine, plan)) return;
    complete(engine, plan->root);
    engine->stats.plans_running--;
    *plan = (struct running_plan){.root = NONE, .task = NONE};
}

static struct running_plan *free_place(struct engine *engine)
{
    for (int64_t i = 0; i < engine->settings.rollback_max_concurrent && i < LIMIT_RUNNING_PLANS; i++)
        if (engine->running[i].root == NONE) return &engine->running[i];
    return NULL;
}

void rollback_dispatch(struct engine *engine)
{
    struct running_plan *plan;
    while (engine->plans.head != NONE && (plan = free_place(engine))) {
        uint32_t root = engine->plans.head;
        list_remove(engine, &engine->plans, LINK_QUEUE, root);
        engine->stats.plans_waiting = engine->plans.count;
        engine->stats.plans_running++;
        uint32_t first = task_at(engine, root)->plan.head;
        *plan = (struct running_plan){.root = root, .task = first == NONE ? root : first};
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

/* The port did not answer in time: the clean-up goes on without it. */
void rollback_stage_timeout(struct engine *engine, uint32_t index)
{
    struct running_plan *plan = &engine->running[index];
    task_at(engine, plan->task)->flags &= (uint16_t)~TASK_RUNNING;
    carry_on(engine, plan);
}
