/* tests/sim/test_engine_corners.c: what is rare but allowed: full tables, worn-out numbers, much money.
 *
 * Some corners lie four billion events away; these tests set the number that would be there then. */
#include "engine/state.h"
#include "tests/lib/engine_checks.h"
#include <string.h>

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
TestSuite(engine_corners, .init = set_up, .fini = tear_down, .timeout = 20);

/* ---- names, limits, memory ---- */

Test(engine_corners, every_word_has_a_text)
{
    for (unsigned i = 0; i < EVENT_KIND_COUNT; i++) cr_assert(strlen(event_kind_name(i)) > 0);
    for (unsigned i = 0; i < EFFECT_KIND_COUNT; i++) cr_assert(strlen(effect_kind_name(i)) > 0);
    for (unsigned i = 0; i < TASK_STATUS_COUNT; i++) cr_assert(strlen(task_status_name(i)) > 0);
    for (unsigned i = 0; i < REASON_COUNT; i++) cr_assert(strlen(rollback_reason_name(i)) > 0);
    for (unsigned i = 0; i < WAIT_REASON_COUNT; i++) cr_assert(strlen(wait_reason_name(i)) > 0);
    for (unsigned i = 0; i < REFUSAL_COUNT; i++) cr_assert(strlen(refusal_name(i)) > 0);
    for (unsigned i = 0; i < TRIGGER_COUNT; i++) cr_assert(strlen(breaker_trigger_name(i)) > 0);
}

Test(engine_corners, tables_follow_the_settings_up_to_their_limit)
{
    struct settings settings = fx->settings;
    settings.table_capacity = 0;
    settings.max_pending_operations = 100;
    struct engine_limits limits = engine_limits_for(&settings, 7);
    cr_assert(limits.tasks == 400 && limits.edges == 800 && limits.agents == 7);
    settings.table_capacity = 1000;
    cr_assert(eq(u32, engine_limits_for(&settings, 7).tasks, 1000));
    settings.table_capacity = INT64_C(1) << 40;
    cr_assert(eq(u32, engine_limits_for(&settings, 7).tasks, LIMIT_TABLE));
}

Test(engine_corners, an_arena_that_is_a_byte_short_anywhere_is_out_of_memory)
{
    const struct engine_limits limits = {.tasks = 4, .edges = 4, .agents = 2};
    size_t whole = engine_memory_bytes(&limits);
    struct arena arena;
    struct engine *engine = NULL;
    for (size_t bytes = 64; bytes < whole; bytes += 64) {
        ACCEPTED(arena_open(&arena, bytes));
        cr_assert(eq(int, engine_init(&engine, &arena, &limits, &fx->settings), ERR_NOMEM));
        arena_close(&arena);
    }
    ACCEPTED(arena_open(&arena, whole));
    ACCEPTED(engine_init(&engine, &arena, &limits, &fx->settings));
    arena_close(&arena);
}

