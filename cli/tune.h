/* cli/tune.h: a search for a better configuration, from inside.
 *
 * What the race finds on its seeds is a candidate; constraints and objective on the proof's fresh seeds
 * decide the words and the exit status.
 * Memory: `struct tune` is cmd_tune.c's, with all that its fields point to but args.
 * Errors: those of points_run, files, documents and comparison_make; ERR_INTERRUPTED. */
#pragma once
#include "cli/points.h"
#include "reports/comparison.h"
#include "reports/tune_page.h"

enum { TUNE_VERDICT_BYTES = 2048 }; /* a search may have a dozen constraints */

struct tune {
    struct args *args;
    const char *folder;
    const struct comparison_metric *objective;
    struct design design;
    struct bench_result *slos; /* holds their targets, nothing else */
    struct tune_point first[DESIGN_POINTS_MOST],
        last[DESIGN_POINTS_MOST];                            /* of the first rung, of its last */
    double criteria[DESIGN_POINTS_MOST][RACE_CRITERIA_MOST]; /* of the first rung */
    const char *names[RACE_CRITERIA_MOST];
    bool is_higher_better[RACE_CRITERIA_MOST];
    uint32_t criteria_count;
    bool is_in[DESIGN_POINTS_MOST], is_front[DESIGN_POINTS_MOST];
    uint32_t rung, runs, spent, winner;
    struct bench_result *finals[2]; /* start and winner, of the proof */
    bool is_proven;                 /* there: holds the constraints, and is worth it */
    char verdict[TUNE_VERDICT_BYTES], constraints[TUNE_VERDICT_BYTES]; /* the latter is part of the former */
};

/* `own`: words for every point, last; ends with NULL, outlives the answer. */
struct points tune_points(const struct tune *tune, const char *const *own, const char *label);

/* How far a result is from holding the constraints: sum of relative excesses; INFINITY: cannot be told. */
double tune_violation(const struct bench_result *slos, const struct bench_result *result);

/* cli/tune_proof.c: runs start and winner on the next seed, writes results, winner.toml and the tuning
 * report, and fills the verdict. */
MUST_USE err tune_prove(struct tune *tune, struct diag *diag);
/* The pages of the search, and its front on the terminal. */
MUST_USE err tune_tell(const struct tune *tune, struct diag *diag);
