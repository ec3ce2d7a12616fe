/* cli/bench_args.c: every option of a benchmark has one row here and one line in `plan_from_args`. */
#include "cli/bench_args.h"
#include "base/duration.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/config_args.h"
#include "cli/share.h"
#include <inttypes.h>
#include <string.h>

/* What is sampled over a run is kept, some 35 MB a simulated day. */
#define DURATION_NS_MOST (7 * NS_PER_DAY)

static const char *const FIDELITIES[] = {"empirical", "mechanistic", "fitted", NULL};
static const char *const STAGES[] = {"mix", "proof", "chain", NULL};
static const char *const PATHS[] = {"staked", "ordinary", "unstaked", NULL};

#define TEXT_FLAG(name_, value_, fallback_, help_)                                                           \
    {                                                                                                        \
        .name = name_, .value = value_, .type = FLAG_TEXT, .fallback = fallback_, .help = help_              \
    }
#define TIME_FLAG(name_, fallback_, help_)                                                                   \
    {                                                                                                        \
        .name = name_, .value = "TIME", .type = FLAG_DURATION, .fallback = fallback_, .help = help_          \
    }
#define COUNT_FLAG(name_, fallback_, min_, max_, help_)                                                      \
    {                                                                                                        \
        .name = name_, .value = "N", .type = FLAG_INTEGER, .fallback = fallback_, .min = min_, .max = max_,  \
        .help = help_                                                                                        \
    }

