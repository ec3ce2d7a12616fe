/* cli/cmd_speculation_snapshots_clear.c: old snapshots, given up. */
#include "cli/client.h"
#include "cli/view.h"

#include "base/units.h"

static const struct flag FLAGS[] = {
    {.name = "older-than",
     .value = "30m",
     .type = FLAG_DURATION,
     .is_required = true,
     .help = "taken longer ago"},
    {.name = "confirm", .type = FLAG_SWITCH, .help = "do it; without this it is only said what would go"},
    {.name = "dry-run", .type = FLAG_SWITCH, .help = "only say what would go"},
    {.name = "include-live",
     .type = FLAG_SWITCH,
     .help = "those of tasks under way, too: they are rolled back"},
    CLIENT_FLAGS,
    {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    bool is_dry;
    uint64_t count, bytes;
    TRY(json_get_bool(root, "dry_run", &is_dry, diag));
    TRY(json_get_u64(root, "count", &count, diag));
    TRY(json_get_u64(root, "bytes", &bytes, diag));
    fprintf(args->out, "%llu snapshots, %.1f MB, %s\n", (unsigned long long)count,
            (double)bytes / (double)MIB, is_dry ? "would go: --confirm lets them" : "gone");
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    char body[160];
    if (args_switch(args, "confirm") && args_switch(args, "dry-run"))
        return diag_fail(diag, ERR_USAGE, "--confirm and --dry-run contradict each other: give one");
    snprintf(body, sizeof body, "{\"dry_run\":%s,\"include_live\":%s,\"older_than_seconds\":%lld}",
             args_switch(args, "confirm") ? "false" : "true",
             args_switch(args, "include-live") ? "true" : "false",
             (long long)((args_integer(args, "older-than") + NS_PER_S - 1) / NS_PER_S));
    return client_run(args,
                      &(struct client_request){.path = "/admin/speculation/snapshots/clear", .body = body},
                      show, diag);
}

const struct command COMMAND_speculation_snapshots_clear = {
    .group = "speculation",
    .name = "snapshots clear",
    .summary = "let old snapshots go",
    .flags = FLAGS,
    .description = "Those that nothing needs any more; with --include-live also those that a rollback would "
                   "need: their\n"
                   "tasks are rolled back now. Without --confirm nothing happens.",
    .examples = "agenc speculation snapshots clear --older-than 30m --confirm\n"
                "agenc speculation snapshots clear --older-than 10m --dry-run",
    .run = run,
};
