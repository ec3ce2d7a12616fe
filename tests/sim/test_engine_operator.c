/* tests/sim/test_engine_operator.c: what people order is done whole, once, and costs nobody a slash. */
#include "tests/lib/engine_checks.h"

static struct fixture *fx;
static void set_up(void)
{
    fx = fixture_new();
    fx->settings.worker_threads = 16;
    fx->settings.max_depth = 10;
    fx->settings.max_parallel_branches = 16;
}
static void tear_down(void)
{
    fixture_free(fx);
}
TestSuite(engine_operator, .init = set_up, .fini = tear_down, .timeout = 10);

static void reported(enum event_kind kind, uint64_t count, uint64_t amount)
{
    const struct effect *note = fixture_saw(fx, NOTE_REPORT, 0);
    cr_assert(note != NULL);
    cr_assert(eq(int, note->u.report.event, kind));
    cr_assert(eq(u64, note->u.report.count, count));
    cr_assert(eq(u64, note->u.report.amount, amount));
}

/* ---- rollbacks ---- */

static struct event rollback_of(uint64_t id, enum rollback_reason reason)
{
    struct event event = {.kind = EVENT_ROLLBACK, .u.rollback.reason = reason};
    cr_assert(engine_find(fx->engine, id, &event.task));
    return event;
}

Test(engine_operator, an_ordered_rollback_ends_in_rolled_back_root_last_and_unslashed)
{
    fx->settings.bond_roots = 1;
    fixture_start(fx, 16);
    fixture_chain(fx, 3);
    struct event order = rollback_of(1, REASON_MANUAL);
    ACCEPTED(fixture_send(fx, &order));
    reported(EVENT_ROLLBACK, 3, 0); /* the root, too */
    cr_assert(eq(int, fixture_view(fx, 1).status, TASK_PROOF_PENDING));
    fixture_finish_rollbacks(fx);
    for (uint64_t id = 1; id <= 3; id++) STATUS(id, TASK_ROLLED_BACK);
    cr_assert(fx->undone[0] == 3 && fx->undone[1] == 2 && fx->undone[2] == 1);
    const struct engine_stats *stats = engine_statistics(fx->engine);
    cr_assert(eq(u64, stats->rollback_events[REASON_MANUAL], 1));
    cr_assert(eq(u64, stats->slashed_lamports, 0));
    cr_assert(eq(u64, stats->live_tasks, 0));
    cr_assert(fixture_books_balance(fx));
}

Test(engine_operator, a_task_that_never_started_is_cancelled_by_it)
{
    fx->settings.max_depth = 1;
    fixture_start(fx, 16);
    fixture_chain(fx, 2);
    ACCEPTED(fixture_submit(fx, 3, PARENTS(2)));
    struct event order = rollback_of(3, REASON_MANUAL);
    ACCEPTED(fixture_send(fx, &order));
    STATUS(3, TASK_CANCELLED);
}

Test(engine_operator, what_is_over_or_being_undone_cannot_be_rolled_back)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 1);
    fixture_run(fx, 2, PARENTS(1));
    struct event second = rollback_of(2, REASON_MANUAL);
    ACCEPTED(fixture_send(fx, &second));
    cr_assert(eq(int, fixture_send(fx, &second), ERR_STALE));
    fixture_confirm(fx, 1);
    struct event order = rollback_of(1, REASON_MANUAL);
    cr_assert(eq(int, fixture_send(fx, &order), ERR_STALE));
    order.task.generation++;
    cr_assert(eq(int, fixture_send(fx, &order), ERR_STALE));
    order.u.rollback.reason = REASON_COUNT;
    cr_assert(eq(int, fixture_send(fx, &order), ERR_RANGE));
}