const struct flag BENCHMARK_FLAGS[] = {
    TIME_FLAG("duration", "5m", "how long tasks arrive, in virtual time; 1s to 7d"),
    {.name = "rate", .value = "N", .type = FLAG_RATE, .fallback = "50", .help = "tasks a second"},
    TEXT_FLAG(
        "warmup", "TIME", NULL,
        "cut from every figure; default 60s, a fifth of durations under 5m; auto: found by a first run"),
    TEXT_FLAG("rate-pattern", "PATTERN", "constant",
              "constant, burst:10x:30s:every:2m, ramp:10-100, step:50@0s,100@60s, sine:50%:60s, trace:FILE"),
    TEXT_FLAG("arrivals", "PROCESS", "poisson", "poisson, constant or gamma:CV"),
    TEXT_FLAG("depth-distribution", "DIST", "uniform:1-5",
              "uniform:1-5, fixed:8, geometric:0.4, empirical:FILE"),
    TEXT_FLAG("shape", "SHAPE", "chain",
              "chain, tree, fan:K, diamond, mix:root=.3,chain=.4,branch=.2,merge=.1, trace:FILE"),
    {.name = "inject-failures",
     .value = "SHARE",
     .type = FLAG_SHARE,
     .fallback = "0",
     .help = "chance that a task is a root cause of failure: 0.1 or 10%"},
    {.name = "inject-stage",
     .value = "STAGE",
     .type = FLAG_CHOICE,
     .choices = STAGES,
     .fallback = "mix",
     .help = "where it fails: proof, chain, or half and half"},
    TEXT_FLAG("inject-window", "A-B", NULL,
              "intended arrivals that may fail; default from warm-up to 80% of the duration, or its end"),
    {.name = "measure-latency", .type = FLAG_SWITCH, .help = "print the percentile table of every latency"},
    FLAG_CONFIG,
    FLAG_SET,
    {.name = "as-is",
     .type = FLAG_SWITCH,
     .help = "keep enabled and rollout as configured instead of on and 100%"},
    {.name = "scenario",
     .value = "FILE",
     .type = FLAG_FILE,
     .help = "workload, models, configuration and targets in one TOML file; options override it"},
    TEXT_FLAG("chain", "PROFILE", "mainnet", "a profile of scenarios/chain, a TOML file, or fixed:2s"),
    {.name = "fidelity",
     .value = "HOW",
     .type = FLAG_CHOICE,
     .choices = FIDELITIES,
     .help =
         "of the chain: empirical (drawn from tables), mechanistic (votes counted), fitted; the profile's"},
    {.name = "path",
     .value = "CLASS",
     .type = FLAG_CHOICE,
     .choices = PATHS,
     .fallback = "staked",
     .help = "how transactions travel: staked, ordinary or unstaked"},
    TEXT_FLAG("prover", "PROFILE", "groth16-gpu",
              "a profile of scenarios/prover, a TOML file, or a distribution"),
    TEXT_FLAG("execution", "DIST", "lognormal:200ms:0.5",
              "time of one task: fixed:1s, exponential:100ms, any distribution"),
    COUNT_FLAG("agents", "50", 1, LIMIT_AGENTS, "agents that jobs belong to"),
    COUNT_FLAG("executors", "4", 0, 100000, "execution slots of an agent; 0 for no limit"),
    {.name = "cross-agent",
     .value = "SHARE",
     .type = FLAG_SHARE,
     .fallback = "0.02",
     .help = "chance that a task goes to another agent, with the rest of its chain"},
    TEXT_FLAG("edges", "SHARES", "data=.85,order=.15", "kinds of dependencies: data, order, resource"),
    {.name = "agent-stake",
     .value = "LAMPORTS",
     .type = FLAG_INTEGER,
     .min = 0,
     .max = INT64_MAX,
     .help = "balance of each agent at the start; default stake.max_stake"},
    {.name = "resubmit",
     .type = FLAG_SWITCH,
     .help = "submit once more, as new tasks, what failed or was rolled back"},
    TIME_FLAG("claim-ttl", NULL, "claims expire so long after arrival; at least twice the claim buffer"),
    COUNT_FLAG("runs", "3", 1, LIMIT_RUNS, "replications; the guide asks for at least 3"),
    {.name = "precision",
     .value = "SHARE",
     .type = FLAG_SHARE,
     .help = "add replications until the 95% interval of --precision-of is mean +- SHARE: 2%; --runs is then "
             "the most, 100 by default"},
    TEXT_FLAG("precision-of", "METRIC", "result.p99", "any metric that targets know"),
    {.name = "seed", .value = "N", .type = FLAG_UNSIGNED, .fallback = "1", .help = "of every draw"},
    FLAG_JOBS,
    {.name = "no-baseline", .type = FLAG_SWITCH, .help = "skip the paired run without speculation"},
    {.name = "sweep",
     .value = "KEY=A,B,C",
     .type = FLAG_TEXT,
     .is_repeatable = true,
     .help = "benchmark every combination of these values; an option's name or a configuration key"},
    COUNT_FLAG("sweep-points", NULL, 2, 256, "so many points that cover each key evenly (Latin hypercube)"),
    {.name = "sweep-dir",
     .value = "FOLDER",
     .type = FLAG_FOLDER,
     .help = "write every point's result, sweep.csv, sweep.md and sweep.html there"},
    {.name = "output", .value = "FILE", .type = FLAG_FILE, .help = "write the result as JSON"},
    {.name = "hlog",
     .value = "FILE",
     .type = FLAG_FILE,
     .help = "write the latencies as an HdrHistogram log"},
    {.name = "trace",
     .value = "FILE",
     .type = FLAG_FILE,
     .help = "write a timeline of the first run for Perfetto"},
    {0},
};

static int64_t default_warmup_ns(int64_t duration_ns)
{
    return duration_ns < 5 * NS_PER_MIN ? duration_ns / 5 : NS_PER_MIN;
}

/* 80% of the duration; the rest of it where the warm-up takes longer than that. */
static int64_t default_window_end_ns(const struct benchmark_plan *plan)
{
    int64_t end_ns = plan->duration_ns / 10 * 8;
    return end_ns > plan->warmup_ns ? end_ns : plan->duration_ns;
}

