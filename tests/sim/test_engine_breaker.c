/* tests/sim/test_engine_breaker.c: the circuit breaker: each trigger at, below and above its threshold; how
 * it recovers; what operators may do. */
#include "tests/lib/engine_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct fixture *f;
static uint64_t next_id;

static void set_up(void)
{
    f = fixture_new();
    f->settings.max_parallel_branches = 100;
    f->settings.max_depth = LIMIT_DEPTH;
    f->settings.max_state_snapshots = 1000;
    f->settings.breaker_rate_min_tasks = 1000000;
    next_id = 100;
}
static void tear_down(void)
{
    fixture_free(f);
}
TestSuite(breaker, .init = set_up, .fini = tear_down, .timeout = 20);

static enum breaker_state state(void)
{
    return engine_breaker(f->engine).state;
}

static void send(enum event_kind kind)
{
    struct event event = {.kind = kind};
    cr_assert(eq(int, fixture_send(f, &event), OK));
}

/* A root that fails by itself, with nothing below it. */
static void fail_one(void)
{
    uint64_t id = next_id++;
    cr_assert(eq(int, fixture_submit(f, id, PARENTS()), OK));
    cr_assert(eq(int, fixture_outcome(f, EVENT_EXECUTION_FAILED, id), OK));
}

static void fail_times(int count)
{
    for (int i = 0; i < count; i++) fail_one();
}

static void start_open(void)
{
    fixture_start(f, 256);
    cr_assert(eq(int, fixture_submit(f, 1, PARENTS()), OK));
    cr_assert(eq(int, fixture_executed(f, 1, 100), OK));
    fail_times(10);
    cr_assert(eq(int, state(), BREAKER_OPEN));
}

static void start_half_open(void)
{
    f->settings.breaker_half_open_probes = 2;
    f->settings.breaker_consecutive_cooldown_ns = 1 * NS_PER_S; /* nothing else times out before */
    start_open();
    f->now_ns = 1 * NS_PER_S;
    send(EVENT_TICK);
    cr_assert(eq(int, state(), BREAKER_HALF_OPEN));
}

/* ---- failures in a row ---- */

Test(breaker, ten_failures_in_a_row_open_it_until_the_cooldown_is_over)
{
    fixture_start(f, 256);
    for (int i = 0; i < 10; i++) {
        f->now_ns = i * NS_PER_S;
        cr_assert(eq(int, state(), BREAKER_CLOSED), "before failure %d", i + 1);
        fail_one();
    }
    cr_assert(eq(int, state(), BREAKER_OPEN));
    const struct effect *note = fixture_saw(f, NOTE_BREAKER, 0);
    cr_assert(ne(ptr, (void *)note, NULL));
    cr_assert(eq(int, note->u.breaker.trigger, TRIGGER_CONSECUTIVE_FAILURES));
    cr_assert(eq(u64, note->u.breaker.value, 10));
    cr_assert(eq(i64, note->u.breaker.retry_ns, 309 * NS_PER_S));
    cr_assert(eq(i64, engine_deadline_ns(f->engine), 309 * NS_PER_S));
    f->now_ns = 309 * NS_PER_S - 1;
    send(EVENT_TICK);
    cr_assert(eq(int, state(), BREAKER_OPEN));
    f->now_ns = 309 * NS_PER_S;
    send(EVENT_TICK);
    cr_assert(eq(int, state(), BREAKER_HALF_OPEN));
    cr_assert(eq(u64, engine_statistics(f->engine)->breaker_trips[TRIGGER_CONSECUTIVE_FAILURES], 1));
    cr_assert(eq(u64, engine_statistics(f->engine)->breaker_state, BREAKER_HALF_OPEN));
}

Test(breaker, a_confirmation_in_between_starts_the_row_anew)
{
    fixture_start(f, 256);
    cr_assert(eq(int, fixture_submit(f, 1, PARENTS()), OK));
    fail_times(9);
    fixture_confirm(f, 1);
    cr_assert(eq(u64, engine_breaker(f->engine).consecutive_failures, 0));
    fail_times(9);
    cr_assert(eq(int, state(), BREAKER_CLOSED));
    fail_one();
    cr_assert(eq(int, state(), BREAKER_OPEN));
}

