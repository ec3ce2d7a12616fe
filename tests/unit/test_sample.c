/* tests/unit/test_sample.c: each sampler has its distribution (Kolmogorov-Smirnov and chi-square against GSL)
 * and keeps its bits. */
#include "base/sample.h"
#include "base/units.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 200000, GOLDEN_DRAWS = 4 };

/* sqrt(n) times the Kolmogorov-Smirnov distance exceeds this once in a thousand honest runs. */
static const double KS_LIMIT = 1.949;

TestSuite(sample, .timeout = 60);

struct sampler {
    const char *name;
    double (*sample)(struct draw *draw, double parameter);
    double (*cdf)(double x, double parameter);
    double parameter, mean, variance;
};

static double exponential(struct draw *draw, double unused)
{
    (void)unused;
    return sample_exponential(draw);
}

static double normal(struct draw *draw, double unused)
{
    (void)unused;
    return sample_normal(draw);
}

static double exponential_cdf(double x, double unused)
{
    (void)unused;
    return gsl_cdf_exponential_P(x, 1);
}

static double normal_cdf(double x, double unused)
{
    (void)unused;
    return gsl_cdf_ugaussian_P(x);
}

static double lognormal_cdf(double x, double sigma)
{
    return gsl_cdf_lognormal_P(x, 0, sigma);
}

static double gamma_cdf(double x, double shape)
{
    return gsl_cdf_gamma_P(x, shape, 1);
}

static double pareto_cdf(double x, double exponent)
{
    return gsl_cdf_pareto_P(x, exponent, 1);
}

/* Variance 0: not checked, the fourth moment is too wild. */
static const struct sampler SAMPLERS[] = {
    {"exponential", exponential, exponential_cdf, 0, 1, 1},
    {"normal", normal, normal_cdf, 0, 0, 1},
    {"lognormal .5", sample_lognormal, lognormal_cdf, 0.5, 1.1331484530668263, 0.3646958540123867},
    {"gamma .3", sample_gamma, gamma_cdf, 0.3, 0.3, 0.3},
    {"gamma 1", sample_gamma, gamma_cdf, 1, 1, 1},
    {"gamma 4", sample_gamma, gamma_cdf, 4, 4, 4},
    {"gamma 400", sample_gamma, gamma_cdf, 400, 400, 400},
    {"pareto 3.5", sample_pareto, pareto_cdf, 3.5, 1.4, 0},
};
enum { SAMPLER_COUNT = sizeof SAMPLERS / sizeof *SAMPLERS };

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double *draw_many(const struct sampler *sampler, uint64_t seed)
{
    double *values = malloc(SAMPLES * sizeof *values);
    struct rng rng = rng_keyed(seed, 0);
    for (uint64_t i = 0; i < SAMPLES; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, i, 0);
        values[i] = sampler->sample(&draw, sampler->parameter);
    }
    return values;
}

static double ks_distance(const struct sampler *sampler, const double *sorted)
{
    double worst = 0;
    for (int i = 0; i < SAMPLES; i++) {
        double want = sampler->cdf(sorted[i], sampler->parameter);
        worst = fmax(worst, fmax(fabs(want - (double)i / SAMPLES), fabs((i + 1.0) / SAMPLES - want)));
    }
    return worst;
}

Test(sample, a_lognormal_time_ends_with_the_day)
{
    struct rng rng = rng_keyed(5, 0);
    int64_t longest_ns = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, i, 0), same = draw;
        double exact_ns = (double)NS_PER_H * sample_lognormal(&same, 2);
        int64_t time_ns = sample_lognormal_ns(&draw, NS_PER_H, 2);
        cr_assert(eq(i64, time_ns, exact_ns < (double)NS_PER_DAY ? (int64_t)exact_ns : NS_PER_DAY));
        if (time_ns > longest_ns) longest_ns = time_ns;
    }
    cr_assert(eq(i64, longest_ns, NS_PER_DAY), "none was long enough to be cut");
}

Test(sample, distributions_are_those_of_gsl)
{
    for (int s = 0; s < SAMPLER_COUNT; s++) {
        double *values = draw_many(&SAMPLERS[s], 11);
        qsort(values, SAMPLES, sizeof *values, compare_doubles);
        double statistic = ks_distance(&SAMPLERS[s], values) * sqrt(SAMPLES);
        cr_expect(lt(dbl, statistic, KS_LIMIT), "%s: %.3f", SAMPLERS[s].name, statistic);
        free(values);
    }
}

