/* reports/quantile.h: quantiles of a histogram that do not jump from slot to slot.
 *
 * Harrell and Davis: a mean of all order statistics, weighted by how likely each
 * is to be the quantile: sum over slots of value x [I(F_k; a, b) - I(F_(k-1); a, b)], a = q (n + 1),
 * b = (1 - q)(n + 1), F_k the share up to slot k, I the regularised incomplete
 * beta function; a slot counts with its middle. Beyond QUANTILE_SMOOTH_MOST
 * values, or above the 99th percentile, it says what the plain order statistic
 * says, and that is what is returned.
 * Source: statistics.md 4.5; Harrell and Davis, Biometrika 1982. */
#pragma once
#include "base/histogram.h"

enum { QUANTILE_SMOOTH_MOST = 100000 };

/* ns; NAN of an empty histogram. 0 < share < 1. */
double quantile_of(const struct histogram *histogram, double share);
