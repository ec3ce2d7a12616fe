/* tests/sim/test_latency_model.c: with constant times, a chain's makespan is the closed form, to the
 * nanosecond.
 *
 * n tasks in a chain, execution e, proof p, confirmation c (semantics.md 34; vectors group latency_model):
 *   without speculation   n (e + p + c)
 *   with speculation      p + max(e + n c, n e + c) */
#include "sim/baseline.h"
#include "tests/lib/sim_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static struct sim_fixture *fx;
static void set_up(void)
{
    fx = sim_fixture_new();
    fx->settings.max_depth = 20;
    fx->workload.arrivals = "constant";
    fx->workload.cross_agent = 0;
}
static void tear_down(void)
{
    sim_fixture_free(fx);
}
TestSuite(latency_model, .init = set_up, .fini = tear_down, .timeout = 60);

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t makespan_ms(uint32_t job_index)
{
    const struct workload_job *job = &fx->tasks->jobs[job_index];
    int64_t last_ns = 0;
    for (uint32_t i = 0; i < job->task_count; i++)
        last_ns = larger(last_ns, fx->outcome.moments[job->first_task + i].confirmed_ns);
    return (last_ns - job->intended_ns) / NS_PER_MS;
}

static const struct chain_case {
    int64_t n, e_ms, p_ms, c_ms;
} CASES[] = {
    {2, 1000, 500, 2000}, {3, 1000, 500, 2000}, {5, 1000, 500, 2000}, {10, 1000, 500, 2000},
    {3, 3000, 500, 1000}, {4, 500, 8000, 400},  {1, 1000, 500, 2000}, {6, 1000, 1, 1000},
};

static void configure(const struct chain_case *of)
{
    static char chain[32], prover[32], execution[32], depth[32];
    snprintf(chain, sizeof chain, "fixed:%lldms", (long long)of->c_ms);
    snprintf(prover, sizeof prover, "fixed:%lldms", (long long)of->p_ms);
    snprintf(execution, sizeof execution, "fixed:%lldms", (long long)of->e_ms);
    snprintf(depth, sizeof depth, "fixed:%lld", (long long)of->n - 1);
    fx->chain = chain;
    fx->prover = prover;
    fx->workload.execution = execution;
    fx->workload.depth = depth;
    /* A job every hundred seconds: no job meets another. */
    fx->workload.rate = (double)of->n / 100;
    fx->workload.duration_ns = 500 * NS_PER_S;
}

Test(latency_model, chain_makespan_with_and_without_speculation)
{
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const struct chain_case *of = &CASES[i];
        int64_t with_ms = of->p_ms + larger(of->e_ms + of->n * of->c_ms, of->n * of->e_ms + of->c_ms);
        int64_t without_ms = of->n * (of->e_ms + of->p_ms + of->c_ms);
        configure(of);
        for (int speculates = 0; speculates < 2; speculates++) {
            fx->settings.enabled = speculates;
            sim_fixture_run(fx, 1, 0);
            cr_assert(ge(u32, fx->tasks->job_count, 4));
            for (uint32_t job = 0; job < fx->tasks->job_count; job++)
                cr_assert(eq(i64, makespan_ms(job), speculates ? with_ms : without_ms), "case %zu, job %u", i,
                          job);
        }
    }
}

Test(latency_model, the_bound_is_what_a_chain_reaches)
{
    configure(&CASES[3]);
    sim_fixture_run(fx, 1, 0);
    const struct arms arms = {.workload = fx->tasks, .with = fx->outcome.moments};
    for (uint32_t job = 0; job < fx->tasks->job_count; job++)
        cr_assert(eq(i64, speedup_bound_ns(&arms, &fx->tasks->jobs[job]), makespan_ms(job) * NS_PER_MS));
}

Test(latency_model, finality_follows_confirmation_by_32_slots_of_400_ms)
{
    configure(&CASES[0]);
    sim_fixture_run(fx, 1, 0);
    const struct run_metrics *metrics = &fx->outcome.metrics;
    cr_assert(eq(dbl, metrics->latency[LATENCY_FINALIZED].min_ns - metrics->latency[LATENCY_CONFIRMED].min_ns,
                 32.0 * 400e6));
}

