/* base/duration.h: durations, sizes and shares as people write them.
 *
 *   duration_parse   500ns 20us 500ms 30s 1.5s 5m 2h 1d        -> nanoseconds
 *   size_parse       100B 64KB 512MB 8GB 8GiB 1.5GiB           -> bytes; MB = MiB = 2^20
 *   percent_parse    10% 0.5% 0.1 .1 (a share of one)          -> basis points, 0 .. 10,000
 *
 * One number, one unit, nothing else: no sign, no spaces, no exponent. A value
 * must come out whole in the unit it is kept in; nothing is rounded.
 * The print functions give the shortest form that parses back to the same value.
 * Errors: ERR_SYNTAX malformed, ERR_RANGE too large or not whole; the line
 * says what was read and what would be right, not which key: the caller does. */
#pragma once
#include "base/err.h"
#include <stdint.h>

enum { DURATION_TEXT_BYTES = 32 };

MUST_USE err duration_parse(const char *text, int64_t *out_ns, struct diag *diag);
MUST_USE err size_parse(const char *text, int64_t *out_bytes, struct diag *diag);
MUST_USE err percent_parse(const char *text, int64_t *out_bps, struct diag *diag);

/* Values >= 0 (asserted). NEVER_NS prints as "never". */
void duration_print(char text[DURATION_TEXT_BYTES], int64_t ns);
void size_print(char text[DURATION_TEXT_BYTES], int64_t bytes);
void percent_print(char text[DURATION_TEXT_BYTES], int64_t bps);

/* For the columns of a table, at most nine characters below a year: "431 ms", "13.62 s", "21.3 min", "17.42
 * h"; NEVER_NS: "n/a". */
void duration_print_rounded(char text[DURATION_TEXT_BYTES], int64_t ns);
