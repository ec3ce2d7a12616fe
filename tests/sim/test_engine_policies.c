/* tests/sim/test_engine_policies.c: what a failure takes with it under each policy, and in which order. */
#include "tests/lib/engine_checks.h"

static struct fixture *fx;
static void set_up(void)
{
    fx = fixture_new();
    fx->settings.max_parallel_branches = 16;
    fx->settings.max_depth = 10;
    fx->settings.worker_threads = 16;
}
static void tear_down(void)
{
    fixture_free(fx);
}
TestSuite(engine_policies, .init = set_up, .fini = tear_down, .timeout = 10);

#define KINDS(...)                                                                                           \
    (const uint8_t[])                                                                                        \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

static void start_with(enum rollback_policy policy)
{
    fx->settings.rollback_policy = policy;
    fixture_start(fx, 32);
}

static void executed_after(uint64_t id, const uint64_t *parents, const uint8_t *kinds)
{
    ACCEPTED(fixture_submit_edges(fx, id, parents, kinds));
    ACCEPTED(fixture_executed(fx, id, 100));
}

static void fail(uint64_t id)
{
    ACCEPTED(fixture_proof_failed(fx, id, PROOF_ERROR_CONSTRAINT));
    fixture_finish_rollbacks(fx);
}

static void undone(uint32_t count, const uint64_t *ids)
{
    cr_assert(eq(u32, fx->undone_count, count));
    for (uint32_t i = 0; i < count; i++) cr_assert(eq(u64, fx->undone[i], ids[i]), "turn %u", i);
}
#define UNDONE(...)                                                                                          \
    undone(sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), (const uint64_t[]){__VA_ARGS__})

/* ---- selective ---- */

Test(engine_policies, selective_takes_who_read_the_output_and_spares_who_came_only_after)
{
    start_with(ROLLBACK_SELECTIVE);
    fixture_run(fx, 1, PARENTS());
    fixture_run(fx, 2, PARENTS(1));
    executed_after(3, PARENTS(1), KINDS(EDGE_ORDER));
    fixture_run(fx, 4, PARENTS(2));
    fixture_run(fx, 5, PARENTS(3));
    fail(1);
    UNDONE(4, 2, 1);
    STATUS(4, TASK_ROLLED_BACK);
    STATUS(2, TASK_ROLLED_BACK);
    /* Spared: nothing unconfirmed is above 3 any more. */
    STATUS(3, TASK_PROOF_PENDING);
    cr_assert(eq(u32, fixture_view(fx, 3).depth_now, 0));
    cr_assert(eq(u32, fixture_view(fx, 5).depth_now, 1));
    fixture_confirm(fx, 3);
    fixture_confirm(fx, 5);
    STATUS(5, TASK_CONFIRMED);
    cr_assert(fixture_books_balance(fx));
}

Test(engine_policies, a_spared_proof_that_waited_for_the_failed_task_is_submitted)
{
    start_with(ROLLBACK_SELECTIVE);
    fixture_run(fx, 1, PARENTS());
    executed_after(2, PARENTS(1), KINDS(EDGE_ORDER));
    ACCEPTED(fixture_outcome(fx, EVENT_PROOF_DONE, 2));
    STATUS(2, TASK_AWAITING_ANCESTORS);
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_CONSTRAINT));
    STATUS(2, TASK_SUBMITTING);
    cr_assert(eq(u64, fixture_saw(fx, EFFECT_SUBMIT, 0)->task_id, 2));
    cr_assert(eq(u64, engine_statistics(fx->engine)->awaiting, 0));
}

