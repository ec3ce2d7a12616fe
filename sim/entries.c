/* sim/entries.c: entries of the calendar become events of the engine.
 *
 * Outcomes that no longer apply are dropped here when the model knows (an
 * aborted execution) and refused by the engine otherwise. */
#include "base/rollout.h"
#include "sim/state.h"
#include <stdio.h>
#include <stdlib.h>

/* Late and duplicate events are the engine's to refuse and count; refused submissions are counted there too.
 */
static err step(struct sim *sim, const struct event *event, uint64_t subject, uint64_t argument)
{
    trajectory_add(&sim->trajectory, (uint64_t)event->now_ns, event->kind, subject, argument);
    recorder_elapse(sim->recorder, event->now_ns, sim->engine);
    err e = engine_step(sim->engine, event, &sim->effects);
    ASSERT(e == OK || e == ERR_STALE || event->kind == EVENT_SUBMIT);
    return e;
}

static struct event event_of(const struct sim *sim, enum event_kind kind, uint64_t task)
{
    return (struct event){.now_ns = sim->now_ns, .kind = kind, .task = sim->tasks[task].ref};
}

static uint32_t backoff_draw(const struct sim *sim, uint64_t task, uint32_t attempt)
{
    return (uint32_t)(rng_u64(&sim->rng, RNG_BACKOFF, task, attempt) >> 32);
}

static uint32_t rollout_bucket_of(const struct sim *sim, uint64_t id, uint32_t agent)
{
    char name[32];
    bool is_always = sim->agent_buckets[agent] == ROLLOUT_ALWAYS;
    if (is_always || sim->options->settings->rollout_key == ROLLOUT_BY_AGENT)
        return sim->agent_buckets[agent];
    int size = snprintf(name, sizeof name, "task-%llu", (unsigned long long)id);
    return rollout_bucket(name, (size_t)size);
}

/* Parents of the planned task; a dead parent is replaced by its retry, a forgotten one has been final long
 * ago. */
static void add_parents(const struct sim *sim, const struct workload_task *task, struct event_submit *submit)
{
    const struct workload *workload = sim->options->workload;
    for (uint32_t i = 0; i < task->parent_count; i++) {
        uint64_t parent = workload->parents[task->parent_begin + i];
        struct task_ref ref;
        bool is_replaced = sim->options->resubmits && sim->tasks[parent].is_dead;
        if (is_replaced) parent += workload->task_count;
        if (sim->options->resubmits && !engine_find(sim->engine, parent, &ref)) continue;
        submit->edge_kinds[submit->parent_count] = workload->edges[task->parent_begin + i];
        submit->parents[submit->parent_count++] = parent;
    }
}

static void submit_task(struct sim *sim, uint64_t id)
{
    const struct workload_task *task = sim_planned(sim, id);
    struct event event = {.now_ns = sim->now_ns, .kind = EVENT_SUBMIT};
    struct event_submit *submit = &event.u.submit;
    submit->id = id;
    submit->agent_id = task->agent + 1;
    submit->snapshot_bytes = task->snapshot_bytes;
    submit->claim_expires_ns = sim_is_retry(sim, id) ? NEVER_NS : task->claim_expires_ns;
    submit->rollout_bucket = rollout_bucket_of(sim, id, task->agent);
    add_parents(sim, task, submit);
    bool in_cooldown = engine_agent(sim->engine, task->agent).cooldown_until_ns > sim->now_ns;
    recorder_arrival(sim->recorder, id, in_cooldown);
    if (step(sim, &event, id, task->parent_count) != OK) recorder_refusal(sim->recorder, id);
}

/* A dead parent must have been submitted again before its child. */
static bool may_resubmit(const struct sim *sim, uint64_t id)
{
    const struct workload *workload = sim->options->workload;
    const struct workload_task *task = &workload->tasks[id];
    for (uint32_t i = 0; i < task->parent_count; i++)
        if (sim->tasks[workload->parents[task->parent_begin + i]].awaits_retry) return false;
    return true;
}

