/* cli/cmd_task_inspect.c: all there is to know about one task, with its timeline. */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {CLIENT_FLAGS, {0}};

static const struct column LINES[] = {{"task", "task_id", CELL_TEXT},
                                      {"type", "type", CELL_TEXT},
                                      {"agent", "agent_id", CELL_TEXT},
                                      {"status", "status", CELL_TEXT},
                                      {"speculation", "speculation_status", CELL_TEXT},
                                      {"reason", "reason", CELL_TEXT},
                                      {"waits for", "waiting_for", CELL_TEXT},
                                      {"blocked by", "blocked_by", CELL_TEXT},
                                      {"depth admitted", "depth", CELL_NUMBER},
                                      {"depth now", "depth_now", CELL_NUMBER},
                                      {"parents", "parents", CELL_COUNT},
                                      {"bond", "stake.bond_lamports", CELL_SOL},
                                      {"released", "stake.released_lamports", CELL_SOL},
                                      {"slashed", "stake.slashed_lamports", CELL_SOL},
                                      {"snapshot", "snapshot_bytes", CELL_BYTES},
                                      {"proof attempts", "proof_attempts", CELL_NUMBER},
                                      {"proof", "states.proof", CELL_TEXT},
                                      {"commitment", "states.commitment", CELL_TEXT},
                                      {"branch", "states.branch", CELL_TEXT},
                                      {"slot", "slot", CELL_NUMBER},
                                      {"retry of", "retry_of", CELL_TEXT},
                                      {"age", "age_seconds", CELL_SECONDS},
                                      {0}};
static const struct column STEPS[] = {{"AT", "at", CELL_TEXT},
                                      {"EVENT", "event", CELL_TEXT},
                                      {"FROM", "from", CELL_TEXT},
                                      {"TO", "to", CELL_TEXT},
                                      {"REASON", "details.reason", CELL_TEXT},
                                      {"AMOUNT", "details.amount", CELL_NUMBER},
                                      {0}};

static err show_timeline(struct args *args, const struct json_node *root, struct diag *diag)
{
    fputc('\n', args->out);
    return view_table(args->out, root, STEPS, "nothing has happened to it", diag);
}

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    return view_lines(args->out, root, LINES, diag);
}

static err run(struct args *args, struct diag *diag)
{
    char path[CLIENT_PATH_BYTES];
    TRY(client_path(path, "/admin/operation/%s", args->operands[0], diag));
    TRY(client_run(args, &(struct client_request){.path = path}, show, diag));
    if (args_wants_json(args)) return OK;
    TRY(client_path(path, "/admin/operation/%s/timeline", args->operands[0], diag));
    return client_run(args, &(struct client_request){.path = path}, show_timeline, diag);
}

const struct command COMMAND_task_inspect = {
    .group = "task",
    .name = "inspect",
    .summary = "print everything about a task, with its timeline",
    .operands = "ID",
    .operand_min = 1,
    .operand_max = 1,
    .flags = FLAGS,
    .description = "Its record, and for people what happened to it, step by step.",
    .examples = "agenc task inspect my-task-1\n"
                "agenc task inspect my-task-1 --output json | jq .moments",
    .run = run,
};