Test(breaker, failures_count_together_up_to_the_window_and_not_beyond)
{
    f->settings.breaker_consecutive = 2;
    fixture_start(f, 256);
    fail_one();
    f->now_ns = 300 * NS_PER_S + 1;
    fail_one();
    cr_assert(eq(int, state(), BREAKER_CLOSED));
    f->now_ns += 300 * NS_PER_S;
    fail_one();
    cr_assert(eq(int, state(), BREAKER_OPEN));
}

Test(breaker, what_an_operator_orders_is_no_failure)
{
    f->settings.breaker_consecutive = 1;
    f->settings.breaker_rate_min_tasks = 1;
    fixture_start(f, 256);
    cr_assert(eq(int, fixture_submit(f, 1, PARENTS()), OK));
    cr_assert(eq(int, fixture_executed(f, 1, 100), OK));
    cr_assert(eq(int, fixture_submit(f, 2, PARENTS(1)), OK));
    cr_assert(eq(int, fixture_outcome(f, EVENT_CANCEL, 1), OK));
    fixture_finish_rollbacks(f);
    cr_assert(eq(int, fixture_status(f, 2), TASK_ROLLED_BACK));
    cr_assert(eq(int, state(), BREAKER_CLOSED));
    cr_assert(eq(u64, engine_breaker(f->engine).window_admitted, 1));
    cr_assert(eq(u64, engine_breaker(f->engine).window_rolled_back, 0));
}

Test(breaker, open_it_holds_speculation_back_and_nothing_else)
{
    start_open();
    cr_assert(eq(int, fixture_submit(f, 2, PARENTS(1)), OK));
    cr_assert(eq(int, fixture_waits_for(f, 2), WAIT_CIRCUIT_OPEN));
    cr_assert(eq(int, fixture_submit(f, 3, PARENTS()), OK));
    cr_assert(eq(int, fixture_status(f, 3), TASK_EXECUTING));
    fixture_confirm(f, 1);
    cr_assert(eq(int, fixture_status(f, 2), TASK_EXECUTING));
    cr_assert(eq(int, state(), BREAKER_OPEN));
}

/* ---- half open ---- */

Test(breaker, half_open_it_admits_the_probes_and_closes_when_all_are_confirmed)
{
    start_half_open();
    cr_assert(eq(i64, engine_breaker(f->engine).retry_ns, NEVER_NS));
    for (uint64_t id = 2; id <= 4; id++) cr_assert(eq(int, fixture_submit(f, id, PARENTS(1)), OK));
    cr_assert(eq(int, fixture_status(f, 2), TASK_EXECUTING));
    cr_assert(eq(int, fixture_status(f, 3), TASK_EXECUTING));
    cr_assert(eq(int, fixture_waits_for(f, 4), WAIT_CIRCUIT_OPEN));
    cr_assert(eq(int, fixture_submit(f, 5, PARENTS(4)), OK));
    fixture_confirm(f, 1);
    fixture_confirm(f, 2);
    cr_assert(eq(int, state(), BREAKER_HALF_OPEN));
    cr_assert(eq(u64, engine_breaker(f->engine).probes_confirmed, 1));
    cr_assert(eq(int, fixture_executed(f, 4, 100), OK));
    cr_assert(eq(int, fixture_waits_for(f, 5), WAIT_CIRCUIT_OPEN));
    fixture_confirm(f, 3);
    cr_assert(eq(int, state(), BREAKER_CLOSED));
    cr_assert(eq(int, fixture_status(f, 5), TASK_EXECUTING));
    cr_assert(eq(u64, engine_breaker(f->engine).window_admitted, 1));
}

Test(breaker, a_probe_that_fails_opens_it_again_for_the_same_time)
{
    start_half_open();
    cr_assert(eq(int, fixture_submit(f, 2, PARENTS(1)), OK));
    cr_assert(eq(int, fixture_outcome(f, EVENT_EXECUTION_FAILED, 2), OK));
    cr_assert(eq(int, state(), BREAKER_OPEN));
    struct breaker_view view = engine_breaker(f->engine);
    cr_assert(eq(int, view.trigger, TRIGGER_PROBE_FAILED));
    cr_assert(eq(i64, view.retry_ns, 2 * NS_PER_S));
    cr_assert(eq(u64, engine_statistics(f->engine)->breaker_trips[TRIGGER_PROBE_FAILED], 1));
}

