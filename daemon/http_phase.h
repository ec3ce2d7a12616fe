/* daemon/http_phase.h: what a connection is doing, and for how long it may.
 *
 * Each phase lasts a fixed time at most, so that its connections, in the order in which they entered it, are
 * in the order of their deadlines: the first of each list is all that need be looked at. */
#pragma once
#include "base/units.h"

enum phase {
    PHASE_ARRIVING, /* a head is expected */
    PHASE_BODY,
    PHASE_IDLE, /* between two requests */
    PHASE_ANSWERING,
    PHASE_HELD, /* the answer takes as long as it takes */
    PHASE_CUT,  /* shut down; about to be closed */
    PHASE_COUNT
};

struct phase_member { /* the first field of a connection */
    struct phase_member *previous, *next;
    enum phase phase;
    int64_t deadline_ns; /* NEVER_NS: none */
};

struct phases { /* zeroed at first */
    struct phase_list {
        struct phase_member *first, *last;
    } lists[PHASE_COUNT];
};

void phase_join(struct phases *phases, struct phase_member *member, enum phase phase, int64_t now_ns);
void phase_leave(struct phases *phases, struct phase_member *member);
/* From its phase into another, or anew into the same. What was cut stays so. */
void phase_enter(struct phases *phases, struct phase_member *member, enum phase phase, int64_t now_ns);

struct phase_member *phase_late(const struct phases *phases, int64_t now_ns); /* NULL: nobody */
/* Who has least to lose when there must be room: idle for longest, then arriving for longest; NULL: nobody.
 */
struct phase_member *phase_oldest(const struct phases *phases);
int64_t phase_next_ns(const struct phases *phases); /* the next deadline */
