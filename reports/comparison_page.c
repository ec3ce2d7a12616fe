/* reports/comparison_page.c: figures before and after, as tables and plots. */
#include "reports/comparison_chart.h"
#include "reports/comparison_report.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { RUNS_SHOWN = 20 };

struct report_number comparison_effect_text(const struct comparison_row *row, double on_scale)
{
    struct report_number number = {"n/a"};
    char text[METRIC_TEXT_BYTES];
    double effect = comparison_effect(row, on_scale);
    if (!isfinite(effect)) return number;
    if (row->is_ratio)
        snprintf(number.text, sizeof number.text, "%+.1f %%", 100 * effect);
    else if (row->unit == UNIT_SHARE)
        snprintf(number.text, sizeof number.text, "%+.2f points", 100 * effect);
    else {
        metric_write(text, effect, row->unit);
        snprintf(number.text, sizeof number.text, "%s%.40s", effect >= 0 ? "+" : "", text);
    }
    return number;
}

struct report_value comparison_change_text(const struct comparison_row *row)
{
    struct report_value value = {"n/a"};
    if (comparison_has_none(row)) return value;
    if (row->is_identical)
        snprintf(value.text, sizeof value.text, "none in any run");
    else if (!isfinite(row->limits.low) || !isfinite(row->limits.high))
        snprintf(value.text, sizeof value.text, "%s", comparison_effect_text(row, row->mean).text);
    else
        snprintf(value.text, sizeof value.text, "%s (%s … %s)", comparison_effect_text(row, row->mean).text,
                 comparison_effect_text(row, row->limits.low).text,
                 comparison_effect_text(row, row->limits.high).text);
    return value;
}

static enum cell_kind kind_of(enum comparison_verdict verdict)
{
    return verdict == VERDICT_BETTER                             ? CELL_PASS
           : verdict == VERDICT_WORSE || verdict == VERDICT_LOST ? CELL_MISS
                                                                 : CELL_NUMBER;
}

static struct report_number p_text(double p)
{
    struct report_number number = {"n/a"};
    const double least = 0.001;
    if (isfinite(p)) snprintf(number.text, sizeof number.text, p < least ? "< 0.001" : "%.3f", p);
    return number;
}

static void begin_metrics(struct grid *grid, const char *caption, bool is_primary)
{
    grid_begin(grid, caption);
    grid_add_column(grid, CELL_TEXT, "Metric");
    grid_add_column(grid, CELL_NUMBER, "Before");
    grid_add_column(grid, CELL_NUMBER, "After");
    grid_add_column(grid, CELL_NUMBER, "Change (95 % interval)");
    if (!is_primary) grid_add_column(grid, CELL_NUMBER, "Median change");
    grid_add_column(grid, CELL_NUMBER, "p, adjusted");
    grid_add_column(grid, CELL_NUMBER, "Detectable");
    grid_add_column(grid, CELL_NUMBER, "Verdict");
}

static void add_metric(struct grid *grid, const struct comparison_row *row, bool is_primary)
{
    char before[METRIC_TEXT_BYTES], after[METRIC_TEXT_BYTES];
    metric_write(before, row->median_before, row->unit);
    metric_write(after, row->median_after, row->unit);
    grid_add(grid, CELL_TEXT, "%s", row->metric->label);
    grid_add(grid, CELL_NUMBER, "%s", before);
    grid_add(grid, CELL_NUMBER, "%s", after);
    grid_add(grid, CELL_NUMBER, "%s", comparison_change_text(row).text);
    if (!is_primary)
        grid_add(grid, CELL_NUMBER, "%s",
                 row->is_identical ? "" : comparison_effect_text(row, row->shift).text);
    grid_add(grid, CELL_NUMBER, "%s", row->is_identical ? "" : p_text(row->adjusted_p).text);
    grid_add(grid, CELL_NUMBER, "%s",
             row->is_identical ? "" : comparison_effect_text(row, row->detectable).text);
    grid_add(grid, kind_of(row->verdict), "%s", comparison_verdict_name(row->verdict));
}

