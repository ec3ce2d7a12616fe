/* base/decimal.h: decimal text to whole steps of a power of ten, without a double in between.
 *
 * With 4 places "0.1" is 1000 and "0.10005" is an error: a share that is not
 * a whole basis point has no place in money arithmetic (semantics.md 18).
 * Grammar: [+-] digits [. digits] [e [+-] digits], at least one digit before
 * the exponent, single underscores between digits. */
#pragma once
#include "base/err.h"
#include <stdint.h>

enum { DECIMAL_TEXT_BYTES = 40 };

/* ERR_SYNTAX: not a decimal number (nan and inf are none). ERR_RANGE: finer than the places, or too large. */
MUST_USE err decimal_parse(const char *text, int places, int64_t *steps);

/* At least one digit after the point when places > 0: "0.1", "100.0", "7". places 0 .. 9. */
void decimal_write(char out[DECIMAL_TEXT_BYTES], int64_t steps, int places);

/* The shortest text that reads back as this finite double: what a person or a JSON writer meant by it. */
void decimal_from_double(char out[DECIMAL_TEXT_BYTES], double number);
