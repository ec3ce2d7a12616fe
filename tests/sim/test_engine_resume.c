/* tests/sim/test_engine_resume.c: what ports were asked and have forgotten is asked again, once each. */
#include "tests/lib/engine_checks.h"

static struct fixture *fx;
static void set_up(void)
{
    fx = fixture_new();
    fx->settings.worker_threads = 2;
}
static void tear_down(void)
{
    fixture_free(fx);
}
TestSuite(engine_resume, .init = set_up, .fini = tear_down, .timeout = 10);

static void resume(void)
{
    struct event event = {.kind = EVENT_RESUME};
    ACCEPTED(fixture_send(fx, &event));
}

Test(engine_resume, executions_are_asked_for_again_in_the_order_of_submission)
{
    fixture_start(fx, 8);
    ACCEPTED(fixture_submit(fx, 1, PARENTS()));
    ACCEPTED(fixture_submit(fx, 2, PARENTS()));
    resume();
    cr_assert(eq(u32, fixture_count(fx, EFFECT_EXECUTE), 2));
    cr_assert(eq(u64, fixture_saw(fx, EFFECT_EXECUTE, 0)->task_id, 1));
    fixture_confirm(fx, 1);
    cr_assert(eq(int, fixture_status(fx, 1), TASK_CONFIRMED));
}

Test(engine_resume, a_generation_begins_anew_and_the_old_answer_is_stale)
{
    fx->settings.proof_max_retries = 1;
    fixture_start(fx, 8);
    fixture_run(fx, 1, PARENTS());
    struct event late = {.kind = EVENT_PROOF_DONE, .attempt = fx->proof_attempt[1]};
    cr_assert(engine_find(fx->engine, 1, &late.task));
    resume();
    cr_assert(eq(u64, fixture_saw(fx, EFFECT_PROVE, 0)->task_id, 1));
    cr_assert(eq(u64, engine_statistics(fx->engine)->workers_busy, 1));
    cr_assert(eq(u64, engine_statistics(fx->engine)->proofs_generating, 1));
    cr_assert(eq(int, fixture_send(fx, &late), ERR_STALE));
    fixture_confirm(fx, 1); /* and no try was counted */
    cr_assert(eq(int, fixture_status(fx, 1), TASK_CONFIRMED));
}

Test(engine_resume, a_transaction_keeps_its_name_since_it_may_have_landed)
{
    fixture_start(fx, 8);
    fixture_run(fx, 1, PARENTS());
    ACCEPTED(fixture_outcome(fx, EVENT_PROOF_DONE, 1));
    uint32_t name = fx->tx_attempt[1];
    resume();
    cr_assert(eq(u32, fixture_saw(fx, EFFECT_SUBMIT, 0)->attempt, name));
    ACCEPTED(fixture_outcome(fx, EVENT_TX_ACCEPTED, 1));
    resume();
    cr_assert(eq(u32, fixture_saw(fx, EFFECT_SUBMIT, 0)->attempt, name)); /* watched again */
    ACCEPTED(fixture_outcome(fx, EVENT_CONFIRMED, 1));
    resume();
    cr_assert(eq(u64, engine_statistics(fx->engine)->submissions_in_flight, 0));
}

Test(engine_resume, the_turn_of_a_rollback_is_asked_for_again)
{
    fixture_start(fx, 8);
    fixture_run(fx, 1, PARENTS());
    ACCEPTED(fixture_submit(fx, 2, PARENTS(1)));
    ACCEPTED(fixture_proof_failed(fx, 1, PROOF_ERROR_CONSTRAINT));
    cr_assert(eq(u64, fixture_saw(fx, EFFECT_ABORT, 0)->task_id, 2));
    resume();
    cr_assert(eq(u64, fixture_saw(fx, EFFECT_ABORT, 0)->task_id, 2));
    cr_assert(eq(u32, fixture_count(fx, EFFECT_EXECUTE), 0)); /* it is being undone */
    ACCEPTED(fixture_outcome(fx, EVENT_ABORTED, 2));
    resume();
    cr_assert(eq(u64, fixture_saw(fx, EFFECT_RESTORE, 0)->task_id, 2));
    fixture_finish_rollbacks(fx);
    cr_assert(eq(int, fixture_status(fx, 2), TASK_ROLLED_BACK));
    resume();
    cr_assert(eq(u32, fixture_count(fx, EFFECT_RESTORE), 0));
}

/* A port that has forgotten a transaction does not say of itself when it is final. */
Test(engine_resume, what_is_confirmed_and_not_final_is_asked_for_again)
{
    fixture_start(fx, 8);
    fixture_run(fx, 1, PARENTS());
    ACCEPTED(fixture_outcome(fx, EVENT_PROOF_DONE, 1));
    ACCEPTED(fixture_outcome(fx, EVENT_TX_ACCEPTED, 1));
    ACCEPTED(fixture_outcome(fx, EVENT_CONFIRMED, 1));
    uint32_t name = fx->tx_attempt[1];
    resume();
    cr_assert(eq(u32, fixture_count(fx, EFFECT_SUBMIT), 1));
    cr_assert(eq(u32, fixture_saw(fx, EFFECT_SUBMIT, 0)->attempt, name));
    ACCEPTED(fixture_outcome(fx, EVENT_FINALIZED, 1));
    resume();
    cr_assert(eq(u32, fixture_count(fx, EFFECT_SUBMIT), 0));
    cr_assert(eq(int, fixture_status(fx, 1), TASK_FINALIZED));
}
