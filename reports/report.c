/* reports/report.c: from a folder to documents. */
#include "reports/report.h"
#include "base/duration.h"
#include "reports/run_fields.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(METRIC_TEXT_BYTES <= sizeof(struct report_number), "a metric fits a number's text");

struct report_number report_metric(const struct run_metrics *metrics, const char *name)
{
    struct report_number number = {"n/a"};
    struct run_metric metric;
    if (run_metric_find(metrics, name, &metric)) metric_write(number.text, metric.value, metric.unit);
    return number;
}

struct report_value report_value(const struct bench_pair *pair)
{
    struct report_value value = {"none"};
    if (!pair) return value;
    switch (pair->kind) {
    case BENCH_TEXT: snprintf(value.text, sizeof value.text, "%s", pair->text); break;
    case BENCH_INTEGER: snprintf(value.text, sizeof value.text, "%" PRId64, pair->integer); break;
    case BENCH_NUMBER: snprintf(value.text, sizeof value.text, "%.10g", pair->number); break;
    case BENCH_BOOLEAN:
        snprintf(value.text, sizeof value.text, "%s", pair->integer ? "true" : "false");
        break;
    }
    return value;
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

static void write_method(const struct page *page)
{
    page->renderer->heading(page->out, 2, "Method and assumptions");
    for (size_t i = 0; i < sizeof ASSUMPTIONS / sizeof *ASSUMPTIONS; i++)
        page->renderer->paragraph(page->out, ASSUMPTIONS[i]);
}

err report_write_page(const struct page *page, const void *context, struct diag *diag)
{
    const struct report_inputs *inputs = context;
    page->renderer->begin(page->out, "Speculation benchmark report");
    report_write_verdict(page, inputs);
    for (uint32_t i = 0; i < inputs->count; i++) TRY(report_write_test(page, &inputs->tests[i], diag));
    write_method(page);
    page->renderer->end(page->out);
    return OK;
}

static err add_plots(struct document *document, struct report_test *test, struct diag *diag)
{
    test->first_plot = document->plot_count;
    for (uint32_t i = 0; i < chart_count(); i++) {
        struct chart_drawing drawing = {chart_at(i), test->result};
        struct document_plot plot = {.write = chart_draw, .with = &drawing};
        snprintf(plot.name, sizeof plot.name, "%.*s-%s", REPORT_TITLE_BYTES, test->file_name,
                 drawing.chart->name);
        TRY(document_add(document, &plot, diag));
    }
    return OK;
}

static void tell(const struct report_options *options, const struct report_inputs *inputs,
                 struct grid *scratch)
{
    struct page page = {.renderer = &RENDER_TEXT, .out = options->terminal, .grid = scratch};
    if (!page.out) return;
    report_write_verdict(&page, inputs);
    fprintf(page.out, "\nreport: %s\n", options->markdown_path);
    if (options->html_path) fprintf(page.out, "page:   %s\n", options->html_path);
}

static err create(const struct report_options *options, struct report_inputs *inputs,
                  struct document *document, struct diag *diag)
{
    struct document_options shape = {options->markdown_path, options->html_path, options->workers,
                                     options->stop};
    TRY(document_open(document, &shape, diag));
    for (uint32_t i = 0; i < inputs->count; i++) TRY(add_plots(document, &inputs->tests[i], diag));
    TRY(document_write(document, report_write_page, inputs, diag));
    tell(options, inputs, document->grid);
    return OK;
}

err report_create(const struct report_options *options, struct report_outcome *out, struct diag *diag)
{
    struct report_inputs inputs;
    struct document document = {0};
    TRY(report_inputs_read(&inputs, options, diag));
    err e = create(options, &inputs, &document, diag);
    if (e == OK) *out = report_judge(&inputs);
    document_close(&document);
    report_inputs_close(&inputs);
    return e;
}
