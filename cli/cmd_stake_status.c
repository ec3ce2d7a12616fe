/* cli/cmd_stake_status.c: what agents have and what of it is locked. */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {CLIENT_LIMIT, CLIENT_WATCH, {0}};

static const struct column LINES[] = {{"balance", "totals.balance", CELL_SOL},
                                      {"locked", "totals.locked", CELL_SOL},
                                      {"available", "totals.available", CELL_SOL},
                                      {"utilization", "totals.utilization", CELL_PERCENT},
                                      {"slashed", "totals.slashed_total", CELL_SOL},
                                      {"treasury", "totals.treasury", CELL_SOL},
                                      {"locks", "totals.active_locks", CELL_NUMBER},
                                      {"agents", "agent_count", CELL_NUMBER},
                                      {0}};
static const struct column COLUMNS[] = {{"AGENT", "agent_id", CELL_TEXT},
                                        {"STATE", "state", CELL_TEXT},
                                        {"BALANCE", "balance", CELL_SOL},
                                        {"LOCKED", "locked", CELL_SOL},
                                        {"AVAILABLE", "available", CELL_SOL},
                                        {"LOCKS", "active_locks", CELL_NUMBER},
                                        {"SLASHED", "slashed_total", CELL_SOL},
                                        {"SLASHES", "slash_count", CELL_NUMBER},
                                        {"COOLDOWN UNTIL", "cooldown_until", CELL_TEXT},
                                        {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    struct json_node agents;
    TRY(json_get_array(root, "agents", &agents, diag));
    TRY(view_lines(args->out, root, LINES, diag));
    fputc('\n', args->out);
    return view_table(args->out, &agents, COLUMNS, "no agent has deposited anything", diag);
}

static err run(struct args *args, struct diag *diag)
{
    char path[CLIENT_PATH_BYTES] = "/admin/stake/status";
    TRY(client_query(path, "limit", args_text(args, "limit"), diag));
    return client_run(args, &(struct client_request){.path = path}, show, diag);
}

const struct command COMMAND_stake_status = {
    .group = "stake",
    .name = "status",
    .summary = "print the stake of all agents",
    .flags = FLAGS,
    .description = "Totals, then each agent. Plain text without colours, safe to keep in a file.",
    .examples = "agenc stake status\n"
                "agenc stake status > stake_snapshot.txt\n"
                "agenc stake status --output json | jq .totals.locked",
    .run = run,
};