void comparison_write_primary(const struct page *page, const struct comparison_test *test)
{
    begin_metrics(page->grid, "Primary metrics before and after", true);
    for (uint32_t i = 0; i < comparison_metric_count(); i++)
        if (test->rows[i].metric->is_primary) add_metric(page->grid, &test->rows[i], true);
    page->renderer->table(page->out, page->grid);
}

void comparison_write_metrics(const struct page *page, const struct comparison_test *test)
{
    begin_metrics(page->grid, "Every metric before and after", false);
    for (uint32_t i = 0; i < comparison_metric_count(); i++) add_metric(page->grid, &test->rows[i], false);
    page->renderer->fold_begin(page->out, "Every metric");
    page->renderer->table(page->out, page->grid);
    page->renderer->paragraph(page->out,
                              "The first six are primary; the others are exploratory: of those called better "
                              "or worse, one in twenty is expected to be chance (Benjamini and Hochberg). "
                              "Median change: Hodges and Lehmann's, which one odd run cannot move.");
    page->renderer->fold_end(page->out);
}

static void write_design(const struct page *page, const struct comparison_test *test)
{
    char text[REPORT_TEXT_BYTES] = "";
    uint32_t before = test->before->runs - test->before_runs, after = test->after->runs - test->after_runs;
    if (test->is_paired)
        report_say(text,
                   "%" PRIu32 " pair%s of runs: both arms saw the same arrivals, executions, "
                   "proofs, chain and failures. ",
                   test->pairs, test->pairs == 1 ? "" : "s");
    else
        report_say(text,
                   "Unpaired: the arms have different seeds, %" PRIu32 " runs against %" PRIu32
                   ", compared by ranks. Drift between the arms is not controlled; run both with the same "
                   "--seed to pair them. ",
                   test->before_runs, test->after_runs);
    if (before + after > 0)
        report_say(text, "Left out, because they have no partner: %" PRIu32 " before, %" PRIu32 " after. ",
                   before, after);
    if (test->is_paired && test->pairs < SIGNFLIP_PAIRS_LEAST)
        report_say(text,
                   "Need >= %d pairs: with %" PRIu32 " no choice of signs is rare enough to exclude chance. ",
                   SIGNFLIP_PAIRS_LEAST, test->pairs);
    report_say(text, "%s each, the first %s not measured.", report_duration(test->before->duration_ns).text,
               report_duration(test->before->warmup_ns).text);
    page->renderer->paragraph(page->out, text);
}

static err write_plots(const struct page *page, const struct comparison_test *test, struct diag *diag)
{
    page->renderer->figures_begin(page->out);
    for (uint32_t i = 0; i < comparison_chart_count(); i++) {
        const struct chart *chart = comparison_chart_at(i);
        char label[2 * REPORT_TITLE_BYTES];
        snprintf(label, sizeof label, "Plot: %s, test %s", chart->title, test->title);
        const struct figure figure = {.title = chart->title, .label = label, .reading = chart->reading};
        TRY(page_plot(page, test->first_plot + i, &figure, diag));
    }
    page->renderer->figures_end(page->out);
    return OK;
}

static struct report_value run_quantile(const struct run_metrics *run, enum latency_quantile quantile)
{
    struct report_value value = {"n/a"};
    struct interval limits;
    char middle[METRIC_TEXT_BYTES], low[METRIC_TEXT_BYTES], high[METRIC_TEXT_BYTES];
    if (!comparison_run_limits(run, LATENCY_RESULT, quantile, &limits)) return value;
    metric_write(middle, run->latency[LATENCY_RESULT].quantile_ns[quantile] / (double)NS_PER_S, UNIT_SECONDS);
    metric_write(low, limits.low / (double)NS_PER_S, UNIT_SECONDS);
    metric_write(high, limits.high / (double)NS_PER_S, UNIT_SECONDS);
    snprintf(value.text, sizeof value.text, "%.40s (%.40s – %.40s)", middle, low, high);
    return value;
}

