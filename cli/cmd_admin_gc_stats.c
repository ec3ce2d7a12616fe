/* cli/cmd_admin_gc_stats.c: what garbage collections have done. */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {CLIENT_WATCH, {0}};
static const struct column LINES[] = {
    {"collections", "gc.runs", CELL_NUMBER},          {"last at", "gc.last_at", CELL_TEXT},
    {"snapshots, last", "gc.snapshots", CELL_NUMBER}, {"tasks, last", "gc.tasks", CELL_NUMBER},
    {"freed, last", "gc.bytes_freed", CELL_BYTES},    {"memory, MB", "total_mb", CELL_NUMBER},
    {"limit, MB", "limit_mb", CELL_NUMBER},           {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    return view_lines(args->out, root, LINES, diag);
}

static err run(struct args *args, struct diag *diag)
{
    return client_run(args, &(struct client_request){.path = "/admin/memory-stats"}, show, diag);
}

const struct command COMMAND_admin_gc_stats = {
    .group = "admin",
    .name = "gc-stats",
    .summary = "say what garbage collections have done",
    .flags = FLAGS,
    .description = "How many there were, and what the last one let go.",
    .examples = "agenc admin gc-stats\nagenc admin gc-stats --output json | jq .gc.runs",
    .run = run,
};