Test(engine_corners, an_engine_has_tasks_and_agents_and_no_more_than_it_can_name)
{
    struct engine *engine = NULL;
    struct arena arena = {0};
    const struct engine_limits wrong[] = {{0, 1, 1}, {1, 1, 0}, {EDGE_PARENT_MASK + 1, 1, 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert(eq(int, engine_init(&engine, &arena, &wrong[i], &fx->settings), ERR_RANGE));
}

Test(engine_corners, events_of_the_past_and_of_no_kind_are_refused)
{
    fixture_start(fx, 4);
    fx->now_ns = 10;
    struct event event = {.kind = EVENT_TICK};
    ACCEPTED(fixture_send(fx, &event));
    fx->now_ns = 9;
    cr_assert(eq(int, fixture_send(fx, &event), ERR_RANGE));
    fx->now_ns = 10;
    event.kind = EVENT_KIND_COUNT;
    cr_assert(eq(int, fixture_send(fx, &event), ERR_RANGE));
}

Test(engine_corners, id_0_is_nobody_and_a_table_without_edges_is_full)
{
    fixture_start(fx, 4); /* 16 edges */
    cr_assert(eq(int, fixture_submit(fx, 0, PARENTS()), ERR_RANGE));
    fixture_run(fx, 1, PARENTS());
    ACCEPTED(fixture_submit(fx, 2, PARENTS(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)));
    cr_assert(eq(int, fixture_submit(fx, 3, PARENTS(1)), ERR_LIMIT));
    cr_assert(eq(u64, engine_statistics(fx->engine)->refused[REFUSED_TABLE_FULL], 1));
    ACCEPTED(fixture_submit(fx, 3, PARENTS()));
    fixture_confirm(fx, 1); /* named sixteen times as a parent, it counts sixteen times */
    fixture_confirm(fx, 2);
    STATUS(2, TASK_CONFIRMED);
}

Test(engine_corners, traversals_find_everything_when_their_numbers_run_out)
{
    fixture_start(fx, 16);
    fx->engine->visit_mark = UINT32_MAX - 1;
    fixture_chain(fx, 4);
    fixture_confirm(fx, 1);
    cr_assert(eq(u32, fixture_view(fx, 4).depth_now, 2));
    fixture_confirm(fx, 2);
    cr_assert(eq(u32, fixture_view(fx, 4).depth_now, 1));
    cr_assert(fx->engine->visit_mark < 100);
}

/* ---- order ---- */

static void undone_in_order(uint32_t tasks)
{
    struct event fail = {.kind = EVENT_CANCEL};
    cr_assert(engine_find(fx->engine, 1, &fail.task));
    ACCEPTED(fixture_send(fx, &fail));
    uint64_t last = UINT64_MAX;
    fixture_finish_rollbacks(fx);
    cr_assert(eq(u32, fx->undone_count, tasks));
    for (uint32_t i = 0; i + 1 < tasks; i++) { /* all of one depth, but for the root */
        cr_assert(fx->undone[i] < last, "turn %u", i);
        last = fx->undone[i];
    }
    cr_assert(eq(u64, fx->undone[tasks - 1], 1));
}

static void star(uint64_t children)
{
    fx->settings.max_parallel_branches = 1000;
    fx->settings.max_locks = fx->settings.max_state_snapshots = 1000;
    fx->settings.max_stake_lamports = 1000000000000;
    fixture_start(fx, 256);
    fixture_run(fx, 1, PARENTS());
    for (uint64_t id = 2; id < children + 2; id++) fixture_run(fx, id, PARENTS(1));
}

Test(engine_corners, few_tasks_are_undone_latest_first)
{
    star(10);
    undone_in_order(11);
}

Test(engine_corners, many_tasks_are_undone_latest_first)
{
    star(200);
    undone_in_order(201);
}

Test(engine_corners, keys_of_several_digits_are_sorted_as_well)
{
    fx->settings.max_parallel_branches = fx->settings.max_locks = fx->settings.max_state_snapshots = 1000;
    fixture_start(fx, 256);
    fixture_run(fx, 1, PARENTS());
    for (uint64_t id = 2; id < 102; id++) {
        fx->engine->seq_next += 5000;
        fixture_run(fx, id, PARENTS(1));
    }
    undone_in_order(101);
}

Test(engine_corners, tasks_whose_numbers_lie_far_apart_are_undone_latest_first)
{
    fx->settings.max_parallel_branches = 1000;
    fixture_start(fx, 256);
    fixture_run(fx, 1, PARENTS());
    for (uint64_t id = 2; id < 12; id++) {
        fx->engine->seq_next += UINT64_C(1) << 33;
        fixture_run(fx, id, PARENTS(1));
    }
    undone_in_order(11);
}

Test(engine_corners, finality_reaches_ancestors_whose_numbers_lie_far_apart)
{
    fixture_start(fx, 16);
    for (uint64_t id = 1; id <= 6; id++) {
        fx->engine->seq_next += UINT64_C(1) << 33;
        fixture_run(fx, id, id == 1 ? PARENTS() : PARENTS(id - 1));
    }
    for (uint64_t id = 1; id <= 6; id++) fixture_confirm(fx, id);
    ACCEPTED(fixture_outcome(fx, EVENT_FINALIZED, 6));
    uint64_t last = 0;
    for (uint32_t i = 0; i < fixture_count(fx, NOTE_STATUS); i++) { /* oldest first */
        cr_assert(fixture_saw(fx, NOTE_STATUS, i)->task_id > last);
        last = fixture_saw(fx, NOTE_STATUS, i)->task_id;
    }
    cr_assert(eq(u64, last, 6));
}

Test(engine_corners, proofs_released_together_are_sent_in_the_order_in_which_they_were_ready)
{
    fixture_start(fx, 16);
    fixture_run(fx, 1, PARENTS());
    for (uint64_t id = 2; id <= 5; id++) fixture_run(fx, id, PARENTS(1));
    const uint64_t ready[] = {4, 2, 5, 3};
    for (int i = 0; i < 4; i++) {
        fx->now_ns++;
        ACCEPTED(fixture_outcome(fx, EVENT_PROOF_DONE, ready[i]));
    }
    fixture_confirm(fx, 1);
    for (uint32_t i = 0; i < 4; i++) cr_assert(eq(u64, fixture_saw(fx, EFFECT_SUBMIT, i)->task_id, ready[i]));
}

/* ---- money ---- */

Test(engine_corners, bonds_that_no_number_holds_can_never_be_paid)
{
    fx->settings.stake_formula = STAKE_EXPONENTIAL;
    cr_assert(eq(u64, bond_at_depth(&fx->settings, 20), UINT64_C(100000) << 20));
    cr_assert(eq(u64, bond_at_depth(&fx->settings, 63), UINT64_MAX));
    cr_assert(eq(u64, bond_at_depth(&fx->settings, 64), UINT64_MAX));
    fx->settings.stake_formula = STAKE_LINEAR;
    fx->settings.stake_per_depth_lamports = INT64_MAX;
    cr_assert(eq(u64, bond_at_depth(&fx->settings, 3), UINT64_MAX));
    fx->settings.min_stake_lamports = INT64_MAX;
    cr_assert(eq(u64, bond_at_depth(&fx->settings, 2), UINT64_MAX));
    fixture_start(fx, 8);
    fixture_run(fx, 1, PARENTS());
    ACCEPTED(fixture_submit(fx, 2, PARENTS(1)));
    cr_assert(eq(int, fixture_waits_for(fx, 2), WAIT_STAKE_INSUFFICIENT));
}

Test(engine_corners, a_deposit_that_would_overflow_changes_nothing)
{
    fixture_start(fx, 8);
    struct event deposit = {.kind = EVENT_DEPOSIT, .u.deposit = {1, UINT64_MAX}};
    struct agent_view before = engine_agent(fx->engine, 0);
    cr_assert(eq(int, fixture_send(fx, &deposit), ERR_RANGE));
    cr_assert(eq(u64, engine_agent(fx->engine, 0).free, before.free));
    cr_assert(eq(u64, engine_agent(fx->engine, 0).deposited, before.deposited));
    struct event withdraw = {.kind = EVENT_WITHDRAW, .u.withdraw = {1, before.free, true}};
    ACCEPTED(fixture_send(fx, &withdraw)); /* nothing free, but what was ever deposited still counts */
    cr_assert(eq(int, fixture_send(fx, &deposit), ERR_RANGE));
}

Test(engine_corners, no_more_agents_than_the_table_holds)
{
    fixture_start(fx, 32);
    for (uint64_t agent = 5; agent <= 16; agent++) fixture_deposit(fx, agent, 1);
    struct event deposit = {.kind = EVENT_DEPOSIT, .u.deposit = {17, 1}};
    cr_assert(eq(int, fixture_send(fx, &deposit), ERR_LIMIT));
    cr_assert(eq(int, fixture_submit_for(fx, 1, 17, PARENTS()), ERR_LIMIT));
}

Test(engine_corners, victims_that_wasted_nothing_share_alike)
{
    fx->settings.bond_roots = 1;
    fx->settings.cross_agent_speculation = 1;
    fixture_start(fx, 8);
    ACCEPTED(fixture_submit_for(fx, 1, 1, PARENTS()));
    ACCEPTED(fixture_executed(fx, 1, 0));
    for (uint64_t id = 2; id <= 4; id++) {
        ACCEPTED(fixture_submit_for(fx, id, id, PARENTS(1)));
        ACCEPTED(fixture_executed(fx, id, 0));
    }
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_CONSTRAINT));
    fixture_finish_rollbacks(fx);
    /* 100,000 slashed, half to the treasury; 50,000 over three, the odd two to the lower ids. */
    cr_assert(eq(u64, engine_agent(fx->engine, 1).received, 16667));
    cr_assert(eq(u64, engine_agent(fx->engine, 2).received, 16667));
    cr_assert(eq(u64, engine_agent(fx->engine, 3).received, 16666));
    cr_assert(fixture_books_balance(fx));
}

