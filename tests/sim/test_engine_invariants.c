/* tests/sim/test_engine_invariants.c: S01 to S16 hold in random histories, as seen from outside. */
#include "tests/lib/history.h"
#include "tests/lib/shadow.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

TestSuite(invariants, .timeout = 120);

Test(invariants, hold_after_every_event_of_a_history)
{
    struct shadow *shadow = malloc(sizeof *shadow);
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct history *history = history_watched(seed, shadow);
        for (int step = 0; step < 500; step++) {
            history_step(history);
            cr_assert(shadow->broken == NULL, "seed %lu step %d, %s: %s, task %lu", (unsigned long)seed, step,
                      event_kind_name(history->event.kind), shadow->broken, (unsigned long)shadow->broken_by);
        }
        history_free(history);
    }
    free(shadow);
}
