/* sim/sim.c: the loop (pop, step, perform), and the ports' models wired to the calendar.
 *
 * Entities of the calendar's order: tasks by id, then proof workers, then the
 * run itself. Each task counts its own entries, so that one task more moves no
 * other's order. Outcomes that no longer apply are dropped here when the model
 * knows (an aborted execution) and refused by the engine otherwise. */
#include "sim/sim.h"
#include "base/assert.h"
#include "base/rollout.h"
#include "sim/calendar.h"
#include "sim/executor.h"
#include "sim/storage.h"
#include "sim/trajectory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum entry_kind {
    ENTRY_JOB,      /* subject: job */
    ENTRY_EXECUTED, /* subject: task; generation: the execution it ends */
    ENTRY_ABORTED,
    ENTRY_RESTORED,
    ENTRY_PROOF,       /* argument: attempt */
    ENTRY_WORKER_FREE, /* subject: worker; generation: the batch it ends */
    ENTRY_TX,          /* argument: attempt, event kind and rejection */
    ENTRY_TICK,
    ENTRY_GC,
    ENTRY_SAMPLE,
};

/* Beyond any task id: LIMIT_WORKLOAD_TASKS is far below. */
#define WORKER_ENTITY (UINT64_C(1) << 35)
#define RUN_ENTITY    (WORKER_ENTITY + LIMIT_PROOF_WORKERS)

enum { EFFECT_CAPACITY = 256, DRAIN_SLACK_S = 60 };

struct sim_task {
    struct task_ref ref;
    int64_t started_ns, finish_ns; /* of the execution */
    uint32_t entry_count, execution, proof_attempt;
    uint8_t worker;
};

struct sim_worker {
    uint32_t batch, jobs_wanted; /* of the batch that runs: its number, jobs not cancelled */
    int64_t finish_ns;
};

struct sim {
    const struct sim_options *options;
    struct rng rng;
    struct arena arena;
    struct engine *engine;
    struct calendar *calendar;
    struct executor *executor;
    struct recorder *recorder;
    struct trajectory trajectory;
    struct sim_task *tasks;
    struct sim_worker workers[LIMIT_PROOF_WORKERS];
    uint32_t *agent_buckets;
    struct sim_outcome *outcome;
    int64_t now_ns, tick_ns, limit_ns;
    uint64_t run_entries;
    bool has_ended; /* arrivals: the state afterwards is kept */
    uint32_t next_job;
    struct effects effects;
    struct effect effect_items[EFFECT_CAPACITY];
    struct assert_context context;
    err failure; /* of a port, met inside a flush */
};

/* ---- the calendar ---- */

static void add_entry(struct sim *sim, const struct calendar_entry *entry)
{
    err e = calendar_add(sim->calendar, entry);
    if (e != OK && sim->failure == OK) sim->failure = e;
}

static void schedule_task(struct sim *sim, int64_t at_ns, enum entry_kind kind, uint64_t task,
                          uint32_t argument)
{
    struct sim_task *state = &sim->tasks[task];
    add_entry(sim, &(struct calendar_entry){
                       .at_ns = at_ns,
                       .key = calendar_key(CALENDAR_OUTCOME, task, state->entry_count++),
                       .subject = (uint32_t)task,
                       .generation = state->execution,
                       .kind = kind,
                       .argument = argument,
                   });
}

static void schedule_run(struct sim *sim, int64_t at_ns, enum calendar_class class, enum entry_kind kind)
{
    add_entry(sim, &(struct calendar_entry){
                       .at_ns = at_ns,
                       .key = calendar_key(class, RUN_ENTITY, sim->run_entries++),
                       .kind = kind,
                   });
}

static void schedule_job(struct sim *sim)
{
    const struct workload *workload = sim->options->workload;
    if (sim->next_job == workload->job_count) return;
    const struct workload_job *job = &workload->jobs[sim->next_job];
    add_entry(sim, &(struct calendar_entry){
                       .at_ns = job->intended_ns,
                       .key = calendar_key(CALENDAR_ARRIVAL, job->first_task, 0),
                       .subject = sim->next_job++,
                       .kind = ENTRY_JOB,
                   });
}

/* The engine's next deadline needs an entry only when it comes before the one that is out. */
static void schedule_tick(struct sim *sim)
{
    int64_t deadline_ns = engine_deadline_ns(sim->engine);
    if (deadline_ns >= sim->tick_ns) return;
    sim->tick_ns = deadline_ns > sim->now_ns ? deadline_ns : sim->now_ns;
    schedule_run(sim, sim->tick_ns, CALENDAR_TIMER, ENTRY_TICK);
}

