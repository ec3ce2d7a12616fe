/* cli/cmd_admin_status.c: everything at a glance. */
#include "cli/client.h"
#include "cli/view.h"

#include <string.h>

static const char *const COMPONENTS[] = {"speculation", "chain", "workers", "memory", "log", NULL};
static const struct flag FLAGS[] = {
    {.name = "component",
     .value = "NAME",
     .type = FLAG_CHOICE,
     .choices = COMPONENTS,
     .help = "only this one"},
    {.name = "verbose", .type = FLAG_SWITCH, .help = "also why speculation was turned off, and the log"},
    CLIENT_WATCH,
    {0}};

static const struct column SPECULATION[] = {
    {"enabled", "speculation.enabled", CELL_BOOL},
    {"mode", "speculation.mode", CELL_TEXT},
    {"max depth", "speculation.max_depth", CELL_NUMBER},
    {"rollout %", "speculation.rollout_percentage", CELL_NUMBER},
    {"active tasks", "speculation.active_tasks", CELL_NUMBER},
    {"pending operations", "speculation.pending_operations", CELL_NUMBER},
    {"pending rollbacks", "speculation.pending_rollbacks", CELL_NUMBER},
    {"circuit breaker", "speculation.breaker", CELL_TEXT},
    {"draining", "speculation.draining", CELL_BOOL},
    {"health score", "speculation.health_score", CELL_NUMBER},
    {0}};
static const struct column AUTO_DISABLED[] = {
    {"auto-disabled", "speculation.auto_disabled.reason", CELL_TEXT},
    {"  at", "speculation.auto_disabled.at", CELL_TEXT},
    {"  saw", "speculation.auto_disabled.value", CELL_NUMBER},
    {"  threshold", "speculation.auto_disabled.threshold", CELL_NUMBER},
    {"  failures in a row", "speculation.auto_disabled.failure_count", CELL_NUMBER},
    {"  not before", "speculation.auto_disabled.cooldown_until", CELL_TEXT},
    {0}};
static const struct column CHAIN[] = {{"chain", "chain.name", CELL_TEXT},
                                      {"kind", "chain.kind", CELL_TEXT},
                                      {"connected", "chain.connected", CELL_BOOL},
                                      {"slot", "chain.slot", CELL_NUMBER},
                                      {"confirmed slot", "chain.confirmed_slot", CELL_NUMBER},
                                      {0}};
static const struct column MEMORY[] = {{"accounted memory", "memory.total_bytes", CELL_BYTES},
                                       {"limit", "memory.limit_bytes", CELL_BYTES},
                                       {"used %", "memory.usage_percent", CELL_NUMBER},
                                       {0}};
static const struct column WORKERS[] = {{"workers busy", "workers.active", CELL_NUMBER},
                                        {"workers", "workers.total", CELL_NUMBER},
                                        {"proof queue", "workers.queue_depth", CELL_NUMBER},
                                        {"queue capacity", "workers.queue_capacity", CELL_NUMBER},
                                        {0}};
static const struct column LOG[] = {{"log records", "log.records", CELL_NUMBER},
                                    {"log size", "log.bytes", CELL_BYTES},
                                    {"segments", "log.segments", CELL_NUMBER},
                                    {"read-only", "log.read_only", CELL_BOOL},
                                    {"because", "log.read_only_why", CELL_TEXT},
                                    {"recovered events", "log.recovered_events", CELL_NUMBER},
                                    {"recovery, ms", "log.recovery_ms", CELL_NUMBER},
                                    {"slowest sync, ms", "log.sync_most_ms", CELL_NUMBER},
                                    {0}};
static const struct column SERVICE[] = {{"status", "status", CELL_TEXT},
                                        {"version", "version", CELL_TEXT},
                                        {"up", "uptime_seconds", CELL_SECONDS},
                                        {"time scale", "time_scale", CELL_NUMBER},
                                        {0}};
static const struct part {
    const char *component; /* NULL: always */
    const struct column *lines;
    bool is_verbose;
} PARTS[] = {
    {NULL, SERVICE, false},  {"speculation", SPECULATION, false}, {"speculation", AUTO_DISABLED, true},
    {"chain", CHAIN, false}, {"workers", WORKERS, false},         {"memory", MEMORY, false},
    {"log", LOG, true}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    const char *component = args_text(args, "component");
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        const struct part *part = &PARTS[i];
        bool is_named = component && part->component && strcmp(component, part->component) == 0;
        bool is_wanted = !component || !part->component || is_named;
        bool is_shown =
            !part->is_verbose || args_switch(args, "verbose") || (is_named && strcmp(component, "log") == 0);
        if (!is_wanted || !is_shown) continue;
        if (i > 0) fputc('\n', args->out);
        TRY(view_lines(args->out, root, part->lines, diag));
    }
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    return client_run(args, &(struct client_request){.path = "/admin/status"}, show, diag);
}

const struct command COMMAND_admin_status = {
    .group = "admin",
    .name = "status",
    .summary = "say how the service is",
    .flags = FLAGS,
    .description =
        "Speculation, chain, proof workers, memory. --verbose adds why the circuit breaker has turned\n"
        "speculation off, and the event log. JSON is the whole answer, whatever the component.",
    .examples = "agenc admin status --component speculation\n"
                "agenc admin status --component speculation --verbose\n"
                "agenc admin status --output json | jq .speculation.active_tasks\n"
                "agenc admin status --watch",
    .run = run,
};
