/* tests/sim/test_engine_life.c: from executed to finalized: proofs, deferral, confirmation, time, memory. */
#include "tests/lib/engine_checks.h"

static struct fixture *fx;
static void set_up(void)
{
    fx = fixture_new();
}
static void tear_down(void)
{
    fixture_free(fx);
}
TestSuite(engine_life, .init = set_up, .fini = tear_down, .timeout = 10);

static void prove(uint64_t first, uint64_t last)
{
    for (uint64_t id = first; id <= last; id++) ACCEPTED(fixture_outcome(fx, EVENT_PROOF_DONE, id));
}

Test(engine_life, no_proof_is_submitted_before_every_ancestor_is_confirmed)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 3);
    prove(1, 3);
    STATUS(1, TASK_SUBMITTING);
    STATUS(2, TASK_AWAITING_ANCESTORS);
    STATUS(3, TASK_AWAITING_ANCESTORS);
    fixture_confirm(fx, 1);
    cr_assert(eq(u32, fixture_count(fx, EFFECT_SUBMIT), 1));
    cr_assert(eq(u64, fixture_saw(fx, EFFECT_SUBMIT, 0)->task_id, 2));
    STATUS(3, TASK_AWAITING_ANCESTORS);
    fixture_confirm(fx, 2);
    STATUS(3, TASK_SUBMITTING);
}

Test(engine_life, bond_is_released_at_the_gate_and_snapshot_at_finality)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 2);
    prove(1, 2);
    fixture_confirm(fx, 1);
    fixture_confirm(fx, 2);
    cr_assert(eq(u64, fixture_saw(fx, NOTE_SETTLED, 0)->u.settled.released_lamports, 1100000));
    cr_assert(eq(u64, engine_agent(fx->engine, 0).locked, 0));
    cr_assert(eq(u64, engine_statistics(fx->engine)->live_snapshot_bytes, MIB));
    ACCEPTED(fixture_outcome(fx, EVENT_FINALIZED, 2));
    cr_assert(eq(u64, engine_statistics(fx->engine)->live_snapshot_bytes, 0));
    cr_assert(eq(u64, engine_statistics(fx->engine)->snapshot_bytes, MIB)); /* until collected */
}

Test(engine_life, gate_level_finalized_ignores_confirmed)
{
    fx->settings.gate_level = GATE_FINALIZED;
    fixture_start(fx, 16);
    fixture_chain(fx, 2);
    prove(1, 2);
    fixture_drive_to_confirming(fx, 1);
    ACCEPTED(fixture_outcome(fx, EVENT_CONFIRMED, 1));
    STATUS(1, TASK_CONFIRMING);
    STATUS(2, TASK_AWAITING_ANCESTORS);
    ACCEPTED(fixture_outcome(fx, EVENT_FINALIZED, 1));
    STATUS(1, TASK_FINALIZED);
    STATUS(2, TASK_SUBMITTING);
}

Test(engine_life, without_optimistic_proofs_generation_waits_for_the_ancestors)
{
    fx->settings.optimistic_proofs = 0;
    fixture_start(fx, 16);
    fixture_chain(fx, 2);
    STATUS(1, TASK_PROOF_PENDING);
    STATUS(2, TASK_EXECUTED);
    fixture_confirm(fx, 1);
    STATUS(2, TASK_PROOF_PENDING);
}

Test(engine_life, workers_take_what_is_queued_up_to_the_batch_size)
{
    fx->settings.worker_threads = 1;
    fx->settings.batch_size = 3;
    fixture_start(fx, 16);
    for (uint64_t id = 1; id <= 6; id++) {
        ACCEPTED(fixture_submit(fx, id, PARENTS()));
        ACCEPTED(fixture_executed(fx, id, 1));
        cr_assert(eq(u32, fixture_count(fx, EFFECT_PROVE), id == 1)); /* the first one is taken alone */
    }
    ACCEPTED(fixture_outcome(fx, EVENT_PROOF_DONE, 1));
    ACCEPTED(fixture_worker_free(fx, 0));
    cr_assert(eq(u32, fixture_count(fx, EFFECT_PROVE), 3));
    for (uint32_t i = 0; i < 3; i++) {
        const struct effect *prove_effect = fixture_saw(fx, EFFECT_PROVE, i);
        cr_assert(eq(u64, prove_effect->task_id, 2 + i));
        cr_assert(eq(u32, prove_effect->u.prove.index, i));
        cr_assert(eq(u32, prove_effect->u.prove.count, 3));
    }
    STALE(fixture_worker_free(fx, 1));
}