Test(latency_model, everything_is_accounted_for_at_the_end)
{
    fx->chain = "congested";
    fx->prover = "groth16-gpu";
    fx->agents = fx->workload.agents = 20;
    fx->executor_slots = 4;
    fx->workload.duration_ns = 120 * NS_PER_S;
    fx->workload.depth = "uniform:1-5";
    fx->workload.failure_chance = 0.1;
    fx->workload.failure_until_ns = 100 * NS_PER_S;
    fx->workload.cross_agent = 0.1;
    fx->settings.cross_agent_speculation = 1;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        sim_fixture_run(fx, seed, 0);
        const struct run_metrics *metrics = &fx->outcome.metrics;
        const struct task_counts *tasks = &metrics->tasks;
        cr_assert(eq(u64, tasks->submitted, fx->tasks->task_count));
        cr_assert(eq(u64, tasks->submitted,
                     tasks->confirmed + tasks->failed + tasks->rolled_back + tasks->cancelled +
                         tasks->expired + tasks->unfinished));
        cr_assert(eq(u64, tasks->unfinished, 0));
        cr_assert(gt(u64, tasks->rolled_back, 0));
        cr_assert(gt(u64, metrics->slashed_lamports, 0));
        cr_assert(eq(u64, metrics->locked_lamports, 0));
        cr_assert(eq(u64, metrics->bonded_lamports, metrics->released_lamports + metrics->slashed_lamports));
    }
}

Test(latency_model, what_was_undone_is_submitted_once_more_and_counts_from_its_first_arrival)
{
    configure(&CASES[2]); /* chains of five */
    fx->workload.failure_chance = 0.3;
    fx->workload.failure_stage = STAGE_CHAIN;
    fx->workload.failure_until_ns = fx->workload.duration_ns;
    fx->resubmits = true;
    sim_fixture_run(fx, 3, 0);
    const struct task_counts *tasks = &fx->outcome.metrics.tasks;
    uint32_t planned = fx->tasks->task_count;
    cr_assert(gt(u64, tasks->submitted, planned));
    cr_assert(eq(u64, tasks->confirmed, planned)); /* no task is injected twice: all succeed in the end */
    cr_assert(eq(u64, tasks->submitted - planned, tasks->failed + tasks->rolled_back + tasks->cancelled));
    for (uint32_t task = 1; task <= planned; task++)
        cr_assert(ne(i64, fx->outcome.moments[task].confirmed_ns, NEVER_NS));
    cr_assert(gt(dbl, fx->outcome.metrics.latency[LATENCY_CONFIRMED].max_ns,
                 12.5e9)); /* above the clean makespan */
}

Test(latency_model, a_full_table_refuses_and_what_is_refused_was_never_submitted)
{
    configure(&CASES[2]);
    fx->settings.table_capacity = 12; /* two chains of five and a piece of the third */
    fx->settings.retention_ns = 300 * NS_PER_S;
    fx->workload.rate = 0.5; /* a chain every ten seconds */
    sim_fixture_run(fx, 1, 0);
    const struct task_counts *tasks = &fx->outcome.metrics.tasks;
    cr_assert(gt(u64, tasks->refused, 0));
    cr_assert(eq(u64, tasks->submitted + tasks->refused, fx->tasks->task_count));
    cr_assert(eq(u64, tasks->unfinished, 0));
    cr_assert(eq(u64, tasks->submitted, tasks->confirmed));
}

Test(latency_model, agents_that_are_always_selected_speculate_at_any_rollout)
{
    configure(&CASES[1]);
    fx->settings.rollout_bps = 0;
    sim_fixture_run(fx, 1, 0);
    cr_assert(eq(u64, fx->outcome.metrics.tasks.speculative, 0));
    strcpy(fx->settings.rollout_always, "agent-777,agent-001");
    sim_fixture_run(fx, 1, 0);
    cr_assert(gt(u64, fx->outcome.metrics.tasks.speculative, 0));
}
