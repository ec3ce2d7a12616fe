/* cli/cmd_task_status.c: one task, in short. */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {CLIENT_WATCH, {0}};

static const struct column LINES[] = {{"task", "task_id", CELL_TEXT},
                                      {"status", "status", CELL_TEXT},
                                      {"speculation", "speculation_status", CELL_TEXT},
                                      {"agent", "agent_id", CELL_TEXT},
                                      {"depth", "depth", CELL_NUMBER},
                                      {"age", "age_seconds", CELL_SECONDS},
                                      {"waits for", "waiting_for", CELL_TEXT},
                                      {"blocked by", "blocked_by", CELL_TEXT},
                                      {"reason", "reason", CELL_TEXT},
                                      {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    return view_lines(args->out, root, LINES, diag);
}

static err run(struct args *args, struct diag *diag)
{
    char path[CLIENT_PATH_BYTES];
    TRY(client_path(path, "/admin/tasks/%s", args->operands[0], diag));
    return client_run(args, &(struct client_request){.path = path}, show, diag);
}

const struct command COMMAND_task_status = {
    .group = "task",
    .name = "status",
    .summary = "say how a task is doing",
    .operands = "ID",
    .operand_min = 1,
    .operand_max = 1,
    .flags = FLAGS,
    .description = "Its status, whether it runs speculatively, and what it waits for. Ends with 1 when the\n"
                   "service does not know it.",
    .examples = "agenc task status task-0000000000000001\n"
                "agenc task status my-task-1 --output json | jq -r .speculation_status\n"
                "agenc task status my-task-1 --watch=1s",
    .run = run,
};