Test(engine_operator, force_rollback_takes_everything_speculative_and_nothing_else)
{
    fixture_start(fx, 32);
    fixture_chain(fx, 3);
    fixture_run(fx, 10, PARENTS());
    fixture_run(fx, 11, PARENTS(10));
    fixture_run(fx, 12, PARENTS(10));
    struct event order = {.kind = EVENT_FORCE_ROLLBACK, .u.rollback.reason = REASON_MANUAL};
    ACCEPTED(fixture_send(fx, &order));
    reported(EVENT_FORCE_ROLLBACK, 4, 0);
    fixture_finish_rollbacks(fx);
    STATUS(1, TASK_PROOF_PENDING);
    STATUS(10, TASK_PROOF_PENDING);
    STATUS(2, TASK_ROLLED_BACK);
    STATUS(3, TASK_ROLLED_BACK);
    STATUS(11, TASK_ROLLED_BACK);
    STATUS(12, TASK_ROLLED_BACK);
    cr_assert(eq(u64, engine_statistics(fx->engine)->speculative_active, 0));
    cr_assert(eq(u64, engine_statistics(fx->engine)->rollback_events[REASON_MANUAL], 3));
    cr_assert(fixture_books_balance(fx));
    order.u.rollback.reason = REASON_COUNT;
    cr_assert(eq(int, fixture_send(fx, &order), ERR_RANGE));
}

Test(engine_operator, timeout_stale_fails_what_is_older_and_counts_it)
{
    fx->settings.max_depth = 1;
    fixture_start(fx, 16);
    fixture_chain(fx, 2);
    ACCEPTED(fixture_submit(fx, 3, PARENTS(2))); /* waits */
    fx->now_ns += 10 * NS_PER_S;
    fixture_run(fx, 4, PARENTS());
    struct event order = {.kind = EVENT_TIMEOUT_STALE, .u.stale.older_than_ns = 10 * NS_PER_S};
    ACCEPTED(fixture_send(fx, &order));
    reported(EVENT_TIMEOUT_STALE, 0, 0); /* strictly older */
    fx->now_ns += 1;
    ACCEPTED(fixture_send(fx, &order));
    reported(EVENT_TIMEOUT_STALE, 1, 0); /* the root; the others go with it */
    fixture_finish_rollbacks(fx);
    STATUS(1, TASK_FAILED);
    STATUS(2, TASK_ROLLED_BACK);
    STATUS(3, TASK_CANCELLED);
    STATUS(4, TASK_PROOF_PENDING);
    cr_assert(eq(u64, engine_statistics(fx->engine)->rollback_events[REASON_CONFIRMATION_TIMEOUT], 1));
    order.u.stale.older_than_ns = -1;
    cr_assert(eq(int, fixture_send(fx, &order), ERR_RANGE));
}

/* ---- drain ---- */

static struct event drain(int64_t timeout_ns, bool is_forced)
{
    return (struct event){.kind = EVENT_DRAIN, .u.drain = {timeout_ns, is_forced}};
}

Test(engine_operator, a_drain_admits_nothing_until_nothing_speculative_is_left)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 2);
    struct event order = drain(NEVER_NS, false);
    ACCEPTED(fixture_send(fx, &order));
    cr_assert(eq(int, fixture_send(fx, &order), ERR_CONFLICT));
    fixture_run(fx, 3, PARENTS()); /* normal work goes on */
    ACCEPTED(fixture_submit(fx, 4, PARENTS(3)));
    cr_assert(eq(int, fixture_waits_for(fx, 4), WAIT_DISABLED));
    fixture_confirm(fx, 1);
    cr_assert(eq(u64, engine_statistics(fx->engine)->draining, 1));
    fixture_confirm(fx, 2);
    cr_assert(eq(u64, fixture_saw(fx, NOTE_DRAINED, 0)->u.drained.remaining, 0));
    STATUS(4, TASK_EXECUTING); /* admissions are open again */
    cr_assert(fixture_view(fx, 4).was_speculative);
}

Test(engine_operator, a_drain_of_nothing_is_over_at_once)
{
    fixture_start(fx, 16);
    struct event order = drain(NEVER_NS, false);
    ACCEPTED(fixture_send(fx, &order));
    cr_assert(fixture_saw(fx, NOTE_DRAINED, 0) != NULL);
    order = drain(-1, false);
    cr_assert(eq(int, fixture_send(fx, &order), ERR_RANGE));
}

