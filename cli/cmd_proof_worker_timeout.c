/* cli/cmd_proof_worker_timeout.c: proofs that take too long. */
#include "cli/client.h"
#include "cli/view.h"

#include "base/units.h"

static const struct flag FLAGS[] = {{.name = "older-than",
                                     .value = "10m",
                                     .type = FLAG_DURATION,
                                     .is_required = true,
                                     .help = "under way for longer"},
                                    CLIENT_FLAGS,
                                    {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    uint64_t count;
    TRY(json_get_u64(root, "timed_out", &count, diag));
    fprintf(args->out, "%llu timed out\n", (unsigned long long)count);
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    char body[64];
    snprintf(body, sizeof body, "{\"older_than_seconds\":%lld}",
             (long long)((args_integer(args, "older-than") + NS_PER_S - 1) / NS_PER_S));
    return client_run(args, &(struct client_request){.path = "/admin/operations/timeout-stale", .body = body},
                      show, diag);
}

const struct command COMMAND_proof_worker_timeout = {
    .group = "proof-worker",
    .name = "timeout",
    .summary = "time out operations whose proof takes too long",
    .flags = FLAGS,
    .description =
        "A proof that is stuck belongs to an operation that is: operations that are under way for longer\n"
        "fail, with what rests on them, and their proofs are cancelled. Nobody is slashed for it.",
    .examples = "agenc proof-worker timeout --older-than 10m",
    .run = run,
};