static void add_run(struct grid *grid, uint32_t number, const struct run_metrics *run)
{
    grid_add(grid, CELL_NUMBER, "%" PRIu32, number);
    grid_add(grid, CELL_NUMBER, "%s", report_metric(run, "throughput").text);
    grid_add(grid, CELL_NUMBER, "%s", run_quantile(run, Q50).text);
    grid_add(grid, CELL_NUMBER, "%s", run_quantile(run, Q99).text);
    grid_add(grid, CELL_NUMBER, "%s", report_metric(run, "confirmed.p99").text);
    grid_add(grid, CELL_NUMBER, "%s", report_metric(run, "rollback_rate").text);
    grid_add(grid, CELL_NUMBER, "%s", report_metric(run, "memory_per_active_task").text);
    grid_add(grid, CELL_CODE, "%016" PRIx64, run->trajectory_hash);
}

static void write_runs(const struct page *page, const struct bench_result *result, const char *caption)
{
    static const char *const COLUMNS[] = {
        "Run",           "Throughput", "Result p50 (95 %)", "Result p99 (95 %)",
        "Confirmed p99", "Rollbacks",  "Memory/task",       "Trajectory"};
    enum { COLUMN_COUNT = sizeof COLUMNS / sizeof *COLUMNS };
    struct grid *grid = page->grid;
    grid_begin(grid, caption);
    for (int i = 0; i < COLUMN_COUNT; i++)
        grid_add_column(grid, i + 1 < COLUMN_COUNT ? CELL_NUMBER : CELL_CODE, COLUMNS[i]);
    for (uint32_t run = 0; run < result->runs && run < RUNS_SHOWN; run++)
        add_run(grid, run + 1, &result->per_run[run]);
    page->renderer->fold_begin(page->out, caption);
    page->renderer->table(page->out, grid);
    if (result->runs > RUNS_SHOWN)
        page->renderer->paragraph(page->out, "Further runs are in the result file.");
    page->renderer->fold_end(page->out);
}

static err write_test(const struct page *page, const struct comparison_test *test, struct diag *diag)
{
    page->renderer->heading(page->out, 2, test->title);
    write_design(page, test);
    comparison_write_primary(page, test);
    TRY(write_plots(page, test, diag));
    comparison_write_metrics(page, test);
    write_runs(page, test->before, "Runs before");
    write_runs(page, test->after, "Runs after");
    page->renderer->heading(page->out, 3, "How to reproduce");
    TRY(report_write_reproduction(page, test->before, diag));
    return report_write_reproduction(page, test->after, diag);
}

static const char *const METHOD[] = {
    "A run is the unit, never a task. Where arms share seeds, a pair of runs gives one difference: the "
    "logarithm of after divided by before, or after less before where a value is 0. Change is the mean of "
    "these, its interval Student's t. p: the share of all choices of signs of the differences that lie as "
    "far from 0 (beyond 20 pairs, of 9,999 choices drawn by a fixed seed).",
    "Verdicts are at 95 %. No difference: the interval lies within 1 %. Better or worse: p stays below 0.05 "
    "after all primary metrics of all tests were looked at. Inconclusive: neither; it does not mean equal. "
    "Detectable: the change that as many runs with this spread would show four times in five.",
    "Every figure is of a simulation. The interval beside a run's quantile is of its tasks, taken as "
    "independent; Before and After are medians over runs.",
};

err comparison_write_page(const struct page *page, const void *context, struct diag *diag)
{
    const struct comparison_paper *paper = context;
    page->renderer->begin(page->out, "Speculation tuning report");
    comparison_write_verdict(page, paper);
    comparison_write_change(page, paper);
    comparison_write_analysis(page, paper);
    TRY(comparison_write_way_back(page, paper, diag));
    page->renderer->heading(page->out, 2, "Recommendation");
    comparison_write_recommendation(page, paper);
    for (uint32_t i = 0; i < paper->comparison->count; i++)
        TRY(write_test(page, &paper->comparison->tests[i], diag));
    page->renderer->heading(page->out, 2, "Method");
    for (size_t i = 0; i < sizeof METHOD / sizeof *METHOD; i++)
        page->renderer->paragraph(page->out, METHOD[i]);
    page->renderer->end(page->out);
    return OK;
}
