/* reports/history_page.c: a trend as plot and tables: levels, where they changed, and every result. */
#include "reports/chart_style.h"
#include "reports/history_trend.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

enum { TICS_MOST = 6, ROWS_SHOWN = 200, PARAGRAPH_BYTES = 512 };

struct drawing {
    const struct trend_metric *metric;
    const struct trend *trend;
};

/* Rows place, lowest, median, highest; a gap where the median is not known. */
static void write_medians(FILE *script, const struct drawing *drawing)
{
    double scale = metric_axis(drawing->metric->unit).scale;
    fputs("$medians << EOD\n", script);
    for (uint32_t i = 0; i < drawing->trend->count; i++) {
        const struct history_entry *entry = &drawing->trend->entries[i];
        if (isfinite(entry->median))
            fprintf(script, "%" PRIu32 " %.9g %.9g %.9g\n", i + 1, entry->lowest * scale,
                    entry->median * scale, entry->highest * scale);
        else
            fputc('\n', script);
    }
    fputs("EOD\n", script);
}

/* A level from one change to the next; a change lies between two results. */
static void write_levels(FILE *script, const struct drawing *drawing)
{
    const struct trend *trend = drawing->trend;
    double scale = metric_axis(drawing->metric->unit).scale, from = trend->first + 0.5;
    fputs("$levels << EOD\n", script);
    for (uint32_t i = 0; i <= trend->change_count && trend->change_count > 0; i++) {
        bool is_last = i == trend->change_count;
        double until = is_last ? trend->count + 0.5 : trend->changes[i].index + 0.5;
        double level = is_last ? trend->changes[i - 1].after : trend->changes[i].before;
        fprintf(script, "%.1f %.9g\n%.1f %.9g\n\n", from, level * scale, until, level * scale);
        from = until;
    }
    fputs("EOD\n", script);
}

static void write_changes(FILE *script, const struct trend *trend)
{
    for (uint32_t i = 0; i < trend->change_count; i++) {
        enum comparison_verdict verdict = trend->changes[i].verdict;
        const char *color = verdict == VERDICT_WORSE ? "other" : verdict == VERDICT_BETTER ? "third" : "soft";
        const char *word = verdict == VERDICT_WORSE    ? "worse"
                           : verdict == VERDICT_BETTER ? "better"
                                                       : "changed";
        double at = trend->changes[i].index + 0.5;
        fprintf(script,
                "set arrow from %.1f, graph 0 to %.1f, graph 1 nohead lc rgb %s lw 1.6 dt (4,3) front\n"
                "set label '%s' at %.1f, graph 1 right offset -0.5, -0.6 font ',9' textcolor rgb %s front\n",
                at, at, color, word, at, color);
    }
}

/* The part of "2026-11-21 12:00" that tells results of such a span apart. */
static void write_tics(FILE *script, const struct trend *trend)
{
    static const struct {
        int64_t days_most;
        size_t from;
        int size;
    } PARTS[] = {{2, 11, 5}, {300, 5, 5}, {INT64_MAX, 0, 7}};
    uint32_t step = (trend->count + TICS_MOST - 1) / TICS_MOST;
    int64_t days = (trend->entries[trend->count - 1].at_s - trend->entries[0].at_s) / 86400;
    int part = 0;
    while (days >= PARTS[part].days_most) part++;
    fputs("set xtics (", script);
    for (uint32_t i = 0; i < trend->count; i += step) {
        struct trend_time time = trend_time(trend->entries[i].at_s);
        fprintf(script, "%s'%.*s' %" PRIu32, i ? ", " : "", PARTS[part].size,
                strlen(time.text) == 16 ? time.text + PARTS[part].from : "", i + 1);
    }
    fputs(")\n", script);
}

static err draw(FILE *script, const void *with)
{
    const struct drawing *drawing = with;
    const struct trend *trend = drawing->trend;
    fputs(CHART_STYLE, script);
    if (trend->known == 0) {
        fprintf(script, CHART_NOTHING, "no data: no result has this metric in every run");
        return OK;
    }
    write_medians(script, drawing);
    write_levels(script, drawing);
    write_changes(script, trend);
    write_tics(script, trend);
    fprintf(
        script,
        "set style fill transparent solid 0.22 noborder\n"
        "set xrange [0.5:%.1f]\nset yrange [*:*]\nset offsets 0, 0, graph 0.14, graph 0.06\n"
        "set xlabel 'results, oldest first'\nset ylabel '%s'\n"
        "plot %s, "
        "$levels u 1:2 w l lw 1.6 dt (6,3) lc rgb ink t 'level', "
        "$medians @LINE lc rgb main t 'median of runs', $medians u 1:3 w p pt 7 ps 0.4 lc rgb main notitle\n",
        trend->count + 0.5, metric_axis(drawing->metric->unit).name,
        trend->known == 1 ? "$medians u 1:3:2:4 w yerrorbars pt 7 lw 1.6 lc rgb main notitle" /* no area */
                          : "$medians @BAND fc rgb main notitle");
    return OK;
}

