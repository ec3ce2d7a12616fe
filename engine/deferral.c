/* engine/deferral.c: no proof is submitted before every ancestor is confirmed (INV-1).
 *
 * A parent cannot be confirmed before its own ancestors, so a count of
 * unconfirmed parents is a count of everything that matters. The check and the
 * hand-over happen in the same step. A submission slot is held only until the
 * RPC has accepted or refused (semantics.md 12). */
#include "engine/state.h"

static void make_ready(struct engine *engine, uint32_t slot)
{
    task_at(engine, slot)->tx_stage = TX_READY;
    list_append(engine, &engine->ready, LINK_QUEUE, slot);
}

void deferral_ready(struct engine *engine, uint32_t slot)
{
    if (task_at(engine, slot)->unconfirmed_parents == 0) {
        task_advance(engine, slot, MOVE_SUBMIT, REASON_COUNT);
        make_ready(engine, slot);
        return;
    }
    task_advance(engine, slot, MOVE_PROOF_WAITS, REASON_COUNT);
    engine->stats.awaiting++;
    clock_start(engine, slot, CLOCK_AWAITING);
}

void deferral_release(struct engine *engine, uint32_t slot)
{
    clock_stop(engine, slot);
    engine->stats.awaiting--;
    task_advance(engine, slot, MOVE_SUBMIT, REASON_COUNT);
    make_ready(engine, slot);
}

void deferral_dispatch(struct engine *engine)
{
    uint64_t limit = (uint64_t)engine->settings.max_concurrent_submissions;
    while (engine->ready.head != NONE && engine->stats.submissions_in_flight < limit) {
        uint32_t slot = engine->ready.head;
        struct task *task = task_at(engine, slot);
        ASSERT(task->unconfirmed_parents == 0);
        list_remove(engine, &engine->ready, LINK_QUEUE, slot);
        task->tx_stage = TX_HANDED_OVER;
        engine->stats.submissions_in_flight++;
        clock_start(engine, slot, CLOCK_CONFIRMING);
        effect_push(engine, EFFECT_SUBMIT, slot)->attempt = task->tx_attempt;
    }
}

void deferral_accepted(struct engine *engine, uint32_t slot)
{
    engine->stats.submissions_in_flight--;
    task_at(engine, slot)->tx_stage = TX_ACCEPTED;
    task_advance(engine, slot, MOVE_TX_ACCEPTED, REASON_COUNT);
}

void deferral_detach(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    if (task->status == TASK_AWAITING_ANCESTORS) engine->stats.awaiting--;
    if (task->tx_stage == TX_READY) list_remove(engine, &engine->ready, LINK_QUEUE, slot);
    if (task->tx_stage == TX_HANDED_OVER) engine->stats.submissions_in_flight--;
    if (task->tx_stage == TX_BACKOFF)
        heap_remove(&engine->deadlines, deadline_handle(engine, DEADLINE_BACKOFF, slot));
    task->tx_stage = TX_NONE;
}

/* Refused by the RPC, or its blockhash died: sent again after a while, up to the attempts that proofs have.
 */
void deferral_fail_attempt(struct engine *engine, uint32_t slot, uint32_t jitter)
{
    struct task *task = task_at(engine, slot);
    if (task->tx_stage == TX_HANDED_OVER) engine->stats.submissions_in_flight--;
    clock_stop(engine, slot);
    task->tx_stage = TX_NONE;
    if (++task->tx_attempt >= engine->settings.proof_max_retries) {
        rollback_root(engine, slot, MOVE_FAIL, REASON_CONFIRMATION_TIMEOUT);
        return;
    }
    if (task->status == TASK_CONFIRMING) task_advance(engine, slot, MOVE_SUBMIT, REASON_COUNT);
    task->tx_stage = TX_BACKOFF;
    backoff_start(engine, slot, task->tx_attempt, jitter);
}

void deferral_requeue(struct engine *engine, uint32_t slot)
{
    engine->stats.tx_retries++;
    make_ready(engine, slot);
}

/* Exponential, capped, with full jitter: uniform in [0, ceiling], the 32 random bits come from the driver. */
void backoff_start(struct engine *engine, uint32_t slot, uint32_t attempt, uint32_t jitter)
{
    const struct settings *settings = &engine->settings;
    int64_t ceiling_ns = settings->retry_delay_ns;
    for (uint32_t i = 1; i < attempt && ceiling_ns < settings->retry_cap_ns; i++)
        ceiling_ns = (int64_t)((u128)ceiling_ns * (uint64_t)settings->retry_multiplier_bps / BPS_ONE);
    if (ceiling_ns > settings->retry_cap_ns) ceiling_ns = settings->retry_cap_ns;
    int64_t delay_ns = (int64_t)((u128)(uint64_t)ceiling_ns * jitter >> 32);
    heap_set(&engine->deadlines, deadline_handle(engine, DEADLINE_BACKOFF, slot),
             ns_after(engine->now_ns, delay_ns));
}

void backoff_over(struct engine *engine, uint32_t slot)
{
    if (task_at(engine, slot)->tx_stage == TX_BACKOFF)
        deferral_requeue(engine, slot);
    else
        proof_requeue(engine, slot);
}
