/* tests/unit/test_likelihood.c: a likelihood whose maximum and errors are known by hand. */
#include "reports/likelihood.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

TestSuite(likelihood, .timeout = 30);

/* -(x - 3)^2 / (2 * 0.25) - (y + 1)^2 / (2 * 4): errors 0.5 and 2. */
static double hill(const double *at, const void *context)
{
    (void)context;
    return -(at[0] - 3) * (at[0] - 3) / 0.5 - (at[1] + 1) * (at[1] + 1) / 8;
}

/* Correlated by 0.6 with unit errors: the information is [1, -.6; -.6, 1] / 0.64. */
static double ridge(const double *at, const void *context)
{
    (void)context;
    return -(at[0] * at[0] - 1.2 * at[0] * at[1] + at[1] * at[1]) / 1.28;
}

static double flat(const double *at, const void *context)
{
    (void)context;
    return -at[0] * at[0];
}

/* n log(rate) - rate * sum, of 100 values with sum 50: rate 2, error 2 / sqrt(100). */
static double poisson(const double *at, const void *context)
{
    (void)context;
    return at[0] > 0 ? 100 * log(at[0]) - 50 * at[0] : -INFINITY;
}

static struct likelihood_maximum maximum_of(log_likelihood *of, uint32_t count)
{
    struct likelihood_maximum maximum;
    const struct likelihood likelihood = {.of = of, .count = count, .start = {1, 1}, .step = {0.3, 0.3}};
    cr_assert(eq(int, likelihood_maximise(&likelihood, &maximum), OK));
    return maximum;
}

Test(likelihood, maximum_and_errors_of_a_hill)
{
    struct likelihood_maximum maximum = maximum_of(hill, 2);
    cr_assert(maximum.has_errors);
    cr_assert(epsilon_eq(dbl, maximum.at[0], 3, 1e-3));
    cr_assert(epsilon_eq(dbl, maximum.at[1], -1, 1e-2));
    cr_assert(epsilon_eq(dbl, maximum.error[0], 0.5, 1e-3));
    cr_assert(epsilon_eq(dbl, maximum.error[1], 2, 1e-2));
}

Test(likelihood, errors_of_correlated_parameters_are_those_of_each_alone)
{
    struct likelihood_maximum maximum = maximum_of(ridge, 2);
    cr_assert(epsilon_eq(dbl, maximum.error[0], 1, 1e-2)); /* not 0.8, that with the other one fixed */
    cr_assert(epsilon_eq(dbl, maximum.error[1], 1, 1e-2));
}

Test(likelihood, of_a_rate)
{
    struct likelihood_maximum maximum = maximum_of(poisson, 1);
    cr_assert(epsilon_eq(dbl, maximum.at[0], 2, 1e-3));
    cr_assert(epsilon_eq(dbl, maximum.error[0], 0.2, 5e-3));
    cr_assert(epsilon_eq(dbl, maximum.log_likelihood, 100 * log(2) - 100, 1e-4));
}

Test(likelihood, a_parameter_that_nothing_depends_on_has_no_error)
{
    cr_assert(not(maximum_of(flat, 2).has_errors));
}
