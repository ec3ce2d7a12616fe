/* reports/response_page.c: what a reader of a sweep looks for: which setting moves what, and how far. */
#include "reports/response_page.h"
#include "base/escape.h"
#include "reports/chart.h"
#include "reports/chart_axis.h"
#include "reports/chart_style.h"
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    POINTS_SHOWN = GRID_CELLS_MOST / (2 + RESPONSE_METRICS_MOST),
    LEVEL_LETTERS_MOST = 14,
    TIC_LETTERS_MOST = 64, /* beside one another under a plot */
};

static void write_cell(struct grid *grid, const struct response *response, uint32_t point, uint32_t metric)
{
    struct response_estimate estimate = response_at(response, point, metric);
    enum comparison_sense sense = response->metrics[metric]->sense;
    char value[METRIC_TEXT_BYTES];
    bool is_up = estimate.limits.low > 0, is_down = estimate.limits.high < 0;
    metric_write(value, estimate.value, response->units[metric]);
    enum cell_kind kind = !is_up && !is_down                     ? CELL_NUMBER
                          : (sense == HIGHER_IS_BETTER) == is_up ? CELL_PASS
                                                                 : CELL_MISS;
    if (point == 0 || !isfinite(estimate.effect) || !estimate.is_ratio)
        grid_add(grid, point == 0 ? CELL_NUMBER : kind, "%s", value);
    else
        grid_add(grid, kind, "%s (%+.1f %%)", value, 100 * estimate.effect);
}

void response_write_table(const struct page *page, const struct response *response)
{
    struct grid *grid = page->grid;
    int knee = response_knee(response);
    grid_begin(grid, "Response of the primary metrics");
    grid_add_column(grid, CELL_NUMBER, "Point");
    grid_add_column(grid, CELL_TEXT, "Settings");
    for (uint32_t i = 0; i < response->metric_count; i++)
        grid_add_column(grid, CELL_NUMBER, response->metrics[i]->label);
    for (uint32_t point = 0; point < response->design->point_count && point < POINTS_SHOWN; point++) {
        char name[DESIGN_NAME_BYTES];
        design_name(response->design, point, name);
        grid_add(grid, CELL_NUMBER, "%" PRIu32, point + 1);
        grid_add(grid, CELL_TEXT, "%.150s%s", name, (int)point == knee ? " (knee)" : "");
        for (uint32_t i = 0; i < response->metric_count; i++) write_cell(grid, response, point, i);
    }
    page->renderer->table(page->out, grid);
}

static void write_number(FILE *out, double value)
{
    fputc(',', out);
    if (isfinite(value)) fprintf(out, "%.9g", value);
}

void response_write_csv(FILE *out, const struct response *response)
{
    const struct design *design = response->design;
    fputs("point", out);
    for (uint32_t i = 0; i < design->factor_count; i++) {
        fputc(',', out);
        escape_csv(out, design->factors[i].key);
    }
    fputs(",metric,value,effect,lo,hi\r\n", out);
    for (uint32_t point = 0; point < design->point_count; point++)
        for (uint32_t metric = 0; metric < response->metric_count; metric++) {
            struct response_estimate estimate = response_at(response, point, metric);
            fprintf(out, "%" PRIu32, point + 1);
            for (uint32_t i = 0; i < design->factor_count; i++) {
                fputc(',', out);
                escape_csv(out, design->factors[i].levels[design->points[point][i]]);
            }
            fprintf(out, ",%s", response->metrics[metric]->name);
            write_number(out, estimate.value);
            write_number(out, estimate.effect);
            write_number(out, estimate.limits.low);
            write_number(out, estimate.limits.high);
            fputs("\r\n", out);
        }
}

/* What a gnuplot string may hold without meaning anything to it. */
static void write_plain(FILE *script, const char *text, size_t most)
{
    size_t size = strlen(text);
    const char *from = size > most ? text + size - most : text;
    for (; *from; from++)
        fputc(isalnum((unsigned char)*from) || strchr("._-+:%/", *from) ? *from : ' ', script);
}

struct drawing {
    const struct response *response;
    uint32_t metric;
};

