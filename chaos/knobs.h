/* chaos/knobs.h: settings of its own for each seed, so that every limit is met by somebody.
 *
 * A swarm that varies its faults and not its configuration never meets a full
 * table, a second rollback at once, a branch limit of one. Values may lie below
 * what a configuration file may say: at two tasks a second only small limits are
 * reached. Each knob is keyed by (seed, knob): a new one turns no other.
 * Source: chaos.md 1 (randomised knobs). */
#pragma once
#include "base/rng.h"
#include "base/settings.h"
#include <stdio.h>

/* What a seed's load has that the scenario's has not; 0: as the scenario says. */
struct knobs_load {
    const char *edges; /* NULL */
    uint32_t cross_agent_bps;
    int64_t claim_ttl_ns;
};

void knobs_turn(uint64_t seed, struct settings *settings, struct knobs_load *load);
/* Those that differ from `base`, "name value" each, in lines of at most 100 columns behind the indent; shares
 * in basis points, names by their numbers, as struct settings has them. */
void knobs_print(uint64_t seed, const struct settings *base, const char *indent, FILE *out);
