/* sim/chaos_scenario.h: what is tried: a load, a configuration, a chain, a prover, and faults.
 *
 * A scenario is a TOML file in scenarios/chaos/:
 *
 *   name = "C2"  title = "..."            and what it is for
 *   [load]      duration, rate, pattern, arrivals, depth, shape, agents, cross_agent, edges, execution,
 *               claim_ttl, inject_failures, inject_stage: as the options of benchmark speculation
 *   [run]       chain, prover, config (a file of scenarios/config or none), heal (how long it may take)
 *   [swarm]     on = true: faults are drawn for each seed, beside those that are listed
 *   [expect]    invariants = ["S18"] that it is about; needs = "http": not exercised yet, and why
 *   [[fault]]   chaos/schedule.h
 *   and every key of a configuration, as in a configuration file.
 *
 * Memory: ours, chaos_scenario_close. Errors: those of the parts, with file:line; ERR_USAGE unknown name. */
#pragma once
#include "base/config.h"
#include "chaos/schedule.h"
#include "chaos/swarm.h"
#include "loadgen/workload.h"
#include "sim/chain.h"
#include "sim/prover.h"

struct chaos_scenario {
    char name[64], title[128], about[512], path[256];
    char needs[64];               /* not empty: what must exist before it can be exercised */
    struct config config;         /* its settings are the run's */
    struct workload_options load; /* texts point into `texts` */
    char texts[6][64];
    struct chain_profile chain;
    struct prover_profile prover;
    uint32_t agents, executor_slots;
    uint64_t agent_stake_lamports;
    bool resubmits;
    int64_t settle_ns; /* after the heal */
    struct schedule schedule;
    bool is_swarm;
    struct swarm swarm;
    enum invariant_set { INVARIANTS_ALL, INVARIANTS_SAFETY } invariants;
};

/* By name ("C2", "cascade_rollback_stress", "012") in scenarios/chaos, or a path ending in .toml. */
MUST_USE err chaos_scenario_load(struct chaos_scenario *out, const char *folder, const char *name,
                                 struct diag *diag);
void chaos_scenario_close(struct chaos_scenario *scenario); /* fine on a zeroed one */
/* Another duration or rate, as an option says; loads and faults of a scenario are scaled by neither. */
