/* cli/tune_proof.c: the winner against the start on fresh seeds, and what is written about the search. */
#include "cli/tune.h"
#include "base/file.h"
#include "cli/folder.h"
#include "cli/interrupt.h"
#include "reports/comparison_report.h"
#include "sim/pool.h"
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { FINAL_RUNS = 20 };

/* Judged by what was asked of the search, so that its report tells. */
static err take_final(void *context, uint32_t point, struct bench_result *result, struct diag *diag)
{
    struct tune *tune = context;
    const char *text;
    uint32_t cursor = 0;
    tune->finals[point == tune->winner] = result;
    if (tune->slos->target_count == 0) return OK;
    result->target_count = 0;
    while ((text = args_each(tune->args, "slo", &cursor))) TRY(bench_add_target(result, text, diag));
    bench_judge(result);
    return OK;
}

static err write_finals(struct tune *tune, struct diag *diag)
{
    static const char *const NAMES[] = {"start.json", "winner.json"};
    for (int i = 0; i < 2; i++) {
        char path[FOLDER_PATH_BYTES];
        if (!tune->finals[i]) continue;
        TRY(folder_path(tune->folder, NAMES[i], path, diag));
        bench_name_after(tune->finals[i], path);
        TRY(bench_write(tune->finals[i], path, diag));
    }
    return OK;
}

static err run_finals(struct tune *tune, struct diag *diag)
{
    char runs[16], seed[24];
    const char *own[] = {"--runs", runs, "--seed", seed, "--no-baseline", "--quiet", NULL};
    struct points points = tune_points(tune, own, "proving");
    bool is_wanted[DESIGN_POINTS_MOST] = {false};
    snprintf(runs, sizeof runs, "%d", FINAL_RUNS);
    snprintf(seed, sizeof seed, "%" PRIu64, args_unsigned(tune->args, "seed") + 1);
    is_wanted[0] = is_wanted[tune->winner] = true;
    points.is_wanted = is_wanted;
    TRY(points_run(&points, take_final, tune, diag));
    return write_finals(tune, diag);
}

