/* engine/audit_deadlines.c: rollback plans, and what the heap of deadlines must hold. */
#include "engine/audit.h"

/* ---- plans ---- */

static bool is_undone_before(const struct task *a, const struct task *b)
{
    if (a->depth_now != b->depth_now) return a->depth_now > b->depth_now;
    return a->seq > b->seq;
}

struct plan_walk {
    uint32_t root, cursor; /* cursor: whose turn it is, NONE while the plan waits */
    bool saw_root, saw_cursor;
    uint64_t seen;
};

/* False when the plan cannot be followed. */
static bool see_member(struct audit *audit, struct plan_walk *walk, uint32_t slot, const struct task *before)
{
    const struct task *task = audit_task(audit, slot);
    if (!task || !(task->flags & TASK_IN_PLAN) || task->plan.root != walk->root) {
        audit_report(audit, (struct finding){.kind = FINDING_PLAN, .index = slot, .what = "member"});
        return false;
    }
    if (before && !is_undone_before(before, task)) {
        audit_task_finding(audit, FINDING_PLAN, slot, "order");
        return false;
    }
    walk->seen++;
    walk->saw_root = walk->saw_root || slot == walk->root;
    walk->saw_cursor = walk->saw_cursor || slot == walk->cursor;
    bool had_its_turn = walk->cursor != NONE && !walk->saw_cursor;
    bool is_done = task->flags & TASK_DETACHED;
    if (is_done != (had_its_turn && !(task->flags & TASK_ROOT)))
        audit_task_finding(audit, FINDING_PLAN, slot, "turn");
    return true;
}

static void check_plan(struct audit *audit, uint32_t root, uint32_t cursor)
{
    const struct task *task = audit_task(audit, root), *before = NULL;
    struct plan_walk walk = {.root = root, .cursor = cursor};
    if (!task) {
        audit_report(audit, (struct finding){.kind = FINDING_PLAN, .index = root, .what = "root"});
        return;
    }
    for (uint32_t slot = task->plan.head; slot != NONE; slot = before->plan.next) {
        if (!see_member(audit, &walk, slot, before)) return;
        before = &audit->engine->tasks[slot];
    }
    if (!walk.saw_root || (cursor != NONE && !walk.saw_cursor))
        audit_task_finding(audit, FINDING_PLAN, root, walk.saw_root ? "cursor" : "root");
    audit->planned -= walk.seen <= audit->planned ? walk.seen : 0;
}

static void check_stage(struct audit *audit, const struct running_plan *plan)
{
    const struct task *task = audit_task(audit, plan->task);
    bool is_good = task && (plan->stage == PLAN_ABORTING    ? (task->flags & TASK_RUNNING) != 0
                            : plan->stage == PLAN_RESTORING ? is_restorable(task)
                                                            : false);
    if (!is_good)
        audit_report(audit, (struct finding){.kind = FINDING_PLAN, .index = plan->root, .what = "stage"});
    if (plan->deadline_ns == NEVER_NS)
        audit_report(audit, (struct finding){.kind = FINDING_DEADLINE, .index = plan->root, .what = "plan"});
}

void audit_plans(struct audit *audit)
{
    const struct engine *engine = audit->engine;
    for (int i = 0; i < LIMIT_RUNNING_PLANS; i++) {
        const struct running_plan *plan = &engine->running[i];
        if (plan->root == NONE) continue;
        audit->counted.plans_running++;
        check_plan(audit, plan->root, plan->task);
        check_stage(audit, plan);
    }
    for (uint32_t slot = 0; slot < engine->fresh_task; slot++)
        if (audit_task(audit, slot) && audit_belongs(audit, slot, LIST_PLANS)) {
            audit->counted.plans_waiting++;
            check_plan(audit, slot, NONE);
        }
    audit_equal(audit, FINDING_PLAN, NONE, "tasks in no plan", audit->planned, 0);
}

/* ---- deadlines ---- */