Test(engine_life, batch_timeout_waits_for_a_full_batch_but_not_longer)
{
    fx->settings.worker_threads = 1;
    fx->settings.batch_size = 2;
    fx->settings.batch_timeout_ns = 5 * NS_PER_S;
    fixture_start(fx, 16);
    ACCEPTED(fixture_submit(fx, 1, PARENTS()));
    ACCEPTED(fixture_executed(fx, 1, 1));
    cr_assert(eq(u32, fixture_count(fx, EFFECT_PROVE), 0));
    cr_assert(eq(i64, engine_deadline_ns(fx->engine), 5 * NS_PER_S));
    ACCEPTED(fixture_tick(fx));
    cr_assert(eq(u32, fixture_count(fx, EFFECT_PROVE), 1));
}

Test(engine_life, submission_slots_are_held_until_the_rpc_answers)
{
    fx->settings.max_concurrent_submissions = 1;
    fixture_start(fx, 16);
    for (uint64_t id = 1; id <= 2; id++) {
        ACCEPTED(fixture_submit(fx, id, PARENTS()));
        ACCEPTED(fixture_executed(fx, id, 1));
    }
    prove(1, 1);
    cr_assert(eq(u32, fixture_count(fx, EFFECT_SUBMIT), 1));
    prove(2, 2);
    cr_assert(eq(u32, fixture_count(fx, EFFECT_SUBMIT), 0));
    ACCEPTED(fixture_outcome(fx, EVENT_TX_ACCEPTED, 1));
    cr_assert(eq(u64, fixture_saw(fx, EFFECT_SUBMIT, 0)->task_id, 2));
}

Test(engine_life, proofs_released_together_are_sent_in_the_order_in_which_they_became_ready)
{
    static const uint64_t READY[] = {4, 3, 2}, SENT[] = {4, 2, 3}; /* 2 and 3 in one instant: by submission */
    fx->settings.worker_threads = 8;
    fx->settings.batch_size = 1;
    fx->settings.max_parallel_branches = 8;
    fixture_start(fx, 16);
    fixture_chain(fx, 1);
    for (uint64_t id = 2; id <= 4; id++) {
        ACCEPTED(fixture_submit(fx, id, PARENTS(1)));
        ACCEPTED(fixture_executed(fx, id, 1));
    }
    for (int i = 0; i < 3; i++) {
        fx->now_ns += i < 2 ? NS_PER_S : 0;
        ACCEPTED(fixture_outcome(fx, EVENT_PROOF_DONE, READY[i]));
        STATUS(READY[i], TASK_AWAITING_ANCESTORS);
    }
    fixture_drive_to_confirming(fx, 1);
    ACCEPTED(fixture_outcome(fx, EVENT_CONFIRMED, 1));
    for (uint32_t i = 0; i < 3; i++) cr_assert(eq(u64, fixture_saw(fx, EFFECT_SUBMIT, i)->task_id, SENT[i]));
}

Test(engine_life, a_parent_named_twice_releases_its_child_once)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 1);
    ACCEPTED(fixture_submit(fx, 2, PARENTS(1, 1)));
    ACCEPTED(fixture_executed(fx, 2, 1));
    ACCEPTED(fixture_outcome(fx, EVENT_PROOF_DONE, 1));
    for (uint32_t worker = 0; worker < 4; worker++) {
        err e = fixture_worker_free(fx, worker);
        (void)e; /* whichever was busy */
    }
    ACCEPTED(fixture_outcome(fx, EVENT_PROOF_DONE, 2));
    fixture_confirm(fx, 1);
    cr_assert(eq(u32, fixture_count(fx, EFFECT_SUBMIT), 1));
    STATUS(2, TASK_SUBMITTING);
}

