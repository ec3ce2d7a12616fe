/* cli/cmd_benchmark_gate.c: may this change pass? Exit status, and files for those who ask. */
#include "base/file.h"
#include "cli/bench_jobs.h"
#include "cli/color.h"
#include "cli/command.h"
#include "cli/environment.h"
#include "reports/gate_export.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct flag FLAGS[] = {
    {.name = "baseline",
     .value = "PATH",
     .type = FLAG_FILE,
     .is_required = true,
     .help = "before the change: a result, a folder of results, or a scenario (.toml) to run"},
    {.name = "candidate", .value = "PATH", .type = FLAG_FILE, .help = "after it: the same"},
    {.name = "scenario",
     .value = "FILE",
     .type = FLAG_FILE,
     .help = "in place of --candidate: run this scenario against the baseline's result of the same name"},
    {.name = "policy", .value = "FILE", .type = FLAG_FILE, .help = "tolerances and looks, in TOML"},
    {.name = "junit", .value = "FILE", .type = FLAG_FILE, .help = "JUnit XML, a case a metric"},
    {.name = "github",
     .type = FLAG_SWITCH,
     .help = "annotations on standard output, and a table for $GITHUB_STEP_SUMMARY"},
    {.name = "benchstat",
     .value = "FILE",
     .type = FLAG_FILE,
     .help = "runs as Go benchmarks: benchstat -col arm FILE"},
    {.name = "bmf", .value = "FILE", .type = FLAG_FILE, .help = "Bencher metric format"},
    {.name = "gha",
     .value = "FILE",
     .type = FLAG_FILE,
     .help = "github-action-benchmark, customSmallerIsBetter; FILE.bigger has customBiggerIsBetter"},
    {.name = "csv", .value = "FILE", .type = FLAG_FILE, .help = "every run and metric, a row each"},
    FLAG_JOBS,
    {0},
};

struct side {
    const char *path;
    bool is_scenario;
    struct report_options options;
    struct report_inputs inputs;
};

enum { OUTPUTS_MOST = 6 };

struct gate {
    struct args *args;
    char outputs[OUTPUTS_MOST][4096];
    const char *output_list[OUTPUTS_MOST + 1]; /* ends with NULL */
    struct gate_policy policy;
    struct side sides[2];
    struct comparison comparison;
    struct gate_verdict verdict;
    uint32_t look; /* how many were taken */
};

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static err read_side(struct side *side, struct diag *diag)
{
    side->options.input_folder = side->path;
    return report_inputs_read_path(&side->inputs, &side->options, diag);
}

/* The seed that makes a side's runs the pairs of the other's; the baseline's own decides. NULL: its own. */
static const uint64_t *partners_seed(const struct gate *gate, int side)
{
    const struct side *other = &gate->sides[1 - side];
    bool is_there = other->inputs.count == 1 && (!other->is_scenario || side == 1);
    return is_there ? &other->inputs.tests[0].result->seed : NULL;
}

/* Runs a side's scenario anew. */
static err run_side(struct gate *gate, int index, uint32_t runs, struct diag *diag)
{
    struct side *side = &gate->sides[index];
    const uint64_t *seed = partners_seed(gate, index);
    char count[16], seed_text[24];
    const char *words[10] = {"--scenario", side->path, "--runs", count, "--no-baseline"};
    int used = 5;
    struct bench_jobs *jobs = NULL;
    struct bench_result *result = NULL;
    snprintf(count, sizeof count, "%" PRIu32, runs);
    if (seed) {
        snprintf(seed_text, sizeof seed_text, "%" PRIu64, *seed);
        words[used++] = "--seed";
        words[used++] = seed_text;
    }
    if (args_is_quiet(gate->args)) words[used++] = "--quiet";
    err e = bench_jobs_open(&jobs, gate->args, diag);
    if (e == OK) e = bench_jobs_add(jobs, words, diag);
    if (e == OK) e = bench_jobs_run(jobs, side->path, &result, diag);
    bench_jobs_close(jobs);
    if (e != OK) return e;
    if (!result || result->interrupted) {
        bench_free(result);
        return diag_fail(diag, ERR_INTERRUPTED, "interrupted: the gate has not decided");
    }
    report_inputs_close(&side->inputs);
    bench_name_after(result, gate->sides[0].path);
    return report_inputs_add(&side->inputs, "", result, diag);
}

