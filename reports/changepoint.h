/* reports/changepoint.h: when did a series of results change for good?
 *
 * Divisive estimation by energy distance (e-divisive): the split of a segment
 * whose sides differ most, kept when few of CHANGEPOINT_SHUFFLES orders of the
 * segment's blocks split it as far apart; then each side in turn. Blocks of
 * CHANGEPOINT_BLOCK keep neighbours together, since noise of machines comes in
 * stretches. Values that flip between two levels are no change: a point whose
 * sides the other exceeds in fewer than CHANGEPOINT_SUPERIORITY of all
 * comparisons is not kept.
 * Fewer than a dozen values have too few blocks to tell anything; from
 * CHANGEPOINT_SURE on a clear step is found wherever it is.
 * For pages people look at, never for a gate: on autocorrelated noise it still
 * alarms too often (docs/VALIDATION.md).
 * Source: statistics.md 2.6, 4.11; Matteson and James, JASA 2014.
 * Errors: ERR_NOMEM; ERR_LIMIT more than CHANGEPOINT_VALUES_MOST. */
#pragma once
#include "base/err.h"
#include <stdint.h>

enum {
    CHANGEPOINT_VALUES_MOST = 1000,
    CHANGEPOINT_SEGMENT_LEAST = 5,
    CHANGEPOINT_BLOCK = 3,
    CHANGEPOINT_SURE = 18,
    CHANGEPOINT_SHUFFLES = 999,
    CHANGEPOINT_MOST = 64,
};
#define CHANGEPOINT_SUPERIORITY 0.85

struct changepoint {
    uint32_t index;       /* of the first value after the change */
    double before, after; /* medians of the segments on both sides */
    double p;
};
struct changepoint_list {
    struct changepoint points[CHANGEPOINT_MOST]; /* by index */
    uint32_t count;
};

struct changepoint_series {
    const double *values; /* finite */
    uint32_t count;
    double alpha; /* 0.05 */
    uint64_t seed;
};
MUST_USE err changepoint_find(struct changepoint_list *out, const struct changepoint_series *series);