/* "60s-240s" */
static err read_window(const char *text, struct workload_options *workload, struct diag *diag)
{
    char first[DURATION_TEXT_BYTES];
    const char *dash = strchr(text, '-');
    struct diag why = {0};
    if (!dash || (size_t)(dash - text) >= sizeof first)
        return diag_fail(diag, ERR_SYNTAX,
                         "--inject-window: \"%.64s\" is not a window, want one like 60s-240s", text);
    snprintf(first, sizeof first, "%.*s", (int)(dash - text), text);
    err e = duration_parse(first, &workload->failure_from_ns, &why);
    if (e == OK) e = duration_parse(dash + 1, &workload->failure_until_ns, &why);
    if (e != OK) return diag_fail(diag, e, "--inject-window: %s", why.text);
    if (workload->failure_from_ns >= workload->failure_until_ns)
        return diag_fail(diag, ERR_RANGE, "--inject-window: \"%.64s\" ends before it begins", text);
    return OK;
}

static err workload_from_args(struct benchmark_plan *plan, const struct args *args, struct diag *diag)
{
    struct workload_options *workload = &plan->workload;
    *workload = workload_defaults();
    workload->duration_ns = plan->duration_ns;
    workload->rate = args_rate(args, "rate");
    workload->pattern = args_text(args, "rate-pattern");
    workload->arrivals = args_text(args, "arrivals");
    workload->depth = args_text(args, "depth-distribution");
    workload->shape = args_text(args, "shape");
    workload->execution = args_text(args, "execution");
    workload->edges = args_text(args, "edges");
    workload->agents = plan->agents;
    workload->cross_agent = (double)args_integer(args, "cross-agent") / (double)BPS_ONE;
    workload->failure_chance = (double)args_integer(args, "inject-failures") / (double)BPS_ONE;
    workload->failure_stage = (enum workload_stage)args_integer(args, "inject-stage");
    workload->failure_from_ns = plan->warmup_ns;
    workload->failure_until_ns = default_window_end_ns(plan);
    if (args_given(args, "claim-ttl")) workload->claim_ttl_ns = args_integer(args, "claim-ttl");
    if (workload->claim_ttl_ns && workload->claim_ttl_ns < 2 * plan->settings.claim_buffer_ns)
        return diag_fail(diag, ERR_RANGE,
                         "--claim-ttl: claims must last at least twice claim_buffer_ms, %" PRId64 "s",
                         2 * plan->settings.claim_buffer_ns / NS_PER_S);
    return args_given(args, "inject-window") ? read_window(args_text(args, "inject-window"), workload, diag)
                                             : OK;
}

static err models_from_args(struct benchmark_plan *plan, const struct args *args, struct diag *diag)
{
    char folder[SHARE_PATH_BYTES];
    struct diag why = {0};
    TRY(share_folder("chain", args->environment, folder, diag));
    char fidelity[PROFILE_NAME_BYTES];
    const char *sets[] = {NULL, NULL};
    if (args_text(args, "fidelity")) {
        if (chain_profile_is_fixed(args_text(args, "chain")))
            return diag_fail(diag, ERR_USAGE,
                             "--fidelity: %.64s has no slots that could be drawn or counted; name a profile",
                             args_text(args, "chain"));
        snprintf(fidelity, sizeof fidelity, "chain.fidelity=%s", args_text(args, "fidelity"));
        sets[0] = fidelity;
    }
    err e = chain_profile_load_with(&plan->chain, folder, args_text(args, "chain"), sets, &why);
    if (e != OK) return diag_fail(diag, e, "--chain: %.480s", why.text);
    plan->path = (enum chain_path)args_integer(args, "path");
    TRY(share_folder("prover", args->environment, folder, diag));
    e = prover_profile_load(&plan->prover, folder, args_text(args, "prover"), &why);
    return e == OK ? OK : diag_fail(diag, e == ERR_LIMIT ? ERR_IO : e, "--prover: %.480s", why.text);
}

