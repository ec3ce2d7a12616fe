/* sim/trial.h: one chaotic run: a scenario, a seed, an explicit schedule; what came of it.
 *
 * A safety phase with faults, then everything heals, then a phase in which
 * everything must come to its end. The invariants are judged after every event.
 * A trial is a function of its options: nothing else is read.
 * Threads: none; any number of trials at once. Errors: as sim_run. A violation is no error. */
#pragma once
#include "chaos/coverage.h"
#include "chaos/watch.h"
#include "sim/chaos_scenario.h"
#include "sim/sim.h"

struct trial_options {
    const struct chaos_scenario *scenario;
    uint64_t seed;
    const struct schedule *schedule; /* all faults of this trial: the scenario's and the swarm's */
    enum swarm_kind kind;            /* SWARM_SAFETY: liveness is not asked for */
    const bool *dropped;             /* by task id: refused at arrival, with all that is below; NULL: none */
    uint32_t tasks_most;             /* only the first so many ids arrive; 0: all */
    bool is_unwatched;               /* for the bench: what do the invariants cost? */
    bool judges_pairs;               /* D01, S25, P03, L07 as well: up to three more runs */
    struct coverage *coverage;       /* NULL: not wanted */
    int64_t until_ns;                /* stop here; 0: at the end */
    uint64_t fingerprint;            /* stop at the first violation that has it; 0: go on */
    struct trace *trace;             /* NULL: none */
    struct codec_out *log;           /* the event log is written here; NULL: nowhere */
    /* Each event as it is stepped, with the digest so far; NULL: nobody. For first differences. */
    void (*seen)(void *context, const struct event *event, uint64_t digest);
    void (*noted)(void *context, int64_t now_ns, const struct effect *effect); /* each as it leaves; NULL */
    void *context;
    const volatile sig_atomic_t *stop;
};

/* P03 and L07: of what the run without faults confirmed. */
enum { TRIAL_GOODPUT_PERCENT = 98, TRIAL_RECOVERED_PERCENT = 95 };

struct trial_outcome {
    uint64_t digest, events; /* of the trajectory */
    uint64_t violation_count;
    uint32_t kept;
    struct violation violations[WATCH_VIOLATIONS_KEPT];
    struct fault_counts counts[INJECTOR_COUNT];
    uint64_t checks[INVARIANT_COUNT];
    uint32_t margins_ppm[INVARIANT_COUNT];
    /* With judges_pairs: tasks that arrived outside of faults and were confirmed, and those of the run
     * without any; the same of tasks by a while after a burst. One run says little: campaigns add them up. */
    uint64_t goodput, goodput_control, recovered, recovered_control;
    uint64_t fired; /* over all injectors */
    uint64_t tasks, confirmed, rolled_back, failed, cancelled, expired, refused, crashes;
    int64_t end_ns, healed_ns;
    uint32_t task_count; /* of the workload: what `dropped` must have room for, less one */
    bool is_lost; /* the log was damaged beyond repair, which was noticed: nothing more could be asked */
    bool interrupted;
};

MUST_USE err trial_run(const struct trial_options *options, struct trial_outcome *out, struct diag *diag);

/* Rules that only a comparison of runs can judge; what is broken is added to the outcome. trial_run does it
 * when its options say so. */
MUST_USE err trial_judge_pairs(const struct trial_options *options, struct trial_outcome *outcome,
                               struct diag *diag);

/* The schedule of a seed: the scenario's faults and, with a swarm, those drawn for the seed. */
MUST_USE err trial_schedule(const struct chaos_scenario *scenario, uint64_t seed, struct schedule *out,
                            enum swarm_kind *kind_out);
