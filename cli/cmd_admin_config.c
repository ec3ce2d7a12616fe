/* cli/cmd_admin_config.c: configuration of a running service, changed key by key. */
#include "base/config_keys.h"
#include "cli/client.h"
#include <stdlib.h>
#include <string.h>

static const struct flag FLAGS[] = {
    {.name = "reload", .type = FLAG_SWITCH, .help = "read the configuration files again, as SIGHUP does"},
    CLIENT_FLAGS,
    {0},
};

enum { KEYS_MOST = 64 };

struct change {
    char key[LIMIT_NAME];
    const char *value;
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct change *)a)->key, ((const struct change *)b)->key);
}

static err read_change(const char *text, struct change *out, struct diag *diag)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || (size_t)(equals - text) >= sizeof out->key)
        return diag_fail(diag, ERR_USAGE, "\"%.64s\": write KEY=VALUE, such as speculation.max_depth=2",
                         text);
    snprintf(out->key, sizeof out->key, "%.*s", (int)(equals - text), text);
    out->value = equals + 1;
    if (config_key_find(out->key)) return OK;
    const char *nearest = config_key_nearest(out->key);
    return diag_fail(diag, ERR_USAGE, "%.64s is not a configuration key%s%s", out->key,
                     nearest ? "; did you mean " : "", nearest ? nearest : "");
}

/* The service checks values itself, so that one it does not take is refused in its own words. */
static void write_value(struct json_writer *writer, const struct change *change)
{
    const struct config_key *key = config_key_find(change->key);
    char *end;
    double number = strtod(change->value, &end);
    bool is_number =
        end != change->value && *end == '\0' && !config_key_is_text(key) && key->type != CONFIG_ENUM;
    bool is_bool = key->type == CONFIG_BOOL &&
                   (strcmp(change->value, "true") == 0 || strcmp(change->value, "false") == 0);
    if (is_bool)
        json_write_bool(writer, change->key, change->value[0] == 't');
    else if (is_number)
        json_write_number(writer, change->key, number);
    else
        json_write_text(writer, change->key, change->value);
}

static err write_changes(struct args *args, struct json_writer *writer, struct diag *diag)
{
    struct change changes[KEYS_MOST];
    for (uint32_t i = 0; i < args->operand_count; i++) TRY(read_change(args->operands[i], &changes[i], diag));
    qsort(changes, args->operand_count, sizeof *changes, by_key);
    for (uint32_t i = 0; i < args->operand_count; i++) {
        if (i > 0 && strcmp(changes[i].key, changes[i - 1].key) == 0)
            return diag_fail(diag, ERR_USAGE, "%s is given twice", changes[i].key);
        write_value(writer, &changes[i]);
    }
    return OK;
}

static err print_map(FILE *out, const struct json_node *root, const char *name, struct diag *diag)
{
    struct json_node map, value;
    const char *key = NULL, *text;
    TRY(json_get_object(root, name, &map, diag));
    while (json_next(&map, key, &key, &value)) {
        bool is_text = json_get_text(&value, NULL, &text, NULL) == OK;
        char *other = is_text ? NULL : json_text_of(&value);
        if (!is_text && !other) return ERR_NOMEM;
        fprintf(out, "%s = %s\n", key, is_text ? text : other);
        free(other);
    }
    return OK;
}

static err print_list(FILE *out, const struct json_node *root, const char *name, const char *words,
                      struct diag *diag)
{
    struct json_node list;
    const char *text;
    if (!json_has(root, name)) return OK;
    TRY(json_get_array(root, name, &list, diag));
    for (size_t i = 0; i < json_count(&list); i++) {
        struct json_node item = json_item(&list, i);
        TRY(json_get_text(&item, NULL, &text, diag));
        fprintf(out, "%s%s\n", words, text);
    }
    return OK;
}

static err show(struct args *args, const struct json_node *root, struct diag *diag)
{
    if (json_has(root, "applied")) TRY(print_map(args->out, root, "applied", diag));
    TRY(print_list(args->out, root, "changed", "changed: ", diag));
    TRY(print_list(args->out, root, "errors", "error: ", diag));
    TRY(print_list(args->out, root, "shadowed", "shadowed by the environment: ", diag));
    TRY(print_list(args->out, root, "restart_required", "takes effect at the next start: ", diag));
    return print_list(args->out, root, "warnings", "warning: ", diag);
}

static err change(struct args *args, struct diag *diag)
{
    struct client_body body;
    TRY(client_body_open(&body));
    err e = write_changes(args, &body.writer, diag);
    if (e == OK) e = client_body_end(&body);
    if (e == OK)
        e = client_run(args, &(struct client_request){.path = "/admin/config", .body = body.text}, show,
                       diag);
    client_body_close(&body);
    return e;
}

static err run(struct args *args, struct diag *diag)
{
    bool is_reload = args_switch(args, "reload");
    if (is_reload == (args->operand_count > 0))
        return diag_fail(diag, ERR_USAGE,
                         "want KEY=VALUE ..., or --reload; agenc config show --url shows what is in force");
    if (is_reload)
        return client_run(args, &(struct client_request){.path = "/admin/config/reload", .body = "{}"}, show,
                          diag);
    return change(args, diag);
}

const struct command COMMAND_admin_config = {
    .group = "admin",
    .name = "config",
    .summary = "change the configuration of a running service",
    .operands = "[KEY=VALUE ...]",
    .operand_max = KEYS_MOST,
    .flags = FLAGS,
    .description = "All changes or none; they last until the service ends. What is in force is shown by\n"
                   "`agenc config show --url URL`.",
    .examples = "agenc admin config speculation.max_depth=2\n"
                "agenc admin config speculation.enabled=true speculation.features.rollout_percentage=10\n"
                "agenc admin config --reload",
    .run = run,
};
