/* reports/gate_policy.h: what a gate judges, how much worse is still allowed, and how often it may look.
 *
 * A policy file is TOML:
 *     [gate]
 *     alpha = 0.05               # chance of a wrong word, both sides together
 *     least = 0.02               # a regression must be larger than this, whatever its tolerance
 *     looks = [10, 20, 30]       # pairs of runs after which scenarios are judged
 *     family = "holm"            # p adjusted for all metrics judged; "each": for none
 *     [tolerance]
 *     result.p99 = "10%"         # a metric of comparison_metric.c, and how much worse it may become
 *     [direction]
 *     depth_mean = "higher"      # which side is better, where the metric has none or the policy sees it
 * otherwise What it leaves out has the defaults: latency 10 %, throughput 5 %, memory 20 % (reports/gate.h),
 * looks at 10, 20 and 30 pairs. A [tolerance] replaces all. Looks share alpha by sequential.h. Errors:
 * ERR_IO; ERR_SYNTAX, ERR_RANGE with file:line:column; ERR_LIMIT. */
#pragma once
#include "reports/comparison.h"

enum { GATE_RULES_MOST = COMPARISON_METRICS_MOST, GATE_LOOKS_MOST = 5, GATE_PAIRS_MOST = 1000 };

enum gate_family { GATE_HOLM, GATE_EACH };

struct gate_rule {
    const struct comparison_metric *metric;
    enum comparison_sense sense; /* never NEITHER_IS_BETTER */
    double tolerance;            /* share of the value before */
};

struct gate_policy {
    struct gate_rule rules[GATE_RULES_MOST];
    uint32_t rule_count;
    double alpha, least;
    enum gate_family family;
    uint32_t looks[GATE_LOOKS_MOST]; /* ascending */
    uint32_t look_count;
};

void gate_policy_default(struct gate_policy *out);
MUST_USE err gate_policy_read(struct gate_policy *out, const char *path, struct diag *diag);

/* What look `look` (from 0) spends, both sides: sequential.h. */
double gate_policy_alpha(const struct gate_policy *policy, uint32_t look);