/* ---- ports: effects become entries ---- */

static void begin_execution(struct sim *sim, const struct executor_start *start)
{
    struct sim_task *task = &sim->tasks[start->task];
    task->started_ns = sim->now_ns;
    task->finish_ns = start->finish_ns;
    schedule_task(sim, start->finish_ns, ENTRY_EXECUTED, start->task, 0);
}

static void port_execute(struct sim *sim, const struct effect *effect)
{
    struct executor_start start;
    const struct executor_task task = {
        .task = (uint32_t)effect->task_id,
        .agent = effect->agent,
        .submission = effect->task_id,
        .execution_ns = sim->options->workload->tasks[effect->task_id].execution_ns,
    };
    sim->tasks[effect->task_id].ref = effect->task;
    sim->tasks[effect->task_id].started_ns = NEVER_NS;
    if (executor_submit(sim->executor, sim->now_ns, &task, &start)) begin_execution(sim, &start);
}

static void port_abort(struct sim *sim, const struct effect *effect)
{
    struct sim_task *task = &sim->tasks[effect->task_id];
    int64_t ack_ns = sim->now_ns + EXECUTOR_ABORT_NS;
    enum executor_abort was = executor_abort(sim->executor, sim->now_ns, (uint32_t)effect->task_id, &ack_ns);
    task->execution++; /* the end that was scheduled does not come */
    schedule_task(sim, ack_ns, ENTRY_ABORTED, effect->task_id, was);
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
        add_entry(sim, &(struct calendar_entry){
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
    schedule_task(sim, worker->finish_ns, ENTRY_PROOF, effect->task_id, effect->attempt);
}

/* The last wanted proof of a batch is cancelled: the worker stops now. */
static void port_cancel_proof(struct sim *sim, const struct effect *effect)
{
    uint32_t index = sim->tasks[effect->task_id].worker;
    struct sim_worker *worker = &sim->workers[index];
    if (--worker->jobs_wanted > 0) return;
    worker->batch++;
    add_entry(sim, &(struct calendar_entry){
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

/* Why the chain will turn this task's transaction down when it lands; false when it will not. */
static bool is_rejected(const struct sim *sim, uint64_t task, enum tx_rejection *why)
{
    const struct workload_task *planned = &sim->options->workload->tasks[task];
    *why = TX_PROOF_INVALID;
    if (planned->failure == FAILURE_CHAIN) return true;
    if (prover_is_invalid(sim->options->prover, &sim->rng, task, sim->tasks[task].proof_attempt)) return true;
    *why = TX_STATE_CONFLICT;
    return chain_rejects(sim->options->chain, planned->rejection_draw);
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
        schedule_task(sim, fate.accepted_ns, ENTRY_TX, task, tx_argument(attempt, EVENT_TX_REFUSED, why));
        return;
    }
    schedule_task(sim, fate.accepted_ns, ENTRY_TX, task, tx_argument(attempt, EVENT_TX_ACCEPTED, why));
    if (fate.verdict == CHAIN_EXPIRES) {
        schedule_task(sim, fate.expired_ns, ENTRY_TX, task, tx_argument(attempt, EVENT_TX_DROPPED, why));
    } else if (is_rejected(sim, task, &why)) {
        schedule_task(sim, fate.confirmed_ns, ENTRY_TX, task, tx_argument(attempt, EVENT_TX_REJECTED, why));
    } else {
        schedule_task(sim, fate.confirmed_ns, ENTRY_TX, task, tx_argument(attempt, EVENT_CONFIRMED, why));
        schedule_task(sim, fate.finalized_ns, ENTRY_TX, task, tx_argument(attempt, EVENT_FINALIZED, why));
    }
}

static void port_restore(struct sim *sim, const struct effect *effect)
{
    schedule_task(sim, sim->now_ns + storage_restore_ns(effect->u.restore.bytes), ENTRY_RESTORED,
                  effect->task_id, 0);
}

static void (*const PORTS[EFFECT_KIND_COUNT])(struct sim *sim, const struct effect *effect) = {
    [EFFECT_EXECUTE] = port_execute,           [EFFECT_ABORT] = port_abort,   [EFFECT_PROVE] = port_prove,
    [EFFECT_CANCEL_PROOF] = port_cancel_proof, [EFFECT_SUBMIT] = port_submit, [EFFECT_RESTORE] = port_restore,
};

static void perform(struct effects *effects)
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

/* ---- entries become events ---- */

/* Late and duplicate events are the engine's to refuse and count; refused submissions are counted there too.
 */
static void step(struct sim *sim, const struct event *event, uint64_t subject, uint64_t argument)
{
    trajectory_add(&sim->trajectory, (uint64_t)event->now_ns, event->kind, subject, argument);
    recorder_elapse(sim->recorder, event->now_ns, sim->engine);
    err e = engine_step(sim->engine, event, &sim->effects);
    ASSERT(e == OK || e == ERR_STALE || event->kind == EVENT_SUBMIT);
}

static struct event event_of(const struct sim *sim, enum event_kind kind, uint64_t task)
{
    return (struct event){.now_ns = sim->now_ns, .kind = kind, .task = sim->tasks[task].ref};
}

static uint32_t backoff_draw(const struct sim *sim, uint64_t task, uint32_t attempt)
{
    return (uint32_t)(rng_u64(&sim->rng, RNG_BACKOFF, task, attempt) >> 32);
}

static void submit_task(struct sim *sim, uint32_t id)
{
    const struct workload *workload = sim->options->workload;
    const struct workload_task *task = &workload->tasks[id];
    struct event event = {.now_ns = sim->now_ns, .kind = EVENT_SUBMIT};
    struct event_submit *submit = &event.u.submit;
    submit->id = id;
    submit->agent_id = task->agent + 1;
    submit->snapshot_bytes = task->snapshot_bytes;
    submit->claim_expires_ns = task->claim_expires_ns;
    submit->parent_count = task->parent_count;
    for (uint32_t i = 0; i < task->parent_count; i++) {
        submit->parents[i] = workload->parents[task->parent_begin + i];
        submit->edge_kinds[i] = workload->edges[task->parent_begin + i];
    }
    submit->rollout_bucket = sim->agent_buckets[task->agent];
    if (sim->options->settings->rollout_key == ROLLOUT_BY_TASK) {
        char name[32];
        snprintf(name, sizeof name, "task-%u", id);
        submit->rollout_bucket = rollout_bucket(name, strlen(name));
    }
    bool in_cooldown = engine_agent(sim->engine, task->agent).cooldown_until_ns > sim->now_ns;
    recorder_arrival(sim->recorder, id, in_cooldown);
    step(sim, &event, id, task->parent_count);
}

static void entry_job(struct sim *sim, const struct calendar_entry *entry)
{
    const struct workload_job *job = &sim->options->workload->jobs[entry->subject];
    for (uint32_t i = 0; i < job->task_count; i++) submit_task(sim, job->first_task + i);
    schedule_job(sim);
}

static void entry_executed(struct sim *sim, const struct calendar_entry *entry)
{
    struct executor_start next;
    const struct sim_task *task = &sim->tasks[entry->subject];
    if (entry->generation != task->execution) return; /* aborted */
    struct event event = event_of(sim, EVENT_EXECUTED, entry->subject);
    event.u.executed.compute_ns = task->finish_ns - task->started_ns;
    bool has_next = executor_release(sim->executor, sim->now_ns, entry->subject, &next);
    step(sim, &event, entry->subject, 0);
    if (has_next) begin_execution(sim, &next);
}

static void entry_aborted(struct sim *sim, const struct calendar_entry *entry)
{
    struct executor_start next;
    const struct sim_task *task = &sim->tasks[entry->subject];
    struct event event = event_of(sim, EVENT_ABORTED, entry->subject);
    int64_t end_ns = task->finish_ns < sim->now_ns ? task->finish_ns : sim->now_ns;
    event.u.executed.compute_ns = task->started_ns == NEVER_NS ? 0 : end_ns - task->started_ns;
    bool held_slot = entry->argument == EXECUTOR_WAS_RUNNING;
    bool has_next = held_slot && executor_release(sim->executor, sim->now_ns, entry->subject, &next);
    step(sim, &event, entry->subject, 0);
    if (has_next) begin_execution(sim, &next);
}

static void entry_restored(struct sim *sim, const struct calendar_entry *entry)
{
    struct event event = event_of(sim, EVENT_RESTORED, entry->subject);
    step(sim, &event, entry->subject, 0);
}

static void entry_proof(struct sim *sim, const struct calendar_entry *entry)
{
    bool fails =
        sim->options->workload->tasks[entry->subject].failure == FAILURE_PROOF && entry->argument == 0;
    struct event event = event_of(sim, fails ? EVENT_PROOF_FAILED : EVENT_PROOF_DONE, entry->subject);
    event.attempt = entry->argument;
    event.u.proof.error = PROOF_ERROR_CONSTRAINT;
    step(sim, &event, entry->subject, entry->argument);
}

static void entry_worker_free(struct sim *sim, const struct calendar_entry *entry)
{
    if (entry->generation != sim->workers[entry->subject].batch) return; /* stopped earlier */
    struct event event = {
        .now_ns = sim->now_ns, .kind = EVENT_WORKER_FREE, .u.worker.worker = entry->subject};
    step(sim, &event, entry->subject, 0);
}

static void entry_tx(struct sim *sim, const struct calendar_entry *entry)
{
    struct event event = event_of(sim, (enum event_kind)(entry->argument >> 8 & 0xff), entry->subject);
    event.attempt = entry->argument >> 16;
    event.u.tx.rejection = (enum tx_rejection)(entry->argument & 0xff);
    if (event.kind == EVENT_TX_REFUSED || event.kind == EVENT_TX_DROPPED)
        event.jitter = backoff_draw(sim, entry->subject, event.attempt);
    step(sim, &event, entry->subject, entry->argument);
}

static void entry_tick(struct sim *sim, const struct calendar_entry *entry)
{
    if (entry->at_ns != sim->tick_ns) return; /* an earlier deadline was served meanwhile */
    sim->tick_ns = NEVER_NS;
    if (engine_deadline_ns(sim->engine) > sim->now_ns) return;
    struct event event = {.now_ns = sim->now_ns, .kind = EVENT_TICK};
    step(sim, &event, 0, 0);
}

static void entry_gc(struct sim *sim, const struct calendar_entry *entry)
{
    (void)entry;
    struct event event = {.now_ns = sim->now_ns, .kind = EVENT_GC};
    step(sim, &event, 0, 0);
    schedule_run(sim, sim->now_ns + sim->options->settings->gc_interval_ns, CALENDAR_GC, ENTRY_GC);
}

/* The state under load: what an operator would have seen at the end of the test. */
static void keep_state(struct sim *sim)
{
    if (sim->has_ended || sim->now_ns < sim->options->duration_ns) return;
    sim->has_ended = true;
    sim->outcome->after = *engine_statistics(sim->engine);
    sim->outcome->memory_after = engine_memory_usage(sim->engine);
}

static void entry_sample(struct sim *sim, const struct calendar_entry *entry)
{
    (void)entry;
    keep_state(sim);
    recorder_sample(sim->recorder, sim->now_ns, sim->engine);
    if (sim->options->trace) trace_sample(sim->options->trace, sim->now_ns, engine_statistics(sim->engine));
    if (sim->options->progress && sim->now_ns % NS_PER_S == 0)
        sim->options->progress(sim->options->progress_context, sim->now_ns);
    schedule_run(sim, sim->now_ns + RECORDER_SAMPLE_NS, CALENDAR_SAMPLE, ENTRY_SAMPLE);
}

static void (*const ENTRIES[])(struct sim *sim, const struct calendar_entry *entry) = {
    [ENTRY_JOB] = entry_job,         [ENTRY_EXECUTED] = entry_executed,
    [ENTRY_ABORTED] = entry_aborted, [ENTRY_RESTORED] = entry_restored,
    [ENTRY_PROOF] = entry_proof,     [ENTRY_WORKER_FREE] = entry_worker_free,
    [ENTRY_TX] = entry_tx,           [ENTRY_TICK] = entry_tick,
    [ENTRY_GC] = entry_gc,           [ENTRY_SAMPLE] = entry_sample,
};

/* ---- the run ---- */

static bool is_drained(const struct sim *sim)
{
    const struct engine_stats *stats = engine_statistics(sim->engine);
    bool has_arrivals = sim->next_job < sim->options->workload->job_count;
    return sim->now_ns >= sim->options->duration_ns && !has_arrivals && stats->live_tasks == 0;
}

static void run(struct sim *sim, bool *interrupted)
{
    struct calendar_entry entry;
    const volatile sig_atomic_t *stop = sim->options->stop;
    while (sim->failure == OK && calendar_next_ns(sim->calendar) <= sim->limit_ns &&
           calendar_pop(sim->calendar, &entry)) {
        sim->now_ns = sim->context.now_ns = entry.at_ns;
        ENTRIES[entry.kind](sim, &entry);
        schedule_tick(sim);
        if (entry.kind != ENTRY_SAMPLE) continue;
        *interrupted = stop && *stop;
        if (*interrupted || is_drained(sim)) return;
    }
}

static err open_tables(struct sim *sim)
{
    const struct sim_options *options = sim->options;
    const struct engine_limits limits = engine_limits_for(options->settings, options->agents);
    const struct recorder_options recording = {
        .workload = options->workload,
        .warmup_ns = options->warmup_ns,
        .duration_ns = options->duration_ns,
        .workers = (uint32_t)options->settings->worker_threads,
    };
    const struct executor_options executing = {
        .agents = options->agents,
        .slots = options->executor_slots,
        .tasks = options->workload->task_count ? options->workload->task_count : 1,
    };
    sim->tasks = calloc(options->workload->task_count + 1u, sizeof *sim->tasks);
    sim->agent_buckets = calloc(options->agents, sizeof *sim->agent_buckets);
    if (!sim->tasks || !sim->agent_buckets) return ERR_NOMEM;
    TRY(arena_open(&sim->arena, engine_memory_bytes(&limits)));
    TRY(engine_init(&sim->engine, &sim->arena, &limits, options->settings));
    TRY(calendar_open(&sim->calendar));
    TRY(executor_open(&sim->executor, &executing));
    return recorder_open(&sim->recorder, &recording);
}

static void close_tables(struct sim *sim)
{
    recorder_free(sim->recorder);
    executor_free(sim->executor);
    calendar_free(sim->calendar);
    arena_close(&sim->arena);
    free(sim->agent_buckets);
    free(sim->tasks);
    free(sim);
}

/* Agents with their balances, and the entries that keep themselves going. */
static void set_out(struct sim *sim)
{
    const struct sim_options *options = sim->options;
    for (uint32_t agent = 0; agent < options->agents; agent++) {
        char name[32];
        snprintf(name, sizeof name, "agent-%03u", agent + 1);
        sim->agent_buckets[agent] = rollout_bucket(name, strlen(name));
        struct event event = {.kind = EVENT_DEPOSIT};
        event.u.deposit.agent_id = agent + 1;
        event.u.deposit.lamports = options->agent_stake_lamports;
        step(sim, &event, agent, options->agent_stake_lamports);
    }
    sim->outcome->before = *engine_statistics(sim->engine);
    schedule_job(sim);
    schedule_run(sim, options->settings->gc_interval_ns, CALENDAR_GC, ENTRY_GC);
    schedule_run(sim, 0, CALENDAR_SAMPLE, ENTRY_SAMPLE);
}

static err finish(struct sim *sim, struct sim_outcome *out)
{
    const struct workload *workload = sim->options->workload;
    if (sim->failure != OK) return sim->failure;
    out->moments = calloc(workload->task_count + 1u, sizeof *out->moments);
    if (!out->moments) return ERR_NOMEM;
    for (uint32_t task = 1; task <= workload->task_count; task++)
        out->moments[task] = recorder_task(sim->recorder, task);
    TRY(recorder_finish(sim->recorder, sim->engine, sim->now_ns, &out->metrics));
    out->metrics.seed = sim->options->seed;
    out->metrics.trajectory_hash = sim->trajectory.hash;
    out->metrics.events = sim->trajectory.event_count;
    return OK;
}

err sim_run(const struct sim_options *options, struct sim_outcome *out, struct diag *diag)
{
    struct sim *sim = calloc(1, sizeof *sim);
    *out = (struct sim_outcome){0};
    if (!sim) return diag_fail(diag, ERR_NOMEM, "out of memory for a run");
    sim->options = options;
    sim->outcome = out;
    sim->rng = rng_keyed(options->seed, options->replication);
    sim->trajectory = trajectory_begin(options->seed);
    sim->tick_ns = NEVER_NS;
    sim->limit_ns = ns_after(options->duration_ns,
                             2 * options->settings->confirmation_timeout_ns + DRAIN_SLACK_S * NS_PER_S);
    sim->effects = (struct effects){
        .items = sim->effect_items, .capacity = EFFECT_CAPACITY, .context = sim, .flush = perform};
    sim->context.seed = options->seed;
    assert_set_context(&sim->context);
    err e = open_tables(sim);
    if (e == OK) {
        set_out(sim);
        run(sim, &out->interrupted);
        e = finish(sim, out);
    }
    assert_set_context(NULL);
    close_tables(sim);
    if (e == OK) return OK;
    sim_outcome_close(out);
    return diag_fail(diag, e, "seed %llu: %s", (unsigned long long)options->seed, err_text(e));
}

void sim_outcome_close(struct sim_outcome *outcome)
{
    run_metrics_close(&outcome->metrics);
    free(outcome->moments);
    outcome->moments = NULL;
}
