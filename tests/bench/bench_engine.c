/* tests/bench/bench_engine.c: engine events a second on the suite's throughput test, and memory a task.
 *
 * The test is the tuning guide's: 5 minutes at 100 tasks/s, depth 1 to 5, default
 * models, trajectory hash and all statistics on, one thread. The rate counts
 * every engine event of both arms against the wall time of everything that a
 * replication does (workload, chain, models, recording, figures). Prints "name
 * value unit goal" lines; a goal with > is a least value. */
#include "base/config.h"
#include "base/sort.h"
#include "sim/benchmark.h"
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 9 };

static void must(err e, const struct diag *diag)
{
    if (e == OK) return;
    fprintf(stderr, "bench_engine: %s: %s\n", err_text(e), diag->text);
    exit(1);
}

static struct benchmark_plan throughput_test(const struct settings *settings)
{
    struct diag diag = {0};
    struct benchmark_plan plan = {
        .settings = *settings,
        .workload = workload_defaults(),
        .agents = 50,
        .executor_slots = 4,
        .agent_stake_lamports = (uint64_t)settings->max_stake_lamports,
        .warmup_ns = 60 * NS_PER_S,
        .duration_ns = 300 * NS_PER_S,
        .seed = 1,
        .runs = 1,
        .has_baseline = true,
    };
    plan.settings.enabled = 1;
    plan.settings.rollout_bps = BPS_ONE;
    plan.workload.duration_ns = plan.duration_ns;
    plan.workload.rate = 100;
    must(chain_profile_load(&plan.chain, "scenarios/chain", "mainnet", &diag), &diag);
    must(prover_profile_load(&plan.prover, "scenarios/prover", "groth16-gpu", &diag), &diag);
    return plan;
}

int main(void)
{
    struct config config;
    struct diag diag = {0};
    double rates[ROUNDS];
    config_init(&config);
    struct benchmark_plan plan = throughput_test(&config.settings);
    for (int round = 0; round < ROUNDS; round++) {
        struct benchmark_run run = {0}, *runs = &run;
        const struct benchmark_batch batch = {.plans = &plan, .runs = &runs, .plan_count = 1, .threads = 1};
        must(benchmark_run_all(&batch, &diag), &diag);
        rates[round] = (double)(run.metrics.events + run.baseline.events) / run.metrics.wall_seconds / 1e6;
        benchmark_run_close(&run);
    }
    sort_doubles(rates, ROUNDS);
    const struct engine_limits limits = engine_limits_for(&plan.settings, plan.agents);
    printf("engine.events %.2f M/s >2\n", rates[ROUNDS / 2]);
    printf("engine.memory_per_task %.0f bytes 512\n", (double)engine_memory_bytes(&limits) / limits.tasks);
    prover_profile_close(&plan.prover);
    return 0;
}
