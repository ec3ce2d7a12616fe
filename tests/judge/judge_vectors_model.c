/* tests/judge/judge_vectors_model.c: what chains and graphs can take at the least, and claims below that. */
#include "base/critical_path.h"
#include "base/latency_model.h"
#include "reports/bench.h"
#include "reports/change.h"
#include "tests/judge/judge_vectors.h"
#include "tests/lib/bench_fixture.h"
#include <inttypes.h>
#include <string.h>

/* ---- chains ---- */

enum { MODELS_MOST = 32, CHAIN_MOST = 100000 };

struct model {
    const char *name;
    struct chain_costs costs;
};
static struct model models[MODELS_MOST];
static uint32_t model_count;
static struct chain_costs row_costs; /* of the model whose rows are judged */

static struct chain_costs read_costs(struct entry *entry)
{
    struct chain_costs costs = {entry_i64(entry, "e"), entry_i64(entry, "p"), entry_i64(entry, "c")};
    if (costs.execution < 0 || costs.proof < 0 || costs.confirmation < 0)
        input_refuse(&entry->node, "costs are not negative");
    return costs;
}

static uint32_t read_tasks(struct entry *entry)
{
    uint64_t tasks = entry_u64(entry, "n");
    if (tasks == 0 || tasks > CHAIN_MOST) input_refuse(&entry->node, "1 to 100,000 tasks");
    return (uint32_t)tasks;
}

/* Three decimals, as in the file. */
static void check_speedup(struct judge *judge, struct entry *entry, int64_t slow, int64_t fast)
{
    check_number(judge, "speedup", entry_number(entry, "speedup"), (double)slow / (double)fast,
                 0.0005 + 1e-9);
}

static void row_case(struct judge *judge, struct entry *entry)
{
    uint32_t tasks = read_tasks(entry);
    int64_t sequential = latency_sequential(&row_costs, tasks), strict = latency_strict(&row_costs, tasks);
    check_i64(judge, "sequential", entry_i64(entry, "sequential"), sequential);
    check_i64(judge, "speculative", entry_i64(entry, "speculative"), strict);
    check_speedup(judge, entry, sequential, strict);
    double limit = latency_speedup_limit(&row_costs);
    check_bool(judge, "speedup: at most the limit for long chains", true,
               (double)sequential <= limit * (double)strict);
}

static void models_run(struct judge *judge, const struct json_node *cases)
{
    model_count = 0;
    for (size_t i = 0; i < json_count(cases); i++) {
        struct json_node item = json_item(cases, i);
        struct entry entry = entry_open(judge, &item);
        row_costs = read_costs(&entry);
        if (model_count == MODELS_MOST) input_refuse(&item, "more models than this judge has room for");
        models[model_count++] = (struct model){entry_text(&entry, "model"), row_costs};
        struct json_node rows = entry_array(&entry, "rows");
        judge_cases(judge, &rows, row_case);
        entry_close(&entry);
    }
}

/* The sequential arm waits for final confirmation as well. */
static void gated_case(struct judge *judge, struct entry *entry)
{
    struct gated_costs costs = {entry_i64(entry, "e"), entry_i64(entry, "p"), entry_i64(entry, "g"),
                                entry_i64(entry, "F")};
    if (costs.execution < 0 || costs.proof < 0 || costs.gate < 0 || costs.final < 0)
        input_refuse(&entry->node, "costs are not negative");
    uint32_t tasks = read_tasks(entry);
    struct chain_costs slow = {costs.execution, costs.proof, costs.final};
    int64_t gated = latency_gated(&costs, tasks);
    check_i64(judge, "speculative", entry_i64(entry, "speculative"), gated);
    check_speedup(judge, entry, latency_sequential(&slow, tasks), gated);
}

/* ---- what documents claim ---- */

static const struct model *model_of(const char *document)
{
    for (uint32_t i = 0; i < model_count; i++)
        if (strncmp(models[i].name, document, strlen(document)) == 0) return &models[i];
    return NULL;
}

/* "strict_bound" at the model's own confirmation, "strict_bound_c400" at that one. */
static bool is_bound(const char *key, struct chain_costs *costs)
{
    int used = 0;
    if (strcmp(key, "strict_bound") == 0) return true;
    return sscanf(key, "strict_bound_c%" SCNd64 "%n", &costs->confirmation, &used) == 1 && !key[used];
}

static bool check_bounds(struct judge *judge, struct entry *entry, const struct model *model, uint32_t tasks)
{
    const char *key = NULL;
    struct json_node member;
    bool has_one = false;
    while (json_next(&entry->node, key, &key, &member)) {
        struct chain_costs costs = model->costs;
        if (!is_bound(key, &costs)) continue;
        check_i64(judge, key, entry_i64(entry, key), latency_strict(&costs, tasks));
        has_one = true;
    }
    return has_one;
}

