/* tests/unit/test_fmath.c: our exp, log and pow are within an ulp of the truth (long double libm), and keep
 * their bits. */
#include "base/fmath.h"
#include "base/rng.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <float.h>
#include <math.h>
#include <signal.h>
#include <string.h>

enum { SAMPLES = 200000 };

static struct draw draws;

static void set_up(void)
{
    struct rng rng = rng_keyed(1, 0);
    draws = draw_at(&rng, RNG_TEST, 0, 0);
}

TestSuite(fmath, .init = set_up, .timeout = 60);

/* How far `got` is from `truth`, in units of the last place of a double of that size. */
static double error_ulp(double got, long double truth)
{
    double size = fabs((double)truth);
    if (got == (double)truth) return (double)(fabsl(got - truth) / (nextafter(size, INFINITY) - size));
    if (size < DBL_MIN) return (double)(fabsl(got - truth) / DBL_TRUE_MIN);
    return (double)(fabsl(got - truth) / (nextafter(size, INFINITY) - size));
}

static double between(double low, double high)
{
    return low + (high - low) * draw_unit(&draws);
}

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

Test(fmath, exp_is_within_an_ulp)
{
    static const double RANGES[][2] = {{-1, 1}, {-0.01, 0.01}, {-708, 709.7}, {-745, -708}, {-1e-9, 1e-9}};
    double worst = 0;
    for (size_t range = 0; range < sizeof RANGES / sizeof *RANGES; range++)
        for (int i = 0; i < SAMPLES; i++) {
            double x = between(RANGES[range][0], RANGES[range][1]);
            worst = fmax(worst, error_ulp(fmath_exp(x), expl(x)));
        }
    cr_log_info("exp: worst error %.3f ulp", worst);
    cr_assert(le(dbl, worst, 1.0), "%.4f ulp", worst);
}

Test(fmath, log_is_within_an_ulp)
{
    static const double RANGES[][2] = {
        {0.9, 1.1}, {0.999999, 1.000001}, {0.5, 2}, {0, 1e-300}, {1e-310, 1e-308}, {1, 1e18}, {1e300, 1e308}};
    double worst = 0;
    for (size_t range = 0; range < sizeof RANGES / sizeof *RANGES; range++)
        for (int i = 0; i < SAMPLES; i++) {
            double x = between(RANGES[range][0], RANGES[range][1]);
            if (x > 0) worst = fmax(worst, error_ulp(fmath_log(x), logl(x)));
        }
    for (double x = DBL_TRUE_MIN; x < DBL_MAX / 4; x *= 1.9)
        worst = fmax(worst, error_ulp(fmath_log(x), logl(x)));
    cr_log_info("log: worst error %.3f ulp", worst);
    cr_assert(le(dbl, worst, 1.0), "%.4f ulp", worst);
}

Test(fmath, pow_is_within_two_ulp)
{
    double worst = 0;
    for (int i = 0; i < 4 * SAMPLES; i++) {
        double x = fmath_exp(between(-50, 50)), y = between(-14, 14);
        worst = fmax(worst, error_ulp(fmath_pow(x, y), powl(x, y)));
        x = between(0.5, 1.5);
        y = between(-900, 900);
        worst = fmax(worst, error_ulp(fmath_pow(x, y), powl(x, y)));
    }
    cr_log_info("pow: worst error %.3f ulp", worst);
    cr_assert(le(dbl, worst, 2.0), "%.4f ulp", worst);
}

Test(fmath, ends_of_the_range)
{
    cr_expect(eq(dbl, fmath_exp(0), 1));
    cr_expect(eq(dbl, fmath_exp(-0.0), 1));
    cr_expect(eq(dbl, fmath_exp(710), INFINITY));
    cr_expect(eq(dbl, fmath_exp(709.79), INFINITY));
    cr_expect(eq(dbl, fmath_exp(INFINITY), INFINITY));
    cr_expect(eq(dbl, fmath_exp(-746), 0));
    cr_expect(eq(dbl, fmath_exp(-INFINITY), 0));
    cr_expect(eq(dbl, fmath_exp(-745), DBL_TRUE_MIN));
    cr_expect(isnan(fmath_exp(NAN)));
    cr_expect(eq(dbl, fmath_log(1), 0));
    cr_expect(eq(dbl, fmath_log(INFINITY), INFINITY));
    cr_expect(eq(dbl, fmath_pow(1, 1e300), 1));
    cr_expect(eq(dbl, fmath_pow(2, 0.5), sqrt(2)));
    cr_expect(eq(dbl, fmath_pow(10, 3), 1000));
    cr_expect(eq(dbl, fmath_pow(2, 1e300), INFINITY));
    cr_expect(eq(dbl, fmath_pow(2, -1e300), 0));
    cr_expect(eq(dbl, fmath_pow(5e-324, 0), 1));
}

Test(fmath, log_of_zero_is_a_bug, .signal = SIGABRT)
{
    fmath_log(0);
}

Test(fmath, log_of_nan_is_a_bug, .signal = SIGABRT)
{
    fmath_log(NAN);
}

Test(fmath, pow_of_a_negative_is_a_bug, .signal = SIGABRT)
{
    fmath_pow(-1, 2);
}

/* Golden: one digest over many results; any change of any bit anywhere shows. */
Test(fmath, bits_never_change)
{
    uint64_t digest = 0;
    for (int i = 0; i < SAMPLES; i++) {
        double x = between(-700, 700), y = fmath_exp(x);
        digest = (digest ^ bits_of(y)) * UINT64_C(0x100000001b3);
        digest = (digest ^ bits_of(fmath_log(y))) * UINT64_C(0x100000001b3);
        digest = (digest ^ bits_of(fmath_pow(y, 0.37))) * UINT64_C(0x100000001b3);
    }
    cr_assert(eq(u64, digest, UINT64_C(0x54d3859fe29643d2)));
}
