/* cli/cmd_benchmark_speculation.c: one benchmark, from the question to the answer. */
#include "cli/bench_args.h"
#include "cli/bench_run.h"
#include "cli/color.h"
#include "cli/command.h"
#include "cli/sweep.h"
#include "reports/run_fields.h"
#include "reports/steadiness.h"

static err write_files(const struct bench_result *result, const struct args *args, struct diag *diag)
{
    if (args_text(args, "output")) TRY(bench_write(result, args_text(args, "output"), diag));
    if (args_text(args, "hlog")) TRY(bench_write_hlog(result, args_text(args, "hlog"), diag));
    return OK;
}

/* One run without a baseline, all of it measured: its warm-up is everybody's. */
static err find_warmup(struct bench_request *request, struct args *args, struct diag *diag)
{
    struct bench_request pilot = *request;
    struct bench_result *result = NULL;
    struct steadiness steadiness = {0};
    bool is_known = false;
    pilot.plan.runs = 1;
    pilot.plan.has_baseline = false;
    pilot.plan.trace_path = NULL;
    pilot.plan.warmup_ns = 0;
    const struct bench_work work = {
        .request = &pilot, .args = &args, .count = 1, .threads = 1, .label = "finding the warm-up"};
    err e = bench_run(&work, &result, diag);
    if (e == OK && !result) e = diag_fail(diag, ERR_INTERRUPTED, "interrupted: the warm-up was not found");
    if (e == OK) e = steadiness_of(&steadiness, result, &is_known);
    bench_free(result);
    if (e != OK) return e;
    if (!is_known)
        return diag_fail(diag, ERR_RANGE,
                         "--warmup auto: wants a constant rate and at least %ds of it, or name a time",
                         STEADY_VALUES_LEAST);
    if (!steadiness.is_steady)
        return diag_fail(diag, ERR_RANGE,
                         "--warmup auto: no steady state in the first half of the time, lengthen --duration "
                         "or lower --rate");
    return bench_request_set_warmup(request, args, (int64_t)steadiness.from_s * NS_PER_S, diag);
}

enum { RUNS_MOST_BY_DEFAULT = 100 };

static err ask_precision(struct bench_precision *out, const struct args *args, struct diag *diag)
{
    struct run_metric metric;
    char room[64];
    const struct run_metrics none = {0};
    *out = (struct bench_precision){
        .metric = args_text(args, "precision-of"),
        .share = (double)args_integer(args, "precision") / (double)BPS_ONE,
        .runs_most = args_given(args, "runs") ? (uint32_t)args_integer(args, "runs") : RUNS_MOST_BY_DEFAULT,
    };
    if (!(out->share > 0)) return diag_fail(diag, ERR_RANGE, "--precision: want a share above 0, as in 2%%");
    if (out->runs_most < 2)
        return diag_fail(diag, ERR_RANGE, "--precision: one run has no spread, want --runs of at least 2");
    if (run_metric_find(&none, out->metric, &metric)) return OK;
    const char *near = run_metric_nearest(out->metric, room);
    return diag_fail(diag, ERR_USAGE, "--precision-of: there is no metric %.64s%s%s", out->metric,
                     near ? ", perhaps " : "", near ? near : "");
}

static void tell_precision(struct args *args, const struct bench_precision *precision, uint32_t runs)
{
    const struct steady_look *look = &precision->reached;
    char mean[METRIC_TEXT_BYTES];
    struct run_metric metric;
    const struct run_metrics none = {0};
    run_metric_find(&none, precision->metric, &metric);
    metric_write(mean, look->mean, metric.unit);
    fprintf(args->out, "precision             mean %s %s +- %.2f %% after %u runs; asked for %.2f %%%s\n",
            precision->metric, mean, 100 * look->half_width, runs, 100 * precision->share,
            look->is_narrow_enough ? "" : ", NOT reached: more --runs, or longer ones");
    if (!look->is_narrow_enough) args->exit_status = STATUS_INCONCLUSIVE;
}

/* Options that mean nothing without another. */
static const struct {
    const char *name, *needs;
} COMPANIONS[] = {{"sweep-points", "sweep"}, {"sweep-dir", "sweep"}, {"precision-of", "precision"}};