Test(engine_policies, a_spared_waiter_starts_when_what_it_waited_for_is_gone)
{
    start_with(ROLLBACK_SELECTIVE);
    fixture_run(fx, 1, PARENTS());
    ACCEPTED(fixture_submit_edges(fx, 2, PARENTS(1), KINDS(EDGE_RESOURCE)));
    cr_assert(eq(int, fixture_waits_for(fx, 2), WAIT_DEPENDENCY_TYPE));
    ACCEPTED(fixture_submit_edges(fx, 3, PARENTS(2, 1), KINDS(EDGE_DATA, EDGE_RESOURCE)));
    cr_assert(eq(int, fixture_waits_for(fx, 3), WAIT_PARENT_OUTPUT));
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_CONSTRAINT));
    STATUS(2, TASK_EXECUTING);
    cr_assert(not(fixture_view(fx, 2).was_speculative));
    ACCEPTED(fixture_executed(fx, 2, 100));
    STATUS(3, TASK_EXECUTING);
    cr_assert(eq(u32, fixture_view(fx, 3).depth_now, 1));
}

Test(engine_policies, a_waiter_that_needs_the_output_is_cancelled)
{
    fx->settings.max_depth = 1;
    start_with(ROLLBACK_SELECTIVE);
    fixture_chain(fx, 2);
    ACCEPTED(fixture_submit(fx, 3, PARENTS(2)));
    ACCEPTED(fixture_submit_edges(fx, 4, PARENTS(2), KINDS(EDGE_ORDER)));
    fail(1);
    STATUS(3, TASK_CANCELLED);
    STATUS(4, TASK_EXECUTING);
}

Test(engine_policies, one_data_edge_among_several_is_enough)
{
    start_with(ROLLBACK_SELECTIVE);
    fixture_run(fx, 1, PARENTS());
    fixture_run(fx, 2, PARENTS());
    executed_after(3, PARENTS(1, 2), KINDS(EDGE_ORDER, EDGE_DATA));
    executed_after(4, PARENTS(1, 2), KINDS(EDGE_DATA, EDGE_ORDER));
    fail(2);
    STATUS(3, TASK_ROLLED_BACK);
    STATUS(4, TASK_PROOF_PENDING);
    cr_assert(eq(u32, fixture_view(fx, 4).depth_now, 1)); /* 1 is still open */
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 4);
    STATUS(4, TASK_CONFIRMED);
}

Test(engine_policies, a_dropped_edge_does_not_carry_a_later_failure)
{
    start_with(ROLLBACK_SELECTIVE);
    fixture_chain(fx, 2);
    executed_after(3, PARENTS(2), KINDS(EDGE_ORDER));
    fail(2);
    STATUS(3, TASK_PROOF_PENDING);
    fx->settings.rollback_policy = ROLLBACK_CASCADE;
    ACCEPTED(fixture_settings(fx));
    fail(1);
    STATUS(3, TASK_PROOF_PENDING);
    fixture_confirm(fx, 3);
    STATUS(3, TASK_CONFIRMED);
}

Test(engine_policies, a_new_policy_holds_from_the_next_rollback)
{
    start_with(ROLLBACK_CASCADE);
    fixture_run(fx, 1, PARENTS());
    executed_after(2, PARENTS(1), KINDS(EDGE_ORDER));
    ACCEPTED(fixture_submit(fx, 3, PARENTS())); /* running: its abort keeps the plan open */
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_CONSTRAINT));
    fx->settings.rollback_policy = ROLLBACK_SELECTIVE;
    ACCEPTED(fixture_settings(fx));
    fixture_finish_rollbacks(fx);
    cr_assert(fixture_view(fx, 2).is_in_rollback || fixture_status(fx, 2) == TASK_ROLLED_BACK);
}

/* ---- checkpoint ---- */

Test(engine_policies, checkpoint_goes_back_to_the_nearest_checkpoint)
{
    start_with(ROLLBACK_CHECKPOINT);
    fixture_chain(fx, 5); /* checkpoints at depth 1 and 3: tasks 2 and 4 */
    fail(4);
    UNDONE(5, 4, 3);
    STATUS(3, TASK_ROLLED_BACK);
    STATUS(2, TASK_PROOF_PENDING);
    STATUS(1, TASK_PROOF_PENDING);
    cr_assert(fixture_books_balance(fx));
}

Test(engine_policies, a_failure_just_below_a_checkpoint_takes_only_itself)
{
    start_with(ROLLBACK_CHECKPOINT);
    fixture_chain(fx, 5);
    fail(5);
    UNDONE(5);
    STATUS(4, TASK_PROOF_PENDING);
}

