/* base/fmath.c: table-driven exp and log; the log carries a second double, so that pow is exact enough.
 *
 * Both reduce their argument to within 1/256 of a table entry (Tang, "Table-
 * driven implementation of the exponential function", 1989, and of the
 * logarithm, 1990) and finish with a short series. */
#include "base/fmath.h"
#include "base/assert.h"
#include "base/fmath_tables.h"
#include <math.h>
#include <string.h>

enum { EXPONENT_BIAS = 1023, EXPONENT_MIN = -1022, FRACTION_BITS = 52, STEPS = 128, LOG_FIRST = 90 };

static const double ROUNDER = 0x1.8p52; /* added and taken away again, it rounds to a whole number */

/* An unevaluated sum; low is below half an ulp of high. */
struct pair {
    double high, low;
};

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static double power_of_two(int exponent) /* EXPONENT_MIN .. EXPONENT_BIAS */
{
    return double_of((uint64_t)(exponent + EXPONENT_BIAS) << FRACTION_BITS);
}

static struct pair sum_exactly(double a, double b) /* Knuth */
{
    double sum = a + b, from_b = sum - a;
    return (struct pair){sum, (a - (sum - from_b)) + (b - from_b)};
}

/* Both halves have at most 26 bits: their products are exact. |x| < 2^996. */
static struct pair halves(double x) /* Veltkamp */
{
    double c = x * 0x1.0000002p27, high = c - (c - x);
    return (struct pair){high, x - high};
}

static struct pair product_exactly(double a, double b) /* Dekker */
{
    struct pair x = halves(a), y = halves(b);
    double product = a * b;
    double low = ((x.high * y.high - product) + x.high * y.low + x.low * y.high) + x.low * y.low;
    return (struct pair){product, low};
}

/* value * 2^exponent with value in [1, 2], through subnormals to zero and up to infinity. */
static double scale(double value, int exponent)
{
    if (exponent > EXPONENT_BIAS) return value * 2 * power_of_two(EXPONENT_BIAS);
    if (exponent >= EXPONENT_MIN) return value * power_of_two(exponent);
    return value * power_of_two(exponent + 64) * 0x1p-64; /* the second product alone rounds */
}

/* exp(high + low), |low| tiny. */
static double exp_of(double high, double low)
{
    if (!(high < 710)) return high + INFINITY; /* NaN stays NaN */
    if (high < -746) return 0;
    double steps = (high * STEPS_IN_ONE + ROUNDER) - ROUNDER; /* of log 2 / 128 each */
    int64_t n = (int64_t)steps, index = n & (STEPS - 1);
    double r = (high - steps * LN2_128_HIGH) - (steps * LN2_128_LOW - low);
    double square = r * r; /* |r| <= ln 2 / 256: the sixth power no longer counts */
    double series = r + square * (0.5 + r * (1.0 / 6) + square * (1.0 / 24 + r * (1.0 / 120)));
    double fraction = EXP_HIGH[index] + (EXP_LOW[index] + EXP_HIGH[index] * series);
    return scale(fraction, (int)((n - index) / STEPS));
}

/* log(x) to about 68 bits, x positive and finite. */
static struct pair log_of(double x)
{
    int exponent = 0;
    if (x < power_of_two(EXPONENT_MIN)) {
        x *= 0x1p54;
        exponent = -54;
    }
    /* x = m * 2^exponent with m in [0.703, 1.406): no cancellation around 1 */
    uint64_t bits = bits_of(x), offset = bits - bits_of(0x1.68p-1);
    int shift = (int)((int64_t)offset >> FRACTION_BITS);
    exponent += shift;
    double m = double_of(bits - ((uint64_t)(int64_t)shift << FRACTION_BITS));
    int nearest = (int)(m * STEPS + 0.5);
    double centre = nearest / (double)STEPS, f = m - centre; /* both exact */

    /* log(m / centre) = 2 atanh(f / (m + centre)) = u + u^3/12 + u^5/80 + ... with u twice that quotient */
    struct pair divisor = sum_exactly(m, centre);
    double u = 2 * f / divisor.high;
    struct pair product = product_exactly(u, divisor.high);
    double u_low = ((2 * f - product.high) - product.low - u * divisor.low) / divisor.high;
    double square = u * u, series = u * square * (1.0 / 12 + square * (1.0 / 80 + square * (1.0 / 448)));

    int index = nearest - LOG_FIRST;
    struct pair sum = sum_exactly(exponent * LN2_HIGH + LOG_HIGH[index], u);
    double low = sum.low + (u_low + series + (exponent * LN2_LOW + LOG_LOW[index]));
    double high = sum.high + low;
    return (struct pair){high, (sum.high - high) + low};
}

double fmath_exp(double x)
{
    return exp_of(x, 0);
}

double fmath_log(double x)
{
    ASSERT(x > 0);
    return x > 0x1.fffffffffffffp1023 ? x : log_of(x).high;
}

double fmath_pow(double x, double y)
{
    ASSERT(x > 0 && isfinite(x) && isfinite(y));
    struct pair log = log_of(x);
    double exponent = y * log.high;
    /* Beyond the range of exp, and of exact products, the rest cannot matter. */
    if (log.high == 0 || fabs(exponent) > 800) return exp_of(exponent, 0);
    struct pair product = product_exactly(y, log.high);
    return exp_of(product.high, product.low + y * log.low);
}
