/* cli/cmd_admin_gc.c: garbage, collected now. */
#include "cli/client.h"
#include "cli/view.h"

static const char *const COMPONENTS[] = {"speculation", NULL};
static const struct flag FLAGS[] = {{.name = "component",
                                     .value = "NAME",
                                     .type = FLAG_CHOICE,
                                     .choices = COMPONENTS,
                                     .fallback = "speculation",
                                     .help = "of what; the service has this one"},
                                    {.name = "force",
                                     .type = FLAG_SWITCH,
                                     .help = "snapshots of tasks that are confirmed but not final, too"},
                                    CLIENT_FLAGS,
                                    {0}};

static const struct column LINES[] = {
    {"objects", "objects", CELL_NUMBER},      {"snapshots", "snapshots", CELL_NUMBER},
    {"tasks", "tasks", CELL_NUMBER},          {"freed", "bytes_freed", CELL_BYTES},
    {"took, ms", "duration_ms", CELL_NUMBER}, {0}};

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    return view_lines(args->out, root, LINES, diag);
}

static err run(struct args *args, struct diag *diag)
{
    const char *body = args_switch(args, "force") ? "{\"force\": true}" : "{}";
    return client_run(args, &(struct client_request){.path = "/admin/gc", .body = body}, show, diag);
}

const struct command COMMAND_admin_gc = {
    .group = "admin",
    .name = "gc",
    .summary = "collect garbage now",
    .flags = FLAGS,
    .description = "Releases snapshots that nothing needs and forgets tasks that are over for long enough.",
    .examples = "agenc admin gc --component speculation --force",
    .run = run,
};
