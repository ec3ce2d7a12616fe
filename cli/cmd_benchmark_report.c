/* cli/cmd_benchmark_report.c: result files in, a report for people out. */
#include "cli/command.h"
#include "cli/interrupt.h"
#include "reports/report.h"
#include "sim/pool.h"

static const struct flag FLAGS[] = {
    {.name = "input-dir",
     .value = "DIR",
     .type = FLAG_FOLDER,
     .is_required = true,
     .help = "results (*.json), in it and in its subfolders, one a configuration"},
    {.name = "output",
     .value = "FILE",
     .type = FLAG_FILE,
     .is_required = true,
     .help = "the report in Markdown; its images go into FILE_files beside it"},
    {.name = "html",
     .value = "FILE",
     .type = FLAG_FILE,
     .help = "the report as one HTML page as well, plots included"},
    {0},
};

static err run(struct args *args, struct diag *diag)
{
    struct report_outcome outcome;
    const struct report_options options = {
        .input_folder = args_text(args, "input-dir"),
        .markdown_path = args_text(args, "output"),
        .html_path = args_text(args, "html"),
        .terminal = args_is_quiet(args) ? NULL : args->out,
        .log = args->log,
        .workers = pool_cores(),
        .stop = interrupt_catch(),
    };
    err e = report_create(&options, &outcome, diag);
    interrupt_release();
    return e;
}

const struct command COMMAND_benchmark_report = {
    .group = "benchmark",
    .name = "report",
    .summary = "render results as Markdown and as a page of HTML, plots included",
    .flags = FLAGS,
    .description = "Reads every result in a folder and writes what an operator decides from: verdicts\n"
                   "against targets, latency by percentile and over time, limits that held tasks, how to\n"
                   "reproduce it. Results in subfolders stand side by side; folders below those, and\n"
                   "links to folders, are not read. Needs gnuplot.",
    .examples = "agenc benchmark report --input-dir results --output results/report.md\n"
                "agenc benchmark report --input-dir results --output report.md --html report.html",
    .run = run,
};