Test(engine_corners, a_stuck_lock_is_released_once_and_only_for_the_agent_asked_for)
{
    fixture_start(fx, 8);
    fixture_chain(fx, 2);
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 2);
    struct task_ref ref;
    cr_assert(engine_find(fx->engine, 2, &ref));
    ledger_lock(fx->engine, ref.slot, 7000); /* what no event can do: over, and its bond locked */
    fx->engine->tasks[ref.slot].flags |= TASK_COMMITTED;
    struct event order = {.kind = EVENT_STAKE_RECOVER, .u.recover.agent_id = 2};
    ACCEPTED(fixture_send(fx, &order));
    cr_assert(eq(u64, fixture_saw(fx, NOTE_REPORT, 0)->u.report.count, 0));
    order.u.recover.agent_id = 1;
    ACCEPTED(fixture_send(fx, &order));
    cr_assert(eq(u64, fixture_saw(fx, NOTE_REPORT, 0)->u.report.count, 1));
    cr_assert(eq(u64, fixture_saw(fx, NOTE_REPORT, 0)->u.report.amount, 7000));
    ACCEPTED(fixture_send(fx, &order));
    cr_assert(eq(u64, fixture_saw(fx, NOTE_REPORT, 0)->u.report.count, 0));
    cr_assert(eq(u64, engine_statistics(fx->engine)->stuck_locks_released, 1));
    cr_assert(fixture_books_balance(fx));
}

