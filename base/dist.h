/* base/dist.h: distributions of durations, as people write them.
 *
 * Grammar (dist_parse): durations carry a unit, 500us 200ms 2s 5m, and are at most a day.
 *   fixed:2s            uniform:100ms-300ms (both ends included)
 *   exponential:100ms (the mean)                normal:1s:100ms (mean, sd)
 *   lognormal:200ms:0.5 (median, sigma of the log)
 *   gamma:1s:0.5 (mean, coefficient of variation)
 *   pareto:450ms:1.4 (least value, exponent)
 *   empirical:FILE      one duration a line, drawn uniformly; # begins a comment
 * Samples are bit-identical on every machine (base/sample.h); GSL is the
 * oracle in tests, never the sampler.
 * Errors: ERR_SYNTAX and ERR_RANGE with a line that says what would be right;
 * for empirical also ERR_IO, ERR_LIMIT (more than a million lines), ERR_NOMEM.
 * Threads: read-only once parsed. */
#pragma once
#include "base/err.h"
#include "base/rng.h"
#include "base/sample.h"
#include "base/weighted.h"
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
    double a, b;     /* as the grammar's first and second parameter; durations in ns */
    int64_t *values; /* DIST_EMPIRICAL: ours, sorted */
    uint32_t value_count;
};

MUST_USE err dist_parse(struct dist *out, const char *text, struct diag *diag);
void dist_close(struct dist *dist); /* frees an empirical table; fine on any parsed or zeroed dist */

/* Whole nanoseconds, never negative; values beyond a day are cut to a day. */
int64_t dist_sample_ns(const struct dist *dist, struct draw *draw);

/* The mean of the uncut distribution, at most a day; of a Pareto the mean with
 * the cut, since without it there may be none. Of a normal, whose negative
 * values become 0, it is a little low when sd is near the mean. */
double dist_mean_ns(const struct dist *dist);
