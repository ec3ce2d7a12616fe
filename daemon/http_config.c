/* daemon/http_config.c: the configuration in force, and changes to it: all or nothing.
 *
 * POST /admin/config takes a flat map of dotted keys. Whatever is wrong with one of them, none is applied.
 * Keys that the environment pins are taken and reported as shadowed, for the environment stands above. */
#include "base/decimal.h"
#include "daemon/config_order.h"
#include "daemon/route_tables.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- every key, nested as in a file ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct config_key *const *)a)->name, (*(const struct config_key *const *)b)->name);
}

static void write_value(struct json_writer *out, const struct config *config, const struct config_key *key,
                        const char *name)
{
    char source[CONFIG_TEXT_BYTES];
    config_origin_text(config, key, source);
    json_write_object(out, name);
    json_write_bool(out, "hot", key->when == CONFIG_HOT);
    json_write_text(out, "source", source);
    config_value_write(out, "value", key, &config->settings);
    json_write_end(out);
}

/* How many bytes of the name's sections it shares with the one before. */
static size_t shared_sections(const char *name, const char *before)
{
    size_t shared = 0;
    for (size_t i = 0; name[i] && name[i] == before[i]; i++)
        if (name[i] == '.') shared = i + 1;
    return shared;
}

static void close_sections(struct json_writer *out, const char *rest)
{
    for (; *rest; rest++)
        if (*rest == '.') json_write_end(out);
}

static void write_nested(struct json_writer *out, const struct config *config)
{
    const struct config_key *sorted[CONFIG_KEYS_MOST];
    const char *before = "";
    for (uint32_t i = 0; i < config_key_count(); i++) sorted[i] = config_key_at(i);
    qsort(sorted, config_key_count(), sizeof *sorted, by_name);
    for (uint32_t i = 0; i < config_key_count(); i++) {
        const char *name = sorted[i]->name;
        size_t at = shared_sections(name, before), length;
        close_sections(out, before + at);
        for (; name[at + (length = strcspn(name + at, "."))]; at += length + 1) {
            char section[LIMIT_NAME];
            snprintf(section, sizeof section, "%.*s", (int)length, name + at);
            json_write_object(out, section);
        }
        write_value(out, config, sorted[i], name + at);
        before = name;
    }
    close_sections(out, before);
}

static void show(struct exchange *exchange)
{
    const struct config *config = service_config(exchange_live(exchange)->service);
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    json_write_object(out, "config");
    write_nested(out, config);
    json_write_end(out);
    json_write_u64(out, "generation", config->generation);
    json_write_end(out);
}

/* ---- from JSON to what files would say ---- */

static err list_text(const struct json_node *array, char *out, size_t out_bytes, struct diag *diag)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < json_count(array); i++) {
        struct json_node item = json_item(array, i);
        const char *text;
        TRY(json_get_text(&item, NULL, &text, diag));
        int more = snprintf(out + used, out_bytes - used, "%s%s", i ? "," : "", text);
        if ((size_t)more >= out_bytes - used) return diag_fail(diag, ERR_RANGE, "the list is too long");
        used += (size_t)more;
    }
    return OK;
}

/* 10, 12.5, true, "cascade", ["a", "b"] */
static err value_text(const struct json_node *node, char *out, size_t out_bytes, struct diag *diag)
{
    struct json_node array;
    const char *text;
    int64_t integer;
    double number;
    bool flag;
    if (json_get_i64(node, NULL, &integer, NULL) == OK) {
        snprintf(out, out_bytes, "%" PRId64, integer);
    } else if (json_get_number(node, NULL, &number, NULL) == OK) {
        decimal_from_double(out, number);
    } else if (json_get_bool(node, NULL, &flag, NULL) == OK) {
        snprintf(out, out_bytes, "%s", flag ? "true" : "false");
    } else if (json_get_array(node, NULL, &array, NULL) == OK) {
        return list_text(&array, out, out_bytes, diag);
    } else if (json_get_text(node, NULL, &text, NULL) != OK) {
        return diag_fail(diag, ERR_SYNTAX, "must be a number, a text, true, false or a list of texts");
    } else if (strlen(text) >= out_bytes) {
        return diag_fail(diag, ERR_RANGE, "the value is too long");
    } else {
        memcpy(out, text, strlen(text) + 1);
    }
    return OK;
}

static bool refuse_key(struct exchange *exchange, const char *key, const char *words)
{
    exchange_fail(exchange, 400, "validation_failed", "%.64s: %.400s", key, words);
    exchange_field(exchange, key);
    return false;
}