static void claim_case(struct judge *judge, struct entry *entry)
{
    const char *document = entry_text(entry, "doc");
    const struct model *model = model_of(document);
    uint32_t tasks = read_tasks(entry);
    int64_t sequential = entry_i64(entry, "sequential"), claimed = entry_i64(entry, "claimed_speculative");
    if (!model) {
        case_fail(judge, "doc", "a document whose costs are among the models", document);
        return;
    }
    int64_t bound = latency_strict(&model->costs, tasks), all = latency_sequential(&model->costs, tasks);
    bool is_feasible = claimed >= bound;
    if (check_bounds(judge, entry, model, tasks))
        check_i64(judge, "sequential", sequential, all);
    else /* the document counts more than its own costs: a slot a task, not less */
        check_bool(judge, "sequential", true, sequential >= all && sequential % tasks == 0);
    if (entry_has(entry, "claim_feasible"))
        check_bool(judge, "claim_feasible", entry_bool(entry, "claim_feasible"), is_feasible);
    else /* a claim that only its note explains is below the bound of the model as it stands */
        check_bool(judge, "claimed_speculative: feasible", false, is_feasible);
    if (entry_has(entry, "second_claim"))
        check_bool(judge, "second_claim: feasible", false, entry_i64(entry, "second_claim") >= bound);
    if (entry_has(entry, "serial_execution_alone"))
        check_i64(judge, "serial_execution_alone", entry_i64(entry, "serial_execution_alone"),
                  tasks * model->costs.execution);
}

/* ---- a timeline and a benchmark that documents show ---- */

static void timeline_case(struct judge *judge, struct entry *entry)
{
    static const char *const MOMENTS[] = {"A_proof_submit", "A_verified", "B_submit", "B_verified",
                                          "C_submit",       "C_verified", "done"};
    struct json_node object = entry_object(entry, "events");
    struct entry events = entry_open(judge, &object);
    int64_t total = entry_i64(entry, "total"), before = INT64_MIN;
    for (size_t i = 0; i < sizeof MOMENTS / sizeof *MOMENTS; i++) {
        int64_t at = entry_i64(&events, MOMENTS[i]);
        check_bool(judge, MOMENTS[i], true, at > before); /* each proof after its parent's confirmation */
        before = at;
    }
    check_i64(judge, "total", total, before);
    check_number(judge, "improvement_pct", entry_number(entry, "improvement_pct"),
                 -change_percent(entry_number(entry, "baseline"), (double)total), 1e-9);
    entry_close(&events);
}

/* A result with this p99, held against "result.p99 < target". */
static bool meets_target(double p99_ms, double target_ms)
{
    char text[64];
    struct bench_result *result = bench_fixture_runs(1, false);
    snprintf(text, sizeof text, "result.p99<%gms", target_ms);
    result->target_count = 0;
    result->per_run[0].latency[LATENCY_RESULT].quantile_ns[Q99] = p99_ms * NS_PER_MS;
    bool is_set = bench_add_target(result, text, NULL) == OK && bench_summarise(result) == OK;
    bool is_met = is_set && result->target_count == 1 && result->targets[0].pass;
    bench_free(result);
    return is_met;
}

static void benchmark_case(struct judge *judge, struct entry *entry)
{
    static const char *const QUANTILES[] = {"p50", "p95", "p99"};
    struct json_node slow_node = entry_object(entry, "sequential"),
                     fast_node = entry_object(entry, "speculative");
    struct json_node gain_node = entry_object(entry, "improvement_pct");
    struct entry slow = entry_open(judge, &slow_node), fast = entry_open(judge, &fast_node);
    struct entry gain = entry_open(judge, &gain_node);
    double p99_ms = entry_number(&fast, "p99"), target_ms = entry_number(entry, "doc_target_p99");
    for (size_t i = 0; i < sizeof QUANTILES / sizeof *QUANTILES; i++)
        check_number(judge, QUANTILES[i], entry_number(&gain, QUANTILES[i]),
                     -change_percent(entry_number(&slow, QUANTILES[i]), entry_number(&fast, QUANTILES[i])),
                     1e-9);
    bool is_met = meets_target(p99_ms, target_ms);
    check_text(judge, "correct_verdict", entry_text(entry, "correct_verdict"), is_met ? "pass" : "fail");
    /* The document says otherwise, and is wrong: that is what it is kept for. */
    check_bool(judge, "doc_says_passed", entry_bool(entry, "doc_says_passed"), !is_met);
    entry_close(&slow);
    entry_close(&fast);
    entry_close(&gain);
}

