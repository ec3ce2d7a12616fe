/* sim/repro.h: a failing run as a file that brings it back: repro.toml.
 *
 *   version = "2.4.0"  commit = "..."    of the program that found it; another version is refused
 *   scenario = "swarm"  duration = "10m" as the options of `agenc chaos run`; duration may be absent
 *   seed = 12345  kind = "mixed"         kind: swarm_kind_name
 *   tasks_most = 40                      only the first so many tasks arrive; absent: all
 *   tasks = [5, 8]                       of those only these; absent: all
 *   digest = "0x..."  events = 812       of the run
 *   fingerprint = "0x..."                of the failure
 *   violation = "S07 leaves first: ..."  for people
 *   [[fault]]                            chaos/schedule.h
 *
 * Memory: ours, repro_close. Errors: ERR_IO, ERR_SYNTAX, ERR_RANGE, ERR_USAGE (an unknown key, another
 * version), each with its place; ERR_NOMEM. */
#pragma once
#include "chaos/schedule.h"
#include "chaos/swarm.h"

enum { REPRO_TASKS_MOST = 1 << 22 };

struct repro {
    char version[32], commit[64], scenario[256], violation[256];
    int64_t duration_ns; /* 0: the scenario's */
    uint64_t seed, digest, fingerprint, events;
    enum swarm_kind kind;
    struct schedule schedule;
    uint32_t tasks_most;
    uint32_t *tasks; /* ours, rising; NULL: all */
    uint32_t task_count, task_capacity;
    bool has_tasks;
};

/* version: of this program. */
MUST_USE err repro_read(struct repro *out, const char *path, const char *version, struct diag *diag);
void repro_write(const struct repro *repro, FILE *out);
void repro_close(struct repro *repro); /* fine on a zeroed one */

/* As trial_options want it: *out is an array of task_count + 1, for free(); NULL: no task is dropped. */
MUST_USE err repro_dropped(const struct repro *repro, uint32_t task_count, bool **out);
/* The other way round; dropped NULL: none. */
MUST_USE err repro_set_dropped(struct repro *repro, const bool *dropped, uint32_t task_count,
                               uint32_t tasks_most);
