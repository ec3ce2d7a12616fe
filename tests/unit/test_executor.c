/* tests/unit/test_executor.c: slots, order of waiting, aborts. */
#include "sim/executor.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>

static struct executor *executor;
static struct executor_start started;

static void set_up(void)
{
    struct executor_options options = {.agents = 2, .slots = 2, .tasks = 20};
    cr_assert(eq(int, executor_open(&executor, &options), OK));
}
static void tear_down(void)
{
    executor_free(executor);
}
TestSuite(executor, .init = set_up, .fini = tear_down, .timeout = 5);

static bool submit(int64_t now_ns, uint32_t task, uint32_t agent, uint64_t submission)
{
    struct executor_task ready = {task, agent, submission, 100};
    return executor_submit(executor, now_ns, &ready, &started);
}

Test(executor, runs_as_many_as_it_has_slots_for_each_agent)
{
    cr_assert(submit(10, 1, 0, 1));
    cr_assert(eq(i64, started.finish_ns, 110));
    cr_assert(submit(10, 2, 0, 2));
    cr_assert(not(submit(10, 3, 0, 3)));
    cr_assert(submit(10, 4, 1, 4));
    cr_assert(eq(u32, executor_running(executor), 3));
    cr_assert(eq(u32, executor_waiting(executor), 1));
    cr_assert(executor_release(executor, 110, 1, &started));
    cr_assert(eq(u32, started.task, 3));
    cr_assert(eq(i64, started.finish_ns, 210));
    cr_assert(not(executor_release(executor, 110, 4, &started)));
}

Test(executor, waits_by_readiness_then_submission)
{
    submit(0, 1, 0, 1), submit(0, 2, 0, 2);
    submit(5, 3, 0, 9), submit(5, 4, 0, 7), submit(5, 5, 0, 8), submit(6, 6, 0, 3), submit(6, 7, 0, 1);
    static const uint32_t ORDER[] = {4, 5, 3, 7, 6};
    uint32_t running = 1;
    for (int i = 0; i < 5; i++) {
        cr_assert(executor_release(executor, 100 + i, running, &started));
        cr_assert(eq(u32, started.task, ORDER[i]));
        running = started.task;
    }
}

Test(executor, abort_of_a_running_task_holds_the_slot_until_acknowledged)
{
    int64_t ack_ns = 0;
    submit(0, 1, 0, 1), submit(0, 2, 0, 2), submit(0, 3, 0, 3);
    cr_assert(eq(int, executor_abort(executor, 50, 1, &ack_ns), EXECUTOR_WAS_RUNNING));
    cr_assert(eq(i64, ack_ns, 50 + EXECUTOR_ABORT_NS));
    cr_assert(eq(u32, executor_running(executor), 2));
    cr_assert(executor_release(executor, ack_ns, 1, &started));
    cr_assert(eq(u32, started.task, 3));
}

Test(executor, abort_of_a_queued_task_takes_it_out_at_once)
{
    int64_t ack_ns = 0;
    for (uint32_t task = 1; task <= 6; task++) submit(0, task, 0, task);
    cr_assert(eq(int, executor_abort(executor, 1, 4, &ack_ns), EXECUTOR_WAS_QUEUED));
    cr_assert(eq(i64, ack_ns, 1 + EXECUTOR_ABORT_NS));
    cr_assert(eq(int, executor_abort(executor, 1, 6, &ack_ns), EXECUTOR_WAS_QUEUED)); /* the last */
    cr_assert(eq(int, executor_abort(executor, 1, 3, &ack_ns), EXECUTOR_WAS_QUEUED)); /* the first */
    cr_assert(eq(u32, executor_waiting(executor), 1));
    cr_assert(executor_release(executor, 9, 1, &started));
    cr_assert(eq(u32, started.task, 5));
    cr_assert(not(executor_release(executor, 9, 2, &started)));
    cr_assert(eq(int, executor_abort(executor, 9, 4, &ack_ns), EXECUTOR_NOT_THERE));
    cr_assert(submit(10, 4, 0, 4)); /* may come again */
}

Test(executor, zero_slots_is_no_limit)
{
    struct executor *open;
    struct executor_options options = {.agents = 1, .tasks = 1000};
    cr_assert(eq(int, executor_open(&open, &options), OK));
    for (uint32_t task = 1; task <= 1000; task++) {
        struct executor_task ready = {task, 0, task, 1};
        cr_assert(executor_submit(open, 0, &ready, &started));
    }
    executor_free(open);
    executor_free(NULL);
}

Test(executor, asserts_a_task_that_is_already_there, .signal = SIGABRT)
{
    submit(0, 1, 0, 1);
    submit(0, 1, 0, 1);
}
