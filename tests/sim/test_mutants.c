/* tests/sim/test_mutants.c: a program without planted bugs refuses to have any; in one that has them (make
 * VARIANT=mutants) random histories find each bug of the engine by a rule that is named for it. */
#include "chaos/mutants.h"
#include "engine/mutant.h"
#include "tests/lib/history.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

TestSuite(mutants, .timeout = 300);

#ifdef AGENC_MUTANTS
/* Those of the log: histories do not crash. */
static bool needs_a_crash(int number)
{
    return number == 12 || number == 14 || number == 15;
}

static bool is_killed(const struct mutant *mutant, const struct history *history)
{
    const struct violation *violation;
    for (uint32_t i = 0; (violation = watch_violation(history->watch, i)); i++)
        if (strstr(mutant->killers, INVARIANT_TABLE[violation->invariant].id)) return true;
    return false;
}

static bool kills_one_of(const struct mutant *mutant, struct shadow *shadow, uint64_t seed)
{
    struct history *history = history_watched(seed, shadow);
    for (int step = 0; step < 600 && watch_violation_count(history->watch) == 0; step++)
        history_step(history);
    watch_scraped(history->watch, history->now_ns, history->engine);
    bool is_dead = is_killed(mutant, history);
    history_free(history);
    return is_dead;
}

Test(mutants, each_is_found_in_random_histories)
{
    struct shadow *shadow = malloc(sizeof *shadow);
    for (int i = 0; i < MUTANT_COUNT; i++) {
        const struct mutant *mutant = &MUTANT_TABLE[i];
        if (!mutant->is_planted || mutant->number >= MUTANT_HARNESS || needs_a_crash(mutant->number))
            continue;
        agenc_mutant = mutant->number;
        uint64_t seed = 1;
        while (seed <= 6000 && !kills_one_of(mutant, shadow, seed)) seed++;
        cr_expect(le(u64, seed, 6000), "%s lives: %s", mutant->name, mutant->title);
    }
    free(shadow);
}
#else
Test(mutants, are_in_no_other_program)
{
    struct diag diag = {0};
    cr_assert(eq(int, mutants_begin(NULL, &diag), OK));
    cr_assert(eq(int, mutants_begin("", &diag), OK));
    cr_assert(eq(int, mutants_begin("M01", &diag), ERR_USAGE));
    cr_assert(strstr(diag.text, "VARIANT=mutants") != NULL, "%s", diag.text);
    for (int number = 0; number < 200; number++) cr_assert(not(MUTANT(number)));
}
#endif
