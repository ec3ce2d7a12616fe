/* reports/unpaired.h: two arms that share no seeds, such as a stored baseline.
 *
 * Rank sum (Mann and Whitney): exact while there are at most UNPAIRED_EXACT_MOST
 * values without ties, else normal with corrections for ties and continuity.
 * Shift: the median of all differences after - before (Hodges and Lehmann), with
 * the rank sum's interval. Difference of means: Welch's t.
 * Superiority: the chance that a value of `after` lies below one of `before`,
 * half of it for ties; 0.5 without a difference. Drift between the arms is not
 * controlled: whoever prints this says so.
 * What too few values cannot tell is NAN. Errors: ERR_NOMEM.
 * Source: statistics.md 4.3; Hollander and Wolfe; Welch 1947. */
#pragma once
#include "base/err.h"
#include "reports/stats.h"

enum { UNPAIRED_EXACT_MOST = 30, UNPAIRED_VALUES_MOST = 1024 };

struct unpaired {
    uint32_t before, after;
    double difference;     /* of means, after - before */
    double error, degrees; /* its standard error, and the degrees of freedom that has */
    struct interval difference_limits;
    double shift; /* Hodges-Lehmann */
    struct interval shift_limits;
    double rank_p, t_p;
    bool is_exact;
    double superiority, detectable;
};

struct unpaired_sample {
    const double *before, *after; /* finite, usually logs */
    uint32_t before_count, after_count;
    double confidence;
};

MUST_USE err unpaired_compare(struct unpaired *out, const struct unpaired_sample *sample);