/* Results of a past look are replaced by those of a longer one; results from files stay. */
static err gather(struct gate *gate, uint32_t runs, struct diag *diag)
{
    for (int i = 0; i < 2; i++)
        if (gate->sides[i].is_scenario) TRY(run_side(gate, i, runs, diag));
    return OK;
}

/* What no comparison can be made of: said as the gate's word, not as a fault of the command line. */
static bool is_void(struct gate *gate)
{
    for (int i = 0; i < 2; i++)
        for (uint32_t j = 0; j < gate->sides[i].inputs.count; j++) {
            const struct bench_result *result = gate->sides[i].inputs.tests[j].result;
            if (!bench_is_empty(result) && !result->interrupted) continue;
            snprintf(gate->verdict.void_why, sizeof gate->verdict.void_why, "%.160s of the %s %s",
                     result->name, i ? "candidate" : "baseline",
                     result->interrupted ? "was interrupted" : "measured nothing");
            return true;
        }
    return false;
}

static err judge(struct gate *gate, double alpha, struct diag *diag)
{
    gate_verdict_free(&gate->verdict);
    comparison_free(&gate->comparison);
    gate->verdict.outcome = GATE_VOID;
    if (is_void(gate)) return OK;
    TRY(comparison_make(&gate->comparison, &gate->sides[0].inputs, &gate->sides[1].inputs, diag));
    const struct gate_question question = {&gate->comparison, &gate->policy, alpha};
    err e = gate_judge(&gate->verdict, &question);
    return e == OK ? OK : diag_fail(diag, e, "out of memory for the gate");
}

/* As many looks as are needed, when both sides can be run for longer; else one, at all there is. */
static err look(struct gate *gate, struct diag *diag)
{
    const struct gate_policy *policy = &gate->policy;
    const struct side *fixed = !gate->sides[0].is_scenario ? &gate->sides[0] : &gate->sides[1];
    if (!fixed->is_scenario) {
        TRY(gather(gate, fixed->inputs.tests[0].result->runs, diag));
        gate->look = 1;
        return judge(gate, policy->alpha, diag);
    }
    for (gate->look = 0; gate->look < policy->look_count;) {
        TRY(gather(gate, policy->looks[gate->look], diag));
        TRY(judge(gate, gate_policy_alpha(policy, gate->look), diag));
        gate->look++;
        if (gate->verdict.outcome != GATE_INCONCLUSIVE) break;
    }
    return OK;
}

static void write_junit(FILE *out, const struct gate *gate)
{
    gate_write_junit(out, &gate->verdict);
}

static void write_benchstat(FILE *out, const struct gate *gate)
{
    gate_write_benchstat(out, &gate->comparison);
}

static void write_bmf(FILE *out, const struct gate *gate)
{
    gate_write_bmf(out, &gate->verdict);
}

static void write_gha(FILE *out, const struct gate *gate)
{
    gate_write_gha(out, &gate->verdict, GATE_SMALLER_IS_BETTER);
}

static void write_gha_bigger(FILE *out, const struct gate *gate)
{
    gate_write_gha(out, &gate->verdict, GATE_BIGGER_IS_BETTER);
}

static void write_csv(FILE *out, const struct gate *gate)
{
    gate_write_csv(out, &gate->comparison);
}

static const struct output {
    const char *flag, *ending;
    void (*write)(FILE *out, const struct gate *gate);
} OUTPUTS[] = {{"junit", "", write_junit}, {"benchstat", "", write_benchstat},   {"bmf", "", write_bmf},
               {"gha", "", write_gha},     {"gha", ".bigger", write_gha_bigger}, {"csv", "", write_csv}};

_Static_assert(sizeof OUTPUTS / sizeof *OUTPUTS == OUTPUTS_MOST, "a path for each output");

/* No output may take the place of another, nor (report_input.c) of a result. */
static err name_outputs(struct gate *gate, struct diag *diag)
{
    uint32_t count = 0;
    for (int i = 0; i < OUTPUTS_MOST; i++) {
        const char *name = args_text(gate->args, OUTPUTS[i].flag);
        if (!name) continue;
        if (snprintf(gate->outputs[i], sizeof gate->outputs[i], "%s%s", name, OUTPUTS[i].ending) >=
            (int)sizeof gate->outputs[i])
            return diag_fail(diag, ERR_IO, "%.64s...: the path is too long", name);
        for (uint32_t j = 0; j < count; j++)
            if (file_is_same(gate->output_list[j], gate->outputs[i]))
                return diag_fail(diag, ERR_USAGE,
                                 "--%s and another output are the same file, %.256s; name two",
                                 OUTPUTS[i].flag, gate->outputs[i]);
        gate->output_list[count++] = gate->outputs[i];
    }
    return OK;
}

