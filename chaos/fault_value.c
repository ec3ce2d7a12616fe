/* chaos/fault_value.c: each kind of parameter reads and prints in its own way. */
#include "chaos/fault_value.h"
#include "base/assert.h"
#include "base/decimal.h"
#include "base/duration.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHARE_PLACES = 6, FACTOR_PLACES = 4 };

static err parse_decimal(const char *text, int places, int64_t *out, struct diag *diag)
{
    err e = decimal_parse(text, places, out);
    if (e == ERR_SYNTAX) return diag_fail(diag, e, "\"%.40s\" is not a number", text);
    if (e != OK) return diag_fail(diag, e, "%.40s is too large, or has more than %d decimals", text, places);
    return OK;
}

static err parse_signed(const char *text, int64_t *out, struct diag *diag)
{
    bool is_negative = text[0] == '-';
    int64_t ns;
    TRY(duration_parse(text + (is_negative || text[0] == '+'), &ns, diag));
    *out = is_negative ? -ns : ns;
    return OK;
}

static err parse_word(const struct injector_param *param, const char *text, int64_t *out, struct diag *diag)
{
    char range[FAULT_RANGE_BYTES];
    for (int64_t i = 0; i <= param->max; i++)
        if (strcmp(param->words[i], text) == 0) {
            *out = i;
            return OK;
        }
    fault_range_print(param, range);
    return diag_fail(diag, ERR_RANGE, "\"%.40s\" is not one of %s", text, range);
}

/* Bytes may come without a unit. */
static err parse_bytes(const char *text, int64_t *out, struct diag *diag)
{
    if (text[strspn(text, "0123456789")] == 0) return parse_decimal(text, 0, out, diag);
    return size_parse(text, out, diag);
}

static err parse_kind(const struct injector_param *param, const char *text, int64_t *out, struct diag *diag)
{
    switch (param->kind) {
    case PARAM_DURATION: return duration_parse(text, out, diag);
    case PARAM_SIGNED: return parse_signed(text, out, diag);
    case PARAM_BYTES: return parse_bytes(text, out, diag);
    case PARAM_COUNT: return parse_decimal(text, 0, out, diag);
    case PARAM_SHARE: return parse_decimal(text, SHARE_PLACES, out, diag);
    case PARAM_FACTOR: return parse_decimal(text, FACTOR_PLACES, out, diag);
    case PARAM_WORD: return parse_word(param, text, out, diag);
    }
    ASSERT(false);
    return ERR_SYNTAX;
}

err fault_value_parse(const struct injector_param *param, const char *text, int64_t *out, struct diag *diag)
{
    int64_t value = 0;
    TRY(parse_kind(param, text, &value, diag));
    TRY(fault_value_check(param, value, diag));
    *out = value;
    return OK;
}

err fault_value_check(const struct injector_param *param, int64_t value, struct diag *diag)
{
    char text[FAULT_VALUE_BYTES], range[FAULT_RANGE_BYTES];
    if (value >= param->min && value <= param->max) return OK;
    fault_range_print(param, range);
    if (param->kind == PARAM_WORD)
        snprintf(text, sizeof text, "word %" PRId64, value);
    else
        fault_value_print(param, value, text);
    return diag_fail(diag, ERR_RANGE, "%s is out of range, want %s", text, range);
}

static void print_signed(int64_t ns, char out[FAULT_VALUE_BYTES])
{
    char text[DURATION_TEXT_BYTES];
    duration_print(text, ns < 0 ? -ns : ns);
    snprintf(out, FAULT_VALUE_BYTES, "%s%s", ns < 0 ? "-" : "", text);
}

void fault_value_print(const struct injector_param *param, int64_t value, char out[FAULT_VALUE_BYTES])
{
    char text[DECIMAL_TEXT_BYTES] = "";
    switch (param->kind) {
    case PARAM_DURATION:
    case PARAM_SIGNED: print_signed(value, out); return;
    case PARAM_BYTES:
        if (value >= 0) size_print(text, value);
        break;
    case PARAM_COUNT: snprintf(text, sizeof text, "%" PRId64, value); break;
    case PARAM_SHARE: decimal_write(text, value, SHARE_PLACES); break;
    case PARAM_FACTOR: decimal_write(text, value, FACTOR_PLACES); break;
    case PARAM_WORD: snprintf(out, FAULT_VALUE_BYTES, "%s", param->words[value]); return;
    }
    snprintf(out, FAULT_VALUE_BYTES, "%s", text);
}

void fault_range_print(const struct injector_param *param, char out[FAULT_RANGE_BYTES])
{
    char least[FAULT_VALUE_BYTES], most[FAULT_VALUE_BYTES];
    size_t used = 0;
    out[0] = 0;
    if (param->kind != PARAM_WORD) {
        fault_value_print(param, param->min, least);
        fault_value_print(param, param->max, most);
        snprintf(out, FAULT_RANGE_BYTES, "%s to %s", least, most);
        return;
    }
    for (int64_t i = 0; i <= param->max && used < FAULT_RANGE_BYTES; i++)
        used += (size_t)snprintf(out + used, FAULT_RANGE_BYTES - used, "%s%s",
                                 i == 0            ? ""
                                 : i == param->max ? " or "
                                                   : ", ",
                                 param->words[i]);
}

bool fault_value_is_quoted(const struct injector_param *param)
{
    switch (param->kind) {
    case PARAM_COUNT:
    case PARAM_SHARE:
    case PARAM_FACTOR: return false;
    case PARAM_WORD: return strcmp(param->words[0], "false") != 0;
    default: return true;
    }
}
