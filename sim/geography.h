/* sim/geography.h: where validators are, and how long the way between two places is.
 *
 * Six regions with their shares of stake, and one-way times between them from
 * great circles (1 ms + 1.55 x km / 200). Real routes detour, most between Europe
 * and Asia: the detour factor of a profile stretches every way but the first
 * millisecond of it.
 * Source: chain.md 1.4, epoch 860 (October 2025) [D]. */
#pragma once
#include <stdint.h>

enum region {
    REGION_EU_CORE,
    REGION_EU_REST,
    REGION_NA_EAST,
    REGION_ASIA,
    REGION_NA_WEST,
    REGION_OTHER,
    REGIONS
};

extern const double REGION_STAKE[REGIONS]; /* shares; their sum is 1 */

/* Stake that the largest `rank` of `count` validators hold, as a share: the curve of epoch 860, whose 954
 * validators stand for any number. */
double geography_stake_of_first(double rank, double count);
int64_t geography_one_way_ns(enum region from, enum region to, double detour);
