/* sim/chaos_scenario.h: what is tried: a load, a configuration, a chain, a prover, and faults.
 *
 * A scenario is a TOML file in scenarios/chaos/:
 *
 *   id = "C2"  also = "002"  name = "cascade_rollback_stress"  title = "..."  about = "what it is for"
 *   [load]      workload: a file of scenarios/chaos/load with the same keys, below those that stand here;
 *               duration, rate, pattern, arrivals, depth, shape, execution, edges, agents, executors,
 *               agent_stake, cross_agent, snapshot, claim_ttl, inject_failures, inject_stage, resubmit:
 *               as the options of benchmark speculation; the file of shape = "trace:FILE" lies beside it
 *   [run]       chain, prover, config (files of scenarios/, or paths), heal (how long it may take)
 *   [swarm]     on = true: faults are drawn for each seed, beside those that are listed; mean, all
 *   [expect]    invariants = ["S18"] that it is about; safety_only; needs = "what of it is not exercised yet"
 *   [[fault]]   chaos/schedule.h
 *   and every key of a configuration, as in a configuration file.
 *
 * A file without faults and swarm is refused: nothing would be tried. Speculation is on, at 100 %, unless the
 * file says otherwise.
 * Memory: ours, chaos_scenario_close; pointers into itself, so never copied by assignment. Errors: those of
 * the parts, with file:line; ERR_USAGE unknown name, with the nearest, or a scenario that arms nothing. */
#pragma once
#include "base/config.h"
#include "chaos/schedule.h"
#include "chaos/swarm.h"
#include "chaos/watch.h"
#include "loadgen/workload.h"
#include "sim/chain.h"
#include "sim/prover.h"

enum { SCENARIO_NAME_BYTES = 64, SCENARIO_PATTERN_BYTES = 1024, SCENARIO_PATH_BYTES = 512 };

/* What is known of a file without what it refers to. */
struct chaos_scenario_head {
    char id[16], also[16]; /* "C2", "002": either names it */
    char name[SCENARIO_NAME_BYTES], title[128], about[512], path[SCENARIO_PATH_BYTES];
    char not_yet[128]; /* not empty: what of it is not exercised yet; all the rest of it runs */
    bool is_about[INVARIANT_COUNT], arms[INJECTOR_COUNT];
    int64_t duration_ns;
    bool is_swarm, is_safety_only;
};

struct chaos_scenario {
    struct chaos_scenario_head head;
    const char *name, *path;      /* of head */
    struct config config;         /* its settings are the run's */
    struct workload_options load; /* texts point into `texts` */
    struct {
        char pattern[SCENARIO_PATTERN_BYTES], arrivals[64], depth[64], shape[SCENARIO_PATH_BYTES + 8],
            execution[64], edges[64];
    } texts;
    struct chain_profile chain;
    struct prover_profile prover;
    char chain_name[SCENARIO_NAME_BYTES], prover_name[SCENARIO_NAME_BYTES];
    uint32_t agents, executor_slots;
    uint64_t agent_stake_lamports; /* each agent's balance at the start */
    bool resubmits;
    int64_t settle_ns; /* after the heal */
    struct schedule schedule;
    bool is_swarm;
    struct swarm swarm;
    enum invariant_set { INVARIANTS_ALL, INVARIANTS_SAFETY } invariants;
};

/* By id or name ("C2", "cascade_rollback_stress", "012") in `folder`, scenarios/chaos; or a path ending in
 * .toml. Profiles and configurations are looked for in the folders beside `folder`. */
MUST_USE err chaos_scenario_load(struct chaos_scenario *out, const char *folder, const char *name,
                                 struct diag *diag);
void chaos_scenario_close(struct chaos_scenario *scenario); /* fine on a zeroed one */

/* Another duration or rate, as an option says: 0 leaves it. Listed faults stay where they are, but for those
 * that would begin when nothing arrives any more: they are dropped; a swarm spreads over the new duration.
 * ERR_RANGE; ERR_USAGE: nothing would be armed. */
MUST_USE err chaos_scenario_resize(struct chaos_scenario *scenario, int64_t duration_ns, double rate,
                                   struct diag *diag);

/* All files of the folder, by id: numbers first, then C, D, T; the rest by name. *out: free(). Every file is
 * read to its end, and refused as chaos_scenario_load would. */
MUST_USE err chaos_scenario_list(const char *folder, struct chaos_scenario_head **out, uint32_t *count,
                                 struct diag *diag);