static int by_id(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* Ids ascend from parents to children: one pass in that order submits all that can be. */
static void entry_resubmit(struct sim *sim, const struct calendar_entry *entry)
{
    (void)entry;
    uint32_t kept = 0;
    qsort(sim->retries, sim->retry_count, sizeof *sim->retries, by_id);
    for (uint32_t i = 0; i < sim->retry_count; i++) {
        uint32_t id = sim->retries[i];
        if (!may_resubmit(sim, id)) {
            sim->retries[kept++] = id;
            continue;
        }
        sim->tasks[id].awaits_retry = false;
        submit_task(sim, (uint64_t)sim->options->workload->task_count + id);
    }
    sim->retry_count = kept;
}

static void entry_job(struct sim *sim, const struct calendar_entry *entry)
{
    const struct workload_job *job = &sim->options->workload->jobs[entry->subject];
    for (uint32_t i = 0; i < job->task_count; i++) submit_task(sim, job->first_task + i);
    sim_schedule_job(sim);
}

/* Whoever waited for the slot begins before the engine hears that it is free: the step may already abort it.
 */
static void release_slot(struct sim *sim, uint32_t task)
{
    struct executor_start next;
    if (executor_release(sim->executor, sim->now_ns, task, &next)) ports_begin_execution(sim, &next);
}

static void entry_executed(struct sim *sim, const struct calendar_entry *entry)
{
    const struct sim_task *task = &sim->tasks[entry->subject];
    if (entry->generation != task->execution) return; /* aborted */
    struct event event = event_of(sim, EVENT_EXECUTED, entry->subject);
    event.u.executed.compute_ns = task->finish_ns - task->started_ns;
    release_slot(sim, entry->subject);
    step(sim, &event, entry->subject, 0);
}

static void entry_aborted(struct sim *sim, const struct calendar_entry *entry)
{
    const struct sim_task *task = &sim->tasks[entry->subject];
    struct event event = event_of(sim, EVENT_ABORTED, entry->subject);
    int64_t end_ns = task->finish_ns < sim->now_ns ? task->finish_ns : sim->now_ns;
    event.u.executed.compute_ns = task->started_ns == NEVER_NS ? 0 : end_ns - task->started_ns;
    if (entry->argument == EXECUTOR_WAS_RUNNING) release_slot(sim, entry->subject);
    step(sim, &event, entry->subject, 0);
}

static void entry_restored(struct sim *sim, const struct calendar_entry *entry)
{
    struct event event = event_of(sim, EVENT_RESTORED, entry->subject);
    step(sim, &event, entry->subject, 0);
}

static void entry_proof(struct sim *sim, const struct calendar_entry *entry)
{
    bool is_first = entry->argument == 0 && !sim_is_retry(sim, entry->subject);
    bool fails = is_first && sim_planned(sim, entry->subject)->failure == FAILURE_PROOF;
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
    sim_schedule_run(sim, sim->now_ns + sim->options->settings->gc_interval_ns, CALENDAR_GC, ENTRY_GC);
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
    if (sim->options->trace) trace_sample(sim->options->trace, sim->now_ns, sim->engine);
    if (sim->options->progress && sim->now_ns % NS_PER_S == 0)
        sim->options->progress(sim->options->progress_context, sim->now_ns);
    sim_schedule_run(sim, sim->now_ns + RECORDER_SAMPLE_NS, CALENDAR_SAMPLE, ENTRY_SAMPLE);
}

static void (*const ENTRIES[])(struct sim *sim, const struct calendar_entry *entry) = {
    [ENTRY_JOB] = entry_job,
    [ENTRY_RESUBMIT] = entry_resubmit,
    [ENTRY_EXECUTED] = entry_executed,
    [ENTRY_ABORTED] = entry_aborted,
    [ENTRY_RESTORED] = entry_restored,
    [ENTRY_PROOF] = entry_proof,
    [ENTRY_WORKER_FREE] = entry_worker_free,
    [ENTRY_TX] = entry_tx,
    [ENTRY_TICK] = entry_tick,
    [ENTRY_GC] = entry_gc,
    [ENTRY_SAMPLE] = entry_sample,
};

void entries_deliver(struct sim *sim, const struct calendar_entry *entry)
{
    ENTRIES[entry->kind](sim, entry);
}

void entries_deposit(struct sim *sim, uint32_t agent, uint64_t lamports)
{
    struct event event = {.kind = EVENT_DEPOSIT};
    event.u.deposit.agent_id = agent + 1;
    event.u.deposit.lamports = lamports;
    step(sim, &event, agent, lamports);
}