Test(breaker, a_probe_that_is_cancelled_or_undone_is_not_confirmed)
{
    start_half_open();
    cr_assert(eq(int, fixture_submit(f, 2, PARENTS(1)), OK));
    cr_assert(eq(int, fixture_outcome(f, EVENT_CANCEL, 2), OK));
    cr_assert(eq(int, state(), BREAKER_OPEN));
    fixture_finish_rollbacks(f);
    f->now_ns = 2 * NS_PER_S;
    send(EVENT_TICK);
    cr_assert(eq(int, fixture_submit(f, 3, PARENTS(1)), OK));
    cr_assert(eq(int, state(), BREAKER_HALF_OPEN));
    cr_assert(eq(int, fixture_outcome(f, EVENT_CANCEL, 1), OK));
    fixture_finish_rollbacks(f);
    cr_assert(eq(int, fixture_status(f, 3), TASK_ROLLED_BACK));
    cr_assert(eq(int, state(), BREAKER_OPEN));
}

Test(breaker, a_probe_of_an_earlier_trial_decides_nothing)
{
    start_half_open();
    cr_assert(eq(int, fixture_submit(f, 2, PARENTS(1)), OK));
    cr_assert(eq(int, fixture_submit(f, 3, PARENTS(1)), OK));
    cr_assert(eq(int, fixture_outcome(f, EVENT_EXECUTION_FAILED, 2), OK));
    fixture_finish_rollbacks(f);
    f->now_ns = 2 * NS_PER_S;
    send(EVENT_TICK);
    cr_assert(eq(int, state(), BREAKER_HALF_OPEN));
    cr_assert(eq(int, fixture_outcome(f, EVENT_EXECUTION_FAILED, 3), OK));
    cr_assert(eq(int, state(), BREAKER_HALF_OPEN));
}

/* ---- rollback rate ---- */

/* Over `seconds` seconds, in each: so many admitted, so many of them rolled back; ticks as asked for. */
static void play_rate(int seconds, int admitted, int rolled_back)
{
    for (int second = 0; second < seconds && state() == BREAKER_CLOSED; second++) {
        f->now_ns = second * NS_PER_S;
        while (engine_deadline_ns(f->engine) <= f->now_ns) {
            send(EVENT_TICK);
            cr_assert(gt(i64, engine_deadline_ns(f->engine), f->now_ns), "no storm of ticks");
        }
        if (state() != BREAKER_CLOSED) return;
        for (int i = 0; i < admitted; i++) {
            cr_assert(eq(int, fixture_submit(f, next_id + (uint64_t)i, PARENTS(1)), OK));
            cr_assert(eq(int, fixture_status(f, next_id + (uint64_t)i), TASK_EXECUTING));
        }
        for (int i = 0; i < rolled_back; i++) {
            cr_assert(eq(int, fixture_outcome(f, EVENT_EXECUTION_FAILED, next_id + (uint64_t)i), OK));
            fixture_finish_rollbacks(f);
        }
        next_id += (uint64_t)admitted;
    }
}

static void start_rate(int64_t min_tasks)
{
    f->settings.breaker_consecutive = LIMIT_BREAKER_FAILURES;
    f->settings.breaker_rate_window_ns = 5 * NS_PER_S;
    f->settings.breaker_rate_min_tasks = min_tasks;
    f->settings.cooldown_ns = 0;
    fixture_start(f, 256);
    cr_assert(eq(int, fixture_submit(f, 1, PARENTS()), OK));
    cr_assert(eq(int, fixture_executed(f, 1, 100), OK));
}

Test(breaker, a_rate_above_its_limit_opens_it_when_it_has_held_for_the_window)
{
    start_rate(1);
    play_rate(20, 4, 3);
    /* Above at the look of second 1, and five seconds later still. */
    cr_assert(eq(int, state(), BREAKER_OPEN));
    cr_assert(eq(i64, engine_breaker(f->engine).opened_ns, 6 * NS_PER_S));
    cr_assert(eq(int, engine_breaker(f->engine).trigger, TRIGGER_ROLLBACK_RATE));
    cr_assert(eq(u64, engine_breaker(f->engine).value, 7500));
    cr_assert(eq(i64, engine_breaker(f->engine).retry_ns, 606 * NS_PER_S));
}

Test(breaker, a_rate_at_its_limit_does_not)
{
    start_rate(1);
    play_rate(20, 4, 2);
    cr_assert(eq(int, state(), BREAKER_CLOSED));
}

Test(breaker, too_few_admissions_say_nothing_about_a_rate)
{
    start_rate(21); /* a window of 5 seconds holds 20 */
    play_rate(20, 4, 4);
    cr_assert(eq(int, state(), BREAKER_CLOSED));
}

