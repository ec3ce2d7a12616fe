/* reports/gate_judge.h: may this change pass?
 *
 * Each metric of the policy is judged by the interval of its mean effect, the
 * sign turned so that above 0 is worse; alpha / 2 on each side. In this order:
 *   void          nothing can be said: no values, or nothing was measured
 *   pass          the upper end lies below the tolerance: not worse by more than is allowed
 *   regressed     the effect exceeds the tolerance, and the chance that a true change of `least` or less
 *                 shows as much, adjusted by Holm for the metrics judged, is below alpha / 2
 *   inconclusive  neither; more pairs of runs decide
 * Arms that agree in every run pass. The gate's word is the worst of its findings:
 * regressed before void before inconclusive. Unpaired arms from different machines
 * can pass, but never block. Why not statistics.md's own rule: docs/decisions/015-gate.md.
 * Errors: ERR_NOMEM. */
#pragma once
#include "reports/gate_policy.h"

enum gate_outcome { GATE_PASS, GATE_INCONCLUSIVE, GATE_VOID, GATE_REGRESSED };
const char *gate_outcome_name(enum gate_outcome outcome); /* "regressed" */

enum { GATE_WHY_BYTES = 160 };

struct gate_finding {
    const struct comparison_test *test;
    const struct comparison_row *row;
    const struct gate_rule *rule;
    double effect, low, high; /* as read by people: relative, or in the unit; low and high at 1 - alpha */
    double p;                 /* of a regression, adjusted; NAN: not tested */
    enum gate_outcome outcome;
    char why[GATE_WHY_BYTES];
};

struct gate_verdict {
    struct gate_finding *findings; /* ours */
    uint32_t count;
    enum gate_outcome outcome;
    double alpha;
    uint32_t fewest_pairs; /* of any test; UINT32_MAX: all unpaired */
    char void_why[256];    /* of the whole; "": each finding speaks for itself */
};

struct gate_question {
    const struct comparison *comparison; /* outlives the verdict */
    const struct gate_policy *policy;
    double alpha; /* of this look, both sides */
};
MUST_USE err gate_judge(struct gate_verdict *out, const struct gate_question *question);
void gate_verdict_free(struct gate_verdict *verdict); /* fine on a zeroed one */
