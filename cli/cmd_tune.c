/* cli/cmd_tune.c: a race of configurations over the same seeds, and the proof on fresh ones. */
#include "cli/command.h"
#include "cli/config_args.h"
#include "cli/folder.h"
#include "cli/tune.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The rows from `scenario` on are those of `benchmark speculation`, and are handed on. */
static const struct flag FLAGS[] = {
    {.name = "output-dir",
     .value = "FOLDER",
     .type = FLAG_FOLDER,
     .fallback = "tuned",
     .help = "where winner.toml, the report of the winner against the start, and the search go"},
    {.name = "objective",
     .value = "METRIC",
     .type = FLAG_TEXT,
     .fallback = "result.p99",
     .help = "what to improve, a metric of benchmark compare"},
    {.name = "slo",
     .value = "TARGET",
     .type = FLAG_TEXT,
     .is_repeatable = true,
     .help = "what must hold: result.p99<2s, rollback_rate<5%, throughput_share>=95%"},
    {.name = "space",
     .value = "KEY=A,B,C",
     .type = FLAG_TEXT,
     .is_repeatable = true,
     .help = "configuration keys and the values to try; default: depth, branches, workers, batches"},
    {.name = "budget",
     .value = "RUNS",
     .type = FLAG_INTEGER,
     .fallback = "200",
     .min = 20,
     .max = 100000,
     .help = "runs that the race may spend: the most configurations that halving takes through all rungs "
             "within it, so often fewer; the proof has 20 pairs on top"},
    {.name = "scenario",
     .value = "FILE",
     .type = FLAG_FILE,
     .help = "the load, as in benchmark speculation; so are the next"},
    FLAG_CONFIG,
    FLAG_SET,
    {.name = "as-is", .type = FLAG_SWITCH, .help = "keep enabled and rollout as configured"},
    {.name = "duration", .value = "TIME", .type = FLAG_TEXT, .help = "of a run; 5m"},
    {.name = "warmup", .value = "TIME", .type = FLAG_TEXT, .help = "cut from every figure"},
    {.name = "rate", .value = "N", .type = FLAG_TEXT, .help = "tasks a second; 50"},
    {.name = "rate-pattern",
     .value = "PATTERN",
     .type = FLAG_TEXT,
     .help = "as in benchmark speculation: constant, burst:10x:30s:every:2m"},
    {.name = "depth-distribution", .value = "DIST", .type = FLAG_TEXT, .help = "as there: uniform:1-5"},
    {.name = "shape", .value = "SHAPE", .type = FLAG_TEXT, .help = "as there: chain, tree"},
    {.name = "inject-failures", .value = "SHARE", .type = FLAG_TEXT, .help = "chance that a task fails"},
    {.name = "chain", .value = "PROFILE", .type = FLAG_TEXT, .help = "of scenarios/chain"},
    {.name = "path", .value = "CLASS", .type = FLAG_TEXT, .help = "staked, ordinary or unstaked"},
    {.name = "prover", .value = "PROFILE", .type = FLAG_TEXT, .help = "of scenarios/prover"},
    {.name = "execution", .value = "DIST", .type = FLAG_TEXT, .help = "time of one task"},
    {.name = "agents", .value = "N", .type = FLAG_TEXT, .help = "agents that jobs belong to"},
    {.name = "executors", .value = "N", .type = FLAG_TEXT, .help = "execution slots of an agent"},
    {.name = "seed",
     .value = "N",
     .type = FLAG_UNSIGNED,
     .fallback = "1",
     .help = "of the race; the proof has the next one"},
    FLAG_JOBS,
    {0},
};

/* Its own, which no benchmark knows. */
const char *const TUNE_LEFT_OUT[] = {"output-dir", "objective", "slo",   "space", "budget",
                                     "seed",       "jobs",      "quiet", NULL};

/* Searched when nothing is named: what the tuning guide calls core parameters and one run can judge. */
static const char *const SPACE[] = {
    "speculation.max_depth=1,2,3,4,5,6,8,10",
    "speculation.max_parallel_branches=1,2,4,8,16",
    "speculation.proof.worker_threads=1,2,4,8,16",
    "speculation.proof.batch_size=1,5,10,20,50",
};

/* --- what is searched, and for what --- */

static void add_criterion(struct tune *tune, const char *metric)
{
    const struct comparison_metric *known = comparison_metric_find(metric);
    for (uint32_t i = 0; i < tune->criteria_count; i++)
        if (strcmp(tune->names[i], metric) == 0) return;
    if (tune->criteria_count == RACE_CRITERIA_MOST - 1 && strcmp(metric, "memory_per_active_task") != 0)
        return;
    tune->names[tune->criteria_count] = metric;
    tune->is_higher_better[tune->criteria_count++] =
        strncmp(metric, "throughput", 10) == 0 || (known && known->sense == HIGHER_IS_BETTER);
}

