/* tests/lib/sim_fixture.h: one simulated arm with everything at hand. */
#pragma once
#include "base/config.h"
#include "sim/sim.h"

struct sim_fixture {
    struct settings settings;
    struct workload_options workload;
    const char *chain, *prover;
    const char *trace_path; /* NULL: none */
    uint32_t agents, executor_slots;
    int64_t warmup_ns;
    bool resubmits;
    struct workload *tasks;     /* of the last run */
    struct sim_outcome outcome; /* of the last run */
};

struct sim_fixture *sim_fixture_new(void); /* compiled settings, speculation on; one agent; no warm-up */
void sim_fixture_free(struct sim_fixture *fixture);
void sim_fixture_run(struct sim_fixture *fixture, uint64_t seed, uint32_t replication);
