/* tests/validate/noise.c: requests by an autoregressive series, quantiles by selection. */
#include "tests/validate/noise.h"
#include "base/sample.h"
#include "reports/stats.h"
#include <math.h>

static const double SIGMA = 0.5; /* of a request's logarithm */

/* The rank-th smallest (from 0); reorders. */
static double select_rank(double *values, uint32_t count, uint32_t rank)
{
    uint32_t low = 0, high = count - 1;
    while (low < high) {
        double pivot = values[low + (high - low) / 2];
        uint32_t i = low, j = high;
        for (;;) {
            while (values[i] < pivot) i++;
            while (values[j] > pivot) j--;
            if (i >= j) break;
            double kept = values[i];
            values[i++] = values[j];
            values[j--] = kept;
        }
        if (rank <= j)
            high = j;
        else
            low = j + 1;
    }
    return values[rank];
}

static double level_of(const struct noise *noise, const struct rng *rng, uint32_t slot, uint32_t slots)
{
    struct draw draw = draw_at(rng, RNG_TEST, slot, 0);
    double level = noise->run_deviation * sample_normal(&draw);
    if (noise->is_bimodal && draw_chance(&draw, 0.3)) level += log(1.15);
    return level + noise->drift * slot / (slots - 1);
}

static void draw_run(struct noise_trial *out, const struct noise *noise, const struct rng *rng, uint32_t slot,
                     double level, uint32_t arm, uint32_t pair)
{
    double requests[NOISE_REQUESTS], before = 0, fresh = sqrt(1 - noise->correlation * noise->correlation);
    struct draw draw = draw_at(rng, RNG_TEST, 1000 + slot, 0);
    for (uint32_t i = 0; i < NOISE_REQUESTS; i++) {
        double z = sample_normal(&draw);
        before = i ? noise->correlation * before + fresh * z : z;
        requests[i] = before;
    }
    out->p99[arm][pair] =
        level + SIGMA * select_rank(requests, NOISE_REQUESTS, NOISE_REQUESTS * 99 / 100 - 1);
    out->p50[arm][pair] = level + SIGMA * select_rank(requests, NOISE_REQUESTS, NOISE_REQUESTS / 2 - 1);
}

void noise_draw(struct noise_trial *out, const struct noise *noise, uint32_t pairs, double effect,
                uint32_t trial)
{
    const struct rng rng = rng_keyed(20261121, trial);
    for (uint32_t pair = 0; pair < pairs; pair++)
        for (uint32_t arm = 0; arm < 2; arm++) {
            uint32_t in_pair = pair % 2 ? 1 - arm : arm;
            uint32_t slot = noise->order == NOISE_ABBA ? 2 * pair + in_pair : arm * pairs + pair;
            double level = level_of(noise, &rng, slot, 2 * pairs) + (arm ? effect : 0);
            draw_run(out, noise, &rng, slot, level, arm, pair);
        }
}

double noise_median(const struct rng *rng, uint32_t entity, uint32_t requests)
{
    struct draw draw = draw_at(rng, RNG_TEST, entity, 0);
    double below = sample_gamma(&draw, requests / 2.0), above = sample_gamma(&draw, requests / 2.0 + 1);
    return SIGMA * stats_normal_quantile(below / (below + above));
}
