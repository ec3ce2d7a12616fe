/* engine/confirm.c: what a confirmation changes, for the task and for everyone below it. */
#include "engine/state.h"

void task_set_depth(struct engine *engine, uint32_t slot, uint32_t depth)
{
    struct task *task = task_at(engine, slot);
    if (task->depth_now == depth) return;
    if (is_speculative_active(task)) {
        engine->stats.active_by_depth[depth_class(task->depth_now)]--;
        engine->stats.active_by_depth[depth_class(depth)]++;
    }
    waiting_rekey(engine, slot, depth, task->claim_expires_ns);
}

void task_refresh_depth(struct engine *engine, uint32_t slot)
{
    const struct task *task = task_at(engine, slot);
    if (is_live(task) && !(task->flags & TASK_IN_PLAN))
        task_set_depth(engine, slot, graph_depth(engine, slot));
}

/* An ancestor of this live task was confirmed, or does not count any more; its depth is the new one. */
void descendant_progress(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    /* A ready proof's patience counts from the last progress above it (semantics.md 13). */
    if (task->status == TASK_AWAITING_ANCESTORS) clock_start(engine, slot, CLOCK_AWAITING);
    if (task->unconfirmed_parents > 0) {
        if (task->status != TASK_PENDING) return;
        if (task->wait_reason == WAIT_DEPTH_LIMIT)
            admission_try(engine, slot);
        else /* shallower means cheaper: its bond may fit now */
            waiting_freed(engine, (enum wait_reason)task->wait_reason, task->agent);
        return;
    }
    if (task->status == TASK_PENDING)
        admission_try(engine, slot);
    else if (task->status == TASK_EXECUTED && task->proof == PROOF_NONE)
        proof_request(engine, slot);
    else if (task->status == TASK_AWAITING_ANCESTORS && !(MUTANT(7) && (task->flags & TASK_DEAF)))
        deferral_release(engine, slot);
}

void recheck_edges(struct engine *engine, uint32_t slot)
{
    const struct task *task = task_at(engine, slot);
    if (task->status != TASK_PENDING || (task->flags & TASK_IN_PLAN)) return;
    if (task->wait_reason == WAIT_DEPENDENCY_TYPE || task->wait_reason == WAIT_CROSS_AGENT ||
        task->wait_reason == WAIT_PARENT_OUTPUT)
        admission_try(engine, slot);
}

/* Reasons that lie in the edge to a parent end when that parent is confirmed. */
static void recheck_children(struct engine *engine, uint32_t slot)
{
    FOR_EACH_CHILD(engine, task_at(engine, slot), edge)
    {
        recheck_edges(engine, edge->child);
    }
}

static bool is_released(const struct task *task)
{
    bool is_free = task->unconfirmed_parents == 0;
    if (MUTANT(1)) is_free = task->unconfirmed_parents < task->parent_count;
    if (MUTANT(7) && (task->flags & TASK_DEAF)) is_free = false;
    return task->status == TASK_AWAITING_ANCESTORS && is_free && !(task->flags & TASK_IN_PLAN);
}

/* Proofs that waited for this one only: whoever was proven first is sent first (engine.md 2.6). */
static void release_children(struct engine *engine, uint32_t slot)
{
    uint32_t count = 0;
    bool is_sorted = true;
    int64_t last_ns = INT64_MIN;
    FOR_EACH_CHILD(engine, task_at(engine, slot), edge)
    {
        const struct task *child = task_at(engine, edge->child);
        if (!is_released(child)) continue;
        if (proof_ready_ns(child) < last_ns) is_sorted = false;
        last_ns = proof_ready_ns(child);
        engine->sweep[count++] = edge->child;
    }
    if (!is_sorted) slots_sort(engine, engine->sweep, count, ORDER_PROOF_READY);
    for (uint32_t i = 0; i < count; i++) /* named twice as a parent, it is found twice */
        if (is_released(task_at(engine, engine->sweep[i]))) deferral_release(engine, engine->sweep[i]);
}

