/* reports/sequential.h: looking several times at growing data without being fooled more often.
 *
 * O'Brien and Fleming's plan: the sum of all differences may wander as far from
 * 0 at the first look as at the last, so that early looks stop only at what is
 * overwhelming and the last one gives almost nothing away. The k-th of K looks,
 * at n_k of n_K pairs, stops where |z| >= c sqrt(n_K / n_k); c is what makes all
 * looks together stop with the chance alpha when there is no difference, found
 * by carrying the density of the sum from look to look (Armitage, McPherson and
 * Rowe, 1969). Source: statistics.md 2.5, 4.9; O'Brien and Fleming 1979. */
#pragma once
#include <stdint.h>

enum { SEQUENTIAL_LOOKS_MOST = 8 };

/* alphas[k]: what look k spends, both sides. pairs: ascending, above 0. 0 < alpha < 1; 1 <= count <=
 * SEQUENTIAL_LOOKS_MOST. */
void sequential_plan(const uint32_t *pairs, uint32_t count, double alpha, double *alphas);
