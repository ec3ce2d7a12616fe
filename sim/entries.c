/* sim/entries.c: entries of the calendar become events of the engine.
 *
 * Outcomes that no longer apply are dropped here when the model knows (an
 * aborted execution) and refused by the engine otherwise. */
#include "engine/mutant.h"
#include "base/rollout.h"
#include "sim/hazards.h"
#include <stdio.h>
#include <stdlib.h>

/* Late and duplicate events are the engine's to refuse and count; refused submissions are counted there too.
 */
err sim_step(struct sim *sim, const struct event *event, uint64_t subject, uint64_t argument)
{
    trajectory_add(&sim->trajectory, (uint64_t)event->now_ns, event->kind, subject, argument);
    recorder_elapse(sim->recorder, event->now_ns, sim->engine);
    if (sim->hazards) hazards_before_step(sim, event);
    err e = engine_step(sim->engine, event, &sim->effects);
    if (sim->hazards) hazards_after_step(sim, event, e);
    ASSERT(e == OK || e == ERR_STALE || event->kind == EVENT_SUBMIT || sim->hazards);
    return e;
}

static err step(struct sim *sim, const struct event *event, uint64_t subject, uint64_t argument)
{
    struct event by_wall = *event;
    if (MUTANT(9) && sim->hazards && event->kind == EVENT_TICK) {
        by_wall.now_ns = hazards_wall_ns(sim);
        event = &by_wall;
    }
    if (sim->hazards) return hazards_step(sim, event, subject, argument);
    return sim_step(sim, event, subject, argument);
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
    if (sim->hazards && !hazards_submission(sim, &event)) return;
    bool in_cooldown = engine_agent(sim->engine, task->agent).cooldown_until_ns > sim->now_ns;
    recorder_arrival(sim->recorder, id, in_cooldown);
    if (step(sim, &event, id, task->parent_count) != OK) recorder_refusal(sim->recorder, id);
    if (sim->hazards) hazards_submitted(sim, &event);
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

static bool executed_leaves(struct sim *sim, const struct calendar_entry *entry)
{
    if (entry->generation != sim->tasks[entry->subject].execution) return false; /* aborted */
    release_slot(sim, entry->subject);
    return true;
}

static void entry_executed(struct sim *sim, const struct calendar_entry *entry)
{
    const struct sim_task *task = &sim->tasks[entry->subject];
    struct event event = event_of(sim, EVENT_EXECUTED, entry->subject);
    event.u.executed.compute_ns = task->finish_ns - task->started_ns;
    if (sim->hazards && hazards_fails_execution(sim, entry->subject)) event.kind = EVENT_EXECUTION_FAILED;
    step(sim, &event, entry->subject, 0);
}

/* An abort that was asked for twice gives its slot back once: the last time. */
static bool aborted_leaves(struct sim *sim, const struct calendar_entry *entry)
{
    bool is_last = entry->generation == sim->tasks[entry->subject].execution;
    if (is_last && entry->argument == EXECUTOR_WAS_RUNNING) release_slot(sim, entry->subject);
    return true;
}

static void entry_aborted(struct sim *sim, const struct calendar_entry *entry)
{
    const struct sim_task *task = &sim->tasks[entry->subject];
    struct event event = event_of(sim, EVENT_ABORTED, entry->subject);
    int64_t end_ns = task->finish_ns < sim->now_ns ? task->finish_ns : sim->now_ns;
    event.u.executed.compute_ns = task->started_ns == NEVER_NS ? 0 : end_ns - task->started_ns;
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
    if (sim->hazards && hazards_kills_proof(sim, entry->subject)) {
        event.kind = EVENT_PROOF_FAILED;
        event.u.proof.error = PROOF_ERROR_TRANSIENT;
        event.jitter = backoff_draw(sim, entry->subject, event.attempt);
    }
    step(sim, &event, entry->subject, entry->argument);
}

static bool worker_leaves(struct sim *sim, const struct calendar_entry *entry)
{
    return entry->generation == sim->workers[entry->subject].batch; /* otherwise stopped earlier */
}

static void entry_worker_free(struct sim *sim, const struct calendar_entry *entry)
{
    struct event event = {
        .now_ns = sim->now_ns, .kind = EVENT_WORKER_FREE, .u.worker.worker = entry->subject};
    step(sim, &event, entry->subject, 0);
}

static void entry_tx(struct sim *sim, const struct calendar_entry *entry)
{
    struct event event = event_of(sim, (enum event_kind)(entry->argument >> 8 & 0xff), entry->subject);
    event.attempt = entry->argument >> 16;
    event.u.tx.rejection = (enum tx_rejection)(entry->argument & 0xff);
    bool is_level = event.kind == EVENT_CONFIRMED || event.kind == EVENT_FINALIZED;
    if (sim->hazards && is_level && hazards_is_void(sim, entry->subject, event.attempt)) return;
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

static void entry_moment(struct sim *sim, const struct calendar_entry *entry)
{
    if (entry->at_ns == sim->hazards->moment_ns) hazards_moment(sim);
}

static void entry_renew(struct sim *sim, const struct calendar_entry *entry)
{
    hazards_renew(sim, entry->subject);
}

#define OF_RUN_(name, function)                                                                              \
    static void name(struct sim *sim, const struct calendar_entry *entry)                                    \
    {                                                                                                        \
        (void)entry;                                                                                         \
        function(sim);                                                                                       \
    }
OF_RUN_(entry_patience, hazards_ask_again)
OF_RUN_(entry_heal, hazards_heal)
OF_RUN_(entry_up, hazards_come_up)
OF_RUN_(entry_flush, hazards_flush)
OF_RUN_(entry_order, hazards_restore_order)
OF_RUN_(entry_scrape, hazards_scrape)
#undef OF_RUN_

/* What happens at the port when its work is done (false: nothing comes of it), and what the engine hears. */
static const struct entry_row {
    void (*arrives)(struct sim *sim, const struct calendar_entry *entry);
    bool (*leaves)(struct sim *sim, const struct calendar_entry *entry);
    enum chaos_target link; /* TARGET_ANY: no message */
} ENTRIES[] = {
    [ENTRY_JOB] = {.arrives = entry_job},
    [ENTRY_RESUBMIT] = {.arrives = entry_resubmit},
    [ENTRY_EXECUTED] = {entry_executed, executed_leaves, TARGET_EXECUTOR},
    [ENTRY_ABORTED] = {entry_aborted, aborted_leaves, TARGET_EXECUTOR},
    [ENTRY_RESTORED] = {entry_restored, NULL, TARGET_STORAGE},
    [ENTRY_PROOF] = {entry_proof, NULL, TARGET_PROVER},
    [ENTRY_WORKER_FREE] = {entry_worker_free, worker_leaves, TARGET_PROVER},
    [ENTRY_TX] = {entry_tx, NULL, TARGET_CHAIN},
    [ENTRY_TICK] = {.arrives = entry_tick},
    [ENTRY_GC] = {.arrives = entry_gc},
    [ENTRY_SAMPLE] = {.arrives = entry_sample},
    [ENTRY_MOMENT] = {.arrives = entry_moment},
    [ENTRY_PATIENCE] = {.arrives = entry_patience},
    [ENTRY_LAND] = {.arrives = hazards_land},
    [ENTRY_HEAL] = {.arrives = entry_heal},
    [ENTRY_UP] = {.arrives = entry_up},
    [ENTRY_FLUSH] = {.arrives = entry_flush},
    [ENTRY_ORDER] = {.arrives = entry_order},
    [ENTRY_RENEW] = {.arrives = entry_renew},
    [ENTRY_SCRAPE] = {.arrives = entry_scrape},
};

void entries_deliver(struct sim *sim, const struct calendar_entry *entry)
{
    struct calendar_entry mine = *entry;
    mine.kind &= ~(uint32_t)ENTRY_HAS_LEFT;
    const struct entry_row *row = &ENTRIES[mine.kind];
    bool has_left = mine.kind != entry->kind;
    if (!has_left && row->leaves && !row->leaves(sim, &mine)) return;
    bool meets_faults = sim->hazards && !has_left && row->link != TARGET_ANY;
    if (meets_faults && !hazards_receive(sim, row->link, &mine)) return;
    row->arrives(sim, &mine);
}

void entries_deposit(struct sim *sim, uint32_t agent, uint64_t lamports)
{
    struct event event = {.kind = EVENT_DEPOSIT};
    event.u.deposit.agent_id = agent + 1;
    event.u.deposit.lamports = lamports;
    step(sim, &event, agent, lamports);
}
