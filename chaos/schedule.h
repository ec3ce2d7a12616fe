/* chaos/schedule.h: which faults happen when: an explicit list, nothing drawn.
 *
 * A schedule is what a seed is turned into, what is printed, shrunk, replayed,
 * and armed in a live service. As TOML, one [[fault]] table an entry:
 *
 *   [[fault]]
 *   id = "network.partition"   an injector
 *   at = "60s"                 begins; from the beginning of the run
 *   for = "5m"                 may be absent for injectors that happen once
 *   target = "chain"           absent: any
 *   p = 0.3                    chance at each occasion; absent: 1
 *   key = 7                    of its draws; absent: its place in the list, from 1
 *   duration = "10s"           parameters, as the injector names them
 *   repeat = 9                 nine of them, each "apart" after the one before
 *   apart = "5m"
 *
 * Two faults of one injector and one target may not overlap: they would be one
 * fault with other parameters, and nobody could tell which fired.
 *
 * Memory:  ours, until schedule_close. Threads: none; read only once made.
 * Errors:  ERR_SYNTAX, ERR_RANGE, ERR_USAGE (unknown injector, with the nearest name), each with file:line;
 *          ERR_NOMEM; ERR_LIMIT more than SCHEDULE_FAULTS_MOST. */
#pragma once
#include "base/toml.h"
#include "chaos/injector.h"
#include <stdio.h>

enum { SCHEDULE_FAULTS_MOST = 4096, SCHEDULE_PPM_ONE = 1000000 };

struct fault {
    enum injector_id injector;
    enum chaos_target target;
    uint32_t key; /* unique in its schedule, from 1 */
    uint32_t chance_ppm;
    int64_t on_ns, for_ns; /* for_ns 0: once */
    int64_t params[FAULT_PARAMS];
};

struct schedule_reading;

struct schedule {
    struct fault *faults; /* in order of on_ns, then key */
    uint32_t count, capacity;
    struct schedule_reading *reading; /* between the first leaf and schedule_settle */
};

void schedule_close(struct schedule *schedule); /* fine on a zeroed one */
MUST_USE err schedule_add(struct schedule *schedule, const struct fault *fault);
MUST_USE err schedule_copy(struct schedule *out, const struct schedule *from);

/* An entry with its injector's fallbacks, to be filled in. */
struct fault fault_of(enum injector_id injector);

/* One leaf of a TOML file: "fault[0].at". *is_mine tells whether its path was one of these. Entries are
 * added as they are met; schedule_settle ends the reading: fills keys in, sorts, checks what one entry cannot
 * tell (overlaps; a duration that is missing or of no use; nothing else). */
MUST_USE err schedule_read_leaf(struct schedule *schedule, const struct toml_leaf *leaf, bool *is_mine,
                                struct diag *diag);
MUST_USE err schedule_settle(struct schedule *schedule, const char *name, struct diag *diag);

/* Would schedule_settle accept it? For schedules that were made, not read. */
MUST_USE err schedule_check(const struct schedule *schedule, const char *name, struct diag *diag);

/* As TOML that reads back as the same schedule; values that are fallbacks are left out. */
void schedule_print(const struct schedule *schedule, FILE *out);
/* One line for a table: "60.0 s  for 5m  network.partition  chain  p=0.3 duration=10s". */
void fault_print(const struct fault *fault, FILE *out);

/* By its name; INJECTOR_COUNT when there is none. ERR_USAGE with the nearest name. */
MUST_USE err injector_find(const char *name, enum injector_id *out, struct diag *diag);

/* Of one injector, at targets that are not apart, at times that are not apart? */
bool faults_overlap(const struct fault *a, const struct fault *b);

/* The moment at which the last of them is over. */
int64_t schedule_end_ns(const struct schedule *schedule);
uint64_t schedule_digest(const struct schedule *schedule);
