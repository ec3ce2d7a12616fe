/* reports/result.h: what a benchmark found: the one struct behind JSON, summary and report.
 *
 * A run (one seed) fills one struct run_metrics; a benchmark is several runs
 * and what is common to them. The JSON form is product.md 6, schema
 * "agenc.bench/1"; docs/schemas/bench-1.json is its description.
 * A figure that the sample cannot support is NAN here and null in JSON, never
 * a guess (semantics.md 27). Latencies are ns here and ms in JSON.
 * Memory: run_metrics own their histograms and series until run_metrics_close. */
#pragma once
#include "base/histogram.h"
#include "engine/stats.h"
#include "reports/latency_map.h"

#define LATENCY_KINDS(X)                                                                                     \
    X(LATENCY_RESULT, "result")       /* intended arrival -> the result exists; the agent's wait */          \
    X(LATENCY_CONFIRMED, "confirmed") /* intended arrival -> confirmed at the gate level */                  \
    X(LATENCY_FINALIZED, "finalized")                                                                        \
    X(LATENCY_PROOF, "proof")       /* enqueued -> proof ready */                                            \
    X(LATENCY_ROLLBACK, "rollback") /* cascade begins -> complete */                                         \
    X(LATENCY_RECOVERY, "recovery") /* semantics.md 33 */

/* name, text, quantile, and how many values support it: the least n with a finite upper 95 % limit,
 * n >= ln(0.025) / ln(q) (statistics.md 4.4) */
#define LATENCY_QUANTILES(X)                                                                                 \
    X(Q50, "p50", 0.50, 6)                                                                                   \
    X(Q75, "p75", 0.75, 13)                                                                                  \
    X(Q90, "p90", 0.90, 36)                                                                                  \
    X(Q95, "p95", 0.95, 72)                                                                                  \
    X(Q99, "p99", 0.99, 368)                                                                                 \
    X(Q999, "p999", 0.999, 3688)

#define NAME_(name, text)                     name,
#define NAME4_(name, text, quantile, support) name,
enum latency_kind { LATENCY_KINDS(NAME_) LATENCY_KIND_COUNT };
enum latency_quantile { LATENCY_QUANTILES(NAME4_) QUANTILE_COUNT };
#undef NAME_
#undef NAME4_

const char *latency_kind_name(enum latency_kind kind);
const char *latency_quantile_name(enum latency_quantile quantile);
double latency_quantile_value(enum latency_quantile quantile);
uint64_t latency_quantile_support(enum latency_quantile quantile);

struct latency {
    uint64_t count;
    uint64_t censored;                  /* unfinished: longer than anything that was seen */
    double mean_ns, min_ns, max_ns;     /* exact; NAN when there is none */
    double quantile_ns[QUANTILE_COUNT]; /* NAN when the sample is too small or censored there */
};

/* The figures of a sample, of which `censored` more values are longer than any that was seen: a quantile
 * needs enough values to support it, and must not fall among the censored. */
void latency_fill(struct latency *out, const struct histogram *histogram, uint64_t censored);

/* One value a second of virtual time, from 0: for the plots. */
#define SERIES(X)                                                                                            \
    X(SERIES_OFFERED, "offered")     /* tasks that were to arrive in this second */                          \
    X(SERIES_CONFIRMED, "confirmed") /* tasks confirmed in it */                                             \
    X(SERIES_ROLLED_BACK, "rolled_back")                                                                     \
    X(SERIES_ADMITTED, "speculative")     /* tasks admitted speculatively */                                 \
    X(SERIES_RESULT_P50, "result_p50_ms") /* of tasks that arrived in it and ended confirmed; NAN: none */   \
    X(SERIES_RESULT_P99, "result_p99_ms")                                                                    \
    X(SERIES_RESULT_MAX, "result_max_ms")                                                                    \
    X(SERIES_ACTIVE, "active")   /* at its end: speculative active tasks */                                  \
    X(SERIES_BACKLOG, "backlog") /* waiting + queued + awaiting + submitting */                              \
    X(SERIES_QUEUE, "proof_queue")                                                                           \
    X(SERIES_MEMORY, "memory_bytes")                                                                         \
    X(SERIES_LOCKED, "locked_lamports")
#define NAME_(name, text) name,
enum series_kind { SERIES(NAME_) SERIES_COUNT };
#undef NAME_
const char *series_name(enum series_kind kind);

struct task_counts { /* submitted = the sum of the terminal ones + unfinished */
    uint64_t submitted, executed, speculative, confirmed, failed, rolled_back, cancelled, expired, unfinished,
        refused;
};

struct run_metrics {
    uint64_t seed;
    double throughput, throughput_in_window, offered; /* tasks/s */
    struct latency latency[LATENCY_KIND_COUNT];
    struct histogram histograms[LATENCY_KIND_COUNT];
    uint64_t cohort_speculative, cohort_rolled_back, cohort_submitted; /* behind the rates */
    double rollback_rate, rollback_per_submitted, avg_rollback_size;
    uint64_t max_rollback_size;
    double memory_mean, memory_peak, memory_per_active_task; /* bytes */
    double depth_max, depth_p99, depth_mean;
    uint64_t depth_counts[LIMIT_DEPTH + 2]; /* at admission, cohort, speculative */
    double batch_size_mean, queue_depth_mean, queue_depth_max;
    struct task_counts tasks;
    uint64_t bonded_lamports, released_lamports, slashed_lamports, locked_lamports;
    uint64_t waits[WAIT_REASON_COUNT];
    double wait_ms[WAIT_REASON_COUNT]; /* summed over tasks */
    double cooldown_share, breaker_open_share, prover_utilisation;
    uint64_t rollbacks_by_reason[REASON_COUNT];
    double speedup, speedup_bound, fraction_of_bound; /* NAN without a baseline */
    double recovery_of_bursts_unrecovered;            /* bursts after which the backlog never recovered */
    uint64_t trajectory_hash, events;
    double sim_seconds, wall_seconds;
    uint32_t series_count;        /* seconds */
    double *series[SERIES_COUNT]; /* ours */
    /* Of results, by arrival, warm-up included; ours. NULL: in what was read, where only the summary has it,
     * and in files older than it. */
    struct latency_map *latency_map;
};

MUST_USE err run_metrics_open(struct run_metrics *out, uint32_t series_seconds);
/* Gives back histograms, series and map, most of its memory; figures and counts stay. */
void run_metrics_drop_samples(struct run_metrics *metrics);
void run_metrics_close(struct run_metrics *metrics); /* fine on a zeroed one */