Test(engine_policies, without_a_checkpoint_everything_back_to_the_confirmed_frontier_goes)
{
    fx->settings.checkpoint_interval = 20;
    start_with(ROLLBACK_CHECKPOINT);
    fixture_chain(fx, 5); /* task 2 alone holds a checkpoint */
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 2);
    fail(5);
    UNDONE(5, 4, 3);
    STATUS(2, TASK_CONFIRMED);
}

Test(engine_policies, a_task_that_joins_branches_holds_a_checkpoint)
{
    fx->settings.checkpoint_interval = 20;
    start_with(ROLLBACK_CHECKPOINT);
    fixture_chain(fx, 3);
    fixture_run(fx, 4, PARENTS(2));
    fixture_run(fx, 5, PARENTS(3, 4));
    fixture_run(fx, 6, PARENTS(5));
    fail(6);
    UNDONE(6);
    fail(5); /* above 5: 3 and 4 up to 2, which holds one */
    STATUS(3, TASK_ROLLED_BACK);
    STATUS(4, TASK_ROLLED_BACK);
    STATUS(2, TASK_PROOF_PENDING);
}

Test(engine_policies, what_goes_with_the_path_takes_its_other_descendants_along)
{
    start_with(ROLLBACK_CHECKPOINT);
    fixture_chain(fx, 4);
    fixture_run(fx, 5, PARENTS(3)); /* beside 4, below 3, which the failure of 4 takes */
    fixture_run(fx, 6, PARENTS(2)); /* beside 3, below the checkpoint: stays */
    fail(4);
    UNDONE(5, 4, 3);
    STATUS(6, TASK_PROOF_PENDING);
}

Test(engine_policies, only_the_root_is_slashed_and_the_path_above_it_gets_everything_back)
{
    start_with(ROLLBACK_CHECKPOINT);
    fixture_chain(fx, 4);
    fail(4);
    struct agent_view agent = engine_agent(fx->engine, 0);
    cr_assert(
        eq(u64, agent.slashed, 130000)); /* a tenth of the bond at depth 3; no other agent is a victim */
    cr_assert(eq(u64, engine_statistics(fx->engine)->treasury_lamports, 130000));
    cr_assert(fixture_books_balance(fx));
}

/* ---- all ---- */

Test(engine_policies, a_cascade_goes_deepest_first_and_later_submissions_first)
{
    start_with(ROLLBACK_CASCADE);
    fixture_run(fx, 1, PARENTS());
    fixture_run(fx, 2, PARENTS(1));
    fixture_run(fx, 3, PARENTS(1));
    fixture_run(fx, 4, PARENTS(2, 3));
    fail(1);
    UNDONE(4, 3, 2, 1);
}

Test(engine_policies, an_absorbed_checkpoint_plan_is_taken_over_whole)
{
    start_with(ROLLBACK_CHECKPOINT);
    ACCEPTED(fixture_submit(fx, 20, PARENTS())); /* its abort occupies the only place */
    ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, 20));
    struct effect blocker = *fixture_saw(fx, EFFECT_ABORT, 0);
    fixture_run(fx, 1, PARENTS());
    fixture_run(fx, 2, PARENTS());
    fixture_run(fx, 3, PARENTS(1, 2));
    ACCEPTED(fixture_proof_failed(fx, 3, PROOF_ERROR_CONSTRAINT)); /* takes 1 and 2 along: no checkpoint */
    struct event event = {.kind = EVENT_ABORTED, .task = blocker.task};
    ACCEPTED(fixture_send(fx, &event));
    fixture_finish_rollbacks(fx);
    STATUS(1, TASK_ROLLED_BACK);
    STATUS(2, TASK_ROLLED_BACK);
    STATUS(3, TASK_FAILED);
    const struct engine_stats *stats = engine_statistics(fx->engine);
    cr_assert(eq(u64, stats->plans_running + stats->plans_waiting + stats->live_tasks, 0));
    cr_assert(fixture_books_balance(fx));
}