static void notify_descendants(struct engine *engine, uint32_t slot)
{
    if (task_at(engine, slot)->out_head == NONE) return;
    FOR_EACH_CHILD(engine, task_at(engine, slot), edge)
    {
        struct task *child = task_at(engine, edge->child);
        ASSERT(child->unconfirmed_parents > 0);
        child->unconfirmed_parents--;
    }
    release_children(engine, slot);
    uint32_t count = graph_descendants(engine, slot);
    /* All depths first: what one progress starts may admit another descendant at once. */
    for (uint32_t i = 0; i < count; i++) task_refresh_depth(engine, engine->scratch[i]);
    for (uint32_t i = 0; i < count; i++) {
        const struct task *task = task_at(engine, engine->scratch[i]);
        if (is_live(task) && !(task->flags & TASK_IN_PLAN)) descendant_progress(engine, engine->scratch[i]);
    }
    recheck_children(engine, slot);
}

void confirm_gate(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    if (task->proof == PROOF_SUBMITTING) deferral_accepted(engine, slot);
    move_must(MACHINE_PROOF, &task->proof, PROVE_CONFIRM);
    task_detach(engine, slot);
    task_advance(engine, slot, MOVE_CONFIRM, REASON_COUNT);
    breaker_confirmed(engine, slot);
    ledger_release(engine, slot);
    notify_descendants(engine, slot);
}

static bool has_open_parent(struct engine *engine, const struct task *task)
{
    FOR_EACH_PARENT(engine, task, edge)
    {
        if (engine->tasks[edge_parent(edge)].status == TASK_CONFIRMED) return true;
    }
    return false;
}

/* Confirmed ancestors that are not final yet, oldest first, into scratch. */
static uint32_t confirmed_ancestors(struct engine *engine, uint32_t slot)
{
    uint32_t *found = engine->scratch, count = 0, mark = graph_mark(engine);
    for (uint32_t done = 0, from = slot;; from = found[done++]) {
        FOR_EACH_PARENT(engine, task_at(engine, from), edge)
        {
            struct task *parent = task_at(engine, edge_parent(edge));
            if (parent->status != TASK_CONFIRMED || parent->visited == mark) continue;
            parent->visited = mark;
            found[count++] = edge_parent(edge);
        }
        if (done == count) break;
    }
    slots_sort(engine, found, count, ORDER_SUBMISSION);
    return count;
}

static void finalize(struct engine *engine, uint32_t slot)
{
    task_advance(engine, slot, MOVE_FINALIZE, REASON_COUNT);
    task_finish(engine, slot);
}

/* What a final transaction was built on is final, whichever was reported first. */
void confirm_final(struct engine *engine, uint32_t slot)
{
    uint32_t count = has_open_parent(engine, task_at(engine, slot)) ? confirmed_ancestors(engine, slot) : 0;
    for (uint32_t i = 0; i < count; i++) finalize(engine, engine->scratch[i]);
    finalize(engine, slot);
}

void task_detach(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    if (task->status == TASK_PENDING) waiting_set(engine, slot, WAIT_NONE);
    deferral_detach(engine, slot);
    proof_detach(engine, slot);
    clock_stop(engine, slot);
    heap_remove(&engine->deadlines, deadline_handle(engine, DEADLINE_TASK, slot));
    if (task->flags & TASK_AGING) {
        list_remove(engine, &engine->by_age, LINK_AGE, slot);
        task->flags &= (uint16_t)~TASK_AGING;
    }
}

void task_finish(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    ASSERT(!(task->flags & TASK_DETACHED));
    task->flags |= TASK_DETACHED;
    engine->stats.live_tasks--;
    if (task->flags & TASK_PROOF_CACHED) engine->stats.live_proofs--;
    FOR_EACH_PARENT(engine, task, edge)
    {
        struct task *parent = task_at(engine, edge_parent(edge));
        ASSERT(parent->live_children > 0);
        parent->live_children--;
    }
    clock_start(engine, slot, CLOCK_FINAL);
    snapshot_release(engine, slot);
}
