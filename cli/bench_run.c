/* cli/bench_run.c: plans in, results out. */
#include "cli/bench_run.h"
#include "base/duration.h"
#include "cli/progress.h"
#include "loadgen/depth.h"
#include "reports/run_fields.h"
#include "sim/pool.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The one thing that a signal handler can reach. */
static volatile sig_atomic_t interrupted;

static void on_signal(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

struct stage {
    struct benchmark_plan *plans;
    struct benchmark_run **runs;
    uint32_t count;
};

static void close_stage(struct stage *stage)
{
    for (uint32_t i = 0; stage->runs && i < stage->count; i++) {
        for (uint32_t run = 0; stage->runs[i] && run < stage->plans[i].runs; run++)
            benchmark_run_close(&stage->runs[i][run]);
        free(stage->runs[i]);
    }
    free(stage->runs);
    free(stage->plans);
}

static err open_stage(struct stage *stage, const struct bench_work *work)
{
    stage->count = work->count;
    stage->plans = calloc(work->count, sizeof *stage->plans);
    stage->runs = calloc(work->count, sizeof *stage->runs);
    if (!stage->plans || !stage->runs) return ERR_NOMEM;
    for (uint32_t i = 0; i < work->count; i++) {
        stage->plans[i] = work->request[i].plan;
        uint32_t most = work->precision ? work->precision->runs_most : stage->plans[i].runs;
        stage->runs[i] = calloc(most, sizeof **stage->runs);
        if (!stage->runs[i]) return ERR_NOMEM;
    }
    return OK;
}

static void show_progress(void *context, int64_t done_ns)
{
    progress_show(context, (uint64_t)done_ns);
}

static uint64_t total_ns(const struct stage *stage)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < stage->count; i++)
        total += (uint64_t)stage->plans[i].duration_ns * stage->plans[i].runs *
                 (stage->plans[i].has_baseline ? 2 : 1);
    return total;
}

static err run_stage(const struct bench_work *work, struct stage *stage, struct diag *diag)
{
    struct sigaction action = {.sa_handler = on_signal}, before;
    struct progress progress;
    interrupted = 0;
    progress_begin(&progress, work->teller ? work->teller : work->args[0],
                   work->label ? work->label : "simulating", total_ns(stage));
    const struct benchmark_batch batch = {
        .plans = stage->plans,
        .runs = stage->runs,
        .plan_count = stage->count,
        .threads = work->threads ? work->threads : pool_cores(),
        .stop = &interrupted,
        .progress = show_progress,
        .progress_context = &progress,
    };
    sigaction(SIGINT, &action, &before);
    err e = benchmark_run_all(&batch, diag);
    sigaction(SIGINT, &before, NULL);
    progress_end(&progress);
    return e;
}

/* Whether the runs so far tell the metric's mean as well as was asked. */
static bool is_precise(const struct bench_precision *precision, const struct benchmark_run *runs,
                       uint32_t count, struct steady_look *out)
{
    double values[LIMIT_RUNS];
    for (uint32_t i = 0; i < count; i++) {
        struct run_metric metric = {.value = NAN};
        run_metric_find(&runs[i].metrics, precision->metric, &metric);
        values[i] = metric.value;
    }
    *out = steady_look(values, count, precision->share, 0.95);
    return out->is_narrow_enough;
}

/* Looks after numbers of runs that were fixed beforehand: whoever looks after each run stops at a lucky one.
 */
static err run_until_precise(const struct bench_work *work, struct stage *stage, struct diag *diag)
{
    struct bench_precision *precision = work->precision;
    for (uint32_t look = 0;; look++) {
        uint32_t next = STEADY_LOOKS[look];
        stage->plans[0].runs = next && next < precision->runs_most ? next : precision->runs_most;
        TRY(run_stage(work, stage, diag));
        if (interrupted || is_precise(precision, stage->runs[0], stage->plans[0].runs, &precision->reached) ||
            stage->plans[0].runs == precision->runs_most)
            return OK;
    }
}

/* One benchmark's result; after an interruption of what is usable, NULL when that is nothing. */
static err take_result(const struct bench_work *work, struct stage *stage, uint32_t index,
                       struct bench_result **out, struct diag *diag)
{
    struct bench_request request = work->request[index];
    bool is_whole = !interrupted;
    request.plan.runs = stage->plans[index].runs;
    for (uint32_t run = 0; interrupted && run < request.plan.runs; run++)
        is_whole =
            stage->runs[index][run].is_done && !stage->runs[index][run].interrupted && (run == 0 || is_whole);
    if (!is_whole && !benchmark_keep_usable(&stage->plans[index], stage->runs[index])) return OK;
    request.plan = stage->plans[index];
    TRY(bench_result_of(&request, work->args[index], stage->runs[index], out, diag));
    (*out)->interrupted = !is_whole;
    return OK;
}

err bench_run(const struct bench_work *work, struct bench_result **results, struct diag *diag)
{
    struct stage stage = {0};
    for (uint32_t i = 0; i < work->count; i++) results[i] = NULL;
    err e = open_stage(&stage, work);
    if (e != OK)
        diag_fail(diag, e, "out of memory for %u benchmarks", work->count);
    else
        e = work->precision ? run_until_precise(work, &stage, diag) : run_stage(work, &stage, diag);
    for (uint32_t i = 0; i < work->count && e == OK; i++) e = take_result(work, &stage, i, &results[i], diag);
    if (e != OK)
        for (uint32_t i = 0; i < work->count; i++) {
            bench_free(results[i]);
            results[i] = NULL;
        }
    close_stage(&stage);
    return e;
}

/* The deepest chain that the distribution asks for, as far as it has an end. */
static uint32_t deepest(const char *text)
{
    struct depth depth;
    if (depth_parse(&depth, text, NULL) != OK) return 0;
    uint32_t most = 0;
    for (uint32_t value = 0; value <= DEPTH_MAX; value++)
        if (depth_chance(&depth, value) > 0.001) most = value;
    return most;
}

void bench_announce(const struct bench_request *request, const struct args *args)
{
    const struct benchmark_plan *plan = &request->plan;
    const struct settings *settings = &plan->settings;
    char duration[DURATION_TEXT_BYTES];
    uint32_t asked = deepest(plan->workload.depth);
    if (args_is_quiet(args)) return;
    duration_print(duration, plan->duration_ns);
    fprintf(args->log, "seed %llu, ", (unsigned long long)plan->seed);
    if (args_given(args, "precision"))
        fputs("as many runs as it takes", args->log);
    else
        fprintf(args->log, "%u run%s", plan->runs, plan->runs == 1 ? "" : "s");
    fprintf(args->log, " of %s%s; max_depth %lld, max_parallel_branches %lld\n", duration,
            plan->has_baseline ? ", paired" : "", (long long)settings->max_depth,
            (long long)settings->max_parallel_branches);
    if (strcmp(plan->workload.shape, "chain") == 0 && asked > settings->max_depth)
        fprintf(
            args->log,
            "warning: chains are up to %u deep, but max_depth is %lld: deeper tasks wait for confirmations\n",
            asked, (long long)settings->max_depth);
    if (plan->duration_ns < NS_PER_MIN)
        fprintf(args->log, "warning: %s is too short for steady state\n", duration);
}