/* Each would replace what the other has written. */
static err outputs_check(const struct args *args, struct diag *diag)
{
    static const char *const OUTPUTS[] = {"output", "hlog", "trace"};
    enum { COUNT = sizeof OUTPUTS / sizeof *OUTPUTS };
    for (int i = 0; i < COUNT; i++)
        for (int j = i + 1; j < COUNT; j++) {
            const char *a = args_text(args, OUTPUTS[i]), *b = args_text(args, OUTPUTS[j]);
            if (a && b && file_is_same(a, b))
                return diag_fail(diag, ERR_USAGE, "--%s and --%s are the same file, %.256s; name two",
                                 OUTPUTS[i], OUTPUTS[j], a);
        }
    return OK;
}

/* "auto" begins with the default; what a first run finds takes its place (bench_request_set_warmup). */
static err warmup_from_args(struct benchmark_plan *plan, const struct args *args, struct diag *diag)
{
    const char *text = args_text(args, "warmup");
    struct diag why = {0};
    plan->warmup_ns = default_warmup_ns(plan->duration_ns);
    if (!text || strcmp(text, "auto") == 0) return OK;
    err e = duration_parse(text, &plan->warmup_ns, &why);
    return e == OK ? OK : diag_fail(diag, e, "--warmup: %s, or auto", why.text);
}

static err plan_from_args(struct benchmark_plan *plan, const struct args *args, struct diag *diag)
{
    plan->duration_ns = args_integer(args, "duration");
    if (plan->duration_ns < NS_PER_S || plan->duration_ns > DURATION_NS_MOST)
        return diag_fail(diag, ERR_RANGE, "--duration: want 1s to 7d");
    TRY(warmup_from_args(plan, args, diag));
    if (plan->warmup_ns >= plan->duration_ns)
        return diag_fail(diag, ERR_RANGE, "--warmup: nothing of the duration is left to measure");
    plan->agents = (uint32_t)args_integer(args, "agents");
    plan->executor_slots = (uint32_t)args_integer(args, "executors");
    plan->agent_stake_lamports = args_given(args, "agent-stake")
                                     ? (uint64_t)args_integer(args, "agent-stake")
                                     : (uint64_t)plan->settings.max_stake_lamports;
    plan->seed = args_unsigned(args, "seed");
    plan->runs = (uint32_t)args_integer(args, "runs");
    plan->has_baseline = !args_switch(args, "no-baseline");
    plan->resubmits = args_switch(args, "resubmit");
    plan->trace_path = args_text(args, "trace");
    TRY(outputs_check(args, diag));
    TRY(workload_from_args(plan, args, diag));
    TRY(workload_check(&plan->workload, diag));
    return models_from_args(plan, args, diag);
}

err bench_request_open(struct bench_request *out, struct args *args, struct diag *diag)
{
    struct bench_request request = {0};
    err e = bench_scenario_read(&request, args, diag);
    if (e == OK) e = config_from_args_onto(&request.config, args, diag);
    if (e == OK) {
        request.plan.settings = request.config.settings;
        if (args_switch(args, "as-is") && !request.plan.settings.enabled && !args_is_quiet(args))
            fputs("agenc: warning: --as-is: speculation.enabled is false, nothing will speculate\n",
                  args->log);
        if (!args_switch(args, "as-is")) {
            request.plan.settings.enabled = 1;
            request.plan.settings.rollout_bps = BPS_ONE;
        }
        e = plan_from_args(&request.plan, args, diag);
    }
    if (e != OK)
        bench_request_close(&request);
    else
        *out = request;
    return e;
}

void bench_request_close(struct bench_request *request)
{
    prover_profile_close(&request->plan.prover);
    arena_close(&request->texts);
}

err bench_request_set_warmup(struct bench_request *request, const struct args *args, int64_t warmup_ns,
                             struct diag *diag)
{
    request->plan.warmup_ns = warmup_ns;
    return workload_from_args(&request->plan, args, diag);
}

bool bench_wants_warmup(const struct args *args)
{
    const char *text = args_text(args, "warmup");
    return text && strcmp(text, "auto") == 0;
}