/* ---- memory ---- */

static err submit_sized(uint64_t id, uint64_t parent, uint64_t bytes)
{
    struct event event = {.kind = EVENT_SUBMIT};
    event.u.submit =
        (struct event_submit){.id = id, .agent_id = 1, .snapshot_bytes = bytes, .claim_expires_ns = NEVER_NS};
    event.u.submit.parent_count = parent != 0;
    event.u.submit.parents[0] = parent;
    return fixture_send(fx, &event);
}

static void tight_memory(void)
{
    fx->settings.max_memory_bytes = (int64_t)(100 * MIB);
    fx->settings.breaker_memory_open_bps = 10000;
    fixture_start(fx, 16);
    fixture_run(fx, 1, PARENTS());
}

Test(engine_corners, a_snapshot_of_any_size_is_weighed_without_overflow)
{
    tight_memory();
    ACCEPTED(submit_sized(2, 1, UINT64_MAX));
    cr_assert(eq(int, fixture_waits_for(fx, 2), WAIT_MEMORY_LIMIT));
}

Test(engine_corners, under_pressure_a_branch_may_grow_but_none_may_open)
{
    tight_memory();
    ACCEPTED(submit_sized(2, 1, 75 * MIB));
    ACCEPTED(fixture_executed(fx, 2, 100));
    ACCEPTED(submit_sized(3, 1, 10 * MIB)); /* a second branch */
    cr_assert(eq(int, fixture_waits_for(fx, 3), WAIT_MEMORY_LIMIT));
    ACCEPTED(submit_sized(4, 2, 10 * MIB)); /* the first goes on */
    STATUS(4, TASK_EXECUTING);
    ACCEPTED(submit_sized(5, 4, 20 * MIB));
    cr_assert(eq(int, fixture_waits_for(fx, 5), WAIT_PARENT_OUTPUT));
    ACCEPTED(fixture_executed(fx, 4, 100));
    cr_assert(eq(int, fixture_waits_for(fx, 5), WAIT_MEMORY_LIMIT)); /* beyond the limit itself */
}

Test(engine_corners, garbage_makes_room_before_an_admission_is_denied)
{
    tight_memory();
    ACCEPTED(submit_sized(2, 1, 75 * MIB));
    ACCEPTED(fixture_executed(fx, 2, 100));
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 2);
    ACCEPTED(fixture_outcome(fx, EVENT_FINALIZED, 2));
    cr_assert(eq(u64, engine_statistics(fx->engine)->snapshots, 1));
    fixture_run(fx, 3, PARENTS());
    ACCEPTED(submit_sized(4, 3, 70 * MIB));
    STATUS(4, TASK_EXECUTING);
    cr_assert(eq(u64, engine_statistics(fx->engine)->snapshots, 1));
}

