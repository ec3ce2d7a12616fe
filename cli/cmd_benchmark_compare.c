/* cli/cmd_benchmark_compare.c: results before and after a change in, a tuning report out. */
#include "cli/command.h"
#include "cli/interrupt.h"
#include "reports/comparison_report.h"
#include "sim/pool.h"
#include <time.h>

static const struct flag FLAGS[] = {
    {.name = "output",
     .value = "FILE",
     .type = FLAG_FILE,
     .is_required = true,
     .help = "the report in Markdown; its images go into FILE_files beside it"},
    {.name = "html",
     .value = "FILE",
     .type = FLAG_FILE,
     .help = "the report as one HTML page as well, plots included"},
    {.name = "json",
     .value = "FILE",
     .type = FLAG_FILE,
     .help = "every figure for programs, agenc.comparison/1"},
    {.name = "change-id", .value = "ID", .type = FLAG_TEXT, .help = "what the change is called: TUNE-042"},
    {.name = "parameter", .value = "TEXT", .type = FLAG_TEXT, .help = "what was changed, in words"},
    {.name = "reason", .value = "TEXT", .type = FLAG_TEXT, .help = "why it was changed"},
    {.name = "author", .value = "NAME", .type = FLAG_TEXT, .help = "who changed it"},
    {.name = "date", .value = "YYYY-MM-DD", .type = FLAG_TEXT, .help = "of the report; today by default"},
    {0},
};

enum { DATE_BYTES = 16, FOLLOW_UP_DAYS = 7 };

struct dates {
    char report[DATE_BYTES], follow_up[DATE_BYTES];
};

/* The report's day, and the same day a week later. */
static err read_dates(struct dates *out, const char *text, struct diag *diag)
{
    struct tm day = {0};
    time_t now = time(NULL);
    const char *end = "";
    if (text)
        end = strptime(text, "%Y-%m-%d", &day);
    else
        gmtime_r(&now, &day);
    if (!end || *end) return diag_fail(diag, ERR_SYNTAX, "--date %.32s: want a day as in 2026-11-21", text);
    day.tm_hour = 12;
    time_t noon = timegm(&day);
    gmtime_r(&noon, &day);
    strftime(out->report, DATE_BYTES, "%Y-%m-%d", &day);
    noon += (time_t)FOLLOW_UP_DAYS * 24 * 60 * 60;
    gmtime_r(&noon, &day);
    strftime(out->follow_up, DATE_BYTES, "%Y-%m-%d", &day);
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    struct dates dates;
    struct comparison_outcome outcome;
    TRY(read_dates(&dates, args_text(args, "date"), diag));
    const struct comparison_options options = {
        .before_path = args->operands[0],
        .after_path = args->operands[1],
        .markdown_path = args_text(args, "output"),
        .html_path = args_text(args, "html"),
        .json_path = args_text(args, "json"),
        .change_id = args_text(args, "change-id"),
        .parameter = args_text(args, "parameter"),
        .reason = args_text(args, "reason"),
        .author = args_text(args, "author"),
        .date = dates.report,
        .follow_up = dates.follow_up,
        .terminal = args_is_quiet(args) ? NULL : args->out,
        .log = args->log,
        .workers = pool_cores(),
        .stop = interrupt_catch(),
    };
    err e = comparison_report(&options, &outcome, diag);
    interrupt_release();
    if (e != OK) return e;
    if (outcome.fewest_runs < SIGNFLIP_PAIRS_LEAST && !outcome.is_identical)
        args->exit_status = STATUS_INCONCLUSIVE;
    return OK;
}

const struct command COMMAND_benchmark_compare = {
    .group = "benchmark",
    .name = "compare",
    .summary = "say what a change did: a tuning report from results before and after it",
    .operands = "BEFORE AFTER",
    .operand_min = 2,
    .operand_max = 2,
    .flags = FLAGS,
    .description = "BEFORE and AFTER are result files, or folders of them, whose tests are matched by\n"
                   "name. Runs with the same seed are pairs: they differ by the change alone, so that a\n"
                   "few runs show small effects. At least six pairs are needed (--runs 10 is good);\n"
                   "without common seeds the comparison is by ranks, and says so. Load and duration must\n"
                   "be the same; settings, models and versions that differ are the change.\n"
                   "Every verdict comes with effect, 95 % interval, p adjusted for the number of metrics\n"
                   "that were looked at, and the change that so many runs can detect. Needs gnuplot.",
    .examples = "agenc benchmark compare before.json after.json --output tuning.md\n"
                "agenc benchmark compare before/ after/ --output tuning.md --html tuning.html "
                "--change-id TUNE-042 --reason 'large rollbacks'",
    .exits = {STATUS_INCONCLUSIVE},
    .run = run,
};
