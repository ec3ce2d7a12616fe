/* tests/judge/judge_vectors_figures.c: changes, gates, statistics of runs, grammars of load. */
#include "cli/bench_args.h"
#include "cli/commands.h"
#include "loadgen/depth.h"
#include "loadgen/pattern.h"
#include "reports/change.h"
#include "reports/gate.h"
#include "reports/stats.h"
#include "tests/judge/judge_vectors.h"
#include <math.h>
#include <string.h>

/* ---- before against after ---- */

enum { ROWS_MOST = 64 };

static enum change_verdict verdicts[ROWS_MOST]; /* of the rows judged so far */
static uint32_t verdict_count;

static void change_case(struct judge *judge, struct entry *entry)
{
    double before = entry_number(entry, "before"), after = entry_number(entry, "after");
    const struct change_metric *metric = change_metric_find(entry_text(entry, "metric"));
    check_bool(judge, "metric", true, metric != NULL);
    check_number(judge, "pct", entry_number(entry, "pct"), change_percent(before, after), 1e-9);
    check_number(judge, "doc_pct", entry_number(entry, "doc_pct"), change_percent(before, after), 1e-9);
    if (verdict_count == ROWS_MOST) input_refuse(&entry->node, "more rows than this judge has room for");
    verdicts[verdict_count++] = metric ? change_verdict(metric, before, after) : CHANGE_UNKNOWN;
}

/* What the runbook's script makes of it: a quotient cut to one decimal, then times 100. */
static double script_percent(double before, double after)
{
    return trunc((after - before) * 10 / before) * 10;
}

static void defect_case(struct judge *judge, struct entry *entry)
{
    double before = entry_number(entry, "before"), after = entry_number(entry, "after");
    check_number(judge, "correct", entry_number(entry, "correct"), change_percent(before, after), 1e-9);
    check_number(judge, "script_prints", entry_number(entry, "script_prints"), script_percent(before, after),
                 1e-9);
}

static void tuning_entry(struct judge *judge, struct entry *entry)
{
    struct json_node rows = entry_array(entry, "rows"), object = entry_object(entry, "seed_script_defect");
    struct entry defect = entry_open(judge, &object);
    verdict_count = 0;
    judge_cases(judge, &rows, change_case);
    case_begin(judge);
    check_text(judge, "net", entry_text(entry, "net"),
               net_assessment_name(change_net(verdicts, verdict_count)));
    case_end(judge);
    struct json_node cases = entry_array(&defect, "cases");
    entry_words(&defect, "reason");
    judge_cases(judge, &cases, defect_case);
    entry_close(&defect);
}

/* ---- gate ---- */

static void gate_case(struct judge *judge, struct entry *entry)
{
    const struct gate_limit *limit = gate_limit_find(entry_text(entry, "metric"));
    double base = entry_number(entry, "base"), now = entry_number(entry, "now");
    check_bool(judge, "metric", true, limit != NULL);
    check_bool(judge, "fail", entry_bool(entry, "fail"), limit && gate_regressed(limit, base, now));
}

static void gate_entry(struct judge *judge, struct entry *entry)
{
    static const struct {
        const char *key, *metric;
        bool is_decrease;
    } LIMITS[] = {
        {"latency_increase_pct_gt", "latency", false},
        {"throughput_decrease_pct_gt", "throughput", true},
        {"memory_increase_pct_gt", "memory", false},
    };
    struct json_node cases = entry_array(entry, "cases");
    case_begin(judge);
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++) {
        const struct gate_limit *limit = gate_limit_find(LIMITS[i].metric);
        check_u64(judge, LIMITS[i].key, entry_u64(entry, LIMITS[i].key),
                  limit ? limit->tolerance_percent : 0);
        check_bool(judge, LIMITS[i].key, LIMITS[i].is_decrease, limit && limit->is_higher_better);
    }
    case_end(judge);
    judge_cases(judge, &cases, gate_case);
}

/* ---- statistics of runs ---- */

static void runs_case(struct judge *judge, struct entry *entry)
{
    struct json_node runs = entry_array(entry, "runs");
    double values[ROWS_MOST];
    uint32_t count = (uint32_t)json_count(&runs);
    if (json_count(&runs) > ROWS_MOST) input_refuse(&runs, "more runs than this judge has room for");
    for (uint32_t i = 0; i < count; i++) {
        struct json_node run = json_item(&runs, i);
        values[i] = node_number(&run);
    }
    double cv = stats_cv(values, count);
    check_number(judge, "median", entry_number(entry, "median"), stats_median(values, count), 1e-9);
    check_number(judge, "cv_pct", entry_number(entry, "cv_pct"), 100 * cv, 0.05); /* one decimal */
    check_bool(judge, "stable", entry_bool(entry, "stable"), cv < BENCH_CV_MOST);
}

/* What a benchmark of the guide's length does when it is told nothing else. */
static bool read_plan(struct bench_request *out)
{
    char *words[] = {"benchmark", "speculation", "--duration", "10m"}, *nothing[] = {NULL};
    struct diag diag = {0};
    int used = 0;
    static struct args args; /* the request borrows its texts */
    args = (struct args){.environment = nothing, .out = stdout, .log = stderr};
    args.command = command_find(4, words, &used, &diag);
    return args.command && args_parse(&args, 4 - used, words + used, &diag) == OK &&
           bench_request_open(out, &args, &diag) == OK;
}

