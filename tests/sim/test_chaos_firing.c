/* tests/sim/test_chaos_firing.c: no fault is armed in vain: each injector of each scenario changes something,
 * and in swarms all of them do. */
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

static void run(uint64_t seed)
{
    struct schedule schedule = {0};
    struct diag diag = {0};
    enum swarm_kind kind;
    cr_assert(eq(int, trial_schedule(&scenario, seed, &schedule, &kind), OK));
    const struct trial_options options = {
        .scenario = &scenario, .seed = seed, .schedule = &schedule, .kind = kind, .is_unwatched = true};
    cr_assert(eq(int, trial_run(&options, &outcome, &diag), OK), "%s: %s", scenario.name, diag.text);
    schedule_close(&schedule);
}

static void load(const char *name)
{
    struct diag diag = {0};
    cr_assert(eq(int, chaos_scenario_load(&scenario, FOLDER, name, &diag), OK), "%s", diag.text);
    if (scenario.load.duration_ns > LASTS_MOST)
        cr_assert(eq(int, chaos_scenario_resize(&scenario, LASTS_MOST, 0, &diag), OK), "%s", diag.text);
}

static bool all_have_fired(const uint64_t *fired)
{
    for (uint32_t i = 0; i < scenario.schedule.count; i++)
        if (fired[scenario.schedule.faults[i].injector] == 0) return false;
    return true;
}

/* Chance decides over some: they have three seeds. */
static void run_until_all_have_fired(uint64_t fired[INJECTOR_COUNT])
{
    for (uint64_t seed = 1; seed <= 3 && !all_have_fired(fired); seed++) {
        run(seed);
        for (int i = 0; i < INJECTOR_COUNT; i++) fired[i] += outcome.counts[i].fired;
    }
}

Test(chaos_firing, every_fault_that_a_scenario_lists_fires)
{
    struct chaos_scenario_head *heads;
    struct diag diag = {0};
    uint32_t count;
    cr_assert(eq(int, chaos_scenario_list(FOLDER, &heads, &count, &diag), OK), "%s", diag.text);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t fired[INJECTOR_COUNT] = {0};
        load(heads[i].path);
        run_until_all_have_fired(fired);
        for (uint32_t j = 0; j < scenario.schedule.count; j++) {
            enum injector_id injector = scenario.schedule.faults[j].injector;
            cr_expect(fired[injector] > 0, "%s: %s never fires", scenario.name,
                      INJECTOR_TABLE[injector].name);
        }
        chaos_scenario_close(&scenario);
    }
    free(heads);
}

/* The campaign's own: within two hundred seeds each injector has fired, and the median seed has some twenty.
 */
Test(chaos_firing, in_swarms_every_injector_fires_and_most_seeds_have_twenty)
{
    enum { SEEDS = 200, WANTED = 20 };
    uint64_t fired[INJECTOR_COUNT] = {0};
    uint32_t rich = 0;
    load("swarm");
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        run(seed);
        rich += outcome.fired >= WANTED;
        for (int i = 0; i < INJECTOR_COUNT; i++) fired[i] += outcome.counts[i].fired;
    }
    for (int i = 0; i < INJECTOR_COUNT; i++)
        cr_expect(fired[i] > 0, "%s never fires", INJECTOR_TABLE[i].name);
    cr_assert(rich > SEEDS / 2, "%u of %d", rich, SEEDS);
    chaos_scenario_close(&scenario);
}
