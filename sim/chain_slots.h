/* sim/chain_slots.h: the slots of a chain, grown as far as anybody looks.
 *
 * Leaders own windows of four slots. A window may be off (skipped), its blocks
 * late, and a late block may make the next leader build beside it: the loser's
 * blocks are abandoned. What remains has consecutive heights. While the chain
 * halts no slot begins.
 * Every draw is addressed by slot, window or validator: the slots are a function
 * of profile and seed, whoever asks first and for whatever time.
 *
 * The seam: `grow` appends one window. Causes are the same (sim/chain_causes.h);
 * what follows from them is drawn (sim/chain_grow.c), from tables or from laws,
 * or, by mechanism, votes are counted (sim/consensus.h).
 * Errors: ERR_NOMEM; ERR_LIMIT as sim/consensus.h has it, and beyond 2^31 slots. Threads: one at a time. */
#pragma once
#include "base/rng.h"
#include "sim/chain_causes.h"

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
    uint8_t state, is_busy;
};

struct consensus;

struct chain_slots;
typedef err chain_grow(struct chain_slots *slots);

struct chain_slots {
    const struct chain_profile *profile; /* borrowed */
    struct rng rng;
    chain_grow *grow;
    struct consensus *consensus; /* NULL unless by mechanism */
    struct chain_causes causes;
    struct chain_slot *slots;
    uint32_t count, room;           /* slots known */
    uint32_t *by_height;            /* slot of each height; by_height[0] unused */
    uint32_t height_count;          /* heights known, 1 .. height_count */
    int64_t next_start_ns;          /* or later */
    struct chain_drawn {            /* when drawn: what one window leaves to the next */
        struct chain_window window; /* the next, already begun */
        bool is_begun;
        uint32_t losses;                  /* blocks of this window that lose to a late one */
        int64_t sent_ns;                  /* the last pieces of the blocks so far */
        int64_t sent_by_ns[CHAIN_WINDOW]; /* the same, by each slot of the window that was added last */
        int64_t wait_ns;                  /* fitted: of the next leader */
        bool meets_fork;                  /* fitted: the next window does */
        uint32_t *finals;                 /* height that makes each height final */
        uint32_t final_count;
    } drawn;
};

MUST_USE err chain_slots_open(struct chain_slots *out, const struct chain_profile *profile, uint64_t seed,
                              uint32_t replication);
void chain_slots_close(struct chain_slots *slots); /* fine on a zeroed one */
const char *chain_slots_why(err e);                /* what a person is told when slots cannot grow */

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

/* sim/chain_grow.c */
chain_grow chain_slots_grow_drawn;
MUST_USE err chain_slots_drawn_final_ns(struct chain_slots *slots, uint32_t height, int64_t *out);
MUST_USE err chain_slots_make_room(struct chain_slots *slots); /* for a window; sim/chain_slots.c */