Test(breaker, the_rate_counts_from_the_look_that_has_enough_admissions)
{
    start_rate(20);
    play_rate(20, 4, 4);
    cr_assert(eq(i64, engine_breaker(f->engine).opened_ns, 10 * NS_PER_S));
}

static void admit(int count)
{
    for (int i = 0; i < count; i++) cr_assert(eq(int, fixture_submit(f, next_id++, PARENTS(1)), OK));
}

Test(breaker, a_rate_that_falls_in_between_starts_anew)
{
    start_rate(1);
    play_rate(4, 4, 3);
    f->now_ns = 4 * NS_PER_S;
    admit(10); /* 12 of 26 */
    f->now_ns = 30 * NS_PER_S;
    send(EVENT_TICK);
    cr_assert(eq(int, state(), BREAKER_CLOSED));
    cr_assert(eq(u64, engine_breaker(f->engine).window_admitted, 0));
    cr_assert(gt(i64, engine_deadline_ns(f->engine), f->now_ns));
}

Test(breaker, a_late_tick_finds_what_looks_in_time_would_have_found)
{
    start_rate(1);
    play_rate(4, 4, 3); /* at 6 s the seconds 1 to 5 are above, as those before every look since 1 s */
    f->now_ns = 9 * NS_PER_S;
    send(EVENT_TICK);
    cr_assert(eq(int, state(), BREAKER_OPEN));
    cr_assert(eq(i64, engine_breaker(f->engine).opened_ns, 9 * NS_PER_S));
}

/* ---- memory ---- */

/* Some memory in use, and the limit such that the open threshold is exactly there. */
static uint64_t start_memory(void)
{
    fixture_start(f, 256);
    cr_assert(eq(int, fixture_submit(f, 1, PARENTS()), OK));
    cr_assert(eq(int, fixture_executed(f, 1, 100), OK));
    cr_assert(eq(int, fixture_submit(f, 2, PARENTS(1)), OK));
    f->settings.breaker_memory_open_bps = 5000;
    f->settings.breaker_memory_close_bps = 2500;
    return engine_memory_usage(f->engine).total;
}

static void limit_memory(uint64_t bytes)
{
    f->settings.max_memory_bytes = (int64_t)bytes;
    cr_assert(eq(int, fixture_settings(f), OK));
}

Test(breaker, memory_above_its_limit_opens_it_until_it_is_well_below)
{
    uint64_t used = start_memory();
    limit_memory(2 * used);
    cr_assert(eq(int, state(), BREAKER_CLOSED));
    limit_memory(2 * used - 1);
    cr_assert(eq(int, state(), BREAKER_OPEN));
    cr_assert(eq(int, engine_breaker(f->engine).trigger, TRIGGER_MEMORY));
    cr_assert(eq(i64, engine_breaker(f->engine).retry_ns, NEVER_NS));
    limit_memory(4 * used);
    cr_assert(eq(int, state(), BREAKER_OPEN));
    limit_memory(4 * used + 1);
    cr_assert(eq(int, state(), BREAKER_HALF_OPEN));
}

Test(breaker, garbage_is_collected_before_memory_counts)
{
    uint64_t used = start_memory();
    limit_memory(4 * used);
    fixture_confirm(f, 1);
    fixture_confirm(f, 2);
    cr_assert(eq(int, fixture_outcome(f, EVENT_FINALIZED, 2), OK));
    cr_assert(eq(u64, engine_statistics(f->engine)->snapshots, 1));
    limit_memory(used);
    cr_assert(eq(u64, engine_statistics(f->engine)->snapshots, 0));
    cr_assert(eq(int, state(), BREAKER_CLOSED));
}

Test(breaker, closed_by_order_it_ignores_memory_until_that_was_below_once)
{
    uint64_t used = start_memory();
    limit_memory(used);
    cr_assert(eq(int, state(), BREAKER_OPEN));
    send(EVENT_BREAKER_RESET);
    send(EVENT_TICK);
    cr_assert(eq(int, state(), BREAKER_CLOSED));
    limit_memory(2 * used);
    limit_memory(used);
    cr_assert(eq(int, state(), BREAKER_OPEN));
}

/* ---- proof queue ---- */

