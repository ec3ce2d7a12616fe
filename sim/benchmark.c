/* sim/benchmark.c: one replication is a workload, a chain, and two arms over them. */
#include "sim/chain_slots.h"
#include "sim/benchmark.h"
#include "sim/baseline.h"
#include "sim/pool.h"
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct shared {
    const struct benchmark_batch *batch;
    pthread_mutex_t lock;
    int64_t done_ns;
};

/* One arm's progress is reported as what it adds to the sum over all arms. */
struct arm_progress {
    struct shared *shared;
    int64_t reported_ns, duration_ns;
};

static void report_progress(void *context, int64_t now_ns)
{
    struct arm_progress *arm = context;
    struct shared *shared = arm->shared;
    int64_t until_ns = now_ns < arm->duration_ns ? now_ns : arm->duration_ns;
    pthread_mutex_lock(&shared->lock);
    shared->done_ns += until_ns - arm->reported_ns;
    arm->reported_ns = until_ns;
    shared->batch->progress(shared->batch->progress_context, shared->done_ns);
    pthread_mutex_unlock(&shared->lock);
}

struct replication {
    const struct benchmark_plan *plan;
    struct shared *shared;
    uint32_t index;
    struct workload *workload;
    struct chain *chain;
};

static err run_arm(const struct replication *replication, const struct settings *settings,
                   struct trace *trace, struct sim_outcome *out, struct diag *diag)
{
    const struct benchmark_plan *plan = replication->plan;
    const struct benchmark_batch *batch = replication->shared->batch;
    struct arm_progress progress = {.shared = replication->shared, .duration_ns = plan->duration_ns};
    const struct sim_options options = {
        .settings = settings,
        .workload = replication->workload,
        .chain = replication->chain,
        .prover = &plan->prover,
        .agents = plan->agents,
        .executor_slots = plan->executor_slots,
        .agent_stake_lamports = plan->agent_stake_lamports,
        .warmup_ns = plan->warmup_ns,
        .duration_ns = plan->duration_ns,
        .resubmits = plan->resubmits,
        .seed = plan->seed,
        .replication = replication->index,
        .trace = trace,
        .stop = batch->stop,
        .progress = batch->progress ? report_progress : NULL,
        .progress_context = &progress,
    };
    return sim_run(&options, out, diag);
}

static void fill_speedup(const struct replication *replication, const struct sim_outcome *with,
                         const struct sim_outcome *without, struct run_metrics *metrics)
{
    const struct arms arms = {
        .workload = replication->workload,
        .with = with->moments,
        .without = without->moments,
        .warmup_ns = replication->plan->warmup_ns,
        .duration_ns = replication->plan->duration_ns,
        .starts_early = !replication->plan->settings.require_parent_output,
    };
    struct speedup speedup = speedup_of(&arms);
    metrics->speedup = speedup.vs_no_speculation;
    metrics->speedup_bound = speedup.bound;
    metrics->fraction_of_bound = speedup.fraction_of_bound;
}

static err run_traced(const struct replication *replication, struct sim_outcome *out, struct diag *diag)
{
    const struct benchmark_plan *plan = replication->plan;
    struct trace *trace = NULL;
    if (!plan->trace_path || replication->index != 0)
        return run_arm(replication, &plan->settings, NULL, out, diag);
    TRY(trace_open(&trace, plan->trace_path, replication->workload, diag));
    err e = run_arm(replication, &plan->settings, trace, out, diag);
    if (e == OK)
        e = trace_close(trace, diag);
    else
        trace_abandon(trace);
    if (e != OK) sim_outcome_close(out);
    return e;
}

static err run_arms(const struct replication *replication, struct benchmark_run *run)
{
    const struct benchmark_plan *plan = replication->plan;
    struct sim_outcome with = {0}, without = {0};
    TRY(run_traced(replication, &with, &run->diag));
    run->metrics = with.metrics; /* moved: only the moments are left to free */
    run->metrics.speedup = run->metrics.speedup_bound = run->metrics.fraction_of_bound = NAN;
    run->before = with.before;
    run->after = with.after;
    run->memory_after = with.memory_after;
    run->interrupted = with.interrupted;
    err e = OK;
    if (plan->has_baseline && !run->interrupted) {
        struct settings settings = baseline_settings(&plan->settings);
        e = run_arm(replication, &settings, NULL, &without, &run->diag);
        run->baseline = without.metrics;
        run->interrupted = without.interrupted;
        if (e == OK && !run->interrupted) fill_speedup(replication, &with, &without, &run->metrics);
    }
    free(with.moments);
    free(without.moments);
    return e;
}

