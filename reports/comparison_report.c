/* reports/comparison_report.c: from two paths to a tuning report. */
#include "reports/comparison_report.h"
#include "reports/comparison_chart.h"
#include <string.h>

struct sides {
    struct report_options options[2];
    struct report_inputs inputs[2];
};

/* Reading refuses outputs that would overwrite a result. */
static err read_sides(struct sides *out, const struct comparison_options *options, struct diag *diag)
{
    const char *paths[] = {options->before_path, options->after_path};
    const char *const others[] = {options->json_path, NULL};
    *out = (struct sides){0};
    if (options->json_path && (file_is_same(options->json_path, options->markdown_path) ||
                               (options->html_path && file_is_same(options->json_path, options->html_path))))
        return diag_fail(diag, ERR_USAGE, "--json and another output are the same file, %.256s; name two",
                         options->json_path);
    if (file_is_same(paths[0], paths[1]))
        return diag_fail(diag, ERR_USAGE, "BEFORE and AFTER are the same, %.256s; name two results",
                         paths[0]);
    for (int side = 0; side < 2; side++) {
        out->options[side] = (struct report_options){.input_folder = paths[side],
                                                     .markdown_path = options->markdown_path,
                                                     .html_path = options->html_path,
                                                     .other_outputs = others,
                                                     .log = options->log,
                                                     .stop = options->stop};
        TRY(report_inputs_read_path(&out->inputs[side], &out->options[side], diag));
    }
    return OK;
}

static err add_plots(struct document *document, struct comparison_test *test, struct diag *diag)
{
    test->first_plot = document->plot_count;
    for (uint32_t i = 0; i < comparison_chart_count(); i++) {
        struct chart_drawing drawing = {comparison_chart_at(i), test};
        struct document_plot plot = {.write = chart_draw, .with = &drawing};
        snprintf(plot.name, sizeof plot.name, "%.*s-%s", REPORT_TITLE_BYTES, test->file_name,
                 drawing.chart->name);
        TRY(document_add(document, &plot, diag));
    }
    return OK;
}

static void tell(const struct comparison_paper *paper, struct grid *scratch)
{
    const struct comparison_options *options = paper->options;
    struct page page = {.renderer = &RENDER_TEXT, .out = options->terminal, .grid = scratch};
    if (!page.out) return;
    comparison_write_verdict(&page, paper);
    for (uint32_t i = 0; i < paper->comparison->count; i++) {
        fprintf(page.out, "\n%s\n", paper->comparison->tests[i].title);
        comparison_write_primary(&page, &paper->comparison->tests[i]);
    }
    fputc('\n', page.out);
    comparison_write_recommendation(&page, paper);
    if (options->markdown_path) fprintf(page.out, "\nreport: %s\n", options->markdown_path);
    if (options->html_path) fprintf(page.out, "page:   %s\n", options->html_path);
}

static err create(const struct comparison_paper *paper, struct comparison *comparison,
                  struct document *document, struct diag *diag)
{
    const struct comparison_options *options = paper->options;
    struct document_options shape = {options->markdown_path, options->html_path, options->workers,
                                     options->stop};
    TRY(document_open(document, &shape, diag));
    for (uint32_t i = 0; i < comparison->count; i++) TRY(add_plots(document, &comparison->tests[i], diag));
    TRY(document_write(document, comparison_write_page, paper, diag));
    if (options->json_path) TRY(comparison_write_json(paper, options->json_path, diag));
    tell(paper, document->grid);
    return OK;
}

struct comparison_outcome comparison_judge(const struct comparison *comparison)
{
    struct comparison_outcome outcome = {.tests = comparison->count,
                                         .better = comparison_count(comparison, VERDICT_BETTER),
                                         .worse = comparison_count(comparison, VERDICT_WORSE) +
                                                  comparison_count(comparison, VERDICT_LOST),
                                         .same = comparison_count(comparison, VERDICT_SAME),
                                         .inconclusive = comparison_count(comparison, VERDICT_INCONCLUSIVE),
                                         .fewest_runs = UINT32_MAX,
                                         .figures = comparison_figures(comparison),
                                         .targets_lost = comparison_targets_lost(comparison),
                                         .is_identical = comparison->is_identical};
    for (uint32_t i = 0; i < comparison->count; i++) {
        const struct comparison_test *test = &comparison->tests[i];
        uint32_t runs = test->before_runs < test->after_runs ? test->before_runs : test->after_runs;
        if (runs < outcome.fewest_runs) outcome.fewest_runs = runs;
    }
    enum change_verdict verdicts[REPORT_TESTS_MOST * COMPARISON_METRICS_MOST];
    uint32_t count = 0;
    for (uint32_t i = 0; i < outcome.better; i++) verdicts[count++] = CHANGE_BETTER;
    for (uint32_t i = 0; i < outcome.worse; i++) verdicts[count++] = CHANGE_WORSE;
    /* A target that was met and is not any more outweighs any number of gains. */
    outcome.net = outcome.targets_lost > 0 ? NET_NEGATIVE : change_net(verdicts, count);
    return outcome;
}

err comparison_report(const struct comparison_options *options, struct comparison_outcome *out,
                      struct diag *diag)
{
    struct sides sides;
    struct comparison comparison = {0};
    struct document document = {0};
    err e = read_sides(&sides, options, diag);
    if (e == OK) e = comparison_make(&comparison, &sides.inputs[0], &sides.inputs[1], diag);
    if (e == OK) {
        const struct comparison_paper paper = {options, &comparison, comparison_judge(&comparison)};
        e = create(&paper, &comparison, &document, diag);
        *out = paper.outcome;
    }
    document_close(&document);
    comparison_free(&comparison);
    report_inputs_close(&sides.inputs[0]);
    report_inputs_close(&sides.inputs[1]);
    return e;
}
