/* sim/consensus.h: slots by mechanism: leaders, propagation, votes on towers, confirmation, roots, forks.
 *
 * A few hundred validators with stakes and places. Each block reaches each of
 * them by relays, is replayed, and voted for; votes travel by gossip and in
 * later blocks. Seen from one RPC node: processed when it has frozen the block,
 * confirmed when it has seen votes of more than two thirds of the stake for it
 * or its descendants, finalized when so much stake has it at the bottom of a
 * full tower on chain. A block that comes too late finds the next leader
 * building beside it: the fork with more stake on it wins (newest votes, those
 * of who sleeps too), the loser's blocks are abandoned, and who voted for them
 * leaves when the lockout is over and 38 % of the stake are elsewhere (switch
 * rule). Nobody votes whose tower is eight deep where two thirds are not
 * (threshold). While too little of the stake is awake blocks go on unconfirmed,
 * and are confirmed when it is back. What is built while a halt comes finds no
 * votes and is lost with the restart. Under Alpenglow there are no
 * towers: a block is final with 80 % of the stake in one round, or 60 % in two.
 *
 * Simplified, and what that does to results:
 * - Which fork is heavier is counted once, when the newcomer's first block is
 *   there: two leaders' forks never overtake each other twice. Forks end sooner
 *   than where gossip is split.
 * - A fork begins only where windows meet. Votes of a window are cast in the order
 *   of slots when the next has begun, each at the time its voter froze the block:
 *   right as long as blocks are frozen within a window (with defaults: always but
 *   in the tail of late blocks).
 * - The newcomer gives up a gossip delay after it froze the late chain, not when it
 *   has counted votes. With the lateness of the shipped profiles (a Pareto tail, an
 *   assumption) about a quarter of mainnet's forks lose one block, where 70 to 80 % are
 *   reported: losses here come in longer runs, over as many slots.
 * - No shallow threshold (depth 4), no proof of duplicates.
 *
 * Slots run ahead of who asks, as far as it takes to decide them.
 * Memory: slots and blocks until they are forgotten; two tables of validators x blocks
 * since the last confirmed one. Errors: ERR_NOMEM; ERR_LIMIT when 16384 blocks in a row
 * are not confirmed (or fewer, of more than 2000 validators, that fill 2^25 cells),
 * or one is not final after 65536 slots.
 * Source: chain.md A. Threads: one at a time. */
#pragma once
#include "sim/chain_causes.h"

struct consensus;

enum consensus_state { CONSENSUS_SKIPPED, CONSENSUS_LOST, CONSENSUS_BLOCK };

struct consensus_slot {
    int64_t start_ns, end_ns, freeze_ns; /* NEVER_NS when skipped */
    int64_t confirmed_ns;                /* NEVER_NS unless on the winning fork */
    enum consensus_state state;
    bool is_busy;
};

/* Causes are borrowed, and nobody else asks them for windows and stages. ERR_NOMEM. */
MUST_USE err consensus_open(struct consensus **out, struct chain_causes *causes);
void consensus_free(struct consensus *consensus); /* NULL is fine */

/* A slot that is decided: skipped, lost, or confirmed. */
MUST_USE err consensus_slot(struct consensus *consensus, uint32_t slot, struct consensus_slot *out);
/* As above, and final as well. The slot holds a block of the winning fork. */
MUST_USE err consensus_finalized_ns(struct consensus *consensus, uint32_t slot, int64_t *out);

/* No slot below this one is asked for any more. Those that a tower may still hold votes for are kept. */
void consensus_forget(struct consensus *consensus, uint32_t below);
