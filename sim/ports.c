/* sim/ports.c: what the engine asks for becomes entries of the calendar, by the models of the ports. */
#include "sim/hazards.h"
#include "sim/storage.h"

void ports_begin_execution(struct sim *sim, const struct executor_start *start)
{
    struct sim_task *task = &sim->tasks[start->task];
    task->started_ns = sim->now_ns;
    task->finish_ns = start->finish_ns;
    sim_schedule_task(sim, start->finish_ns, ENTRY_EXECUTED, start->task, 0);
}

static void port_execute(struct sim *sim, const struct effect *effect)
{
    struct executor_start start;
    const struct executor_task task = {
        .task = (uint32_t)effect->task_id,
        .agent = effect->agent,
        .submission = effect->task_id,
        .execution_ns = sim_planned(sim, effect->task_id)->execution_ns,
    };
    if (executor_has(sim->executor, task.task)) return; /* asked again after a restart of ours */
    sim->tasks[effect->task_id].ref = effect->task;
    sim->tasks[effect->task_id].started_ns = NEVER_NS;
    if (executor_submit(sim->executor, sim->now_ns, &task, &start)) ports_begin_execution(sim, &start);
}

static void port_abort(struct sim *sim, const struct effect *effect)
{
    struct sim_task *task = &sim->tasks[effect->task_id];
    int64_t ack_ns = sim->now_ns + EXECUTOR_ABORT_NS;
    enum executor_abort was = executor_abort(sim->executor, sim->now_ns, (uint32_t)effect->task_id, &ack_ns);
    task->execution++; /* the end that was scheduled does not come */
    sim_schedule_task(sim, ack_ns, ENTRY_ABORTED, effect->task_id, was);
}

/* The worker is busy until then, whatever was said before. */
void ports_occupy(struct sim *sim, uint32_t index, int64_t until_ns)
{
    struct sim_worker *worker = &sim->workers[index];
    worker->batch++;
    worker->finish_ns = until_ns;
    sim_add_entry(sim, &(struct calendar_entry){
                           .at_ns = until_ns,
                           .key = calendar_key(CALENDAR_OUTCOME, WORKER_ENTITY + index, worker->batch),
                           .subject = index,
                           .generation = worker->batch,
                           .kind = ENTRY_WORKER_FREE,
                       });
}

static void port_prove(struct sim *sim, const struct effect *effect)
{
    struct sim_worker *worker = &sim->workers[effect->u.prove.worker];
    if (effect->u.prove.index == 0) {
        const struct prover_batch batch = {
            .first_task = effect->task_id,
            .attempt = effect->attempt,
            .proofs = effect->u.prove.count,
            .busy_workers = (uint32_t)engine_statistics(sim->engine)->workers_busy,
        };
        worker->jobs_wanted = effect->u.prove.count;
        worker->proof_ns = prover_batch_ns(sim->options->prover, &sim->rng, &batch);
        ports_occupy(sim, effect->u.prove.worker, sim->now_ns + worker->proof_ns);
    }
    sim->tasks[effect->task_id].worker = (uint8_t)effect->u.prove.worker;
    sim->tasks[effect->task_id].proof_attempt = effect->attempt;
    int64_t proof_ns = sim->hazards ? hazards_proof(sim, effect, worker->proof_ns) : worker->proof_ns;
    sim_schedule_task(sim, sim->now_ns + proof_ns, ENTRY_PROOF, effect->task_id, effect->attempt);
}

/* The last wanted proof of a batch is cancelled: the worker stops now. */
static void port_cancel_proof(struct sim *sim, const struct effect *effect)
{
    uint32_t index = sim->tasks[effect->task_id].worker;
    if (--sim->workers[index].jobs_wanted == 0) ports_occupy(sim, index, sim->now_ns);
}

/* Argument of ENTRY_TX: attempt, event kind, rejection. */
static uint32_t tx_argument(uint32_t attempt, enum event_kind kind, enum tx_rejection rejection)
{
    return attempt << 16 | (uint32_t)kind << 8 | (uint32_t)rejection;
}

/* Why the chain will turn this task's transaction down when it lands; false when it will not. A retry is a
 * new task: it draws anew, and failures are injected into originals only. */
static bool is_rejected(const struct sim *sim, uint64_t task, enum tx_rejection *why)
{
    uint64_t draw = sim_planned(sim, task)->rejection_draw;
    *why = TX_PROOF_INVALID;
    if (sim_is_retry(sim, task))
        draw = rng_u64(&sim->rng, RNG_ORGANIC_FAILURE, task, 0);
    else if (sim_planned(sim, task)->failure == FAILURE_CHAIN)
        return true;
    if (prover_is_invalid(sim->options->prover, &sim->rng, task, sim->tasks[task].proof_attempt)) return true;
    *why = TX_STATE_CONFLICT;
    return chain_rejects(sim->options->chain, draw);
}

