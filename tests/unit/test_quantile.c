/* tests/unit/test_quantile.c: smooth quantiles against R's pbeta. */
#include "reports/quantile.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

TestSuite(quantile, .timeout = 30);

static void fill(struct histogram *out, const int64_t *values, uint32_t count)
{
    cr_assert(histogram_open(out, NS_PER_H) == OK);
    for (uint32_t i = 0; i < count; i++) histogram_record(out, values[i]);
}

Test(quantile, harrell_davis_weighs_all_values_as_r_does)
{
    static const int64_t VALUES[] = {120, 135, 150, 151, 160, 171, 188, 190, 240, 300, 410, 1200};
    struct histogram histogram;
    fill(&histogram, VALUES, 12); /* below 2,048 ns a slot is one value */
    cr_assert(epsilon_eq(dbl, quantile_of(&histogram, 0.5), 183.681022083263, 1e-9));
    cr_assert(epsilon_eq(dbl, quantile_of(&histogram, 0.9), 795.387802189767, 1e-9));
    cr_assert(epsilon_eq(dbl, quantile_of(&histogram, 0.99), 1176.9815739765, 1e-9));
    histogram_close(&histogram);
}

Test(quantile, far_tails_are_plain_order_statistics)
{
    struct histogram histogram;
    cr_assert(histogram_open(&histogram, NS_PER_H) == OK);
    for (int64_t i = 1; i <= 2000; i++) histogram_record(&histogram, i);
    cr_assert(epsilon_eq(dbl, quantile_of(&histogram, 0.999), 1998, 0));
    cr_assert(epsilon_eq(dbl, quantile_of(&histogram, 0.5), 1000.5, 1e-6));
    histogram_close(&histogram);
}

Test(quantile, nothing_has_no_quantile)
{
    struct histogram histogram;
    cr_assert(histogram_open(&histogram, NS_PER_H) == OK);
    cr_assert(isnan(quantile_of(&histogram, 0.5)));
    histogram_close(&histogram);
}
