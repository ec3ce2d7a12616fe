/* reports/report_verdict.c: what a reader decides first: is it good enough, and where is it not? */
#include "reports/report.h"
#include <math.h>
#include <string.h>

/* The columns of the first table: metrics that targets name. */
static const struct headline {
    const char *title, *metric;
} HEADLINES[] = {
    {"Of offered", "throughput_share"},
    {"Result p50", "result.p50"},
    {"Result p99", "result.p99"},
    {"Rollback rate", "rollback_rate"},
    {"Memory/task", "memory_per_active_task"},
    {"Proof p99", "proof.p99"},
    {"Recovery", "recovery.max"},
};
enum { HEADLINE_COUNT = sizeof HEADLINES / sizeof *HEADLINES };

static const struct bench_target *find_target(const struct bench_result *result, const char *metric)
{
    for (uint32_t i = 0; i < result->target_count; i++)
        if (strcmp(result->targets[i].name, metric) == 0) return &result->targets[i];
    return NULL;
}

/* The first test's target for a metric; tests with another one say so in their cell. */
static const struct bench_target *common_target(const struct report_inputs *inputs, const char *metric)
{
    for (uint32_t i = 0; i < inputs->count; i++) {
        const struct bench_target *target = find_target(inputs->tests[i].result, metric);
        if (target) return target;
    }
    return NULL;
}

static void write_sentence(const struct page *page, const struct report_inputs *inputs)
{
    struct report_outcome outcome = report_judge(inputs);
    char text[REPORT_TEXT_BYTES] = "";
    if (outcome.tests_empty == outcome.tests)
        report_say(text, "Nothing was measured.");
    else if (outcome.targets == 0)
        report_say(text, "No targets were set.");
    else if (outcome.targets_missed == 0)
        report_say(text, "All %u targets of %u test%s are met.", outcome.targets, outcome.tests,
                   outcome.tests == 1 ? "" : "s");
    else
        report_say(text, "%u of %u targets missed, in %u of %u test%s.", outcome.targets_missed,
                   outcome.targets, outcome.tests_missed, outcome.tests, outcome.tests == 1 ? "" : "s");
    if (outcome.tests_empty > 0 && outcome.tests_empty < outcome.tests)
        report_say(text, " Nothing was measured in %u of %u tests.", outcome.tests_empty, outcome.tests);
    bool is_good = outcome.targets_missed + outcome.tests_empty == 0;
    const struct verdict verdict = {is_good ? TONE_GOOD : TONE_BAD, is_good ? "PASS" : "MISS", text};
    page->renderer->verdict(page->out, &verdict);
}

static void add_headline(const struct page *page, const struct report_inputs *inputs,
                         const struct bench_result *result, const struct headline *headline)
{
    struct report_number value = report_metric(&result->summary, headline->metric);
    const struct bench_target *target = find_target(result, headline->metric);
    const struct bench_target *common = common_target(inputs, headline->metric);
    bool has_nothing = isnan(target ? target->value : NAN) && strcmp(headline->metric, "recovery.max") == 0 &&
                       (!target || target->pass);
    enum cell_kind kind = !target ? CELL_NUMBER : target->pass ? CELL_PASS : CELL_MISS;
    if (bench_is_empty(result))
        grid_add(page->grid, CELL_NUMBER, "n/a");
    else if (has_nothing)
        grid_add(page->grid, CELL_NUMBER, "none needed");
    else if (target && strcmp(target->target, common->target) != 0)
        grid_add(page->grid, kind, "%s (%s)", value.text, target->target);
    else
        grid_add(page->grid, kind, "%s", value.text);
}

static void add_gain(const struct page *page, const struct bench_result *result)
{
    double with_ns = result->summary.latency[LATENCY_RESULT].quantile_ns[Q50];
    double without_ns = result->baseline_summary.latency[LATENCY_RESULT].quantile_ns[Q50];
    if (!result->baseline || !(with_ns > 0) || isnan(without_ns))
        grid_add(page->grid, CELL_NUMBER, "n/a");
    else
        grid_add(page->grid, CELL_NUMBER, "%.2fx", without_ns / with_ns);
}

static void add_columns(const struct page *page)
{
    grid_begin(page->grid, "Tests against their targets");
    grid_add_column(page->grid, CELL_TEXT, "Test");
    grid_add_column(page->grid, CELL_NUMBER, "Verdict");
    for (uint32_t i = 0; i < HEADLINE_COUNT; i++)
        grid_add_column(page->grid, CELL_NUMBER, HEADLINES[i].title);
    grid_add_column(page->grid, CELL_NUMBER, "p50 sooner");
}

static void add_target_row(const struct page *page, const struct report_inputs *inputs)
{
    grid_add(page->grid, CELL_TEXT, "Target");
    grid_add(page->grid, CELL_TEXT, "%s", "");
    for (uint32_t i = 0; i < HEADLINE_COUNT; i++) {
        const struct bench_target *target = common_target(inputs, HEADLINES[i].metric);
        grid_add(page->grid, CELL_NUMBER, "%s", target ? target->target : "");
    }
    grid_add(page->grid, CELL_NUMBER, "%s", "");
}