/* One stream for all: dependence between neighbouring draws would show here. */
Test(sample, distributions_hold_along_one_cursor)
{
    for (int s = 0; s < SAMPLER_COUNT; s++) {
        double *values = malloc(SAMPLES * sizeof *values);
        struct rng rng = rng_keyed(12, 0);
        struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
        for (int i = 0; i < SAMPLES; i++) values[i] = SAMPLERS[s].sample(&draw, SAMPLERS[s].parameter);
        qsort(values, SAMPLES, sizeof *values, compare_doubles);
        double statistic = ks_distance(&SAMPLERS[s], values) * sqrt(SAMPLES);
        cr_expect(lt(dbl, statistic, KS_LIMIT), "%s: %.3f", SAMPLERS[s].name, statistic);
        free(values);
    }
}

Test(sample, moments_are_right)
{
    for (int s = 0; s < SAMPLER_COUNT; s++) {
        double *values = draw_many(&SAMPLERS[s], 13), sum = 0, squares = 0;
        double mean = SAMPLERS[s].mean, variance = SAMPLERS[s].variance;
        for (int i = 0; i < SAMPLES; i++) {
            sum += values[i];
            squares += (values[i] - mean) * (values[i] - mean);
        }
        double error = sqrt((variance > 0 ? variance : 1) / SAMPLES);
        cr_expect(lt(dbl, fabs(sum / SAMPLES - mean), 3.3 * error), "%s", SAMPLERS[s].name);
        if (variance > 0)
            cr_expect(lt(dbl, fabs(squares / SAMPLES / variance - 1), 0.05), "%s", SAMPLERS[s].name);
        free(values);
    }
}

