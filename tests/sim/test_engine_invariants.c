/* tests/sim/test_engine_invariants.c: S01 to S17 hold in random histories, as seen from outside. */
#include "base/rollout.h"
#include "tests/lib/history.h"
#include "tests/lib/shadow.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

TestSuite(invariants, .timeout = 120);

Test(invariants, hold_after_every_event_of_a_history)
{
    struct shadow *shadow = malloc(sizeof *shadow);
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct history *history = history_watched(seed, shadow);
        for (int step = 0; step < 500; step++) {
            history_step(history);
            cr_assert(shadow->broken == NULL, "seed %lu step %d, %s: %s, task %lu", (unsigned long)seed, step,
                      event_kind_name(history->event.kind), shadow->broken, (unsigned long)shadow->broken_by);
        }
        history_free(history);
    }
    free(shadow);
}

/* Found by S08: the second starts because its only parent is confirmed, and admits the third in the same
 * breath. */
Test(invariants, a_confirmation_makes_all_below_it_shallower_before_it_starts_anything)
{
    struct fixture *fixture = fixture_new();
    fixture->settings.require_parent_output = 0;
    fixture_start(fixture, 8);
    cr_assert(eq(int, fixture_submit_for(fixture, 1, 1, PARENTS(0)), OK));
    cr_assert(eq(int, fixture_submit_for(fixture, 2, 2, PARENTS(1)), OK));
    cr_assert(eq(int, fixture_submit_for(fixture, 3, 2, PARENTS(2)), OK));
    cr_assert(eq(int, fixture_waits_for(fixture, 2), WAIT_CROSS_AGENT));
    fixture_confirm(fixture, 1);
    cr_assert(eq(int, fixture_status(fixture, 3), TASK_EXECUTING));
    cr_assert(eq(u32, fixture_view(fixture, 3).depth_at_admission, 1));
    fixture_free(fixture);
}

/* Found by S14: two rollbacks run, the first ends, and the limit is one now. */
Test(invariants, a_lowered_limit_of_rollbacks_counts_those_that_run)
{
    struct fixture *fixture = fixture_new();
    fixture->settings.rollback_max_concurrent = 2;
    fixture->settings.max_parallel_branches = 16;
    fixture_start(fixture, 16);
    for (uint64_t root = 1; root <= 3; root++) {
        cr_assert(eq(int, fixture_submit_for(fixture, root, root, PARENTS(0)), OK));
        cr_assert(eq(int, fixture_executed(fixture, root, 100), OK));
        cr_assert(eq(int, fixture_submit_for(fixture, 10 + root, root, PARENTS(root)), OK));
        cr_assert(eq(int, fixture_status(fixture, 10 + root), TASK_EXECUTING));
    }
    for (uint64_t root = 1; root <= 3; root++)
        cr_assert(eq(int, fixture_outcome(fixture, EVENT_CANCEL, root), OK));
    cr_assert(eq(u64, engine_statistics(fixture->engine)->plans_running, 2));
    fixture->settings.rollback_max_concurrent = 1;
    cr_assert(eq(int, fixture_settings(fixture), OK));
    cr_assert(eq(int, fixture_outcome(fixture, EVENT_ABORTED, 11), OK));
    cr_assert(eq(int, fixture_outcome(fixture, EVENT_RESTORED, 11), OK));
    cr_assert(eq(u64, engine_statistics(fixture->engine)->plans_running, 1));
    cr_assert(eq(u64, engine_statistics(fixture->engine)->plans_waiting, 1));
    fixture_free(fixture);
}

/* A share of a slash is weighed by the compute that was wasted: less than none would make money. */
Test(invariants, compute_of_less_than_no_time_is_refused)
{
    struct fixture *fixture = fixture_new();
    fixture_start(fixture, 8);
    cr_assert(eq(int, fixture_submit(fixture, 1, PARENTS(0)), OK));
    cr_assert(eq(int, fixture_executed(fixture, 1, -1), ERR_RANGE));
    cr_assert(eq(int, fixture_status(fixture, 1), TASK_EXECUTING));
    cr_assert(eq(int, fixture_executed(fixture, 1, 0), OK));
    cr_assert(eq(int, fixture_submit(fixture, 2, PARENTS(1)), OK));
    cr_assert(eq(int, fixture_outcome(fixture, EVENT_CANCEL, 1), OK));
    struct event event = {.kind = EVENT_ABORTED, .u.executed.compute_ns = INT64_MIN};
    cr_assert(engine_find(fixture->engine, 2, &event.task));
    cr_assert(eq(int, fixture_send(fixture, &event), ERR_RANGE));
    fixture_free(fixture);
}

/* The fourth kind of edge is the engine's own mark of a dropped one. */
Test(invariants, an_edge_of_no_kind_is_refused)
{
    struct fixture *fixture = fixture_new();
    fixture_start(fixture, 8);
    cr_assert(eq(int, fixture_submit(fixture, 1, PARENTS(0)), OK));
    struct event event = {.kind = EVENT_SUBMIT};
    event.u.submit = (struct event_submit){
        .id = 2, .agent_id = 1, .claim_expires_ns = NEVER_NS, .parent_count = 1, .parents = {1}};
    for (event.u.submit.edge_kinds[0] = EDGE_KIND_COUNT; event.u.submit.edge_kinds[0] != 0;
         event.u.submit.edge_kinds[0]++)
        cr_assert(eq(int, fixture_send(fixture, &event), ERR_RANGE));
    event.u.submit.rollout_bucket = ROLLOUT_ALWAYS + 1;
    cr_assert(eq(int, fixture_send(fixture, &event), ERR_RANGE));
    event.u.submit.rollout_bucket = ROLLOUT_ALWAYS - 1;
    cr_assert(eq(int, fixture_send(fixture, &event), ERR_RANGE));
    event.u.submit.rollout_bucket = ROLLOUT_BUCKETS;
    cr_assert(eq(int, fixture_send(fixture, &event), ERR_RANGE));
    cr_assert(eq(int, fixture_status(fixture, 2), TASK_STATUS_COUNT));
    event.u.submit.rollout_bucket = ROLLOUT_ALWAYS;
    cr_assert(eq(int, fixture_send(fixture, &event), OK));
    fixture_free(fixture);
}

