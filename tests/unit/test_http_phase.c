/* tests/unit/test_http_phase.c: who is late, who makes room, and when to look again. */
#include "daemon/http_phase.h"
#include "daemon/http_server.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct phases phases;
static struct phase_member a, b, c;

Test(http_phase, deadlines_are_those_of_the_phase_and_come_in_order)
{
    cr_assert(eq(i64, phase_next_ns(&phases), NEVER_NS));
    phase_join(&phases, &a, PHASE_ARRIVING, 1);
    phase_join(&phases, &b, PHASE_ARRIVING, 2);
    phase_join(&phases, &c, PHASE_IDLE, 0);
    cr_assert(eq(i64, phase_next_ns(&phases), 1 + HTTP_ARRIVE_S * NS_PER_S));
    cr_assert(eq(ptr, phase_late(&phases, HTTP_ARRIVE_S * NS_PER_S), NULL));
    cr_assert(eq(ptr, phase_late(&phases, 1 + HTTP_ARRIVE_S * NS_PER_S), &a));
    phase_enter(&phases, &a, PHASE_BODY, 3);
    cr_assert(eq(i64, phase_next_ns(&phases), 2 + HTTP_ARRIVE_S * NS_PER_S));
    phase_leave(&phases, &b);
    cr_assert(eq(i64, phase_next_ns(&phases), 3 + HTTP_BODY_S * NS_PER_S));
}

Test(http_phase, what_is_held_or_cut_has_no_deadline)
{
    phase_join(&phases, &a, PHASE_HELD, 0);
    phase_join(&phases, &b, PHASE_CUT, 0);
    cr_assert(eq(i64, phase_next_ns(&phases), NEVER_NS));
    cr_assert(eq(ptr, phase_late(&phases, NEVER_NS - 1), NULL));
}

Test(http_phase, what_was_cut_stays_so)
{
    phase_join(&phases, &a, PHASE_ANSWERING, 0);
    phase_enter(&phases, &a, PHASE_CUT, 1);
    phase_enter(&phases, &a, PHASE_IDLE, 2);
    cr_assert(eq(int, a.phase, PHASE_CUT));
    cr_assert(eq(ptr, phases.lists[PHASE_IDLE].first, NULL));
}

Test(http_phase, the_longest_idle_makes_room_first_and_nobody_at_work_does)
{
    phase_join(&phases, &a, PHASE_ANSWERING, 0);
    cr_assert(eq(ptr, phase_oldest(&phases), NULL));
    phase_join(&phases, &b, PHASE_ARRIVING, 1);
    cr_assert(eq(ptr, phase_oldest(&phases), &b));
    phase_join(&phases, &c, PHASE_IDLE, 2);
    cr_assert(eq(ptr, phase_oldest(&phases), &c));
    phase_enter(&phases, &a, PHASE_IDLE, 3);
    cr_assert(eq(ptr, phase_oldest(&phases), &c));
    phase_enter(&phases, &c, PHASE_IDLE, 4); /* heard from again: behind the other */
    cr_assert(eq(ptr, phase_oldest(&phases), &a));
}
