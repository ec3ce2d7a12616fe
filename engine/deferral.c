/* engine/deferral.c: no proof is submitted before every ancestor is confirmed (INV-1).
 *
 * A parent cannot be confirmed before its own ancestors, so a count of
 * unconfirmed parents is a count of everything that matters. The check and the
 * hand-over happen in the same step. A submission slot is held only until the
 * RPC has accepted or refused (semantics.md 12). */
#include "engine/state.h"

static void move_proof(struct engine *engine, uint32_t slot, enum proof_move move)
{
    move_must(MACHINE_PROOF, &task_at(engine, slot)->proof, move);
}

static void make_ready(struct engine *engine, uint32_t slot)
{
    move_proof(engine, slot, PROVE_RELEASE);
    list_append(engine, &engine->ready, LINK_QUEUE, slot);
}

void deferral_place(struct engine *engine, uint32_t slot)
{
    if (task_at(engine, slot)->unconfirmed_parents == 0) {
        if (task_at(engine, slot)->status != TASK_SUBMITTING)
            task_advance(engine, slot, MOVE_SUBMIT, REASON_COUNT);
        make_ready(engine, slot);
        return;
    }
    task_advance(engine, slot, MOVE_PROOF_WAITS, REASON_COUNT);
    move_proof(engine, slot, PROVE_DEFER);
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
        const struct task *task = task_at(engine, slot);
        ASSERT(task->unconfirmed_parents == 0 || MUTANT(1));
        list_remove(engine, &engine->ready, LINK_QUEUE, slot);
        move_proof(engine, slot, PROVE_SEND);
        engine->stats.submissions_in_flight++;
        bool is_timed = !(MUTANT(8) && engine->now_ns - proof_ready_ns(task) > NS_PER_S);
        if (is_timed) clock_start(engine, slot, CLOCK_CONFIRMING);
        effect_push(engine, EFFECT_SUBMIT, slot)->attempt = attempt_name(task, task->tx_attempt);
    }
}

void deferral_accepted(struct engine *engine, uint32_t slot)
{
    engine->stats.submissions_in_flight--;
    move_proof(engine, slot, PROVE_ACCEPT);
    task_advance(engine, slot, MOVE_TX_ACCEPTED, REASON_COUNT);
}

/* Leaves the ready list, the submission slot or the backoff, whichever it is in. */
static void leave_chain(struct engine *engine, uint32_t slot)
{
    switch ((enum proof_state)task_at(engine, slot)->proof) {
    case PROOF_READY: list_remove(engine, &engine->ready, LINK_QUEUE, slot); break;
    case PROOF_SUBMITTING: engine->stats.submissions_in_flight--; break;
    case PROOF_RESENDING: task_deadline_set(engine, slot, NEVER_NS); break;
    case PROOF_AWAITING: engine->stats.awaiting--; break;
    default: break;
    }
}

void deferral_detach(struct engine *engine, uint32_t slot)
{
    const struct task *task = task_at(engine, slot);
    leave_chain(engine, slot);
    bool is_open = task->proof >= PROOF_AWAITING && task->proof <= PROOF_SUBMITTED;
    if (is_open) move_proof(engine, slot, PROVE_CANCEL);
}

void deferral_take_back(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    leave_chain(engine, slot);
    clock_stop(engine, slot);
    task->incarnation++;
    task->tx_attempt = 0;
}

void deferral_give_up(struct engine *engine, uint32_t slot)
{
    bool was_reverted = task_at(engine, slot)->incarnation > 0;
    rollback_root(engine, slot, MOVE_FAIL, was_reverted ? REASON_CHAIN_REORG : REASON_CONFIRMATION_TIMEOUT);
}

/* Refused by the RPC, or its blockhash died: sent again after a while, up to the attempts that proofs have.
 */
void deferral_fail_attempt(struct engine *engine, uint32_t slot, uint32_t jitter)
{
    struct task *task = task_at(engine, slot);
    leave_chain(engine, slot);
    clock_stop(engine, slot);
    move_proof(engine, slot, PROVE_DROP);
    if (++task->tx_attempt >= engine->settings.proof_max_retries) {
        deferral_give_up(engine, slot);
        return;
    }
    if (task->status == TASK_CONFIRMING) task_advance(engine, slot, MOVE_SUBMIT, REASON_COUNT);
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
    task_at(engine, slot)->clock_ns = ns_after(engine->now_ns, delay_ns); /* no clock runs in a backoff */
    task_deadline_set(engine, slot, task_at(engine, slot)->clock_ns);
}

void backoff_over(struct engine *engine, uint32_t slot)
{
    if (task_at(engine, slot)->proof == PROOF_RESENDING)
        deferral_requeue(engine, slot);
    else
        proof_requeue(engine, slot);
}
