/* cli/cmd_proof_worker_status.c: how the proof workers are. */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {CLIENT_WATCH, {0}};

static const struct column LINES[] = {{"health", "health", CELL_TEXT},
                                      {"active", "active", CELL_NUMBER},
                                      {"workers", "total", CELL_NUMBER},
                                      {"avg generation", "avg_seconds", CELL_SECONDS},
                                      {"p99 generation", "p99_seconds", CELL_SECONDS},
                                      {"proofs, 1 h", "proofs_1h", CELL_NUMBER},
                                      {"failed, 1 h", "failed_1h", CELL_NUMBER},
                                      {"timeouts, 1 h", "timeouts_1h", CELL_NUMBER},
                                      {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    uint64_t depth, capacity;
    TRY(json_get_u64(root, "queue_depth", &depth, diag));
    TRY(json_get_u64(root, "queue_capacity", &capacity, diag));
    TRY(view_lines(args->out, root, LINES, diag));
    fprintf(args->out, "%-14s  %llu / %llu (%.1f %%)\n", "queue", (unsigned long long)depth,
            (unsigned long long)capacity, capacity ? 100.0 * (double)depth / (double)capacity : 0);
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    return client_run(args, &(struct client_request){.path = "/admin/proof-workers"}, show, diag);
}

const struct command COMMAND_proof_worker_status = {
    .group = "proof-worker",
    .name = "status",
    .summary = "say how the proof workers are",
    .flags = FLAGS,
    .description = "Health, workers busy, how full the queue is, and what the last hour brought.",
    .examples = "agenc proof-worker status\n"
                "agenc proof-worker status --output json | jq .queue_depth",
    .run = run,
};
