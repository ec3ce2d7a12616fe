/* cli/cmd_task_submit.c: a task for a running service. */
#include "cli/client.h"
#include "cli/environment.h"
#include "base/units.h"
#include <string.h>

static const char *const EDGE_TYPES[] = {"data", "order", "resource", NULL};
static const struct flag FLAGS[] = {
    {.name = "type",
     .value = "TYPE",
     .type = FLAG_TEXT,
     .fallback = "compute",
     .help = "what kind of work it is"},
    {.name = "payload",
     .value = "JSON",
     .type = FLAG_TEXT,
     .fallback = "null",
     .help = "what it works on; {\"fail\": true} makes its proof be found wrong"},
    {.name = "depends-on",
     .value = "ID",
     .type = FLAG_TEXT,
     .is_repeatable = true,
     .help = "a task whose result it needs; may be given several times"},
    {.name = "edge-type",
     .value = "KIND",
     .type = FLAG_CHOICE,
     .choices = EDGE_TYPES,
     .fallback = "data",
     .help = "how it depends on them: data, order or resource"},
    {.name = "agent",
     .value = "NAME",
     .type = FLAG_TEXT,
     .help = "whose stake backs it; default $AGENC_AGENT, else the service's"},
    {.name = "id",
     .value = "ID",
     .type = FLAG_TEXT,
     .help = "its name, 8 to 128 characters; default one is made"},
    {.name = "compute", .value = "500ms", .type = FLAG_DURATION, .help = "how long it executes"},
    {.name = "priority", .value = "N", .type = FLAG_INTEGER, .min = -1000, .max = 1000, .help = "for people"},
    {.name = "retry-of", .value = "ID", .type = FLAG_TEXT, .help = "the task that failed before"},
    {.name = "key",
     .value = "KEY",
     .type = FLAG_TEXT,
     .help = "idempotency key: the same request again gives the same task"},
    CLIENT_FLAGS,
    {0},
};

static err check_payload(const char *text, struct diag *diag)
{
    char wrapped[CLIENT_PATH_BYTES * 64];
    struct json *json = NULL;
    struct diag why = {0};
    int size = snprintf(wrapped, sizeof wrapped, "[%s]", text);
    if (size >= (int)sizeof wrapped) return diag_fail(diag, ERR_USAGE, "--payload: more than 64 KB");
    const struct json_text source = {"--payload", wrapped, (size_t)size};
    err e = json_read_text(&json, &source, &why);
    struct json_node root;
    if (e == OK) root = json_root(json);
    bool is_one = e == OK && json_count(&root) == 1 && !strchr(text, '\n');
    json_free(json);
    if (is_one) return OK;
    return diag_fail(diag, ERR_USAGE, "--payload: \"%.64s\" is no JSON on one line, such as {\"value\": 100}",
                     text);
}

static void write_parents(struct args *args, struct json_writer *writer)
{
    uint32_t cursor = 0;
    const char *parent = args_each(args, "depends-on", &cursor);
    if (!parent) return;
    json_write_array(writer, "depends_on");
    for (; parent; parent = args_each(args, "depends-on", &cursor)) {
        json_write_object(writer, NULL);
        json_write_text(writer, "edge_type", args_text(args, "edge-type"));
        json_write_text(writer, "task_id", parent);
        json_write_end(writer);
    }
    json_write_end(writer);
}

static void write_text(struct json_writer *writer, const char *key, const char *text)
{
    if (text) json_write_text(writer, key, text);
}

static void write_fields(struct args *args, struct json_writer *writer)
{
    const char *agent = args_text(args, "agent");
    write_text(writer, "agent_id", agent ? agent : environment_get(args->environment, "AGENC_AGENT"));
    if (args_given(args, "compute"))
        json_write_i64(writer, "compute_ms", args_integer(args, "compute") / NS_PER_MS);
    write_parents(args, writer);
    json_write_raw(writer, "payload", args_text(args, "payload"));
    if (args_given(args, "priority")) json_write_i64(writer, "priority", args_integer(args, "priority"));
    write_text(writer, "retry_of", args_text(args, "retry-of"));
    write_text(writer, "task_id", args_text(args, "id"));
    json_write_text(writer, "type", args_text(args, "type"));
}

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    const char *id, *status;
    TRY(json_get_text(root, "task_id", &id, diag));
    TRY(json_get_text(root, "status", &status, diag));
    fprintf(args->out, "%s %s\n", id, status);
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    struct client_body body;
    TRY(check_payload(args_text(args, "payload"), diag));
    TRY(client_body_open(&body));
    write_fields(args, &body.writer);
    err e = client_body_end(&body);
    const struct client_request request = {
        .path = "/admin/tasks", .body = body.text, .key = args_text(args, "key")};
    if (e == OK) e = client_run(args, &request, show, diag);
    client_body_close(&body);
    return e;
}

const struct command COMMAND_task_submit = {
    .group = "task",
    .name = "submit",
    .summary = "submit a task to a running service",
    .flags = FLAGS,
    .description =
        "Prints its name once it is on the service's disk. With --depends-on it runs ahead of the\n"
        "confirmation of those tasks, if the service speculates. The answer must have come: with\n"
        "--key it is safe to ask again after a failure.",
    .examples = "agenc task submit --type compute --payload '{\"value\": 100}'\n"
                "agenc task submit --depends-on task-0000000000000001 --output json | jq -r .task_id",
    .run = run,
};