Test(engine_corners, snapshots_beyond_the_limit_wait_even_after_collection)
{
    fx->settings.max_state_snapshots = 10;
    fixture_start(fx, 32);
    fixture_run(fx, 1, PARENTS());
    for (uint64_t id = 2; id <= 11; id++) fixture_run(fx, id, PARENTS(1));
    ACCEPTED(fixture_submit(fx, 12, PARENTS(1)));
    cr_assert(eq(int, fixture_waits_for(fx, 12), WAIT_SNAPSHOT_LIMIT));
    ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, 11)); /* one is released, and collected on demand */
    fixture_finish_rollbacks(fx);
    STATUS(12, TASK_EXECUTING);
}

Test(engine_corners, a_full_proof_cache_takes_no_more)
{
    fx->settings.proof_cache_bytes = ENGINE_PROOF_BYTES;
    fixture_start(fx, 8);
    fixture_chain(fx, 2);
    ACCEPTED(fixture_outcome(fx, EVENT_PROOF_DONE, 1));
    ACCEPTED(fixture_outcome(fx, EVENT_PROOF_DONE, 2));
    cr_assert(eq(u64, engine_statistics(fx->engine)->proof_cache_entries, 1));
}

/* ---- clocks ---- */

Test(engine_corners, a_task_cancelled_in_a_backoff_leaves_no_deadline)
{
    fixture_start(fx, 8);
    fixture_chain(fx, 1);
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_TRANSIENT));
    cr_assert(eq(int, fixture_view(fx, 1).proof, PROOF_BACKOFF));
    ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, 1));
    cr_assert(eq(i64, engine_deadline_ns(fx->engine), NEVER_NS));
    cr_assert(eq(int, fixture_view(fx, 1).proof, PROOF_CANCELLED));
}

Test(engine_corners, a_claim_renewed_in_a_backoff_keeps_the_end_of_the_backoff)
{
    fixture_start(fx, 8);
    struct event submit = {.kind = EVENT_SUBMIT};
    submit.u.submit = (struct event_submit){
        .id = 1, .agent_id = 1, .snapshot_bytes = 1, .claim_expires_ns = 500 * NS_PER_S};
    ACCEPTED(fixture_send(fx, &submit));
    ACCEPTED(fixture_executed(fx, 1, 100));
    struct event failed = {.kind = EVENT_PROOF_FAILED, .attempt = fx->proof_attempt[1], .jitter = 1u << 31};
    failed.u.proof.error = PROOF_ERROR_TRANSIENT;
    cr_assert(engine_find(fx->engine, 1, &failed.task));
    ACCEPTED(fixture_send(fx, &failed));
    int64_t backoff_ns = engine_deadline_ns(fx->engine);
    cr_assert(eq(i64, backoff_ns, fx->settings.retry_delay_ns / 2));
    struct event renewed = {
        .kind = EVENT_CLAIM_RENEWED, .task = failed.task, .u.claim.expires_ns = 900 * NS_PER_S};
    ACCEPTED(fixture_send(fx, &renewed));
    cr_assert(eq(i64, engine_deadline_ns(fx->engine), backoff_ns));
    ACCEPTED(fixture_tick(fx));
    cr_assert(eq(int, fixture_view(fx, 1).proof, PROOF_GENERATING));
}

Test(engine_corners, a_backoff_never_exceeds_its_cap)
{
    fx->settings.retry_delay_ns = 20 * NS_PER_S;
    fx->settings.proof_max_retries = 10;
    fixture_start(fx, 8);
    fixture_chain(fx, 1);
    const int64_t ceilings_s[] = {20, 30, 30}; /* a fourth would outlive the commitment */
    for (int i = 0; i < 3; i++) {
        struct event failed = {
            .kind = EVENT_PROOF_FAILED, .attempt = fx->proof_attempt[1], .jitter = UINT32_MAX};
        failed.u.proof.error = PROOF_ERROR_TRANSIENT;
        cr_assert(engine_find(fx->engine, 1, &failed.task));
        ACCEPTED(fixture_send(fx, &failed));
        int64_t delay_ns = engine_deadline_ns(fx->engine) - fx->now_ns;
        cr_assert(delay_ns < ceilings_s[i] * NS_PER_S && delay_ns > (ceilings_s[i] - 1) * NS_PER_S);
        ACCEPTED(fixture_tick(fx));
    }
}

/* ---- plans ---- */

