/* daemon/config_order.c */
#include "daemon/config_order.h"
#include "base/decimal.h"
#include <stdlib.h>
#include <string.h>

struct config_order *config_order_begin(struct exchange *exchange)
{
    struct config_order *order = exchange_keep(exchange, sizeof *order);
    if (!order) {
        exchange_fail_order(exchange, ERR_NOMEM);
        return NULL;
    }
    order->exchange = exchange;
    order->before = service_config(exchange_live(exchange)->service)->settings;
    order->notes.is_strict = true;
    return order;
}

err config_order_add(struct config_order *order, const char *key, const char *value)
{
    const struct config_key *known = config_key_find(key);
    if (!known || order->count == CONFIG_KEYS_MOST) return ERR_LIMIT;
    snprintf(order->texts[order->count], CONFIG_TEXT_BYTES, "%s", value);
    order->changes[order->count] = (struct config_change){known->name, order->texts[order->count]};
    order->count++;
    return OK;
}

/* ---- what came of it ---- */

void config_value_write(struct json_writer *out, const char *name, const struct config_key *key,
                        const struct settings *settings)
{
    char value[CONFIG_TEXT_BYTES];
    int64_t integer;
    bool is_number = key->type != CONFIG_ENUM && key->type != CONFIG_BOOL && !config_key_is_text(key);
    config_key_write(key, settings, value);
    if (key->type == CONFIG_BOOL)
        json_write_bool(out, name, strcmp(value, "true") == 0);
    else if (is_number && decimal_parse(value, 0, &integer) == OK)
        json_write_i64(out, name, integer);
    else if (is_number)
        json_write_number(out, name, strtod(value, NULL));
    else
        json_write_text(out, name, value);
}

static int by_key(const void *a, const void *b)
{
    const struct config_change *const *first = a, *const *second = b;
    return strcmp((*first)->key, (*second)->key);
}

/* The changes in order of their keys: JSON is written so. */
static void sort(const struct config_order *order, const struct config_change *sorted[CONFIG_KEYS_MOST])
{
    for (uint32_t i = 0; i < order->count; i++) sorted[i] = &order->changes[i];
    qsort(sorted, order->count, sizeof *sorted, by_key);
}

static void write_values(const struct config_order *order, const struct settings *settings,
                         struct json_writer *out, bool applied_only)
{
    const struct config_change *sorted[CONFIG_KEYS_MOST];
    sort(order, sorted);
    for (uint32_t i = 0; i < order->count; i++) {
        if (applied_only && order->outcomes[sorted[i] - order->changes] != CONFIG_APPLIED) continue;
        config_value_write(out, sorted[i]->key, config_key_find(sorted[i]->key), settings);
    }
}

static void write_keys(const struct config_order *order, struct json_writer *out, const char *name,
                       enum config_outcome outcome)
{
    json_write_array(out, name);
    for (uint32_t i = 0; i < order->count; i++)
        if (order->outcomes[i] == outcome) json_write_text(out, NULL, order->changes[i].key);
    json_write_end(out);
}

void config_order_write_notes(const struct config_order *order, struct json_writer *out)
{
    json_write_array(out, "warnings");
    for (uint32_t i = 0; i < order->notes.kept_count; i++)
        if (!order->notes.kept[i].is_error) json_write_text(out, NULL, order->notes.kept[i].text);
    json_write_end(out);
}

void config_order_answer(struct config_order *order)
{
    const struct config *config = service_config(exchange_live(order->exchange)->service);
    struct json_writer *out = exchange_json(order->exchange);
    json_write_object(out, NULL);
    json_write_object(out, "applied");
    write_values(order, &config->settings, out, true);
    json_write_end(out);
    json_write_u64(out, "generation", config->generation);
    write_keys(order, out, "restart_required", CONFIG_NEEDS_RESTART);
    write_keys(order, out, "shadowed", CONFIG_SHADOWED);
    config_order_write_notes(order, out);
    json_write_end(out);
}

