/* tests/sim/test_trial.c: a trial is a function of its options, and its log, crashes and faults are real. */
#include "chaos/registry.h"
#include "engine/replay.h"
#include "sim/trial.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

TestSuite(trial, .timeout = 240);

static struct chaos_scenario *load(const char *name)
{
    struct diag diag = {0};
    struct chaos_scenario *scenario = calloc(1, sizeof *scenario);
    cr_assert(ne(ptr, scenario, NULL));
    cr_assert(eq(int, chaos_scenario_load(scenario, "scenarios/chaos", name, &diag), OK), "%s", diag.text);
    return scenario;
}

static void drop(struct chaos_scenario *scenario)
{
    chaos_scenario_close(scenario);
    free(scenario);
}

static struct trial_outcome *try(const struct trial_options *options)
{
    struct diag diag = {0};
    struct trial_outcome *outcome = malloc(sizeof *outcome);
    cr_assert(eq(int, trial_run(options, outcome, &diag), OK), "%s", diag.text);
    return outcome;
}

static void draw(const struct chaos_scenario *scenario, uint64_t seed, struct schedule *schedule,
                 enum swarm_kind *kind)
{
    *schedule = (struct schedule){0};
    cr_assert(eq(int, trial_schedule(scenario, seed, schedule, kind), OK));
}

static void hold(const struct trial_outcome *outcome, uint64_t seed)
{
    cr_assert(eq(u64, outcome->violation_count, 0), "seed %llu: %s", (unsigned long long)seed,
              outcome->kept ? outcome->violations[0].text : "");
}

Test(trial, the_same_options_make_the_same_run_watched_or_not)
{
    struct chaos_scenario *scenario = load("swarm");
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct schedule schedule;
        struct trial_options options = {.scenario = scenario, .seed = seed, .schedule = &schedule};
        draw(scenario, seed, &schedule, &options.kind);
        struct trial_outcome *first = try(&options);
        options.is_unwatched = true;
        struct trial_outcome *second = try(&options);
        hold(first, seed);
        cr_assert(eq(u64, first->digest, second->digest));
        cr_assert(eq(u64, first->events, second->events));
        free(first);
        free(second);
        schedule_close(&schedule);
    }
    drop(scenario);
}

Test(trial, a_control_has_no_fault_and_breaks_no_rule)
{
    struct chaos_scenario *scenario = load("swarm");
    const struct schedule nothing = {0};
    for (uint64_t seed = 100; seed < 110; seed++) {
        struct trial_outcome *outcome =
            try(&(struct trial_options){.scenario = scenario, .seed = seed, .schedule = &nothing});
        hold(outcome, seed);
        cr_assert(eq(u64, outcome->fired, 0));
        cr_assert(gt(u64, outcome->confirmed, 100));
        free(outcome);
    }
    drop(scenario);
}

Test(trial, what_only_pairs_of_runs_can_tell_is_judged_and_holds)
{
    struct chaos_scenario *scenario = load("swarm");
    uint64_t same = 0, clocks = 0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct schedule schedule;
        struct trial_options options = {
            .scenario = scenario, .seed = seed, .schedule = &schedule, .judges_pairs = true};
        draw(scenario, seed, &schedule, &options.kind);
        struct trial_outcome *outcome = try(&options);
        hold(outcome, seed);
        same += outcome->checks[INVARIANT_D01];
        clocks += outcome->checks[INVARIANT_S25] > 0;
        free(outcome);
        schedule_close(&schedule);
    }
    cr_assert(eq(u64, same, 8));
    cr_assert(gt(u64, clocks, 2));
    drop(scenario);
}

Test(trial, a_dropped_task_does_not_arrive_nor_does_what_is_below_it)
{
    struct chaos_scenario *scenario = load("swarm");
    const struct schedule nothing = {0};
    struct trial_options options = {.scenario = scenario, .seed = 3, .schedule = &nothing};
    struct trial_outcome *whole = try(&options);
    bool *dropped = calloc(whole->task_count + 1u, sizeof *dropped);
    for (uint32_t task = 1; task <= whole->task_count; task++) dropped[task] = task > 10 && task % 2 == 0;
    options.dropped = dropped;
    struct trial_outcome *half = try(&options);
    options.dropped = NULL;
    options.tasks_most = 10;
    struct trial_outcome *few = try(&options);
    cr_assert(lt(u64, half->tasks, whole->tasks * 6 / 10));
    cr_assert(eq(u64, few->tasks, 10));
    hold(half, 3);
    hold(few, 3);
    free(dropped);
    free(whole);
    free(half);
    free(few);
    drop(scenario);
}

/* The process ends at this event, at the three places in turn; whatever the place, nothing may be lost. */
Test(trial, a_crash_at_any_event_loses_nothing)
{
    struct chaos_scenario *scenario = load("swarm");
    scenario->load.duration_ns = 20 * NS_PER_S;
    uint32_t crashed = 0;
    for (int64_t event = 1; event < 400; event += 7) {
        struct fault crash = fault_of(INJECT_PROC_CRASH_AT);
        crash.key = 1;
        crash.for_ns = scenario->load.duration_ns;
        crash.chance_ppm = SCHEDULE_PPM_ONE;
        crash.params[0] = event;
        crash.params[1] = NS_PER_S;
        const struct schedule schedule = {.faults = &crash, .count = 1};
        struct trial_outcome *outcome =
            try(&(struct trial_options){.scenario = scenario, .seed = 9, .schedule = &schedule});
        hold(outcome, (uint64_t)event);
        crashed += (uint32_t)outcome->crashes;
        if (outcome->crashes) cr_assert(gt(u64, outcome->checks[INVARIANT_S18], 0));
        free(outcome);
    }
    cr_assert(gt(u32, crashed, 30));
    drop(scenario);
}

Test(trial, the_log_leads_to_the_end_of_the_run_again)
{
    enum { LOG_BYTES = 4 << 20 };
    struct chaos_scenario *scenario = load("swarm");
    struct codec_out log = {.bytes = malloc(LOG_BYTES), .capacity = LOG_BYTES};
    const struct schedule nothing = {0};
    struct trial_outcome *outcome =
        try(&(struct trial_options){.scenario = scenario, .seed = 4, .schedule = &nothing, .log = &log});
    struct replay replay;
    struct journal_diag diag;
    struct arena arena;
    struct journal_reader reader;
    cr_assert(eq(int, journal_open(&reader, log.bytes, log.used, &diag), OK));
    cr_assert(eq(int, arena_open(&arena, engine_memory_bytes(&reader.limits)), OK));
    cr_assert(eq(int, replay_begin(&replay, &arena, log.bytes, log.used, &diag), OK));
    while (!replay.is_over) cr_assert(eq(int, replay_step(&replay, &diag, NULL), OK));
    cr_assert(not(replay.is_torn));
    cr_assert(eq(u64, replay.reader.events, outcome->events));
    cr_assert(eq(u64, engine_statistics(replay.engine)->ended[TASK_CONFIRMED], outcome->confirmed));
    arena_close(&arena);
    free(log.bytes);
    free(outcome);
    drop(scenario);
}

Test(trial, a_run_can_be_stopped_at_a_moment)
{
    struct chaos_scenario *scenario = load("swarm");
    const struct schedule nothing = {0};
    struct trial_outcome *outcome = try(&(struct trial_options){
        .scenario = scenario, .seed = 4, .schedule = &nothing, .until_ns = 60 * NS_PER_S});
    cr_assert(eq(i64, outcome->end_ns, 60 * NS_PER_S));
    free(outcome);
    drop(scenario);
}
