/* tests/sim/test_engine_revert.c: a reorg opens again what was confirmed, and only that. */
#include "tests/lib/engine_checks.h"

static struct fixture *fx;
static void set_up(void)
{
    fx = fixture_new();
    fx->settings.worker_threads = 16;
    fx->settings.max_depth = 10;
}
static void tear_down(void)
{
    fixture_free(fx);
}
TestSuite(engine_revert, .init = set_up, .fini = tear_down, .timeout = 10);

static void reverted(uint64_t id)
{
    ACCEPTED(fixture_outcome(fx, EVENT_REVERTED, id));
}

/* The n-th task whose proof the last step sent. */
static uint64_t sent(uint32_t n)
{
    const struct effect *effect = fixture_saw(fx, EFFECT_SUBMIT, n);
    return effect ? effect->task_id : 0;
}

static void confirm_again(uint64_t id)
{
    ACCEPTED(fixture_outcome(fx, EVENT_TX_ACCEPTED, id));
    ACCEPTED(fixture_outcome(fx, EVENT_CONFIRMED, id));
}

Test(engine_revert, a_confirmed_task_is_open_again_and_sent_again_as_its_next_incarnation)
{
    fixture_start(fx, 8);
    fixture_chain(fx, 1);
    fixture_confirm(fx, 1);
    uint32_t first = fx->tx_attempt[1];
    reverted(1);
    STATUS(1, TASK_SUBMITTING);
    cr_assert(eq(u64, sent(0), 1));
    cr_assert(ne(u32, fx->tx_attempt[1], first));
    cr_assert(eq(u32, fixture_view(fx, 1).incarnation, 1));
    const struct engine_stats *stats = engine_statistics(fx->engine);
    cr_assert(eq(u64, stats->reverts, 1));
    cr_assert(eq(u64, stats->submitted + stats->reverts, stats->operations + stats->ended[TASK_CONFIRMED]));
    confirm_again(1);
    STATUS(1, TASK_CONFIRMED);
}

Test(engine_revert, descendants_are_reopened_first_and_ancestors_are_sent_first)
{
    fixture_start(fx, 8);
    fixture_chain(fx, 3);
    for (uint64_t id = 1; id <= 3; id++) fixture_confirm(fx, id);
    reverted(1);
    uint64_t order[3];
    uint32_t count = 0;
    for (uint32_t i = 0; i < fixture_count(fx, NOTE_STATUS); i++) {
        const struct effect *note = fixture_saw(fx, NOTE_STATUS, i);
        if (note->u.status.from == TASK_CONFIRMED) order[count++] = note->task_id;
    }
    cr_assert(eq(u32, count, 3));
    cr_assert(order[0] == 3 && order[1] == 2 && order[2] == 1);
    cr_assert(eq(u32, fixture_count(fx, EFFECT_SUBMIT), 1));
    STATUS(2, TASK_AWAITING_ANCESTORS);
    STATUS(3, TASK_AWAITING_ANCESTORS);
    confirm_again(1);
    cr_assert(eq(u64, sent(0), 2));
    confirm_again(2);
    cr_assert(eq(u64, sent(0), 3));
    confirm_again(3);
    STATUS(3, TASK_CONFIRMED);
    cr_assert(fixture_books_balance(fx));
}

Test(engine_revert, a_transaction_on_top_of_it_is_taken_back)
{
    fixture_start(fx, 8);
    fixture_chain(fx, 2);
    fixture_confirm(fx, 1);
    fixture_drive_to_confirming(fx, 2);
    struct event late = {.kind = EVENT_CONFIRMED, .attempt = fx->tx_attempt[2]};
    cr_assert(engine_find(fx->engine, 2, &late.task));
    reverted(1);
    STATUS(2, TASK_AWAITING_ANCESTORS);
    STALE(fixture_send(fx, &late)); /* it landed on the fork that is gone */
    confirm_again(1);
    cr_assert(eq(u64, sent(0), 2));
    STALE(fixture_send(fx, &late));
    confirm_again(2);
    STATUS(2, TASK_CONFIRMED);
}

Test(engine_revert, a_submission_slot_is_given_back_with_the_transaction)
{
    fx->settings.max_concurrent_submissions = 1;
    fixture_start(fx, 8);
    fixture_chain(fx, 2);
    fixture_confirm(fx, 1);
    ACCEPTED(fixture_outcome(fx, EVENT_PROOF_DONE, 2)); /* handed over: holds the slot */
    STATUS(2, TASK_SUBMITTING);
    reverted(1);
    cr_assert(eq(u64, sent(0), 1));
    cr_assert(eq(u64, engine_statistics(fx->engine)->submissions_in_flight, 1));
}