/* Of a folder of results the one that the scenario is about. */
static err keep_named(struct gate *gate, struct diag *diag)
{
    struct report_inputs *inputs = &gate->sides[0].inputs;
    const char *path = gate->sides[1].path, *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t size = strlen(name) - (ends_with(name, ".toml") ? strlen(".toml") : 0);
    for (uint32_t i = 0; i < inputs->count; i++) {
        const char *own = inputs->tests[i].result->name;
        if (strlen(own) != size || strncmp(own, name, size) != 0) continue;
        report_inputs_keep(inputs, i);
        return OK;
    }
    return diag_fail(diag, ERR_USAGE, "%s: no result of it in %s, want %.*s.json there", path,
                     gate->sides[0].path, (int)size, name);
}

static err open_gate(struct gate *gate, struct diag *diag)
{
    const char *policy = args_text(gate->args, "policy");
    static const char *const NAMES[] = {"baseline", "candidate"};
    TRY(name_outputs(gate, diag));
    bool has_scenario = args_given(gate->args, "scenario");
    if (has_scenario == args_given(gate->args, "candidate"))
        return diag_fail(diag, ERR_USAGE, "want one of --candidate PATH and --scenario FILE");
    if (policy)
        TRY(gate_policy_read(&gate->policy, policy, diag));
    else
        gate_policy_default(&gate->policy);
    for (int i = 0; i < 2; i++) {
        struct side *side = &gate->sides[i];
        side->path = args_text(gate->args, i && has_scenario ? "scenario" : NAMES[i]);
        side->is_scenario = (i && has_scenario) || ends_with(side->path, ".toml");
        side->options.log = gate->args->log;
        side->options.other_outputs = gate->output_list;
        if (!side->is_scenario) TRY(read_side(side, diag));
    }
    if (!gate->sides[0].is_scenario && !gate->sides[1].is_scenario &&
        file_is_same(gate->sides[0].path, gate->sides[1].path))
        return diag_fail(diag, ERR_USAGE, "--baseline and --candidate are the same, %.256s; name two results",
                         gate->sides[0].path);
    if (has_scenario && gate->sides[0].inputs.count > 1) TRY(keep_named(gate, diag));
    for (int i = 0; i < 2; i++)
        if (gate->sides[i].is_scenario && !gate->sides[1 - i].is_scenario &&
            gate->sides[1 - i].inputs.count > 1)
            return diag_fail(diag, ERR_USAGE,
                             "--%s is one scenario and --%s has %u results; name one of them", NAMES[i],
                             NAMES[1 - i], gate->sides[1 - i].inputs.count);
    return OK;
}

static err write_outputs(const struct gate *gate, struct diag *diag)
{
    for (int i = 0; i < OUTPUTS_MOST; i++) {
        struct file_writer writer;
        if (!*gate->outputs[i]) continue;
        TRY(file_begin(&writer, gate->outputs[i], diag));
        OUTPUTS[i].write(writer.stream, gate);
        TRY(file_commit(&writer, diag));
    }
    return OK;
}

/* The step's summary is shared with other steps: it is added to, never written anew. */
static err write_github(const struct gate *gate, struct grid *scratch, struct diag *diag)
{
    const char *path = environment_get(gate->args->environment, "GITHUB_STEP_SUMMARY");
    if (!args_switch(gate->args, "github")) return OK;
    gate_write_github(gate->args->out, &gate->verdict);
    if (!path || !*path) return OK;
    FILE *out = fopen(path, "a");
    if (!out) return diag_fail(diag, ERR_IO, "%s: cannot be written ($GITHUB_STEP_SUMMARY)", path);
    gate_write_summary(out, &gate->verdict, scratch);
    bool is_whole = !ferror(out);
    if (fclose(out) == 0 && is_whole) return OK;
    return diag_fail(diag, ERR_IO, "%s: cannot be written ($GITHUB_STEP_SUMMARY)", path);
}

