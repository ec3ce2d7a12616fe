/* base/rollout.h: who is in, while a feature is rolled out to a share of agents or tasks.
 *
 * A key's bucket is fixed for ever, and it is in when its bucket is below the
 * share: raising the share drops nobody, 0 selects none, 10,000 selects all. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ROLLOUT_BUCKETS = 10000 };

uint32_t rollout_bucket(const char *key, size_t key_bytes); /* 0 .. ROLLOUT_BUCKETS - 1 */

static inline bool rollout_selects(uint32_t bucket, uint64_t share_bps)
{
    return bucket < share_bps;
}

/* Is the name in a list with commas, such as that of the agents that are always selected? */
bool rollout_lists(const char *list, const char *name);
