/* base/rng.h: randomness that is addressed, not streamed.
 *
 * A draw is a pure function of (seed, replication, purpose, entity, index):
 * Philox4x32-10 with the first two as key and the rest as counter; indices 2k
 * and 2k+1 are the halves of one block. Nothing is stored between draws, so
 * adding a fault, a metric or a task moves no other draw, and two
 * configurations that share a seed share every draw they both make (common
 * random numbers by construction).
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011. Threads: none needed, nothing is shared. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* What a draw is for. Append only: a number here is part of every result. */
enum rng_purpose {
    RNG_ARRIVALS = 1,     /* entity: job */
    RNG_JOB_SHAPE,        /* entity: job; depth, kind, fan */
    RNG_JOB_AGENT,        /* entity: job */
    RNG_CROSS_AGENT,      /* entity: task */
    RNG_EDGE_KIND,        /* entity: task; index: parent */
    RNG_EXECUTION,        /* entity: task */
    RNG_SNAPSHOT_SIZE,    /* entity: task */
    RNG_INJECTED_FAILURE, /* entity: task */
    RNG_ORGANIC_FAILURE,  /* entity: task */
    RNG_PROOF_NOISE,      /* entity: task of the batch's first proof */
    RNG_BACKOFF,          /* entity: task; index: attempt */
    RNG_LEADERS,          /* entity: leader window */
    RNG_LEADER_SPEED,     /* entity: validator */
    RNG_STAKE,            /* entity: validator */
    RNG_SLOT,             /* entity: slot */
    RNG_FORK,             /* entity: leader window */
    RNG_TRANSACTION,      /* entity: task; index: attempt and draw */
    RNG_REGIME,           /* entity: spell; the switch between chain profiles */
    RNG_TEST,             /* tests and benches */
    RNG_REGION,           /* entity: validator */
    RNG_RECEIVE,          /* entity: slot and validator */
    RNG_VOTE,             /* entity: slot and validator */
    RNG_RESAMPLE,         /* entity: resample; signs, blocks, orders of a test */
    RNG_HALT,             /* entity: halt of a chain */
    RNG_DESIGN,           /* entity: factor; the order in which levels are dealt to points */
    RNG_SENDING,          /* entity: transaction of a survey; when it is sent */
    RNG_FAULT,            /* entity: key of the fault and what it meets; index: 16 an ordinal */
    RNG_SWARM,            /* entity: injector; which faults a seed has */
    RNG_CAMPAIGN,         /* entity: trial; which schedule of the corpus is varied, and how */
};

struct rng {
    uint32_t key[2];
};

struct rng rng_keyed(uint64_t seed, uint32_t replication);

/* 64 uniform bits for this address. */
uint64_t rng_u64(const struct rng *rng, enum rng_purpose purpose, uint64_t entity, uint32_t index);

/* The bare block cipher: 128 bits for a counter, of which an address uses half. */
void rng_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* A cursor over the draws of one (purpose, entity): for samplers that need
 * more than one. Plain value; start a new one for each sampled quantity. */
struct draw {
    struct rng rng;
    enum rng_purpose purpose;
    uint64_t entity;
    uint32_t index;
    bool has_spare; /* a block holds two draws: the second waits here */
    uint64_t spare;
};

static inline struct draw draw_at(const struct rng *rng, enum rng_purpose purpose, uint64_t entity,
                                  uint32_t index)
{
    return (struct draw){.rng = *rng, .purpose = purpose, .entity = entity, .index = index};
}

uint64_t draw_block(struct draw *draw); /* of draw_u64: computes a block, may keep a spare */

/* Exactly rng_u64 at the cursor, then one step on. */
static inline uint64_t draw_u64(struct draw *draw)
{
    if (!draw->has_spare) return draw_block(draw);
    draw->has_spare = false;
    draw->index++;
    return draw->spare;
}

uint64_t draw_below(struct draw *draw, uint64_t bound); /* 0 .. bound-1, exactly uniform; bound > 0 */
double draw_unit(struct draw *draw); /* odd multiples of 2^-53 in (0, 1): never 0 and never 1 */
bool draw_chance_bps(struct draw *draw, uint64_t chance_bps);
bool draw_chance(struct draw *draw, double chance); /* chance in [0, 1] */
