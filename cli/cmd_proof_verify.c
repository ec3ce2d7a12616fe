/* cli/cmd_proof_verify.c: is the proof of a task good? */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {CLIENT_FLAGS, {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    const char *type, *state;
    bool is_valid;
    TRY(json_get_bool(root, "valid", &is_valid, diag));
    TRY(json_get_text(root, "proof_type", &type, diag));
    TRY(json_get_text(root, "state", &state, diag));
    fprintf(args->out, "%s %s proof, %s\n", is_valid ? "valid" : "invalid", type, state);
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    char path[CLIENT_PATH_BYTES];
    struct client_reply reply;
    bool is_valid = false;
    TRY(client_path(path, "/admin/proof/%s", args->operands[0], diag));
    TRY(client_ask(args, &(struct client_request){.path = path}, &reply, diag));
    struct json_node root = json_root(reply.json);
    err e = json_get_bool(&root, "valid", &is_valid, diag);
    if (e == OK && args_wants_json(args))
        client_print(args, &reply);
    else if (e == OK)
        e = show(args, &root, diag);
    client_reply_close(&reply);
    args->exit_status = is_valid ? STATUS_GOOD : STATUS_FAILED;
    return e == OK ? OK : ERR_IO;
}

const struct command COMMAND_proof_verify = {
    .group = "proof",
    .name = "verify",
    .summary = "end with 0 when the proof of a task is good",
    .operands = "ID",
    .operand_min = 1,
    .operand_max = 1,
    .flags = FLAGS,
    .description =
        "A proof is good when the verifier takes it, or has taken it. Ends with 1 when it is not, or when\n"
        "there is none yet.",
    .examples = "agenc proof verify my-task-1 && echo good",
    .run = run,
};
