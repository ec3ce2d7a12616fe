/* reports/tune_page.c: winner, front, race. */
#include "reports/tune_page.h"
#include "reports/chart_axis.h"
#include "reports/chart_style.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { FAR = 5, ROWS_SHOWN = GRID_CELLS_MOST / (4 + RACE_CRITERIA_MOST) };

static void begin_table(const struct page *page, const struct tune_paper *paper, const char *caption)
{
    grid_begin(page->grid, caption);
    grid_add_column(page->grid, CELL_TEXT, "Settings");
    grid_add_column(page->grid, CELL_NUMBER, "Constraints");
    for (uint32_t i = 0; i < paper->criteria_count; i++)
        grid_add_column(page->grid, CELL_NUMBER, paper->names[i]);
    grid_add_column(page->grid, CELL_NUMBER, "Runs");
}

/* Of the rung that `points` are. */
static void add_point(const struct page *page, const struct tune_paper *paper,
                      const struct tune_point *points, uint32_t point)
{
    char name[DESIGN_NAME_BYTES], text[METRIC_TEXT_BYTES];
    const struct race_entry *entry = &points[point].entry;
    design_difference(paper->design, point, name);
    grid_add(page->grid, CELL_TEXT, "%.170s%s%s", name, point == 0 ? "start" : "",
             point == paper->winner ? " (winner)" : "");
    if (!isfinite(entry->violation))
        grid_add(page->grid, CELL_MISS, "cannot be told");
    else if (entry->violation > 0)
        grid_add(page->grid, CELL_MISS, "missed by %.1f %%", 100 * entry->violation);
    else
        grid_add(page->grid, CELL_PASS, "hold");
    for (uint32_t i = 0; i < paper->criteria_count; i++) {
        metric_write(text, points[point].shown[i].value, points[point].shown[i].unit);
        grid_add(page->grid, CELL_NUMBER, "%s", text);
    }
    grid_add(page->grid, CELL_NUMBER, "%" PRIu32, entry->runs);
}

void tune_write_front(const struct page *page, const struct tune_paper *paper)
{
    uint32_t rows = 0;
    begin_table(page, paper, "What no other configuration beats in everything");
    for (uint32_t point = 0; point < paper->design->point_count && rows < ROWS_SHOWN; point++)
        if (paper->is_front[point] || point == 0 || point == paper->winner) {
            add_point(page, paper, paper->first, point);
            rows++;
        }
    page->renderer->table(page->out, page->grid);
}

/* Stayed longer, then better, then earlier. */
static bool is_ahead(const struct tune_paper *paper, uint32_t left, uint32_t right)
{
    const struct race_entry *a = &paper->last[left].entry, *b = &paper->last[right].entry;
    if (a->runs != b->runs) return a->runs > b->runs;
    int order = race_compare(a, b);
    return order < 0 || (order == 0 && left < right);
}

static void write_race(const struct page *page, const struct tune_paper *paper)
{
    uint32_t order[DESIGN_POINTS_MOST], count = 0;
    for (uint32_t point = 0; point < paper->design->point_count; point++) {
        uint32_t place = count++;
        for (; place > 0 && is_ahead(paper, point, order[place - 1]); place--)
            order[place] = order[place - 1];
        order[place] = point;
    }
    begin_table(page, paper, "Every configuration, best first");
    for (uint32_t row = 0; row < count && row < ROWS_SHOWN; row++)
        add_point(page, paper, paper->last, order[row]);
    page->renderer->fold_begin(page->out, "Every configuration, those that stayed longest first");
    page->renderer->table(page->out, page->grid);
    page->renderer->fold_end(page->out);
}

/* x: the objective, y: the last criterion, memory unless that is the objective; rows x, y, 2 winner, 1 front,
 * 0 other. */