static char *values_text(const struct config_order *order, const struct settings *settings)
{
    char *text = NULL;
    size_t size_bytes;
    struct json_writer writer;
    FILE *out = open_memstream(&text, &size_bytes);
    if (!out) return NULL;
    json_write_begin(&writer, out, JSON_ONE_LINE);
    json_write_object(&writer, NULL);
    write_values(order, settings, &writer, false);
    json_write_end(&writer);
    json_write_finish(&writer);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static void audit(struct config_order *order)
{
    char *before = values_text(order, &order->before);
    char *after = values_text(order, &service_config(exchange_live(order->exchange)->service)->settings);
    exchange_audit(order->exchange, before, after);
    free(before);
    free(after);
}

static void done(void *context, const struct service_outcome *outcome)
{
    struct config_order *order = exchange_kept(context);
    if (outcome->error == OK) {
        order->answer(order);
        audit(order);
    } else {
        exchange_fail_order(order->exchange, outcome->error);
    }
    exchange_send(order->exchange);
}

/* ---- what is wrong with it ---- */

/* Nobody typed --set here. */
static const char *without_flag(const char *text)
{
    static const char *const FLAGS[] = {"--set: ", "--api: "};
    for (size_t i = 0; i < sizeof FLAGS / sizeof *FLAGS; i++)
        if (strncmp(text, FLAGS[i], strlen(FLAGS[i])) == 0) return text + strlen(FLAGS[i]);
    return text;
}

static const char *first_error(const struct config_order *order, const struct diag *diag)
{
    for (uint32_t i = 0; i < order->notes.kept_count; i++)
        if (order->notes.kept[i].is_error) return without_flag(order->notes.kept[i].text);
    return without_flag(diag->text);
}

/* Rules between keys name them without their sections, each with its value. */
static const char *key_in(const struct config_order *order, const char *text)
{
    for (uint32_t i = 0; i < order->count; i++)
        if (strstr(text, order->changes[i].key)) return order->changes[i].key;
    for (uint32_t i = 0; i < order->count; i++) {
        char assigned[LIMIT_NAME + 4];
        snprintf(assigned, sizeof assigned, "%s =", strrchr(order->changes[i].key, '.') + 1);
        const char *found = strstr(text, assigned);
        if (found && found > text && (found[-1] == ' ' || found[-1] == '(')) return order->changes[i].key;
    }
    return NULL;
}

static void refuse(struct config_order *order, err error, const struct diag *diag)
{
    const char *words = first_error(order, diag);
    if (error == ERR_LIMIT && diag->text[0])
        exchange_fail(order->exchange, 409, "restart_required", "%s", diag->text);
    else if (error == ERR_CONFLICT && diag->text[0])
        exchange_fail(order->exchange, 409, "conflict", "%s", words);
    else if (diag->text[0] || order->notes.error_count)
        exchange_fail(order->exchange, 400, "validation_failed", "%s", words);
    else
        exchange_fail_order(order->exchange, error);
    exchange_field(order->exchange, key_in(order, words));
    for (uint32_t i = 0; order->notes.error_count > 1 && i < order->notes.kept_count; i++)
        if (order->notes.kept[i].is_error)
            exchange_also(order->exchange, without_flag(order->notes.kept[i].text));
}

void config_order_send(struct config_order *order, void (*answer)(struct config_order *order))
{
    struct diag diag = {0};
    const struct config_update update = {order->changes, order->outcomes, order->count};
    order->answer = answer;
    exchange_hold(order->exchange);
    err e = service_configure(exchange_live(order->exchange)->service, &update, &order->notes, done,
                              order->exchange, &diag);
    if (e == OK) return;
    exchange_release(order->exchange);
    refuse(order, e, &diag);
}

void config_order_reload(struct config_order *order, void (*answer)(struct config_order *order))
{
    struct diag diag = {0};
    order->answer = answer;
    exchange_hold(order->exchange);
    err e =
        service_reload(exchange_live(order->exchange)->service, &order->notes, done, order->exchange, &diag);
    if (e == OK) return;
    exchange_release(order->exchange);
    refuse(order, e, &diag);
}