static bool read_changes(struct exchange *exchange, struct config_order *order)
{
    const struct json_node *body = exchange_body(exchange);
    const char *key = NULL;
    struct json_node node;
    while (body && json_next(body, key, &key, &node)) {
        struct diag diag = {0};
        char value[CONFIG_TEXT_BYTES];
        if (!config_key_find(key)) {
            exchange_fail(exchange, 400, "unknown_key", "%.64s: there is no such configuration key", key);
            exchange_field(exchange, key);
            exchange_nearest(exchange, config_key_nearest(key));
            return false;
        }
        if (value_text(&node, value, sizeof value, &diag) != OK) return refuse_key(exchange, key, diag.text);
        if (config_order_add(order, key, value) != OK)
            return refuse_key(exchange, key, "more changes than there are keys");
    }
    if (order->count > 0) return true;
    exchange_fail(exchange, 400, "validation_failed",
                  "a map of configuration keys is expected: {\"speculation.max_depth\": 2}");
    return false;
}

static void change(struct exchange *exchange)
{
    struct config_order *order = config_order_begin(exchange);
    if (order && read_changes(exchange, order)) config_order_send(order, config_order_answer);
}

/* ---- workers: what scaling the deployment does, here ---- */

static void answer_workers(struct config_order *order)
{
    struct json_writer *out = exchange_json(order->exchange);
    json_write_object(out, NULL);
    json_write_i64(out, "previous", order->before.worker_threads);
    json_write_i64(out, "workers",
                   service_config(exchange_live(order->exchange)->service)->settings.worker_threads);
    json_write_end(out);
}

static void scale(struct exchange *exchange)
{
    char value[24];
    int64_t replicas = 0;
    struct config_order *order = config_order_begin(exchange);
    if (!order || json_get_i64(exchange_body(exchange), "replicas", &replicas, NULL) != OK) return;
    snprintf(value, sizeof value, "%" PRId64, replicas);
    if (config_order_add(order, "speculation.proof.worker_threads", value) == OK)
        config_order_send(order, answer_workers);
}

/* ---- reading the files again ---- */

static void answer_reload(struct config_order *order)
{
    const struct settings *after = &service_config(exchange_live(order->exchange)->service)->settings;
    struct json_writer *out = exchange_json(order->exchange);
    json_write_object(out, NULL);
    json_write_array(out, "changed");
    for (uint32_t i = 0; i < config_key_count(); i++) {
        char was[CONFIG_TEXT_BYTES], is[CONFIG_TEXT_BYTES];
        config_key_write(config_key_at(i), &order->before, was);
        config_key_write(config_key_at(i), after, is);
        if (strcmp(was, is) != 0) json_write_text(out, NULL, config_key_at(i)->name);
    }
    json_write_end(out);
    json_write_array(out, "errors");
    json_write_end(out);
    config_order_write_notes(order, out);
    json_write_end(out);
}

static void reload(struct exchange *exchange)
{
    struct config_order *order = config_order_begin(exchange);
    if (order) config_order_reload(order, answer_reload);
}

/* ---- the rows ---- */

static const struct route_field REPLICAS[] = {{"replicas", "proof workers from now on", FIELD_INTEGER,
                                               .is_required = true, .min = 1, .max = LIMIT_PROOF_WORKERS},
                                              {0}};
static const struct route_answer SHOW_ANSWER[] = {
    {"config", FIELD_OBJECT}, {"generation", FIELD_INTEGER}, {0}};
static const struct route_answer CHANGE_ANSWER[] = {
    {"applied", FIELD_OBJECT}, {"generation", FIELD_INTEGER}, {"restart_required", FIELD_TEXTS},
    {"shadowed", FIELD_TEXTS}, {"warnings", FIELD_TEXTS},     {0}};
static const struct route_answer RELOAD_ANSWER[] = {
    {"changed", FIELD_TEXTS}, {"errors", FIELD_TEXTS}, {"warnings", FIELD_TEXTS}, {0}};
static const struct route_answer WORKERS_ANSWER[] = {
    {"workers", FIELD_INTEGER}, {"previous", FIELD_INTEGER}, {0}};

const struct route ROUTES_CONFIG[] = {
    {ROUTE_GET, "/admin/config", "every key with its value and where it comes from", show,
     .answer = SHOW_ANSWER},
    {ROUTE_POST, "/admin/config", "change keys, all or none: {\"speculation.max_depth\": 2}", change,
     .answer = CHANGE_ANSWER, .has_free_body = true},
    {ROUTE_POST, "/admin/config/reload", "read files and environment again", reload, .answer = RELOAD_ANSWER},
    {ROUTE_POST, "/admin/workers", "how many proof workers there are", scale, .body = REPLICAS,
     .answer = WORKERS_ANSWER},
    {0}};
