/* daemon/order_body.h: optional fields of a body that the row has checked. */
#pragma once
#include "daemon/exchange.h"

bool body_has(const struct exchange *exchange, const char *key);
bool body_flag(const struct exchange *exchange, const char *key);        /* absent: false */
const char *body_text(const struct exchange *exchange, const char *key); /* absent: NULL */
int64_t body_integer(const struct exchange *exchange, const char *key, int64_t fallback);
