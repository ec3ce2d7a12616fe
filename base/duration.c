/* base/duration.c: a decimal number and a row of a unit table, in integers throughout. */
#include "base/duration.h"
#include "base/assert.h"
#include "base/units.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t scale; /* in the unit that is kept */
};

/* Each table ends with a NULL name; printing takes the first row that divides, so largest first. */
static const struct unit DURATION_UNITS[] = {
    {"d", NS_PER_DAY}, {"h", NS_PER_H},   {"m", NS_PER_MIN}, {"s", NS_PER_S},
    {"ms", NS_PER_MS}, {"us", NS_PER_US}, {"ns", 1},         {NULL, 0},
};
static const struct unit SIZE_UNITS[] = {
    {"TB", INT64_C(1) << 40}, {"GB", 1 << 30},  {"MB", 1 << 20},           {"KB", 1 << 10},  {"B", 1},
    {"GiB", 1 << 30},         {"MiB", 1 << 20}, {"TiB", INT64_C(1) << 40}, {"KiB", 1 << 10}, {NULL, 0},
};
static const struct unit SHARE_UNITS[] = {{"%", 100}, {"", 10000}, {NULL, 0}};

static const char DURATION_FORM[] = "a number and a unit, as in 500ms, 30s, 5m, 2h or 1d";
static const char SIZE_FORM[] = "a number and a unit, as in 64KB, 512MB or 8GiB";
static const char SHARE_FORM[] = "a percentage from 0% to 100%, or a share from 0 to 1";

/* digits / 10^places */
struct decimal {
    uint64_t digits, divisor;
};

enum { DIGITS_MAX = 19 }; /* below 10^19 fits 64 bits, and times any unit 128 */

/* The end of the number, or NULL when there is none or it has too many digits. */
static const char *scan_decimal(const char *text, struct decimal *out)
{
    struct decimal read = {.digits = 0, .divisor = 1};
    const char *at = text;
    int count = 0, places = 0;
    bool has_point = false;
    for (;; at++) {
        if (*at == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (*at < '0' || *at > '9') break;
        if (++count > DIGITS_MAX) return NULL;
        read.digits = read.digits * 10 + (uint64_t)(*at - '0');
        if (has_point) read.divisor *= 10, places++;
    }
    if (count == 0 || (has_point && places == 0)) return NULL;
    *out = read;
    return at;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
    while (units->name && strcmp(units->name, name) != 0) units++;
    return units->name ? units : NULL;
}

struct form {
    const struct unit *units;
    const char *form, *kept; /* what to write; the unit that is kept */
    const char *most;        /* max, as one would write it */
    int64_t max;
};

static err parse(const struct form *form, const char *text, int64_t *out, struct diag *diag)
{
    struct decimal number;
    const char *rest = scan_decimal(text, &number);
    const struct unit *unit = rest ? find_unit(form->units, rest) : NULL;
    if (!unit) return diag_fail(diag, ERR_SYNTAX, "\"%.64s\" is not %s", text, form->form);
    u128 product = (u128)number.digits * (uint64_t)unit->scale;
    if (product % number.divisor != 0)
        return diag_fail(diag, ERR_RANGE, "\"%.64s\" is not a whole number of %s", text, form->kept);
    if (product / number.divisor > (u128)form->max)
        return diag_fail(diag, ERR_RANGE, "\"%.64s\" is too large: at most %s", text, form->most);
    *out = (int64_t)(product / number.divisor);
    return OK;
}

err duration_parse(const char *text, int64_t *out_ns, struct diag *diag)
{
    static const struct form FORM = {DURATION_UNITS, DURATION_FORM, "nanoseconds", "106751d", NEVER_NS - 1};
    return parse(&FORM, text, out_ns, diag);
}

err size_parse(const char *text, int64_t *out_bytes, struct diag *diag)
{
    static const struct form FORM = {SIZE_UNITS, SIZE_FORM, "bytes", "8388607TB", INT64_MAX};
    return parse(&FORM, text, out_bytes, diag);
}

err percent_parse(const char *text, int64_t *out_bps, struct diag *diag)
{
    static const struct form FORM = {SHARE_UNITS, SHARE_FORM, "basis points (0.01%)", "100% (or 1)", 10000};
    return parse(&FORM, text, out_bps, diag);
}

static void print(const struct unit *units, char *text, int64_t value)
{
    ASSERT(value >= 0);
    while (value % units->scale != 0 || (value == 0 && units->scale != 1)) units++;
    snprintf(text, DURATION_TEXT_BYTES, "%" PRId64 "%s", value / units->scale, units->name);
}

void duration_print(char text[DURATION_TEXT_BYTES], int64_t ns)
{
    static const struct unit ZERO[] = {{"s", 1}};
    if (ns == NEVER_NS)
        snprintf(text, DURATION_TEXT_BYTES, "never");
    else
        print(ns ? DURATION_UNITS : ZERO, text, ns);
}

void size_print(char text[DURATION_TEXT_BYTES], int64_t bytes)
{
    print(SIZE_UNITS, text, bytes);
}

void percent_print(char text[DURATION_TEXT_BYTES], int64_t bps)
{
    ASSERT(bps >= 0);
    int64_t whole = bps / 100, hundredths = bps % 100;
    if (hundredths == 0)
        snprintf(text, DURATION_TEXT_BYTES, "%" PRId64 "%%", whole);
    else if (hundredths % 10 == 0)
        snprintf(text, DURATION_TEXT_BYTES, "%" PRId64 ".%" PRId64 "%%", whole, hundredths / 10);
    else
        snprintf(text, DURATION_TEXT_BYTES, "%" PRId64 ".%02" PRId64 "%%", whole, hundredths);
}

void duration_print_rounded(char text[DURATION_TEXT_BYTES], int64_t ns)
{
    double s = (double)ns / (double)NS_PER_S;
    if (ns == NEVER_NS)
        snprintf(text, DURATION_TEXT_BYTES, "n/a");
    else if (s < 1)
        snprintf(text, DURATION_TEXT_BYTES, "%.0f ms", s * 1e3);
    else if (s < 1000)
        snprintf(text, DURATION_TEXT_BYTES, "%.2f s", s);
    else if (s < 2 * 3600)
        snprintf(text, DURATION_TEXT_BYTES, "%.1f min", s / 60);
    else
        snprintf(text, DURATION_TEXT_BYTES, "%.2f h", s / 3600);
}
