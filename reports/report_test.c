/* reports/report_test.c: one test: what was asked, what came out in sentences, plots, the summary. */
#include "reports/advice.h"
#include "reports/report.h"
#include "reports/run_fields.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct report_value value_of(const struct bench_section *section, const char *name)
{
    return report_value(bench_get(section, name));
}

static void write_setup(const struct page *page, const struct bench_result *result)
{
    const struct bench_section *workload = &result->workload, *config = &result->config;
    char text[REPORT_TEXT_BYTES] = "";
    report_say(text, "%" PRIu32 " run%s of %s from seed %" PRIu64 ", the first %s of each not measured. ",
               result->runs, result->runs == 1 ? "" : "s", report_duration(result->duration_ns).text,
               result->seed, report_duration(result->warmup_ns).text);
    report_say(text, "Offered: %s tasks a second (%s, %s arrivals), shape %s, depth %s, %" PRIu32 " agents. ",
               value_of(workload, "rate_tasks_per_s").text, value_of(workload, "rate_pattern").text,
               value_of(workload, "arrivals").text, value_of(workload, "shape").text,
               value_of(workload, "depth_distribution").text, result->agents);
    if (bench_number(workload, "inject_failures") > 0)
        report_say(text, "Injected: %.4g %% of tasks fail (stage: %s). ",
                   100 * bench_number(workload, "inject_failures"), value_of(workload, "inject_stage").text);
    report_say(text, "Configuration: mode %s, depth at most %s, %s branches an agent. ",
               value_of(config, "speculation.mode").text, value_of(config, "speculation.max_depth").text,
               value_of(config, "speculation.max_parallel_branches").text);
    report_say(text, "Models: chain %s, prover %s, execution %s.", value_of(&result->chain, "profile").text,
               value_of(&result->prover, "profile").text, value_of(workload, "execution").text);
    page->renderer->paragraph(page->out, text);
}

/* "2.3 times sooner", "as soon as", "1.2 times later". */
static void say_ratio(char *text, double ratio)
{
    if (ratio >= 1.005)
        report_say(text, "%.2f times sooner", ratio);
    else if (ratio <= 1 / 1.005)
        report_say(text, "%.2f times later", 1 / ratio);
    else
        report_say(text, "no sooner and no later");
}

static double gain_of(const struct bench_result *result, enum latency_quantile quantile)
{
    return result->baseline_summary.latency[LATENCY_RESULT].quantile_ns[quantile] /
           result->summary.latency[LATENCY_RESULT].quantile_ns[quantile];
}

static void say_gain(char *text, const struct bench_result *result)
{
    static const struct {
        enum latency_quantile quantile;
        const char *metric, *words;
    } SIDES[] = {{Q50, "result.p50", "in the median"}, {Q99, "result.p99", "at p99"}};
    for (size_t i = 0; i < sizeof SIDES / sizeof *SIDES; i++) {
        double gain = gain_of(result, SIDES[i].quantile);
        if (!isfinite(gain)) continue;
        report_say(text, *text ? " and " : "With speculation agents have their results ");
        say_ratio(text, gain);
        report_say(text, " %s (%s instead of %s)", SIDES[i].words,
                   report_metric(&result->summary, SIDES[i].metric).text,
                   report_metric(&result->baseline_summary, SIDES[i].metric).text);
    }
    if (*text) report_say(text, " than without. ");
}

static void say_speedup(char *text, const struct bench_result *result)
{
    const struct run_metrics *summary = &result->summary;
    if (!isfinite(summary->speedup)) return;
    report_say(text, "Whole jobs, until their last task is confirmed, finish ");
    say_ratio(text, summary->speedup);
    if (isfinite(summary->speedup_bound))
        report_say(text,
                   "; %.2f would be the most without limits and queues, because proofs and confirmations "
                   "still follow one another",
                   summary->speedup_bound);
    report_say(text, ". ");
}

static void write_findings(const struct page *page, const struct bench_result *result)
{
    const struct run_metrics *summary = &result->summary;
    char text[REPORT_TEXT_BYTES] = "";
    if (result->baseline) {
        say_gain(text, result);
        say_speedup(text, result);
    }
    report_say(text, "%s of speculative tasks were rolled back",
               report_metric(summary, "rollback_rate").text);
    if (summary->max_rollback_size > 0)
        report_say(text, ", %s at a time on average and at most %" PRIu64,
                   report_metric(summary, "avg_rollback_size").text, summary->max_rollback_size);
    report_say(text, "; in all runs together %s SOL of stake were slashed.",
               report_sol(summary->slashed_lamports).text);
    page->renderer->paragraph(page->out, text);
}

