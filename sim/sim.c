/* sim/sim.c: the loop: pop, deliver, see to the next deadline, until everything is final. */
#include "engine/mutant.h"
#include "sim/sim.h"
#include "base/rollout.h"
#include "sim/hazards.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAIN_SLACK_S = 60 };

/* ---- the calendar ---- */

void sim_add_entry(struct sim *sim, const struct calendar_entry *entry)
{
    struct calendar_entry by_address = *entry;
    by_address.at_ns += (int64_t)((uintptr_t)sim >> 12 & 1023);
    err e = calendar_add(sim->calendar, MUTANT(104) ? &by_address : entry);
    if (e != OK && sim->failure == OK) sim->failure = e;
}

void sim_schedule_task(struct sim *sim, int64_t at_ns, enum entry_kind kind, uint64_t task, uint32_t argument)
{
    struct sim_task *state = &sim->tasks[task];
    sim_add_entry(sim, &(struct calendar_entry){
                           .at_ns = at_ns,
                           .key = calendar_key(CALENDAR_OUTCOME, task, state->entry_count++),
                           .subject = (uint32_t)task,
                           .generation = state->execution,
                           .kind = kind,
                           .argument = argument,
                       });
}

void sim_schedule_run(struct sim *sim, int64_t at_ns, enum calendar_class class, enum entry_kind kind)
{
    sim_add_entry(sim, &(struct calendar_entry){
                           .at_ns = at_ns,
                           .key = calendar_key(class, RUN_ENTITY, sim->run_entries++),
                           .kind = kind,
                       });
}

void sim_schedule_job(struct sim *sim)
{
    const struct workload *workload = sim->options->workload;
    if (sim->next_job == workload->job_count) return;
    const struct workload_job *job = &workload->jobs[sim->next_job];
    int64_t at_ns = sim->hazards ? hazards_arrival(sim, sim->next_job, job->intended_ns) : job->intended_ns;
    sim_add_entry(sim, &(struct calendar_entry){
                           .at_ns = at_ns,
                           .key = calendar_key(CALENDAR_ARRIVAL, job->first_task, 0),
                           .subject = sim->next_job++,
                           .kind = ENTRY_JOB,
                       });
}

/* The engine's next deadline needs an entry only when it comes before the one that is out. */
void sim_schedule_tick(struct sim *sim)
{
    int64_t deadline_ns = engine_deadline_ns(sim->engine);
    if (sim->hazards && !hazards_may_tick(sim)) return;
    if (deadline_ns >= sim->tick_ns) return;
    sim->tick_ns = deadline_ns > sim->now_ns ? deadline_ns : sim->now_ns;
    sim_schedule_run(sim, sim->tick_ns, CALENDAR_TIMER, ENTRY_TICK);
}

const struct workload_task *sim_planned(const struct sim *sim, uint64_t task)
{
    const struct workload *workload = sim->options->workload;
    return &workload->tasks[recorder_original(workload, task)];
}

bool sim_is_retry(const struct sim *sim, uint64_t task)
{
    return task > sim->options->workload->task_count;
}

/* ---- the run ---- */

static bool is_drained(const struct sim *sim)
{
    const struct engine_stats *stats = engine_statistics(sim->engine);
    bool has_arrivals = sim->next_job < sim->options->workload->job_count;
    if (sim->hazards && !hazards_are_over(sim)) return false;
    return sim->now_ns >= sim->options->duration_ns && !has_arrivals && stats->live_tasks == 0;
}

/* With hazards: the end that was asked for. */
static bool is_cut(const struct sim *sim)
{
    const struct hazards *hazards = sim->hazards;
    if (!hazards) return false;
    return hazards->options.until_ns && sim->now_ns >= hazards->options.until_ns;
}

