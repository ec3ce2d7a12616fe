/* sim/chaos_scenario_file.h: where the files of scenarios are (sim/chaos_scenarios.c), for chaos_scenario.c.
 */
#pragma once
#include "sim/chaos_scenario.h"

/* "../chain", "load": from scenarios/chaos. */
MUST_USE err scenario_folder(const char *folder, const char *name, char out[SCENARIO_PATH_BYTES],
                             struct diag *diag);
/* The file that `name` means. ERR_USAGE none, with the nearest. */
MUST_USE err scenario_find(const char *folder, const char *name, char out[SCENARIO_PATH_BYTES],
                           struct diag *diag);

/* A file in the middle of being read. */
struct scenario_reading {
    struct chaos_scenario *out;
    char workload[SCENARIO_NAME_BYTES], config[SCENARIO_PATH_BYTES];
    int64_t duration_ns, claim_ttl_ns, snapshot_bytes, heal_ns, agents, executors, agent_stake, mean_faults;
    int64_t stage;
    double rate, cross_agent, failures;
    bool resubmits, is_swarm, is_all_on, safety_only;
    bool is_profile; /* of a load: [load], [[fault]] and keys of the configuration, nothing else */
    struct config_notes notes;
};

/* One leaf of a scenario, or of a load, into the reading. A toml_visit; the context is the reading. */
MUST_USE err scenario_take_leaf(const struct toml_leaf *leaf, struct diag *diag, void *context);
/* Only what must be known before the rest is read: load.workload and run.config. */
MUST_USE err scenario_take_reference(const struct toml_leaf *leaf, struct diag *diag, void *context);