Test(engine_corners, an_absorbed_plan_brings_along_what_lies_outside_the_new_region)
{
    fx->settings.rollback_policy = ROLLBACK_CHECKPOINT;
    fx->settings.checkpoint_interval = 20;
    fixture_start(fx, 32);
    fixture_run(fx, 20, PARENTS());
    ACCEPTED(fixture_submit(fx, 21, PARENTS(20)));
    ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, 21)); /* its abort occupies the only place */
    struct effect blocker = *fixture_saw(fx, EFFECT_ABORT, 0);
    /* 1 above 2, 3 beside them, both above 4 above 5: the failure of 5 takes what is up to the checkpoint 4
     */
    fixture_run(fx, 1, PARENTS());
    fixture_run(fx, 3, PARENTS());
    fixture_run(fx, 2, PARENTS(1)); /* depth 1: holds a checkpoint */
    fixture_run(fx, 6, PARENTS(2));
    fixture_run(fx, 7, PARENTS(6));
    fixture_run(fx, 8, PARENTS(6));
    ACCEPTED(fixture_proof_failed(fx, 7, PROOF_ERROR_CONSTRAINT)); /* takes 6 and, with it, 8 */
    cr_assert(fixture_view(fx, 8).is_in_rollback);
    fx->settings.rollback_policy = ROLLBACK_CASCADE;
    ACCEPTED(fixture_settings(fx));
    ACCEPTED(fixture_proof_failed(fx, 2, PROOF_ERROR_CONSTRAINT)); /* above all of that */
    cr_assert(eq(u64, engine_statistics(fx->engine)->plans_waiting, 1));
    struct event aborted = {.kind = EVENT_ABORTED, .task = blocker.task};
    ACCEPTED(fixture_send(fx, &aborted));
    fixture_finish_rollbacks(fx);
    STATUS(2, TASK_FAILED);
    STATUS(7, TASK_FAILED);
    STATUS(6, TASK_ROLLED_BACK);
    STATUS(8, TASK_ROLLED_BACK);
    STATUS(3, TASK_PROOF_PENDING);
    cr_assert(eq(u64, engine_statistics(fx->engine)->plans_running, 0));
    cr_assert(fixture_books_balance(fx));
}

Test(engine_corners, an_absorbed_plan_keeps_what_only_its_own_root_had_reached)
{
    fx->settings.rollback_policy = ROLLBACK_CHECKPOINT;
    fixture_start(fx, 32);
    ACCEPTED(fixture_submit(fx, 20, PARENTS()));
    ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, 20)); /* its abort occupies the only place */
    struct effect blocker = *fixture_saw(fx, EFFECT_ABORT, 0);
    fixture_run(fx, 1, PARENTS());
    fixture_run(fx, 2, PARENTS(1)); /* depth 1: holds a checkpoint */
    fixture_run(fx, 3, PARENTS());  /* holds none */
    fixture_run(fx, 4, PARENTS(2, 3));
    ACCEPTED(fixture_proof_failed(fx, 4, PROOF_ERROR_CONSTRAINT));
    cr_assert(fixture_view(fx, 3).is_in_rollback);
    cr_assert(not(fixture_view(fx, 2).is_in_rollback));
    ACCEPTED(fixture_proof_failed(fx, 2, PROOF_ERROR_CONSTRAINT)); /* reaches 4 and its plan, not 3 */
    cr_assert(eq(u64, engine_statistics(fx->engine)->plans_waiting, 1));
    struct event aborted = {.kind = EVENT_ABORTED, .task = blocker.task};
    ACCEPTED(fixture_send(fx, &aborted));
    fixture_finish_rollbacks(fx);
    STATUS(3, TASK_ROLLED_BACK);
    STATUS(2, TASK_FAILED);
    STATUS(4, TASK_FAILED);
    cr_assert(eq(u64, engine_statistics(fx->engine)->plans_running, 0));
    cr_assert(fixture_books_balance(fx));
}

