/* tests/validate/noise.h: measurements whose truth is known: runs of a load, with the troubles that real ones
 * have. */
#pragma once
#include "base/rng.h"
#include <stdbool.h>
#include <stdint.h>

enum noise_order {
    NOISE_ABBA,
    NOISE_BLOCKS
}; /* pairs back to back in turns; or all of one arm, then the other */

struct noise {
    const char *name;
    enum noise_order order;
    double run_deviation; /* of a run's level, as a logarithm */
    double drift;         /* of the level over the whole campaign, linear */
    bool is_bimodal;      /* three runs of ten are 15 % slower */
    double correlation;   /* of a request with the one before */
};

enum { NOISE_REQUESTS = 2000, NOISE_PAIRS_MOST = 30 };

/* Logarithms of each run's quantile. before and after: `pairs` values; after is worse by `effect`. */
struct noise_trial {
    double p50[2][NOISE_PAIRS_MOST], p99[2][NOISE_PAIRS_MOST];
};
void noise_draw(struct noise_trial *out, const struct noise *noise, uint32_t pairs, double effect,
                uint32_t trial);

/* A run's median of `requests` independent log-normal ones, without drawing them: an order statistic is a
 * beta quantile. Logarithm. */
double noise_median(const struct rng *rng, uint32_t entity, uint32_t requests);
