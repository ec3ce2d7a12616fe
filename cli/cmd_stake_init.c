/* cli/cmd_stake_init.c: stake for an agent. */
#include "cli/client.h"
#include "cli/view.h"

#include "cli/environment.h"

static const struct flag FLAGS[] = {{.name = "amount",
                                     .value = "LAMPORTS",
                                     .type = FLAG_INTEGER,
                                     .is_required = true,
                                     .min = 1,
                                     .max = INT64_C(1000000000000000),
                                     .help = "how much; 1000000000 is 1 SOL"},
                                    {.name = "agent",
                                     .value = "NAME",
                                     .type = FLAG_TEXT,
                                     .help = "whose; default $AGENC_AGENT, else default"},
                                    CLIENT_FLAGS,
                                    {0}};

static const struct column LINES[] = {{"agent", "agent_id", CELL_TEXT},
                                      {"deposited", "deposited", CELL_SOL},
                                      {"available", "available", CELL_SOL},
                                      {"locked", "locked", CELL_SOL},
                                      {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    return view_lines(args->out, root, LINES, diag);
}

static err run(struct args *args, struct diag *diag)
{
    const char *agent = args_text(args, "agent");
    if (!agent) agent = environment_get(args->environment, "AGENC_AGENT");
    struct client_body body;
    TRY(client_body_open(&body));
    json_write_text(&body.writer, "agent_id", agent && *agent ? agent : "default");
    json_write_i64(&body.writer, "lamports", args_integer(args, "amount"));
    err e = client_body_end(&body);
    const struct client_request request = {.path = "/admin/stake/deposit", .body = body.text};
    if (e == OK) e = client_run(args, &request, show, diag);
    client_body_close(&body);
    return e;
}

const struct command COMMAND_stake_init = {
    .group = "stake",
    .name = "init",
    .summary = "put stake into an agent's balance",
    .flags = FLAGS,
    .description = "Makes the agent's account when there is none, and adds to it when there is.",
    .examples = "agenc stake init --amount 1000000000\n"
                "agenc stake init --amount 500000000 --agent agent-7",
    .run = run,
};
