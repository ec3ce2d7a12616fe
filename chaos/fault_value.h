/* chaos/fault_value.h: the value of one parameter, as people write it and as it is kept.
 *
 * Durations, sizes and shares go through base/duration.h and base/decimal.h: nothing is rounded, no double is
 * kept. Errors: ERR_SYNTAX, ERR_RANGE with what is allowed; the caller says where. */
#pragma once
#include "chaos/injector.h"

enum { FAULT_VALUE_BYTES = 64 };

/* `text` as in TOML, without quotes; numbers and booleans as they are written. */
MUST_USE err fault_value_parse(const struct injector_param *param, const char *text, int64_t *out,
                               struct diag *diag);
MUST_USE err fault_value_check(const struct injector_param *param, int64_t value, struct diag *diag);
/* Reads back as the same value. */
void fault_value_print(const struct injector_param *param, int64_t value, char out[FAULT_VALUE_BYTES]);
/* "1ms to 1h", "append, sync or read": what is allowed. */
enum { FAULT_RANGE_BYTES = 160 };
void fault_range_print(const struct injector_param *param, char out[FAULT_RANGE_BYTES]);
/* Whether TOML wants quotes around it. */
bool fault_value_is_quoted(const struct injector_param *param);
