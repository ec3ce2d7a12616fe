/* tests/unit/test_stats.c: medians, spreads and intervals against tables, vectors and brute force. */
#include "reports/stats.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <signal.h>

TestSuite(stats, .timeout = 30);

/* The vectors' benchmark statistics: median, CV in percent, and whether 10 % is kept. */
Test(stats, three_runs_give_the_median_and_cv_of_the_vectors)
{
    static const struct {
        double runs[3], median, cv_percent;
    } CASES[] = {{{100, 102, 98}, 100, 2}, {{100, 130, 70}, 100, 30}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        cr_assert(epsilon_eq(dbl, stats_median(CASES[i].runs, 3), CASES[i].median, 1e-12));
        cr_assert(epsilon_eq(dbl, 100 * stats_cv(CASES[i].runs, 3), CASES[i].cv_percent, 1e-9));
    }
}

Test(stats, median_of_an_even_count_lies_between_the_middle_two)
{
    const double values[] = {9, 1, 4, 2};
    cr_assert(epsilon_eq(dbl, stats_median(values, 4), 3, 0));
    cr_assert(epsilon_eq(dbl, stats_median(values, 1), 9, 0));
}

Test(stats, what_a_sample_cannot_tell_is_nan)
{
    const double one[] = {5}, holed[] = {1, NAN, 3}, zero[] = {-1, 1};
    cr_assert(isnan(stats_median(one, 0)));
    cr_assert(isnan(stats_median(holed, 3)));
    cr_assert(isnan(stats_mean(one, 0)));
    cr_assert(isnan(stats_deviation(one, 1)));
    cr_assert(isnan(stats_cv(one, 1)));
    cr_assert(isnan(stats_cv(holed, 3)));
    cr_assert(isnan(stats_cv(zero, 2)));
    cr_assert(isnan(stats_wilson(0, 0, 0.95).low));
}

Test(stats, quantiles_are_those_of_printed_tables)
{
    cr_assert(epsilon_eq(dbl, stats_normal_quantile(0.975), 1.959963984540054, 1e-12));
    cr_assert(epsilon_eq(dbl, stats_t_quantile(0.975, 9), 2.262157, 1e-6));
    cr_assert(epsilon_eq(dbl, stats_t_quantile(0.95, 2), 2.919986, 1e-6));
}

/* Both limits solve |share - p| = z sqrt(p (1 - p) / n): that is how the interval is defined. */
Test(stats, wilson_limits_solve_their_equation)
{
    static const uint64_t CASES[][2] = {{10, 100}, {1, 12}, {11, 12}, {80, 9989}, {500, 1000}};
    const double z = stats_normal_quantile(0.975);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const double n = (double)CASES[i][1], share = (double)CASES[i][0] / n;
        struct interval limits = stats_wilson(CASES[i][0], CASES[i][1], 0.95);
        cr_assert(limits.low < share && share < limits.high);
        cr_assert(epsilon_eq(dbl, share - limits.low, z * sqrt(limits.low * (1 - limits.low) / n), 1e-12));
        cr_assert(epsilon_eq(dbl, limits.high - share, z * sqrt(limits.high * (1 - limits.high) / n), 1e-12));
    }
}

Test(stats, wilson_stays_within_zero_and_one)
{
    struct interval none = stats_wilson(0, 50, 0.95), all = stats_wilson(50, 50, 0.95);
    cr_assert(epsilon_eq(dbl, none.low, 0, 0));
    cr_assert(none.high > 0 && none.high < 0.1);
    cr_assert(epsilon_eq(dbl, all.high, 1, 0));
    cr_assert(all.low < 1 && all.low > 0.9);
}

Test(stats, ranks_of_the_median_are_those_of_the_sign_test)
{
    struct rank_interval ranks;
    cr_assert(not(stats_quantile_ranks(5, 0.5, 0.95, &ranks)));
    cr_assert(stats_quantile_ranks(6, 0.5, 0.95, &ranks));
    cr_assert(ranks.low == 1 && ranks.high == 6);
    cr_assert(stats_quantile_ranks(10, 0.5, 0.95, &ranks));
    cr_assert(ranks.low == 2 && ranks.high == 9);
    cr_assert(stats_quantile_ranks(100, 0.5, 0.95, &ranks));
    cr_assert(ranks.low == 40 && ranks.high == 61);
}

Test(stats, a_tail_needs_its_least_sample)
{
    struct rank_interval ranks;
    cr_assert(not(stats_quantile_ranks(0, 0.5, 0.95, &ranks)));
    cr_assert(not(stats_quantile_ranks(367, 0.99, 0.95, &ranks)));
    cr_assert(stats_quantile_ranks(368, 0.99, 0.95, &ranks));
    cr_assert(ranks.high == 368);
    cr_assert(not(stats_quantile_ranks(3687, 0.999, 0.95, &ranks)));
    cr_assert(stats_quantile_ranks(3688, 0.999, 0.95, &ranks));
}

static double chance_below(uint64_t rank, double quantile, uint64_t count)
{
    return gsl_cdf_binomial_P((unsigned)(rank - 1), quantile, (unsigned)count);
}

/* Each side leaves out at most 2.5 %, and would leave out more one rank further in. */
Test(stats, ranks_are_the_narrowest_that_cover)
{
    static const double QUANTILES[] = {0.1, 0.5, 0.75, 0.9, 0.99};
    uint64_t found = 0;
    for (size_t q = 0; q < sizeof QUANTILES / sizeof *QUANTILES; q++)
        for (uint64_t count = 1; count < 600; count++) {
            struct rank_interval ranks;
            if (!stats_quantile_ranks(count, QUANTILES[q], 0.95, &ranks)) continue;
            found++;
            cr_assert(chance_below(ranks.low, QUANTILES[q], count) <= 0.025);
            cr_assert(chance_below(ranks.low + 1, QUANTILES[q], count) > 0.025);
            cr_assert(chance_below(ranks.high, QUANTILES[q], count) >= 0.975);
            cr_assert(ranks.high == 1 || chance_below(ranks.high - 1, QUANTILES[q], count) < 0.975);
        }
    cr_assert(found > 2000);
}

Test(stats, impossible_shares_are_bugs, .signal = SIGABRT)
{
    stats_wilson(3, 2, 0.95);
}

/* Tables: 0.95 of 10 degrees is 18.307, 0.05 of 1000 is 927.594; across the change of method it goes on
 * evenly. */
Test(stats, quantiles_of_chi_squared_are_those_of_the_tables)
{
    cr_assert(epsilon_eq(dbl, stats_chi_quantile(0.95, 10), 18.307, 1e-3));
    cr_assert(epsilon_eq(dbl, stats_chi_quantile(0.05, 1000), 927.594, 1e-3));
    cr_assert(epsilon_eq(dbl, stats_chi_quantile(0.05, 1000.001), 927.595, 3e-3));
    cr_assert(epsilon_eq(dbl, stats_chi_quantile(0.975, 1e6), 1002773.7, 1));
}
