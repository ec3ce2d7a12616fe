/* sim/chaos_experiment.h: a run with faults as an experiment of the Chaos Toolkit.
 *
 * Its method is one action: in virtual time all faults are armed by the one program that runs them. They are
 * listed, each with its time and parameters, in the extension "agenc", as are scenario and seed. The
 * hypothesis is that every invariant holds (exit status 0); it is checked after the method alone. There is
 * nothing to roll back. Write errors stay in the stream. */
#pragma once
#include "sim/chaos_scenario.h"
#include <stdio.h>

struct chaos_experiment {
    const struct chaos_scenario *scenario;
    const struct schedule *schedule;
    uint64_t seed;
    const char *arguments; /* of agenc, to run it: "chaos replay repro.toml" */
};

void chaos_experiment_write(const struct chaos_experiment *experiment, FILE *out);

struct json_writer;
/* The same as a value of a larger text. */
void chaos_experiment_json(struct json_writer *json, const char *key,
                           const struct chaos_experiment *experiment);
/* One fault: {at_s, chance, for_s, id, key, parameters{}, target}. For journals as well. */
void chaos_fault_json(struct json_writer *json, const struct fault *fault);