static void write_value(char out[METRIC_TEXT_BYTES], const struct trends *trends, double value)
{
    metric_write(out, value, trends->metric->unit);
}

static void write_summary(const struct page *page, const struct trends *trends, const struct trend *trend)
{
    char text[PARAGRAPH_BYTES], value[METRIC_TEXT_BYTES], low[METRIC_TEXT_BYTES], high[METRIC_TEXT_BYTES];
    const struct history_entry *latest = &trend->entries[trend->count - 1];
    write_value(value, trends, latest->median);
    write_value(low, trends, latest->lowest);
    write_value(high, trends, latest->highest);
    bool is_one = trend->count == 1;
    int used =
        snprintf(text, sizeof text,
                 "%" PRIu32 " result%s%s%s%s UTC; the latest: %s over %" PRIu32 " run%s (%s to %s).",
                 trend->count, is_one ? " of " : "s from ",
                 is_one ? "" : trend_time(trend->entries->at_s).text, is_one ? "" : " to ",
                 trend_time(latest->at_s).text, value, latest->runs, latest->runs == 1 ? "" : "s", low, high);
    if (trend->known < trend->count)
        used += snprintf(text + used, sizeof text - (size_t)used,
                         " %" PRIu32 " of them cannot tell the metric and are left out.",
                         trend->count - trend->known);
    if (trend->known > CHANGEPOINT_VALUES_MOST)
        used += snprintf(text + used, sizeof text - (size_t)used, " Changes are sought in the latest %d.",
                         CHANGEPOINT_VALUES_MOST);
    if (trend->known < CHANGEPOINT_SURE)
        snprintf(text + used, sizeof text - (size_t)used,
                 " Fewer than %d results that can tell it: even a clear change may not be found yet.",
                 CHANGEPOINT_SURE);
    else if (trend->change_count == 0)
        snprintf(text + used, sizeof text - (size_t)used, " No change point.");
    page->renderer->paragraph(page->out, text);
}

/* Relative, unless there is no such thing. */
static void add_effect(struct grid *grid, const struct trends *trends, const struct trend_change *change)
{
    enum cell_kind kind = change->verdict == VERDICT_BETTER  ? CELL_PASS
                          : change->verdict == VERDICT_WORSE ? CELL_MISS
                                                             : CELL_NUMBER;
    char text[METRIC_TEXT_BYTES];
    write_value(text, trends, fabs(change->after - change->before));
    if (change->before > 0)
        grid_add(grid, kind, "%+.1f %%", 100 * (change->after / change->before - 1));
    else
        grid_add(grid, kind, "%c%s", change->after < change->before ? '-' : '+', text);
}

static void write_changes_table(const struct page *page, const struct trends *trends,
                                const struct trend *trend)
{
    static const char *const NUMBERS[] = {"Before", "After", "Change", "p"};
    struct grid *grid = page->grid;
    char before[METRIC_TEXT_BYTES], after[METRIC_TEXT_BYTES];
    grid_begin(grid, "Change points");
    grid_add_column(grid, CELL_TEXT, "Since (UTC)");
    grid_add_column(grid, CELL_TEXT, "Label");
    for (int i = 0; i < 4; i++) grid_add_column(grid, CELL_NUMBER, NUMBERS[i]);
    grid_add_column(grid, CELL_TEXT, "Also changed there");
    for (uint32_t i = 0; i < trend->change_count; i++) {
        const struct trend_change *change = &trend->changes[i];
        const struct history_entry *entry = &trend->entries[change->index];
        write_value(before, trends, change->before);
        write_value(after, trends, change->after);
        grid_add(grid, CELL_TEXT, "%s", trend_time(entry->at_s).text);
        grid_add(grid, CELL_TEXT, "%s", entry->label);
        grid_add(grid, CELL_NUMBER, "%s", before);
        grid_add(grid, CELL_NUMBER, "%s", after);
        add_effect(grid, trends, change);
        grid_add(grid, CELL_NUMBER, "%.3f", change->p);
        grid_add(grid, CELL_TEXT, "%s",
                 *change->others ? change->others : "neither load, settings, seed nor commit");
    }
    page->renderer->table(page->out, grid);
}

static void write_results(const struct page *page, const struct trends *trends, const struct trend *trend)
{
    static const char *const TEXTS[] = {"Time (UTC)", "Label", "Commit"};
    static const char *const NUMBERS[] = {"Runs", "Median", "Lowest", "Highest"};
    struct grid *grid = page->grid;
    uint32_t from = trend->count > ROWS_SHOWN ? trend->count - ROWS_SHOWN : 0;
    grid_begin(grid, "Results");
    for (int i = 0; i < 3; i++) grid_add_column(grid, CELL_TEXT, TEXTS[i]);
    for (int i = 0; i < 4; i++) grid_add_column(grid, CELL_NUMBER, NUMBERS[i]);
    for (uint32_t i = from; i < trend->count; i++) {
        const struct history_entry *entry = &trend->entries[i];
        const double values[] = {entry->median, entry->lowest, entry->highest};
        grid_add(grid, CELL_TEXT, "%s", trend_time(entry->at_s).text);
        grid_add(grid, CELL_TEXT, "%s", entry->label);
        grid_add(grid, CELL_CODE, "%s", entry->commit);
        grid_add(grid, CELL_NUMBER, "%" PRIu32, entry->runs);
        for (int j = 0; j < 3; j++) {
            char text[METRIC_TEXT_BYTES];
            write_value(text, trends, values[j]);
            grid_add(grid, CELL_NUMBER, "%s", text);
        }
    }
    page->renderer->fold_begin(page->out, from ? "The latest 200 results" : "All results");
    page->renderer->table(page->out, grid);
    page->renderer->fold_end(page->out);
}