static err read_goals(struct tune *tune, struct diag *diag)
{
    const char *name = args_text(tune->args, "objective"), *text;
    uint32_t cursor = 0;
    char room[64];
    tune->objective = comparison_metric_find(name);
    if (!tune->objective || tune->objective->sense == NEITHER_IS_BETTER) {
        const char *near = run_metric_nearest(name, room);
        return diag_fail(diag, ERR_USAGE, "--objective: %.64s is nothing that can be better or worse%s%s",
                         name, near && strcmp(near, name) != 0 ? ", perhaps " : "",
                         near && strcmp(near, name) != 0 ? near : "");
    }
    err e = bench_open(&tune->slos, 1, false);
    if (e != OK) return diag_fail(diag, e, "out of memory for the search");
    while ((text = args_each(tune->args, "slo", &cursor))) TRY(bench_add_target(tune->slos, text, diag));
    add_criterion(tune, tune->objective->name);
    for (uint32_t i = 0; i < tune->slos->target_count; i++)
        if (strcmp(tune->slos->targets[i].name, "memory_per_active_task") != 0)
            add_criterion(tune, tune->slos->targets[i].name);
    add_criterion(tune, "rollback_rate");
    add_criterion(tune, "memory_per_active_task");
    return OK;
}

/* The value in force comes first: the first point is the start. */
static err start_first(struct design_factor *factor, const struct config *start, struct diag *diag)
{
    const struct config_key *key = config_key_find(factor->key);
    char now[CONFIG_TEXT_BYTES];
    uint32_t at = 0;
    if (!key) return diag_fail(diag, ERR_USAGE, "--space: %.96s is no key of the configuration", factor->key);
    config_key_write(key, &start->settings, now);
    while (at < factor->level_count && strcmp(factor->levels[at], now) != 0) at++;
    if (at == factor->level_count) {
        if (factor->level_count == DESIGN_LEVELS_MOST || strlen(now) >= DESIGN_TEXT_BYTES)
            return diag_fail(diag, ERR_LIMIT, "--space: %.96s has no room for the value in force",
                             factor->key);
        factor->level_count++;
    }
    for (; at > 0; at--) memcpy(factor->levels[at], factor->levels[at - 1], DESIGN_TEXT_BYTES);
    snprintf(factor->levels[0], DESIGN_TEXT_BYTES, "%.*s", DESIGN_TEXT_BYTES - 1, now);
    return OK;
}

struct points tune_points(const struct tune *tune, const char *const *own, const char *label)
{
    return (struct points){tune->args, TUNE_LEFT_OUT, own, &tune->design, label, "--space", NULL};
}

/* The words of a point before its seeds and runs are chosen. */
static const char *const BARE[] = {"--quiet", NULL};

static err read_space(struct tune *tune, struct diag *diag)
{
    struct config start;
    const char *text;
    uint32_t cursor = 0;
    uint64_t all = 1;
    const struct points common = tune_points(tune, BARE, "");
    TRY(points_config(&common, &start, diag)); /* with the scenario's keys below --config and --set */
    struct diag why = {0};
    while ((text = args_each(tune->args, "space", &cursor)))
        if (design_add_factor(&tune->design, text, &why) != OK)
            return diag_fail(diag, ERR_USAGE, "--space %s", why.text);
    bool is_given = tune->design.factor_count > 0;
    for (size_t i = 0; !is_given && i < sizeof SPACE / sizeof *SPACE; i++)
        TRY(design_add_factor(&tune->design, SPACE[i], diag));
    for (uint32_t i = 0; i < tune->design.factor_count; i++) {
        TRY(start_first(&tune->design.factors[i], &start, diag));
        all *= tune->design.factors[i].level_count;
    }
    uint32_t most = all < DESIGN_POINTS_MOST ? (uint32_t)all : DESIGN_POINTS_MOST;
    uint32_t size = race_size((uint32_t)args_integer(tune->args, "budget"), most);
    return design_lay_out(&tune->design, size < all ? size : 0, args_unsigned(tune->args, "seed"), diag);
}

/* --- the race --- */

double tune_violation(const struct bench_result *slos, const struct bench_result *result)
{
    double sum = 0;
    for (uint32_t i = 0; i < slos->target_count; i++) {
        const struct bench_target *slo = &slos->targets[i];
        double value = NAN;
        if (!bench_metric(result, slo->name, &value) || isnan(value)) return INFINITY;
        double excess = slo->sense == TARGET_AT_MOST ? value - slo->bound : slo->bound - value;
        if (excess < 0 || (slo->sense == TARGET_AT_LEAST && !(excess > 0))) continue;
        /* At a bound of "<" is beyond it. */
        sum += fmax(excess / (slo->bound > 0 ? slo->bound : 1), 1e-9);
    }
    return sum;
}