Test(engine_operator, a_drain_that_runs_out_of_time_says_what_is_left)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 3);
    struct event order = drain(NS_PER_S, false);
    ACCEPTED(fixture_send(fx, &order));
    cr_assert(eq(i64, engine_deadline_ns(fx->engine), fx->now_ns + NS_PER_S));
    ACCEPTED(fixture_tick(fx));
    cr_assert(eq(u64, fixture_saw(fx, NOTE_DRAINED, 0)->u.drained.remaining, 2));
    cr_assert(eq(u64, engine_statistics(fx->engine)->draining, 0));
    STATUS(2, TASK_PROOF_PENDING);
}

Test(engine_operator, a_forced_drain_rolls_back_what_is_left)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 3);
    struct event order = drain(NS_PER_S, true);
    ACCEPTED(fixture_send(fx, &order));
    ACCEPTED(fixture_tick(fx));
    fixture_finish_rollbacks(fx);
    STATUS(2, TASK_ROLLED_BACK);
    STATUS(3, TASK_ROLLED_BACK);
    STATUS(1, TASK_PROOF_PENDING);
    cr_assert(eq(u64, fixture_saw(fx, NOTE_DRAINED, 0)->u.drained.remaining, 0));
}

static struct event emergency(enum emergency_action action, bool is_forced)
{
    return (struct event){.kind = EVENT_EMERGENCY, .u.emergency = {action, is_forced}};
}

Test(engine_operator, an_emergency_can_turn_speculation_off_and_undo_it_at_once)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 3);
    struct event order = emergency(EMERGENCY_DISABLE, true);
    ACCEPTED(fixture_send(fx, &order));
    reported(EVENT_EMERGENCY, 2, 0);
    fixture_finish_rollbacks(fx);
    STATUS(3, TASK_ROLLED_BACK);
    cr_assert(eq(u64, engine_statistics(fx->engine)->rollback_events[REASON_EMERGENCY_SHUTDOWN], 1));
    ACCEPTED(fixture_submit(fx, 4, PARENTS(1)));
    cr_assert(eq(int, fixture_waits_for(fx, 4), WAIT_DISABLED));
    ACCEPTED(fixture_settings(fx)); /* enabled again */
    STATUS(4, TASK_EXECUTING);
    order.u.emergency.action = EMERGENCY_DRAIN + 1;
    cr_assert(eq(int, fixture_send(fx, &order), ERR_RANGE));
}

Test(engine_operator, without_force_a_disabled_engine_drains)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 2);
    struct event order = emergency(EMERGENCY_DISABLE, false);
    ACCEPTED(fixture_send(fx, &order));
    STATUS(2, TASK_PROOF_PENDING);
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 2);
    STATUS(2, TASK_CONFIRMED);
    cr_assert(fixture_saw(fx, NOTE_DRAINED, 0) != NULL);
}

Test(engine_operator, an_emergency_drain_takes_over_and_rolls_back_at_its_timeout)
{
    fx->settings.drain_timeout_ns = NS_PER_S;
    fixture_start(fx, 16);
    fixture_chain(fx, 2);
    struct event order = drain(NEVER_NS, false);
    ACCEPTED(fixture_send(fx, &order));
    order = emergency(EMERGENCY_DRAIN, false);
    ACCEPTED(fixture_send(fx, &order));
    ACCEPTED(fixture_tick(fx));
    fixture_finish_rollbacks(fx);
    STATUS(2, TASK_ROLLED_BACK);
    fixture_run(fx, 3, PARENTS(1)); /* speculation itself was not turned off */
}

/* ---- proofs ---- */

static void fill_queue(void)
{
    fx->settings.worker_threads = 1;
    fx->settings.batch_size = 1;
    fixture_start(fx, 16);
    fixture_run(fx, 1, PARENTS());
    fixture_run(fx, 2, PARENTS());
    fixture_run(fx, 3, PARENTS(2));
    cr_assert(eq(u64, engine_statistics(fx->engine)->proof_queue_depth, 2));
}

