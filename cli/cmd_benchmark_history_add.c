/* cli/cmd_benchmark_history_add.c: results into a history, all of them or none. */
#include "cli/command.h"
#include "cli/history_args.h"
#include "reports/report.h"
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

static const struct flag FLAGS[] = {
    FLAG_HISTORY,
    {.name = "label",
     .value = "TEXT",
     .type = FLAG_TEXT,
     .help = "what these results are called: v2.4.0-rc1"},
    {.name = "time",
     .value = "TIME",
     .type = FLAG_TEXT,
     .help = "when they were measured, UTC: 2026-11-21 or 2026-11-21T12:00:00Z; now by default"},
    {0},
};

struct sums {
    uint32_t added, known;
};

static err read_time(const struct args *args, int64_t *out, struct diag *diag)
{
    const char *text = args_text(args, "time"), *end = NULL;
    struct tm at = {0};
    *out = (int64_t)time(NULL);
    if (!text) return OK;
    static const char *const FORMS[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"};
    for (int i = 0; i < 2 && !(end && !*end); i++) {
        at = (struct tm){0};
        end = strptime(text, FORMS[i], &at);
    }
    int day = at.tm_mday; /* one that no calendar has is carried over into the next month */
    *out = (int64_t)timegm(&at);
    if (end && !*end && at.tm_mday == day && *out >= 0) return OK;
    return diag_fail(diag, ERR_SYNTAX,
                     "--time %.32s: want a time since 1970 as in 2026-11-21 or "
                     "2026-11-21T12:00:00Z",
                     text);
}

/* Results of a subfolder are a series of their own, by its name. */
static err add_inputs(struct history *history, const struct report_inputs *inputs,
                      struct history_record *record, struct sums *sums, struct diag *diag)
{
    for (uint32_t i = 0; i < inputs->count; i++) {
        const struct report_test *test = &inputs->tests[i];
        char name[2 * HISTORY_TEST_BYTES];
        bool is_new;
        snprintf(name, sizeof name, "%s%s%s", test->group, *test->group ? "/" : "", test->result->name);
        record->result = test->result;
        record->test = name;
        TRY(history_add(history, record, &is_new, diag));
        sums->added += is_new;
        sums->known += !is_new;
    }
    return OK;
}

static err add_all(const struct args *args, const struct report_inputs *inputs, struct sums *sums,
                   struct diag *diag)
{
    struct history *history;
    struct history_record record = {.label = args_text(args, "label")};
    TRY(read_time(args, &record.at_s, diag));
    TRY(history_args_open(args, true, &history, diag));
    err e = history_lock(history, diag);
    for (uint32_t i = 0; i < args->operand_count && e == OK; i++)
        e = add_inputs(history, &inputs[i], &record, sums, diag);
    if (e == OK) e = history_commit(history, diag);
    history_close(history);
    return e;
}

static void tell(const struct args *args, const struct sums *sums)
{
    if (args_is_quiet(args)) return;
    fprintf(args->out, "%" PRIu32 " result%s added to %s", sums->added, sums->added == 1 ? "" : "s",
            args_text(args, "db"));
    if (sums->known)
        fprintf(args->out, "; %" PRIu32 " %s there already, nothing done", sums->known,
                sums->known == 1 ? "was" : "were");
    fputc('\n', args->out);
}

/* Everything is read before the history is locked, or made. */
static err run(struct args *args, struct diag *diag)
{
    struct sums sums = {0};
    struct diag why = {0};
    if (history_check_label(args_text(args, "label"), &why) != OK)
        return diag_fail(diag, ERR_USAGE, "--%s", why.text);
    struct report_options *options = calloc(args->operand_count, sizeof *options);
    struct report_inputs *inputs = calloc(args->operand_count, sizeof *inputs);
    err e = options && inputs ? OK : diag_fail(diag, ERR_NOMEM, "out of memory for results");
    for (uint32_t i = 0; i < args->operand_count && e == OK; i++) {
        options[i] = (struct report_options){.input_folder = args->operands[i],
                                             .markdown_path = args_text(args, "db"),
                                             .is_figures_only = true,
                                             .log = args_is_quiet(args) ? NULL : args->log};
        e = report_inputs_read_path(&inputs[i], &options[i], diag);
    }
    if (e == OK) e = add_all(args, inputs, &sums, diag);
    if (e == OK) tell(args, &sums);
    for (uint32_t i = 0; i < args->operand_count && inputs; i++) report_inputs_close(&inputs[i]);
    free(inputs);
    free(options);
    return e;
}

const struct command COMMAND_benchmark_history_add = {
    .group = "benchmark",
    .name = "history add",
    .summary = "keep results in a file, to see how they change over time",
    .operands = "RESULT...",
    .operand_min = 1,
    .operand_max = OPERANDS_MOST,
    .flags = FLAGS,
    .description = "RESULT is a result file or a folder of them; a test's name, that of the file (of a\n"
                   "subfolder: folder/file), is the series that it continues. Kept are the values of every\n"
                   "metric in every run, seed, tool version, commit, digests of load and settings. All\n"
                   "results are added or none; a file that is there already is left alone, and that is\n"
                   "said. Files of earlier versions are taken: what they do not know is n/a. Several\n"
                   "processes may add at once. The file is made when missing; sqlite3 reads it.",
    .examples = "agenc benchmark history add out/ --db history.db --label v2.4.0\n"
                "agenc benchmark history add old/latency.json --db history.db --time 2026-11-21",
    .run = run,
};