/* The far tails, which Kolmogorov-Smirnov hardly sees: expected and found counts beyond x. */
Test(sample, tails_are_as_heavy_as_they_should_be)
{
    enum { DRAWS = 4000000 };
    struct rng rng = rng_keyed(14, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
    int exponential_8 = 0, normal_low = 0, normal_high = 0;
    for (int i = 0; i < DRAWS; i++) {
        double x = sample_normal(&draw);
        exponential_8 += sample_exponential(&draw) > 8;
        normal_low += x < -3.7;
        normal_high += x > 3.7;
    }
    double want = DRAWS * gsl_cdf_exponential_Q(8, 1);
    cr_expect(lt(dbl, fabs(exponential_8 - want), 3.5 * sqrt(want)), "%d, want %.0f", exponential_8, want);
    want = DRAWS * gsl_cdf_ugaussian_Q(3.7);
    cr_expect(lt(dbl, fabs(normal_low - want), 3.5 * sqrt(want)), "%d, want %.0f", normal_low, want);
    cr_expect(lt(dbl, fabs(normal_high - want), 3.5 * sqrt(want)), "%d, want %.0f", normal_high, want);
}

/* Beyond the edge of the ziggurat another method draws: the mean excess there is phi(r) / Q(r) - r. */
Test(sample, normal_tail_has_the_right_shape)
{
    enum { DRAWS = 8000000 };
    static const double EDGE = 3.6541528853610088;
    struct rng rng = rng_keyed(17, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
    double sum = 0, squares = 0, count = 0;
    for (int i = 0; i < DRAWS; i++) {
        double excess = fabs(sample_normal(&draw)) - EDGE;
        if (excess <= 0) continue;
        count++;
        sum += excess;
        squares += excess * excess;
    }
    double mean = sum / count, error = sqrt((squares / count - mean * mean) / count);
    double want = gsl_ran_ugaussian_pdf(EDGE) / gsl_cdf_ugaussian_Q(EDGE) - EDGE;
    cr_expect(lt(dbl, fabs(mean - want), 2.5 * error), "%.4f, want %.4f, error %.4f", mean, want, error);
}

static double geometric_chi_square(double chance, int bins)
{
    double *observed = calloc((size_t)bins, sizeof *observed), statistic = 0, beyond = SAMPLES;
    struct rng rng = rng_keyed(15, 0);
    for (uint64_t i = 0; i < SAMPLES; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, i, 0);
        uint64_t failures = sample_geometric(&draw, chance);
        observed[failures < (uint64_t)bins - 1 ? (int)failures : bins - 1]++;
    }
    for (int i = 0; i < bins; i++) {
        /* GSL counts the success too. */
        double expected = i < bins - 1 ? SAMPLES * gsl_ran_geometric_pdf((unsigned)i + 1, chance) : beyond;
        beyond -= expected;
        statistic += (observed[i] - expected) * (observed[i] - expected) / expected;
    }
    free(observed);
    return statistic;
}

Test(sample, geometric_counts_failures)
{
    cr_expect(gt(dbl, gsl_cdf_chisq_Q(geometric_chi_square(0.25, 20), 19), 0.001));
    cr_expect(gt(dbl, gsl_cdf_chisq_Q(geometric_chi_square(0.9, 4), 3), 0.001));
    struct rng rng = rng_keyed(16, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
    cr_expect(eq(u64, sample_geometric(&draw, 1), 0));
    double sum = 0;
    for (int i = 0; i < SAMPLES; i++) sum += (double)sample_geometric(&draw, 3e-16);
    cr_expect(lt(dbl, fabs(sum / SAMPLES * 3e-16 - 1), 0.01), "small chances keep their digits");
    cr_expect(eq(u64, sample_geometric(&draw, 5e-324), UINT64_MAX));
}

Test(sample, zero_chance_is_a_bug, .signal = SIGABRT)
{
    struct draw draw = {0};
    sample_geometric(&draw, 0);
}

Test(sample, zero_shape_is_a_bug, .signal = SIGABRT)
{
    struct draw draw = {0};
    sample_gamma(&draw, 0);
}

/* The first draws of each sampler, and a digest of a thousand: results ever published depend on these bits.
 */
struct golden {
    uint64_t first[GOLDEN_DRAWS], digest;
};

static struct golden measure(const struct sampler *sampler)
{
    struct golden golden = {.digest = 0};
    struct rng rng = rng_keyed(42, 0);
    for (uint64_t i = 0; i < 1000; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, i, 0);
        double value = sampler->sample(&draw, sampler->parameter);
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        if (i < GOLDEN_DRAWS) golden.first[i] = bits;
        golden.digest = (golden.digest ^ bits) * UINT64_C(0x100000001b3) + draw.index;
    }
    return golden;
}

static const struct golden GOLDEN[SAMPLER_COUNT] = {
    {{UINT64_C(0x3fc9e0f0c3c582bf), UINT64_C(0x3fe34f540e79cc96), UINT64_C(0x3fd8fb2982c3fd73),
      UINT64_C(0x3fff93d0c9e98c4b)},
     UINT64_C(0x123dab73dc7cecdc)}, /* exponential */
    {{UINT64_C(0x3fc2e3baa2795d90), UINT64_C(0xbfdb238cf7aa6391), UINT64_C(0xbfe2f1c616614856),
      UINT64_C(0xbff845669122b1bf)},
     UINT64_C(0xccf2259e5c775545)}, /* normal */
    {{UINT64_C(0x3ff139a9b6dabce4), UINT64_C(0x3fe9e2e3e5e7c410), UINT64_C(0x3fe7cd10d73e6f74),
      UINT64_C(0x3fddf9f727b73657)},
     UINT64_C(0x9e3152106b80716e)}, /* lognormal .5 */
    {{UINT64_C(0x3fd40d4b93a06456), UINT64_C(0x3fc88393725f1ee5), UINT64_C(0x3fb053c2d9882133),
      UINT64_C(0x3f25d8aeb2518cd5)},
     UINT64_C(0x574fe84f94c93db3)}, /* gamma .3 */
    {{UINT64_C(0x3fe96d1601a84d6b), UINT64_C(0x3fd81f5f2a7af273), UINT64_C(0x3fd29ae700802c27),
      UINT64_C(0x3fa2d5bae70d1363)},
     UINT64_C(0xd09d2f7e8c95cc31)}, /* gamma 1 */
    {{UINT64_C(0x400fa70f6aeac8ef), UINT64_C(0x40074e1f64e901eb), UINT64_C(0x40052ab902cb0025),
      UINT64_C(0x3ff76227f0554150)},
     UINT64_C(0x2e4b4cef45ae1e89)}, /* gamma 4 */
    {{UINT64_C(0x407929fcb5c4e0ad), UINT64_C(0x407873fc51657eea), UINT64_C(0x40783f2a167bd0c4),
      UINT64_C(0x4077219dbf3a97d1)},
     UINT64_C(0xff5778121ab28b9f)}, /* gamma 400 */
    {{UINT64_C(0x3ff0f3927f526dd7), UINT64_C(0x3ff302b8b1530ede), UINT64_C(0x3ff1e33e2a9f1809),
      UINT64_C(0x3ffc1ea5abd3fc22)},
     UINT64_C(0x94a2c98f5a7c28e1)}, /* pareto 3.5 */
};

Test(sample, bits_never_change)
{
    for (int s = 0; s < SAMPLER_COUNT; s++) {
        struct golden got = measure(&SAMPLERS[s]);
        for (int i = 0; i < GOLDEN_DRAWS; i++)
            cr_expect(eq(u64, got.first[i], GOLDEN[s].first[i]), "%s, draw %d: 0x%016lx", SAMPLERS[s].name, i,
                      (unsigned long)got.first[i]);
        cr_expect(eq(u64, got.digest, GOLDEN[s].digest), "%s: digest 0x%016lx", SAMPLERS[s].name,
                  (unsigned long)got.digest);
    }
}
