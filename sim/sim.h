/* sim/sim.h: one run: the engine among modelled ports, on virtual time.
 *
 * The same engine that a live service drives is driven here by a calendar.
 * Effects become outcomes scheduled by the models of chain, prover, executor
 * and storage; outcomes become events. The trajectory hash covers every event.
 * A run is a function of its options: nothing else is read.
 * Threads: none; a process may hold many runs, a chain serves one at a time.
 * Errors: ERR_NOMEM; ERR_LIMIT from the chain; ERR_INTERRUPTED when *stop became true
 * (the figures up to then are filled in all the same). */
#pragma once
#include "loadgen/recorder.h"
#include "sim/chain.h"
#include "sim/prover.h"
#include "sim/trace.h"
#include <signal.h>

struct hazards_options;
struct hazards_outcome;

struct sim_options {
    const struct settings *settings;
    const struct workload *workload; /* shared by both arms */
    struct chain *chain;             /* shared by both arms, one after the other */
    const struct prover_profile *prover;
    uint32_t agents, executor_slots; /* slots an agent; 0: no limit */
    uint64_t agent_stake_lamports;   /* each agent's balance at the start */
    int64_t warmup_ns, duration_ns;
    bool resubmits; /* what was undone is submitted once more, parents first */
    uint64_t seed;
    uint32_t replication;
    struct trace *trace;               /* NULL: none */
    int64_t settle_ns;                 /* after the duration, for everything to end; 0: semantics.md 26 */
    const volatile sig_atomic_t *stop; /* NULL: cannot be interrupted */
    void (*progress)(void *context, int64_t now_ns); /* once a virtual second; NULL: none */
    void *progress_context;
    /* Faults, and who watches them: sim/trial.h. NULL: none. */
    const struct hazards_options *hazards;
    struct hazards_outcome *hazards_outcome;
};

struct sim_outcome {
    struct run_metrics metrics;        /* ours; run_metrics_close */
    struct engine_stats before, after; /* at the start, and when the last task has arrived */
    struct engine_stats last;          /* when the run was over, at end_ns */
    int64_t end_ns;
    struct engine_memory memory_after;
    struct task_moments *moments; /* by task id, for the speed-up; free() */
    bool interrupted;
};

MUST_USE err sim_run(const struct sim_options *options, struct sim_outcome *out, struct diag *diag);
void sim_outcome_close(struct sim_outcome *outcome); /* fine on a zeroed one */
