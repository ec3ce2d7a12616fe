/* cli/cmd_speculation_inspect.c: an operation and its branch. */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {CLIENT_FLAGS, {0}};

static const struct column LINES[] = {{"operation", "operation_id", CELL_TEXT},
                                      {"status", "status", CELL_TEXT},
                                      {"speculation", "speculation_status", CELL_TEXT},
                                      {"agent", "agent_id", CELL_TEXT},
                                      {"depth now", "depth_now", CELL_NUMBER},
                                      {"commitment", "states.commitment", CELL_TEXT},
                                      {"proof", "states.proof", CELL_TEXT},
                                      {"branch", "states.branch", CELL_TEXT},
                                      {"snapshot", "states.snapshot", CELL_TEXT},
                                      {"bond", "stake.bond_lamports", CELL_SOL},
                                      {"blocked by", "blocked_by", CELL_TEXT},
                                      {"reason", "reason", CELL_TEXT},
                                      {"rollback", "rollback_id", CELL_NUMBER},
                                      {"age", "age_seconds", CELL_SECONDS},
                                      {0}};
static const struct column NODES[] = {{"DESCENDANT", "task_id", CELL_TEXT},
                                      {"STATUS", "status", CELL_TEXT},
                                      {"SPECULATION", "speculation_status", CELL_TEXT},
                                      {"DEPTH", "depth", CELL_NUMBER},
                                      {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    return view_lines(args->out, root, LINES, diag);
}

static err show_branch(struct args *args, const struct json_node *root, struct diag *diag)
{
    struct json_node nodes;
    TRY(json_get_array(root, "nodes", &nodes, diag));
    fputc('\n', args->out);
    return view_table(args->out, &nodes, NODES, "nothing depends on it", diag);
}

static err run(struct args *args, struct diag *diag)
{
    char path[CLIENT_PATH_BYTES];
    TRY(client_path(path, "/admin/operation/%s", args->operands[0], diag));
    TRY(client_run(args, &(struct client_request){.path = path}, show, diag));
    if (args_wants_json(args)) return OK;
    TRY(client_path(path, "/admin/graph?root=%s", args->operands[0], diag));
    return client_run(args, &(struct client_request){.path = path}, show_branch, diag);
}

const struct command COMMAND_speculation_inspect = {
    .group = "speculation",
    .name = "inspect",
    .summary = "print an operation with what depends on it",
    .operands = "ID",
    .operand_min = 1,
    .operand_max = 1,
    .flags = FLAGS,
    .description =
        "Where it stands in each of its state machines, and for people the tasks that would be rolled\n"
        "back with it.",
    .examples = "agenc speculation inspect my-task-1",
    .run = run,
};
