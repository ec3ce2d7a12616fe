/* tests/unit/test_faults.c: what acts of itself acts when the schedule says so, and as often. */
#include "base/units.h"
#include "chaos/faults.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

TestSuite(faults, .timeout = 10);

/* How many deeds the only fault of a schedule orders until `until_ns`. */
static uint32_t deeds_of(const struct fault *fault, uint64_t seed, int64_t until_ns)
{
    struct fault copy = *fault;
    const struct schedule schedule = {.faults = &copy, .count = 1, .capacity = 1};
    const struct faults_options options = {.schedule = &schedule, .seed = seed};
    const struct fault *actor;
    struct occasion_deed deed;
    struct faults *faults;
    uint32_t deeds = 0;
    cr_assert(eq(int, faults_open(&faults, &options), OK));
    for (int64_t at_ns; (at_ns = faults_next_ns(faults)) <= until_ns;)
        while (faults_advance(faults, at_ns, &actor, &deed)) deeds++;
    faults_free(faults);
    return deeds;
}

Test(faults, without_a_for_a_crash_happens_once)
{
    struct fault crash = fault_of(INJECT_PROCESS_CRASH);
    crash.key = 1;
    crash.on_ns = 10 * NS_PER_S;
    cr_assert(eq(u32, deeds_of(&crash, 1, NS_PER_H), 1));
}

/* Once a second; 1,000 seconds at 1 in 100, less the time in which it is down. */
Test(faults, with_a_for_a_crash_is_asked_for_again_and_again_by_its_chance)
{
    struct fault crash = fault_of(INJECT_PROCESS_CRASH);
    uint32_t deeds = 0;
    crash.key = 1;
    crash.for_ns = 1000 * NS_PER_S;
    crash.chance_ppm = 10000;
    for (uint64_t seed = 1; seed <= 20; seed++) deeds += deeds_of(&crash, seed, NS_PER_H);
    cr_assert(deeds > 140 && deeds < 260, "%u", deeds);
}
