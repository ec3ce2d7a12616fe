/* sim/chain_profile.h: the numbers of a modelled chain.
 *
 * scenarios/chain/NAME.toml holds one profile; each number there carries its
 * source tag. "fixed:2s" is the chain without slots that confirms exactly that
 * long after submission. A mixed profile (mainnet-mixed) switches between two
 * others, after spells of exponential length.
 * Three fidelities: votes counted (mechanistic); delays drawn from tables that
 * were made from the first (empirical, the default: sim/chain_table.h); delays
 * drawn from laws that were fitted to measurements (fitted, agenc calibrate).
 * Source: chain.md B and C; semantics.md 5, 8, 34. */
#pragma once
#include "base/err.h"
#include "sim/chain_table.h"
#include "sim/profile_keys.h"
#include <stdbool.h>
#include <stdint.h>

/* How a transaction travels: by the kind of connection its sender has. */
enum chain_path { CHAIN_STAKED, CHAIN_ORDINARY, CHAIN_UNSTAKED, CHAIN_PATHS };

enum { CHAIN_WAITS = 5, CHAIN_FORK_DEPTHS = 4 };

struct chain_path_profile {
    double drop_chance;            /* of one attempt, between RPC and leader */
    int64_t accept_ns, forward_ns; /* medians: client to RPC's answer; RPC to leader */
    double accept_sigma, forward_sigma;
    double wait_weights[CHAIN_WAITS]; /* share of transactions that wait 0..4 slots in the scheduler */
    double wait_mean_slots;           /* above 0: exponential with this mean instead */
    int64_t push_ns;                  /* median delay of a pushed notification */
    double push_sigma;
    int64_t poll_ns; /* above 0: polled with this period instead of pushed */
};

/* One regime: how the chain behaves while it is in it. */
struct chain_regime {
    int64_t slot_target_ns;
    double slot_factor, leader_sigma, slot_sigma; /* mean multiplier; spread over leaders, over slots */
    double off_chance;                            /* of a leader's window: four skipped slots */
    double late_chance, late_exponent;            /* of a slot; Pareto */
    int64_t late_least_ns;
    double fork_grace_slots;                /* a block later than this meets a competing fork */
    double fork_weights[CHAIN_FORK_DEPTHS]; /* share of forks that abandon 1..4 blocks */
    int64_t propagation_min_ns, propagation_max_ns, replay_ns;
    double replay_sigma;
    int64_t confirm_ns; /* median, frozen to confirmed */
    double confirm_sigma;
    /* by mechanism: spread of replay that a block's receivers share, votes cast, their way by gossip */
    double common_sigma, participation;
    int64_t gossip_ns;
    double gossip_sigma;
    struct chain_path_profile path[CHAIN_PATHS];
    struct chain_table table; /* empirical */
};

enum chain_fidelity { CHAIN_EMPIRICAL, CHAIN_MECHANISTIC, CHAIN_FITTED };

/* When a chain halts and what it is like around that. */
struct chain_outage {
    int64_t start_ns, duration_ns; /* of the first halt, of each; 0: drawn */
    double rate_per_year;          /* of later ones */
    int64_t median_ns;             /* log-normal */
    double sigma;
    int64_t tail_blocks; /* at most so many are dropped by a restart; uniform */
    int64_t ramp_ns;     /* before a halt: more and more blocks are late */
    double ramp_late_chance;
    int64_t recovery_ns; /* after it: slots take longer, windows stay empty */
    double recovery_factor, recovery_off_chance;
};

struct chain_profile {
    char name[PROFILE_NAME_BYTES];
    bool is_fixed;
    int64_t fixed_confirm_ns, fixed_finalize_ns; /* after submission; after confirmation */
    int64_t validators, finality_blocks, finality_tick_ns, blockhash_blocks, retry_ns;
    double stake_sigma, finality_deeper_chance;
    enum chain_fidelity fidelity;
    bool is_alpenglow;
    char digest[CHAIN_DIGEST_BYTES]; /* of what its tables depend on */
    double detour, way_sigma;        /* of ways between regions: over the great circle; jitter of one */
    int64_t rpc_hop_ns;              /* what the RPC node hears later than a validator in its place */
    double rejected_chance, transient_chance; /* organic failures, semantics.md 5 */
    struct chain_regime calm, busy;           /* busy: mixed profiles only */
    bool is_mixed, has_outage;
    int64_t mean_calm_ns, mean_busy_ns; /* of a spell */
    struct chain_outage outage;
};

/* `name` is "fixed:DURATION", the name of a file in `folder` without .toml, or a path ending in .toml. */
MUST_USE err chain_profile_load(struct chain_profile *out, const char *folder, const char *name,
                                struct diag *diag);

/* The same with parameters of its own: "key=value" texts, NULL at the end. Not of fixed
 * profiles; of mixed ones, mixed.* and chain.fidelity. */
MUST_USE err chain_profile_load_with(struct chain_profile *out, const char *folder, const char *name,
                                     const char *const *sets, struct diag *diag);

bool chain_profile_is_fixed(const char *name); /* "fixed:DURATION", good or not */

/* Whether this text could be a profile of its own in the file `path`; tables aside. */
MUST_USE err chain_profile_check(const char *path, const char *text, struct diag *diag);

const char *chain_fidelity_name(enum chain_fidelity fidelity);

/* Where the tables of the profile in this file are: in the folder tables beside it. */
MUST_USE err chain_profile_table_path(const char *profile_path, char out[PROFILE_PATH_BYTES],
                                      struct diag *diag);
