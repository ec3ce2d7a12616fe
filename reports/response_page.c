/* reports/response_page.c: what a reader of a sweep looks for: which setting moves what, and how far. */
#include "reports/response_page.h"
#include "base/escape.h"
#include "reports/chart.h"
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

/* Factors side by side on one axis: a place a level, a gap between factors. */
static void write_levels(FILE *script, const struct drawing *drawing)
{
    const struct response *response = drawing->response;
    double scale = metric_axis(response->units[drawing->metric]).scale, place = 1;
    fputs("$levels << EOD\n", script);
    for (uint32_t i = 0; i < response->design->factor_count; i++) {
        for (uint32_t level = 0; level < response->design->factors[i].level_count; level++, place++) {
            struct response_estimate at = response_level(response, i, level, drawing->metric);
            bool has_limits = isfinite(at.limits.low) && isfinite(at.limits.high);
            if (!isfinite(at.value)) continue;
            fprintf(script, "%.0f %.6g %.6g %.6g\n", place, at.value * scale,
                    (has_limits ? at.limits.low : at.value) * scale,
                    (has_limits ? at.limits.high : at.value) * scale);
        }
        fputs("\n", script);
        place++;
    }
    fprintf(script, "EOD\nx_end = %.0f\n", place - 1);
}

/* What stands under the axis, with a place between two. */
static size_t letters_of(const struct design *design)
{
    size_t letters = 0;
    for (uint32_t i = 0; i < design->factor_count; i++)
        for (uint32_t level = 0; level < design->factors[i].level_count; level++) {
            size_t size = strlen(design->factors[i].levels[level]);
            letters += 2 + (size < LEVEL_LETTERS_MOST ? size : LEVEL_LETTERS_MOST);
        }
    return letters;
}

static void write_tics(FILE *script, const struct response *response)
{
    double place = 1;
    bool is_crowded = letters_of(response->design) > TIC_LETTERS_MOST;
    fprintf(script, "set bmargin %s\nset xtics %s font ',11' (", is_crowded ? "4.6" : "2.2",
            is_crowded ? "rotate by -35" : "norotate");
    for (uint32_t i = 0; i < response->design->factor_count; i++, place++)
        for (uint32_t level = 0; level < response->design->factors[i].level_count; level++, place++) {
            fprintf(script, "%s'", place > 1 ? ", " : "");
            write_plain(script, response->design->factors[i].levels[level], LEVEL_LETTERS_MOST);
            fprintf(script, "' %.0f", place);
        }
    fputs(")\n", script);
    place = 1;
    for (uint32_t i = 0; i < response->design->factor_count; i++) {
        uint32_t levels = response->design->factors[i].level_count;
        fprintf(script, "set label '");
        write_plain(script, response->design->factors[i].key, 22);
        fprintf(script, "' at %.1f, graph 1.07 center font ',11' textcolor rgb soft\n",
                place + (levels - 1) / 2.0);
        place += levels + 1;
    }
}

static err draw_metric(FILE *script, const void *with)
{
    const struct drawing *drawing = with;
    fputs(CHART_STYLE, script);
    write_levels(script, drawing);
    write_tics(script, drawing->response);
    fprintf(script,
            "set ylabel '%s'\nset yrange [*:*]\nset offsets 0, 0, graph 0.08, graph 0.08\nset xrange "
            "[0.4:x_end-0.4]\n"
            "unset key\n"
            "plot $levels u 1:2:3:4 w yerrorbars pt 7 ps 1 lw 1.6 lc rgb main, $levels u 1:2 w l lw 1.6 lc "
            "rgb main\n",
            metric_axis(drawing->response->units[drawing->metric]).name);
    return OK;
}

static int by_rate(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (a[0] > b[0]) - (a[0] < b[0]);
}

/* From half the least to twice the most, with labels at 1, 2 and 5. */
static void write_log_axis(FILE *script, double (*rows)[5], uint32_t count)
{
    double low = INFINITY, high = 0;
    for (uint32_t i = 0; i < count; i++) {
        low = fmin(low, rows[i][2]);
        high = fmax(high, rows[i][3]);
    }
    if (!(low > 0) || !(high >= low)) return;
    fprintf(script, "set logscale y\nset yrange [%.5g:%.5g]\nunset mytics\nset ytics (", low / 2, high * 2);
    const char *between = "";
    for (double decade = 1e-4; decade < 1e5; decade *= 10)
        for (int step = 1; step <= 5; step += step == 1 ? 1 : 3) {
            if (decade * step < low / 2 || decade * step > high * 2) continue;
            fprintf(script, "%s%.4g", between, decade * step);
            between = ", ";
        }
    fputs(")\n", script);
}

/* Rows offered rate, p99, lower, upper, whether it holds; by rate. */
static err draw_knee(FILE *script, const void *with)
{
    const struct response *response = ((const struct drawing *)with)->response;
    uint32_t metric = ((const struct drawing *)with)->metric, count = 0;
    double rows[DESIGN_POINTS_MOST][5];
    for (uint32_t point = 0; point < response->design->point_count; point++) {
        const double *values =
            response->values + ((size_t)point * response->metric_count + metric) * response->runs;
        double low = INFINITY, high = 0;
        for (uint32_t run = 0; run < response->runs; run++) {
            low = fmin(low, values[run]);
            high = fmax(high, values[run]);
        }
        double median = response_at(response, point, metric).value;
        if (!isfinite(median) || !(median > 0)) continue;
        double *row = rows[count++];
        row[0] = response->offered[point];
        row[1] = median;
        row[2] = low;
        row[3] = high;
        row[4] = (int)point == response_knee(response);
    }
    qsort(rows, count, sizeof *rows, by_rate);
    fputs(CHART_STYLE, script);
    fputs("$rates << EOD\n", script);
    for (uint32_t i = 0; i < count; i++)
        fprintf(script, "%.5g %.5g %.5g %.5g %.0f\n", rows[i][0], rows[i][1], rows[i][2], rows[i][3],
                rows[i][4]);
    fputs("EOD\n", script);
    write_log_axis(script, rows, count);
    fprintf(script, "set tmargin 2.6\nset xrange [0:%.5g]\n", count ? 1.06 * rows[count - 1][0] : 1);
    fputs("set xlabel 'tasks offered a second'\nset ylabel 'result p99, "
          "seconds'\n"
          "plot $rates u 1:2:3:4 w yerrorbars pt 7 ps 1 lw 1.6 lc rgb main t 'lowest to highest run', "
          "$rates u 1:(int($5) ? $2 : NaN) w p pt 6 ps 2.4 lw 2 lc rgb other t 'knee'\n",
          script);
    return OK;
}

static bool has_rate(const struct response *response)
{
    for (uint32_t i = 0; i < response->design->factor_count; i++)
        if (strcmp(response->design->factors[i].key, "rate") == 0) return true;
    return false;
}

static uint32_t metric_of(const struct response *response, const char *name)
{
    uint32_t metric = 0;
    while (metric + 1 < response->metric_count && strcmp(response->metrics[metric]->name, name) != 0)
        metric++;
    return metric;
}

err response_add_plots(struct document *document, const struct response *response, struct diag *diag)
{
    for (uint32_t i = 0; i < response->metric_count; i++) {
        const struct drawing drawing = {response, i};
        struct document_plot plot = {.write = draw_metric, .with = &drawing};
        snprintf(plot.name, sizeof plot.name, "effect-%u", i + 1);
        TRY(document_add(document, &plot, diag));
    }
    if (!has_rate(response)) return OK;
    const struct drawing drawing = {response, metric_of(response, "result.p99")};
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
    if (has_rate(response)) {
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