Test(engine_life, refused_transactions_are_sent_again_after_a_backoff_up_to_the_attempts)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 1);
    prove(1, 1);
    for (int64_t attempt = 1; attempt <= 2; attempt++) {
        struct event event = {.kind = EVENT_TX_REFUSED, .jitter = UINT32_MAX, .attempt = fx->tx_attempt[1]};
        cr_assert(engine_find(fx->engine, 1, &event.task));
        ACCEPTED(fixture_send(fx, &event));
        int64_t before_ns = fx->now_ns;
        ACCEPTED(fixture_tick(fx));
        int64_t waited_ns = fx->now_ns - before_ns; /* full jitter, drawn at its end: just below 1 s, 2 s */
        cr_assert(gt(i64, waited_ns, attempt * NS_PER_S - NS_PER_MS));
        cr_assert(lt(i64, waited_ns, attempt * NS_PER_S));
        cr_assert(eq(u32, fixture_saw(fx, EFFECT_SUBMIT, 0)->attempt, (uint32_t)attempt));
    }
    ACCEPTED(fixture_outcome(fx, EVENT_TX_REFUSED, 1));
    STATUS(1, TASK_FAILED);
    cr_assert(eq(u64, engine_statistics(fx->engine)->rollback_events[REASON_CONFIRMATION_TIMEOUT], 1));
}

Test(engine_life, a_dropped_transaction_returns_to_submitting_and_late_answers_are_stale)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 1);
    prove(1, 1);
    fixture_drive_to_confirming(fx, 1);
    ACCEPTED(fixture_outcome(fx, EVENT_TX_DROPPED, 1));
    STATUS(1, TASK_SUBMITTING);
    STALE(fixture_outcome(fx, EVENT_CONFIRMED, 1)); /* of the attempt that was dropped */
    ACCEPTED(fixture_tick(fx));
    fx->tx_attempt[1] = 0; /* answers to the first attempt, while the second is out */
    STALE(fixture_outcome(fx, EVENT_TX_ACCEPTED, 1));
    STALE(fixture_outcome(fx, EVENT_CONFIRMED, 1));
    fx->tx_attempt[1] = 1;
    fixture_confirm(fx, 1);
    STATUS(1, TASK_CONFIRMED);
    STALE(fixture_outcome(fx, EVENT_CONFIRMED, 1));
    cr_assert(eq(u64, engine_statistics(fx->engine)->stale_events[EVENT_CONFIRMED], 3));
}

Test(engine_life, confirmation_times_out_strictly_after_the_limit)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 1);
    prove(1, 1);
    fixture_drive_to_confirming(fx, 1);
    fx->now_ns = fx->settings.confirmation_timeout_ns;
    struct event tick = {.kind = EVENT_TICK};
    ACCEPTED(fixture_send(fx, &tick));
    STATUS(1, TASK_CONFIRMING); /* an outcome at its deadline is in time */
    cr_assert(eq(i64, engine_deadline_ns(fx->engine), fx->now_ns + 1));
    ACCEPTED(fixture_tick(fx));
    STATUS(1, TASK_FAILED);
}

Test(engine_life, patience_of_a_waiting_proof_restarts_with_every_confirmed_ancestor)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 3);
    prove(1, 3);
    fixture_drive_to_confirming(fx, 1);
    fx->now_ns = 20 * NS_PER_S;
    ACCEPTED(fixture_outcome(fx, EVENT_CONFIRMED, 1));
    fx->now_ns = 45 * NS_PER_S; /* 45 s after the proof, 25 s after the last progress */
    struct event tick = {.kind = EVENT_TICK};
    fixture_drive_to_confirming(fx, 2);
    ACCEPTED(fixture_send(fx, &tick));
    STATUS(3, TASK_AWAITING_ANCESTORS);
    ACCEPTED(fixture_tick(fx));
    cr_assert(eq(i64, fx->now_ns, 50 * NS_PER_S + 1));
    STATUS(2, TASK_FAILED);
}

Test(engine_life, proof_generation_times_out_and_is_tried_again)
{
    fx->settings.proof_max_retries = 2;
    fx->settings.confirmation_timeout_ns = 300 * NS_PER_S; /* so that the commitment outlives both attempts */
    fixture_start(fx, 16);
    fixture_chain(fx, 1);
    ACCEPTED(fixture_tick(fx));
    cr_assert(eq(i64, fx->now_ns, fx->settings.proof_timeout_ns + 1));
    cr_assert(fixture_saw(fx, EFFECT_CANCEL_PROOF, 0) != NULL);
    STATUS(1, TASK_PROOF_PENDING);
    ACCEPTED(fixture_worker_free(fx, 0));
    cr_assert(eq(u32, fx->proof_attempt[1], 1));
    ACCEPTED(fixture_tick(fx));
    STATUS(1, TASK_FAILED);
    cr_assert(eq(u64, engine_statistics(fx->engine)->rollback_events[REASON_PROOF_TIMEOUT], 1));
}