/* Factors side by side on one axis: a place a level, a gap between factors. How many have a value. */
static uint32_t write_levels(FILE *script, const struct drawing *drawing)
{
    const struct response *response = drawing->response;
    uint32_t written = 0;
    double scale = metric_axis(response->units[drawing->metric]).scale, place = 1;
    fputs("$levels << EOD\n", script);
    for (uint32_t i = 0; i < response->design->factor_count; i++) {
        for (uint32_t level = 0; level < response->design->factors[i].level_count; level++, place++) {
            struct response_estimate at = response_level(response, i, level, drawing->metric);
            bool has_limits = isfinite(at.limits.low) && isfinite(at.limits.high);
            if (!isfinite(at.value)) continue;
            written++;
            /* No primary metric can be below 0, whatever Student's interval says. */
            fprintf(script, "%.0f %.6g %.6g %.6g\n", place, at.value * scale,
                    fmax(0, (has_limits ? at.limits.low : at.value) * scale),
                    (has_limits ? at.limits.high : at.value) * scale);
        }
        fputs("\n", script);
        place++;
    }
    fprintf(script, "EOD\nx_end = %.0f\n", place - 1);
    return written;
}

/* Letters that fit under the axis for each level: a place for it, and an empty one between factors. */
static size_t letters_a_place(const struct design *design)
{
    size_t places = design->factor_count - 1;
    for (uint32_t i = 0; i < design->factor_count; i++) places += design->factors[i].level_count;
    return TIC_LETTERS_MOST / places;
}

/* Some level's text is wider than its place, with a gap to the next. */
static bool is_crowded(const struct design *design)
{
    for (uint32_t i = 0; i < design->factor_count; i++)
        for (uint32_t level = 0; level < design->factors[i].level_count; level++)
            if (strlen(design->factors[i].levels[level]) + 2 > letters_a_place(design)) return true;
    return false;
}

static void write_tics(FILE *script, const struct response *response)
{
    const struct design *design = response->design;
    double place = 1;
    fprintf(script, "set bmargin %s\nset xtics %s font ',11' (", is_crowded(design) ? "4.6" : "2.2",
            is_crowded(design) ? "rotate by -35" : "norotate");
    for (uint32_t i = 0; i < design->factor_count; i++, place++)
        for (uint32_t level = 0; level < design->factors[i].level_count; level++, place++) {
            fprintf(script, "%s'", place > 1 ? ", " : "");
            write_plain(script, design->factors[i].levels[level], LEVEL_LETTERS_MOST);
            fprintf(script, "' %.0f", place);
        }
    fputs(")\n", script);
}

/* Above the levels, the end of a key that has no room. */
static void write_keys(FILE *script, const struct response *response)
{
    const struct design *design = response->design;
    double place = 1;
    for (uint32_t i = 0; i < design->factor_count; i++) {
        uint32_t levels = design->factors[i].level_count;
        size_t room = (levels + 1) * letters_a_place(design);
        fprintf(script, "set label '");
        const char *key = design->factors[i].key, *dot = strrchr(key, '.');
        write_plain(script, dot ? dot + 1 : key, room < 8 ? 6 : room < 24 ? room - 2 : 22);
        fprintf(script, "' at %.1f, graph 1.07 center font ',11' textcolor rgb soft\n",
                place + (levels - 1) / 2.0);
        place += levels + 1;
    }
}

static err draw_metric(FILE *script, const void *with)
{
    const struct drawing *drawing = with;
    fputs(CHART_STYLE, script);
    if (write_levels(script, drawing) == 0) {
        fprintf(script, CHART_NOTHING, "too few tasks in some run");
        return OK;
    }
    write_tics(script, drawing->response);
    write_keys(script, drawing->response);
    /* The least gets a margin that ends at 0. */
    fprintf(script,
            "set ylabel '%s'\nset yrange [0<*:*]\nset offsets 0, 0, graph 0.08, graph 0.08\nset xrange "
            "[0.4:x_end-0.4]\n"
            "unset key\n"
            "plot $levels u 1:2:3:4 w yerrorbars pt 7 ps 1 lw 1.6 lc rgb main, $levels u 1:2 w l lw 1.6 lc "
            "rgb main\n",
            metric_axis(drawing->response->units[drawing->metric]).name);
    return OK;
}

/* A point of the plot of the knee. */
struct load {
    double offered, median, low, high;
    uint32_t point;
};

static int by_rate(const void *left, const void *right)
{
    const struct load *a = left, *b = right;
    if (a->offered < b->offered) return -1;
    if (a->offered > b->offered) return 1;
    return (a->point > b->point) - (a->point < b->point);
}

/* By rate; those without a value above 0 have no place on the axis. */
static uint32_t collect_loads(const struct drawing *drawing, struct load loads[DESIGN_POINTS_MOST])
{
    const struct response *response = drawing->response;
    uint32_t count = 0;
    for (uint32_t point = 0; point < response->design->point_count; point++) {
        const double *values =
            response->values + ((size_t)point * response->metric_count + drawing->metric) * response->runs;
        double median = response_at(response, point, drawing->metric).value;
        struct chart_extent runs = CHART_NO_EXTENT;
        if (!isfinite(median) || !(median > 0)) continue;
        for (uint32_t run = 0; run < response->runs; run++) chart_extent_add(&runs, values[run]);
        loads[count++] = (struct load){response->offered[point], median, runs.low, runs.high, point};
    }
    qsort(loads, count, sizeof *loads, by_rate);
    return count;
}