static void add_test_row(const struct page *page, const struct report_inputs *inputs,
                         const struct report_test *test)
{
    const struct bench_result *result = test->result;
    bool is_good = true;
    for (uint32_t i = 0; i < result->target_count; i++) is_good = is_good && result->targets[i].pass;
    grid_add(page->grid, CELL_LINK, "%s", test->title);
    if (bench_is_empty(result))
        grid_add(page->grid, CELL_MISS, "no data");
    else if (result->target_count == 0)
        grid_add(page->grid, CELL_TEXT, "no targets");
    else
        grid_add(page->grid, is_good ? CELL_PASS : CELL_MISS, is_good ? "PASS" : "MISS");
    for (uint32_t i = 0; i < HEADLINE_COUNT; i++) add_headline(page, inputs, result, &HEADLINES[i]);
    add_gain(page, result);
}

/* Values under a target that this test has not are not judged: with injected failures they are what was asked
 * for. */
static bool has_unjudged(const struct report_inputs *inputs, const struct bench_result *result)
{
    for (uint32_t i = 0; i < HEADLINE_COUNT; i++)
        if (common_target(inputs, HEADLINES[i].metric) && !find_target(result, HEADLINES[i].metric))
            return true;
    return false;
}

static void write_unjudged(const struct page *page, const struct report_inputs *inputs)
{
    bool has_injected = false, has_other = false;
    for (uint32_t i = 0; i < inputs->count; i++) {
        const struct bench_result *result = inputs->tests[i].result;
        if (bench_is_empty(result) || !has_unjudged(inputs, result)) continue;
        bool is_injected = bench_number(&result->workload, "inject_failures") > 0;
        has_injected = has_injected || is_injected;
        has_other = has_other || !is_injected;
    }
    if (has_injected)
        page->renderer->paragraph(page->out,
                                  "Values without a mark, in tests with injected failures: not judged, "
                                  "because the failures were asked for.");
    if (has_other)
        page->renderer->paragraph(page->out, "Values without a mark: that test has no such target.");
}

/* Protocol of the tuning guide: at least three runs, CV below 10 %. */
static void write_protocol(const struct page *page, const struct report_inputs *inputs)
{
    char text[REPORT_TEXT_BYTES] = "";
    uint32_t few = 0, unsteady = 0;
    double worst = 0;
    for (uint32_t i = 0; i < inputs->count; i++) {
        const struct bench_result *result = inputs->tests[i].result;
        double cv = fmax(result->spread.throughput_cv, result->spread.latency_cv[LATENCY_RESULT]);
        few += result->runs < 3;
        unsteady += cv >= BENCH_CV_MOST;
        if (cv > worst) worst = cv;
    }
    if (few > 0)
        report_say(text, "%u of %u test%s fewer than the three runs that the tuning guide asks for. ", few,
                   inputs->count, inputs->count == 1 ? " has" : "s have");
    if (unsteady > 0)
        report_say(
            text,
            "In %u of %u tests runs differ by a CV of 10 %% or more (throughput, result p50): add runs "
            "or make them longer before you trust small differences. ",
            unsteady, inputs->count);
    else if (worst > 0)
        report_say(text, "Runs agree: the CV over runs of throughput and result p50 is at most %.1f %%. ",
                   100 * worst);
    report_say(text,
               "Values are medians over runs, latencies count from the intended arrival. \"p50 sooner\": "
               "median wait for a result without speculation, divided by that with it.");
    page->renderer->paragraph(page->out, text);
}

static bool is_headline(const char *metric)
{
    for (uint32_t i = 0; i < HEADLINE_COUNT; i++)
        if (strcmp(HEADLINES[i].metric, metric) == 0) return true;
    return false;
}

/* Those that have no column above. */
static void write_other_targets(const struct page *page, const struct report_inputs *inputs)
{
    grid_begin(page->grid, "Targets missed");
    grid_add_column(page->grid, CELL_TEXT, "Missed in");
    grid_add_column(page->grid, CELL_CODE, "Metric");
    grid_add_column(page->grid, CELL_NUMBER, "Value");
    grid_add_column(page->grid, CELL_NUMBER, "Target");
    for (uint32_t i = 0; i < inputs->count; i++) {
        const struct report_test *test = &inputs->tests[i];
        for (uint32_t j = 0; j < test->result->target_count; j++) {
            const struct bench_target *target = &test->result->targets[j];
            if (target->pass || bench_is_empty(test->result) || is_headline(target->name) ||
                page->grid->cell_count + 4 > GRID_CELLS_MOST)
                continue;
            grid_add(page->grid, CELL_TEXT, "%s", test->title);
            grid_add(page->grid, CELL_CODE, "%s", target->name);
            grid_add(page->grid, CELL_MISS, "%s", report_metric(&test->result->summary, target->name).text);
            grid_add(page->grid, CELL_NUMBER, "%s", target->target);
        }
    }
    page->renderer->table(page->out, page->grid);
}

void report_write_verdict(const struct page *page, const struct report_inputs *inputs)
{
    write_sentence(page, inputs);
    add_columns(page);
    add_target_row(page, inputs);
    for (uint32_t i = 0; i < inputs->count; i++) add_test_row(page, inputs, &inputs->tests[i]);
    page->renderer->table(page->out, page->grid);
    write_unjudged(page, inputs);
    write_other_targets(page, inputs);
    write_protocol(page, inputs);
}