/* A share of a slash must find room in any balance, and the sum of all withdrawals in its counter. */
Test(invariants, all_deposits_together_fit_64_bits)
{
    struct fixture *fixture = fixture_new();
    fixture_start(fixture, 8);
    struct event deposit = {.kind = EVENT_DEPOSIT, .u.deposit = {1, 1000000}};
    cr_assert(eq(int, fixture_send(fixture, &deposit), OK));
    uint64_t rest = UINT64_MAX - engine_statistics(fixture->engine)->deposited_lamports;
    uint32_t agents = engine_agent_count(fixture->engine);
    deposit.u.deposit.agent_id = 77;
    deposit.u.deposit.lamports = rest + 1;
    cr_assert(eq(int, fixture_send(fixture, &deposit), ERR_RANGE));
    cr_assert(eq(u32, engine_agent_count(fixture->engine), agents));
    deposit.u.deposit.lamports = rest;
    cr_assert(eq(int, fixture_send(fixture, &deposit), OK));
    cr_assert(eq(u64, engine_agent(fixture->engine, agents).free, rest));
    cr_assert(fixture_books_balance(fixture));
    fixture_free(fixture);
}

/* Before 0 there are no seconds to count in, behind the last moment no deadline fits. */
Test(invariants, times_outside_of_the_clock_are_refused)
{
    static const int64_t OUTSIDE_NS[] = {INT64_MIN, -1, EVENT_LAST_NS + 1, INT64_MAX};
    struct fixture *fixture = fixture_new();
    fixture_start(fixture, 8);
    struct event event = {.kind = EVENT_TICK};
    for (size_t i = 0; i < sizeof OUTSIDE_NS / sizeof *OUTSIDE_NS; i++) {
        event.now_ns = OUTSIDE_NS[i];
        cr_assert(eq(int, engine_step(fixture->engine, &event, &fixture->effects), ERR_RANGE));
    }
    cr_assert(eq(u64, engine_statistics(fixture->engine)->events[EVENT_TICK], 0));
    event.now_ns = EVENT_LAST_NS;
    cr_assert(eq(int, engine_step(fixture->engine, &event, &fixture->effects), OK));
    fixture_free(fixture);
}

/* A claim that ran out long before the clock began is no arithmetic accident. */
Test(invariants, a_claim_of_any_age_is_compared_without_overflow)
{
    struct fixture *fixture = fixture_new();
    fixture_start(fixture, 8);
    fixture->now_ns = NS_PER_S;
    cr_assert(eq(int, fixture_submit(fixture, 1, PARENTS(0)), OK));
    cr_assert(eq(int, fixture_executed(fixture, 1, 1), OK));
    struct event event = {.kind = EVENT_SUBMIT};
    event.u.submit = (struct event_submit){
        .id = 2, .agent_id = 1, .claim_expires_ns = INT64_MIN, .parent_count = 1, .parents = {1}};
    cr_assert(eq(int, fixture_send(fixture, &event), OK));
    cr_assert(eq(int, fixture_waits_for(fixture, 2), WAIT_CLAIM_WINDOW));
    fixture_free(fixture);
}

/* Found by a rebuild: the second comes after the first without reading it, and is spared by its rollback. */
Test(invariants, a_forced_rollback_leaves_nothing_speculative_under_any_policy)
{
    for (int64_t policy = ROLLBACK_CASCADE; policy <= ROLLBACK_CHECKPOINT; policy++) {
        struct fixture *fixture = fixture_new();
        fixture->settings.rollback_policy = policy;
        fixture_start(fixture, 8);
        cr_assert(eq(int, fixture_submit(fixture, 1, PARENTS(0)), OK));
        cr_assert(eq(int, fixture_executed(fixture, 1, 100), OK));
        cr_assert(eq(int, fixture_submit(fixture, 2, PARENTS(1)), OK));
        cr_assert(eq(int, fixture_executed(fixture, 2, 100), OK));
        struct event event = {.kind = EVENT_SUBMIT};
        event.u.submit = (struct event_submit){.id = 3,
                                               .agent_id = 1,
                                               .claim_expires_ns = NEVER_NS,
                                               .parent_count = 1,
                                               .parents = {2},
                                               .edge_kinds = {EDGE_ORDER}};
        cr_assert(eq(int, fixture_send(fixture, &event), OK));
        cr_assert(eq(int, fixture_status(fixture, 3), TASK_EXECUTING));
        event = (struct event){.kind = EVENT_FORCE_ROLLBACK, .u.rollback.reason = REASON_MANUAL};
        cr_assert(eq(int, fixture_send(fixture, &event), OK));
        fixture_finish_rollbacks(fixture);
        cr_assert(eq(u64, engine_statistics(fixture->engine)->speculative_active, 0));
        cr_assert(eq(int, fixture_status(fixture, 2), TASK_ROLLED_BACK));
        cr_assert(eq(int, fixture_status(fixture, 3), TASK_ROLLED_BACK));
        fixture_free(fixture);
    }
}