static void write_warnings(const struct page *page, const struct bench_result *result)
{
    char text[REPORT_TEXT_BYTES] = "";
    if (result->interrupted) report_say(text, "Interrupted: these are the figures up to then. ");
    if (result->duration_ns < NS_PER_MIN) report_say(text, "Too short for steady state. ");
    if (result->summary.prover_utilisation >= BENCH_OVERLOADED)
        report_say(text,
                   "The provers are busy %s of the time: overloaded, percentiles grow with the duration. ",
                   report_metric(&result->summary, "prover_utilisation").text);
    if (result->summary.latency[LATENCY_RESULT].censored > 0)
        report_say(text, "%s tasks never finished: they are longer than any latency below. ",
                   report_count(result->summary.latency[LATENCY_RESULT].censored).text);
    if (*text) page->renderer->paragraph(page->out, text);
}

static void write_advice(const struct page *page, const struct bench_result *result)
{
    struct advice advice[ADVICE_MOST];
    uint32_t count = advice_of(result, advice);
    struct grid *grid = page->grid;
    grid_begin(grid, "What the tuning guide would try");
    grid_add_column(grid, CELL_TEXT, "The tuning guide would");
    grid_add_column(grid, CELL_TEXT, "Because");
    for (uint32_t i = 0; i < count; i++) {
        grid_add(grid, CELL_TEXT, "%s", advice[i].action);
        grid_add(grid, CELL_TEXT, "%s", advice[i].evidence);
    }
    page->renderer->table(page->out, grid);
}

/* Rows of the summary. kind: of latencies, for interval and CV; else LATENCY_KIND_COUNT. */
static const struct summary_row {
    const char *label, *metric;
    enum latency_kind kind;
    enum latency_quantile quantile;
} ROWS[] = {
    {"Throughput", "throughput", LATENCY_KIND_COUNT, Q50},
    {"Result latency p50", "result.p50", LATENCY_RESULT, Q50},
    {"Result latency p90", "result.p90", LATENCY_RESULT, Q90},
    {"Result latency p99", "result.p99", LATENCY_RESULT, Q99},
    {"Result latency p99.9", "result.p999", LATENCY_RESULT, Q999},
    {"Confirmed latency p50", "confirmed.p50", LATENCY_CONFIRMED, Q50},
    {"Confirmed latency p99", "confirmed.p99", LATENCY_CONFIRMED, Q99},
    {"Finalized latency p50", "finalized.p50", LATENCY_FINALIZED, Q50},
    {"Finalized latency p99", "finalized.p99", LATENCY_FINALIZED, Q99},
    {"Proof latency p99", "proof.p99", LATENCY_PROOF, Q99},
    {"Rollback latency p99", "rollback.p99", LATENCY_ROLLBACK, Q99},
    {"Recovery, longest", "recovery.max", LATENCY_KIND_COUNT, Q50},
    {"Rollback rate, of speculative tasks", "rollback_rate", LATENCY_KIND_COUNT, Q50},
    {"Rollback rate, of all tasks", "rollback_per_submitted", LATENCY_KIND_COUNT, Q50},
    {"Rollback size, mean", "avg_rollback_size", LATENCY_KIND_COUNT, Q50},
    {"Depth, mean", "depth_mean", LATENCY_KIND_COUNT, Q50},
    {"Depth, largest", "depth_max", LATENCY_KIND_COUNT, Q50},
    {"Memory, mean", "memory_mean", LATENCY_KIND_COUNT, Q50},
    {"Memory, peak", "memory_peak", LATENCY_KIND_COUNT, Q50},
    {"Memory per active task", "memory_per_active_task", LATENCY_KIND_COUNT, Q50},
    {"Prover utilisation", "prover_utilisation", LATENCY_KIND_COUNT, Q50},
    {"Proof batch size, mean", "batch_size_mean", LATENCY_KIND_COUNT, Q50},
    {"Proof queue, mean", "queue_depth_mean", LATENCY_KIND_COUNT, Q50},
    {"Proof queue, longest", "queue_depth_max", LATENCY_KIND_COUNT, Q50},
    {"Arrivals with agent in cooldown", "cooldown_share", LATENCY_KIND_COUNT, Q50},
    {"Arrivals at an open breaker", "breaker_open_share", LATENCY_KIND_COUNT, Q50},
};

/* "595 ms (590 ms – 602 ms)": of all runs together. Empty for figures that have no interval. */
static struct report_value pooled_of(const struct bench_result *result, const struct summary_row *row)
{
    const struct bench_spread *spread = &result->spread;
    const double *bounds = spread->rollback_rate_interval;
    double value = NAN, scale = 1;
    enum metric_unit unit = UNIT_SHARE;
    char middle[METRIC_TEXT_BYTES], from[METRIC_TEXT_BYTES], until[METRIC_TEXT_BYTES];
    struct report_value text = {""};
    if (row->kind < LATENCY_KIND_COUNT) {
        scale = 1 / (double)NS_PER_S;
        unit = UNIT_SECONDS;
        value = spread->pooled[row->kind].quantile_ns[row->quantile];
        bounds = spread->latency_interval[row->kind][row->quantile];
    } else if (strcmp(row->metric, "rollback_rate") == 0) {
        value = bench_pooled_rollback_rate(&result->summary);
    }
    if (isnan(value) || isnan(bounds[0]) || isnan(bounds[1])) return text;
    metric_write(middle, value * scale, unit);
    metric_write(from, bounds[0] * scale, unit);
    metric_write(until, bounds[1] * scale, unit);
    snprintf(text.text, sizeof text.text, "%.24s (%.24s – %.24s)", middle, from, until);
    return text;
}

