/* daemon/rpc_methods_chain.c: slots, heights, blockhashes, health. */
#include "base/base58.h"
#include "base/sha256.h"
#include "base/units.h"
#include "daemon/rpc_methods.h"
#include "daemon/rpc_write.h"
#include <string.h>

static const uint32_t FEATURE_SET = 0xa6e2c001; /* [A] any number: clients show it */

enum { LEADERS_MAX = 5000, SAMPLES_MAX = 720, SAMPLE_S = 60 };

bool rpc_check_health(struct rpc_call *call)
{
    enum rpc_health health = rpc_health(call->rpc, &call->number);
    if (health == RPC_HEALTHY) return true;
    call->data = health == RPC_SLOTS_BEHIND ? DATA_BEHIND : DATA_UNKNOWN_HEALTH;
    if (health == RPC_HEALTH_UNKNOWN) return rpc_refuse(call, RPC_BEHIND, "Node is unhealthy");
    return rpc_refuse(call, RPC_BEHIND, "Node is behind by %llu slots", (unsigned long long)call->number);
}

bool rpc_get_health(struct rpc_call *call)
{
    if (!rpc_check_health(call)) return false;
    json_write_text(call->out, NULL, "ok");
    return true;
}

bool rpc_get_version(struct rpc_call *call)
{
    json_write_object(call->out, NULL);
    json_write_u64(call->out, "feature-set", FEATURE_SET);
    json_write_text(call->out, "solana-core", RPC_VERSION);
    json_write_end(call->out);
    return true;
}

bool rpc_get_genesis_hash(struct rpc_call *call)
{
    write_key(call->out, NULL, call->rpc->ledger.genesis);
    return true;
}

bool rpc_get_slot(struct rpc_call *call)
{
    const struct bank *bank;
    if (!rpc_bank(call, 0, &bank)) return false;
    json_write_u64(call->out, NULL, bank->slot);
    return true;
}

bool rpc_get_block_height(struct rpc_call *call)
{
    const struct bank *bank;
    if (!rpc_bank(call, 0, &bank)) return false;
    json_write_u64(call->out, NULL, bank->height);
    return true;
}

bool rpc_get_transaction_count(struct rpc_call *call)
{
    const struct bank *bank;
    if (!rpc_bank(call, 0, &bank)) return false;
    json_write_u64(call->out, NULL, bank->transactions);
    return true;
}

bool rpc_get_epoch_info(struct rpc_call *call)
{
    const struct bank *bank;
    if (!rpc_bank(call, 0, &bank)) return false;
    json_write_object(call->out, NULL);
    json_write_u64(call->out, "absoluteSlot", bank->slot);
    json_write_u64(call->out, "blockHeight", bank->height);
    json_write_u64(call->out, "epoch", bank->slot / SLOTS_PER_EPOCH);
    json_write_u64(call->out, "slotIndex", bank->slot % SLOTS_PER_EPOCH);
    json_write_u64(call->out, "slotsInEpoch", SLOTS_PER_EPOCH);
    json_write_u64(call->out, "transactionCount", bank->transactions);
    json_write_end(call->out);
    return true;
}

bool rpc_get_latest_blockhash(struct rpc_call *call)
{
    const struct bank *bank;
    if (!rpc_bank(call, 0, &bank)) return false;
    rpc_begin_value(call, bank);
    json_write_object(call->out, "value");
    write_key(call->out, "blockhash", bank->blockhash);
    json_write_u64(call->out, "lastValidBlockHeight", bank->height + BLOCKHASH_BLOCKS);
    json_write_end(call->out);
    rpc_end_value(call);
    return true;
}

bool rpc_is_blockhash_valid(struct rpc_call *call)
{
    const struct bank *bank;
    unsigned char hash[KEY_BYTES];
    uint32_t height;
    if (!rpc_read_key(call, rpc_text(call, 0), hash) || !rpc_bank(call, 1, &bank)) return false;
    rpc_begin_value(call, bank);
    json_write_bool(call->out, "value",
                    ledger_knows_blockhash(&call->rpc->ledger, bank->height, hash, &height));
    rpc_end_value(call);
    return true;
}

static const struct bank *oldest(const struct ledger *ledger)
{
    uint32_t tip = ledger->height[COMMIT_PROCESSED];
    return ledger_bank_at(ledger, tip < LEDGER_BANKS ? 0 : tip - LEDGER_BANKS + 1);
}

