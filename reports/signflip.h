/* reports/signflip.h: is the mean of paired differences more than chance? Judged by their signs.
 *
 * When neither side is better, the difference of a pair is as likely d as -d. So
 * the sum that was seen is set against the sums of all choices of signs: p is
 * the share of them that lie at least as far from 0. Exact up to
 * SIGNFLIP_EXACT_MOST pairs, all choices in Gray code; beyond, (hits + 1) /
 * (draws + 1) over SIGNFLIP_DRAWS choices keyed by the seed. The least p of n
 * pairs is 2 / 2^n: below SIGNFLIP_PAIRS_LEAST none is under 0.05.
 *
 * Several measures of the same pairs (quantiles, or metrics) share their signs,
 * which keeps what correlates them: the largest of their t values over all
 * choices gives p values and a band that hold for all together (max-T).
 * Sums are of whole numbers, so that ties are ties on every machine.
 * Source: statistics.md 4.2, 4.6, 4.8; Westfall and Young, "Resampling-based
 * multiple testing", 1993. Errors: ERR_NOMEM. Threads: none needed. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    SIGNFLIP_PAIRS_LEAST = 6,
    SIGNFLIP_EXACT_MOST = 20,
    SIGNFLIP_DRAWS = 9999,
    SIGNFLIP_PAIRS_MOST = 1024,
    SIGNFLIP_MEASURES_MOST = 4096,
};

struct signflip_question {
    const double *differences; /* [measure][pair], finite */
    uint32_t measures, pairs;  /* 1 .. SIGNFLIP_MEASURES_MOST; 2 .. SIGNFLIP_PAIRS_MOST */
    double confidence;         /* of the band */
    uint64_t seed;
};

struct signflip_answer {
    double p[SIGNFLIP_MEASURES_MOST];        /* of each by itself, both sides */
    double family_p[SIGNFLIP_MEASURES_MOST]; /* of each, when all were looked at */
    double critical_t; /* mean +- this x deviation / sqrt(pairs) is the band; INFINITY: too few pairs */
    bool is_exact;
};

MUST_USE err signflip(struct signflip_answer *out, const struct signflip_question *question);