/* A file of its own, to be laid over the start's. */
static err write_winner(const struct tune *tune, struct diag *diag)
{
    struct file_writer writer;
    char path[FOLDER_PATH_BYTES];
    TRY(folder_path(tune->folder, "winner.toml", path, diag));
    TRY(file_begin(&writer, path, diag));
    fprintf(writer.stream,
            "# Found by `agenc tune` for %s; everything else as in the configuration it began with.\n# %s\n",
            tune->objective->name, tune->verdict);
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

static void say(char text[TUNE_VERDICT_BYTES], const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(char text[TUNE_VERDICT_BYTES], const char *format, ...)
{
    size_t used = strlen(text);
    va_list list;
    va_start(list, format);
    vsnprintf(text + used, TUNE_VERDICT_BYTES - used, format, list);
    va_end(list);
}

static void say_target(struct tune *tune, const struct bench_target *target)
{
    char value[METRIC_TEXT_BYTES] = "cannot be told";
    struct run_metric metric;
    const struct run_metrics none = {0};
    if (run_metric_find(&none, target->name, &metric) && isfinite(target->value))
        metric_write(value, target->value, metric.unit);
    say(tune->constraints, " %s %s, want %s", target->name, value, target->target);
    if (!target->pass && isfinite(target->value) && target->bound > 0)
        say(tune->constraints, " (off by %.1f %%)",
            100 * fabs(target->value - target->bound) / target->bound);
    say(tune->constraints, ";");
}

/* Whether all hold, and each by name: those that are missed, or all. */
static bool say_constraints(struct tune *tune, const struct bench_result *result)
{
    bool all_hold = true;
    for (uint32_t i = 0; i < result->target_count; i++) all_hold = all_hold && result->targets[i].pass;
    if (tune->slos->target_count == 0) return true;
    say(tune->constraints, all_hold ? " On fresh seeds every constraint holds:" : " On fresh seeds MISSED:");
    for (uint32_t i = 0; i < result->target_count; i++)
        if (all_hold || !result->targets[i].pass) say_target(tune, &result->targets[i]);
    tune->constraints[strlen(tune->constraints) - 1] = '.';
    say(tune->verdict, "%s", tune->constraints);
    return all_hold;
}

/* The sentences that matter: what the winner is worth on fresh seeds. */
static void judge_winner(struct tune *tune, const struct comparison *comparison)
{
    const struct comparison_row *row = objective_row(tune, comparison);
    const struct comparison_test *test = &comparison->tests[0];
    char name[DESIGN_NAME_BYTES];
    bool is_better = row->verdict == VERDICT_BETTER;
    bool start_misses = tune_violation(tune->slos, test->before) > 0;
    design_name(&tune->design, tune->winner, name);
    say(tune->verdict, "%s of the winner (%.240s): %s, %s.", row->metric->label, name,
        comparison_change_text(row).text, comparison_verdict_name(row->verdict));
    bool holds = say_constraints(tune, test->after);
    if (!is_better && !start_misses)
        say(tune->verdict, " It is NOT proven better than the start, which stays.");
    if (!is_better && start_misses && holds) say(tune->verdict, " The start does not hold them there.");
    tune->is_proven = holds && (is_better || start_misses);
}

static err compare_finals(struct tune *tune, struct diag *diag)
{
    struct report_inputs sides[2] = {0};
    struct comparison comparison = {0};
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
    if (e == OK) judge_winner(tune, &comparison);
    comparison_free(&comparison);
    for (int i = 0; i < 2; i++) report_inputs_close(&sides[i]);
    return e;
}

static err write_comparison(const struct tune *tune, struct diag *diag)
{
    struct comparison_outcome outcome;
    char before[FOLDER_PATH_BYTES], after[FOLDER_PATH_BYTES], markdown[FOLDER_PATH_BYTES],
        html[FOLDER_PATH_BYTES], reason[TUNE_VERDICT_BYTES];
    TRY(folder_path(tune->folder, "start.json", before, diag));
    TRY(folder_path(tune->folder, "winner.json", after, diag));
    TRY(folder_path(tune->folder, "report.md", markdown, diag));
    TRY(folder_path(tune->folder, "report.html", html, diag));
    snprintf(reason, sizeof reason, "agenc tune for %.64s.%.1900s", tune->objective->name, tune->constraints);
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

/* An earlier search's would pass for this one's. */
static void clear_earlier(const struct tune *tune)
{
    static const char *const FILES[] = {"report.md", "report.html", "start.json", "winner.json", NULL};
    uint32_t cleared = folder_clear(tune->folder, FILES);
    char images[FOLDER_PATH_BYTES];
    if (folder_path(tune->folder, "report_files", images, NULL) == OK) folder_clear_images(images);
    if (cleared && !args_is_quiet(tune->args))
        fprintf(tune->args->log, "%s: %" PRIu32 " files of an earlier search removed\n", tune->folder,
                cleared);
}

err tune_prove(struct tune *tune, struct diag *diag)
{
    clear_earlier(tune);
    if (tune->winner || tune->slos->target_count) TRY(run_finals(tune, diag));
    if (tune->winner) {
        TRY(compare_finals(tune, diag));
        TRY(write_comparison(tune, diag));
    } else {
        say(tune->verdict, "Nothing that was tried is better than the start.");
        tune->is_proven = !tune->finals[1] || say_constraints(tune, tune->finals[1]);
    }
    return write_winner(tune, diag);
}

static struct tune_paper paper_of(const struct tune *tune)
{
    struct tune_paper paper = {.design = &tune->design,
                               .first = tune->first,
                               .last = tune->last,
                               .criteria_count = tune->criteria_count,
                               .winner = tune->winner,
                               .rungs = tune->rung,
                               .runs_spent = tune->spent,
                               .is_front = tune->is_front,
                               .verdict = tune->verdict,
                               .budget = (uint32_t)args_integer(tune->args, "budget"),
                               .has_report = tune->winner != 0};
    memcpy(paper.names, tune->names, sizeof paper.names);
    return paper;
}

static err write_pages(const struct tune *tune, struct document *document, struct diag *diag)
{
    char markdown[FOLDER_PATH_BYTES], html[FOLDER_PATH_BYTES];
    const struct tune_paper paper = paper_of(tune);
    TRY(folder_path(tune->folder, "search.md", markdown, diag));
    TRY(folder_path(tune->folder, "search.html", html, diag));
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
