/* tests/sim/test_watch.c: the watch agrees with the naive shadow, on histories as they are and as they are
 * told wrongly. */
#include "tests/lib/history.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(watch, .timeout = 120);

static const char *first_violation(const struct history *history)
{
    static char text[256];
    const struct violation *violation = watch_violation(history->watch, 0);
    if (!violation) return "none";
    snprintf(text, sizeof text, "%s at event %lu: %s", INVARIANT_TABLE[violation->invariant].id,
             (unsigned long)violation->event, violation->text);
    return text;
}

Test(watch, finds_nothing_in_histories_that_are_right)
{
    struct shadow *shadow = malloc(sizeof *shadow);
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct history *history = history_watched(seed, shadow);
        for (int step = 0; step < 600; step++) {
            history_step(history);
            cr_assert(shadow->broken == NULL, "seed %lu: %s", (unsigned long)seed, shadow->broken);
            cr_assert(watch_violation_count(history->watch) == 0, "seed %lu step %d %s: %s",
                      (unsigned long)seed, step, event_kind_name(history->event.kind),
                      first_violation(history));
        }
        watch_scraped(history->watch, history->now_ns, history->engine);
        watch_finish(history->watch, history->now_ns);
        cr_assert(watch_violation_count(history->watch) == 0, "seed %lu: %s", (unsigned long)seed,
                  first_violation(history));
        history_free(history);
    }
    free(shadow);
}

/* ---- histories told wrongly: one effect is hidden or changed ---- */

struct lie {
    uint64_t at, seen, how;
};

static bool tell_lie(void *context, struct effect *effect)
{
    struct lie *lie = context;
    if (effect->task_id == 0 || ++lie->seen != lie->at) return true;
    switch (effect->kind) {
    case NOTE_STATUS:
        if (effect->u.status.from == effect->u.status.to) return true; /* a birth */
        if (lie->how % 3 == 0) return false;
        effect->u.status.to = (enum task_status)(lie->how / 3 % TASK_STATUS_COUNT);
        return true;
    case NOTE_ADMITTED:
        if (lie->how % 4 == 0) return false;
        if (lie->how % 4 == 1) effect->u.admitted.bond_lamports++;
        if (lie->how % 4 == 2) effect->u.admitted.depth++;
        if (lie->how % 4 == 3) effect->u.admitted.is_speculative = !effect->u.admitted.is_speculative;
        return true;
    case NOTE_SETTLED:
        if (lie->how % 3 == 0) return false;
        if (lie->how % 3 == 1) effect->u.settled.released_lamports++;
        if (lie->how % 3 == 2) effect->u.settled.slashed_lamports++;
        return true;
    case NOTE_ROLLBACK_END: effect->u.rollback.slashed_lamports++; return true;
    case EFFECT_SUBMIT: effect->attempt++; return true;
    default: return lie->how % 2;
    }
}

static bool knows(const struct watch *watch, const char *rule)
{
    for (uint32_t i = 0; watch_violation(watch, i); i++)
        if (!strncmp(INVARIANT_TABLE[watch_violation(watch, i)->invariant].id, rule, 3)) return true;
    return false;
}

Test(watch, finds_what_the_naive_judge_finds_in_histories_that_are_told_wrongly)
{
    struct shadow *shadow = malloc(sizeof *shadow);
    uint32_t found = 0;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        struct rng rng = rng_keyed(seed, 1);
        struct lie lie = {.at = 1 + rng_u64(&rng, RNG_TEST, 1, 0) % 300,
                          .how = rng_u64(&rng, RNG_TEST, 2, 0) >> 20};
        struct history *history = history_watched(seed, shadow);
        history->spoil = tell_lie;
        history->spoil_context = &lie;
        for (int step = 0; step < 200 && !shadow->broken; step++) history_step(history);
        found += shadow->broken != NULL;
        cr_assert(shadow->broken == NULL || knows(history->watch, shadow->broken), "seed %lu: %s; %s",
                  (unsigned long)seed, shadow->broken, first_violation(history));
        history_free(history);
    }
    cr_assert(ge(u32, found, 900));
    free(shadow);
}
