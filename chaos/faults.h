/* chaos/faults.h: a schedule at work: which faults are armed now, and what they do to an occasion.
 *
 * Drivers show occasions; decisions are keyed by (seed, the fault's key,
 * entity, ordinal), so that leaving a fault out moves no other decision.
 * What a fault does of itself comes out as deeds, in order of time.
 *
 * armed:   it has begun.
 * reached: an occasion of its kind came by while it was armed.
 * fired:   it changed one.
 *
 * Memory: ours, faults_free. Threads: one driver. Errors: ERR_NOMEM. */
#pragma once
#include "chaos/schedule.h"

struct faults;

struct fault_counts {
    uint64_t armed, reached, fired;
};

struct faults_options {
    const struct schedule *schedule; /* borrowed until faults_free */
    uint64_t seed;
    /* Told when a fault begins and when it ends, in order; NULL: nobody. */
    void (*told)(void *context, int64_t now_ns, const struct fault *fault, bool begins);
    void *context;
};

MUST_USE err faults_open(struct faults **out, const struct faults_options *options);
void faults_free(struct faults *faults); /* NULL is fine */

/* The next moment at which a fault begins, acts of itself or ends; NEVER_NS. */
int64_t faults_next_ns(const struct faults *faults);
/* Goes on to now_ns by one such moment. True: there is a deed to be done, in *deed, of *fault; call again
 * until false. Call faults_did when it was possible. */
bool faults_advance(struct faults *faults, int64_t now_ns, const struct fault **fault,
                    struct occasion_deed *deed);
void faults_did(struct faults *faults, const struct fault *fault);

/* Shows the occasion to every armed fault of its kind; without any it costs one load. faults may be NULL.
 * True: some fault changed it. */
bool faults_meet(struct faults *faults, int64_t now_ns, struct occasion *occasion);

/* Everything is over, now and for ever. */
void faults_heal(struct faults *faults, int64_t now_ns);

struct fault_counts faults_counts(const struct faults *faults, enum injector_id injector);
uint32_t faults_armed(const struct faults *faults); /* at this moment */