Test(engine_life, transient_proof_errors_back_off_and_constraint_violations_end)
{
    fixture_start(fx, 16);
    fixture_chain(fx, 1);
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_TRANSIENT));
    STATUS(1, TASK_PROOF_PENDING);
    ACCEPTED(fixture_worker_free(fx, 0));
    ACCEPTED(fixture_tick(fx));
    cr_assert(eq(u32, fixture_count(fx, EFFECT_PROVE), 1));
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_CONSTRAINT));
    STATUS(1, TASK_FAILED);
}

Test(engine_life, claims_and_commitments_expire)
{
    fixture_start(fx, 16);
    struct event event = {.kind = EVENT_SUBMIT};
    event.u.submit = (struct event_submit){.id = 1, .agent_id = 1, .claim_expires_ns = 70 * NS_PER_S};
    ACCEPTED(fixture_send(fx, &event));
    ACCEPTED(fixture_submit(fx, 2, PARENTS()));
    ACCEPTED(fixture_tick(fx));
    cr_assert(eq(i64, fx->now_ns, 70 * NS_PER_S));
    STATUS(1, TASK_EXPIRED);
    fixture_finish_rollbacks(fx);
    /* max(2 x 30 s, 60 s + 30 s) after admission, an execution that never ends is given up. */
    ACCEPTED(fixture_tick(fx));
    cr_assert(eq(i64, fx->now_ns, 90 * NS_PER_S + 1));
    STATUS(2, TASK_EXPIRED);
    cr_assert(eq(u64, engine_statistics(fx->engine)->rollback_events[REASON_COMMITMENT_EXPIRED], 1));
}

Test(engine_life, finished_tasks_are_pruned_after_the_retention_unless_a_live_child_needs_them)
{
    fixture_start(fx, 4);
    fixture_chain(fx, 2);
    prove(1, 1);
    fixture_confirm(fx, 1);
    ACCEPTED(fixture_outcome(fx, EVENT_FINALIZED, 1));
    struct event gc = {.kind = EVENT_GC};
    fx->now_ns += fx->settings.confirmation_timeout_ns;
    ACCEPTED(fixture_send(fx, &gc));
    STATUS(1, TASK_FINALIZED); /* 2 is alive */
    prove(2, 2);
    fixture_confirm(fx, 2);
    struct task_ref ref;
    cr_assert(engine_find(fx->engine, 2, &ref));
    ACCEPTED(fixture_outcome(fx, EVENT_FINALIZED, 2));
    fx->now_ns += fx->settings.confirmation_timeout_ns;
    ACCEPTED(fixture_send(fx, &gc));
    cr_assert(eq(u32, fixture_count(fx, NOTE_PRUNED), 2));
    cr_assert(eq(u64, engine_statistics(fx->engine)->table_tasks, 0));
    cr_assert(eq(u64, engine_statistics(fx->engine)->edges, 0));
    cr_assert(eq(u64, engine_memory_usage(fx->engine).total, 0));
    struct task_view view;
    STALE(engine_task(fx->engine, ref, &view));
    ACCEPTED(fixture_submit(fx, 3, PARENTS())); /* the slot lives on under another generation */
    STALE(engine_task(fx->engine, ref, &view));
}

Test(engine_life, a_hub_with_many_short_lived_children_stays_small)
{
    fx->settings.retention_ns = 1;
    fixture_start(fx, 64);
    ACCEPTED(fixture_submit(fx, 1, PARENTS()));
    struct event gc = {.kind = EVENT_GC};
    for (uint64_t id = 2; id < 200; id++) {
        ACCEPTED(fixture_submit(fx, id, PARENTS(1)));
        ACCEPTED(fixture_outcome(fx, EVENT_CANCEL, id));
        fx->now_ns += 2;
        ACCEPTED(fixture_send(fx, &gc));
        cr_assert(le(u64, engine_statistics(fx->engine)->edges, 1));
        cr_assert(eq(u64, engine_statistics(fx->engine)->table_tasks, 1));
    }
}

Test(engine_life, time_never_runs_backwards)
{
    fixture_start(fx, 4);
    fx->now_ns = 10;
    ACCEPTED(fixture_submit(fx, 1, PARENTS()));
    fx->now_ns = 9;
    cr_assert(eq(int, fixture_submit(fx, 2, PARENTS()), ERR_RANGE));
}
