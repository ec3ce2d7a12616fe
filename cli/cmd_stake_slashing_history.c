/* cli/cmd_stake_slashing_history.c: who lost stake, and why. */
#include "cli/client.h"
#include "cli/view.h"

static const struct flag FLAGS[] = {
    {.name = "since", .value = "24h", .type = FLAG_DURATION, .help = "not longer ago"},
    CLIENT_LIMIT,
    CLIENT_FLAGS,
    {0}};

static const struct column COLUMNS[] = {{"ID", "slash_id", CELL_NUMBER},
                                        {"AT", "at", CELL_TEXT},
                                        {"AGENT", "agent_id", CELL_TEXT},
                                        {"TASK", "task_id", CELL_TEXT},
                                        {"REASON", "reason", CELL_TEXT},
                                        {"BOND", "bond", CELL_SOL},
                                        {"SLASHED", "amount", CELL_SOL},
                                        {"TREASURY", "treasury_share", CELL_SOL},
                                        {"VICTIMS", "victim_pool", CELL_SOL},
                                        {"RETURNED", "returned", CELL_SOL},
                                        {"COOLDOWN UNTIL", "cooldown_until", CELL_TEXT},
                                        {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    return view_table(args->out, root, COLUMNS, "no slashes", diag);
}

static err run(struct args *args, struct diag *diag)
{
    char path[CLIENT_PATH_BYTES] = "/admin/slashes";
    TRY(client_query(path, "since", args_text(args, "since"), diag));
    TRY(client_query(path, "limit", args_text(args, "limit"), diag));
    return client_run(args, &(struct client_request){.path = path}, show, diag);
}

const struct command COMMAND_stake_slashing_history = {
    .group = "stake",
    .name = "slashing-history",
    .summary = "list slashes, the newest first",
    .flags = FLAGS,
    .description = "What was taken from whom, what went to the treasury and what to the victims.",
    .examples = "agenc stake slashing-history --since 24h\n"
                "agenc stake slashing-history --output json > slashes.json",
    .run = run,
};