/* What the chain makes of it. */
static err tx_of_chain(struct sim *sim, const struct effect *effect, struct occasion_transaction *tx)
{
    struct chain_fate fate;
    const struct chain_request request = {
        .now_ns = sim->now_ns, .task = effect->task_id, .attempt = effect->attempt};
    TRY(chain_submit(sim->options->chain, &request, &fate));
    *tx = (struct occasion_transaction){.accepted_ns = fate.accepted_ns,
                                        .confirmed_ns = fate.confirmed_ns,
                                        .finalized_ns = fate.finalized_ns,
                                        .expired_ns = fate.expired_ns};
    if (fate.verdict == CHAIN_REFUSED)
        tx->fate = TX_IS_REFUSED;
    else if (fate.verdict == CHAIN_EXPIRES)
        tx->fate = TX_EXPIRES;
    else if (is_rejected(sim, effect->task_id, &tx->rejection))
        tx->fate = TX_IS_REJECTED;
    return OK;
}

static void schedule_tx(struct sim *sim, const struct effect *effect, int64_t at_ns, enum event_kind kind,
                        enum tx_rejection why)
{
    sim_schedule_task(sim, at_ns, ENTRY_TX, effect->task_id, tx_argument(effect->attempt, kind, why));
}

static void answer_tx(struct sim *sim, const struct effect *effect, const struct occasion_transaction *tx)
{
    if (tx->fate == TX_IS_REFUSED) {
        schedule_tx(sim, effect, tx->accepted_ns, EVENT_TX_REFUSED, TX_PROOF_INVALID);
        return;
    }
    if (!tx->is_answer_lost) schedule_tx(sim, effect, tx->accepted_ns, EVENT_TX_ACCEPTED, TX_PROOF_INVALID);
    if (tx->fate == TX_EXPIRES) {
        schedule_tx(sim, effect, tx->expired_ns, EVENT_TX_DROPPED, TX_PROOF_INVALID);
    } else if (tx->fate == TX_IS_REJECTED) {
        schedule_tx(sim, effect, tx->confirmed_ns, EVENT_TX_REJECTED, tx->rejection);
    } else {
        schedule_tx(sim, effect, tx->confirmed_ns, EVENT_CONFIRMED, tx->rejection);
        schedule_tx(sim, effect, tx->finalized_ns, EVENT_FINALIZED, tx->rejection);
    }
}

static void port_submit(struct sim *sim, const struct effect *effect)
{
    struct occasion_transaction tx;
    if (sim->hazards && hazards_is_asked_again(sim, effect, &tx)) {
        if (hazards_is_taken_away(sim, effect->task_id))
            schedule_tx(sim, effect, tx.accepted_ns, EVENT_REVERTED, tx.rejection);
        else
            answer_tx(sim, effect, &tx);
        return;
    }
    err e = tx_of_chain(sim, effect, &tx);
    if (e != OK) {
        if (sim->failure == OK) sim->failure = e;
        return;
    }
    if (sim->hazards) hazards_transaction(sim, effect, &tx);
    answer_tx(sim, effect, &tx);
}

static void port_restore(struct sim *sim, const struct effect *effect)
{
    sim_schedule_task(sim, sim->now_ns + storage_restore_ns(effect->u.restore.bytes), ENTRY_RESTORED,
                      effect->task_id, 0);
}

/* Not a port of the engine's, but it watches for what its users would do: try again. */
static void note_status(struct sim *sim, const struct effect *effect)
{
    struct sim_task *task = &sim->tasks[effect->task_id];
    if (effect->u.status.to <= TASK_FINALIZED) return;
    task->is_dead = true;
    if (!sim->options->resubmits || sim_is_retry(sim, effect->task_id)) return;
    task->awaits_retry = true;
    sim->retries[sim->retry_count++] = (uint32_t)effect->task_id;
}

static void note_rollback_end(struct sim *sim, const struct effect *effect)
{
    (void)effect;
    if (sim->options->resubmits) sim_schedule_run(sim, sim->now_ns, CALENDAR_ARRIVAL, ENTRY_RESUBMIT);
}

static void (*const PORTS[EFFECT_KIND_COUNT])(struct sim *sim, const struct effect *effect) = {
    [EFFECT_EXECUTE] = port_execute, [EFFECT_ABORT] = port_abort,
    [EFFECT_PROVE] = port_prove,     [EFFECT_CANCEL_PROOF] = port_cancel_proof,
    [EFFECT_SUBMIT] = port_submit,   [EFFECT_RESTORE] = port_restore,
    [NOTE_STATUS] = note_status,     [NOTE_ROLLBACK_END] = note_rollback_end,
};

void ports_perform(struct effects *effects)
{
    struct sim *sim = effects->context;
    for (uint32_t i = 0; i < effects->count; i++) {
        const struct effect *effect = &effects->items[i];
        if (effect->task_id) recorder_effect(sim->recorder, sim->now_ns, effect);
        if (sim->options->trace) trace_effect(sim->options->trace, sim->now_ns, effect);
        if (sim->hazards && !hazards_hear(sim, effect)) continue;
        if (PORTS[effect->kind]) PORTS[effect->kind](sim, effect);
    }
    effects->count = 0;
}
