/* reports/paired.h: two arms that share their seeds: what does the second do to a figure?
 *
 * One difference a pair of runs, usually ln(after / before), so that exp(mean)
 * - 1 is the relative effect; a run is the unit, never a task.
 * Interval of the mean: Student's t. Its robust twin: the median of all means of
 * two differences (Hodges and Lehmann), with Wilcoxon's signed-rank interval,
 * exact up to PAIRED_RANKS_EXACT pairs, normal beyond. p: signs (signflip.h).
 * Detectable: the least mean that so many pairs of this spread would show with
 * the chance `power`: (t(1 - alpha/2) + t(power)) deviation / sqrt(pairs).
 * What too few pairs cannot tell is NAN. Errors: ERR_NOMEM.
 * Source: statistics.md 4.1, 4.2, 4.10; Hollander and Wolfe, "Nonparametric Statistical Methods". */
#pragma once
#include "base/err.h"
#include "reports/stats.h"

enum { PAIRED_RANKS_EXACT = 50 };
#define PAIRED_POWER 0.80

struct paired {
    uint32_t pairs;
    double mean, deviation;
    struct interval mean_limits;
    double shift; /* Hodges-Lehmann */
    struct interval shift_limits;
    double t_p, flip_p;
    bool is_exact;     /* flip_p counts all choices of signs */
    double detectable; /* INFINITY below two pairs */
};

struct paired_sample {
    const double *differences; /* finite */
    uint32_t pairs;            /* 1 .. SIGNFLIP_PAIRS_MOST */
    double confidence;
    uint64_t seed;
};

/* All but flip_p, which stays NAN: for those who ask signflip about many figures at once. */
MUST_USE err paired_estimate(struct paired *out, const struct paired_sample *sample);
MUST_USE err paired_compare(struct paired *out, const struct paired_sample *sample);

/* Limit of the mean on one side, t(1 - alpha): the truth lies above (or below) it with that chance. */
double paired_lower(const struct paired *paired, double alpha);
double paired_upper(const struct paired *paired, double alpha);

/* How many pairs of this spread show `effect`, both sides at `confidence`, with PAIRED_POWER.
 * n = ((z(1 - alpha/2) + z(power)) deviation / effect)^2 + z(1 - alpha/2)^2 / 2, rounded up. */
uint32_t paired_pairs_for(double deviation, double effect, double confidence);
