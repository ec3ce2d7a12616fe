/* sim/baseline.h: what speculation gained: the same jobs, with and without it.
 *
 * Both arms share workload, chain and draws; the baseline waits for every
 * parent to be confirmed. Figures are geometric means over the jobs of the
 * cohort that were confirmed in both arms (semantics.md 34).
 *
 * The bound is the least makespan that submission after the parents'
 * confirmation allows, from the draws that the speculative arm met:
 *   E(v) = max over parents E + e(v)
 *   K(v) = max(E(v) + p(v), max over parents K) + c(v);  makespan = max K
 * with e execution, p proof generation, c hand-over to confirmation. Where the
 * settings let a task start before its parents have results, E(v) = e(v). */
#pragma once
#include "base/settings.h"
#include "loadgen/recorder.h"

struct settings baseline_settings(const struct settings *settings);

struct speedup {
    uint64_t jobs;            /* confirmed in both arms */
    double vs_no_speculation; /* makespan without / with; NAN when there are no such jobs */
    double bound;             /* makespan without / bound */
    double fraction_of_bound; /* bound / makespan with: at most 1 */
};

struct arms {
    const struct workload *workload;
    const struct task_moments *with, *without; /* by task id */
    int64_t warmup_ns, duration_ns;
    bool starts_early; /* tasks of the speculative arm need not wait for their parents' results */
};
struct speedup speedup_of(const struct arms *arms);

/* The bound on one job's makespan, ns; every task of it must have been confirmed with speculation. */
int64_t speedup_bound_ns(const struct arms *arms, const struct workload_job *job);
