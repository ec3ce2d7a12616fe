/* sim/tower.c: pop what has expired, push, root, double. */
#include "sim/tower.h"

static uint64_t binds_until(const struct tower_vote *vote)
{
    return vote->slot + (UINT64_C(1) << vote->confirmations);
}

void tower_expire(struct tower *tower, uint32_t slot)
{
    while (tower->count > 0 && binds_until(&tower->votes[tower->count - 1]) < slot) tower->count--;
}

static uint32_t pop_root(struct tower *tower)
{
    uint32_t root = tower->votes[0].block;
    for (uint32_t i = 1; i < tower->count; i++) tower->votes[i - 1] = tower->votes[i];
    tower->count--;
    return root;
}

uint32_t tower_vote(struct tower *tower, uint32_t slot, uint32_t block)
{
    tower->votes[tower->count++] = (struct tower_vote){.slot = slot, .block = block, .confirmations = 1};
    uint32_t root = tower->count > TOWER_VOTES ? pop_root(tower) : TOWER_NO_ROOT;
    for (uint32_t i = 0; i < tower->count; i++)
        if (tower->count > i + tower->votes[i].confirmations) tower->votes[i].confirmations++;
    return root;
}