/* A queue of ten, of which nine are taken: above 80 %. One worker is busy with one proof. */
static void start_queue(int queued)
{
    f->settings.queue_size = 10;
    f->settings.breaker_queue_open_bps = 8000;
    f->settings.breaker_queue_window_ns = 20 * NS_PER_S;
    f->settings.worker_threads = 1;
    f->settings.batch_size = 1;
    fixture_start(f, 256);
    f->now_ns = NS_PER_S;
    for (uint64_t id = 1; id <= (uint64_t)queued + 1; id++) {
        cr_assert(eq(int, fixture_submit(f, id, PARENTS()), OK));
        cr_assert(eq(int, fixture_executed(f, id, 100), OK));
    }
    cr_assert(eq(u64, engine_statistics(f->engine)->proof_queue_depth, (uint64_t)queued));
}

Test(breaker, a_proof_queue_that_stays_too_full_opens_it)
{
    start_queue(9);
    cr_assert(eq(int, state(), BREAKER_CLOSED));
    cr_assert(eq(i64, engine_deadline_ns(f->engine), 21 * NS_PER_S));
    f->now_ns = 21 * NS_PER_S - 1;
    send(EVENT_TICK);
    cr_assert(eq(int, state(), BREAKER_CLOSED));
    f->now_ns = 21 * NS_PER_S;
    send(EVENT_TICK);
    cr_assert(eq(int, state(), BREAKER_OPEN));
    cr_assert(eq(int, engine_breaker(f->engine).trigger, TRIGGER_PROOF_QUEUE));
    cr_assert(eq(u64, engine_breaker(f->engine).value, 9000));
    for (int i = 0; i < 4; i++) cr_assert(eq(int, fixture_worker_free(f, 0), OK));
    cr_assert(eq(u64, engine_statistics(f->engine)->proof_queue_depth, 5));
    cr_assert(eq(int, state(), BREAKER_OPEN));
    cr_assert(eq(int, fixture_worker_free(f, 0), OK));
    cr_assert(eq(int, state(), BREAKER_HALF_OPEN));
}

Test(breaker, a_proof_queue_at_its_limit_does_not)
{
    start_queue(8);
    f->now_ns = 30 * NS_PER_S;
    send(EVENT_TICK);
    cr_assert(eq(int, state(), BREAKER_CLOSED));
}

Test(breaker, a_proof_queue_that_was_emptier_in_between_starts_anew)
{
    start_queue(9);
    f->now_ns = 10 * NS_PER_S;
    cr_assert(eq(int, fixture_worker_free(f, 0), OK));
    cr_assert(eq(int, fixture_submit(f, 20, PARENTS()), OK));
    f->now_ns = 11 * NS_PER_S;
    cr_assert(eq(int, fixture_executed(f, 20, 100), OK));
    f->now_ns = 30 * NS_PER_S;
    send(EVENT_TICK);
    cr_assert(eq(int, state(), BREAKER_CLOSED));
    f->now_ns = 31 * NS_PER_S;
    send(EVENT_TICK);
    cr_assert(eq(int, state(), BREAKER_OPEN));
}

/* ---- cascades ---- */

static void fail_with_descendants(uint64_t count)
{
    cr_assert(eq(int, fixture_submit(f, 1, PARENTS()), OK));
    cr_assert(eq(int, fixture_executed(f, 1, 100), OK));
    for (uint64_t id = 2; id <= count + 1; id++) cr_assert(eq(int, fixture_submit(f, id, PARENTS(1)), OK));
    struct event event = {.kind = EVENT_PROOF_FAILED, .attempt = f->proof_attempt[1]};
    event.u.proof.error = PROOF_ERROR_CONSTRAINT;
    cr_assert(engine_find(f->engine, 1, &event.task));
    cr_assert(eq(int, fixture_send(f, &event), OK));
}

Test(breaker, a_cascade_larger_than_its_limit_opens_it_and_is_rolled_back_whole)
{
    f->settings.rollback_max_cascade_size = 2;
    fixture_start(f, 256);
    fail_with_descendants(3);
    cr_assert(eq(int, state(), BREAKER_OPEN));
    cr_assert(eq(int, engine_breaker(f->engine).trigger, TRIGGER_CASCADE_SIZE));
    cr_assert(eq(u64, engine_breaker(f->engine).value, 3));
    cr_assert(eq(u64, engine_statistics(f->engine)->cascade_overruns, 1));
    fixture_finish_rollbacks(f);
    for (uint64_t id = 2; id <= 4; id++) cr_assert(eq(int, fixture_status(f, id), TASK_ROLLED_BACK));
}

