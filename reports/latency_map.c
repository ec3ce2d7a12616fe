/* reports/latency_map.c: a bucket is the position of the top bit and the two bits below it. */
#include "reports/latency_map.h"
#include <stdlib.h>

enum { UNIT_BITS = 16 }; /* bits of a latency that no bucket looks at */

uint32_t latency_map_bin_s(uint32_t seconds)
{
    static const uint32_t BINS_S[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600};
    for (size_t i = 0; i < sizeof BINS_S / sizeof *BINS_S; i++)
        if (BINS_S[i] * LATENCY_MAP_BINS >= seconds) return BINS_S[i];
    return seconds / LATENCY_MAP_BINS + 1;
}

err latency_map_open(struct latency_map **out, uint32_t seconds)
{
    struct latency_map *map = calloc(1, sizeof *map);
    if (!map) return ERR_NOMEM;
    map->bin_s = latency_map_bin_s(seconds);
    map->bins = seconds / map->bin_s + (seconds % map->bin_s > 0);
    *out = map;
    return OK;
}

bool latency_map_add(struct latency_map *to, const struct latency_map *from)
{
    if (to->bin_s != from->bin_s || to->bins != from->bins) return false;
    for (uint32_t bin = 0; bin < to->bins; bin++)
        for (uint32_t bucket = 0; bucket < LATENCY_MAP_BUCKETS; bucket++)
            to->counts[bin][bucket] += from->counts[bin][bucket];
    return true;
}

uint32_t latency_map_bucket(int64_t latency_ns)
{
    uint64_t units = (uint64_t)latency_ns >> UNIT_BITS;
    if (units < 4) return 0;
    uint32_t octave = 61 - (uint32_t)__builtin_clzll(units);
    uint32_t bucket = 4 * octave + ((uint32_t)(units >> octave) & 3);
    return bucket < LATENCY_MAP_BUCKETS ? bucket : LATENCY_MAP_BUCKETS - 1;
}

int64_t latency_map_lowest_ns(uint32_t bucket)
{
    return (int64_t)(4 + bucket % 4) << (UNIT_BITS + bucket / 4);
}
