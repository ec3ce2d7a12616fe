/* reports/paired.c: estimates from differences. */
#include "reports/paired.h"
#include "base/assert.h"
#include "base/sort.h"
#include "reports/signflip.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The rank sum's distribution: chances[s] of a sum of s, by adding one rank after the other. */
static uint64_t exact_rank(uint32_t pairs, double tail)
{
    enum { SUMS = PAIRED_RANKS_EXACT * (PAIRED_RANKS_EXACT + 1) / 2 + 1 };
    double chances[SUMS] = {1};
    uint32_t most = 0;
    for (uint32_t rank = 1; rank <= pairs; rank++) {
        most += rank;
        for (uint32_t sum = most + 1; sum-- > 0;)
            chances[sum] = (chances[sum] + (sum >= rank ? chances[sum - rank] : 0)) / 2;
    }
    double below = 0;
    for (uint32_t sum = 0; sum <= most; sum++) {
        below += chances[sum];
        if (below >= tail) return sum;
    }
    return most;
}

/* The least rank sum that is not in the lower tail; 0: no limit at this confidence. */
static uint64_t wilcoxon_rank(uint32_t pairs, double tail)
{
    if (pairs <= PAIRED_RANKS_EXACT) return exact_rank(pairs, tail);
    double n = pairs, mean = n * (n + 1) / 4, deviation = sqrt(n * (n + 1) * (2 * n + 1) / 24);
    return (uint64_t)floor(mean + stats_normal_quantile(tail) * deviation);
}

static err estimate_shift(struct paired *out, const struct paired_sample *sample)
{
    size_t n = sample->pairs, count = n * (n + 1) / 2, at = 0;
    double *means = malloc(count * sizeof *means);
    if (!means) return ERR_NOMEM;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++) means[at++] = (sample->differences[i] + sample->differences[j]) / 2;
    sort_doubles(means, count);
    out->shift = (means[(count - 1) / 2] + means[count / 2]) / 2;
    uint64_t rank = wilcoxon_rank(sample->pairs, (1 - sample->confidence) / 2);
    if (rank > 0) out->shift_limits = (struct interval){means[rank - 1], means[count - rank]};
    free(means);
    return OK;
}

static void estimate_mean(struct paired *out, const struct paired_sample *sample)
{
    double alpha = 1 - sample->confidence, degrees = out->pairs - 1;
    double error = out->deviation / sqrt(out->pairs), t = stats_t_quantile(1 - alpha / 2, degrees);
    out->mean_limits = (struct interval){out->mean - t * error, out->mean + t * error};
    out->detectable = (t + stats_t_quantile(PAIRED_POWER, degrees)) * error;
    out->t_p = error > 0 ? 2 * stats_t_above(fabs(out->mean) / error, degrees) : out->mean == 0 ? 1 : 0;
}

err paired_estimate(struct paired *out, const struct paired_sample *sample)
{
    ASSERT(sample->pairs > 0 && sample->pairs <= SIGNFLIP_PAIRS_MOST);
    *out = (struct paired){.pairs = sample->pairs,
                           .mean = stats_mean(sample->differences, sample->pairs),
                           .deviation = stats_deviation(sample->differences, sample->pairs),
                           .mean_limits = {NAN, NAN},
                           .shift_limits = {NAN, NAN},
                           .t_p = NAN,
                           .flip_p = NAN,
                           .detectable = INFINITY};
    TRY(estimate_shift(out, sample));
    if (sample->pairs > 1) estimate_mean(out, sample);
    return OK;
}

err paired_compare(struct paired *out, const struct paired_sample *sample)
{
    struct signflip_answer answer;
    TRY(paired_estimate(out, sample));
    if (sample->pairs < 2) return OK;
    const struct signflip_question question = {
        .differences = sample->differences,
        .measures = 1,
        .pairs = sample->pairs,
        .confidence = sample->confidence,
        .seed = sample->seed,
    };
    TRY(signflip(&answer, &question));
    out->flip_p = answer.p[0];
    out->is_exact = answer.is_exact;
    return OK;
}

static double one_sided(const struct paired *paired, double alpha)
{
    if (paired->pairs < 2) return INFINITY;
    return stats_t_quantile(1 - alpha, paired->pairs - 1) * paired->deviation / sqrt(paired->pairs);
}

double paired_lower(const struct paired *paired, double alpha)
{
    return paired->mean - one_sided(paired, alpha);
}

double paired_upper(const struct paired *paired, double alpha)
{
    return paired->mean + one_sided(paired, alpha);
}

uint32_t paired_pairs_for(double deviation, double effect, double confidence)
{
    ASSERT(effect > 0);
    double z = stats_normal_quantile(0.5 + confidence / 2), power = stats_normal_quantile(PAIRED_POWER);
    double pairs = ceil(pow((z + power) * deviation / effect, 2) + z * z / 2);
    return pairs > UINT32_MAX ? UINT32_MAX : pairs < 2 ? 2 : (uint32_t)pairs;
}