/* The handle has a deadline exactly when `is_due`, and at `at_ns` unless that is NEVER_NS. */
static void expect(struct audit *audit, uint32_t handle, bool is_due, int64_t at_ns, struct finding finding)
{
    int64_t key_ns;
    bool is_there = heap_find(&audit->engine->deadlines, handle, &key_ns);
    finding.kind = FINDING_DEADLINE;
    if (is_there != is_due || (is_there && at_ns != NEVER_NS && key_ns != at_ns))
        audit_report(audit, finding);
    audit->deadlines += is_there;
}

/* The end of its claim or of its backoff, whichever comes first. */
void audit_task_deadlines(struct audit *audit, uint32_t slot)
{
    const struct engine *engine = audit->engine;
    const struct task *task = &engine->tasks[slot];
    bool is_claimed = task->claim == CLAIM_CLAIMED && is_live(task) && !(task->flags & TASK_IN_PLAN);
    bool backs_off = task->proof == PROOF_BACKOFF || task->proof == PROOF_RESENDING;
    int64_t at_ns = is_claimed ? task->claim_expires_ns : NEVER_NS;
    if (backs_off && task->clock_ns < at_ns) at_ns = task->clock_ns;
    expect(audit, deadline_handle(engine, DEADLINE_TASK, slot), at_ns != NEVER_NS, at_ns,
           (struct finding){.index = slot, .id = task->id, .what = "deadline"});
}

static void check_cooldowns(struct audit *audit)
{
    const struct engine *engine = audit->engine;
    for (uint32_t index = 0; index < engine->agent_count; index++) {
        const struct agent *agent = &engine->agents[index];
        uint32_t handle = deadline_handle(engine, DEADLINE_COOLDOWN, index);
        int64_t key_ns;
        /* Over, but no tick has come yet: it may still be there. */
        bool is_due =
            agent->cooldown_until_ns > engine->now_ns || heap_find(&engine->deadlines, handle, &key_ns);
        expect(audit, handle, is_due, agent->cooldown_until_ns,
               (struct finding){.index = index, .id = agent->id, .what = "cooldown"});
    }
}

static void check_engine_deadlines(struct audit *audit)
{
    const struct engine *engine = audit->engine;
    const struct finding whole = {.index = NONE, .what = "drain"};
    int64_t key_ns;
    uint32_t drain = deadline_handle(engine, DEADLINE_DRAIN, 0);
    bool drains = engine->drain.is_on && heap_find(&engine->deadlines, drain, &key_ns);
    expect(audit, drain, drains, NEVER_NS, whole);
    /* The retry's is over when a tick has come, even when the condition that opened it has not ended. */
    for (uint32_t i = 0; i < BREAKER_DEADLINES; i++) {
        uint32_t handle = deadline_handle(engine, DEADLINE_BREAKER, i);
        bool must_be = i == BREAKER_RETRY && engine->breaker.retry_ns != NEVER_NS &&
                       engine->breaker.retry_ns > engine->now_ns;
        expect(audit, handle, must_be || heap_find(&engine->deadlines, handle, &key_ns),
               i == BREAKER_RETRY ? engine->breaker.retry_ns : NEVER_NS,
               (struct finding){.index = NONE, .what = "breaker"});
    }
}

static void check_heap(struct audit *audit)
{
    const struct deadline_heap *heap = &audit->engine->deadlines;
    const struct finding broken = {.kind = FINDING_DEADLINE, .index = NONE, .what = "order of the heap"};
    for (uint32_t i = 0; i < heap->count && i < heap->handle_count; i++) {
        uint32_t handle = heap->heap[i], above = heap->heap[i ? (i - 1) / 2 : 0];
        if (handle >= heap->handle_count || above >= heap->handle_count || heap->position[handle] != i + 1) {
            audit_report(audit, broken);
            return;
        }
        if (i == 0) continue;
        int64_t key_ns = heap->key_of_handle[handle], above_ns = heap->key_of_handle[above];
        if (above_ns > key_ns || (above_ns == key_ns && above > handle)) audit_report(audit, broken);
    }
}

void audit_deadlines(struct audit *audit)
{
    check_cooldowns(audit);
    check_engine_deadlines(audit);
    check_heap(audit);
    audit_equal(audit, FINDING_DEADLINE, NONE, "deadlines", audit->engine->deadlines.count, audit->deadlines);
}
