/* daemon/config_order.h: a change of configuration on its way: from a request, through the log, to its
 * answer.
 *
 *   order = config_order_begin(exchange);  config_order_add(order, key, value) ...;
 *   config_order_send(order, answer);      what is wrong with it is answered at once
 *
 * The exchange is held until the change is in force, audited with the values before and after.
 * Memory: the exchange's. */
#pragma once
#include "daemon/exchange.h"

struct config_order {
    struct exchange *exchange;
    void (*answer)(struct config_order *order); /* it is in force: writes what came of it */
    struct settings before;
    struct config_change changes[CONFIG_KEYS_MOST];
    enum config_outcome outcomes[CONFIG_KEYS_MOST];
    uint32_t count;
    struct config_notes notes;
    char texts[CONFIG_KEYS_MOST][CONFIG_TEXT_BYTES];
};

struct config_order *config_order_begin(struct exchange *exchange); /* NULL: answered, out of memory */
/* `key` is a name of the table and stays; the value is copied. ERR_LIMIT: more than there are keys. */
MUST_USE err config_order_add(struct config_order *order, const char *key, const char *value);
void config_order_send(struct config_order *order, void (*answer)(struct config_order *order));
void config_order_reload(struct config_order *order, void (*answer)(struct config_order *order));

/* A value of its JSON type: 5, 0.1, true, "cascade". */
void config_value_write(struct json_writer *out, const char *name, const struct config_key *key,
                        const struct settings *settings);

/* {"applied": {…}, "generation": n, "restart_required": [], "shadowed": [], "warnings": []} */
void config_order_answer(struct config_order *order);
void config_order_write_notes(const struct config_order *order, struct json_writer *out); /* "warnings": [] */
