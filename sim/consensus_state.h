/* sim/consensus_state.h: a chain by mechanism, from inside. Private to sim/consensus*.c.
 *
 * One chain of blocks is built on, up to the tip; lost blocks hang from it. What is confirmed stays, so that
 * nothing looks at a block below the last confirmed one but by its height: blocks above it have a row each of
 * who froze and who voted, and the rows are as many as votes leave unconfirmed. */
#pragma once
#include "base/assert.h"
#include "base/sample.h"
#include "base/units.h"
#include "sim/consensus.h"
#include "sim/geography.h"
#include "sim/tower.h"

enum {
    ROWS_AT_FIRST = 64, /* blocks whose votes are counted; a power of two, doubled while votes are few */
    RELAYS = 9,         /* of which the median decides when a block is whole */
    FATE_SLOTS = CHAIN_WINDOW, /* after so many slots it is known whether a block lost to a newcomer */
    SETTLED_BLOCKS = 8,        /* the votes for a block are in when so many stand on it */
    DOWN_SLOTS = 512,          /* a validator that does not vote is down for so long [A] */
    TOWER_SLOTS =
        128 * DOWN_SLOTS, /* no validator is down so often in a row that its tower reaches back further */
    LANDING_RING = 8,     /* slots for which votes are under way: three ahead, and those whose fate is open */
    STALL_BLOCKS = 32 * DOWN_SLOTS, /* made since the last confirmed one: no chain any more */
    STALL_CELLS = 1 << 25,          /* of the rows for them: a quarter of a gigabyte a table */
    THRESHOLD_DEPTH = 8,            /* of a tower, from where most of the stake must agree */
    SWITCH_PCT = 38,      /* of the stake must be on another fork before a validator leaves its own */
    DELAY_CAP_S = 3600,   /* [A] who is further behind starts from a snapshot: bounds the tails */
    HANDOVER_PCT = 75,    /* of a slot: a leader starts in time when the block before is there by then [A] */
    ALPENGLOW_HOP_MS = 4, /* of a vote, beyond the distance (chain.md B) */
};
#define NO_BLOCK UINT32_MAX

/* Places of the draws of one (slot, validator); they are far enough apart that none runs into the next. */
enum {
    DRAW_WAY = 0,
    DRAW_JITTER = 8,
    DRAW_REPLAY = 24,
    DRAW_VOTES = 40,
    DRAW_GOSSIP = 48,
    DRAW_LANDING = 64
};
enum { DRAW_COMMON = 32 }; /* of a slot alone; sim/chain_causes.c has those below */

struct validator {
    uint64_t stake;
    struct tower tower;
    int64_t last_vote_ns;
    uint32_t last_vote;               /* block; NO_BLOCK: none */
    uint32_t rooted, rooted_on_chain; /* heights: of its tower, and by the votes that have landed */
    uint32_t carried_slot;            /* of the newest slot that its votes were carried over from */
    uint8_t region;
};

struct block {
    int64_t end_ns, freeze_ns, confirmed_ns, finalized_ns; /* freeze and after: at the RPC node */
    uint64_t own_stake, weight; /* whose newest vote this is; or is for it or what stands on it */
    uint64_t rooted_stake;
    uint32_t slot, parent, height, leader;
    double common; /* how much slower than usual everybody was with it */
    bool is_lost;
};

struct slot {
    int64_t start_ns, end_ns;
    uint32_t block; /* NO_BLOCK: skipped */
    bool is_busy;
};

/* A vote under way to the chain, and the height that its voter has then rooted. */
struct landing {
    uint32_t validator, block, rooted;
};

struct landings {
    struct landing *items;
    uint32_t count, room;
};

/* Two chains beside each other: a late block's, and that of the leader who did not wait for it. */
struct contest {
    bool is_on;
    uint32_t fork;                  /* the block that both stand on */
    uint32_t first, late, newcomer; /* the late chain's first and last, and the first that was built beside
                                     * it; NO_BLOCK: not yet */
    int64_t over_ns;                /* when the newcomer knows that it has lost */
};

struct consensus {
    struct chain_causes *causes;
    const struct chain_profile *profile; /* theirs, and their keys */
    struct rng rng;
    uint32_t count; /* validators; the RPC node is number `count` */
    struct validator *validators;
    uint64_t stake;
    /* the median way over relays from a leader's region to another: values, and their running shares */
    int64_t way_ns[REGIONS][REGIONS][REGIONS];
    double way_share[REGIONS][REGIONS][REGIONS];

    struct slot *slots;
    struct block *blocks;
    uint32_t slot_count, slot_room, block_count;
    uint32_t *chain;      /* block of each height of the winning fork, as far as known */
    uint32_t tip;         /* block that is built on */
    uint32_t open_height; /* the first that is not confirmed */
    uint32_t pending[CHAIN_WINDOW + 1],
        pending_count; /* blocks of this window: nobody has voted on them yet */
    uint32_t unheard;  /* newest of the blocks that a restart will drop; NO_BLOCK: none */
    int64_t clock_ns;
    /* rows of count + 1, for every block since the last confirmed: its freeze; first sight of a vote for it
     */
    int64_t *frozen_ns, *seen_ns;
    uint32_t rows; /* a power of two */
    struct ranked {
        int64_t at_ns;
        uint64_t stake;
    } * ranked;
    struct landings landings[LANDING_RING];
    struct chain_window window;
    struct contest contest;
};

static inline int64_t *row(const struct consensus *consensus, int64_t *table, uint32_t block)
{
    return table + (size_t)(block & (consensus->rows - 1)) * (consensus->count + 1);
}

static inline struct draw draw_of(const struct consensus *consensus, enum rng_purpose purpose, uint32_t slot,
                                  uint32_t validator, uint32_t place)
{
    return draw_at(&consensus->rng, purpose, (uint64_t)slot << 16 | validator, place);
}

static inline int64_t later(int64_t a_ns, int64_t b_ns)
{
    return a_ns > b_ns ? a_ns : b_ns;
}

/* consensus_votes.c */
void consensus_ways(struct consensus *consensus); /* fills the tables of ways between regions */
/* When everybody, the RPC node too, has frozen a block whose last pieces left at sent_ns. */
void consensus_receive(struct consensus *consensus, uint32_t index, int64_t sent_ns);
/* In a contest: the fork on which the validator's vote counts. */
enum side { SIDE_NONE, SIDE_LATE, SIDE_NEWCOMER };
enum side consensus_side(struct consensus *consensus, uint32_t who);
void consensus_restart_towers(struct consensus *consensus); /* without votes for what is lost */
void consensus_vote_pending(struct consensus *consensus);
/* Blocks in order, as far as the votes are in: those on which so many stand. */
void consensus_confirm(struct consensus *consensus, uint32_t settled);
/* What this slot's block carries; NO_BLOCK: its votes wait for the next. */
void consensus_land(struct consensus *consensus, uint32_t slot, uint32_t index);
void consensus_finalize_at_once(struct consensus *consensus, uint32_t index); /* Alpenglow */
