/* reports/report.c: from a folder to documents. */
#include "reports/report.h"
#include "base/duration.h"
#include "reports/run_fields.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

_Static_assert(METRIC_TEXT_BYTES <= sizeof(struct report_number), "a metric fits a number's text");

struct report_number report_metric(const struct run_metrics *metrics, const char *name)
{
    struct report_number number = {"n/a"};
    struct run_metric metric;
    if (run_metric_find(metrics, name, &metric)) metric_write(number.text, metric.value, metric.unit);
    return number;
}

struct report_number report_duration(int64_t ns)
{
    char text[DURATION_TEXT_BYTES];
    struct report_number number;
    duration_print(text, ns);
    snprintf(number.text, sizeof number.text, "%s", text);
    return number;
}

struct report_number report_count(uint64_t count)
{
    char digits[24];
    struct report_number number;
    int size = snprintf(digits, sizeof digits, "%" PRIu64, count), used = 0;
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0) number.text[used++] = ',';
        number.text[used++] = digits[i];
    }
    number.text[used] = '\0';
    return number;
}

struct report_number report_sol(uint64_t lamports)
{
    struct report_number number;
    uint64_t fraction = lamports % LAMPORTS_IN_SOL;
    int size = snprintf(number.text, sizeof number.text, "%s.%09" PRIu64,
                        report_count(lamports / LAMPORTS_IN_SOL).text, fraction);
    while (number.text[size - 1] == '0') number.text[--size] = '\0';
    if (number.text[size - 1] == '.') number.text[--size] = '\0';
    return number;
}

void report_say(char *text, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, REPORT_TEXT_BYTES - used, format, arguments);
    va_end(arguments);
}

/* What a reader must know about every figure. */
static const char *const ASSUMPTIONS[] = {
    "Every figure is of a simulation: one engine, the one that the service runs, among models of the chain, "
    "the provers, the executors and the storage. The models' parameters are assumptions; their files "
    "(scenarios/chain, scenarios/prover) say where each comes from. Calibrate them with your own "
    "measurements "
    "before you rely on absolute figures; differences between configurations depend on them less.",
    "Load is open-loop: tasks arrive when the schedule says so, whatever the system does, and every latency "
    "counts from that intended arrival. Result: until the task's (speculative) result exists, which is what "
    "an "
    "agent waits for. Confirmed and finalized: until the chain says so. Tasks that failed or were rolled "
    "back "
    "are counted, not timed; unfinished ones count as longer than all others.",
    "Both arms, with and without speculation, see the same arrivals, executions, proofs, chain and failures. "
    "Quantiles are given only where the sample supports them (n/a elsewhere); their 95 % intervals are order "
    "statistics of all runs together and take tasks as independent. The rollback rate's interval is "
    "Wilson's.",
};

static void write_method(const struct report_page *page)
{
    page->renderer->heading(page->out, 2, "Method and assumptions");
    for (size_t i = 0; i < sizeof ASSUMPTIONS / sizeof *ASSUMPTIONS; i++)
        page->renderer->paragraph(page->out, ASSUMPTIONS[i]);
}

err report_write_page(const struct report_page *page, struct diag *diag)
{
    page->renderer->begin(page->out, "Speculation benchmark report");
    report_write_verdict(page);
    for (uint32_t test = 0; test < page->inputs->count; test++) TRY(report_write_test(page, test, diag));
    write_method(page);
    page->renderer->end(page->out);
    return OK;
}

/* "out/report.md" has its images in "out/report_files"; the last part is what the document calls it. */
static err name_images(const char *markdown_path, char folder[PATH_BYTES], struct diag *diag)
{
    size_t size = strlen(markdown_path);
    if (size + 16 > PATH_BYTES)
        return diag_fail(diag, ERR_IO, "%.64s...: the path is too long", markdown_path);
    if (size > 3 && strcmp(markdown_path + size - 3, ".md") == 0) size -= 3;
    snprintf(folder, PATH_BYTES, "%.*s_files", (int)size, markdown_path);
    return OK;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

struct outputs {
    struct file_writer markdown, html;
    char image_folder[PATH_BYTES];
    struct grid *grid;
};

static err write_both(struct outputs *outputs, const struct report_options *options,
                      const struct report_inputs *inputs, struct report_figures *figures, struct diag *diag)
{
    struct report_page page = {.renderer = &RENDER_MARKDOWN,
                               .out = outputs->markdown.stream,
                               .inputs = inputs,
                               .figures = figures,
                               .image_folder = last_part(outputs->image_folder),
                               .grid = outputs->grid};
    TRY(report_write_page(&page, diag));
    TRY(report_figures_save(figures, inputs, outputs->image_folder, diag));
    if (options->html_path) {
        page.renderer = &RENDER_HTML;
        page.out = outputs->html.stream;
        TRY(report_write_page(&page, diag));
        TRY(file_commit(&outputs->html, diag));
    }
    TRY(file_commit(&outputs->markdown, diag));
    if (!options->terminal) return OK;
    page.renderer = &RENDER_TEXT;
    page.out = options->terminal;
    report_write_verdict(&page);
    fprintf(page.out, "\nreport: %s\n", options->markdown_path);
    if (options->html_path) fprintf(page.out, "page:   %s\n", options->html_path);
    return OK;
}

/* The outputs are opened first: a folder that is missing is said before the work, not after it. */
static err create(const struct report_options *options, const struct report_inputs *inputs,
                  struct outputs *outputs, struct diag *diag)
{
    TRY(name_images(options->markdown_path, outputs->image_folder, diag));
    TRY(file_begin(&outputs->markdown, options->markdown_path, diag));
    if (options->html_path) TRY(file_begin(&outputs->html, options->html_path, diag));
    outputs->grid = malloc(sizeof *outputs->grid);
    struct report_figures *figures = calloc(1, sizeof *figures);
    err e = outputs->grid && figures ? OK : diag_fail(diag, ERR_NOMEM, "out of memory for the report");
    if (e == OK) {
        figures->stop = options->stop;
        figures->has_form[PLOT_PNG] = true;
        figures->has_form[PLOT_SVG] = options->html_path;
        e = report_figures_draw(figures, inputs, options->workers, diag);
        if (e == OK) e = write_both(outputs, options, inputs, figures, diag);
        if (e != OK) report_figures_unsave(figures, inputs, outputs->image_folder);
        report_figures_close(figures);
    }
    free(figures);
    free(outputs->grid);
    return e;
}

err report_create(const struct report_options *options, struct report_outcome *out, struct diag *diag)
{
    struct report_inputs inputs;
    struct outputs outputs = {0};
    if (options->html_path && file_is_same(options->markdown_path, options->html_path))
        return diag_fail(diag, ERR_USAGE, "--output and --html are the same file, %.256s; name two",
                         options->html_path);
    TRY(report_inputs_read(&inputs, options, diag));
    err e = create(options, &inputs, &outputs, diag);
    if (e == OK) *out = report_judge(&inputs);
    file_abandon(&outputs.markdown);
    file_abandon(&outputs.html);
    report_inputs_close(&inputs);
    return e;
}
