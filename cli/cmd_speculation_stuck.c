/* cli/cmd_speculation_stuck.c: what waits for longer than it should. */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {{.name = "threshold",
                                     .value = "1m",
                                     .type = FLAG_DURATION,
                                     .fallback = "1m",
                                     .help = "submitted longer ago"},
                                    CLIENT_LIMIT,
                                    CLIENT_WATCH,
                                    {0}};

static const struct column COLUMNS[] = {{"OPERATION", "operation_id", CELL_TEXT},
                                        {"AGENT", "agent_id", CELL_TEXT},
                                        {"STATE", "state", CELL_TEXT},
                                        {"AGE", "age_seconds", CELL_SECONDS},
                                        {"DEPTH", "depth", CELL_NUMBER},
                                        {"BLOCKED BY", "blocked_by", CELL_TEXT},
                                        {"REASON", "reason", CELL_TEXT},
                                        {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    return view_table(args->out, root, COLUMNS, "nothing is stuck", diag);
}

static err run(struct args *args, struct diag *diag)
{
    char path[CLIENT_PATH_BYTES] = "/admin/blocked-operations";
    TRY(client_query(path, "older_than", args_text(args, "threshold"), diag));
    TRY(client_query(path, "limit", args_text(args, "limit"), diag));
    return client_run(args, &(struct client_request){.path = path}, show, diag);
}

const struct command COMMAND_speculation_stuck = {
    .group = "speculation",
    .name = "stuck",
    .summary = "list operations that wait, the oldest first",
    .flags = FLAGS,
    .description =
        "Operations that are older than the threshold and do not get on: held at admission, executed\n"
        "without a place in the proof queue, or proved with an ancestor that is not confirmed.",
    .examples = "agenc speculation stuck --threshold 1m\n"
                "agenc speculation stuck --threshold 30s --output json | jq length",
    .run = run,
};
