/* tests/sim/test_engine_found.c: rules that random histories found broken, each by the shortest history. */
#include "tests/lib/engine_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct fixture *f;

static void set_up(void)
{
    f = fixture_new();
    f->settings.max_parallel_branches = 16;
}
static void tear_down(void)
{
    fixture_free(f);
}
TestSuite(found, .init = set_up, .fini = tear_down, .timeout = 10);

static void execute_root(uint64_t id)
{
    cr_assert(eq(int, fixture_submit(f, id, PARENTS()), OK));
    cr_assert(eq(int, fixture_executed(f, id, 100), OK));
}

/* Below `parent`, with a bond or a claim of its own; 0 and NEVER_NS: without. */
static void submit_below(uint64_t id, uint64_t agent, uint64_t parent, uint64_t bond, int64_t claim_ns)
{
    struct event event = {.kind = EVENT_SUBMIT};
    event.u.submit = (struct event_submit){.id = id,
                                           .agent_id = agent,
                                           .snapshot_bytes = 1000,
                                           .bond_lamports = bond,
                                           .claim_expires_ns = claim_ns,
                                           .parent_count = 1,
                                           .parents = {parent}};
    cr_assert(eq(int, fixture_send(f, &event), OK));
}

static struct event about(enum event_kind kind, uint64_t id)
{
    struct event event = {.kind = kind};
    cr_assert(engine_find(f->engine, id, &event.task));
    return event;
}

/* One proof is generated, one is queued, the third waits before the full queue. */
static void fill_proof_queue(void)
{
    f->settings.queue_size = 1;
    f->settings.worker_threads = 1;
    f->settings.batch_size = 1;
    fixture_start(f, 16);
    for (uint64_t id = 1; id <= 3; id++) execute_root(id);
    cr_assert(eq(int, fixture_view(f, 2).proof, PROOF_QUEUED));
    cr_assert(eq(int, fixture_view(f, 3).proof, PROOF_BLOCKED));
}

Test(found, a_proof_queue_that_an_operator_emptied_takes_in_who_stood_before_it)
{
    fill_proof_queue();
    struct event event = {.kind = EVENT_CLEAR_QUEUE, .u.clear.is_dropped = true};
    cr_assert(eq(int, fixture_send(f, &event), OK));
    cr_assert(eq(int, fixture_status(f, 2), TASK_FAILED));
    cr_assert(eq(int, fixture_view(f, 3).proof, PROOF_QUEUED));
}

Test(found, a_longer_proof_queue_takes_in_who_stood_before_it)
{
    fill_proof_queue();
    f->settings.queue_size = 2;
    cr_assert(eq(int, fixture_settings(f), OK));
    cr_assert(eq(int, fixture_view(f, 3).proof, PROOF_QUEUED));
}

Test(found, a_renewed_claim_counts_whoever_stands_before_it)
{
    fixture_start(f, 16);
    execute_root(1);
    submit_below(2, 1, 1, 0, 50 * NS_PER_S);
    submit_below(3, 1, 1, 0, 55 * NS_PER_S);
    cr_assert(eq(int, fixture_waits_for(f, 3), WAIT_CLAIM_WINDOW));
    struct event event = about(EVENT_CLAIM_RENEWED, 3);
    event.u.claim.expires_ns = 200 * NS_PER_S;
    cr_assert(eq(int, fixture_send(f, &event), OK));
    cr_assert(eq(int, fixture_status(f, 3), TASK_EXECUTING));
    cr_assert(eq(int, fixture_waits_for(f, 2), WAIT_CLAIM_WINDOW));
}

Test(found, among_waiters_of_one_depth_the_smaller_bond_is_served_first)
{
    f->settings.breaker_half_open_probes = 1;
    fixture_start(f, 16);
    execute_root(1);
    f->settings.max_pending_operations = 1;
    cr_assert(eq(int, fixture_settings(f), OK));
    submit_below(2, 1, 1, 0, NEVER_NS);
    submit_below(3, 1, 1, 900, NEVER_NS);
    submit_below(4, 1, 1, 500, NEVER_NS);
    cr_assert(eq(int, fixture_waits_for(f, 4), WAIT_PENDING_LIMIT));
    cr_assert(eq(int, fixture_outcome(f, EVENT_CANCEL, 2), OK));
    cr_assert(eq(int, fixture_status(f, 3), TASK_PENDING));
    fixture_finish_rollbacks(f);
    cr_assert(eq(int, fixture_status(f, 4), TASK_EXECUTING));
    cr_assert(eq(int, fixture_status(f, 3), TASK_PENDING));
}

