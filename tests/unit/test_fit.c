/* tests/unit/test_fit.c: estimates and likelihoods worked out by hand, and the tests against what they test.
 */
#include "reports/fit.h"
#include "base/sample.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>

TestSuite(fit, .timeout = 60);

enum { EIGHT = 8, MANY = 2000 };

static struct fit fit_of(enum fit_family family, const double *values, uint32_t count)
{
    struct fit fit;
    const struct fit_sample sample = {values, count};
    fit_family(&fit, family, &sample);
    cr_assert(fit.is_possible);
    return fit;
}

static const double ONE_TO_EIGHT[EIGHT] = {1, 2, 3, 4, 5, 6, 7, 8};

/* Mean 36/8 = 4.5; log likelihood -8 (log 4.5 + 1) = -20.03262. */
Test(fit, exponential_by_hand)
{
    struct fit fit = fit_of(FIT_EXPONENTIAL, ONE_TO_EIGHT, EIGHT);
    cr_assert(epsilon_eq(dbl, fit.parameters[0].value, 4.5, 1e-12));
    cr_assert(epsilon_eq(dbl, fit.log_likelihood, -8 * (log(4.5) + 1), 1e-9));
    cr_assert(epsilon_eq(dbl, fit.aic, 2 + 16 * (log(4.5) + 1), 1e-9));
    /* 72 over chi squared of 16 degrees: 28.845 and 6.908 in the tables. */
    cr_assert(epsilon_eq(dbl, fit.parameters[0].interval.low, 72 / 28.845, 1e-3));
    cr_assert(epsilon_eq(dbl, fit.parameters[0].interval.high, 72 / 6.908, 1e-3));
}

/* Squares 42, deviation sqrt(5.25); -4 (log(2 pi 5.25) + 1) = -17.98447. */
Test(fit, normal_by_hand)
{
    struct fit fit = fit_of(FIT_NORMAL, ONE_TO_EIGHT, EIGHT);
    cr_assert(epsilon_eq(dbl, fit.parameters[1].value, sqrt(5.25), 1e-12));
    cr_assert(epsilon_eq(dbl, fit.log_likelihood, -17.98447, 1e-4));
    /* t of 7 degrees is 2.364624: 4.5 -+ 2.364624 sqrt(42 / 7 / 8). */
    cr_assert(epsilon_eq(dbl, fit.parameters[0].interval.low, 4.5 - 2.364624 * sqrt(0.75), 1e-5));
    /* sqrt(42 / 16.0128) and sqrt(42 / 1.68987) */
    cr_assert(epsilon_eq(dbl, fit.parameters[1].interval.low, 1.61953, 1e-4));
    cr_assert(epsilon_eq(dbl, fit.parameters[1].interval.high, 4.98535, 1e-4));
}

/* Logs are 0 log 2 .. 7 log 2: median 2^3.5, sigma log 2 * sqrt(5.25). */
Test(fit, lognormal_by_hand)
{
    static const double POWERS[EIGHT] = {1, 2, 4, 8, 16, 32, 64, 128};
    struct fit fit = fit_of(FIT_LOGNORMAL, POWERS, EIGHT);
    double sigma = log(2) * sqrt(5.25);
    cr_assert(epsilon_eq(dbl, fit.parameters[0].value, exp2(3.5), 1e-9));
    cr_assert(epsilon_eq(dbl, fit.parameters[1].value, sigma, 1e-12));
    cr_assert(epsilon_eq(dbl, fit.log_likelihood,
                         -4 * (log(2 * 3.14159265358979 * sigma * sigma) + 1) - 28 * log(2), 1e-9));
}

/* The same powers: exponent 8 / (28 log 2); 8 log b - (b + 1) 28 log 2, the least being 1. */
Test(fit, pareto_by_hand)
{
    static const double POWERS[EIGHT] = {1, 2, 4, 8, 16, 32, 64, 128};
    struct fit fit = fit_of(FIT_PARETO, POWERS, EIGHT);
    double b = 8 / (28 * log(2));
    cr_assert(epsilon_eq(dbl, fit.parameters[0].value, 1, 0));
    cr_assert(epsilon_eq(dbl, fit.parameters[1].value, b, 1e-12));
    cr_assert(epsilon_eq(dbl, fit.log_likelihood, 8 * log(b) - (b + 1) * 28 * log(2), 1e-9));
    cr_assert(epsilon_eq(dbl, fit_cdf(&fit, 2), 1 - pow(2, -b), 1e-12));
}

/* At its maximum a likelihood falls on either side of each parameter. */
static void is_maximum(enum fit_family family)
{
    struct fit best = fit_of(family, ONE_TO_EIGHT, EIGHT);
    const struct fit_sample sample = {ONE_TO_EIGHT, EIGHT};
    for (uint32_t i = 0; i < best.parameter_count; i++)
        for (int side = -1; side <= 1; side += 2) {
            struct fit beside = best;
            beside.parameters[i].value *= 1 + side * 1e-4;
            cr_assert(lt(dbl, fit_log_likelihood(&beside, &sample), best.log_likelihood), "%s %s",
                      fit_name(family), fit_parameter_name(family, i));
        }
}

Test(fit, gamma_and_weibull_stand_at_the_maximum)
{
    is_maximum(FIT_GAMMA);
    is_maximum(FIT_WEIBULL);
    is_maximum(FIT_LOGNORMAL);
}