Test(engine_operator, a_cleared_queue_takes_its_jobs_again_in_their_order)
{
    fill_queue();
    struct event order = {.kind = EVENT_CLEAR_QUEUE};
    ACCEPTED(fixture_send(fx, &order));
    reported(EVENT_CLEAR_QUEUE, 2, 2);
    STATUS(1, TASK_PROOF_PENDING); /* in generation: not touched */
    STATUS(2, TASK_PROOF_PENDING);
    ACCEPTED(fixture_worker_free(fx, 0));
    cr_assert(eq(u64, fixture_saw(fx, EFFECT_PROVE, 0)->task_id, 2));
}

Test(engine_operator, a_dropped_job_fails_its_task_without_a_slash)
{
    fx->settings.bond_roots = 1;
    fill_queue();
    struct event order = {.kind = EVENT_CLEAR_QUEUE, .u.clear.is_dropped = true};
    ACCEPTED(fixture_send(fx, &order));
    reported(EVENT_CLEAR_QUEUE, 2, 0);
    fixture_finish_rollbacks(fx);
    STATUS(2, TASK_FAILED);
    STATUS(3, TASK_ROLLED_BACK);
    STATUS(1, TASK_PROOF_PENDING);
    const struct engine_stats *stats = engine_statistics(fx->engine);
    cr_assert(eq(u64, stats->rollback_events[REASON_PROOF_FAILED], 1));
    cr_assert(eq(u64, stats->slashed_lamports, 0));
    cr_assert(eq(u64, stats->proof_queue_depth, 0));
}

Test(engine_operator, a_retry_ends_the_backoff_and_gives_all_attempts_again)
{
    fx->settings.proof_max_retries = 2;
    fixture_start(fx, 16);
    fixture_chain(fx, 1);
    struct event order = {.kind = EVENT_PROOF_RETRY};
    cr_assert(engine_find(fx->engine, 1, &order.task));
    cr_assert(eq(int, fixture_send(fx, &order), ERR_CONFLICT)); /* in generation */
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_TRANSIENT));
    uint32_t before = fx->proof_attempt[1];
    ACCEPTED(fixture_send(fx, &order));
    cr_assert(ne(u32, fx->proof_attempt[1], before));
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_TRANSIENT)); /* the first of two again */
    STATUS(1, TASK_PROOF_PENDING);
    order.task.generation++;
    cr_assert(eq(int, fixture_send(fx, &order), ERR_STALE));
}

/* ---- snapshots and stake ---- */

static struct event clear_snapshots(int64_t older_than_ns, bool is_dry_run, bool includes_live)
{
    return (struct event){.kind = EVENT_SNAPSHOTS_CLEAR,
                          .u.snapshots = {older_than_ns, is_dry_run, includes_live}};
}

Test(engine_operator, clearing_snapshots_takes_only_releasable_ones_and_a_dry_run_none)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 3);
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 2);
    ACCEPTED(fixture_outcome(fx, EVENT_FINALIZED, 2));
    fx->now_ns += NS_PER_MIN;
    struct event order = clear_snapshots(NS_PER_MIN, true, false);
    ACCEPTED(fixture_send(fx, &order));
    reported(EVENT_SNAPSHOTS_CLEAR, 0, 0); /* not older yet */
    fx->now_ns += 1;
    ACCEPTED(fixture_send(fx, &order));
    reported(EVENT_SNAPSHOTS_CLEAR, 1, MIB);
    cr_assert(eq(u64, engine_statistics(fx->engine)->snapshots, 2));
    order = clear_snapshots(NS_PER_MIN, false, false);
    ACCEPTED(fixture_send(fx, &order));
    cr_assert(eq(u64, engine_statistics(fx->engine)->snapshots, 1));
    cr_assert(eq(int, fixture_view(fx, 2).snapshot, SNAPSHOT_COLLECTED));
    order = clear_snapshots(-1, false, false);
    cr_assert(eq(int, fixture_send(fx, &order), ERR_RANGE));
}