static err draw_front(FILE *script, const void *with)
{
    const struct tune_paper *paper = with;
    uint32_t last = paper->criteria_count - 1, count = 0;
    const struct run_metric *units = paper->first[paper->winner].shown;
    const struct metric_axis across = metric_axis(units[0].unit), up = metric_axis(units[last].unit);
    struct chart_extent x = CHART_NO_EXTENT, y = CHART_NO_EXTENT;
    fputs(CHART_STYLE "$points << EOD\n", script);
    for (uint32_t point = 0; point < paper->design->point_count; point++) {
        const struct run_metric *shown = paper->first[point].shown;
        double right = shown[0].value * across.scale, above = shown[last].value * up.scale;
        if (!isfinite(right) || !isfinite(above)) continue;
        chart_extent_add(&x, right);
        chart_extent_add(&y, above);
        count++;
        fprintf(script, "%.6g %.6g %d\n", right, above,
                point == paper->winner   ? 2
                : paper->is_front[point] ? 1
                                         : 0);
    }
    fputs("EOD\n", script);
    if (count == 0) {
        fprintf(script, CHART_NOTHING, "no configuration has both");
        return OK;
    }
    fputs("set yrange [*:*]\nset xrange [*:*]\nset offsets graph 0.06, graph 0.06, graph 0.08, graph 0.08\n",
          script);
    /* One that is far from the others must not squeeze them. */
    if (x.high > FAR * x.low) chart_write_log_axis(script, 'x', x);
    if (y.high > FAR * y.low) chart_write_log_axis(script, 'y', y);
    fprintf(script,
            "set xlabel '%s, %s' noenhanced\nset ylabel '%s, %s' noenhanced\n"
            "plot $points u 1:(int($3) == 0 ? $2 : NaN) w p pt 7 ps 0.9 lc rgb soft t 'beaten', "
            "$points u 1:(int($3) >= 1 ? $2 : NaN) w p pt 7 ps 1.2 lc rgb main t 'front', "
            "$points u 1:(int($3) == 2 ? $2 : NaN) w p pt 6 ps 2.4 lw 2 lc rgb other t 'winner'\n",
            paper->names[0], across.name, paper->names[last], up.name);
    return OK;
}

err tune_add_plots(struct document *document, const struct tune_paper *paper, struct diag *diag)
{
    const struct document_plot plot = {.name = "front", .write = draw_front, .with = paper};
    return document_add(document, &plot, diag);
}

static const char *plural(uint32_t count)
{
    return count == 1 ? "" : "s";
}

/* What was spent, and why no more: one more configuration could need one more rung. */
static void write_effort(const struct page *page, const struct tune_paper *paper)
{
    char text[640];
    uint32_t points = paper->design->point_count;
    snprintf(
        text, sizeof text,
        "%" PRIu32 " configuration%s, %" PRIu32 " rung%s, %" PRIu32 " runs of the %" PRIu32
        " that the race may spend; every rung halves the field and doubles the runs, over the same seeds, "
        "and the field is the largest that the budget takes through all rungs.%s",
        points, plural(points), paper->rungs, plural(paper->rungs), paper->runs_spent, paper->budget,
        paper->has_report ? " The winner was then measured against the start on seeds that had no part "
                            "in choosing it: report.md."
                          : "");
    page->renderer->paragraph(page->out, text);
}

err tune_write_page(const struct page *page, const void *context, struct diag *diag)
{
    const struct tune_paper *paper = context;
    char name[DESIGN_NAME_BYTES], text[DESIGN_NAME_BYTES + 128];
    const struct figure front = {
        .title = "What it costs",
        .label = "Plot: objective against its price for every configuration",
        .reading =
            "Each dot is a configuration in the first rung, which all ran with the same seeds. Nothing "
            "lies both left of and below a dot of the front in every criterion of the table; to gain "
            "in one, another must be given up."};
    page->renderer->begin(page->out, "Search for a better configuration");
    page->renderer->paragraph(page->out, paper->verdict);
    write_effort(page, paper);
    design_name(paper->design, 0, name);
    snprintf(text, sizeof text, "The start has %s; other configurations are named by what they change.",
             name);
    page->renderer->paragraph(page->out, text);
    page->renderer->figures_begin(page->out);
    TRY(page_plot(page, 0, &front, diag));
    page->renderer->figures_end(page->out);
    page->renderer->heading(page->out, 2, "Pareto front");
    page->renderer->paragraph(page->out,
                              "Of the first rung: later ones have more runs of fewer configurations, "
                              "which cannot be held against the others.");
    tune_write_front(page, paper);
    page->renderer->heading(page->out, 2, "Race");
    write_race(page, paper);
    page->renderer->end(page->out);
    return OK;
}
