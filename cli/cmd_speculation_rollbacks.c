/* cli/cmd_speculation_rollbacks.c: what was rolled back lately, and what it cost. */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {
    {.name = "since", .value = "1h", .type = FLAG_DURATION, .help = "not longer ago"},
    CLIENT_LIMIT,
    {.name = "verbose", .type = FLAG_SWITCH, .help = "with the tasks that were undone"},
    CLIENT_WATCH,
    {0}};

static const struct column COLUMNS[] = {{"ID", "rollback_id", CELL_NUMBER},
                                        {"STARTED", "started_at", CELL_TEXT},
                                        {"REASON", "reason", CELL_TEXT},
                                        {"ANCESTOR", "ancestor", CELL_TEXT},
                                        {"DESCENDANTS", "size", CELL_NUMBER},
                                        {"DEPTH", "depth", CELL_NUMBER},
                                        {"DURATION", "duration_seconds", CELL_SECONDS},
                                        {"RELEASED", "released_lamports", CELL_SOL},
                                        {"SLASHED", "slashed_lamports", CELL_SOL},
                                        {"WASTED", "wasted_seconds", CELL_SECONDS},
                                        {0}};
static const struct column UNDONE[] = {
    {"  UNDONE", "task_id", CELL_TEXT},         {"WAS", "previous_status", CELL_TEXT},
    {"WASTED", "wasted_seconds", CELL_SECONDS}, {"RELEASED", "released_lamports", CELL_SOL},
    {"SLASHED", "slashed_lamports", CELL_SOL},  {0}};

static err show_verbose(struct args *args, const struct json_node *root, struct diag *diag)
{
    for (size_t i = 0; i < json_count(root); i++) {
        struct json_node rollback = json_item(root, i), tasks;
        TRY(view_lines(args->out, &rollback, COLUMNS, diag));
        TRY(json_get_array(&rollback, "tasks", &tasks, diag));
        TRY(view_table(args->out, &tasks, UNDONE, "  nothing but the ancestor itself", diag));
        fputc('\n', args->out);
    }
    return OK;
}

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    if (args_switch(args, "verbose") && json_count(root) > 0) return show_verbose(args, root, diag);
    return view_table(args->out, root, COLUMNS, "no rollbacks", diag);
}

static err run(struct args *args, struct diag *diag)
{
    char path[CLIENT_PATH_BYTES] = "/admin/rollbacks";
    TRY(client_query(path, "since", args_text(args, "since"), diag));
    TRY(client_query(path, "limit", args_text(args, "limit"), diag));
    return client_run(args, &(struct client_request){.path = path}, show, diag);
}

const struct command COMMAND_speculation_rollbacks = {
    .group = "speculation",
    .name = "rollbacks",
    .summary = "list rollbacks, the newest first",
    .flags = FLAGS,
    .description =
        "Each with its reason, the task where it began, how many of its descendants went with it, how\n"
        "long it took and what it cost. --verbose also names them.",
    .examples = "agenc speculation rollbacks --since 1h --limit 50\n"
                "agenc speculation rollbacks --since 10m --verbose",
    .run = run,
};
