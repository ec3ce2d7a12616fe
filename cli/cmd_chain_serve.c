/* cli/cmd_chain_serve.c: a simulated Solana that ordinary clients talk to. */
#include "cli/command.h"
#include "cli/share.h"
#include "daemon/rpc_admin.h"
#include "daemon/rpc_server.h"
#include <inttypes.h>

static const char *const PATHS[] = {"staked", "ordinary", "unstaked", NULL};

static const struct flag FLAGS[] = {
    {.name = "profile",
     .value = "NAME|FILE",
     .type = FLAG_TEXT,
     .fallback = "localnet",
     .help = "chain profile of scenarios/chain, or a TOML file"},
    {.name = "port",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 0,
     .max = 65534,
     .fallback = "8899",
     .help = "HTTP and WebSocket here, WebSocket on the next one too; 0: any free pair"},
    {.name = "listen",
     .value = "ADDRESS",
     .type = FLAG_TEXT,
     .fallback = "127.0.0.1",
     .help = "IPv4 address to listen on; there is no password"},
    {.name = "time-scale",
     .value = "X",
     .type = FLAG_RATE,
     .fallback = "1",
     .help = "chain seconds in a second of the clock, 0.001 to 1000"},
    {.name = "path",
     .value = "KIND",
     .type = FLAG_CHOICE,
     .choices = PATHS,
     .fallback = "staked",
     .help = "how transactions travel from the node to the leaders"},
    {.name = "rate-limit",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 0,
     .max = 1000000000,
     .fallback = "0",
     .help = "requests in 10 s from one address, then HTTP 429; 0: no limit"},
    {.name = "seed",
     .value = "N",
     .type = FLAG_UNSIGNED,
     .fallback = "42",
     .help = "of the chain's randomness"},
    {0},
};

static err read_options(const struct args *args, struct server_options *out, struct diag *diag)
{
    double scale = args_rate(args, "time-scale");
    if (scale < 0.001 || scale > 1000)
        return diag_fail(diag, ERR_RANGE, "--time-scale: %g is outside 0.001 to 1000", scale);
    *out = (struct server_options){.path = (enum chain_path)args_integer(args, "path"),
                                   .seed = args_unsigned(args, "seed"),
                                   .time_scale = scale,
                                   .listen = args_text(args, "listen"),
                                   .port = (uint16_t)args_integer(args, "port"),
                                   .rate_limit = (uint32_t)args_integer(args, "rate-limit")};
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    char folder[SHARE_PATH_BYTES];
    struct chain_profile profile;
    struct server_options options;
    struct rpc_server *server;
    TRY(read_options(args, &options, diag));
    TRY(share_folder("chain", args->environment, folder, diag));
    TRY(chain_profile_load(&profile, folder, args_text(args, "profile"), diag));
    if (profile.is_fixed)
        return diag_fail(diag, ERR_USAGE,
                         "--profile: %s has no slots to serve; name a profile of scenarios/chain",
                         profile.name);
    options.profile = &profile;
    TRY(rpc_server_open(&server, &options, diag));
    uint32_t port = rpc_server_port(server);
    fprintf(args->out, "http://%s:%" PRIu32 " ws://%s:%" PRIu32 " profile %s\n", options.listen, port,
            options.listen, port + 1, profile.name);
    fflush(args->out);
    err e = rpc_server_run(server, diag);
    rpc_server_free(server);
    return e;
}

const struct command COMMAND_chain_serve = {
    .group = "chain",
    .name = "serve",
    .summary = "serve a simulated Solana over JSON-RPC and WebSocket",
    .flags = FLAGS,
    .description =
        "Slots, forks, confirmation and loss come from the profile's model, paced by the clock.\n"
        "Transactions are parsed, verified and executed: transfers, memos, compute budget and\n"
        "airdrops take effect; every other program is unknown. Ordinary clients (@solana/web3.js,\n"
        "@solana/kit) work against it unchanged. Prints its addresses, then serves until SIGINT.\n"
        "Faults are injected with POST /admin/NAME, below; GET /admin/status has the counters.",
    .formats = "POST /admin/NAME with a body of JSON\n"
#define X(name, handler, help) "    " #name " " help "\n"
    ADMIN_TABLE(X)
#undef X
        ,
    .examples = "agenc chain serve --profile localnet\n"
                "agenc chain serve --profile mainnet --time-scale 10 --port 0\n"
                "agenc chain serve --profile congested --path unstaked --rate-limit 100",
    .run = run,
};
