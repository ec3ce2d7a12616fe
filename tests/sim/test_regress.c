/* tests/sim/test_regress.c: what campaigns have found once stays mended (scenarios/regress,
 * docs/BUGS-FOUND.md). */
#include "sim/trial.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

enum { SEEDS = 10 };

static void hold(const struct chaos_scenario *scenario, uint64_t seed, struct trial_outcome *outcome)
{
    struct schedule schedule = {0};
    struct diag diag = {0};
    struct trial_options options = {.scenario = scenario, .seed = seed, .schedule = &schedule};
    cr_assert(eq(int, trial_schedule(scenario, seed, &schedule, &options.kind), OK));
    cr_assert(eq(int, trial_run(&options, outcome, &diag), OK), "%s", diag.text);
    cr_expect(eq(u64, outcome->violation_count, 0), "%s, seed %llu: %s", scenario->name,
              (unsigned long long)seed, outcome->kept ? outcome->violations[0].text : "");
    cr_expect(gt(u64, outcome->fired, 0), "%s, seed %llu: no fault fired", scenario->name,
              (unsigned long long)seed);
    schedule_close(&schedule);
}

Test(regress, what_was_found_once_is_not_found_again, .timeout = 240)
{
    struct chaos_scenario_head *heads;
    struct diag diag = {0};
    uint32_t count;
    struct trial_outcome *outcome = malloc(sizeof *outcome);
    struct chaos_scenario *scenario = calloc(1, sizeof *scenario);
    cr_assert(eq(int, chaos_scenario_list("scenarios/regress", &heads, &count, &diag), OK), "%s", diag.text);
    cr_assert(gt(u32, count, 0));
    for (uint32_t i = 0; i < count; i++) {
        cr_assert(eq(int, chaos_scenario_load(scenario, "scenarios/regress", heads[i].path, &diag), OK), "%s",
                  diag.text);
        for (uint64_t seed = 1; seed <= SEEDS; seed++) hold(scenario, seed, outcome);
        chaos_scenario_close(scenario);
    }
    free(heads);
    free(scenario);
    free(outcome);
}