static err take(void *context, uint32_t point, struct bench_result *result, struct diag *diag)
{
    struct tune *tune = context;
    struct tune_point *at = &tune->last[point];
    double criteria[RACE_CRITERIA_MOST];
    (void)diag;
    for (uint32_t i = 0; i < tune->criteria_count; i++) {
        if (!run_metric_find(&result->summary, tune->names[i], &at->shown[i]))
            at->shown[i] = (struct run_metric){NAN, UNIT_COUNT};
        criteria[i] = tune->is_higher_better[i] ? -at->shown[i].value : at->shown[i].value;
    }
    at->entry =
        (struct race_entry){tune_violation(tune->slos, result), criteria[0], result->runs, tune->rung};
    tune->spent += result->runs;
    bench_free(result);
    if (tune->rung > 1) return OK;
    tune->first[point] = *at;
    memcpy(tune->criteria[point], criteria, sizeof criteria);
    return OK;
}

static uint32_t halve(struct tune *tune)
{
    struct race_entry entries[DESIGN_POINTS_MOST];
    for (uint32_t i = 0; i < tune->design.point_count; i++) entries[i] = tune->last[i].entry;
    return race_halve(entries, tune->design.point_count, tune->is_in);
}

static err race(struct tune *tune, struct diag *diag)
{
    char runs[16], seed[24];
    const char *own[] = {"--runs", runs, "--seed", seed, "--no-baseline", "--quiet", NULL};
    struct points points = tune_points(tune, own, "racing");
    uint32_t in = tune->design.point_count;
    snprintf(seed, sizeof seed, "%" PRIu64, args_unsigned(tune->args, "seed"));
    points.is_wanted = tune->is_in;
    for (uint32_t i = 0; i < in; i++) tune->is_in[i] = true;
    for (tune->runs = RACE_RUNS_FIRST;; tune->runs *= 2) {
        tune->rung++;
        snprintf(runs, sizeof runs, "%" PRIu32, tune->runs);
        TRY(points_run(&points, take, tune, diag));
        if (in <= RACE_LAST_STANDING || tune->runs * 2 > LIMIT_RUNS) break;
        in = halve(tune);
    }
    while (in > 1) in = halve(tune);
    while (!tune->is_in[tune->winner]) tune->winner++;
    /* All were measured equally in the first rung, and in no other. */
    race_front((const double(*)[RACE_CRITERIA_MOST])tune->criteria, tune->design.point_count,
               tune->criteria_count, tune->is_front);
    return OK;
}

static err search(struct tune *tune, struct diag *diag)
{
    bool is_ours;
    TRY(read_goals(tune, diag));
    TRY(read_space(tune, diag));
    const struct points all = tune_points(tune, BARE, "");
    TRY(points_check(&all, diag));
    TRY(folder_open(tune->folder, "--output-dir", &is_ours, diag));
    err e = race(tune, diag);
    if (e == OK) e = tune_prove(tune, diag);
    if (e == OK) e = tune_tell(tune, diag);
    if (e != OK && is_ours) rmdir(tune->folder); /* stays with results in it */
    if (e == OK && !tune->is_proven) tune->args->exit_status = STATUS_FAILED;
    return e;
}

static err run(struct args *args, struct diag *diag)
{
    struct tune *tune = calloc(1, sizeof *tune);
    if (!tune) return diag_fail(diag, ERR_NOMEM, "out of memory for the search");
    tune->args = args;
    tune->folder = args_text(args, "output-dir");
    err e = search(tune, diag);
    bench_free(tune->slos);
    for (int i = 0; i < 2; i++) bench_free(tune->finals[i]);
    free(tune);
    return e;
}

const struct command COMMAND_tune = {
    .group = "tune",
    .name = "",
    .summary = "search for a better configuration, under constraints",
    .flags = FLAGS,
    .description = "Begins with the configuration given and a sample of the space around it. All are run\n"
                   "over the same seeds; the better half goes on with twice the runs, until two are left\n"
                   "(successive halving). Constraints come before the objective. The winner is then\n"
                   "measured against the start on seeds that had no part in choosing it, and these seeds\n"
                   "decide. Ends with 0 when the winner holds every constraint there and is better than the\n"
                   "start, or the start misses one; also when nothing beats the start and it holds them.\n"
                   "Ends with 1 when a constraint is missed or the winner is not proven better: winner.toml\n"
                   "is written all the same, and says so in its first lines.",
    .examples =
        "agenc tune --config scenarios/config/prod.toml --objective result.p99 --slo 'rollback_rate<5%' "
        "--output-dir tuned\n"
        "agenc tune --space speculation.max_depth=2,4,6 --space speculation.proof.batch_size=1,10 "
        "--objective result.p50 --budget 100 --output-dir tuned",
    .run = run,
};
