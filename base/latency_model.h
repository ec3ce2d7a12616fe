/* base/latency_model.h: how fast a chain of n equal tasks can be, in closed form (engine.md 8.1).
 *
 *   without speculation  n (e + p + c)
 *   strict bound         p + max(e + n c, n e + c): serial execution, proofs side by side, each
 *                        submission after the parent's confirmation, no overhead
 *   gated bound          p + F + max(n e, e + (n - 1) g): g opens the next submission, F is final
 *   limit for long chains (e + p + c) / max(e, c)
 * e execution, p proof, c confirmation. sim/baseline.h has the bound of realised draws; for a chain of
 * constants it is the strict one. Any unit of time, whole and not negative; what does not fit is INT64_MAX.
 */
#pragma once
#include <stdint.h>

struct chain_costs {
    int64_t execution, proof, confirmation;
};

struct gated_costs {
    int64_t execution, proof, gate, final;
};

int64_t latency_sequential(const struct chain_costs *costs, uint32_t tasks);
int64_t latency_strict(const struct chain_costs *costs, uint32_t tasks);
int64_t latency_gated(const struct gated_costs *costs, uint32_t tasks); /* tasks >= 1 */
double latency_speedup_limit(const struct chain_costs *costs);          /* infinite when e and c are 0 */