static err run_replication(struct replication *replication, struct benchmark_run *run)
{
    const struct benchmark_plan *plan = replication->plan;
    struct workload_options workload = plan->workload;
    const struct chain_options chain = {
        .profile = &plan->chain, .path = plan->path, .seed = plan->seed, .replication = replication->index};
    workload.seed = plan->seed;
    workload.replication = replication->index;
    err e = workload_open(&replication->workload, &workload, &run->diag);
    if (e == OK) e = chain_open(&replication->chain, &chain);
    if (e == OK) e = run_arms(replication, run);
    chain_free(replication->chain);
    workload_free(replication->workload);
    return e;
}

static double wall_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run_one(void *context, uint32_t index)
{
    struct shared *shared = context;
    const struct benchmark_batch *batch = shared->batch;
    uint32_t plan = 0;
    while (index >= batch->plans[plan].runs) index -= batch->plans[plan++].runs;
    struct benchmark_run *run = &batch->runs[plan][index];
    if (run->is_done) return;
    if (batch->stop && *batch->stop) return;
    struct replication replication = {.plan = &batch->plans[plan], .shared = shared, .index = index};
    double began = wall_now();
    run->error = run_replication(&replication, run);
    run->is_done = run->error == OK;
    run->metrics.wall_seconds = wall_now() - began;
}

static err first_error(const struct benchmark_batch *batch, struct diag *diag)
{
    for (uint32_t plan = 0; plan < batch->plan_count; plan++)
        for (uint32_t run = 0; run < batch->plans[plan].runs; run++) {
            const struct benchmark_run *of = &batch->runs[plan][run];
            if (of->error == OK) continue;
            const char *line = of->diag.text[0] ? of->diag.text : chain_slots_why(of->error);
            return diag_fail(diag, of->error, "%s", line);
        }
    return OK;
}

err benchmark_run_all(const struct benchmark_batch *batch, struct diag *diag)
{
    struct shared shared = {.batch = batch, .lock = PTHREAD_MUTEX_INITIALIZER};
    uint32_t count = 0;
    for (uint32_t plan = 0; plan < batch->plan_count; plan++) count += batch->plans[plan].runs;
    pool_run(batch->threads, count, run_one, &shared);
    return first_error(batch, diag);
}

void benchmark_run_close(struct benchmark_run *run)
{
    run_metrics_close(&run->metrics);
    run_metrics_close(&run->baseline);
}

static bool is_complete(const struct benchmark_run *run)
{
    return run->is_done && !run->interrupted;
}

static int64_t covered_ns(const struct benchmark_plan *plan, const struct benchmark_run *run)
{
    int64_t until_ns = (int64_t)(run->metrics.sim_seconds * 1e9);
    return until_ns < plan->duration_ns ? until_ns : plan->duration_ns;
}

static uint32_t keep_complete(struct benchmark_run *runs, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct benchmark_run run = runs[i];
        runs[i] = (struct benchmark_run){0};
        if (is_complete(&run))
            runs[kept++] = run;
        else
            benchmark_run_close(&run);
    }
    return kept;
}

static bool keep_furthest(struct benchmark_plan *plan, struct benchmark_run *runs)
{
    uint32_t furthest = 0;
    for (uint32_t i = 1; i < plan->runs; i++)
        if (covered_ns(plan, &runs[i]) > covered_ns(plan, &runs[furthest])) furthest = i;
    struct benchmark_run best = runs[furthest];
    runs[furthest] = (struct benchmark_run){0};
    for (uint32_t i = 0; i < plan->runs; i++) benchmark_run_close(&runs[i]);
    run_metrics_close(&best.baseline);
    runs[0] = best;
    plan->duration_ns = covered_ns(plan, &best);
    plan->has_baseline = false;
    plan->runs = 1;
    return plan->duration_ns > plan->warmup_ns;
}

bool benchmark_keep_usable(struct benchmark_plan *plan, struct benchmark_run *runs)
{
    for (uint32_t i = 0; i < plan->runs; i++) {
        if (!is_complete(&runs[i])) continue;
        plan->runs = keep_complete(runs, plan->runs);
        return true;
    }
    return keep_furthest(plan, runs);
}