static void one_case(struct judge *judge, struct entry *entry, const char *key,
                     void (*run)(struct judge *judge, struct entry *entry))
{
    struct json_node object = entry_object(entry, key);
    struct entry inner = entry_open(judge, &object);
    case_begin(judge);
    run(judge, &inner);
    entry_close(&inner);
    case_end(judge);
}

static void latency_entry(struct judge *judge, struct entry *entry)
{
    static const char *const RULES[] = {"rule_sequential", "rule_speculative_strict",
                                        "rule_speculative_gated", "asymptotic_speedup"};
    for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++) entry_words(entry, RULES[i]);
    struct json_node cases = entry_array(entry, "cases"), gated = entry_array(entry, "gated_cases");
    struct json_node claims = entry_array(entry, "document_claims");
    models_run(judge, &cases);
    judge_cases(judge, &gated, gated_case);
    judge_cases(judge, &claims, claim_case);
    one_case(judge, entry, "test_data_timeline", timeline_case);
    one_case(judge, entry, "test_data_benchmark", benchmark_case);
}

/* ---- graphs ---- */

struct fixture_graph {
    struct path_task tasks[LIMIT_SHAPE_NODES];
    const char *names[LIMIT_SHAPE_NODES];
    uint32_t count;
};

static uint32_t place_of(const struct fixture_graph *graph, const struct json_node *name)
{
    for (uint32_t i = 0; i < graph->count; i++)
        if (strcmp(graph->names[i], node_text(name)) == 0) return i;
    input_refuse(name, "expected a task that stands before it");
}

static void read_task(struct entry *entry, struct fixture_graph *graph)
{
    struct json_node parents = entry_array(entry, "deps");
    struct path_task *task = &graph->tasks[graph->count];
    if (json_count(&parents) > LIMIT_PARENTS) input_refuse(&parents, "at most 16 parents");
    *task = (struct path_task){.duration = entry_i64(entry, "duration_ms")};
    for (size_t i = 0; i < json_count(&parents); i++) {
        struct json_node name = json_item(&parents, i);
        task->parents[task->parent_count++] = place_of(graph, &name);
    }
    graph->names[graph->count++] = entry_text(entry, "id");
}

static void read_graph(struct judge *judge, struct entry *entry, struct fixture_graph *out)
{
    struct json_node tasks = entry_array(entry, "tasks");
    *out = (struct fixture_graph){.count = 0};
    if (json_count(&tasks) > LIMIT_SHAPE_NODES) input_refuse(&tasks, "at most 64 tasks");
    for (size_t i = 0; i < json_count(&tasks); i++) {
        struct json_node item = json_item(&tasks, i);
        struct entry task = entry_open(judge, &item);
        read_task(&task, out);
        entry_close(&task);
    }
}

static void check_documents(struct judge *judge, struct entry *entry, const struct critical_path *path)
{
    entry_any(entry, "doc_sequential");
    entry_any(entry, "doc_speculative");
    entry_any(entry, "doc_speculative_below_critical_path"); /* all three null where no document says */
    if (entry_has(entry, "doc_sequential"))
        check_i64(judge, "doc_sequential", entry_i64(entry, "doc_sequential"), path->total);
    if (!entry_has(entry, "doc_speculative"))
        check_bool(judge, "doc_speculative_below_critical_path", false,
                   entry_has(entry, "doc_speculative_below_critical_path"));
    else
        check_bool(judge, "doc_speculative_below_critical_path",
                   entry_bool(entry, "doc_speculative_below_critical_path"),
                   entry_i64(entry, "doc_speculative") < path->length);
}

static void graph_entry(struct judge *judge, struct entry *entry)
{
    struct fixture_graph graph;
    struct critical_path path = {.count = 0};
    struct json_node names = entry_array(entry, "critical_path");
    case_begin(judge);
    read_graph(judge, entry, &graph);
    check_bool(judge, "tasks", true, critical_path_of(graph.tasks, graph.count, &path) == OK);
    check_i64(judge, "sum_ms", entry_i64(entry, "sum_ms"), path.total);
    check_i64(judge, "critical_path_ms", entry_i64(entry, "critical_path_ms"), path.length);
    check_u64(judge, "critical_path: tasks", json_count(&names), path.count);
    for (uint32_t i = 0; i < path.count && i < json_count(&names); i++) {
        struct json_node name = json_item(&names, i);
        check_text(judge, name.path, node_text(&name), graph.names[path.tasks[i]]);
    }
    check_documents(judge, entry, &path);
    entry_close(entry);
    case_end(judge);
}

static void latency_group(struct judge *judge, const struct json_node *node)
{
    judge_entries(judge, node, latency_entry);
}

static void graphs_group(struct judge *judge, const struct json_node *node)
{
    judge_entries(judge, node, graph_entry);
}

const struct group MODEL_GROUPS[] = {
    {"latency_model", latency_group}, {"dag_fixtures", graphs_group}, {NULL, NULL}};