/* Under the checkpoint policy ancestors of a failure are blocked while theirs go on. */
Test(engine_corners, a_blocked_task_does_not_go_on_when_its_parents_do)
{
    fx->settings.rollback_policy = ROLLBACK_CHECKPOINT;
    fx->settings.checkpoint_interval = 20;
    fixture_start(fx, 32);
    fixture_run(fx, 1, PARENTS());
    fixture_run(fx, 2, PARENTS(1)); /* holds the checkpoint */
    fixture_run(fx, 3, PARENTS(2));
    ACCEPTED(fixture_outcome(fx, EVENT_PROOF_DONE, 3));
    STATUS(3, TASK_AWAITING_ANCESTORS);
    ACCEPTED(fixture_submit(fx, 4, PARENTS(3)));
    ACCEPTED(fixture_submit(fx, 5, PARENTS(4, 3)));           /* waits for the output of 4 */
    ACCEPTED(fixture_outcome(fx, EVENT_EXECUTION_FAILED, 4)); /* takes 3 and 5; its restore is not answered */
    cr_assert(fixture_view(fx, 3).is_in_rollback);
    struct effect restore = *fixture_saw(fx, EFFECT_RESTORE, 0);
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 2);
    cr_assert(
        eq(u32, fixture_count(fx, EFFECT_SUBMIT), 0)); /* 3 is ready, its ancestors confirmed: blocked */
    struct event restored = {.kind = EVENT_RESTORED, .task = restore.task};
    ACCEPTED(fixture_send(fx, &restored));
    fixture_finish_rollbacks(fx);
    STATUS(3, TASK_ROLLED_BACK);
    STATUS(4, TASK_FAILED);
    STATUS(5, TASK_CANCELLED);
    cr_assert(fixture_books_balance(fx));
}

Test(engine_corners, a_blocked_waiter_does_not_start_when_another_parent_has_its_output)
{
    fixture_start(fx, 32);
    ACCEPTED(fixture_submit(fx, 1, PARENTS()));
    fixture_run(fx, 2, PARENTS());
    fixture_run(fx, 3, PARENTS(2));
    ACCEPTED(fixture_submit(fx, 4, PARENTS(1, 3)));
    ACCEPTED(fixture_submit_edges(fx, 5, PARENTS(1, 3), (const uint8_t[]){EDGE_RESOURCE, EDGE_DATA}));
    ACCEPTED(fixture_proof_failed(fx, 3, PROOF_ERROR_CONSTRAINT)); /* restores its snapshot first */
    struct effect restore = *fixture_saw(fx, EFFECT_RESTORE, 0);
    ACCEPTED(fixture_executed(fx, 1, 100));
    cr_assert(eq(u32, fixture_count(fx, EFFECT_EXECUTE), 0));
    fixture_confirm(fx, 1);
    cr_assert(eq(u32, fixture_count(fx, EFFECT_EXECUTE), 0));
    struct event restored = {.kind = EVENT_RESTORED, .task = restore.task};
    ACCEPTED(fixture_send(fx, &restored));
    STATUS(4, TASK_CANCELLED);
    STATUS(5, TASK_CANCELLED);
}

Test(engine_corners, plans_run_beside_each_other_up_to_the_setting)
{
    fx->settings.rollback_max_concurrent = 2;
    fixture_start(fx, 32);
    for (uint64_t id = 1; id <= 3; id++) {
        ACCEPTED(fixture_submit(fx, id, PARENTS()));
        ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, id));
    }
    const struct engine_stats *stats = engine_statistics(fx->engine);
    cr_assert(stats->plans_running == 2 && stats->plans_waiting == 1);
    ACCEPTED(fixture_outcome(fx, EVENT_ABORTED, 2));
    cr_assert(stats->plans_running == 2 && stats->plans_waiting == 0);
    ACCEPTED(fixture_outcome(fx, EVENT_ABORTED, 1));
    ACCEPTED(fixture_outcome(fx, EVENT_ABORTED, 3));
    cr_assert(eq(u64, stats->plans_running, 0));
}

Test(engine_corners, a_wait_queue_that_all_leave_at_once_is_empty)
{
    fx->settings.max_depth = 1;
    fixture_start(fx, 32);
    fixture_chain(fx, 2);
    for (uint64_t id = 3; id <= 9; id++) ACCEPTED(fixture_submit(fx, id, PARENTS(2)));
    fx->settings.max_depth = 10;
    ACCEPTED(fixture_settings(fx));
    for (uint64_t id = 3; id <= 9; id++) STATUS(id, TASK_EXECUTING);
    cr_assert(eq(u64, engine_statistics(fx->engine)->waiting, 0));
    cr_assert(eq(u64, engine_statistics(fx->engine)->settings_generation, 1));
}
