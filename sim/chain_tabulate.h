/* sim/chain_tabulate.h: makes the tables of the empirical chain from the mechanistic one.
 *
 * Runs a profile by mechanism, without halts and switching (the empirical chain
 * has those by itself, from sim/chain_causes.h), and counts what followed from
 * which cause. In five runs of as many seeds, because who is where is drawn once a
 * run. The same profile, seed and number of slots give the same table.
 * Errors: ERR_RANGE a chain without slots, or too few to tell; those of the chain. */
#pragma once
#include "sim/chain_profile.h"

enum { CHAIN_TABULATED_RUNS = 5 };

struct chain_tabulation {
    const struct chain_profile *profile;
    uint64_t seed;  /* and the next ones */
    uint32_t slots; /* of all runs */
};

MUST_USE err chain_tabulate(struct chain_table *out, const struct chain_tabulation *order, struct diag *diag);