Test(engine_revert, bonds_are_locked_again_and_settled_once_an_incarnation)
{
    fixture_start(fx, 8);
    fixture_chain(fx, 2);
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 2);
    cr_assert(eq(u64, engine_agent(fx->engine, 0).locked, 0));
    reverted(2);
    cr_assert(eq(u64, engine_agent(fx->engine, 0).locked, 1100000));
    confirm_again(2);
    const struct engine_stats *stats = engine_statistics(fx->engine);
    cr_assert(eq(u64, stats->bonded_lamports, 2200000));
    cr_assert(eq(u64, stats->released_lamports, 2200000));
    cr_assert(fixture_books_balance(fx));
}

Test(engine_revert, who_cannot_bond_it_again_takes_on_nothing_new_until_it_is_over)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 2);
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 2);
    struct event withdraw = {.kind = EVENT_WITHDRAW,
                             .u.withdraw = {1, engine_agent(fx->engine, 0).free - 1000, true}};
    ACCEPTED(fixture_send(fx, &withdraw));
    reverted(2);
    cr_assert(fixture_view(fx, 2).is_uncovered);
    fixture_deposit(fx, 1, 5000000);
    ACCEPTED(fixture_submit(fx, 3, PARENTS(2)));
    cr_assert(eq(int, fixture_waits_for(fx, 3), WAIT_STAKE_INSUFFICIENT));
    ACCEPTED(fixture_submit(fx, 4, PARENTS()));
    ACCEPTED(fixture_executed(fx, 4, 100));
    ACCEPTED(fixture_submit(fx, 5, PARENTS(4)));
    cr_assert(eq(int, fixture_waits_for(fx, 5), WAIT_STAKE_INSUFFICIENT));
    confirm_again(2);
    STATUS(5, TASK_EXECUTING);
    cr_assert(fixture_view(fx, 5).was_speculative);
    cr_assert(eq(u32, engine_agent(fx->engine, 0).uncovered, 0));
    cr_assert(fixture_books_balance(fx));
}

Test(engine_revert, nothing_leaves_finalized)
{
    fixture_start(fx, 8);
    fixture_chain(fx, 1);
    fixture_confirm(fx, 1);
    ACCEPTED(fixture_outcome(fx, EVENT_FINALIZED, 1));
    STALE(fixture_outcome(fx, EVENT_REVERTED, 1));
    STATUS(1, TASK_FINALIZED);
    cr_assert(eq(u64, engine_statistics(fx->engine)->illegal_moves[MACHINE_TASK], 1));
}

Test(engine_revert, what_a_final_transaction_stands_on_is_final_whatever_is_reported_first)
{
    fixture_start(fx, 8);
    fixture_chain(fx, 3);
    for (uint64_t id = 1; id <= 3; id++) fixture_confirm(fx, id);
    ACCEPTED(fixture_outcome(fx, EVENT_FINALIZED, 3));
    STATUS(1, TASK_FINALIZED);
    STATUS(2, TASK_FINALIZED);
    STATUS(3, TASK_FINALIZED);
    STALE(fixture_outcome(fx, EVENT_FINALIZED, 1));
    STALE(fixture_outcome(fx, EVENT_REVERTED, 2));
}

Test(engine_revert, a_name_of_an_incarnation_that_is_over_is_stale)
{
    fixture_start(fx, 8);
    fixture_chain(fx, 1);
    fixture_confirm(fx, 1);
    struct event again = {.kind = EVENT_REVERTED, .attempt = fx->tx_attempt[1]};
    cr_assert(engine_find(fx->engine, 1, &again.task));
    ACCEPTED(fixture_send(fx, &again));
    STALE(fixture_send(fx, &again));
    again.kind = EVENT_FINALIZED;
    STALE(fixture_send(fx, &again));
}

Test(engine_revert, not_confirmed_again_in_time_is_a_reorg_that_nobody_pays_for)
{
    fixture_start(fx, 8);
    fixture_chain(fx, 2);
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 2);
    reverted(1);
    fx->now_ns += fx->settings.confirmation_timeout_ns + 1;
    ACCEPTED(fixture_tick(fx));
    fixture_finish_rollbacks(fx);
    STATUS(1, TASK_FAILED);
    STATUS(2, TASK_ROLLED_BACK);
    const struct engine_stats *stats = engine_statistics(fx->engine);
    cr_assert(eq(u64, stats->rollback_events[REASON_CHAIN_REORG], 1));
    cr_assert(eq(u64, stats->slashed_lamports, 0));
    cr_assert(fixture_books_balance(fx));
}