Test(breaker, a_cascade_at_its_limit_does_not)
{
    f->settings.rollback_max_cascade_size = 2;
    fixture_start(f, 256);
    fail_with_descendants(2);
    cr_assert(eq(int, state(), BREAKER_CLOSED));
    cr_assert(eq(u64, engine_statistics(f->engine)->cascade_overruns, 0));
}

/* ---- operators ---- */

static err enable(bool is_forced)
{
    struct event event = {.kind = EVENT_BREAKER_ENABLE};
    event.u.enable.is_forced = is_forced;
    return fixture_send(f, &event);
}

Test(breaker, a_reset_closes_it_and_forgets_everything)
{
    start_open();
    cr_assert(eq(int, fixture_submit(f, 2, PARENTS(1)), OK));
    send(EVENT_BREAKER_RESET);
    cr_assert(eq(int, state(), BREAKER_CLOSED));
    cr_assert(eq(int, fixture_status(f, 2), TASK_EXECUTING));
    fail_times(9);
    cr_assert(eq(int, state(), BREAKER_CLOSED));
    send(EVENT_BREAKER_RESET); /* closed: nothing to do, and nothing forgotten */
    fail_one();
    cr_assert(eq(int, state(), BREAKER_OPEN));
}

Test(breaker, a_reset_ends_a_trial)
{
    start_half_open();
    cr_assert(eq(int, fixture_submit(f, 2, PARENTS(1)), OK));
    send(EVENT_BREAKER_RESET);
    cr_assert(eq(int, fixture_outcome(f, EVENT_EXECUTION_FAILED, 2), OK));
    cr_assert(eq(int, state(), BREAKER_CLOSED));
}

Test(breaker, it_is_not_enabled_before_the_cooldown_is_over_unless_forced)
{
    start_open();
    f->now_ns = 300 * NS_PER_S - 1;
    cr_assert(eq(int, enable(false), ERR_CONFLICT));
    cr_assert(eq(int, state(), BREAKER_OPEN));
    cr_assert(eq(int, enable(true), OK));
    cr_assert(eq(int, state(), BREAKER_CLOSED));
    cr_assert(eq(int, enable(false), OK));
    cr_assert(eq(int, enable(true), OK));
    cr_assert(eq(int, state(), BREAKER_CLOSED));
}

Test(breaker, enabled_after_the_cooldown_it_is_on_trial)
{
    start_open();
    f->now_ns = 300 * NS_PER_S;
    cr_assert(eq(int, enable(false), OK));
    cr_assert(eq(int, state(), BREAKER_HALF_OPEN));
    cr_assert(eq(int, enable(false), OK));
    cr_assert(eq(int, state(), BREAKER_HALF_OPEN));
    cr_assert(eq(int, enable(true), OK));
    cr_assert(eq(int, state(), BREAKER_CLOSED));
}

Test(breaker, it_is_not_enabled_while_its_condition_lasts)
{
    uint64_t used = start_memory();
    limit_memory(used);
    cr_assert(eq(int, enable(false), ERR_CONFLICT));
    cr_assert(eq(int, enable(true), OK));
    cr_assert(eq(int, state(), BREAKER_CLOSED));
}

/* ---- hot changes ---- */

Test(breaker, a_threshold_changed_while_open_applies_at_once_and_a_cooldown_does_not)
{
    uint64_t used = start_memory();
    limit_memory(used);
    cr_assert(eq(int, state(), BREAKER_OPEN));
    f->settings.breaker_memory_open_bps = 10000;
    f->settings.breaker_memory_close_bps = 9999;
    limit_memory(2 * used);
    cr_assert(eq(int, state(), BREAKER_HALF_OPEN));
    send(EVENT_BREAKER_RESET);
    fail_times(10);
    cr_assert(eq(int, state(), BREAKER_OPEN));
    f->settings.breaker_consecutive_cooldown_ns = 0;
    cr_assert(eq(int, fixture_settings(f), OK));
    cr_assert(eq(int, state(), BREAKER_OPEN));
}

Test(breaker, fewer_probes_asked_for_are_enough)
{
    start_half_open();
    cr_assert(eq(int, fixture_submit(f, 2, PARENTS(1)), OK));
    fixture_confirm(f, 1);
    fixture_confirm(f, 2);
    cr_assert(eq(int, state(), BREAKER_HALF_OPEN));
    f->settings.breaker_half_open_probes = 1;
    cr_assert(eq(int, fixture_settings(f), OK));
    cr_assert(eq(int, state(), BREAKER_CLOSED));
}
