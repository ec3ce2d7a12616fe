/* sim/benchmark.h: replications of one benchmark, each with its baseline arm.
 *
 * Replication r of seed s is a function of (plan, s, r) alone, so the result is
 * the same on any number of threads. Errors: those of the models and grammars,
 * checked before anything runs; ERR_NOMEM. */
#pragma once
#include "sim/sim.h"

struct benchmark_plan {
    struct settings settings;
    struct workload_options workload; /* its seed and replication are set here */
    struct chain_profile chain;
    enum chain_path path;
    struct prover_profile prover; /* borrowed content; closed by its owner */
    uint32_t agents, executor_slots;
    uint64_t agent_stake_lamports;
    int64_t warmup_ns, duration_ns;
    uint64_t seed;
    uint32_t runs;
    bool has_baseline, resubmits;
    const char *trace_path; /* of replication 0's speculative arm; NULL: none */
};

struct benchmark_run {
    struct run_metrics metrics, baseline; /* ours; baseline zeroed without one */
    struct engine_stats before,
        after; /* of the speculative arm: at the start, when the last task had arrived */
    struct engine_memory memory_after;
    bool is_done, interrupted;
    err error;
    struct diag diag;
};

/* Several benchmarks share one pool: work for all cores even when one has few runs. */
struct benchmark_batch {
    const struct benchmark_plan *plans;
    struct benchmark_run **runs; /* runs[plan][replication], the caller's arrays */
    uint32_t plan_count;
    uint32_t threads;
    const volatile sig_atomic_t *stop;
    void (*progress)(void *context, int64_t done_ns); /* virtual, of all arms; any thread, serialised */
    void *progress_context;
};

/* Runs that are done already stay as they are: a batch may be run again with more of them. The first error by
 * (plan, replication) is returned with its line. Interrupted runs hold what they have. */
MUST_USE err benchmark_run_all(const struct benchmark_batch *batch, struct diag *diag);
void benchmark_run_close(struct benchmark_run *run); /* fine on a zeroed one */

/* After an interruption: moves what can be judged to the front of `runs`, closes the rest, and makes `plan`
 * say what that is. Complete runs if there are any; else the one that got furthest beyond its warm-up,
 * without a baseline and with the duration that it covered. False: nothing was measured. */
bool benchmark_keep_usable(struct benchmark_plan *plan, struct benchmark_run *runs);
