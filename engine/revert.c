/* engine/revert.c: a reorg took the slot of a transaction away (engine.md 2.8, semantics.md 15).
 *
 * The one way out of confirmed. Descendants first: whatever was confirmed on
 * top of it is reopened, whatever was submitted on top of it is taken back,
 * each as its next incarnation, so that late answers to the one before are
 * stale. Bonds are locked again where the agent still has the money. Then,
 * ancestors first, each takes its place: ready to be sent again, or waiting
 * for its ancestors. Work whose snapshot was given up is run again, because
 * nothing could restore what it left; work on confirmed state needs none. */
#include "engine/state.h"

static void reopen(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    task_advance(engine, slot, MOVE_REVERT, REASON_CHAIN_REORG);
    engine->stats.reverts++;
    engine->stats.operations++;
    if (task->flags & TASK_SPECULATIVE) speculation_enter(engine, slot);
    ledger_relock(engine, slot);
    FOR_EACH_CHILD(engine, task, edge)
    {
        task_at(engine, edge->child)->unconfirmed_parents++;
    }
}

/* Its transaction is void; true when there was one. */
static bool take_back(struct engine *engine, uint32_t slot)
{
    const struct task *task = task_at(engine, slot);
    if ((task->flags & TASK_IN_PLAN) || task->proof < PROOF_READY) return false;
    ASSERT(is_live(task) || task->status == TASK_CONFIRMED);
    deferral_take_back(engine, slot);
    if (task->status == TASK_CONFIRMED) reopen(engine, slot);
    return true;
}

static void run_again(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    move_must(MACHINE_PROOF, &task->proof, PROVE_RERUN);
    task->proof_attempt = task->proof_tries = 0;
    task->flags |= TASK_RUNNING;
    snapshot_take(engine, slot);
    task_advance(engine, slot, MOVE_RERUN, REASON_COUNT);
    effect_push(engine, EFFECT_EXECUTE, slot);
}

/* After everything above it has its new place. */
static void take_place(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    if (!(task->flags & TASK_AGING)) {
        task->since_ns = engine->now_ns;
        task->flags |= TASK_AGING;
        list_append(engine, &engine->by_age, LINK_AGE, slot);
    }
    bool is_lost = task->proof == PROOF_CONFIRMED && task->snapshot == SNAPSHOT_COLLECTED;
    if (is_lost)
        run_again(engine, slot);
    else
        deferral_place(engine, slot);
}

static void revert(struct engine *engine, uint32_t slot)
{
    uint32_t count = graph_descendants(engine, slot), *sweep = engine->sweep;
    sweep[0] = slot;
    for (uint32_t i = 0; i < count; i++) sweep[i + 1] = engine->scratch[i];
    uint32_t placed_mark = graph_mark(engine);
    for (uint32_t i = count + 1; i-- > 0;)
        if (take_back(engine, sweep[i])) task_at(engine, sweep[i])->visited = placed_mark;
    for (uint32_t i = 0; i <= count; i++) {
        const struct task *task = task_at(engine, sweep[i]);
        if (!is_live(task) || (task->flags & TASK_IN_PLAN)) continue;
        task_set_depth(engine, sweep[i], graph_depth(engine, sweep[i]));
        if (task->visited == placed_mark) take_place(engine, sweep[i]);
    }
}

/* A transaction that was sent but not confirmed at the gate can lose its slot as well. */
err on_reverted(struct engine *engine, const struct event *event)
{
    uint32_t slot = slot_of_event(engine, event);
    if (slot == NONE) return ERR_STALE;
    const struct task *task = task_at(engine, slot);
    if (attempt_name(task, task->tx_attempt) != event->attempt) return ERR_STALE;
    bool is_out = task->proof == PROOF_SUBMITTING || task->proof == PROOF_SUBMITTED;
    if (!is_out && !move_may(engine, MACHINE_TASK, task->status, MOVE_REVERT)) return ERR_STALE;
    revert(engine, slot);
    return OK;
}
