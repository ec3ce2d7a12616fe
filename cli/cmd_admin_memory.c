/* cli/cmd_admin_memory.c: where memory goes. */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {
    {.name = "breakdown", .type = FLAG_SWITCH, .help = "with each component's share of the total"},
    CLIENT_WATCH,
    {0}};

static const struct column LINES[] = {{"total", "total_mb", CELL_NUMBER},
                                      {"limit", "limit_mb", CELL_NUMBER},
                                      {"state snapshots", "state_snapshots_mb", CELL_NUMBER},
                                      {"pending operations", "pending_operations_mb", CELL_NUMBER},
                                      {"proof cache", "proof_cache_mb", CELL_NUMBER},
                                      {"other", "other_mb", CELL_NUMBER},
                                      {"last collection", "gc.last_at", CELL_TEXT},
                                      {"it freed", "gc.bytes_freed", CELL_BYTES},
                                      {"collections", "gc.runs", CELL_NUMBER},
                                      {0}};
enum { COMPONENTS_FROM = 2, COMPONENTS_TO = 6 };

static err show_shares(struct args *args, const struct json_node *root, struct diag *diag)
{
    uint64_t total, part;
    TRY(json_get_u64(root, "total_mb", &total, diag));
    fputc('\n', args->out);
    for (int i = COMPONENTS_FROM; i < COMPONENTS_TO; i++) {
        TRY(json_get_u64(root, LINES[i].path, &part, diag));
        fprintf(args->out, "%-18s %5.1f %%\n", LINES[i].title,
                total ? 100.0 * (double)part / (double)total : 0);
    }
    return OK;
}

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    fputs("accounted memory, in MB\n", args->out);
    TRY(view_lines(args->out, root, LINES, diag));
    return args_switch(args, "breakdown") ? show_shares(args, root, diag) : OK;
}

static err run(struct args *args, struct diag *diag)
{
    return client_run(args, &(struct client_request){.path = "/admin/memory-stats"}, show, diag);
}

const struct command COMMAND_admin_memory = {
    .group = "admin",
    .name = "memory",
    .summary = "print accounted memory by component",
    .flags = FLAGS,
    .description =
        "What the engine accounts for its work, not the size of the process; in whole MB that sum to the\n"
        "total; and the last garbage collection.",
    .examples = "agenc admin memory\n"
                "agenc admin memory --breakdown\n"
                "agenc admin memory --output json | jq .total_mb",
    .run = run,
};