bool rpc_bank_of_slot(struct rpc_call *call, uint64_t slot, const struct bank *newest,
                      const struct bank **out)
{
    const struct ledger *ledger = &call->rpc->ledger;
    uint32_t first = oldest(ledger)->slot;
    if (slot > newest->slot)
        return rpc_refuse(call, RPC_BLOCK_NOT_AVAILABLE, "Block not available for slot %llu",
                          (unsigned long long)slot);
    if (slot < first)
        return rpc_refuse(call, RPC_BLOCK_CLEANED_UP,
                          "Block %llu cleaned up, does not exist on node. First available block: %u",
                          (unsigned long long)slot, first);
    *out = ledger_bank_of_slot(ledger, (uint32_t)slot);
    if (*out) return true;
    return rpc_refuse(call, RPC_SLOT_SKIPPED,
                      "Slot %llu was skipped, or missing due to ledger jump to recent snapshot",
                      (unsigned long long)slot);
}

int64_t rpc_block_time(const struct rpc_call *call, const struct bank *bank)
{
    return call->rpc->unix_base_s + bank->frozen_ns / NS_PER_S;
}

bool rpc_get_block_time(struct rpc_call *call)
{
    const struct bank *bank, *newest = ledger_bank(&call->rpc->ledger, COMMIT_FINALIZED);
    if (!rpc_bank_of_slot(call, rpc_number(call, 0), newest, &bank)) return false;
    json_write_i64(call->out, NULL, rpc_block_time(call, bank));
    return true;
}

bool rpc_get_first_available_block(struct rpc_call *call)
{
    json_write_u64(call->out, NULL, oldest(&call->rpc->ledger)->slot);
    return true;
}

/* The leader of a window is the one whose draw made it; his key follows from his number. */
static void write_leader(struct rpc_call *call, uint64_t slot)
{
    unsigned char key[KEY_BYTES];
    char text[48];
    const struct chain_slots *slots = &call->rpc->ledger.slots;
    struct draw draw = draw_at(&slots->rng, RNG_LEADERS, slot / CHAIN_WINDOW, 0);
    uint32_t leader = weighted_draw(&slots->causes.leaders, &draw);
    int used = snprintf(text, sizeof text, "validator %u", leader);
    sha256_of(text, (size_t)used, key);
    write_key(call->out, NULL, key);
}

bool rpc_get_slot_leaders(struct rpc_call *call)
{
    uint64_t first = rpc_number(call, 0), count = rpc_number(call, 1);
    if (count < 1 || count > LEADERS_MAX)
        return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid limit; max %d", LEADERS_MAX);
    if (first > ledger_bank(&call->rpc->ledger, COMMIT_PROCESSED)->slot + (uint64_t)SLOTS_PER_EPOCH)
        return rpc_refuse(call, RPC_INVALID_PARAMS,
                          "Invalid slot range: leader schedule for epoch %llu is unavailable",
                          (unsigned long long)(first / SLOTS_PER_EPOCH));
    json_write_array(call->out, NULL);
    for (uint64_t i = 0; i < count; i++) write_leader(call, first + i);
    json_write_end(call->out);
    return true;
}

bool rpc_get_slot_leader(struct rpc_call *call)
{
    const struct bank *bank;
    if (!rpc_bank(call, 0, &bank)) return false;
    write_leader(call, bank->slot);
    return true;
}

/* Whole minutes of chain time back from the newest bank, as far as banks are kept. */
bool rpc_get_performance_samples(struct rpc_call *call)
{
    const struct ledger *ledger = &call->rpc->ledger;
    uint64_t most = rpc_has(call, 0) ? rpc_number(call, 0) : SAMPLES_MAX;
    if (most > SAMPLES_MAX) return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid limit; max %d", SAMPLES_MAX);
    const struct bank *last = ledger_bank(ledger, COMMIT_PROCESSED);
    json_write_array(call->out, NULL);
    for (uint64_t i = 0; i < most; i++) {
        const struct bank *first = last;
        while (first && last->frozen_ns - first->frozen_ns < SAMPLE_S * NS_PER_S)
            first = first->height ? ledger_bank_at(ledger, first->height - 1) : NULL;
        if (!first || first->height == 0) break;
        json_write_object(call->out, NULL);
        json_write_u64(call->out, "numNonVoteTransactions", last->transactions - first->transactions);
        json_write_u64(call->out, "numSlots", last->slot - first->slot);
        json_write_u64(call->out, "numTransactions", last->transactions - first->transactions);
        json_write_u64(call->out, "samplePeriodSecs", SAMPLE_S);
        json_write_u64(call->out, "slot", last->slot);
        json_write_end(call->out);
        last = first;
    }
    json_write_end(call->out);
    return true;
}

bool rpc_get_ag_genesis_cert(struct rpc_call *call)
{
    if (call->rpc->ledger.slots.profile->is_alpenglow)
        return rpc_refuse(call, RPC_INTERNAL, "This chain keeps no certificates");
    json_write_null(call->out, NULL);
    return true;
}
