/* daemon/query.h: the part of PromQL that the runbooks use, over the ring of daemon/samples.h.
 *
 * Instant vectors with = != =~ !~, ranges, rate, increase, avg/max/min/sum/count_over_time,
 * histogram_quantile, sum avg max min count with by or without, + - * / % ^, comparisons (bool too), numbers,
 * parentheses. A value is the same as that of a Prometheus 2.42 that scraped the same samples: its look-back
 * of five minutes, its extrapolation, its buckets. What PromQL has besides (offset, subqueries, set
 * operators, on and group_left, other functions) is refused by name.
 *
 * The answer is the JSON of Prometheus' HTTP API, status "success" or "error"; the error that is returned
 * says which HTTP status it goes with (query_status). Errors: ERR_SYNTAX 400 no expression, or of the wrong
 * types; ERR_USAGE 501 outside of the part; ERR_CONFLICT 422 series that cannot be matched; ERR_LIMIT 422 too
 * much to look at; ERR_NOMEM. Memory: QUERY_BYTES while it runs. Time: QUERY_VISITS samples are looked at, at
 * most. Threads: none. */
#pragma once
#include "daemon/samples.h"

enum {
    QUERY_TEXT_MOST = 4096,
    QUERY_NODES_MOST = 256,
    QUERY_DEPTH_MOST = 64,
    QUERY_POINTS_MOST = 11000, /* of a range, as in Prometheus */
    QUERY_BYTES = 24 << 20,
    QUERY_VISITS = 8000000, /* a tenth of a second */
};

/* Writes an answer whatever comes; the diag has the words of a failure. */
err query_instant(const struct samples *samples, int64_t at_ms, const char *text, FILE *out,
                  struct diag *diag);

struct query_span {
    int64_t start_ms, end_ms, step_ms;
};
err query_range(const struct samples *samples, const struct query_span *span, const char *text, FILE *out,
                struct diag *diag);

int query_status(err error); /* of HTTP: 200, 400, 422, 501, 503 */

/* The times of the API: Unix seconds with a fraction, or RFC 3339 in UTC ("2026-01-31T12:00:00Z"). And its
 * steps: seconds, or "15s". ERR_SYNTAX. */
MUST_USE err query_time_parse(const char *text, int64_t *out_ms, struct diag *diag);
MUST_USE err query_step_parse(const char *text, int64_t *out_ms, struct diag *diag);
