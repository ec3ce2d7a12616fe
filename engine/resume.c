/* engine/resume.c: after a restart the ports have forgotten what they were asked; ask again.
 *
 * The state says what is out: executions, generations, transactions, the turn
 * of a rollback. A transaction is asked for under the same name, because it
 * may have landed: the chain's port knows it by its signature. A generation
 * begins anew in the queue, as another attempt that counts no try; its worker
 * is free. Asking twice does no harm, so EVENT_RESUME may come at any time. */
#include "engine/state.h"

/* In the order of submission, so that what is asked first was there first. */
static uint32_t unfinished(struct engine *engine)
{
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < engine->fresh_task; slot++) {
        const struct task *task = task_at(engine, slot);
        bool is_open = is_live(task) || task->status == TASK_CONFIRMED;
        bool is_out = (task->flags & TASK_USED) && is_open && !(task->flags & TASK_IN_PLAN);
        if (is_out) engine->sweep[count++] = slot;
    }
    slots_sort(engine, engine->sweep, count, ORDER_SUBMISSION);
    return count;
}

static void ask_again(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    if (MUTANT(7) && task->status == TASK_AWAITING_ANCESTORS) task->flags |= TASK_DEAF;
    if (task->flags & TASK_RUNNING) effect_push(engine, EFFECT_EXECUTE, slot);
    if (task->proof == PROOF_GENERATING) proof_restart(engine, slot);
    if (MUTANT(10) && task->proof == PROOF_SUBMITTED) task->tx_attempt++;
    bool awaits_finality = task->status == TASK_CONFIRMED && task->proof == PROOF_CONFIRMED;
    if (task->proof == PROOF_SUBMITTING || task->proof == PROOF_SUBMITTED || awaits_finality)
        effect_push(engine, EFFECT_SUBMIT, slot)->attempt = attempt_name(task, task->tx_attempt);
}

err on_resume(struct engine *engine, const struct event *event)
{
    (void)event;
    for (uint32_t worker = 0; worker < LIMIT_PROOF_WORKERS; worker++) engine->worker_busy[worker] = 0;
    engine->stats.workers_busy = engine->workers_busy = 0;
    uint32_t count = unfinished(engine);
    for (uint32_t i = 0; i < count; i++) ask_again(engine, engine->sweep[i]);
    rollback_ask_again(engine);
    return OK;
}
