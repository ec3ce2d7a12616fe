/* reports/comparison_metric.c: which figures are compared, which side is better, and which ones decide. */
#include "base/assert.h"
#include "reports/comparison.h"
#include <string.h>

static const struct comparison_metric METRICS[] = {
    {"throughput", "Throughput", HIGHER_IS_BETTER, true},
    {"result.p50", "Result latency p50", LOWER_IS_BETTER, true},
    {"result.p99", "Result latency p99", LOWER_IS_BETTER, true},
    {"confirmed.p99", "Confirmed latency p99", LOWER_IS_BETTER, true},
    {"rollback_rate", "Rollback rate", LOWER_IS_BETTER, true},
    {"memory_per_active_task", "Memory per active task", LOWER_IS_BETTER, true},
    {"result.p90", "Result latency p90", LOWER_IS_BETTER, false},
    {"result.p999", "Result latency p99.9", LOWER_IS_BETTER, false},
    {"confirmed.p50", "Confirmed latency p50", LOWER_IS_BETTER, false},
    {"finalized.p50", "Finalized latency p50", LOWER_IS_BETTER, false},
    {"finalized.p99", "Finalized latency p99", LOWER_IS_BETTER, false},
    {"proof.p99", "Proof latency p99", LOWER_IS_BETTER, false},
    {"rollback.p99", "Rollback latency p99", LOWER_IS_BETTER, false},
    {"recovery.max", "Recovery, longest", LOWER_IS_BETTER, false},
    {"rollback_per_submitted", "Rolled back, of all tasks", LOWER_IS_BETTER, false},
    {"avg_rollback_size", "Rollback size, mean", LOWER_IS_BETTER, false},
    {"max_rollback_size", "Rollback size, largest", LOWER_IS_BETTER, false},
    {"slashed_lamports", "Stake slashed, lamports", LOWER_IS_BETTER, false},
    {"memory_mean", "Memory, mean", LOWER_IS_BETTER, false},
    {"memory_peak", "Memory, peak", LOWER_IS_BETTER, false},
    {"depth_mean", "Depth, mean", NEITHER_IS_BETTER, false},
    {"prover_utilisation", "Prover utilisation", NEITHER_IS_BETTER, false},
    {"batch_size_mean", "Proof batch size, mean", NEITHER_IS_BETTER, false},
    {"queue_depth_mean", "Proof queue, mean", LOWER_IS_BETTER, false},
    {"cooldown_share", "Arrivals with agent in cooldown", LOWER_IS_BETTER, false},
    {"breaker_open_share", "Arrivals at an open breaker", LOWER_IS_BETTER, false},
    {"speedup", "Jobs sooner than without speculation", HIGHER_IS_BETTER, false},
};
enum { METRIC_COUNT = sizeof METRICS / sizeof *METRICS };
_Static_assert((int)METRIC_COUNT <= (int)COMPARISON_METRICS_MOST, "a test has room for all metrics");

uint32_t comparison_metric_count(void)
{
    return METRIC_COUNT;
}

const struct comparison_metric *comparison_metric_at(uint32_t index)
{
    ASSERT(index < METRIC_COUNT);
    return &METRICS[index];
}

const struct comparison_metric *comparison_metric_find(const char *name)
{
    for (uint32_t i = 0; i < METRIC_COUNT; i++)
        if (strcmp(METRICS[i].name, name) == 0) return &METRICS[i];
    return NULL;
}

const char *comparison_verdict_name(enum comparison_verdict verdict)
{
    static const char *const NAMES[] = {
        [VERDICT_BETTER] = "Better",
        [VERDICT_WORSE] = "Worse",
        [VERDICT_CHANGED] = "Changed",
        [VERDICT_SAME] = "No difference",
        [VERDICT_INCONCLUSIVE] = "Inconclusive",
        [VERDICT_NO_VALUES] = "No values",
        [VERDICT_LOST] = "Lost",
    };
    return NAMES[verdict];
}
