/* sim/chain_slots.h: the slots of a chain, grown as far as anybody looks.
 *
 * Leaders own windows of four slots. A window may be off (skipped), its blocks
 * late, and a late block may make the next leader build beside it: the loser's
 * blocks are abandoned. What remains has consecutive heights.
 * Every draw is addressed by slot, window or validator: the slots are a function
 * of profile and seed, whoever asks first and for whatever time.
 *
 * The seam: `grow` appends one window. Empirical, it draws the delay from freeze
 * to confirmation; by mechanism, it takes slots from sim/consensus.h, where votes
 * are counted. Everything above is the same.
 * Errors: ERR_NOMEM; ERR_LIMIT beyond 2^31 slots. Threads: one at a time. */
#pragma once
#include "base/dist.h"
#include "base/rng.h"
#include "sim/chain_profile.h"

enum { CHAIN_WINDOW = 4 };

enum chain_slot_state {
    SLOT_BLOCK,     /* on the winning fork */
    SLOT_SKIPPED,   /* nothing was produced */
    SLOT_ABANDONED, /* processed, then lost with its fork */
};

struct chain_slot {
    int64_t start_ns, end_ns, freeze_ns; /* freeze: processed at the RPC node; NEVER_NS when skipped */
    int64_t confirmed_ns;                /* NEVER_NS unless SLOT_BLOCK */
    int64_t reverted_ns;                 /* NEVER_NS: no confirmed block is ever lost in this model */
    uint32_t height;                     /* blocks on the winning fork up to here */
    uint8_t state, is_busy, finalizes_late;
};

struct consensus;

struct chain_slots;
typedef err chain_grow(struct chain_slots *slots);

struct chain_slots {
    const struct chain_profile *profile; /* borrowed */
    struct rng rng;
    chain_grow *grow;
    struct consensus *consensus; /* NULL unless by mechanism */
    struct weighted leaders;     /* stake-weighted */
    struct chain_slot *slots;
    uint32_t count, room;  /* slots known */
    uint32_t *by_height;   /* slot of each height; by_height[0] unused */
    uint32_t height_count; /* heights known, 1 .. height_count */
    int64_t next_start_ns;
    uint32_t fork_depth; /* blocks of the next window that lose to a late block */
    /* the present or next busy episode */
    uint32_t episode;
    int64_t busy_from_ns, busy_until_ns;
};

MUST_USE err chain_slots_open(struct chain_slots *out, const struct chain_profile *profile, uint64_t seed,
                              uint32_t replication);
void chain_slots_close(struct chain_slots *slots); /* fine on a zeroed one */

MUST_USE err chain_slots_reach_slot(struct chain_slots *slots, uint32_t slot);
MUST_USE err chain_slots_reach_height(struct chain_slots *slots, uint32_t height);
MUST_USE err chain_slots_reach_ns(struct chain_slots *slots, int64_t at_ns); /* some slot begins later */

/* Nobody asks about slots below this one any more, or for times before it; their memory goes back to the
 * system. */
void chain_slots_forget(struct chain_slots *slots, uint32_t below);

/* The slot that runs at at_ns >= 0, and the height confirmed by then; at_ns must have been reached. */
uint32_t chain_slots_at(const struct chain_slots *slots, int64_t at_ns);
uint32_t chain_slots_height_at(const struct chain_slots *slots, int64_t at_ns);

/* When the block of this height is final. */
MUST_USE err chain_slots_finalized_ns(struct chain_slots *slots, uint32_t height, int64_t *out);

/* The regime of a time: busy or calm. Reached times only. */
const struct chain_regime *chain_slots_regime(const struct chain_slots *slots, int64_t at_ns);
