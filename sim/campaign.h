/* sim/campaign.h: many trials on all cores, and what they found together.
 *
 * Trials come from a source, in order, a generation at a time; a generation runs on any number of threads
 * and is then judged in order. What a source decides it decides between generations, so that a campaign is a
 * function of its source and scenario: not of threads, and not of time.
 *
 * Memory:  ours, campaign_close. Threads: one caller; `run` from any thread.
 * Errors:  those of the source and of runs, of the first trial that has one; ERR_NOMEM. An interruption is
 *          none: what was judged until then stays, is_interrupted says so. */
#pragma once
#include "sim/trial.h"

enum { CAMPAIGN_GENERATION = 64, CAMPAIGN_FINDINGS_MOST = 1024, CAMPAIGN_FIRED_BINS = 600 };

/* One seed, its schedule, and what came of it. */
struct campaign_trial {
    uint64_t number, seed; /* number: in this campaign, from 0 */
    struct schedule schedule;
    enum swarm_kind kind;
    struct trial_outcome outcome;
    struct coverage coverage;
    uint32_t news; /* bits that no trial before it had reached */
    err error;
    struct diag diag;
};

struct campaign_source {
    void *context;
    /* Seed, schedule and kind of the trial `number`. *is_end: there is no such trial, nor any behind it. */
    err (*make)(void *context, struct campaign_trial *trial, bool *is_end, struct diag *diag);
    /* In order. *is_end: trials behind this one do not count. NULL: nothing to be learned. */
    err (*judge)(void *context, const struct campaign_trial *trial, bool *is_end);
};

typedef err campaign_run(const struct trial_options *options, struct trial_outcome *out, struct diag *diag);

/* A kind of failure, as it was found first. */
struct campaign_finding {
    uint64_t fingerprint;
    uint64_t number, seed, digest, events;
    uint64_t trials; /* that failed in this way */
    enum swarm_kind kind;
    struct schedule schedule; /* ours */
    struct violation violation;
    uint32_t task_count;
};

struct campaign_totals {
    uint64_t trials, failing, violations, events, tasks, confirmed, rolled_back, crashes, lost, fired;
    uint64_t virtual_ns;
    uint64_t digest; /* of all trajectories, in order */
    uint64_t goodput, goodput_control, recovered,
        recovered_control;                              /* sim/trial.h, of those judged in pairs */
    uint64_t kinds[SWARM_KIND_COUNT], failing_controls; /* without a fault: a failure is a false alarm */
    struct fault_counts counts[INJECTOR_COUNT];
    uint64_t checks[INVARIANT_COUNT];
    uint32_t margins_ppm[INVARIANT_COUNT];         /* least */
    uint64_t trials_by_fired[CAMPAIGN_FIRED_BINS]; /* exact below 64, then 32 bins an octave */
};

struct campaign {
    struct campaign_totals totals;
    struct coverage coverage;
    struct campaign_finding *findings; /* in the order in which they were found */
    uint32_t finding_count, findings_left_out;
    bool is_interrupted;
};

struct campaign_options {
    const struct chaos_scenario *scenario;
    const struct campaign_source *source;
    uint32_t threads;
    bool stops_at_first;                                        /* at the first trial that fails */
    bool is_uncovered;                                          /* what is reached is not asked for: faster */
    campaign_run *run;                                          /* trial_run, or another for tests */
    void (*told)(void *context, const struct campaign *so_far); /* between generations; NULL */
    void *context;
    const volatile sig_atomic_t *stop; /* NULL: never */
};

/* P03 over all trials: at least TRIAL_GOODPUT_PERCENT of what the runs without faults confirmed, once there
 * are a thousand tasks to go by. */
bool campaign_goodput_holds(const struct campaign_totals *totals);

void campaign_begin(struct campaign *campaign);
/* Adds to what there is already: campaigns can go on. */
MUST_USE err campaign_go(struct campaign *campaign, const struct campaign_options *options,
                         struct diag *diag);
void campaign_close(struct campaign *campaign); /* fine on a zeroed one */
/* As if the trials had been this campaign's own. */
void campaign_total_add(struct campaign_totals *into, const struct trial_outcome *outcome,
                        enum swarm_kind kind);
uint64_t campaign_median_fired(const struct campaign_totals *totals); /* a trial; 3 % too low at most */
