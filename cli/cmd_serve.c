/* cli/cmd_serve.c: the live service. */
#include "cli/command.h"
#include "cli/config_args.h"
#include "cli/environment.h"
#include "cli/share.h"
#include "daemon/serve.h"
#include <stdlib.h>
#include <string.h>

static const char *const LEVELS[] = {"debug", "info", "warn", "error", NULL};

static const struct flag FLAGS[] = {
    FLAG_CONFIG,
    FLAG_SET,
    {.name = "listen",
     .value = "ADDRESS",
     .type = FLAG_TEXT,
     .help = "admin API and metrics; default admin.bind, 127.0.0.1:9090; port 0: any free one"},
    {.name = "workers-listen",
     .value = "ADDRESS",
     .type = FLAG_TEXT,
     .help =
         "health and metrics of the proof workers; default workers.bind, 127.0.0.1:9091; none: no such port"},
    {.name = "data-dir",
     .value = "FOLDER",
     .type = FLAG_TEXT,
     .fallback = "data",
     .help = "event log, snapshots and audit; made when it is not there"},
    {.name = "chain",
     .value = "sim:PROFILE|rpc:URL",
     .type = FLAG_TEXT,
     .fallback = "sim:fixed:1200ms",
     .help = "a model of scenarios/chain or a fixed time, or the JSON-RPC endpoints of a cluster"},
    {.name = "prover",
     .value = "sim:P|exec:CMD",
     .type = FLAG_TEXT,
     .fallback = "sim:uniform:7200ms-8800ms",
     .help = "a model of scenarios/prover or a distribution, or a program that is given jobs"},
    {.name = "execution",
     .value = "D",
     .type = FLAG_TEXT,
     .fallback = "fixed:500ms",
     .help = "how long a task executes that does not say it (compute_ms)"},
    {.name = "agents",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 1,
     .max = LIMIT_AGENTS,
     .fallback = "4096",
     .help = "that it can know"},
    {.name = "agent-stake",
     .value = "LAMPORTS",
     .type = FLAG_UNSIGNED,
     .fallback = "10000000000",
     .help = "first deposit of an agent that it meets, on a simulated chain; 0: none"},
    {.name = "wallet",
     .value = "FILE",
     .type = FLAG_FILE,
     .help = "key pair that pays at real nodes; without: a fresh one and an airdrop"},
    {.name = "time-scale",
     .value = "X",
     .type = FLAG_RATE,
     .fallback = "1",
     .help = "seconds of the service in one of the clock, 0.01 to 1000, for drills"},
    {.name = "segment-size",
     .value = "SIZE",
     .type = FLAG_SIZE,
     .fallback = "64MB",
     .help = "of a file of the log; each new one comes with a snapshot"},
    {.name = "segments-kept",
     .value = "N",
     .type = FLAG_INTEGER,
     .min = 0,
     .max = 65535,
     .fallback = "0",
     .help = "older files of the log are removed when two snapshots cover them; 0: all are kept"},
    {.name = "log-level",
     .value = "LEVEL",
     .type = FLAG_CHOICE,
     .choices = LEVELS,
     .fallback = "info",
     .help = "of the lines on standard error; POST /admin/log-level changes it"},
    {.name = "chaos", .type = FLAG_SWITCH, .help = "let faults be armed through POST /admin/chaos"},
    {.name = "seed",
     .value = "N",
     .type = FLAG_UNSIGNED,
     .fallback = "42",
     .help = "of the models' randomness"},
    {0},
};

struct places {
    char chain[SHARE_PATH_BYTES], prover[SHARE_PATH_BYTES];
};

static err read_scale(const struct args *args, uint64_t *ppm, struct diag *diag)
{
    double scale = args_rate(args, "time-scale");
    if (scale < 0.01 || scale > 1000)
        return diag_fail(diag, ERR_RANGE, "--time-scale: %g is outside 0.01 to 1000", scale);
    *ppm = (uint64_t)(scale * 1e6);
    return OK;
}

/* Profiles' folders are needed by models alone: a fixed time lies nowhere. */
static err find_places(const struct args *args, struct places *out, struct diag *diag)
{
    TRY(share_folder("chain", args->environment, out->chain, diag));
    return share_folder("prover", args->environment, out->prover, diag);
}

static err read_service(const struct args *args, const struct config *config, const struct places *places,
                        struct service_options *out, struct diag *diag)
{
    bool is_simulated = strncmp(args_text(args, "chain"), "sim:", 4) == 0;
    *out = (struct service_options){
        .config = config,
        .data_dir = args_text(args, "data-dir"),
        .chain = args_text(args, "chain"),
        .prover = args_text(args, "prover"),
        .execution = args_text(args, "execution"),
        .chain_folder = places->chain,
        .prover_folder = places->prover,
        .wallet = args_given(args, "wallet") ? args_text(args, "wallet") : NULL,
        .seed = args_unsigned(args, "seed"),
        .agents = (uint32_t)args_integer(args, "agents"),
        .agent_stake_lamports = is_simulated ? args_unsigned(args, "agent-stake") : 0,
        .segment_bytes = (uint64_t)args_integer(args, "segment-size"),
        .segments_kept = (uint32_t)args_integer(args, "segments-kept"),
        .has_chaos = args_switch(args, "chaos"),
    };
    return read_scale(args, &out->time_scale_ppm, diag);
}

static const char *given_or(const struct args *args, const char *name, const char *fallback)
{
    return args_given(args, name) ? args_text(args, name) : fallback;
}

static err run(struct args *args, struct diag *diag)
{
    static struct config config;
    struct places places;
    struct log log = {.sink = args->log, .least = (enum log_level)args_integer(args, "log-level")};
    struct serve_options options = {.is_quiet = args_is_quiet(args), .out = args->out};
    TRY(config_from_args(&config, args, diag));
    TRY(find_places(args, &places, diag));
    TRY(read_service(args, &config, &places, &options.service, diag));
    options.service.log = &log;
    options.listen = given_or(args, "listen", config.settings.admin_bind);
    options.workers_listen = given_or(args, "workers-listen", config.settings.workers_bind);
    if (strcmp(options.workers_listen, "none") == 0) options.workers_listen = "";
    options.token = environment_get(args->environment, config.settings.admin_token_env);
    if (options.token && !*options.token) options.token = NULL;
    return serve(&options, diag);
}

const struct command COMMAND_serve = {
    .group = "serve",
    .name = "",
    .summary = "run the live service: engine, admin API, metrics, proof workers",
    .flags = FLAGS,
    .description =
        "Everything it needs is embedded: a chain and a prover that are modelled and paced by the clock,\n"
        "data in a local folder. Each event is on the disk before it counts, so what was acknowledged\n"
        "survives kill -9. Calls that change something need the token of the environment variable that\n"
        "admin.token_env names (ADMIN_TOKEN); without one they are refused. SIGTERM drains and ends,\n"
        "SIGHUP reads the configuration again. The log on standard error is a line of JSON each.",
    .examples = "agenc serve --config scenarios/config/prod.toml --data-dir ./data\n"
                "agenc serve --set speculation.enabled=true --time-scale 20 --data-dir /tmp/drill\n"
                "agenc serve --chain rpc:http://127.0.0.1:8899 --prover 'exec:./prove'",
    .run = run,
};
