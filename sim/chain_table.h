/* sim/chain_table.h: what votes do to slots, as tables: the empirical chain draws from them.
 *
 * scenarios/chain/tables/NAME.toml is made from the mechanistic chain of the
 * profile NAME by `agenc chain tabulate`; it says from which parameters (their
 * digest), seed and number of slots. Whole numbers only: microseconds at the
 * quantiles of CHAIN_QUANTILES, and counts.
 * Some are by a condition, because what they tell depends on it: confirmation by
 * the octile of the freeze, the handover by how far the block before is late,
 * finality by how many slots in the span have no block.
 * Threads: none needed. */
#pragma once
#include "base/err.h"
#include "base/rng.h"
#include <stdint.h>
#include <stdio.h>

enum {
    CHAIN_QUANTILES = 32,  /* at fixed ranks, denser in the upper tail */
    CHAIN_RANKS = 10000,   /* a rank is a share in so many parts */
    CHAIN_FREEZE_BINS = 8, /* octiles */
    CHAIN_OVERHANGS = 6,   /* not late, then in slots: below 1, 2, 3, 4, more */
    CHAIN_LOSSES = 6,      /* a handover loses no block, 1 .. 4 of the newcomer, or the late ones before */
    CHAIN_GAPS = 6,        /* slots without a block in the span: 0, 1, 2-3, 4, 5-8, more */
    CHAIN_DEPTHS = 16,     /* blocks on a final one beyond 32 */
    CHAIN_FINAL_DEPTH = 32,
    CHAIN_DIGEST_BYTES = 33,
};

extern const int64_t CHAIN_QUANTILE_RANKS[CHAIN_QUANTILES]; /* of CHAIN_RANKS; first 0, last all */

struct chain_table {
    int64_t freeze_us[CHAIN_QUANTILES]; /* from the last piece sent to frozen at the RPC node */
    int64_t confirm_us[CHAIN_FREEZE_BINS][CHAIN_QUANTILES];
    int64_t handover_us[CHAIN_OVERHANGS][CHAIN_QUANTILES]; /* the next leader waits */
    int64_t lost[CHAIN_OVERHANGS][CHAIN_LOSSES];           /* handovers */
    int64_t depth[CHAIN_GAPS][CHAIN_DEPTHS];               /* blocks */
};

struct chain_table_origin {
    char profile[64], digest[64];
    int64_t seed, slots, validators;
};

/* A quantile at a drawn share, 0 .. 2^32 - 1, between two entries in proportion. */
int64_t chain_table_quantile_ns(const int64_t us[CHAIN_QUANTILES], uint32_t share);
/* The row of an overhang, and of a number of slots without a block. */
uint32_t chain_table_overhang(int64_t overhang_ns, int64_t slot_ns);
uint32_t chain_table_gap(uint32_t slots);
/* Which count a drawn share falls into. */
uint32_t chain_table_pick(const int64_t *counts, uint32_t size, uint32_t share);

MUST_USE err chain_table_read(const char *path, struct chain_table *out, struct chain_table_origin *origin,
                              struct diag *diag);
/* All but a comment at the head. */
void chain_table_write(FILE *out, const struct chain_table *table, const struct chain_table_origin *origin);