static void tell(const struct gate *gate, struct grid *scratch)
{
    static const char *const WORDS[] = {"PASS", "INCONCLUSIVE", "VOID", "REGRESSED"};
    FILE *out = gate->args->out;
    const struct gate_verdict *verdict = &gate->verdict;
    const struct page page = {.renderer = &RENDER_TEXT, .out = out, .grid = scratch};
    if (gate->comparison.count == 0) {
        fprintf(out, "VOID  %s\n", verdict->void_why);
        return;
    }
    if (!args_is_quiet(gate->args)) gate_write_table(&page, verdict);
    fprintf(out, "%s%s  %u metrics in %u test%s", args_is_quiet(gate->args) ? "" : "\n",
            WORDS[verdict->outcome], verdict->count, gate->comparison.count,
            gate->comparison.count == 1 ? "" : "s");
    if (verdict->fewest_pairs != UINT32_MAX)
        fprintf(out, ", %" PRIu32 " pairs of runs", verdict->fewest_pairs);
    else
        fputs(", unpaired: drift between the arms is not controlled", out);
    fprintf(out, ", look %u at alpha %.3g\n", gate->look, verdict->alpha);
    if (*verdict->void_why) fprintf(out, "%s\n", verdict->void_why);
}

static err finish(struct gate *gate, struct diag *diag)
{
    static const int STATUSES[] = {[GATE_PASS] = STATUS_GOOD,
                                   [GATE_REGRESSED] = STATUS_REGRESSED,
                                   [GATE_INCONCLUSIVE] = STATUS_INCONCLUSIVE,
                                   [GATE_VOID] = STATUS_VOID};
    struct grid *scratch = malloc(sizeof *scratch);
    if (!scratch) return diag_fail(diag, ERR_NOMEM, "out of memory for the gate");
    tell(gate, scratch);
    err e = write_outputs(gate, diag);
    if (e == OK) e = write_github(gate, scratch, diag);
    free(scratch);
    gate->args->exit_status = STATUSES[gate->verdict.outcome];
    return e;
}

static err run(struct args *args, struct diag *diag)
{
    struct gate *gate = calloc(1, sizeof *gate);
    if (!gate) return diag_fail(diag, ERR_NOMEM, "out of memory for the gate");
    gate->args = args;
    err e = open_gate(gate, diag);
    if (e == OK) e = look(gate, diag);
    if (e == OK) e = finish(gate, diag);
    gate_verdict_free(&gate->verdict);
    comparison_free(&gate->comparison);
    for (int i = 0; i < 2; i++) report_inputs_close(&gate->sides[i].inputs);
    free(gate);
    return e;
}

const struct command COMMAND_benchmark_gate = {
    .group = "benchmark",
    .name = "gate",
    .summary = "stop a change that made it worse, and only then",
    .flags = FLAGS,
    .description = "Judges each metric of the policy by the interval of its mean change over pairs of\n"
                   "runs: pass, when it is not worse than the tolerance; regressed, when it is, beyond\n"
                   "chance and all metrics considered; inconclusive in between; void when there is\n"
                   "nothing to judge. Defaults: latency +10 %, throughput -5 %, memory +20 %.\n"
                   "Two scenarios are run with 10 pairs, and while undecided with 20 and 30; each look\n"
                   "spends its share of the error (O'Brien and Fleming), so that looking again does not\n"
                   "find what is not there.",
    .formats =
        "--policy FILE, TOML; what is left out has the defaults shown\n"
        "    [gate]\n"
        "    alpha = 0.05            # chance of a wrong word, both sides together\n"
        "    least = 0.02            # a smaller worsening is never called a regression\n"
        "    looks = [10, 20, 30]    # pairs of runs\n"
        "    family = \"holm\"         # p adjusted for all metrics judged; \"each\": for none\n"
        "    [tolerance]             # metrics of `benchmark compare`, and how much worse they may be\n"
        "    result.p99 = \"10%\"\n"
        "    [direction]             # which side is better, if not the metric's own\n"
        "    depth_mean = \"higher\"",
    .examples = "agenc benchmark gate --baseline ci/baseline --candidate out --junit gate.xml --github\n"
                "agenc benchmark gate --baseline ci/baseline --scenario ci/baseline/steady.toml\n"
                "agenc benchmark gate --baseline main.toml --candidate branch.toml --policy ci/gate.toml",
    .exits = {STATUS_REGRESSED, STATUS_INCONCLUSIVE, STATUS_VOID},
    .run = run,
};