Test(engine_operator, tasks_that_lose_their_live_snapshots_are_rolled_back_without_restoring)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 3);
    fx->now_ns += NS_PER_MIN;
    struct event order = clear_snapshots(0, false, true);
    ACCEPTED(fixture_send(fx, &order));
    reported(EVENT_SNAPSHOTS_CLEAR, 2, 2 * MIB);
    cr_assert(eq(u32, fixture_count(fx, EFFECT_RESTORE), 0));
    STATUS(1, TASK_PROOF_PENDING);
    STATUS(2, TASK_ROLLED_BACK);
    STATUS(3, TASK_ROLLED_BACK);
    cr_assert(eq(u64, engine_statistics(fx->engine)->snapshots, 0));
    cr_assert(eq(u64, engine_statistics(fx->engine)->snapshot_bytes, 0));
}

Test(engine_operator, forced_collection_gives_up_confirmed_but_no_live_snapshots)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 3);
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 2);
    struct event gc = {.kind = EVENT_GC};
    ACCEPTED(fixture_send(fx, &gc));
    cr_assert(eq(u64, engine_statistics(fx->engine)->snapshots, 2));
    gc.u.gc.is_forced = true;
    ACCEPTED(fixture_send(fx, &gc));
    const struct engine_stats *stats = engine_statistics(fx->engine);
    cr_assert(eq(u64, stats->snapshots, 1));
    cr_assert(eq(u64, stats->gc_last_bytes, MIB));
    cr_assert(eq(u64, stats->gc_last_snapshots, 1));
    cr_assert(eq(i64, stats->gc_last_ns, fx->now_ns));
    cr_assert(eq(int, fixture_view(fx, 3).snapshot, SNAPSHOT_LIVE));
}

Test(engine_operator, live_bonds_are_never_recovered)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 3);
    struct event order = {.kind = EVENT_STAKE_RECOVER};
    ACCEPTED(fixture_send(fx, &order));
    reported(EVENT_STAKE_RECOVER, 0, 0);
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_CONSTRAINT)); /* failed, its plan not over */
    ACCEPTED(fixture_send(fx, &order));
    reported(EVENT_STAKE_RECOVER, 0, 0);
}

/* ---- money ---- */

static struct event withdrawal(uint64_t agent, uint64_t lamports, bool is_immediate)
{
    return (struct event){.kind = EVENT_WITHDRAW, .u.withdraw = {agent, lamports, is_immediate}};
}

Test(engine_operator, a_withdrawal_takes_an_hour_and_a_second_has_to_wait)
{
    fixture_start(fx, 16);
    struct event order = withdrawal(1, 400000, false);
    ACCEPTED(fixture_send(fx, &order));
    struct agent_view agent = engine_agent(fx->engine, 0);
    cr_assert(eq(int, agent.bond, BOND_WITHDRAWING));
    cr_assert(eq(u64, agent.withdrawn, 400000));
    cr_assert(eq(i64, agent.payout_ns, 3600 * NS_PER_S));
    cr_assert(eq(int, fixture_send(fx, &order), ERR_CONFLICT));
    cr_assert(eq(u64, engine_statistics(fx->engine)->illegal_moves[MACHINE_BOND], 1));
    fx->now_ns = 3600 * NS_PER_S;
    ACCEPTED(fixture_send(fx, &order));
    cr_assert(fixture_books_balance(fx));
}

Test(engine_operator, an_immediate_withdrawal_needs_an_account_without_locks)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 2);
    struct event order = withdrawal(1, 5, true);
    cr_assert(eq(int, fixture_send(fx, &order), ERR_CONFLICT));
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 2);
    ACCEPTED(fixture_send(fx, &order));
    cr_assert(eq(int, engine_agent(fx->engine, 0).bond, BOND_ACTIVE));
    order.u.withdraw.lamports = 0;
    cr_assert(eq(int, fixture_send(fx, &order), ERR_RANGE));
    order.u.withdraw.lamports = UINT64_MAX;
    cr_assert(eq(int, fixture_send(fx, &order), ERR_RANGE));
    order.u.withdraw.agent_id = 99;
    cr_assert(eq(int, fixture_send(fx, &order), ERR_RANGE));
}

