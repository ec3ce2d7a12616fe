/* tests/unit/test_latency_map.c: every latency has its bucket, every second its bin. */
#include "reports/latency_map.h"
#include "base/units.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

TestSuite(latency_map, .timeout = 30);

Test(latency_map, buckets_meet_and_hold_what_lies_between_their_bounds)
{
    for (uint32_t bucket = 1; bucket < LATENCY_MAP_BUCKETS; bucket++) {
        int64_t lowest = latency_map_lowest_ns(bucket);
        cr_assert(eq(u32, latency_map_bucket(lowest), bucket));
        cr_assert(eq(u32, latency_map_bucket(lowest - 1), bucket - 1));
        cr_assert(latency_map_lowest_ns(bucket + 1) * 4 <= lowest * 5, "at most a quarter wide");
    }
}

Test(latency_map, what_is_beyond_the_buckets_is_in_the_outer_ones)
{
    cr_assert(eq(u32, latency_map_bucket(0), 0));
    cr_assert(eq(u32, latency_map_bucket(1), 0));
    cr_assert(eq(u32, latency_map_bucket(2 * NS_PER_H), LATENCY_MAP_BUCKETS - 1));
    cr_assert(eq(u32, latency_map_bucket(INT64_MAX), LATENCY_MAP_BUCKETS - 1));
    cr_assert(latency_map_lowest_ns(LATENCY_MAP_BUCKETS) > NS_PER_H);
}

Test(latency_map, any_duration_fits_its_bins)
{
    for (uint64_t seconds = 0; seconds <= UINT32_MAX; seconds = seconds * 5 / 4 + 1) {
        struct latency_map *map;
        cr_assert(eq(int, latency_map_open(&map, (uint32_t)seconds), OK));
        cr_assert(map->bins <= LATENCY_MAP_BINS);
        cr_assert(map->bins * (uint64_t)map->bin_s >= seconds);
        free(map);
    }
    cr_assert(eq(u32, latency_map_bin_s(60), 1));
    cr_assert(eq(u32, latency_map_bin_s(300), 5));
}

Test(latency_map, sums_need_the_same_bins)
{
    struct latency_map *minute, *other, *hour;
    cr_assert(latency_map_open(&minute, 60) == OK && latency_map_open(&other, 60) == OK &&
              latency_map_open(&hour, 3600) == OK);
    minute->counts[3][7] = 2;
    other->counts[3][7] = 5;
    cr_assert(latency_map_add(minute, other) == true);
    cr_assert(eq(u32, minute->counts[3][7], 7));
    cr_assert(latency_map_add(minute, hour) == false);
    free(minute);
    free(other);
    free(hour);
}
