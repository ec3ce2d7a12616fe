/* cli/cmd_benchmark_history_trend.c: a metric over all results of a history, as a page for people. */
#include "cli/command.h"
#include "cli/history_args.h"
#include "cli/interrupt.h"
#include "reports/history_trend.h"
#include "sim/pool.h"
#include <stdlib.h>

static const struct flag FLAGS[] = {
    FLAG_HISTORY,
    {.name = "metric",
     .value = "NAME",
     .type = FLAG_TEXT,
     .fallback = "result.p99",
     .help = "a figure of results: throughput, rollback_rate, result.p99"},
    {.name = "test", .value = "NAME", .type = FLAG_TEXT, .help = "only this test's results"},
    {.name = "output",
     .value = "FILE",
     .type = FLAG_FILE,
     .is_required = true,
     .help = "the page in Markdown; its images go into FILE_files beside it"},
    {.name = "html",
     .value = "FILE",
     .type = FLAG_FILE,
     .help = "the page as one HTML file as well, plots included"},
    {0},
};

static err check_outputs(const struct args *args, struct diag *diag)
{
    static const char *const NAMES[] = {"output", "html"};
    for (int i = 0; i < 2; i++) {
        const char *path = args_text(args, NAMES[i]);
        if (path && file_is_same(path, args_text(args, "db")))
            return diag_fail(diag, ERR_USAGE, "--%s would overwrite the history %.256s, name another file",
                             NAMES[i], path);
    }
    return OK;
}

static err write_trends(struct args *args, const struct trends *trends, struct diag *diag)
{
    const struct document_options options = {args_text(args, "output"), args_text(args, "html"), pool_cores(),
                                             interrupt_catch()};
    err e = trends_write(trends, &options, diag);
    interrupt_release();
    if (e != OK || args_is_quiet(args)) return e;
    struct grid *scratch = malloc(sizeof *scratch);
    if (!scratch) return diag_fail(diag, ERR_NOMEM, "out of memory for the trend");
    trends_print(trends, args->out, scratch);
    fprintf(args->out, "\nreport: %s\n", options.markdown_path);
    if (options.html_path) fprintf(args->out, "page:   %s\n", options.html_path);
    free(scratch);
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    struct trend_metric metric;
    struct history_list list = {0};
    struct trends trends = {0};
    TRY(check_outputs(args, diag));
    TRY(trend_metric_find(&metric, args_text(args, "metric"), diag));
    err e = history_args_read(args, metric.name, &list, diag);
    if (e == OK) e = trends_make(&trends, &list, &metric, diag);
    if (e == OK) e = write_trends(args, &trends, diag);
    trends_free(&trends);
    history_list_free(&list);
    return e;
}

const struct command COMMAND_benchmark_history_trend = {
    .group = "benchmark",
    .name = "history trend",
    .summary = "show how a metric changed over the results of a history, and when",
    .flags = FLAGS,
    .description =
        "A plot a test, medians of each result with the band of its runs, and the change points\n"
        "that e-divisive finds, with the levels before and after, p, and what else changed there.\n"
        "Eighteen results show any clear step, a dozen hardly any. A page for people: it judges\n"
        "nothing and ends with 0 whatever it shows, for on results that follow each other closely\n"
        "e-divisive alarms too often. `agenc benchmark gate` is what may stop a change.\n"
        "Needs gnuplot.",
    .examples =
        "agenc benchmark history trend --db history.db --output trend.md --html trend.html\n"
        "agenc benchmark history trend --db history.db --metric throughput --test latency --output t.md",
    .run = run,
};
