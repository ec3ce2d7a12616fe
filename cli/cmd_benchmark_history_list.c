/* cli/cmd_benchmark_history_list.c: what a history holds. */
#include "base/json_write.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/history_args.h"
#include "reports/history_trend.h"
#include "reports/report.h"
#include <inttypes.h>

static const struct flag FLAGS[] = {
    FLAG_HISTORY,
    {.name = "test", .value = "NAME", .type = FLAG_TEXT, .help = "only this test's results"},
    FLAG_OUTPUT_FORMAT,
    {0},
};

static void print_table(const struct history_list *list, FILE *out)
{
    fprintf(out, "%-16s  %-24s  %-16s  %-12s  %-8s  %5s  %8s\n", "Time (UTC)", "Test", "Label", "Commit",
            "Version", "Runs", "Duration");
    for (uint32_t i = 0; i < list->count; i++) {
        const struct history_entry *entry = &list->entries[i];
        fprintf(out, "%-16s  %-24s  %-16s  %-12s  %-8s  %5" PRIu32 "  %8s\n", trend_time(entry->at_s).text,
                entry->test, entry->label, entry->commit, entry->version, entry->runs,
                report_duration(entry->duration_ns).text);
    }
}

static void print_json(const struct history_list *list, FILE *out)
{
    struct json_writer writer;
    json_write_begin(&writer, out, JSON_LINES);
    json_write_object(&writer, NULL);
    json_write_array(&writer, "results");
    for (uint32_t i = 0; i < list->count; i++) {
        const struct history_entry *entry = &list->entries[i];
        json_write_object(&writer, NULL);
        json_write_i64(&writer, "at_s", entry->at_s);
        json_write_text(&writer, "commit", entry->commit);
        json_write_number(&writer, "duration_s", (double)entry->duration_ns / (double)NS_PER_S);
        json_write_i64(&writer, "id", entry->id);
        json_write_text(&writer, "label", *entry->label ? entry->label : NULL);
        json_write_text(&writer, "load_digest", *entry->load ? entry->load : NULL);
        json_write_u64(&writer, "runs", entry->runs);
        json_write_u64(&writer, "seed", entry->seed);
        json_write_text(&writer, "settings_digest", *entry->settings ? entry->settings : NULL);
        json_write_text(&writer, "test", entry->test);
        json_write_text(&writer, "trajectory_hash", entry->trajectory_hash);
        json_write_text(&writer, "version", entry->version);
        json_write_end(&writer);
    }
    json_write_end(&writer);
    json_write_text(&writer, "schema", "agenc.history/1");
    json_write_end(&writer);
    json_write_finish(&writer);
}

static err run(struct args *args, struct diag *diag)
{
    struct history_list list;
    TRY(history_args_read(args, NULL, &list, diag));
    if (args_wants_json(args))
        print_json(&list, args->out);
    else
        print_table(&list, args->out);
    history_list_free(&list);
    return OK;
}

const struct command COMMAND_benchmark_history_list = {
    .group = "benchmark",
    .name = "history list",
    .summary = "list the results that a history holds",
    .flags = FLAGS,
    .description = "By test, then time.",
    .formats =
        "--output json: schema agenc.history/1, an array \"results\"; load_digest and settings_digest are\n"
        "equal where load and settings are, null for results of a history's first version.",
    .examples = "agenc benchmark history list --db history.db\n"
                "agenc benchmark history list --db history.db --test latency --output json",
    .run = run,
};
