/* daemon/rpc_clock.c: the chain's time: the real one times a scale, halted and late as operators want it. */
#include "base/units.h"
#include "daemon/rpc.h"

static int64_t cluster_ns(struct rpc *rpc, int64_t real_now_ns)
{
    struct rpc_clock *clock = &rpc->clock;
    if (real_now_ns < clock->halted_until_ns) return clock->chain_ns;
    if (clock->halted_until_ns > clock->real_ns) clock->real_ns = clock->halted_until_ns;
    return clock->chain_ns + (int64_t)((double)(real_now_ns - clock->real_ns) * clock->scale);
}

void rpc_clock_halt(struct rpc *rpc, int64_t real_now_ns, int64_t for_ns)
{
    int64_t now_ns = cluster_ns(rpc, real_now_ns);
    rpc->clock.chain_ns = now_ns;
    rpc->clock.real_ns = real_now_ns;
    rpc->clock.halted_until_ns = ns_after(real_now_ns, for_ns);
}

static int64_t lag_ns(const struct rpc *rpc)
{
    const struct chain_regime *calm = &rpc->ledger.slots.profile->calm;
    return rpc->clock.lag_slots * (int64_t)((double)calm->slot_target_ns * calm->slot_factor);
}

err rpc_clock_advance(struct rpc *rpc, int64_t real_now_ns)
{
    int64_t node_ns = cluster_ns(rpc, real_now_ns) - lag_ns(rpc);
    rpc->clock.seen_ns = cluster_ns(rpc, real_now_ns);
    return node_ns > rpc->ledger.now_ns ? ledger_advance(&rpc->ledger, node_ns) : OK;
}

int64_t rpc_clock_wait_ns(struct rpc *rpc, int64_t real_now_ns)
{
    enum { TRIES_EVERY_MS = 50 }; /* what waits for its next try is looked at so often */
    int64_t most_ns = TRIES_EVERY_MS * NS_PER_MS;
    if (real_now_ns < rpc->clock.halted_until_ns) return most_ns;
    int64_t node_ns = cluster_ns(rpc, real_now_ns) - lag_ns(rpc), next_ns = ledger_next_ns(&rpc->ledger);
    if (next_ns <= node_ns) return 0;
    double wait_ns = (double)(next_ns - node_ns) / rpc->clock.scale;
    return wait_ns < (double)most_ns ? (int64_t)wait_ns : most_ns;
}

enum rpc_health rpc_health(struct rpc *rpc, uint64_t *behind)
{
    struct chain_slots *slots = &rpc->ledger.slots;
    if (rpc->ledger.height[COMMIT_CONFIRMED] <= rpc->clock.opened_height) return RPC_HEALTH_UNKNOWN;
    if (chain_slots_reach_ns(slots, rpc->clock.seen_ns) != OK) return RPC_HEALTH_UNKNOWN;
    uint32_t cluster = slots->by_height[chain_slots_height_at(slots, rpc->clock.seen_ns)];
    uint32_t here = ledger_bank(&rpc->ledger, COMMIT_CONFIRMED)->slot;
    *behind = cluster > here ? cluster - here : 0;
    return *behind > HEALTH_DISTANCE ? RPC_SLOTS_BEHIND : RPC_HEALTHY;
}
