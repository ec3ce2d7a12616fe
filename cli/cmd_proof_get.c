/* cli/cmd_proof_get.c: the proof of a task. */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {CLIENT_FLAGS, {0}};

static const struct column LINES[] = {{"task", "task_id", CELL_TEXT},
                                      {"type", "proof_type", CELL_TEXT},
                                      {"state", "state", CELL_TEXT},
                                      {"digest", "digest", CELL_TEXT},
                                      {"valid", "valid", CELL_BOOL},
                                      {"attempts", "attempts", CELL_NUMBER},
                                      {"worker", "worker", CELL_NUMBER},
                                      {"took", "generation_seconds", CELL_SECONDS},
                                      {"ready at", "ready_at", CELL_TEXT},
                                      {"slot", "slot", CELL_NUMBER},
                                      {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    return view_lines(args->out, root, LINES, diag);
}

static err run(struct args *args, struct diag *diag)
{
    char path[CLIENT_PATH_BYTES];
    TRY(client_path(path, "/admin/proof/%s", args->operands[0], diag));
    return client_run(args, &(struct client_request){.path = path}, show, diag);
}

const struct command COMMAND_proof_get = {
    .group = "proof",
    .name = "get",
    .summary = "print the proof of a task",
    .operands = "ID",
    .operand_min = 1,
    .operand_max = 1,
    .flags = FLAGS,
    .description =
        "Its kind, the digest of what it binds, who made it and how it stands. Ends with 1 when there is\n"
        "none yet.",
    .examples = "agenc proof get my-task-1 --output json | jq -r .proof_type",
    .run = run,
};
