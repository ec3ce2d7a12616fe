/* base/sample.h: the bare samplers, bit-identical on every machine.
 *
 * They use only + - * / sqrt, checked-in tables and our own exp and log
 * (base/fmath.h), compiled with contraction off. Each reads as many draws as
 * it needs from its cursor: start a new cursor for each sampled quantity, or
 * later quantities depend on how many draws earlier ones took.
 * Source: Marsaglia, Tsang, "The ziggurat method for generating random
 * variables", 2000, and "A simple method for generating gamma variables", 2000. */
#pragma once
#include "base/rng.h"
#include <stdint.h>

double sample_exponential(struct draw *draw);             /* mean 1; >= 0 */
double sample_normal(struct draw *draw);                  /* mean 0, sd 1 */
double sample_lognormal(struct draw *draw, double sigma); /* median 1, sd of the log sigma */
int64_t sample_lognormal_ns(struct draw *draw, int64_t median_ns, double sigma); /* at most a day */
double sample_gamma(struct draw *draw, double shape);                            /* scale 1, any shape > 0 */
double sample_pareto(struct draw *draw, double exponent); /* least value 1, any exponent > 0 */
uint64_t sample_geometric(struct draw *draw,
                          double chance); /* failures before the first success; 0 < chance <= 1 */
