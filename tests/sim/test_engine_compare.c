/* tests/sim/test_engine_compare.c: two states are the same in every field, or a difference is named. */
#include "engine/compare.h"
#include "engine/state.h"
#include "tests/lib/engine_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct fixture *one, *other;

/* The same history, twice: a child running, a proof in a backoff, a plan that waits for its abort. */
static void live(struct fixture *fx)
{
    fx->settings.breaker_half_open_probes = 2;
    fixture_start(fx, 16);
    err e = fixture_submit(fx, 1, PARENTS());
    ASSERT(e == OK);
    e = fixture_executed(fx, 1, 100);
    ASSERT(e == OK);
    e = fixture_submit(fx, 2, PARENTS(1));
    ASSERT(e == OK);
    e = fixture_proof_failed(fx, 1, PROOF_ERROR_TRANSIENT);
    ASSERT(e == OK);
    e = fixture_submit(fx, 3, PARENTS());
    ASSERT(e == OK);
    e = fixture_outcome(fx, EVENT_CANCEL, 3);
    ASSERT(e == OK);
    fx->engine->breaker.probes_admitted = 1;
}

static void set_up(void)
{
    one = fixture_new();
    other = fixture_new();
    live(one);
    live(other);
}
static void tear_down(void)
{
    fixture_free(one);
    fixture_free(other);
}
TestSuite(engine_compare, .init = set_up, .fini = tear_down, .timeout = 10);

static void named(const char *what)
{
    struct difference difference = {.what = "nothing"};
    cr_assert(engine_compare(one->engine, other->engine, &difference));
    cr_assert(eq(int, strcmp(difference.what, what), 0), "%s", difference.what);
}

Test(engine_compare, the_same_history_gives_the_same_state)
{
    struct difference difference;
    cr_assert(not(engine_compare(one->engine, other->engine, &difference)));
}

Test(engine_compare, a_field_of_a_task_is_named)
{
    other->engine->tasks[1].bond_lamports++;
    named("task.bond_lamports");
}

Test(engine_compare, an_edge_is_named)
{
    other->engine->edges[0].child = 2;
    named("edge");
}

Test(engine_compare, an_agent_is_named)
{
    other->engine->agents[0].free--;
    named("agent.free");
}

Test(engine_compare, a_plan_that_runs_is_named)
{
    other->engine->running[0].deadline_ns++;
    named("running_plan.deadline_ns");
}

Test(engine_compare, a_counter_is_told)
{
    struct difference difference;
    other->engine->stats.gc_runs++;
    cr_assert(engine_compare(one->engine, other->engine, &difference));
}

Test(engine_compare, a_deadline_that_is_missing_or_moved_is_told)
{
    uint32_t handle;
    int64_t key_ns;
    cr_assert(heap_top(&other->engine->deadlines, &handle, &key_ns));
    heap_set(&other->engine->deadlines, handle, key_ns + 1);
    named("deadline");
    heap_remove(&other->engine->deadlines, handle);
    named("deadline");
    heap_set(&other->engine->deadlines, handle + 1, key_ns);
    named("deadline");
}

Test(engine_compare, a_probe_is_named_by_slot_and_generation)
{
    other->engine->breaker.probes[0].generation++;
    named("breaker.probes");
    other->engine->breaker.probes[0] = (struct task_ref){.slot = 1};
    named("breaker.probes");
}

Test(engine_compare, settings_are_compared)
{
    other->engine->settings.slash_bps++;
    named("settings");
}
