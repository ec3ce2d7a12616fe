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
    waiting_requeue(engine, slot, depth);
}

/* An ancestor of this live task was confirmed. */
static void descendant_progress(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    task_set_depth(engine, slot, graph_depth(engine, slot));
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
    else if (task->status == TASK_EXECUTED && task->proof_stage == PROOF_NONE)
        proof_request(engine, slot);
    else if (task->status == TASK_AWAITING_ANCESTORS)
        deferral_release(engine, slot);
}

/* Reasons that lie in the edge to a parent end when that parent is confirmed. */
static void recheck_children(struct engine *engine, uint32_t slot)
{
    for (uint32_t index = task_at(engine, slot)->out_head; index != NONE;
         index = engine->edges[index].next_out) {
        uint32_t child_slot = engine->edges[index].child;
        if (child_slot == NONE) continue;
        const struct task *child = task_at(engine, child_slot);
        if (child->status != TASK_PENDING || (child->flags & TASK_IN_PLAN)) continue;
        if (child->wait_reason == WAIT_DEPENDENCY_TYPE || child->wait_reason == WAIT_CROSS_AGENT ||
            child->wait_reason == WAIT_PARENT_OUTPUT)
            admission_try(engine, child_slot);
    }
}

static void notify_descendants(struct engine *engine, uint32_t slot)
{
    if (task_at(engine, slot)->out_head == NONE) return;
    for (uint32_t index = task_at(engine, slot)->out_head; index != NONE;
         index = engine->edges[index].next_out)
        if (engine->edges[index].child != NONE) {
            struct task *child = task_at(engine, engine->edges[index].child);
            ASSERT(child->unconfirmed_parents > 0);
            child->unconfirmed_parents--;
        }
    uint32_t count = graph_descendants(engine, slot);
    for (uint32_t i = 0; i < count; i++) {
        const struct task *task = task_at(engine, engine->scratch[i]);
        bool is_live = !task_status_is_terminal((enum task_status)task->status);
        if (is_live && !(task->flags & TASK_IN_PLAN)) descendant_progress(engine, engine->scratch[i]);
    }
    recheck_children(engine, slot);
}

void confirm_gate(struct engine *engine, uint32_t slot)
{
    if (task_at(engine, slot)->tx_stage == TX_HANDED_OVER) deferral_accepted(engine, slot);
    task_detach(engine, slot);
    task_advance(engine, slot, MOVE_CONFIRM, REASON_COUNT);
    ledger_release(engine, slot);
    notify_descendants(engine, slot);
}

void confirm_final(struct engine *engine, uint32_t slot)
{
    task_advance(engine, slot, MOVE_FINALIZE, REASON_COUNT);
    task_finish(engine, slot);
}

void task_detach(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    if (task->status == TASK_PENDING) waiting_set(engine, slot, WAIT_NONE);
    deferral_detach(engine, slot);
    proof_detach(engine, slot);
    clock_stop(engine, slot);
    heap_remove(&engine->deadlines, deadline_handle(engine, DEADLINE_CLAIM, slot));
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