/* Shape 1 is the exponential, by either. */
Test(fit, gamma_and_weibull_of_shape_one_are_exponential)
{
    struct fit gamma = {.family = FIT_GAMMA, .parameters = {{.value = 2}, {.value = 1}}};
    struct fit weibull = {.family = FIT_WEIBULL, .parameters = {{.value = 2}, {.value = 1}}};
    struct fit exponential = {.family = FIT_EXPONENTIAL, .parameters = {{.value = 2}}};
    const struct fit_sample sample = {ONE_TO_EIGHT, EIGHT};
    double want = fit_log_likelihood(&exponential, &sample);
    cr_assert(epsilon_eq(dbl, want, -8 * log(2) - 18, 1e-12));
    cr_assert(epsilon_eq(dbl, fit_log_likelihood(&gamma, &sample), want, 1e-9));
    cr_assert(epsilon_eq(dbl, fit_log_likelihood(&weibull, &sample), want, 1e-9));
    cr_assert(epsilon_eq(dbl, fit_quantile(&exponential, 0.5), 2 * log(2), 1e-12));
}

/* Of a uniform on 0 .. 1 as a normal, D at four points is easily looked up; here against the definition. */
Test(fit, distances_follow_their_definitions)
{
    struct fit fit = fit_of(FIT_EXPONENTIAL, ONE_TO_EIGHT, EIGHT);
    double ks = 0, ad = -8;
    for (int i = 0; i < EIGHT; i++) {
        double below = 1 - exp(-ONE_TO_EIGHT[i] / 4.5), last = 1 - exp(-ONE_TO_EIGHT[EIGHT - 1 - i] / 4.5);
        ks = fmax(ks, fmax(fabs(below - i / 8.0), fabs(below - (i + 1) / 8.0)));
        ad -= (2 * i + 1) / 8.0 * (log(below) + log(1 - last));
    }
    cr_assert(epsilon_eq(dbl, fit.ks, ks, 1e-12));
    cr_assert(epsilon_eq(dbl, fit.ad, ad, 1e-9));
}

Test(fit, what_cannot_be_fitted_says_so)
{
    static const double SAME[EIGHT] = {3, 3, 3, 3, 3, 3, 3, 3}, ZERO[EIGHT] = {0, 1, 2, 3, 4, 5, 6, 7};
    struct fit fits[FIT_FAMILIES];
    cr_assert(eq(int, fit_all(fits, 63, &(struct fit_sample){SAME, EIGHT}), FIT_FAMILIES));
    cr_assert(eq(int, fit_all(fits, 63, &(struct fit_sample){ONE_TO_EIGHT, 7}), FIT_FAMILIES));
    cr_assert(lt(int, fit_all(fits, 63, &(struct fit_sample){ZERO, EIGHT}), FIT_LOGNORMAL));
    cr_assert(not(fits[FIT_LOGNORMAL].is_possible));
}

static double *gammas(uint32_t count)
{
    struct rng rng = rng_keyed(7, 0);
    double values[MANY];
    for (uint32_t i = 0; i < count; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, i, 0);
        values[i] = 25 * sample_gamma(&draw, 4);
    }
    return fit_sorted(values, count);
}

Test(fit, the_family_of_the_sample_is_chosen_and_passes_and_another_fails)
{
    struct fit fits[FIT_FAMILIES];
    struct fit_test test;
    double *values = gammas(MANY);
    const struct fit_sample sample = {values, MANY};
    cr_assert(eq(int, fit_all(fits, 63, &sample), FIT_GAMMA));
    struct fit_question question = {&fits[FIT_GAMMA], 99, 1};
    cr_assert(eq(int, fit_goodness(&test, &question, &sample), OK));
    cr_assert(gt(dbl, test.ks_p, 0.05));
    cr_assert(gt(dbl, test.ad_p, 0.05));
    question.fit = &fits[FIT_NORMAL];
    cr_assert(eq(int, fit_goodness(&test, &question, &sample), OK));
    cr_assert(epsilon_eq(dbl, test.ad_p, 0.01, 1e-12));
    cr_assert(eq(int, fit_all(fits, 1 << FIT_EXPONENTIAL, &sample), FIT_EXPONENTIAL));
    free(values);
}

Test(fit, of_a_large_sample_a_part_is_tested_without_flattering_it)
{
    enum { LARGE = 20000 };
    struct rng rng = rng_keyed(3, 0);
    double *values = malloc(LARGE * sizeof *values);
    struct fit_test test;
    for (uint32_t i = 0; i < LARGE; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, i, 0);
        values[i] = sample_exponential(&draw);
    }
    double *sorted = fit_sorted(values, LARGE);
    struct fit fit = fit_of(FIT_EXPONENTIAL, sorted, LARGE);
    const struct fit_question question = {&fit, 99, 5};
    cr_assert(eq(int, fit_goodness(&test, &question, &(struct fit_sample){sorted, LARGE}), OK));
    cr_assert(eq(u32, test.rows, FIT_ROWS_TESTED));
    cr_assert(gt(dbl, test.ks_p, 0.02));
    cr_assert(lt(dbl, test.ks_p, 0.98)); /* evenly spread values would give nearly 1 */
    free(values);
    free(sorted);
}
