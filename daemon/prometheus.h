/* daemon/prometheus.h: a range query to a Prometheus server, as a table of one column.
 *
 * GET URL/api/v1/query_range, up to PROMETHEUS_TIME_MAX_S; every point of every
 * series of the matrix becomes a row. NaN and infinities are left as they are
 * written, so that whoever reads the table refuses them with their row.
 * Memory: the table is the caller's, to free.
 * Errors: ERR_IO with the server's own words when it says no, cannot be reached, is
 * too slow or answers more than PROMETHEUS_BYTES_MOST; ERR_SYNTAX an answer that
 * is no matrix, or one without points; ERR_USAGE an URL that is not http(s). */
#pragma once
#include "base/err.h"
#include <stddef.h>

enum { PROMETHEUS_TIME_MAX_S = 60, PROMETHEUS_BYTES_MOST = 256 << 20 };

struct prometheus_range {
    const char *url, *query, *column, *start, *end, *step;
};

/* The second half of it: what came back, as a table. */
struct prometheus_answer {
    const char *text;
    size_t size_bytes;
    long http_status;
};
MUST_USE err prometheus_read(char **csv_out, const struct prometheus_range *range,
                             const struct prometheus_answer *answer, struct diag *diag);

MUST_USE err prometheus_fetch(char **csv_out, const struct prometheus_range *range, struct diag *diag);
