/* tests/sim/test_overload.c: one executor and ten times its load: commitments expire while tasks wait for it.
 *
 * An end that frees the slot also frees the place of a rollback, whose abort may hit the very task that just
 * got the slot. */
#include "tests/lib/sim_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(overload, a_task_may_be_aborted_in_the_step_that_gave_it_its_slot, .timeout = 60)
{
    struct sim_fixture *fx = sim_fixture_new();
    fx->workload.depth = "fixed:0";
    fx->workload.rate = 100;
    fx->workload.duration_ns = 7 * NS_PER_S;
    fx->executor_slots = 1;
    for (uint32_t replication = 0; replication < 5; replication++) {
        sim_fixture_run(fx, 207, replication);
        const struct task_counts *tasks = &fx->outcome.metrics.tasks;
        cr_assert(gt(u64, tasks->expired, 100), "the load was too small to show it");
        cr_assert(eq(u64, tasks->unfinished, 0));
    }
    sim_fixture_free(fx);
}