Test(engine_revert, a_transaction_under_way_can_lose_its_slot_too)
{
    fixture_start(fx, 8);
    fixture_chain(fx, 1);
    fixture_drive_to_confirming(fx, 1);
    reverted(1);
    STATUS(1, TASK_SUBMITTING);
    cr_assert(eq(u64, sent(0), 1));
    confirm_again(1);
    STATUS(1, TASK_CONFIRMED);
}

Test(engine_revert, work_whose_snapshot_was_given_up_is_run_again)
{
    fixture_start(fx, 8);
    fixture_chain(fx, 2);
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 2);
    struct event gc = {.kind = EVENT_GC, .u.gc.is_forced = true};
    ACCEPTED(fixture_send(fx, &gc));
    cr_assert(eq(int, fixture_view(fx, 2).snapshot, SNAPSHOT_COLLECTED));
    reverted(2);
    STATUS(2, TASK_EXECUTING);
    cr_assert(eq(u64, fixture_saw(fx, EFFECT_EXECUTE, 0)->task_id, 2));
    cr_assert(eq(int, fixture_view(fx, 2).snapshot, SNAPSHOT_LIVE));
    fixture_confirm(fx, 2);
    STATUS(2, TASK_CONFIRMED);
    cr_assert(fixture_books_balance(fx));
}

Test(engine_revert, run_again_with_another_result_it_fails_and_takes_its_readers_along)
{
    fixture_start(fx, 8);
    fixture_chain(fx, 3);
    for (uint64_t id = 1; id <= 2; id++) fixture_confirm(fx, id);
    struct event gc = {.kind = EVENT_GC, .u.gc.is_forced = true};
    ACCEPTED(fixture_send(fx, &gc));
    reverted(2);
    STATUS(2, TASK_EXECUTING);
    struct event executed = {.kind = EVENT_EXECUTED, .u.executed = {NS_PER_MS, 77}};
    cr_assert(engine_find(fx->engine, 2, &executed.task));
    ACCEPTED(fixture_send(fx, &executed));
    fixture_finish_rollbacks(fx);
    STATUS(2, TASK_FAILED);
    STATUS(3, TASK_ROLLED_BACK);
    cr_assert(eq(u64, engine_statistics(fx->engine)->slashed_lamports, 0));
    cr_assert(eq(u64, engine_statistics(fx->engine)->rollback_events[REASON_CHAIN_REORG], 1));
}

Test(engine_revert, depth_and_branches_count_it_again)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 4);
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 2);
    cr_assert(eq(u32, fixture_view(fx, 4).depth_now, 1));
    reverted(1);
    for (uint64_t id = 1; id <= 4; id++) cr_assert(eq(u32, fixture_view(fx, id).depth_now, (uint32_t)id - 1));
    const struct engine_stats *stats = engine_statistics(fx->engine);
    cr_assert(eq(u64, stats->speculative_active, 3));
    cr_assert(eq(u64, stats->tips, 1));
    cr_assert(eq(int, fixture_view(fx, 2).branch, BRANCH_EXTENDED));
    ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, 3));
    fixture_finish_rollbacks(fx);
    cr_assert(eq(u64, stats->tips, 1));
    cr_assert(eq(int, fixture_view(fx, 2).branch, BRANCH_OPEN));
}

Test(engine_revert, what_is_being_undone_is_left_alone)
{
    fixture_start(fx, 8);
    fixture_chain(fx, 1);
    fixture_confirm(fx, 1);
    ACCEPTED(fixture_submit(fx, 2, PARENTS(1))); /* runs normally */
    ACCEPTED(fixture_outcome(fx, EVENT_EXECUTION_FAILED, 2));
    ACCEPTED(fixture_submit(fx, 3, PARENTS(1)));
    ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, 3)); /* its abort is not answered */
    reverted(1);
    STATUS(1, TASK_SUBMITTING);
    STATUS(2, TASK_FAILED);
    STATUS(3, TASK_CANCELLED);
    confirm_again(1);
    cr_assert(fixture_books_balance(fx));
}

Test(engine_revert, under_a_final_gate_a_reorg_concerns_only_what_is_under_way)
{
    fx->settings.gate_level = GATE_FINALIZED;
    fixture_start(fx, 8);
    fixture_chain(fx, 2);
    fixture_drive_to_confirming(fx, 1);
    ACCEPTED(fixture_outcome(fx, EVENT_CONFIRMED, 1));
    STATUS(1, TASK_CONFIRMING);
    reverted(1);
    STATUS(1, TASK_SUBMITTING);
    STATUS(2, TASK_PROOF_PENDING);
    ACCEPTED(fixture_outcome(fx, EVENT_TX_ACCEPTED, 1));
    ACCEPTED(fixture_outcome(fx, EVENT_FINALIZED, 1));
    STATUS(1, TASK_FINALIZED);
}
