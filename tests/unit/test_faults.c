/* tests/unit/test_faults.c: what acts of itself acts when the schedule says so, and as often. */
#include "base/units.h"
#include "chaos/faults.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

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

enum { LATE_MESSAGES = 4000 };

static int compare_times(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Delays of many answers under one law of 1 s to 2 s, sorted. */
static void delays_of(int64_t law, int64_t out[LATE_MESSAGES])
{
    struct fault latency = fault_of(INJECT_NETWORK_LATENCY);
    const struct schedule schedule = {.faults = &latency, .count = 1, .capacity = 1};
    const struct faults_options options = {.schedule = &schedule, .seed = 1};
    const struct fault *actor;
    struct occasion_deed deed;
    struct faults *faults;
    latency.key = 1;
    latency.for_ns = NS_PER_H;
    latency.params[0] = NS_PER_S;
    latency.params[1] = 2 * NS_PER_S;
    latency.params[2] = law;
    cr_assert(eq(int, faults_open(&faults, &options), OK));
    cr_assert(not(faults_advance(faults, 0, &actor, &deed)));
    for (uint64_t i = 0; i < LATE_MESSAGES; i++) {
        struct occasion occasion = {.kind = OCCASION_MESSAGE, .entity = i};
        occasion.u.message =
            (struct occasion_message){.link = TARGET_CHAIN, .is_answer = true, .at_ns = NS_PER_S};
        cr_assert(faults_meet(faults, NS_PER_S, &occasion));
        out[i] = occasion.u.message.at_ns - NS_PER_S;
    }
    faults_free(faults);
    qsort(out, LATE_MESSAGES, sizeof *out, compare_times);
}

/* All within the limits; medians beyond the least: half of the width; a tenth; 0.064 (2^(1/1.4) - 1 of a
 * tenth). */
Test(faults, latencies_follow_their_laws)
{
    static const double MEDIANS[] = {0.5, 0.1, 0.064};
    static int64_t delays[LATE_MESSAGES];
    for (int64_t law = 0; law < 3; law++) {
        delays_of(law, delays);
        double median = (double)(delays[LATE_MESSAGES / 2] - NS_PER_S) / (double)NS_PER_S;
        cr_assert(delays[0] >= NS_PER_S && delays[LATE_MESSAGES - 1] <= 2 * NS_PER_S);
        cr_assert(median > MEDIANS[law] * 0.93 && median < MEDIANS[law] * 1.07, "law %d: %g", (int)law,
                  median);
    }
}

/* A delay of ten seconds, a second before the fault is over: the message comes when it is. */
Test(faults, nothing_is_held_back_beyond_the_end)
{
    struct fault delay = fault_of(INJECT_DATA_DELAY);
    const struct schedule schedule = {.faults = &delay, .count = 1, .capacity = 1};
    const struct faults_options options = {.schedule = &schedule, .seed = 1};
    const struct fault *actor;
    struct occasion_deed deed;
    struct faults *faults;
    delay.key = 1;
    delay.for_ns = 60 * NS_PER_S;
    delay.params[0] = 10 * NS_PER_S;
    cr_assert(eq(int, faults_open(&faults, &options), OK));
    cr_assert(not(faults_advance(faults, 0, &actor, &deed)));
    for (int64_t now_s = 40; now_s < 60; now_s++) {
        struct occasion occasion = {.kind = OCCASION_MESSAGE, .entity = (uint64_t)now_s};
        int64_t comes_s = now_s + 10 < 60 ? now_s + 10 : 60;
        occasion.u.message =
            (struct occasion_message){.link = TARGET_CHAIN, .is_answer = true, .at_ns = now_s * NS_PER_S};
        cr_assert(faults_meet(faults, now_s * NS_PER_S, &occasion));
        cr_assert(eq(i64, occasion.u.message.at_ns, comes_s * NS_PER_S));
    }
    faults_free(faults);
}

/* What has crashed is disturbed until it is there again. */
Test(faults, a_crash_lasts_as_long_as_its_recovery)
{
    struct fault crash = fault_of(INJECT_PROCESS_CRASH);
    const struct schedule schedule = {.faults = &crash, .count = 1, .capacity = 1};
    const struct faults_options options = {.schedule = &schedule, .seed = 1};
    const struct fault *actor;
    struct occasion_deed deed;
    struct faults *faults;
    crash.key = 1;
    crash.params[0] = 20 * NS_PER_S;
    cr_assert(eq(int, faults_open(&faults, &options), OK));
    cr_assert(faults_advance(faults, 0, &actor, &deed));
    cr_assert(not(faults_advance(faults, 19 * NS_PER_S, &actor, &deed)));
    cr_assert(eq(u32, faults_armed(faults), 1));
    cr_assert(not(faults_advance(faults, 20 * NS_PER_S, &actor, &deed)));
    cr_assert(eq(u32, faults_armed(faults), 0));
    faults_free(faults);
}