Test(found, a_share_of_a_slash_lets_its_receiver_go_on)
{
    f->settings.cross_agent_speculation = 1;
    fixture_start(f, 16);
    fixture_deposit(f, 5, 1060000); /* the next bond is 1,100,000 */
    execute_root(1);
    cr_assert(eq(int, fixture_submit(f, 2, PARENTS(1)), OK));
    cr_assert(eq(int, fixture_executed(f, 2, 100), OK));
    submit_below(3, 5, 2, 100, NEVER_NS);
    submit_below(4, 5, 1, 0, NEVER_NS);
    cr_assert(eq(int, fixture_waits_for(f, 4), WAIT_STAKE_INSUFFICIENT));
    cr_assert(eq(int, fixture_proof_failed(f, 2, PROOF_ERROR_CONSTRAINT), OK));
    fixture_finish_rollbacks(f);
    /* Agent 1 loses 110,000, of which the victim's agent gets half. */
    cr_assert(eq(u64, engine_agent(f->engine, 4).received, 55000));
    cr_assert(eq(int, fixture_status(f, 4), TASK_EXECUTING));
}

Test(found, an_abort_that_nobody_asked_for_changes_nothing)
{
    fixture_start(f, 16);
    cr_assert(eq(int, fixture_submit(f, 1, PARENTS()), OK));
    struct event event = about(EVENT_ABORTED, 1);
    event.u.executed.compute_ns = 7 * NS_PER_S;
    cr_assert(eq(int, fixture_send(f, &event), ERR_STALE));
    cr_assert(eq(int, fixture_outcome(f, EVENT_CANCEL, 1), OK));
    f->now_ns = f->settings.rollback_grace_ns; /* no answer */
    event = (struct event){.kind = EVENT_TICK};
    cr_assert(eq(int, fixture_send(f, &event), OK));
    cr_assert(eq(i64, fixture_saw(f, NOTE_UNDONE, 0)->u.undone.wasted_ns, 0));
}

Test(found, a_batch_has_a_deadline_while_one_of_the_wanted_workers_is_free)
{
    f->settings.worker_threads = 3;
    f->settings.batch_size = 1;
    f->settings.batch_timeout_ns = 2 * NS_PER_S;
    fixture_start(f, 16);
    for (uint64_t id = 1; id <= 3; id++) execute_root(id);
    cr_assert(eq(int, fixture_worker_free(f, 0), OK));
    f->settings.worker_threads = 2; /* busy: 1, and 2, which is one too many */
    f->settings.batch_size = 10;
    cr_assert(eq(int, fixture_settings(f), OK));
    execute_root(4);
    cr_assert(eq(i64, engine_deadline_ns(f->engine), 2 * NS_PER_S));
    f->now_ns = 2 * NS_PER_S;
    cr_assert(eq(int, fixture_tick(f), OK));
    cr_assert(eq(int, fixture_view(f, 4).proof, PROOF_GENERATING));
}

Test(found, a_task_whose_parent_starts_with_a_confirmation_is_as_deep_as_it_is_now)
{
    f->settings.require_parent_output = 0;
    fixture_start(f, 16);
    cr_assert(eq(int, fixture_submit(f, 1, PARENTS()), OK));
    cr_assert(eq(int, fixture_submit_for(f, 2, 2, PARENTS(1)), OK));
    cr_assert(eq(int, fixture_submit_for(f, 3, 2, PARENTS(2)), OK));
    cr_assert(eq(int, fixture_waits_for(f, 2), WAIT_CROSS_AGENT));
    cr_assert(eq(int, fixture_waits_for(f, 3), WAIT_PARENT_OUTPUT));
    fixture_confirm(f, 1);
    cr_assert(eq(int, fixture_status(f, 3), TASK_EXECUTING));
    cr_assert(eq(u32, fixture_view(f, 3).depth_at_admission, 1));
    cr_assert(eq(u64, fixture_view(f, 3).bond_lamports, 1100000));
}

Test(found, the_breaker_goes_on_looking_at_the_rate_when_it_was_open_for_a_moment)
{
    f->settings.breaker_consecutive = 2;
    f->settings.breaker_consecutive_cooldown_ns = 0;
    f->settings.breaker_rate_min_tasks = 1;
    fixture_start(f, 16);
    execute_root(1);
    for (uint64_t id = 2; id <= 3; id++) cr_assert(eq(int, fixture_submit(f, id, PARENTS(1)), OK));
    for (uint64_t id = 2; id <= 3; id++) {
        cr_assert(eq(int, fixture_outcome(f, EVENT_EXECUTION_FAILED, id), OK));
        fixture_finish_rollbacks(f);
    }
    cr_assert(eq(u64, engine_statistics(f->engine)->breaker_trips[TRIGGER_CONSECUTIVE_FAILURES], 1));
    cr_assert(eq(int, engine_breaker(f->engine).state, BREAKER_HALF_OPEN));
    cr_assert(eq(i64, engine_deadline_ns(f->engine), NS_PER_S));
}

Test(found, settings_beyond_every_range_open_the_breaker_and_nothing_worse)
{
    f->settings.breaker_half_open_probes = INT32_MAX;
    fixture_start(f, 16);
    execute_root(1);
    f->settings.max_memory_bytes = 0;
    f->settings.queue_size = 0;
    f->settings.breaker_queue_window_ns = 0;
    cr_assert(eq(int, fixture_settings(f), OK));
    cr_assert(eq(int, engine_breaker(f->engine).trigger, TRIGGER_MEMORY));
    cr_assert(eq(u64, engine_breaker(f->engine).value, UINT64_MAX));
}
