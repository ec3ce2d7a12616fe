/* cli/cmd_proof_worker_queue.c: what waits for a proof, or gets one. */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {
    {.name = "analyze", .type = FLAG_SWITCH, .help = "with how long proofs take, by stage"},
    {.name = "limit",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 1,
     .max = 1000,
     .fallback = "50",
     .help = "at most so many"},
    CLIENT_WATCH,
    {0}};

static const struct column COLUMNS[] = {
    {"TASK", "task_id", CELL_TEXT},       {"STATE", "state", CELL_TEXT},
    {"AGE", "age_seconds", CELL_SECONDS}, {"ATTEMPTS", "attempts", CELL_NUMBER},
    {"WORKER", "worker", CELL_NUMBER},    {0}};
static const struct column STAGES[] = {{"STAGE", "stage", CELL_TEXT},
                                       {"COUNT", "count", CELL_NUMBER},
                                       {"INSIDE", "inside", CELL_NUMBER},
                                       {"P50", "p50", CELL_SECONDS},
                                       {"P99", "p99", CELL_SECONDS},
                                       {"ARRIVALS/S", "arrival_rate", CELL_NUMBER},
                                       {"UTILISATION", "utilisation", CELL_PERCENT},
                                       {0}};

static err show_stages(struct args *args, const struct json_node *root, struct diag *diag)
{
    struct json_node stages;
    TRY(json_get_array(root, "stages", &stages, diag));
    fputc('\n', args->out);
    return view_table(args->out, &stages, STAGES, "no stages", diag);
}

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    struct json_node jobs;
    TRY(json_get_array(root, "jobs", &jobs, diag));
    return view_table(args->out, &jobs, COLUMNS, "the queue is empty", diag);
}

static err run(struct args *args, struct diag *diag)
{
    char path[CLIENT_PATH_BYTES] = "/admin/proof-workers";
    TRY(client_query(path, "limit", args_text(args, "limit"), diag));
    TRY(client_run(args, &(struct client_request){.path = path}, show, diag));
    if (!args_switch(args, "analyze") || args_wants_json(args)) return OK;
    return client_run(args, &(struct client_request){.path = "/admin/pipeline/analyze"}, show_stages, diag);
}

const struct command COMMAND_proof_worker_queue = {
    .group = "proof-worker",
    .name = "queue",
    .summary = "list jobs of the proof workers, the oldest first",
    .flags = FLAGS,
    .description = "Jobs that are queued, generated or tried again; with --analyze also where time goes.",
    .examples = "agenc proof-worker queue\n"
                "agenc proof-worker queue --analyze",
    .run = run,
};
