/* base/decimal.c: significant digits and a power of ten, put together at the end. */
#include "base/decimal.h"
#include "base/assert.h"
#include "base/units.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXPONENT_MOST = 1000 }; /* beyond any int64_t; stops the exponent itself from overflowing */

/* value = mantissa * 10^(zeros + exponent), `zeros` kept apart so that 0.1000…0 costs no room. */
struct reading {
    const char *at;
    int64_t mantissa;
    int exponent, zeros, digits;
    bool is_too_large;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void take_digit(struct reading *reading, int digit)
{
    reading->digits++;
    if (digit == 0) {
        reading->zeros += reading->mantissa != 0;
        return;
    }
    for (int i = 0; i <= reading->zeros; i++) {
        if (!i64_mul(reading->mantissa, 10, &reading->mantissa)) reading->is_too_large = true;
        if (reading->is_too_large) return;
    }
    reading->zeros = 0;
    if (__builtin_add_overflow(reading->mantissa, digit, &reading->mantissa)) reading->is_too_large = true;
}

/* Digits with single underscores between them; each moves the exponent by `shift`. */
static void take_digits(struct reading *reading, int shift)
{
    const char *first = reading->at;
    while (is_digit(*reading->at) || (*reading->at == '_' && reading->at > first &&
                                      is_digit(reading->at[-1]) && is_digit(reading->at[1]))) {
        if (*reading->at != '_') {
            take_digit(reading, *reading->at - '0');
            if (reading->exponent > -EXPONENT_MOST) reading->exponent += shift;
        }
        reading->at++;
    }
}

static bool take_exponent(struct reading *reading)
{
    int sign = 1, exponent = 0;
    if (*reading->at != 'e' && *reading->at != 'E') return true;
    reading->at++;
    if (*reading->at == '+' || *reading->at == '-') sign = *reading->at++ == '-' ? -1 : 1;
    if (!is_digit(*reading->at)) return false;
    for (; is_digit(*reading->at); reading->at++)
        if (exponent < EXPONENT_MOST) exponent = exponent * 10 + (*reading->at - '0');
    reading->exponent += sign * exponent;
    return true;
}

static err scale(int64_t mantissa, int power, int64_t *steps)
{
    for (; power > 0; power--)
        if (!i64_mul(mantissa, 10, &mantissa)) return ERR_RANGE;
    for (; power < 0; power++) {
        if (mantissa % 10 != 0) return ERR_RANGE;
        mantissa /= 10;
    }
    *steps = mantissa;
    return OK;
}

err decimal_parse(const char *text, int places, int64_t *steps)
{
    bool is_negative = *text == '-';
    struct reading reading = {.at = text + (*text == '-' || *text == '+')};
    take_digits(&reading, 0);
    if (*reading.at == '.') {
        reading.at++;
        take_digits(&reading, -1);
    }
    if (reading.digits == 0 || !take_exponent(&reading) || *reading.at) return ERR_SYNTAX;
    if (reading.is_too_large) return ERR_RANGE;
    if (reading.mantissa == 0) {
        *steps = 0;
        return OK;
    }
    int64_t mantissa = is_negative ? -reading.mantissa : reading.mantissa;
    return scale(mantissa, reading.exponent + reading.zeros + places, steps);
}

void decimal_write(char out[DECIMAL_TEXT_BYTES], int64_t steps, int places)
{
    ASSERT(places >= 0 && places <= 9);
    uint64_t unit = 1, magnitude = steps < 0 ? 0 - (uint64_t)steps : (uint64_t)steps;
    for (int i = 0; i < places; i++) unit *= 10;
    int used = snprintf(out, DECIMAL_TEXT_BYTES, "%s%" PRIu64, steps < 0 ? "-" : "", magnitude / unit);
    if (places == 0) return;
    used += snprintf(out + used, DECIMAL_TEXT_BYTES - (size_t)used, ".%0*" PRIu64, places, magnitude % unit);
    while (out[used - 1] == '0' && out[used - 2] != '.') out[--used] = '\0';
}

void decimal_from_double(char out[DECIMAL_TEXT_BYTES], double number)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, DECIMAL_TEXT_BYTES, "%.*g", digits, number);
        if (strtod(out, NULL) == number) return;
    }
}
