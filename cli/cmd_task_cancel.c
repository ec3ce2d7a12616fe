/* cli/cmd_task_cancel.c: an operator calls a task off. */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {CLIENT_FLAGS, {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    const char *id, *status;
    TRY(json_get_text(root, "task_id", &id, diag));
    TRY(json_get_text(root, "status", &status, diag));
    fprintf(args->out, "%s %s\n", id, status);
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    char path[CLIENT_PATH_BYTES];
    TRY(client_path(path, "/admin/tasks/%s/cancel", args->operands[0], diag));
    return client_run(args, &(struct client_request){.path = path, .body = "{}"}, show, diag);
}

const struct command COMMAND_task_cancel = {
    .group = "task",
    .name = "cancel",
    .summary = "cancel a task; what rests on it is rolled back",
    .operands = "ID",
    .operand_min = 1,
    .operand_max = 1,
    .flags = FLAGS,
    .description = "Nobody is slashed for it. Ends with 1 when the task is not known or over.",
    .examples = "agenc task cancel my-task-1",
    .run = run,
};
