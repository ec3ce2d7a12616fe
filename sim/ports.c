/* sim/ports.c: what the engine asks for becomes entries of the calendar, by the models of the ports. */
#include "sim/state.h"
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
        worker->batch++;
        worker->jobs_wanted = effect->u.prove.count;
        worker->finish_ns = sim->now_ns + prover_batch_ns(sim->options->prover, &sim->rng, &batch);
        sim_add_entry(sim, &(struct calendar_entry){
                               .at_ns = worker->finish_ns,
                               .key = calendar_key(CALENDAR_OUTCOME, WORKER_ENTITY + effect->u.prove.worker,
                                                   worker->batch),
                               .subject = effect->u.prove.worker,
                               .generation = worker->batch,
                               .kind = ENTRY_WORKER_FREE,
                           });
    }
    sim->tasks[effect->task_id].worker = (uint8_t)effect->u.prove.worker;
    sim->tasks[effect->task_id].proof_attempt = effect->attempt;
    sim_schedule_task(sim, worker->finish_ns, ENTRY_PROOF, effect->task_id, effect->attempt);
}

/* The last wanted proof of a batch is cancelled: the worker stops now. */
static void port_cancel_proof(struct sim *sim, const struct effect *effect)
{
    uint32_t index = sim->tasks[effect->task_id].worker;
    struct sim_worker *worker = &sim->workers[index];
    if (--worker->jobs_wanted > 0) return;
    worker->batch++;
    sim_add_entry(sim, &(struct calendar_entry){
                           .at_ns = sim->now_ns,
                           .key = calendar_key(CALENDAR_OUTCOME, WORKER_ENTITY + index, worker->batch),
                           .subject = index,
                           .generation = worker->batch,
                           .kind = ENTRY_WORKER_FREE,
                       });
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

static void port_submit(struct sim *sim, const struct effect *effect)
{
    uint64_t task = effect->task_id;
    struct chain_fate fate;
    enum tx_rejection why = TX_PROOF_INVALID;
    const struct chain_request request = {.now_ns = sim->now_ns, .task = task, .attempt = effect->attempt};
    err e = chain_submit(sim->options->chain, &request, &fate);
    if (e != OK) {
        if (sim->failure == OK) sim->failure = e;
        return;
    }
    uint32_t attempt = effect->attempt;
    if (fate.verdict == CHAIN_REFUSED) {
        sim_schedule_task(sim, fate.accepted_ns, ENTRY_TX, task, tx_argument(attempt, EVENT_TX_REFUSED, why));
        return;
    }
    sim_schedule_task(sim, fate.accepted_ns, ENTRY_TX, task, tx_argument(attempt, EVENT_TX_ACCEPTED, why));
    if (fate.verdict == CHAIN_EXPIRES) {
        sim_schedule_task(sim, fate.expired_ns, ENTRY_TX, task, tx_argument(attempt, EVENT_TX_DROPPED, why));
    } else if (is_rejected(sim, task, &why)) {
        sim_schedule_task(sim, fate.confirmed_ns, ENTRY_TX, task,
                          tx_argument(attempt, EVENT_TX_REJECTED, why));
    } else {
        sim_schedule_task(sim, fate.confirmed_ns, ENTRY_TX, task, tx_argument(attempt, EVENT_CONFIRMED, why));
        sim_schedule_task(sim, fate.finalized_ns, ENTRY_TX, task, tx_argument(attempt, EVENT_FINALIZED, why));
    }
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
        if (PORTS[effect->kind]) PORTS[effect->kind](sim, effect);
    }
    effects->count = 0;
}
