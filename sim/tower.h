/* sim/tower.h: a validator's votes and how long each binds it (TowerBFT).
 *
 * A vote with n confirmations binds until 2^n slots have passed; each vote that
 * is stacked on it doubles that. The 32nd vote roots the oldest.
 * Source: chain.md 2 and 3 (31 votes on a tower, initial lockout 2) [C]. */
#pragma once
#include <stdint.h>

enum { TOWER_VOTES = 31, TOWER_NO_ROOT = UINT32_MAX };

struct tower {
    struct tower_vote {
        uint32_t slot, block;
        uint8_t confirmations; /* 1 .. 32 */
    } votes[TOWER_VOTES + 1];  /* oldest first */
    uint8_t count;
};

/* Lets go of votes that no longer bind at `slot`, newest first, as a vote there would. */
void tower_expire(struct tower *tower, uint32_t slot);

/* Votes after tower_expire. Returns the block that this roots, or TOWER_NO_ROOT. */
uint32_t tower_vote(struct tower *tower, uint32_t slot, uint32_t block);