static void statistics_entry(struct judge *judge, struct entry *entry)
{
    struct json_node cases = entry_array(entry, "cases");
    struct bench_request request = {0};
    case_begin(judge);
    check_bool(judge, "a plan", true, read_plan(&request));
    check_u64(judge, "min_runs", entry_u64(entry, "min_runs"), request.plan.runs);
    check_i64(judge, "discard_first_s", entry_i64(entry, "discard_first_s"),
              request.plan.warmup_ns / NS_PER_S);
    check_number(judge, "max_cv_pct", entry_number(entry, "max_cv_pct"), 100 * BENCH_CV_MOST, 1e-9);
    check_text(judge, "summary", entry_text(entry, "summary"), "median");
    case_end(judge);
    bench_request_close(&request);
    judge_cases(judge, &cases, runs_case);
}

static void throughput_entry(struct judge *judge, struct entry *entry)
{
    case_begin(judge);
    case_fail(judge, "status", "nonnormative (engine.md 8.15)", entry_text(entry, "status"));
    case_end(judge);
}

/* ---- grammars ---- */

static void depth_case(struct judge *judge, struct entry *entry)
{
    static const char *const KINDS[] = {"uniform", "fixed", "geometric", "empirical"};
    struct depth depth = {.kind = DEPTH_EMPIRICAL};
    struct diag diag = {0};
    bool is_read = depth_parse(&depth, entry_text(entry, "in"), &diag) == OK;
    check_text(judge, "in", "", is_read ? "" : diag.text);
    check_text(judge, "kind", entry_text(entry, "kind"), KINDS[depth.kind]);
    if (entry_has(entry, "value")) {
        check_u64(judge, "value", entry_u64(entry, "value"), depth.least);
        check_u64(judge, "value", entry_u64(entry, "value"), depth.most);
    }
    if (entry_has(entry, "lo")) check_u64(judge, "lo", entry_u64(entry, "lo"), depth.least);
    if (entry_has(entry, "hi")) check_u64(judge, "hi", entry_u64(entry, "hi"), depth.most);
    if (entry_has(entry, "mean"))
        check_number(judge, "mean", entry_number(entry, "mean"), depth_mean(&depth), 1e-9);
}

static void depth_entry(struct judge *judge, struct entry *entry)
{
    struct json_node cases = entry_array(entry, "cases");
    judge_cases(judge, &cases, depth_case);
}

/* The rate of the first piece that begins with the first burst, in multiples of the base. */
static double burst_multiple(const struct pattern *pattern, double base_rate)
{
    for (uint32_t i = 0; i < pattern->count; i++)
        if (pattern->pieces[i].begin_ns == pattern->burst_first_ns)
            return (double)pattern->pieces[i].begin_rate / 1e9 / base_rate;
    return 0;
}

static void pattern_case(struct judge *judge, struct entry *entry)
{
    double base_rate = entry_number(entry, "base_rate");
    struct pattern pattern = {.count = 0};
    struct pattern_options options = {entry_text(entry, "in"), base_rate, 1, 10 * NS_PER_MIN};
    struct diag diag = {0};
    bool is_read = pattern_parse(&pattern, &options, &diag) == OK;
    check_text(judge, "in", "", is_read ? "" : diag.text);
    check_number(judge, "multiplier", entry_number(entry, "multiplier"), burst_multiple(&pattern, base_rate),
                 1e-6);
    check_i64(judge, "burst_s", entry_i64(entry, "burst_s"), pattern.burst_ns / NS_PER_S);
    check_i64(judge, "period_s", entry_i64(entry, "period_s"), pattern.burst_every_ns / NS_PER_S);
    check_u64(judge, "windows_in_10m", entry_u64(entry, "windows_in_10m"), pattern.burst_count);
    check_number(judge, "mean_rate", entry_number(entry, "mean_rate"),
                 is_read ? pattern_mean_rate(&pattern) : NAN, 1e-6);
    pattern_close(&pattern);
}

static void pattern_entry(struct judge *judge, struct entry *entry)
{
    struct json_node cases = entry_array(entry, "cases");
    judge_cases(judge, &cases, pattern_case);
}

#define FIGURE_GROUP(name, entry)                                                                            \
    static void name(struct judge *judge, const struct json_node *node)                                      \
    {                                                                                                        \
        judge_entries(judge, node, entry);                                                                   \
    }
FIGURE_GROUP(tuning_group, tuning_entry)
FIGURE_GROUP(gate_group, gate_entry)
FIGURE_GROUP(statistics_group, statistics_entry)
FIGURE_GROUP(throughput_group, throughput_entry)
FIGURE_GROUP(depth_group, depth_entry)
FIGURE_GROUP(pattern_group, pattern_entry)

const struct group FIGURE_GROUPS[] = {
    {"tuning_compare", tuning_group},
    {"regression_gate", gate_group},
    {"benchmark_statistics", statistics_group},
    {"effective_throughput", throughput_group},
    {"depth_distribution_grammar", depth_group},
    {"rate_pattern_grammar", pattern_group},
    {NULL, NULL},
};