static void run(struct sim *sim)
{
    bool *interrupted = &sim->outcome->interrupted;
    struct calendar_entry entry;
    const volatile sig_atomic_t *stop = sim->options->stop;
    while (sim->failure == OK && calendar_next_ns(sim->calendar) <= sim->limit_ns &&
           calendar_pop(sim->calendar, &entry)) {
        sim->now_ns = sim->context.now_ns = entry.at_ns;
        entries_deliver(sim, &entry);
        sim_schedule_tick(sim);
        if (sim->hazards) hazards_schedule_moment(sim);
        if (sim->hazards && (sim->hazards->is_over || hazards_is_stuck(sim))) return;
        if (entry.kind != ENTRY_SAMPLE) continue;
        *interrupted = stop && *stop;
        if (*interrupted || is_drained(sim) || is_cut(sim)) return;
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
        .has_retries = options->resubmits,
    };
    uint32_t tasks = options->workload->task_count * (options->resubmits ? 2 : 1);
    const struct executor_options executing = {
        .agents = options->agents, .slots = options->executor_slots, .tasks = tasks ? tasks : 1};
    sim->tasks = calloc(tasks + 1u, sizeof *sim->tasks);
    sim->retries = calloc(options->workload->task_count + 1u, sizeof *sim->retries);
    sim->agent_buckets = calloc(options->agents, sizeof *sim->agent_buckets);
    if (!sim->tasks || !sim->retries || !sim->agent_buckets) return ERR_NOMEM;
    TRY(arena_open(&sim->arena, engine_memory_bytes(&limits)));
    TRY(engine_init(&sim->engine, &sim->arena, &limits, options->settings));
    TRY(calendar_open(&sim->calendar));
    TRY(executor_open(&sim->executor, &executing));
    return recorder_open(&sim->recorder, &recording);
}

static void close_tables(struct sim *sim)
{
    hazards_close(sim);
    recorder_free(sim->recorder);
    executor_free(sim->executor);
    calendar_free(sim->calendar);
    arena_close(&sim->arena);
    free(sim->agent_buckets);
    free(sim->retries);
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
        bool is_always = rollout_lists(options->settings->rollout_always, name);
        sim->agent_buckets[agent] = is_always ? ROLLOUT_ALWAYS : rollout_bucket(name, strlen(name));
        entries_deposit(sim, agent, options->agent_stake_lamports);
    }
    sim->outcome->before = *engine_statistics(sim->engine);
    sim_schedule_job(sim);
    sim_schedule_run(sim, options->settings->gc_interval_ns, CALENDAR_GC, ENTRY_GC);
    sim_schedule_run(sim, 0, CALENDAR_SAMPLE, ENTRY_SAMPLE);
    if (sim->hazards) hazards_set_out(sim);
}

static err keep_figures(struct sim *sim, struct sim_outcome *out)
{
    const struct workload *workload = sim->options->workload;
    out->moments = calloc(workload->task_count + 1u, sizeof *out->moments);
    if (!out->moments) return ERR_NOMEM;
    for (uint32_t task = 1; task <= workload->task_count; task++)
        out->moments[task] = recorder_task(sim->recorder, task);
    return recorder_finish(sim->recorder, sim->engine, sim->now_ns, &out->metrics);
}

/* With hazards there are no figures: faults of the load bring tasks before their time. */
static err finish(struct sim *sim, struct sim_outcome *out)
{
    if (sim->failure != OK) return sim->failure;
    if (!sim->hazards) TRY(keep_figures(sim, out));
    out->last = *engine_statistics(sim->engine);
    out->end_ns = sim->now_ns;
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
    int64_t settle_ns = 2 * options->settings->confirmation_timeout_ns + DRAIN_SLACK_S * NS_PER_S;
    sim->limit_ns = ns_after(options->duration_ns, options->settle_ns ? options->settle_ns : settle_ns);
    sim->effects = (struct effects){
        .items = sim->effect_items, .capacity = EFFECT_CAPACITY, .context = sim, .flush = ports_perform};
    sim->context.seed = options->seed;
    assert_set_context(&sim->context);
    err e = open_tables(sim);
    if (e == OK && options->hazards) e = hazards_open(sim, options->hazards);
    if (e == OK) {
        set_out(sim);
        if (sim->hazards)
            hazards_guard(sim, run);
        else
            run(sim);
        if (out->interrupted) recorder_cut(sim->recorder, sim->now_ns > 0 ? sim->now_ns : 1);
        e = finish(sim, out);
        if (e == OK && options->hazards) hazards_finish(sim, options->hazards_outcome);
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
