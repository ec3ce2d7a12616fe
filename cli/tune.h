/* cli/tune.h: a search for a better configuration, from inside. */
#pragma once
#include "cli/points.h"
#include "reports/comparison.h"
#include "reports/tune_page.h"

extern const char *const TUNE_LEFT_OUT[]; /* options that no benchmark knows; ends with NULL */

struct tune {
    struct args *args;
    const char *folder;
    const struct comparison_metric *objective;
    struct design design;
    struct bench_result *slos; /* holds their targets, nothing else */
    struct race_entry entries[DESIGN_POINTS_MOST];
    double criteria[DESIGN_POINTS_MOST][RACE_CRITERIA_MOST];
    struct run_metric shown[DESIGN_POINTS_MOST][RACE_CRITERIA_MOST];
    const char *names[RACE_CRITERIA_MOST];
    bool is_higher_better[RACE_CRITERIA_MOST];
    uint32_t criteria_count;
    bool is_in[DESIGN_POINTS_MOST], is_front[DESIGN_POINTS_MOST];
    uint32_t rung, runs, spent, winner;
    struct bench_result *finals[2]; /* start and winner */
    char verdict[512];
};

/* cli/tune_proof.c: runs start and winner on the next seed, writes results, winner.toml and the tuning
 * report, and fills the verdict. */
MUST_USE err tune_prove(struct tune *tune, struct diag *diag);
/* The pages of the search, and its front on the terminal. */
MUST_USE err tune_tell(const struct tune *tune, struct diag *diag);
