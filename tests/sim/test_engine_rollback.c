/* tests/sim/test_engine_rollback.c: cascades, their order, and where the money goes. */
#include "tests/lib/engine_checks.h"

static struct fixture *fx;
static void set_up(void)
{
    fx = fixture_new();
    fx->settings.max_parallel_branches = 16;
}
static void tear_down(void)
{
    fixture_free(fx);
}
TestSuite(engine_rollback, .init = set_up, .fini = tear_down, .timeout = 10);

/* Answers the ports and writes down in which order tasks reach a final status. */
static uint32_t undo_order(uint64_t *order)
{
    uint32_t count = 0;
    for (;;) {
        const struct effect *request = fixture_saw(fx, EFFECT_ABORT, 0);
        if (!request) request = fixture_saw(fx, EFFECT_RESTORE, 0);
        for (uint32_t i = 0; i < fixture_count(fx, NOTE_STATUS); i++) {
            const struct effect *note = fixture_saw(fx, NOTE_STATUS, i);
            if (note->u.status.to == TASK_ROLLED_BACK) order[count++] = note->task_id;
        }
        if (!request) return count;
        struct event event = {.kind = request->kind == EFFECT_ABORT ? EVENT_ABORTED : EVENT_RESTORED,
                              .task = request->task};
        event.u.executed.compute_ns = 50 * NS_PER_MS;
        ACCEPTED(fixture_send(fx, &event));
    }
}

static void check_money(void)
{
    cr_assert(fixture_books_balance(fx));
}

Test(engine_rollback, chain_is_undone_leaves_first_and_only_the_root_pays)
{
    fixture_start(fx, 16);
    fixture_run(fx, 1, PARENTS());
    fixture_run(fx, 2, PARENTS(1));
    fixture_run(fx, 3, PARENTS(2));
    ACCEPTED(fixture_submit(fx, 4, PARENTS(3))); /* executing */
    fixture_confirm(fx, 1);
    fixture_drive_to_confirming(fx, 2);
    ACCEPTED(fixture_rejected(fx, 2, TX_PROOF_INVALID));
    STATUS(2, TASK_FAILED);
    STATUS(4, TASK_EXECUTING); /* its turn has not come, but it is blocked */
    cr_assert(fixture_view(fx, 4).is_in_rollback);
    cr_assert(eq(u64, fixture_saw(fx, EFFECT_ABORT, 0)->task_id, 4));
    uint64_t order[8];
    cr_assert(eq(u32, undo_order(order), 2));
    cr_assert(eq(u64, order[0], 4));
    cr_assert(eq(u64, order[1], 3));
    struct agent_view agent = engine_agent(fx->engine, 0);
    /* 10 % of the root's bond of 1,100,000; victims are the agent's own, so the treasury takes all. */
    cr_assert(eq(u64, agent.slashed, 110000));
    cr_assert(eq(u64, engine_statistics(fx->engine)->treasury_lamports, 110000));
    cr_assert(eq(u64, agent.locked, 0));
    check_money();
}

Test(engine_rollback, diamond_order_is_deepest_then_later_created)
{
    fixture_start(fx, 16);
    fixture_run(fx, 1, PARENTS());
    fixture_run(fx, 2, PARENTS(1));
    fixture_run(fx, 3, PARENTS(1));
    fixture_run(fx, 4, PARENTS(2, 3));
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_CONSTRAINT));
    uint64_t order[8];
    cr_assert(eq(u32, undo_order(order), 3));
    cr_assert(eq(u64, order[0], 4));
    cr_assert(eq(u64, order[1], 3));
    cr_assert(eq(u64, order[2], 2));
    check_money();
}

Test(engine_rollback, pool_is_shared_by_wasted_compute_and_odd_lamports_by_largest_remainder)
{
    fx->settings.cross_agent_speculation = 1;
    fx->settings.bond_roots = 1;
    fx->settings.min_stake_lamports = 1000010;
    fixture_start(fx, 16);
    ACCEPTED(fixture_submit_for(fx, 1, 1, PARENTS()));
    ACCEPTED(fixture_executed(fx, 1, 100));
    static const int64_t WASTED_MS[] = {100, 200, 300};
    for (uint64_t i = 0; i < 3; i++) {
        ACCEPTED(fixture_submit_for(fx, 2 + i, 2 + i, PARENTS(1)));
        ACCEPTED(fixture_executed(fx, 2 + i, WASTED_MS[i]));
    }
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_CONSTRAINT));
    fixture_finish_rollbacks(fx);
    /* slash 100,001: treasury 50,000; of the pool's 50,001 the shares 1/6, 1/3, 1/2 are 8,333.5, 16,667 and
     * 25,000.5: two remainders tie for the odd lamport, and the lower task id has it. */
    cr_assert(eq(u64, engine_statistics(fx->engine)->treasury_lamports, 50000));
    cr_assert(eq(u64, engine_agent(fx->engine, 0).slashed, 100001));
    cr_assert(eq(u64, engine_agent(fx->engine, 1).received, 8334));
    cr_assert(eq(u64, engine_agent(fx->engine, 2).received, 16667));
    cr_assert(eq(u64, engine_agent(fx->engine, 3).received, 25000));
    check_money();
}

