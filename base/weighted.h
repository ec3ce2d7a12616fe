/* base/weighted.h: choice by weight (stake), at constant cost a draw.
 *
 * Walker's alias method with Vose's construction, in integers: two draws give
 * a column and a side of it. Exact to 2^-64 a column.
 * Memory: two arrays of `count`, ours. Threads: read-only after open. */
#pragma once
#include "base/err.h"
#include "base/rng.h"
#include <stdint.h>

struct weighted {
    uint32_t count;
    uint32_t *alias;
    uint64_t *keep; /* threshold out of 2^64 below which the column is its own */
};

/* ERR_RANGE: no weights, all zero, or a sum beyond 64 bits; ERR_NOMEM. */
MUST_USE err weighted_open(struct weighted *out, const uint64_t *weights, uint32_t count);
void weighted_close(struct weighted *weighted); /* fine on a zeroed one */
uint32_t weighted_draw(const struct weighted *weighted, struct draw *draw);
