/* daemon/order_body.c */
#include "daemon/order_body.h"

bool body_has(const struct exchange *exchange, const char *key)
{
    const struct json_node *body = exchange_body(exchange);
    return body && json_has(body, key);
}

bool body_flag(const struct exchange *exchange, const char *key)
{
    bool flag = false;
    if (!body_has(exchange, key)) return false;
    return json_get_bool(exchange_body(exchange), key, &flag, NULL) == OK && flag;
}

const char *body_text(const struct exchange *exchange, const char *key)
{
    const char *text = NULL;
    if (!body_has(exchange, key)) return NULL;
    return json_get_text(exchange_body(exchange), key, &text, NULL) == OK ? text : NULL;
}

int64_t body_integer(const struct exchange *exchange, const char *key, int64_t fallback)
{
    int64_t value = fallback;
    if (!body_has(exchange, key)) return fallback;
    return json_get_i64(exchange_body(exchange), key, &value, NULL) == OK ? value : fallback;
}
