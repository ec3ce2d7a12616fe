/* reports/tune_page.c: winner, front, race. */
#include "reports/tune_page.h"
#include "reports/chart_style.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { ROWS_SHOWN = GRID_CELLS_MOST / (4 + RACE_CRITERIA_MOST) };

static void begin_table(const struct page *page, const struct tune_paper *paper, const char *caption)
{
    grid_begin(page->grid, caption);
    grid_add_column(page->grid, CELL_TEXT, "Settings");
    for (uint32_t i = 0; i < paper->criteria_count; i++)
        grid_add_column(page->grid, CELL_NUMBER, paper->names[i]);
    grid_add_column(page->grid, CELL_NUMBER, "Constraints");
    grid_add_column(page->grid, CELL_NUMBER, "Runs");
}

static void add_point(const struct page *page, const struct tune_paper *paper, uint32_t point)
{
    char name[DESIGN_NAME_BYTES], text[METRIC_TEXT_BYTES];
    const struct race_entry *entry = &paper->entries[point];
    design_name(paper->design, point, name);
    grid_add(page->grid, CELL_TEXT, "%.170s%s%s", name, point == 0 ? " (start)" : "",
             point == paper->winner ? " (winner)" : "");
    for (uint32_t i = 0; i < paper->criteria_count; i++) {
        metric_write(text, paper->shown[point][i].value, paper->shown[point][i].unit);
        grid_add(page->grid, CELL_NUMBER, "%s", text);
    }
    if (!isfinite(entry->violation))
        grid_add(page->grid, CELL_MISS, "cannot be told");
    else if (entry->violation > 0)
        grid_add(page->grid, CELL_MISS, "missed by %.1f %%", 100 * entry->violation);
    else
        grid_add(page->grid, CELL_PASS, "hold");
    grid_add(page->grid, CELL_NUMBER, "%" PRIu32, entry->runs);
}

void tune_write_front(const struct page *page, const struct tune_paper *paper)
{
    uint32_t rows = 0;
    begin_table(page, paper, "What no other configuration beats in everything");
    for (uint32_t point = 0; point < paper->design->point_count && rows < ROWS_SHOWN; point++)
        if (paper->is_front[point] || point == 0 || point == paper->winner) {
            add_point(page, paper, point);
            rows++;
        }
    page->renderer->table(page->out, page->grid);
}

/* Best first. */
static void write_race(const struct page *page, const struct tune_paper *paper)
{
    bool is_written[DESIGN_POINTS_MOST] = {false};
    begin_table(page, paper, "Every configuration, best first");
    for (uint32_t row = 0; row < paper->design->point_count && row < ROWS_SHOWN; row++) {
        uint32_t best = DESIGN_POINTS_MOST;
        for (uint32_t point = 0; point < paper->design->point_count; point++) {
            const struct race_entry *entry = &paper->entries[point],
                                    *other = &paper->entries[best % DESIGN_POINTS_MOST];
            if (is_written[point] || entry->runs == 0) continue;
            if (best == DESIGN_POINTS_MOST || entry->runs > other->runs ||
                (entry->runs == other->runs && race_compare(entry, other) < 0))
                best = point;
        }
        if (best == DESIGN_POINTS_MOST) break;
        is_written[best] = true;
        add_point(page, paper, best);
    }
    page->renderer->fold_begin(page->out, "Every configuration, those that stayed longest first");
    page->renderer->table(page->out, page->grid);
    page->renderer->fold_end(page->out);
}

/* x: the objective, y: the last criterion, memory; rows x, y, 2 winner, 1 front, 0 other. */
static err draw_front(FILE *script, const void *with)
{
    const struct tune_paper *paper = with;
    uint32_t memory = paper->criteria_count - 1;
    fputs(CHART_STYLE "$points << EOD\n", script);
    for (uint32_t point = 0; point < paper->design->point_count; point++) {
        const struct run_metric *shown = paper->shown[point];
        if (paper->entries[point].runs == 0 || !isfinite(shown[0].value) || !isfinite(shown[memory].value))
            continue;
        fprintf(script, "%.6g %.6g %d\n", shown[0].value, shown[memory].value / (double)MIB,
                point == paper->winner   ? 2
                : paper->is_front[point] ? 1
                                         : 0);
    }
    fprintf(script,
            "EOD\nset yrange [*:*]\nset xrange [*:*]\nset offsets graph 0.06, graph 0.06, graph 0.08, graph "
            "0.08\n"
            "set xlabel '%s%s' noenhanced\nset ylabel 'memory per active task, MB'\n"
            "plot $points u 1:(int($3) == 0 ? $2 : NaN) w p pt 7 ps 0.9 lc rgb soft t 'beaten', "
            "$points u 1:(int($3) >= 1 ? $2 : NaN) w p pt 7 ps 1.2 lc rgb main t 'front', "
            "$points u 1:(int($3) == 2 ? $2 : NaN) w p pt 6 ps 2.4 lw 2 lc rgb other t 'winner'\n",
            paper->names[0], paper->shown[paper->winner][0].unit == UNIT_SECONDS ? ", seconds" : "");
    return OK;
}

err tune_add_plots(struct document *document, const struct tune_paper *paper, struct diag *diag)
{
    const struct document_plot plot = {.name = "front", .write = draw_front, .with = paper};
    return document_add(document, &plot, diag);
}

err tune_write_page(const struct page *page, const void *context, struct diag *diag)
{
    const struct tune_paper *paper = context;
    char text[512];
    const struct figure front = {
        .title = "What it costs",
        .label = "Plot: objective against memory for every configuration",
        .reading = "Each dot is a configuration. Nothing lies both left of and below a dot of "
                   "the front in every criterion of the table; to gain in one, another must "
                   "be given up."};
    page->renderer->begin(page->out, "Search for a better configuration");
    page->renderer->paragraph(page->out, paper->verdict);
    snprintf(
        text, sizeof text,
        "%" PRIu32 " configurations, %" PRIu32 " rungs, %" PRIu32
        " runs in all; every rung halves the field and "
        "doubles the runs, over the same seeds. The winner was then measured against the start on seeds that "
        "had no part in choosing it: %.200s.",
        paper->design->point_count, paper->rungs, paper->runs_spent, paper->report);
    page->renderer->paragraph(page->out, text);
    page->renderer->figures_begin(page->out);
    TRY(page_plot(page, 0, &front, diag));
    page->renderer->figures_end(page->out);
    page->renderer->heading(page->out, 2, "Pareto front");
    tune_write_front(page, paper);
    page->renderer->heading(page->out, 2, "Race");
    write_race(page, paper);
    page->renderer->end(page->out);
    return OK;
}