/* Rows offered rate, p99, lower, upper, whether it is the knee. */
static err draw_knee(FILE *script, const void *with)
{
    const struct drawing *drawing = with;
    struct load loads[DESIGN_POINTS_MOST];
    struct chart_extent span = CHART_NO_EXTENT;
    uint32_t count = collect_loads(drawing, loads);
    int knee = response_knee(drawing->response);
    fputs(CHART_STYLE, script);
    if (count == 0) {
        fprintf(script, CHART_NOTHING, "too few tasks in some run");
        return OK;
    }
    fputs("$rates << EOD\n", script);
    for (uint32_t i = 0; i < count; i++) {
        chart_extent_add(&span, loads[i].low);
        chart_extent_add(&span, loads[i].high);
        fprintf(script, "%.5g %.5g %.5g %.5g %d\n", loads[i].offered, loads[i].median, loads[i].low,
                loads[i].high, (int)loads[i].point == knee);
    }
    fputs("EOD\n", script);
    chart_write_log_axis(script, 'y', span);
    fprintf(script, "set tmargin 2.6\nset xrange [0:%.5g]\n", fmax(1e-6, 1.06 * loads[count - 1].offered));
    fputs("set xlabel 'tasks offered a second'\nset ylabel 'result p99, "
          "seconds'\n"
          "plot $rates u 1:2:3:4 w yerrorbars pt 7 ps 1 lw 1.6 lc rgb main t 'lowest to highest run', "
          "$rates u 1:(int($5) ? $2 : NaN) w p pt 6 ps 2.4 lw 2 lc rgb other t 'knee'\n",
          script);
    return OK;
}

err response_add_plots(struct document *document, const struct response *response, struct diag *diag)
{
    for (uint32_t i = 0; i < response->metric_count; i++) {
        const struct drawing drawing = {response, i};
        struct document_plot plot = {.write = draw_metric, .with = &drawing};
        snprintf(plot.name, sizeof plot.name, "effect-%u", i + 1);
        TRY(document_add(document, &plot, diag));
    }
    if (!response_has_rate(response)) return OK;
    const struct drawing drawing = {response, response_p99(response)};
    const struct document_plot plot = {.name = "knee", .write = draw_knee, .with = &drawing};
    return document_add(document, &plot, diag);
}

static err write_plots(const struct page *page, const struct response *response, struct diag *diag)
{
    page->renderer->figures_begin(page->out);
    for (uint32_t i = 0; i < response->metric_count; i++) {
        char label[128];
        snprintf(label, sizeof label, "Plot: main effects on %s", response->metrics[i]->label);
        const struct figure figure = {.title = response->metrics[i]->label,
                                      .label = label,
                                      .reading =
                                          "Mean over all points with this value, and its 95 % interval over "
                                          "runs; a flat line is a setting that does not matter here."};
        TRY(page_plot(page, i, &figure, diag));
    }
    if (response_has_rate(response)) {
        const struct figure knee = {.title = "Latency over load",
                                    .label = "Plot: result latency p99 over tasks offered",
                                    .reading =
                                        "Circled: the highest load that meets every target with 99 % of "
                                        "tasks served. Beyond the bend waiting grows without end."};
        TRY(page_plot(page, response->metric_count, &knee, diag));
    }
    page->renderer->figures_end(page->out);
    return OK;
}

err response_write_page(const struct page *page, const void *context, struct diag *diag)
{
    const struct response_paper *paper = context;
    int knee = response_knee(paper->response);
    page->renderer->begin(page->out, paper->title);
    page->renderer->paragraph(page->out, paper->load);
    if (knee >= 0) {
        char name[DESIGN_NAME_BYTES], text[DESIGN_NAME_BYTES + 128];
        design_name(paper->response->design, (uint32_t)knee, name);
        snprintf(text, sizeof text, "Knee: %s is the highest load that meets every target with 99 %% served.",
                 name);
        page->renderer->paragraph(page->out, text);
    }
    TRY(write_plots(page, paper->response, diag));
    page->renderer->heading(page->out, 2, "Response");
    response_write_table(page, paper->response);
    page->renderer->paragraph(
        page->out, "Medians over runs; in brackets the mean change against the first point, marked "
                   "where its 95 % interval leaves out 0. Points share their seeds: differences are "
                   "of the settings, not of luck. Intervals are of one metric at one point; when "
                   "many are looked at, some leave out 0 by chance.");
    page->renderer->end(page->out);
    return OK;
}
