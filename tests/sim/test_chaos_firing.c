/* tests/sim/test_chaos_firing.c: no fault is armed in vain: each injector of each scenario changes something,
 * and in swarms all of them do. What a scenario is about is judged in it. */
#include "sim/trial.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

TestSuite(chaos_firing, .timeout = 300);

#define FOLDER     "scenarios/chaos"
#define LASTS_MOST (15 * NS_PER_MIN)

static struct chaos_scenario scenario;
static struct trial_outcome outcome;

/* fired, checks: what came of it is added. */
struct tally {
    uint64_t fired[INJECTOR_COUNT], checks[INVARIANT_COUNT];
};

static void run(uint64_t seed, bool is_judged, struct tally *tally)
{
    struct schedule schedule = {0};
    struct diag diag = {0};
    enum swarm_kind kind;
    cr_assert(eq(int, trial_schedule(&scenario, seed, &schedule, &kind), OK));
    const struct trial_options options = {
        .scenario = &scenario, .seed = seed, .schedule = &schedule, .kind = kind, .is_unwatched = !is_judged};
    cr_assert(eq(int, trial_run(&options, &outcome, &diag), OK), "%s: %s", scenario.name, diag.text);
    if (is_judged && scenario.head.is_about[INVARIANT_L07])
        cr_assert(eq(int, trial_judge_pairs(&options, &outcome, &diag), OK), "%s", diag.text);
    schedule_close(&schedule);
    for (int i = 0; i < INJECTOR_COUNT; i++) tally->fired[i] += outcome.counts[i].fired;
    for (int i = 0; i < INVARIANT_COUNT; i++) tally->checks[i] += outcome.checks[i];
}

static void load(const char *name)
{
    struct diag diag = {0};
    cr_assert(eq(int, chaos_scenario_load(&scenario, FOLDER, name, &diag), OK), "%s", diag.text);
    if (scenario.load.duration_ns > LASTS_MOST)
        cr_assert(eq(int, chaos_scenario_resize(&scenario, LASTS_MOST, 0, &diag), OK), "%s", diag.text);
}

static bool is_complete(const struct tally *tally)
{
    for (uint32_t i = 0; i < scenario.schedule.count; i++)
        if (tally->fired[scenario.schedule.faults[i].injector] == 0) return false;
    for (int i = 0; i < INVARIANT_COUNT; i++)
        if (scenario.head.is_about[i] && tally->checks[i] == 0) return false;
    return true;
}

static void say_what_is_missing(const struct tally *tally)
{
    for (uint32_t i = 0; i < scenario.schedule.count; i++) {
        enum injector_id injector = scenario.schedule.faults[i].injector;
        cr_expect(tally->fired[injector] > 0, "%s: %s never fires", scenario.name,
                  INJECTOR_TABLE[injector].name);
    }
    for (int i = 0; i < INVARIANT_COUNT; i++)
        cr_expect(tally->checks[i] > 0 || !scenario.head.is_about[i], "%s: %s is never judged", scenario.name,
                  INVARIANT_TABLE[i].id);
}

/* Chance decides over some: they have three seeds. */
Test(chaos_firing, every_fault_that_a_scenario_lists_fires_and_what_it_is_about_is_judged)
{
    struct chaos_scenario_head *heads;
    struct diag diag = {0};
    uint32_t count;
    cr_assert(eq(int, chaos_scenario_list(FOLDER, &heads, &count, &diag), OK), "%s", diag.text);
    for (uint32_t i = 0; i < count; i++) {
        struct tally tally = {0};
        load(heads[i].path);
        for (uint64_t seed = 1; seed <= 3 && (seed == 1 || !is_complete(&tally)); seed++)
            run(seed, true, &tally);
        say_what_is_missing(&tally);
        chaos_scenario_close(&scenario);
    }
    free(heads);
}

/* The campaign's own: within two hundred seeds each injector has fired, and the median seed has some twenty.
 */
Test(chaos_firing, in_swarms_every_injector_fires_and_most_seeds_have_twenty)
{
    enum { SEEDS = 200, WANTED = 20 };
    struct tally tally = {0};
    uint32_t rich = 0;
    load("swarm");
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        run(seed, false, &tally);
        rich += outcome.fired >= WANTED;
    }
    for (int i = 0; i < INJECTOR_COUNT; i++)
        cr_expect(tally.fired[i] > 0, "%s never fires", INJECTOR_TABLE[i].name);
    cr_assert(rich > SEEDS / 2, "%u of %d", rich, SEEDS);
    chaos_scenario_close(&scenario);
}

/* A fault ends with the heal at the latest, whatever its file says: held jobs come then, and come to their
 * end. */
Test(chaos_firing, no_load_is_held_back_beyond_the_heal)
{
    struct fault herd = fault_of(INJECT_LOAD_THUNDERING_HERD);
    struct diag diag = {0};
    load("swarm");
    herd.key = 1;
    herd.on_ns = scenario.load.duration_ns - 30 * NS_PER_S;
    herd.for_ns = 112 * NS_PER_S;
    const struct schedule schedule = {.faults = &herd, .count = 1};
    const struct trial_options options = {.scenario = &scenario, .seed = 1, .schedule = &schedule};
    cr_assert(eq(int, trial_run(&options, &outcome, &diag), OK), "%s", diag.text);
    cr_assert(eq(u64, outcome.violation_count, 0), "%s", outcome.violations[0].text);
    cr_assert(outcome.counts[INJECT_LOAD_THUNDERING_HERD].fired > 0);
    chaos_scenario_close(&scenario);
}
