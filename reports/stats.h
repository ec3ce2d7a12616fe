/* reports/stats.h: the statistics of a handful of runs, and of a sample too large to keep.
 *
 * The one place with special functions (GSL). Shares are of one, not percent.
 * What a sample cannot tell is NAN. Sources: statistics.md 4; Wilson 1927 for
 * the interval of a share; order statistics for that of a quantile: the l-th and
 * u-th smallest of n hold the q-quantile between them with the chance
 * P(l <= Binomial(n, q) < u), whatever the distribution. Values are taken as
 * independent; where they are not, the intervals are too narrow. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct interval {
    double low, high;
};

/* Of the middle two for an even count. NAN when there are none or one of them is NAN: a figure that
 * one run could not support is not made up from the others. */
double stats_median(const double *values, uint32_t count);
double stats_mean(const double *values, uint32_t count);
/* Of the sample, divisor count - 1; NAN below two values. */
double stats_deviation(const double *values, uint32_t count);
/* deviation / |mean|; NAN below two values or with a mean of 0. */
double stats_cv(const double *values, uint32_t count);

double stats_normal_quantile(double share); /* 0 < share < 1 */
/* What is exceeded with the chance `tail`, however small that is: 0 < tail < 1. */
double stats_t_beyond(double tail, double freedom_degrees);
double stats_t_quantile(double share, double freedom_degrees); /* 0 < share < 1, degrees > 0 */
/* Of chi squared; beyond 1000 degrees by Wilson and Hilferty (1931), to better than 1e-6 of it. */
double stats_chi_quantile(double share, double freedom_degrees);
/* The chance of more than `value`. */
double stats_normal_above(double value);
double stats_t_above(double value, double freedom_degrees); /* degrees > 0 */

/* The share of hits of all, hits <= all; NAN, NAN when all is 0. */
struct interval stats_wilson(uint64_t hits, uint64_t all, double confidence);

struct rank_interval {
    uint64_t low, high; /* 1 .. count */
};
/* False when the sample is too small for limits on both sides. 0 < quantile < 1. */
bool stats_quantile_ranks(uint64_t count, double quantile, double confidence, struct rank_interval *out);