Test(engine_rollback, reasons_outside_the_agent_cost_nothing)
{
    fx->settings.bond_roots = 1;
    fixture_start(fx, 16);
    fixture_run(fx, 1, PARENTS());
    fixture_drive_to_confirming(fx, 1);
    ACCEPTED(fixture_rejected(fx, 1, TX_STATE_CONFLICT));
    STATUS(1, TASK_FAILED);
    cr_assert(eq(u64, engine_agent(fx->engine, 0).slashed, 0));
    cr_assert(eq(u64, engine_agent(fx->engine, 0).locked, 0));
    ACCEPTED(fixture_submit(fx, 2, PARENTS()));
    ACCEPTED(fixture_executed(fx, 2, 1));
    fixture_drive_to_confirming(fx, 2);
    ACCEPTED(fixture_tick(fx)); /* confirmation timeout */
    STATUS(2, TASK_FAILED);
    cr_assert(eq(u64, engine_agent(fx->engine, 0).slashed, 0));
    check_money();
}

Test(engine_rollback, slashed_agents_cool_down_and_then_speculate_again)
{
    fx->settings.bond_roots = 1;
    fixture_start(fx, 16);
    fixture_run(fx, 1, PARENTS());
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_CONSTRAINT));
    fixture_finish_rollbacks(fx);
    fixture_run(fx, 2, PARENTS());
    ACCEPTED(fixture_submit(fx, 3, PARENTS(2)));
    cr_assert(eq(int, fixture_waits_for(fx, 3), WAIT_AGENT_COOLDOWN));
    int64_t cooldown_ns = engine_agent(fx->engine, 0).cooldown_until_ns;
    cr_assert(eq(i64, cooldown_ns, fx->settings.cooldown_ns));
    while (fx->now_ns < cooldown_ns) ACCEPTED(fixture_tick(fx));
    STATUS(3, TASK_EXECUTING);
}

Test(engine_rollback, waiting_descendants_are_cancelled_and_not_counted)
{
    fx->settings.max_depth = 1;
    fixture_start(fx, 16);
    fixture_run(fx, 1, PARENTS());
    fixture_run(fx, 2, PARENTS(1));
    ACCEPTED(fixture_submit(fx, 3, PARENTS(2))); /* depth 2: waits */
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_CONSTRAINT));
    cr_assert(eq(u32, fixture_saw(fx, NOTE_ROLLBACK_BEGIN, 0)->u.rollback.size, 1));
    fixture_finish_rollbacks(fx);
    STATUS(3, TASK_CANCELLED);
    const struct engine_stats *stats = engine_statistics(fx->engine);
    cr_assert(eq(u64, stats->rollbacks_by_reason[REASON_ANCESTOR_FAILED], 1));
    cr_assert(eq(u64, stats->rollbacks_by_reason[REASON_PROOF_FAILED], 0)); /* the root was not speculative */
    cr_assert(eq(u64, stats->waiting, 0));
}

Test(engine_rollback, a_failure_above_a_waiting_plan_absorbs_it_and_both_roots_pay)
{
    fx->settings.bond_roots = 1;
    fixture_start(fx, 32);
    /* An unrelated plan keeps the one place busy: task 10 waits for its abort. */
    ACCEPTED(fixture_submit(fx, 10, PARENTS()));
    ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, 10));
    struct effect blocker = *fixture_saw(fx, EFFECT_ABORT, 0);
    fixture_run(fx, 1, PARENTS());
    fixture_run(fx, 2, PARENTS(1));
    fixture_run(fx, 3, PARENTS(2));
    ACCEPTED(fixture_proof_failed(fx, 2, PROOF_ERROR_CONSTRAINT));
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_CONSTRAINT));
    cr_assert(eq(u64, engine_statistics(fx->engine)->plans_waiting, 1));
    struct event event = {.kind = EVENT_ABORTED, .task = blocker.task};
    ACCEPTED(fixture_send(fx, &event));
    fixture_finish_rollbacks(fx);
    STATUS(1, TASK_FAILED);
    STATUS(2, TASK_FAILED);
    STATUS(3, TASK_ROLLED_BACK);
    const struct engine_stats *stats = engine_statistics(fx->engine);
    cr_assert(eq(u64, stats->slash_events[REASON_PROOF_FAILED], 2));
    cr_assert(eq(u64, stats->slashed_lamports, 100000 + 110000));
    cr_assert(eq(u64, stats->plans_running + stats->plans_waiting, 0));
    cr_assert(eq(u64, stats->tips + stats->speculative_active + stats->live_tasks, 0));
    check_money();
}

