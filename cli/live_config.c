/* cli/live_config.c */
#include "cli/live_config.h"
#include "base/decimal.h"
#include "base/limits.h"
#include <string.h>

/* The object {value, source} of a dotted name; false: the service does not have it. */
static bool descend(const struct json_node *root, const char *name, struct json_node *out)
{
    if (json_get_object(root, "config", out, NULL) != OK) return false;
    for (const char *at = name; *at;) {
        char part[LIMIT_NAME];
        size_t size = strcspn(at, ".");
        snprintf(part, sizeof part, "%.*s", (int)size, at);
        struct json_node inner;
        if (json_get_object(out, part, &inner, NULL) != OK) return false;
        *out = inner;
        at += size + (at[size] == '.');
    }
    return true;
}

static err read_value(const struct json_node *entry, char out[CONFIG_TEXT_BYTES], struct diag *diag)
{
    const char *text;
    bool is_on;
    double number;
    if (json_get_text(entry, "value", &text, NULL) == OK) {
        snprintf(out, CONFIG_TEXT_BYTES, "%s", text);
    } else if (json_get_bool(entry, "value", &is_on, NULL) == OK) {
        snprintf(out, CONFIG_TEXT_BYTES, "%s", is_on ? "true" : "false");
    } else {
        TRY(json_get_number(entry, "value", &number, diag));
        decimal_from_double(out, number);
    }
    err_make_one_line(out);
    return OK;
}

bool live_config_next(const struct json_node *root, uint32_t *cursor, struct live_key *out, err *e,
                      struct diag *diag)
{
    struct json_node entry;
    if (*cursor == 0 && json_get_object(root, "config", &entry, diag) != OK) *e = ERR_IO;
    while (*e == OK && *cursor < config_key_count()) {
        out->name = config_key_at((*cursor)++)->name;
        if (!descend(root, out->name, &entry)) continue;
        if (read_value(&entry, out->value, diag) != OK ||
            json_get_text(&entry, "source", &out->source, diag) != OK)
            *e = ERR_IO;
        return *e == OK;
    }
    return false;
}
