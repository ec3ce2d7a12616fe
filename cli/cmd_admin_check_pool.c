/* cli/cmd_admin_check_pool.c: is there stake to speculate with? */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {{.name = "program",
                                     .value = "ID",
                                     .type = FLAG_TEXT,
                                     .help = "of the pool; the service has one, whose name is shown"},
                                    CLIENT_FLAGS,
                                    {0}};

static const struct column LINES[] = {
    {"balance", "totals.balance", CELL_SOL}, {"liquidity", "totals.available", CELL_SOL},
    {"locked", "totals.locked", CELL_SOL},   {"utilization", "totals.utilization", CELL_PERCENT},
    {"agents", "agent_count", CELL_NUMBER},  {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    struct json_node totals;
    uint64_t free_lamports;
    const char *program = args_text(args, "program");
    TRY(json_get_object(root, "totals", &totals, diag));
    TRY(json_get_u64(&totals, "available", &free_lamports, diag));
    if (program) fprintf(args->out, "program      %s (simulated)\n", program);
    TRY(view_lines(args->out, root, LINES, diag));
    fprintf(args->out, "%s\n",
            free_lamports ? "the pool is funded" : "the pool is empty: agenc stake init fills it");
    args->exit_status = free_lamports ? STATUS_GOOD : STATUS_FAILED;
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    return client_run(args, &(struct client_request){.path = "/admin/stake/status?limit=1"}, show, diag);
}

const struct command COMMAND_admin_check_pool = {
    .group = "admin",
    .name = "check-pool",
    .summary = "end with 0 when the stake pool can back speculation",
    .flags = FLAGS,
    .description =
        "Balance and liquidity of the stake that the service holds. Ends with 1 when nothing is available.",
    .examples = "agenc admin check-pool --program AgencSpec1111",
    .run = run,
};