static struct report_value cv_of(const struct bench_spread *spread, const struct summary_row *row)
{
    struct report_value value = {""};
    double cv = NAN;
    if (row->kind < LATENCY_KIND_COUNT && row->quantile == Q50) cv = spread->latency_cv[row->kind];
    if (strcmp(row->metric, "throughput") == 0) cv = spread->throughput_cv;
    if (isfinite(cv)) snprintf(value.text, sizeof value.text, "%.1f %%", 100 * cv);
    return value;
}

static enum cell_kind judgement(const struct bench_result *result, const char *metric)
{
    for (uint32_t i = 0; i < result->target_count; i++)
        if (strcmp(result->targets[i].name, metric) == 0)
            return result->targets[i].pass ? CELL_PASS : CELL_MISS;
    return CELL_NUMBER;
}

/* Where nothing is speculative nothing is rolled back: neither a time nor a rate of 0. */
static struct report_number baseline_of(const struct bench_result *result, const char *metric)
{
    struct run_metric found;
    bool is_of_rollbacks = strncmp(metric, "rollback", 8) == 0 || strncmp(metric, "recovery", 8) == 0;
    if (is_of_rollbacks && run_metric_find(&result->baseline_summary, metric, &found) && !(found.value > 0))
        return (struct report_number){"n/a"};
    return report_metric(&result->baseline_summary, metric);
}

static void write_summary(const struct page *page, const struct bench_result *result)
{
    struct grid *grid = page->grid;
    grid_begin(grid, "Summary over runs");
    grid_add_column(grid, CELL_TEXT, "Metric");
    grid_add_column(grid, CELL_NUMBER, "Over runs");
    grid_add_column(grid, CELL_NUMBER, "All runs together (95 % interval)");
    grid_add_column(grid, CELL_NUMBER, "CV over runs");
    if (result->baseline) grid_add_column(grid, CELL_NUMBER, "No speculation");
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const struct summary_row *row = &ROWS[i];
        grid_add(grid, CELL_TEXT, "%s", row->label);
        grid_add(grid, judgement(result, row->metric), "%s",
                 report_metric(&result->summary, row->metric).text);
        grid_add(grid, CELL_NUMBER, "%s", pooled_of(result, row).text);
        grid_add(grid, CELL_NUMBER, "%s", cv_of(&result->spread, row).text);
        if (result->baseline) grid_add(grid, CELL_NUMBER, "%s", baseline_of(result, row->metric).text);
    }
    page->renderer->heading(page->out, 3, "Summary");
    page->renderer->table(page->out, grid);
    page->renderer->paragraph(page->out,
                              "Over runs: the median; largest, longest and peak are of all runs. An "
                              "interval belongs to the figure beside it, of all runs together, and may "
                              "leave out the median over runs.");
}

/* What the shaded times of this test are, after a chart's own reading. */
static void say_shades(char *text, const struct bench_result *result)
{
    struct chart_spans spans;
    chart_spans_of(result, (double)result->duration_ns / (double)NS_PER_S, &spans);
    if (result->warmup_ns > 0) report_say(text, " Grey: warm-up, not measured.");
    if (spans.has_bursts) report_say(text, " Amber: bursts.");
    if (spans.has_injection) report_say(text, " Amber: failures injected.");
}

static err write_figure(const struct page *page, const struct report_test *test, uint32_t index,
                        struct diag *diag)
{
    const struct chart *chart = chart_at(index);
    char label[2 * REPORT_TITLE_BYTES], reading[REPORT_TEXT_BYTES] = "";
    report_say(reading, "%s", chart->reading);
    if (chart->is_over_time) say_shades(reading, test->result);
    snprintf(label, sizeof label, "Plot: %s, test %s", chart->title, test->title);
    struct figure figure = {.title = chart->title, .label = label, .reading = reading};
    return page_plot(page, test->first_plot + index, &figure, diag);
}

err report_write_test(const struct page *page, const struct report_test *test, struct diag *diag)
{
    page->renderer->heading(page->out, 2, test->title);
    if (test->question) page->renderer->paragraph(page->out, test->question);
    write_findings(page, test->result);
    write_warnings(page, test->result);
    write_advice(page, test->result);
    write_setup(page, test->result);
    page->renderer->figures_begin(page->out);
    for (uint32_t chart = 0; chart < chart_count(); chart++) TRY(write_figure(page, test, chart, diag));
    page->renderer->figures_end(page->out);
    write_summary(page, test->result);
    return report_write_details(page, test, diag);
}
