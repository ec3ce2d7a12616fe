/* tests/unit/test_chaos_scenario.c: the shipped scenarios load, and what is wrong with one is said. */
#include "base/units.h"
#include "sim/chaos_scenario.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "scenarios/chaos"

TestSuite(chaos_scenario, .timeout = 60);

static struct chaos_scenario scenario;

/* 37 of the two plans, of which six stand in both, and the campaign's own. */
Test(chaos_scenario, every_file_of_the_folder_loads_and_arms_something)
{
    struct chaos_scenario_head *heads;
    struct diag diag = {0};
    uint32_t count;
    cr_assert(eq(int, chaos_scenario_list(FOLDER, &heads, &count, &diag), OK), "%s", diag.text);
    cr_assert(count >= 38);
    for (uint32_t i = 0; i < count; i++) {
        bool is_about_something = strcmp(heads[i].name, "swarm") == 0;
        for (int j = 0; j < INVARIANT_COUNT; j++) is_about_something |= heads[i].is_about[j];
        cr_assert(heads[i].title[0] && heads[i].about[0] && is_about_something, "%s", heads[i].path);
        for (uint32_t j = 0; j < i; j++) cr_assert(strcmp(heads[i].name, heads[j].name) != 0);
    }
    free(heads);
}

static void load(const char *name)
{
    struct diag diag = {0};
    cr_assert(eq(int, chaos_scenario_load(&scenario, FOLDER, name, &diag), OK), "%s", diag.text);
}

Test(chaos_scenario, it_is_found_by_id_by_number_by_name_and_by_path)
{
    const char *names[] = {"C2", "c2", "002", "cascade_rollback_stress",
                           FOLDER "/c2_cascade_rollback_stress.toml"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        load(names[i]);
        cr_assert(eq(str, scenario.head.name, "cascade_rollback_stress"));
        cr_assert(eq(i64, scenario.load.duration_ns, 20 * NS_PER_MIN)); /* of its load, deep */
        cr_assert(eq(i64, scenario.config.settings.max_depth, 10));
        cr_assert(eq(i64, scenario.config.settings.enabled, 1));
        cr_assert(eq(u32, scenario.schedule.count, 1));
        cr_assert(eq(u32, scenario.schedule.faults[0].chance_ppm, 150000));
        cr_assert(scenario.head.is_about[INVARIANT_S07] && !scenario.head.is_about[INVARIANT_S25]);
        chaos_scenario_close(&scenario);
    }
}

Test(chaos_scenario, another_duration_drops_late_faults_and_spreads_the_swarm)
{
    struct diag diag = {0};
    load("swarm");
    cr_assert(eq(int, chaos_scenario_resize(&scenario, 20 * NS_PER_S, 0, &diag), OK), "%s", diag.text);
    cr_assert(eq(i64, scenario.swarm.until_ns, 18 * NS_PER_S));
    chaos_scenario_close(&scenario);
    load("025");
    cr_assert(eq(u32, scenario.schedule.count, 3));
    cr_assert(eq(int, chaos_scenario_resize(&scenario, 5 * NS_PER_MIN, 3, &diag), OK), "%s", diag.text);
    cr_assert(eq(u32, scenario.schedule.count, 2));
    cr_assert(scenario.load.rate == 3);
    cr_assert(eq(int, chaos_scenario_resize(&scenario, 5 * NS_PER_S, 0, &diag), ERR_USAGE));
    cr_assert(strstr(diag.text, "its first fault begins at 2m, a load of 5s would meet none") != NULL);
    chaos_scenario_close(&scenario);
}

Test(chaos_scenario, damage_beyond_repair_is_asked_for_safety_alone)
{
    load("010");
    cr_assert(eq(int, scenario.invariants, INVARIANTS_SAFETY));
    chaos_scenario_close(&scenario);
    load("013");
    cr_assert(eq(int, scenario.invariants, INVARIANTS_ALL));
    chaos_scenario_close(&scenario);
}

#define ARMED "[[fault]]\nid = \"chain.halt\"\nat = \"1s\"\nfor = \"1s\"\n"

static const struct {
    const char *text, *part; /* part: of the line */
} WRONG[] = {
    {"name = \"x\"\n", " arms no fault, so it would try nothing: add a [[fault]], or on = true in [swarm]"},
    {ARMED, " has no name = \"...\""},
    {"name = \"x\"\n[load]\nduration = \"1s\"\n" ARMED,
     ": chain.halt begins at 1s, when nothing arrives any more: the load lasts 1s"},
    {"name = \"x\"\n[load]\nduraton = \"10s\"\n" ARMED,
     ":3:1: no key load.duraton in a scenario, nearest is load.duration"},
    {"name = \"x\"\n[load]\nduration = 10\n" ARMED,
     ":3:12: load.duration is an integer, want a duration like \"10m\""},
    {"name = \"x\"\n[load]\nrate = 0\n" ARMED, ":3:8: load.rate is out of range, want above 0 to 10000"},
    {"name = \"x\"\n[load]\nworkload = \"stedy\"\n" ARMED,
     "no load profile stedy (looked for scenarios/chaos/load/stedy.toml); did you mean steady"},
    {"name = \"x\"\n[load]\nshape = \"star\"\n" ARMED, ": [load]: --shape: 'star' is none of chain, tree"},
    {"name = \"x\"\n[expect]\ninvariants = [\"S1\"]\n" ARMED,
     ":3:15: no invariant \"S1\", nearest is S01; `agenc chaos list` has them all"},
    {"name = \"x\"\n[run]\nchain = \"moonnet\"\n" ARMED, ": run.chain: no chain profile moonnet"},
    {"name = \"x\"\n[speculation]\nmax_depth = 21\n" ARMED,
     ":3:13: speculation.max_depth: 21 is not in 1..20 levels"},
    {"name = \"x\"\n[speculation]\nmax_dept = 2\n" ARMED,
     ":3:1: speculation.max_dept is not a configuration key, nearest is "},
    {"name = \"x\"\n[swarm]\non = 1\n", ":3:6: swarm.on is an integer, want true or false"},
};

Test(chaos_scenario, what_is_wrong_with_a_file_is_said_with_its_place)
{
    char path[] = "/tmp/scenario-XXXXXX.toml";
    int file = mkstemps(path, 5);
    cr_assert(file >= 0);
    close(file);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        struct diag diag = {0};
        FILE *out = fopen(path, "w");
        fputs(WRONG[i].text, out);
        fclose(out);
        cr_expect(ne(int, chaos_scenario_load(&scenario, FOLDER, path, &diag), OK), "%s", WRONG[i].text);
        cr_expect(strstr(diag.text, WRONG[i].part) != NULL, "%s", diag.text);
    }
    unlink(path);
}

Test(chaos_scenario, an_unknown_name_is_told_the_nearest)
{
    struct diag diag = {0};
    cr_assert(eq(int, chaos_scenario_load(&scenario, FOLDER, "cascade_rollback_stres", &diag), ERR_USAGE));
    cr_assert(
        eq(str, diag.text,
           "no scenario \"cascade_rollback_stres\", nearest is cascade_rollback_stress; `agenc chaos list "
           "scenarios` has them all"));
}
