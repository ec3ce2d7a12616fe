/* cli/cmd_speculation_snapshots_list.c: snapshots that are held. */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {
    {.name = "older-than", .value = "30m", .type = FLAG_DURATION, .help = "taken longer ago"},
    CLIENT_LIMIT,
    CLIENT_WATCH,
    {0}};

static const struct column COLUMNS[] = {{"SNAPSHOT", "snapshot_id", CELL_TEXT},
                                        {"STATE", "state", CELL_TEXT},
                                        {"SIZE", "size_bytes", CELL_BYTES},
                                        {"AGE", "age_seconds", CELL_SECONDS},
                                        {"TASK STATUS", "task_status", CELL_TEXT},
                                        {"AGENT", "agent_id", CELL_TEXT},
                                        {0}};
static const struct column LINES[] = {{"snapshots", "total_count", CELL_NUMBER},
                                      {"size", "total_bytes", CELL_BYTES},
                                      {"oldest", "oldest_age_seconds", CELL_SECONDS},
                                      {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    struct json_node items;
    TRY(json_get_array(root, "items", &items, diag));
    TRY(view_table(args->out, &items, COLUMNS, "no snapshots", diag));
    fputc('\n', args->out);
    return view_lines(args->out, root, LINES, diag);
}

static err run(struct args *args, struct diag *diag)
{
    char path[CLIENT_PATH_BYTES] = "/admin/snapshots";
    TRY(client_query(path, "older_than", args_text(args, "older-than"), diag));
    TRY(client_query(path, "limit", args_text(args, "limit"), diag));
    return client_run(args, &(struct client_request){.path = path}, show, diag);
}

const struct command COMMAND_speculation_snapshots_list = {
    .group = "speculation",
    .name = "snapshots list",
    .summary = "list snapshots, the oldest first",
    .flags = FLAGS,
    .description = "The states that speculative tasks would be restored to.",
    .examples = "agenc speculation snapshots list\n"
                "agenc speculation snapshots list --older-than 30m --output json | jq .total_bytes",
    .run = run,
};