static err write_trend(const struct page *page, const struct trends *trends, uint32_t index,
                       struct diag *diag)
{
    const struct trend *trend = &trends->all[index];
    char label[HISTORY_TEST_BYTES + 128];
    snprintf(label, sizeof label, "Plot: %s of %s over its results", trends->metric->label,
             trend->entries->test);
    const struct figure figure = {
        .title = trends->metric->label,
        .label = label,
        .reading = "Line: median over the runs of each result, band: lowest to highest run; "
                   "dashed: level between changes."};
    page->renderer->heading(page->out, 2, trend->entries->test);
    write_summary(page, trends, trend);
    page->renderer->figures_begin(page->out);
    TRY(page_plot(page, index, &figure, diag));
    page->renderer->figures_end(page->out);
    write_changes_table(page, trends, trend);
    write_results(page, trends, trend);
    return OK;
}

static const char *better_side(enum comparison_sense sense)
{
    return sense == LOWER_IS_BETTER    ? "Lower is better."
           : sense == HIGHER_IS_BETTER ? "Higher is better."
                                       : "Neither side is better.";
}

static err write_page(const struct page *page, const void *context, struct diag *diag)
{
    const struct trends *trends = context;
    char text[2 * PARAGRAPH_BYTES];
    snprintf(text, sizeof text, "Trend: %s", trends->metric->label);
    page->renderer->begin(page->out, text);
    snprintf(
        text, sizeof text,
        "Medians of %s over runs, a result a point. %s A change point is where results before and after "
        "differ more than %d shuffles of the series' blocks make them (energy distance, p at most 0.05); "
        "it may be off by a result or two. This page is to look at, not to judge by: results that follow "
        "each other are often alike for reasons of their own (machine, day), and then change points are "
        "found too often. To judge a change, measure both sides on common seeds: benchmark compare, "
        "benchmark gate.",
        trends->metric->name, better_side(trends->metric->sense), CHANGEPOINT_SHUFFLES);
    page->renderer->paragraph(page->out, text);
    for (uint32_t i = 0; i < trends->count; i++) TRY(write_trend(page, trends, i, diag));
    page->renderer->end(page->out);
    return OK;
}

err trends_write(const struct trends *trends, const struct document_options *options, struct diag *diag)
{
    struct document document = {0};
    err e = document_open(&document, options, diag);
    for (uint32_t i = 0; i < trends->count && e == OK; i++) {
        const struct drawing drawing = {trends->metric, &trends->all[i]};
        struct document_plot plot = {.write = draw, .with = &drawing};
        snprintf(plot.name, sizeof plot.name, "trend-%" PRIu32, i + 1);
        e = document_add(&document, &plot, diag);
    }
    if (e == OK) e = document_write(&document, write_page, trends, diag);
    document_close(&document);
    return e;
}

void trends_print(const struct trends *trends, FILE *out, struct grid *scratch)
{
    const struct page page = {.renderer = &RENDER_TEXT, .out = out, .grid = scratch};
    char before[METRIC_TEXT_BYTES], after[METRIC_TEXT_BYTES];
    grid_begin(scratch, trends->metric->label);
    grid_add_column(scratch, CELL_TEXT, "Test");
    grid_add_column(scratch, CELL_NUMBER, "Results");
    grid_add_column(scratch, CELL_NUMBER, "Latest");
    grid_add_column(scratch, CELL_NUMBER, "Changes");
    grid_add_column(scratch, CELL_TEXT, "The last one");
    for (uint32_t i = 0; i < trends->count && i < ROWS_SHOWN; i++) {
        const struct trend *trend = &trends->all[i];
        const struct trend_change *last = &trend->changes[trend->change_count - (trend->change_count > 0)];
        write_value(before, trends, trend->entries[trend->count - 1].median);
        grid_add(scratch, CELL_TEXT, "%s", trend->entries->test);
        grid_add(scratch, CELL_NUMBER, "%" PRIu32, trend->count);
        grid_add(scratch, CELL_NUMBER, "%s", before);
        grid_add(scratch, CELL_NUMBER, "%" PRIu32, trend->change_count);
        write_value(before, trends, last->before);
        write_value(after, trends, last->after);
        if (trend->change_count == 0)
            grid_add(scratch, CELL_TEXT, "none");
        else
            grid_add(scratch, CELL_TEXT, "%s since %s: %s, before %s", comparison_verdict_name(last->verdict),
                     trend_time(trend->entries[last->index].at_s).text, after, before);
    }
    page.renderer->table(out, scratch);
}
