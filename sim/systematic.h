/* sim/systematic.h: schedules that are enumerated, not drawn: a family at a time, all of it.
 *
 *   one        every fault alone: each target, at each of eight moments
 *   two        every two faults together: each at each of three moments
 *   crash      a crash before event 1, 2, 3 ... until a run ends without one
 *   recovery   a crash at the end, and again when 1, 2, 3 ... records are read
 *   malloc     the 1st, 2nd, 3rd ... allocation fails
 *   append, sync, read   the 1st, 2nd, 3rd ... operation on the log fails (read: of a recovery)
 *   fsync      the 1st, 2nd, 3rd ... sync drops what it was to write, then a crash
 *
 * Counted families end with the first run that their fault did not touch: then every one before it was.
 *
 * Memory: none of its own. A function of scenario, seed and what a run without faults was like. */
#pragma once
#include "sim/campaign.h"

#define SYSTEMATIC_FAMILIES(X)                                                                               \
    X(SYSTEMATIC_ONE, "one")                                                                                 \
    X(SYSTEMATIC_TWO, "two")                                                                                 \
    X(SYSTEMATIC_CRASH, "crash")                                                                             \
    X(SYSTEMATIC_RECOVERY, "recovery")                                                                       \
    X(SYSTEMATIC_MALLOC, "malloc")                                                                           \
    X(SYSTEMATIC_APPEND, "append")                                                                           \
    X(SYSTEMATIC_SYNC, "sync")                                                                               \
    X(SYSTEMATIC_READ, "read")                                                                               \
    X(SYSTEMATIC_FSYNC, "fsync")
#define NAME_(name, text) name,
enum systematic_family { SYSTEMATIC_FAMILIES(NAME_) SYSTEMATIC_FAMILY_COUNT };
#undef NAME_
const char *systematic_family_name(enum systematic_family family);

/* A place in the enumeration of one or two faults. */
struct systematic_place {
    uint32_t injector, target, moment;
};

struct systematic {
    enum systematic_family family;
    uint64_t seed;
    int64_t horizon_ns; /* within which faults begin and end */
    struct systematic_place at[2];
    bool is_done;     /* enumerated to the end */
    uint64_t touched; /* runs in which something fired */
};

/* horizon_ns: when everything heals, or the end of a run without faults if that is earlier; more than 0. */
void systematic_begin(struct systematic *out, enum systematic_family family, uint64_t seed,
                      int64_t horizon_ns);
struct campaign_source systematic_source(struct systematic *systematic);