static err check_companions(const struct args *args, struct diag *diag)
{
    for (size_t i = 0; i < sizeof COMPANIONS / sizeof *COMPANIONS; i++)
        if (args_given(args, COMPANIONS[i].name) && !args_given(args, COMPANIONS[i].needs))
            return diag_fail(diag, ERR_USAGE, "--%s says nothing without --%s", COMPANIONS[i].name,
                             COMPANIONS[i].needs);
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    TRY(check_companions(args, diag));
    if (sweep_is_wanted(args)) return sweep_run(args, diag);
    struct bench_precision precision;
    bool has_precision = args_given(args, "precision");
    if (has_precision) TRY(ask_precision(&precision, args, diag));
    struct bench_request request = {0};
    struct bench_result *result = NULL;
    TRY(bench_request_open(&request, args, diag));
    err found = bench_wants_warmup(args) ? find_warmup(&request, args, diag) : OK;
    if (found != OK) {
        bench_request_close(&request);
        return found;
    }
    bench_announce(&request, args);
    const struct bench_work work = {
        .request = &request,
        .args = &args,
        .count = 1,
        .threads = args_given(args, "jobs") ? (uint32_t)args_integer(args, "jobs") : 0,
        .precision = has_precision ? &precision : NULL,
    };
    err e = bench_run(&work, &result, diag);
    if (e == OK && !result)
        e = diag_fail(diag, ERR_INTERRUPTED,
                      "interrupted before the warm-up of a run was over: nothing to tell");
    if (e == OK) e = write_files(result, args, diag);
    if (e == OK) {
        bench_print(result, args->out, *color_for(args->out, args->environment).good);
        if (args_switch(args, "measure-latency")) bench_print_latency(result, args->out);
        if (has_precision && !result->interrupted) tell_precision(args, &precision, result->runs);
        if (result->interrupted) args->exit_status = STATUS_FAILED;
    }
    bench_free(result);
    bench_request_close(&request);
    return e;
}

const struct command COMMAND_benchmark_speculation = {
    .group = "benchmark",
    .name = "speculation",
    .summary = "measure what a configuration delivers, against no speculation",
    .flags = BENCHMARK_FLAGS,
    .description = "Runs the speculation engine against modelled Solana, provers and executors in\n"
                   "virtual time: open-loop arrivals, latency from the intended arrival, a paired run\n"
                   "without speculation. The same seed gives the same bytes on any machine.",
    .formats = "Text, an entry a line; # begins a comment, blank lines count for nothing.\n"
               "--rate-pattern trace:FILE\n"
               "    AT RATE: from AT on, RATE tasks/s. The first AT is 0s and they ascend: 60s 100\n"
               "--shape trace:FILE\n"
               "    A job a line, taken in turn, as its tasks from first to last, separated by spaces:\n"
               "    each is - (no parent) or its parents' positions, from 1, ascending, with commas.\n"
               "    A diamond is: - 1 1 2,3\n"
               "--depth-distribution empirical:FILE\n"
               "    A depth a line, 0 to 63; each line is drawn equally often.\n"
               "--execution empirical:FILE, --prover empirical:FILE\n"
               "    A duration a line, at most a day: 250ms; each line is drawn equally often.\n"
               "--scenario FILE\n"
               "    TOML: [benchmark] with options as keys (rate = 100, resubmit = true), keys of the\n"
               "    configuration ([speculation]), and [targets] as in result.p99 = \"<5s\".",
    .examples =
        "agenc benchmark speculation --duration 5m --rate 100 --depth-distribution uniform:1-5 --output "
        "a.json\n"
        "agenc benchmark speculation --rate-pattern burst:10x:30s:every:2m --duration 10m --measure-latency\n"
        "agenc benchmark speculation --config scenarios/config/prod.toml --set speculation.max_depth=5\n"
        "agenc benchmark speculation --inject-failures 0.1 --trace timeline.json\n"
        "agenc benchmark speculation --sweep speculation.max_depth=1,2,4,8 --sweep rate=25,50,100 "
        "--sweep-dir "
        "sweep",
    .exits = {STATUS_INCONCLUSIVE},
    .run = run,
};
