/* cli/cmd_admin_check_integrity.c: does the state agree with itself? */
#include "cli/client.h"
#include "cli/view.h"

#include "base/status_word.h"
#include <string.h>

static const char *const COMPONENTS[] = {"speculation", NULL};
static const struct flag FLAGS[] = {
    {.name = "component",
     .value = "NAME",
     .type = FLAG_CHOICE,
     .choices = COMPONENTS,
     .fallback = "speculation",
     .help = "of what; the service has this one"},
    {.name = "full", .type = FLAG_SWITCH, .help = "also lists, queues, plans, and a replay of the event log"},
    CLIENT_FLAGS,
    {0}};

static const struct column COLUMNS[] = {
    {"SEVERITY", "severity", CELL_TEXT}, {"FINDING", "kind", CELL_TEXT},
    {"ID", "id", CELL_NUMBER},           {"WHAT", "what", CELL_TEXT},
    {"FOUND", "found", CELL_NUMBER},     {"EXPECTED", "expected", CELL_NUMBER},
    {"TEXT", "text", CELL_TEXT},         {0}};

static err print(struct args *args, const struct json_node *root, struct diag *diag)
{
    struct json_node findings;
    uint64_t checked;
    TRY(json_get_array(root, "findings", &findings, diag));
    TRY(json_get_u64(root, "checked", &checked, diag));
    if (json_count(&findings) > 0) return view_table(args->out, &findings, COLUMNS, "", diag);
    fprintf(args->out, "ok: %llu things looked at, no findings\n", (unsigned long long)checked);
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    const char *path =
        args_switch(args, "full") ? "/admin/integrity-check?full=true" : "/admin/integrity-check";
    struct client_reply reply;
    const char *status = "";
    TRY(client_ask(args, &(struct client_request){.path = path, .is_endless = true}, &reply, diag));
    struct json_node root = json_root(reply.json);
    err e = json_get_text(&root, "status", &status, diag);
    args->exit_status =
        e == OK && strcmp(status, integrity_word(INTEGRITY_OK)) == 0 ? STATUS_GOOD : STATUS_FAILED;
    if (e == OK && args_wants_json(args))
        client_print(args, &reply);
    else if (e == OK)
        e = print(args, &root, diag);
    client_reply_close(&reply);
    return e == OK ? OK : ERR_IO;
}

const struct command COMMAND_admin_check_integrity = {
    .group = "admin",
    .name = "check-integrity",
    .summary = "end with 0 when the state agrees with itself",
    .flags = FLAGS,
    .description =
        "Compares everything that is kept for speed with what the tables say. With --full the event log is\n"
        "replayed as well, which takes as long as the log is. Ends with 1 when there are findings.",
    .examples = "agenc admin check-integrity --component speculation --full",
    .run = run,
};
