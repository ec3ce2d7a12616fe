/* base/dist.h: distributions, bit-identical on every machine.
 *
 * Samplers use only + - * / sqrt and our own exp and log (base/fmath.h), with
 * contraction off, so that a sample has the same bits on any compiler, CPU and
 * libm. GSL is the oracle in tests, never the sampler.
 *
 * Grammar (dist_parse): durations carry a unit, 500us 200ms 2s 5m.
 *   fixed:2s            uniform:100ms-300ms      exponential:100ms (the mean)
 *   normal:1s:100ms     lognormal:200ms:0.5 (median, sigma of the log)
 *   gamma:1s:0.5 (mean, coefficient of variation)
 *   pareto:450ms:1.4 (least value, exponent)
 *   empirical:FILE      one duration a line, drawn uniformly
 * Errors: ERR_SYNTAX and ERR_RANGE with a line that says what would be right. */
#pragma once
#include "base/err.h"
#include "base/rng.h"
#include <stdint.h>

enum dist_kind {
    DIST_FIXED,
    DIST_UNIFORM,
    DIST_EXPONENTIAL,
    DIST_NORMAL,
    DIST_LOGNORMAL,
    DIST_GAMMA,
    DIST_PARETO,
    DIST_EMPIRICAL,
};

struct dist {
    enum dist_kind kind;
    double a, b;             /* as the grammar's first and second parameter; durations in ns */
    int64_t *values;         /* DIST_EMPIRICAL: ours, sorted */
    uint32_t value_count;
};

MUST_USE err dist_parse(struct dist *out, const char *text, struct diag *diag);
void dist_close(struct dist *dist); /* frees an empirical table; fine on any parsed or zeroed dist */

/* Nanoseconds, never negative; values beyond a day are cut to a day. */
int64_t dist_sample_ns(const struct dist *dist, struct draw *draw);
double dist_mean_ns(const struct dist *dist);

/* The bare samplers. */
double sample_exponential(struct draw *draw);                 /* mean 1 */
double sample_normal(struct draw *draw);                      /* mean 0, sd 1 */
double sample_lognormal(struct draw *draw, double sigma);     /* median 1 */
double sample_gamma(struct draw *draw, double shape);         /* scale 1, any shape > 0 */
double sample_pareto(struct draw *draw, double exponent);     /* least value 1 */
uint64_t sample_geometric(struct draw *draw, double chance);  /* failures before the first success */

/* Stake-weighted choice: a table made once (Walker's alias method), then O(1) a draw. */
struct weighted {
    uint32_t count;
    uint32_t *alias;
    uint64_t *keep; /* threshold out of 2^64 */
};
MUST_USE err weighted_open(struct weighted *out, const uint64_t *weights, uint32_t count);
void weighted_close(struct weighted *weighted);
uint32_t weighted_draw(const struct weighted *weighted, struct draw *draw);
