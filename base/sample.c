/* base/sample.c: ziggurats for exponential and normal, and what follows from them. */
#include "base/sample.h"
#include "base/assert.h"
#include "base/fmath.h"
#include "base/units.h"
#include "base/ziggurat_tables.h"
#include <math.h>

enum {
    LAYER_MASK = 255,
    SIGN_SHIFT = 8,
    FRACTION_SHIFT = 11
}; /* bits 0..7 the layer, 8 the sign, 11..63 the place in it */

/* A uniform height within the layer's part that the density cuts. */
static double height_in(const double *heights, uint64_t layer, struct draw *draw)
{
    return heights[layer] + draw_unit(draw) * (heights[layer + 1] - heights[layer]);
}

double sample_exponential(struct draw *draw)
{
    for (double beyond = 0;;) {
        uint64_t bits = draw_u64(draw), layer = bits & LAYER_MASK, fraction = bits >> FRACTION_SHIFT;
        double x = (double)fraction * EXPONENTIAL_WIDTH[layer];
        if (fraction < EXPONENTIAL_FAST[layer]) return beyond + x;
        if (layer == 0) { /* the tail looks like the whole: start again from its edge */
            beyond += EXPONENTIAL_EDGE;
            continue;
        }
        if (height_in(EXPONENTIAL_HEIGHT, layer, draw) < fmath_exp(-x)) return beyond + x;
    }
}

/* A coin that no branch depends on: half of the guesses would be wrong. */
static double with_sign(double x, uint64_t bits)
{
    return x * (1 - (double)(bits >> SIGN_SHIFT & 1) * 2);
}

/* Marsaglia 1964: beyond the edge. */
static double normal_tail(struct draw *draw)
{
    double x, y;
    do {
        x = sample_exponential(draw) / NORMAL_EDGE;
        y = sample_exponential(draw);
    } while (2 * y < x * x);
    return NORMAL_EDGE + x;
}

double sample_normal(struct draw *draw)
{
    for (;;) {
        uint64_t bits = draw_u64(draw), layer = bits & LAYER_MASK, fraction = bits >> FRACTION_SHIFT;
        double x = (double)fraction * NORMAL_WIDTH[layer];
        if (fraction < NORMAL_FAST[layer]) return with_sign(x, bits);
        if (layer == 0) return with_sign(normal_tail(draw), bits);
        if (height_in(NORMAL_HEIGHT, layer, draw) < fmath_exp(-0.5 * x * x)) return with_sign(x, bits);
    }
}

double sample_lognormal(struct draw *draw, double sigma)
{
    return fmath_exp(sigma * sample_normal(draw));
}

int64_t sample_lognormal_ns(struct draw *draw, int64_t median_ns, double sigma)
{
    return (int64_t)fmin((double)median_ns * sample_lognormal(draw, sigma), (double)NS_PER_DAY);
}

/* Marsaglia and Tsang, shape >= 1. */
static double gamma_from_one(struct draw *draw, double shape)
{
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = sample_normal(draw), root = 1 + c * x;
        if (root <= 0) continue;
        double v = root * root * root, unit = draw_unit(draw), square = x * x;
        if (unit < 1 - 0.0331 * square * square) return d * v;
        if (fmath_log(unit) < 0.5 * square + d * (1 - v + fmath_log(v))) return d * v;
    }
}

double sample_gamma(struct draw *draw, double shape)
{
    ASSERT(shape > 0);
    if (shape >= 1) return gamma_from_one(draw, shape);
    /* Gamma(a) is Gamma(a + 1) times U^(1/a). */
    double larger = gamma_from_one(draw, shape + 1);
    return larger * fmath_exp(-sample_exponential(draw) / shape);
}

double sample_pareto(struct draw *draw, double exponent)
{
    ASSERT(exponent > 0);
    return fmath_exp(sample_exponential(draw) / exponent); /* its log is exponential */
}

/* -log(1 - chance) without losing a small chance in the subtraction (Kahan). */
static double failure_rate(double chance)
{
    double rest = 1 - chance, kept = 1 - rest;
    return kept == 0 ? chance : -fmath_log(rest) * (chance / kept);
}

uint64_t sample_geometric(struct draw *draw, double chance)
{
    ASSERT(chance > 0 && chance <= 1);
    double waited = sample_exponential(draw);
    if (chance == 1) return 0;
    double failures = floor(waited / failure_rate(chance));
    return failures < 0x1p64 ? (uint64_t)failures : UINT64_MAX;
}