Test(engine_operator, an_emptied_account_is_exhausted_and_locks_nothing)
{
    fixture_start(fx, 16);
    struct event order = withdrawal(1, engine_agent(fx->engine, 0).free, true);
    ACCEPTED(fixture_send(fx, &order));
    cr_assert(eq(int, engine_agent(fx->engine, 0).bond, BOND_EXHAUSTED));
    fixture_chain(fx, 1);
    ACCEPTED(fixture_submit(fx, 2, PARENTS(1)));
    cr_assert(eq(int, fixture_waits_for(fx, 2), WAIT_STAKE_INSUFFICIENT));
}

Test(engine_operator, as_many_locks_as_an_agent_may_hold)
{
    fx->settings.max_locks = 1;
    fixture_start(fx, 16);
    fixture_chain(fx, 2);
    ACCEPTED(fixture_submit(fx, 3, PARENTS(2)));
    cr_assert(eq(int, fixture_waits_for(fx, 3), WAIT_STAKE_LIMIT));
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 2);
    STATUS(3, TASK_EXECUTING);
}

/* ---- claims ---- */

static err submit_claimed(uint64_t id, uint64_t parent, int64_t expires_ns)
{
    struct event event = {.kind = EVENT_SUBMIT};
    event.u.submit =
        (struct event_submit){.id = id, .agent_id = 1, .snapshot_bytes = MIB, .claim_expires_ns = expires_ns};
    event.u.submit.parent_count = parent != 0;
    event.u.submit.parents[0] = parent;
    return fixture_send(fx, &event);
}

static err renew(uint64_t id, int64_t expires_ns)
{
    struct event event = {.kind = EVENT_CLAIM_RENEWED, .u.claim.expires_ns = expires_ns};
    cr_assert(engine_find(fx->engine, id, &event.task));
    return fixture_send(fx, &event);
}

Test(engine_operator, a_renewed_claim_lets_its_task_in_and_moves_its_end)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 1);
    ACCEPTED(submit_claimed(2, 1, 30 * NS_PER_S));
    cr_assert(eq(int, fixture_waits_for(fx, 2), WAIT_CLAIM_WINDOW));
    cr_assert(eq(int, renew(2, 30 * NS_PER_S), ERR_RANGE)); /* not later */
    ACCEPTED(renew(2, 90 * NS_PER_S));
    STATUS(2, TASK_EXECUTING);
    fx->now_ns = 31 * NS_PER_S;
    ACCEPTED(fixture_executed(fx, 2, 100));
    STATUS(2, TASK_PROOF_PENDING);
    cr_assert(eq(int, fixture_view(fx, 2).claim, CLAIM_CLAIMED));
    ACCEPTED(renew(2, NEVER_NS));
}

Test(engine_operator, claims_end_as_completed_expired_or_abandoned)
{
    fixture_start(fx, 16);
    ACCEPTED(submit_claimed(1, 0, 200 * NS_PER_S));
    ACCEPTED(submit_claimed(2, 0, 200 * NS_PER_S));
    ACCEPTED(submit_claimed(3, 0, NS_PER_S));
    ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, 2));
    fixture_finish_rollbacks(fx);
    fixture_confirm(fx, 1);
    ACCEPTED(fixture_tick(fx));
    cr_assert(eq(int, fixture_view(fx, 1).claim, CLAIM_COMPLETED));
    cr_assert(eq(int, fixture_view(fx, 2).claim, CLAIM_ABANDONED));
    cr_assert(eq(int, fixture_view(fx, 3).claim, CLAIM_EXPIRED));
    cr_assert(eq(int, renew(1, 300 * NS_PER_S), ERR_STALE));
    cr_assert(eq(u64, engine_statistics(fx->engine)->illegal_moves[MACHINE_CLAIM], 1));
}
