/* tests/lib/sim_fixture.c: opens models, runs, keeps the outcome. */
#include "tests/lib/sim_fixture.h"
#include "base/assert.h"
#include "tests/lib/engine_fixture.h"
#include <stdio.h>
#include <stdlib.h>

struct sim_fixture *sim_fixture_new(void)
{
    struct sim_fixture *fixture = calloc(1, sizeof *fixture);
    ASSERT(fixture);
    fixture->settings = settings_for_tests();
    fixture->workload = workload_defaults();
    fixture->workload.agents = fixture->agents = 1;
    fixture->chain = "fixed:2s";
    fixture->prover = "fixed:500ms";
    return fixture;
}

static void close_run(struct sim_fixture *fixture)
{
    sim_outcome_close(&fixture->outcome);
    workload_free(fixture->tasks);
    fixture->tasks = NULL;
}

void sim_fixture_free(struct sim_fixture *fixture)
{
    if (fixture) close_run(fixture);
    free(fixture);
}

static void must(err e, const struct diag *diag)
{
    if (e != OK) fprintf(stderr, "%s: %s\n", err_text(e), diag->text);
    ASSERT(e == OK);
}

void sim_fixture_run(struct sim_fixture *fixture, uint64_t seed, uint32_t replication)
{
    struct diag diag = {0};
    struct chain_profile profile;
    struct prover_profile prover;
    struct chain *chain;
    close_run(fixture);
    must(chain_profile_load(&profile, "scenarios/chain", fixture->chain, &diag), &diag);
    must(prover_profile_load(&prover, "scenarios/prover", fixture->prover, &diag), &diag);
    fixture->workload.seed = seed;
    fixture->workload.replication = replication;
    must(workload_open(&fixture->tasks, &fixture->workload, &diag), &diag);
    const struct chain_options chain_options = {
        .profile = &profile, .seed = seed, .replication = replication};
    must(chain_open(&chain, &chain_options), &diag);
    struct trace *trace = NULL;
    if (fixture->trace_path) must(trace_open(&trace, fixture->trace_path, fixture->tasks, &diag), &diag);
    const struct sim_options options = {
        .settings = &fixture->settings,
        .workload = fixture->tasks,
        .chain = chain,
        .prover = &prover,
        .agents = fixture->agents,
        .executor_slots = fixture->executor_slots,
        .agent_stake_lamports = (uint64_t)fixture->settings.max_stake_lamports,
        .warmup_ns = fixture->warmup_ns,
        .duration_ns = fixture->workload.duration_ns,
        .seed = seed,
        .resubmits = fixture->resubmits,
        .replication = replication,
        .trace = trace,
    };
    must(sim_run(&options, &fixture->outcome, &diag), &diag);
    if (trace) must(trace_close(trace, &diag), &diag);
    chain_free(chain);
    prover_profile_close(&prover);
}
