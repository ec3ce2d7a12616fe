/* cli/chaos_args.h: what the chaos commands have in common: which scenario, how long, with which faults.
 *
 * A subject is one run, whether it was asked for by options or by a file that brings a failure back.
 * Memory: ours, chaos_subject_close; a subject and a scenario must not be copied. Errors: those of scenarios,
 * schedules and repro files, with a line. */
#pragma once
#include "cli/command.h"
#include "sim/repro.h"
#include "sim/trial.h"

#define CHAOS_FLAG_SCENARIO(fallback_, is_required_)                                                         \
    {                                                                                                        \
        .name = "scenario", .value = "NAME", .type = FLAG_TEXT, .fallback = fallback_,                       \
        .is_required = is_required_, .help = "a name in scenarios/chaos or a .toml file"                     \
    }
#define CHAOS_FLAG_DURATION                                                                                  \
    {                                                                                                        \
        .name = "duration", .value = "10m", .type = FLAG_DURATION,                                           \
        .help = "how long tasks arrive, instead of what the scenario says"                                   \
    }

struct chaos_subject {
    struct chaos_scenario scenario; /* as changed by options */
    struct repro repro;             /* version, commit, scenario, duration, seed, kind, schedule, tasks */
    bool *dropped;                  /* NULL: none */
};

/* Trials take and give back the same memory thousands of times: this process keeps what it has had, which
 * saves the kernel half of all the time. */
void chaos_args_keep_memory(void);

/* The scenario, with another duration than its own unless that is 0. ERR_USAGE when it cannot be exercised.
 */
MUST_USE err chaos_args_scenario(const struct args *args, const char *name, int64_t duration_ns,
                                 struct chaos_scenario *out, struct diag *diag);
/* By --scenario, --duration, --seed and --schedule, of which the last two need not exist. */
MUST_USE err chaos_subject_open(struct chaos_subject *out, const struct args *args, struct diag *diag);
/* From a repro file. */
MUST_USE err chaos_subject_read(struct chaos_subject *out, const struct args *args, const char *path,
                                struct diag *diag);
void chaos_subject_close(struct chaos_subject *subject); /* fine on a zeroed one */

/* Ready for trial_run. */
struct trial_options chaos_subject_trial(const struct chaos_subject *subject);
/* What arrives in it, and the highest id that a task of it can have. */
uint32_t chaos_subject_task_count(const struct chaos_subject *subject, const struct workload *workload);
MUST_USE err chaos_subject_workload(const struct chaos_subject *subject, struct workload **out,
                                    struct diag *diag);

/* The status that a run with these violations ends with. */
struct chaos_breaches {
    uint64_t safety, liveness;
};
void chaos_breaches_add(struct chaos_breaches *breaches, const struct violation *violation);
int chaos_exit_status(const struct chaos_breaches *breaches);
