/* sim/calendar.h: the future event list of the simulator.
 *
 * Order:   exactly (at_ns, key). The key is class (4 bits) | entity (36) | counter
 *          (24), so that within an instant outcomes come before arrivals, these
 *          before operators, timers, GC and sampling; then by entity, then by
 *          that entity's own counter (semantics.md 25). A key per entity and not
 *          a global sequence: one more event moves no other event. Two entries
 *          with the same (at_ns, key) are a bug and are asserted on pop.
 * Time:    virtual nanoseconds, 0 <= at_ns < NEVER_NS, never before the last
 *          popped entry (asserted). Entries at the current instant are welcome:
 *          they come out in order among all that still wait.
 * Cancel:  lazily. An entry carries a generation; the caller drops on pop what
 *          no longer matches.
 * Memory:  grows with the number of entries. Everything that a later pop could
 *          need is reserved when an entry is added, so only calendar_add can fail.
 * Errors:  ERR_NOMEM from calendar_open and calendar_add; the calendar is then
 *          as it was before the call.
 * Threads: none. One calendar belongs to one simulation.
 * Source:  simulator.md 5; Tang, Goh, Thng, "Ladder queue", ACM TOMACS 2005, for
 *          the idea of sorting a bucket only when its time has come. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

/* The order of one instant. Append nothing in between: results depend on it. */
enum calendar_class {
    CALENDAR_OUTCOME,  /* of chain, prover, executor, storage */
    CALENDAR_ARRIVAL,  /* a task is submitted */
    CALENDAR_OPERATOR, /* operator and configuration */
    CALENDAR_TIMER,
    CALENDAR_GC,
    CALENDAR_SAMPLE,
};

enum { CALENDAR_ENTITY_BITS = 36, CALENDAR_COUNTER_BITS = 24 };

struct calendar_entry {
    int64_t at_ns;
    uint64_t key;        /* calendar_key */
    uint32_t subject;    /* the rest is the caller's, carried and hashed as it is */
    uint32_t generation; /* stale when the subject has moved on */
    uint32_t kind;
    uint32_t argument;
};
_Static_assert(sizeof(struct calendar_entry) == 32, "two entries share a cache line");

struct calendar;

/* entity < 2^36. Counters wrap at 2^24: an entity must not have that many entries of one instant. */
static inline uint64_t calendar_key(enum calendar_class class, uint64_t entity, uint64_t counter)
{
    return (uint64_t) class << (CALENDAR_ENTITY_BITS + CALENDAR_COUNTER_BITS) |
           (entity & ((UINT64_C(1) << CALENDAR_ENTITY_BITS) - 1)) << CALENDAR_COUNTER_BITS |
           (counter & ((UINT64_C(1) << CALENDAR_COUNTER_BITS) - 1));
}

MUST_USE err calendar_open(struct calendar **out);
void calendar_free(struct calendar *cal); /* NULL is fine */

MUST_USE err calendar_add(struct calendar *cal, const struct calendar_entry *entry);
bool calendar_pop(struct calendar *cal, struct calendar_entry *out); /* false, *out untouched: empty */

int64_t calendar_next_ns(struct calendar *cal);      /* when the next pop is due; NEVER_NS when empty */
int64_t calendar_now_ns(const struct calendar *cal); /* of the last pop; 0 before it */
uint64_t calendar_count(const struct calendar *cal); /* entries that wait, stale ones included */