Test(engine_rollback, two_roots_with_a_common_descendant_undo_it_once)
{
    fx->settings.bond_roots = 1;
    fixture_start(fx, 16);
    ACCEPTED(fixture_submit(fx, 9, PARENTS())); /* its roll-back occupies the only place */
    ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, 9));
    struct effect blocker = *fixture_saw(fx, EFFECT_ABORT, 0);
    fixture_run(fx, 1, PARENTS());
    fixture_run(fx, 2, PARENTS());
    fixture_run(fx, 3, PARENTS(1, 2));
    fixture_run(fx, 4, PARENTS(3));
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_CONSTRAINT));
    ACCEPTED(fixture_proof_failed(fx, 2, PROOF_ERROR_CONSTRAINT));
    cr_assert(eq(u64, engine_statistics(fx->engine)->plans_waiting, 2));
    struct event event = {.kind = EVENT_ABORTED, .task = blocker.task};
    ACCEPTED(fixture_send(fx, &event));
    fixture_finish_rollbacks(fx);
    STATUS(1, TASK_FAILED);
    STATUS(2, TASK_FAILED);
    STATUS(3, TASK_ROLLED_BACK);
    STATUS(4, TASK_ROLLED_BACK);
    const struct engine_stats *stats = engine_statistics(fx->engine);
    cr_assert(eq(u64, stats->ended[TASK_ROLLED_BACK], 2));
    cr_assert(eq(u64, stats->plans_running + stats->plans_waiting, 0));
    cr_assert(eq(u64, stats->tips + stats->speculative_active + stats->live_tasks, 0));
    check_money();
}

Test(engine_rollback, a_port_that_does_not_answer_cannot_stop_the_clean_up)
{
    fixture_start(fx, 16);
    fixture_run(fx, 1, PARENTS());
    ACCEPTED(fixture_submit(fx, 2, PARENTS(1)));
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_CONSTRAINT));
    cr_assert(eq(i64, engine_deadline_ns(fx->engine), fx->settings.rollback_grace_ns));
    ACCEPTED(fixture_tick(fx)); /* the abort is given up, the restore asked for */
    cr_assert(fixture_saw(fx, EFFECT_RESTORE, 0) != NULL);
    ACCEPTED(fixture_tick(fx));
    STATUS(2, TASK_ROLLED_BACK);
    cr_assert(eq(int, fixture_outcome(fx, EVENT_ABORTED, 2), ERR_STALE));
    cr_assert(eq(int, fixture_outcome(fx, EVENT_RESTORED, 2), ERR_STALE));
}

Test(engine_rollback, outcomes_of_blocked_tasks_are_stale_and_their_proofs_cancelled)
{
    fixture_start(fx, 16);
    fixture_run(fx, 1, PARENTS());
    fixture_run(fx, 2, PARENTS(1));
    ACCEPTED(fixture_submit(fx, 3, PARENTS(2)));
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_CONSTRAINT));
    cr_assert(eq(u64, fixture_saw(fx, EFFECT_CANCEL_PROOF, 0)->task_id, 2));
    cr_assert(eq(int, fixture_outcome(fx, EVENT_PROOF_DONE, 2), ERR_STALE));
    cr_assert(eq(int, fixture_executed(fx, 3, 1), ERR_STALE));
    cr_assert(eq(int, fixture_outcome(fx, EVENT_CANCEL, 3), ERR_STALE));
}

Test(engine_rollback, failed_execution_is_a_root_cause)
{
    fx->settings.bond_roots = 1;
    fixture_start(fx, 16);
    ACCEPTED(fixture_submit(fx, 1, PARENTS()));
    ACCEPTED(fixture_outcome(fx, EVENT_EXECUTION_FAILED, 1));
    STATUS(1, TASK_FAILED);
    cr_assert(eq(u64, engine_statistics(fx->engine)->rollback_events[REASON_INVALID_STATE], 1));
    cr_assert(eq(u64, engine_agent(fx->engine, 0).slashed, 100000));
    check_money();
}
