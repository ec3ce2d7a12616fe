/* base/rng.c: Philox4x32 with ten rounds. */
#include "base/rng.h"
#include "base/assert.h"
#include "base/units.h"

enum { ROUNDS = 10 };

static const uint32_t MULTIPLIER_0 = 0xd2511f53, MULTIPLIER_1 = 0xcd9e8d57; /* the paper's table 2 */
static const uint32_t WEYL_0 = 0x9e3779b9, WEYL_1 = 0xbb67ae85;             /* golden ratio, sqrt(3) - 1 */

void rng_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
#pragma GCC unroll 10
    for (int round = 0; round < ROUNDS; round++, k0 += WEYL_0, k1 += WEYL_1) {
        uint64_t product_0 = (uint64_t)MULTIPLIER_0 * c0, product_1 = (uint64_t)MULTIPLIER_1 * c2;
        c0 = (uint32_t)(product_1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)product_1;
        c2 = (uint32_t)(product_0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)product_0;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

/* Steele, Lea, Flood: SplitMix64. A bijection, so that no two seeds share a key for the same replication. */
static uint64_t splitmix64(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

struct rng rng_keyed(uint64_t seed, uint32_t replication)
{
    uint64_t mixed = splitmix64(splitmix64(seed) ^ replication);
    return (struct rng){.key = {(uint32_t)mixed, (uint32_t)(mixed >> 32)}};
}

struct block {
    uint64_t half[2];
};

static struct block block_at(const struct rng *rng, enum rng_purpose purpose, uint64_t entity, uint32_t index)
{
    uint32_t counter[4] = {(uint32_t)entity, (uint32_t)(entity >> 32), (uint32_t)purpose, index / 2};
    uint32_t out[4];
    rng_philox(counter, rng->key, out);
    return (struct block){{out[0] | (uint64_t)out[1] << 32, out[2] | (uint64_t)out[3] << 32}};
}

uint64_t rng_u64(const struct rng *rng, enum rng_purpose purpose, uint64_t entity, uint32_t index)
{
    return block_at(rng, purpose, entity, index).half[index % 2];
}

uint64_t draw_block(struct draw *draw)
{
    struct block block = block_at(&draw->rng, draw->purpose, draw->entity, draw->index);
    draw->has_spare = draw->index % 2 == 0;
    draw->spare = block.half[1];
    return block.half[draw->index++ % 2];
}

/* Lemire, "Fast random integer generation in an interval", 2019: the high half
 * of a product is uniform once the low halves that come up too often are drawn again. */
uint64_t draw_below(struct draw *draw, uint64_t bound)
{
    ASSERT(bound > 0);
    u128 product = (u128)draw_u64(draw) * bound;
    if ((uint64_t)product < bound) {
        uint64_t surplus = -bound % bound; /* 2^64 mod bound */
        while ((uint64_t)product < surplus) product = (u128)draw_u64(draw) * bound;
    }
    return (uint64_t)(product >> 64);
}

double draw_unit(struct draw *draw)
{
    /* 52 bits and a half: with 53 the largest would round up to 1. */
    return ((double)(draw_u64(draw) >> 12) + 0.5) * 0x1p-52;
}

bool draw_chance_bps(struct draw *draw, uint64_t chance_bps)
{
    ASSERT(chance_bps <= BPS_ONE);
    return draw_below(draw, BPS_ONE) < chance_bps;
}

bool draw_chance(struct draw *draw, double chance)
{
    ASSERT(chance >= 0 && chance <= 1);
    return draw_unit(draw) < chance;
}
