/* cli/tune_proof.c: the winner against the start on fresh seeds, and what is written about the search. */
#include "cli/tune.h"
#include "base/file.h"
#include "cli/interrupt.h"
#include "reports/comparison_report.h"
#include "sim/pool.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { PATH_BYTES = 4096, FINAL_RUNS = 20 };

static err take_final(void *context, uint32_t point, struct bench_result *result, struct diag *diag)
{
    struct tune *tune = context;
    (void)diag;
    tune->finals[point != 0] = result;
    return OK;
}

static err path_in(const struct tune *tune, const char *name, char out[PATH_BYTES], struct diag *diag)
{
    if (snprintf(out, PATH_BYTES, "%s/%s", tune->folder, name) < PATH_BYTES) return OK;
    return diag_fail(diag, ERR_IO, "%.64s...: the path is too long", tune->folder);
}

static err write_finals(struct tune *tune, struct diag *diag)
{
    static const char *const NAMES[] = {"start.json", "winner.json"};
    for (int i = 0; i < 2; i++) {
        char path[PATH_BYTES];
        TRY(path_in(tune, NAMES[i], path, diag));
        bench_name_after(tune->finals[i], path);
        TRY(bench_write(tune->finals[i], path, diag));
    }
    return OK;
}

static err run_finals(struct tune *tune, struct diag *diag)
{
    char runs[16], seed[24];
    const char *own[] = {"--runs", runs, "--seed", seed, "--no-baseline", "--quiet", NULL};
    const struct points points = {tune->args, TUNE_LEFT_OUT, own, &tune->design, "proving"};
    bool is_wanted[DESIGN_POINTS_MOST] = {false};
    snprintf(runs, sizeof runs, "%d", FINAL_RUNS);
    snprintf(seed, sizeof seed, "%" PRIu64, args_unsigned(tune->args, "seed") + 1);
    is_wanted[0] = is_wanted[tune->winner] = true;
    TRY(points_run(&points, is_wanted, take_final, tune, diag));
    return write_finals(tune, diag);
}

/* A file of its own, to be laid over the start's. */
static err write_winner(const struct tune *tune, struct diag *diag)
{
    struct file_writer writer;
    char path[PATH_BYTES];
    TRY(path_in(tune, "winner.toml", path, diag));
    TRY(file_begin(&writer, path, diag));
    fprintf(writer.stream,
            "# Found by `agenc tune` for %s; everything else as in the configuration it began with.\n",
            tune->objective->name);
    for (uint32_t i = 0; i < tune->design.factor_count; i++) {
        const struct design_factor *factor = &tune->design.factors[i];
        const char *level = factor->levels[tune->design.points[tune->winner][i]];
        enum config_type type = config_key_find(factor->key)->type;
        bool is_text = type == CONFIG_ENUM || type == CONFIG_TEXT || type == CONFIG_LIST;
        fprintf(writer.stream, is_text ? "%s = \"%s\"\n" : "%s = %s\n", factor->key, level);
    }
    return file_commit(&writer, diag);
}

static const struct comparison_row *objective_row(const struct tune *tune,
                                                  const struct comparison *comparison)
{
    const struct comparison_row *row = comparison->tests[0].rows;
    while (row->metric != tune->objective) row++;
    return row;
}

/* The sentence that matters: what the winner is worth on fresh seeds. */
static err say_verdict(struct tune *tune, struct diag *diag)
{
    struct report_inputs sides[2] = {0};
    struct comparison comparison = {0};
    char name[DESIGN_NAME_BYTES];
    err e = OK;
    for (int i = 0; i < 2; i++) {
        struct bench_result *result = tune->finals[i];
        tune->finals[i] = NULL;
        if (e == OK)
            e = report_inputs_add(&sides[i], "", result, diag);
        else
            bench_free(result);
    }
    if (e == OK) e = comparison_make(&comparison, &sides[0], &sides[1], diag);
    if (e == OK) {
        const struct comparison_row *row = objective_row(tune, &comparison);
        design_name(&tune->design, tune->winner, name);
        snprintf(tune->verdict, sizeof tune->verdict, "%s of the winner (%.240s): %s, %s.",
                 row->metric->label, name, comparison_change_text(row).text,
                 comparison_verdict_name(row->verdict));
    }
    comparison_free(&comparison);
    for (int i = 0; i < 2; i++) report_inputs_close(&sides[i]);
    return e;
}

static err write_comparison(const struct tune *tune, struct diag *diag)
{
    struct comparison_outcome outcome;
    char before[PATH_BYTES], after[PATH_BYTES], markdown[PATH_BYTES], html[PATH_BYTES], reason[256];
    TRY(path_in(tune, "start.json", before, diag));
    TRY(path_in(tune, "winner.json", after, diag));
    TRY(path_in(tune, "report.md", markdown, diag));
    TRY(path_in(tune, "report.html", html, diag));
    snprintf(reason, sizeof reason, "agenc tune for %s", tune->objective->name);
    const struct comparison_options options = {.before_path = before,
                                               .after_path = after,
                                               .markdown_path = markdown,
                                               .html_path = html,
                                               .reason = reason,
                                               .workers = pool_cores(),
                                               .stop = interrupt_catch()};
    err e = comparison_report(&options, &outcome, diag);
    interrupt_release();
    return e;
}

err tune_prove(struct tune *tune, struct diag *diag)
{
    if (tune->winner == 0) {
        snprintf(tune->verdict, sizeof tune->verdict, "Nothing that was tried is better than the start.");
        return write_winner(tune, diag);
    }
    TRY(run_finals(tune, diag));
    TRY(write_winner(tune, diag));
    TRY(write_comparison(tune, diag));
    return say_verdict(tune, diag);
}

static struct tune_paper paper_of(const struct tune *tune)
{
    struct tune_paper paper = {.design = &tune->design,
                               .entries = tune->entries,
                               .shown = tune->shown,
                               .criteria_count = tune->criteria_count,
                               .winner = tune->winner,
                               .rungs = tune->rung,
                               .runs_spent = tune->spent,
                               .is_front = tune->is_front,
                               .verdict = tune->verdict,
                               .report = tune->winner ? "report.md" : "none was needed"};
    memcpy(paper.names, tune->names, sizeof paper.names);
    return paper;
}

static err write_pages(const struct tune *tune, struct document *document, struct diag *diag)
{
    char markdown[PATH_BYTES], html[PATH_BYTES];
    const struct tune_paper paper = paper_of(tune);
    TRY(path_in(tune, "search.md", markdown, diag));
    TRY(path_in(tune, "search.html", html, diag));
    const struct document_options options = {markdown, html, pool_cores(), interrupt_catch()};
    err e = document_open(document, &options, diag);
    if (e == OK) e = tune_add_plots(document, &paper, diag);
    if (e == OK) e = document_write(document, tune_write_page, &paper, diag);
    interrupt_release();
    if (e != OK) return e;
    const struct page page = {.renderer = &RENDER_TEXT, .out = tune->args->out, .grid = document->grid};
    if (!args_is_quiet(tune->args)) tune_write_front(&page, &paper);
    fprintf(page.out, "%s%s\n", args_is_quiet(tune->args) ? "" : "\n", tune->verdict);
    fprintf(page.out, "search: %s/search.md, search.html; winner.toml%s\n", tune->folder,
            tune->winner ? "; against the start: report.md, report.html" : "");
    return OK;
}

err tune_tell(const struct tune *tune, struct diag *diag)
{
    struct document document = {0};
    err e = write_pages(tune, &document, diag);
    document_close(&document);
    return e;
}
