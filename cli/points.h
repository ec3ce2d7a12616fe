/* cli/points.h: one benchmark at many points of a design.
 *
 * A factor's key is an option of `benchmark speculation` (rate, chain) or a key
 * of the configuration (speculation.max_depth). Points run a chunk at a time, so
 * that however many there are, few results are in memory at once. */
#pragma once
#include "cli/bench_jobs.h"
#include "reports/design.h"

struct points {
    const struct args *args;     /* whose given options every point has */
    const char *const *left_out; /* options that are not handed on; ends with NULL */
    const char *const *own;      /* words for every point, last; ends with NULL */
    const struct design *design;
    const char *label;     /* of the progress line */
    const char *option;    /* that made the design, for errors: "--sweep" */
    const bool *is_wanted; /* by point; NULL: all */
};

/* The configuration of what every point has in common; `out` NULL: only whether it is right. */
MUST_USE err points_config(const struct points *points, struct config *out, struct diag *diag);

/* What is wrong with any point, before the first one runs. */
MUST_USE err points_check(const struct points *points, struct diag *diag);

/* Each result in the order of points; it is the callee's on OK and on failure. */
typedef err points_take(void *context, uint32_t point, struct bench_result *result, struct diag *diag);
/* ERR_INTERRUPTED: some were taken. */
MUST_USE err points_run(const struct points *points, points_take *take, void *context, struct diag *diag);
