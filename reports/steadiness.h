/* reports/steadiness.h: was a result measured in steady state, and how much do its seconds tell?
 *
 * Both from the number of tasks in the system (active and in the backlog), a
 * value a second, mean over runs: it settles last. Only of constant load; a
 * burst is no warm-up. Source: statistics.md 4.4; steady.h. */
#pragma once
#include "reports/bench.h"

struct steadiness {
    bool is_steady;  /* false: still changing in the second half */
    uint32_t from_s; /* where it begins to be, whole seconds; by MSER-5 */
    double
        share; /* of the measured seconds: how many independent ones carry as much, by batch means of ten */
};

/* is_known false: too short, or the load is not constant. ERR_NOMEM. */
MUST_USE err steadiness_of(struct steadiness *out, const struct bench_result *result, bool *is_known);
