/* tests/unit/test_recorder_breaker.c: the share of arrivals that met an open breaker. */
#include "loadgen/recorder.h"
#include "tests/lib/engine_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

TestSuite(recorder_breaker, .timeout = 10);

static void breaker_moves(struct recorder *recorder, enum breaker_state to)
{
    const struct effect note = {.kind = NOTE_BREAKER, .u.breaker.to = to};
    recorder_effect(recorder, 0, &note);
}

Test(recorder_breaker, arrivals_of_the_cohort_count_while_it_is_open)
{
    /* Five tasks, a second apart; the first arrives before the warm-up is over. */
    struct workload_task tasks[6] = {0};
    for (int i = 1; i <= 5; i++) tasks[i].intended_ns = i * NS_PER_S;
    struct workload workload = {.tasks = tasks, .task_count = 5};
    const struct recorder_options options = {
        .workload = &workload, .warmup_ns = 2 * NS_PER_S, .duration_ns = 10 * NS_PER_S, .workers = 1};
    struct recorder *recorder = NULL;
    cr_assert(eq(int, recorder_open(&recorder, &options), OK));
    const enum breaker_state states[] = {BREAKER_OPEN, BREAKER_OPEN, BREAKER_HALF_OPEN, BREAKER_OPEN,
                                         BREAKER_CLOSED};
    for (uint64_t task = 1; task <= 5; task++) {
        breaker_moves(recorder, states[task - 1]);
        recorder_arrival(recorder, task, false);
    }
    struct fixture *fixture = fixture_new();
    fixture_start(fixture, 8);
    struct run_metrics metrics;
    cr_assert(eq(int, recorder_finish(recorder, fixture->engine, 10 * NS_PER_S, &metrics), OK));
    cr_assert(ieee_ulp_eq(dbl, metrics.breaker_open_share, 0.5, 1)); /* tasks 2 and 4 of 2 to 5 */
    run_metrics_close(&metrics);
    recorder_free(recorder);
    fixture_free(fixture);
}
