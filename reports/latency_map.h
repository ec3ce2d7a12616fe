/* reports/latency_map.h: how many tasks waited how long, and when: a coarse table for heat maps.
 *
 * Rows are bins of whole seconds by intended arrival, columns logarithmic buckets, four an octave: bucket 4 k
 * begins at 2^(18 + k) ns. What is shorter than 0.26 ms is counted in the first, what is longer than 73
 * minutes in the last. Errors: ERR_NOMEM. Memory: one block, free it. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum { LATENCY_MAP_BINS = 90, LATENCY_MAP_BUCKETS = 96 };

struct latency_map {
    uint32_t bin_s, bins; /* bins <= LATENCY_MAP_BINS */
    uint32_t counts[LATENCY_MAP_BINS][LATENCY_MAP_BUCKETS];
};

MUST_USE err latency_map_open(struct latency_map **out, uint32_t seconds);
/* False, and nothing added, when their bins differ. */
bool latency_map_add(struct latency_map *to, const struct latency_map *from);

uint32_t latency_map_bin_s(uint32_t seconds); /* how wide bins are so that they suffice */
uint32_t latency_map_bucket(int64_t latency_ns);
int64_t latency_map_lowest_ns(uint32_t bucket); /* LATENCY_MAP_BUCKETS: where the last one ends */
