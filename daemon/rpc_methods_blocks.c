/* daemon/rpc_methods_blocks.c: blocks and what is in them. */
#include "daemon/rpc_methods.h"
#include "daemon/rpc_write.h"
#include <stdlib.h>
#include <string.h>

enum {
    BLOCKS_ASKED_MAX = 500000,
    SIGNATURES_ASKED_MAX = 1000,
    FEE_BLOCKS = 150,
    FEE_ACCOUNTS_MAX = 128,
    TRANSACTIONS_WRITTEN_MAX =
        1000, /* whole ones of a block: more would not fit what a client may leave unread */
};

/* -- getBlock -- */

enum detail { DETAIL_FULL, DETAIL_SIGNATURES, DETAIL_NONE };

struct block_wanted {
    const char *encoding;
    enum detail detail;
    enum commitment commitment;
    uint64_t version_max;
    bool has_rewards;
};

/* The second parameter is an object, or just the name of an encoding. */
static bool read_wanted(struct rpc_call *call, struct block_wanted *out)
{
    static const char *const DETAILS[] = {
        [DETAIL_FULL] = "full", [DETAIL_SIGNATURES] = "signatures", [DETAIL_NONE] = "none"};
    const char *detail = DETAILS[DETAIL_FULL];
    *out = (struct block_wanted){.encoding = "json", .version_max = RPC_LEGACY_ONLY, .has_rewards = true};
    if (rpc_has(call, 1)) {
        struct json_node node = rpc_param(call, 1), object;
        if (json_get_text(&node, NULL, &out->encoding, NULL) != OK &&
            json_get_object(&node, NULL, &object, NULL) != OK)
            return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid params: expected a map or an encoding.");
    }
    if (!rpc_commitment_of_blocks(call, 1, &out->commitment) || !rpc_read_encoding(call, &out->encoding) ||
        !rpc_option_text(call, 1, "transactionDetails", &detail) ||
        !rpc_option_bool(call, 1, "rewards", &out->has_rewards) ||
        !rpc_option_number(call, 1, "maxSupportedTransactionVersion", &out->version_max))
        return false;
    for (int i = DETAIL_FULL; i <= DETAIL_NONE; i++) {
        out->detail = (enum detail)i;
        if (strcmp(detail, DETAILS[i]) == 0) return true;
    }
    return rpc_refuse(
        call, RPC_INVALID_PARAMS,
        "Invalid params: unknown variant `%.40s`, expected one of `full`, `signatures`, `none`.", detail);
}

static void write_transactions(struct json_writer *out, const struct entry **list, uint32_t count,
                               const struct block_wanted *wanted)
{
    json_write_array(out, wanted->detail == DETAIL_FULL ? "transactions" : "signatures");
    for (uint32_t i = 0; i < count; i++) {
        if (wanted->detail == DETAIL_SIGNATURES) {
            write_signature(out, NULL, transaction_signature(list[i]->transaction));
            continue;
        }
        json_write_object(out, NULL);
        rpc_write_meta(out, list[i]);
        rpc_write_transaction(out, list[i]->transaction, wanted->encoding);
        if (wanted->version_max != RPC_LEGACY_ONLY) rpc_write_version(out, list[i]->transaction);
        json_write_end(out);
    }
    json_write_end(out);
}

static bool check_transactions(struct rpc_call *call, const struct entry **list, uint32_t count,
                               const struct block_wanted *wanted)
{
    if (wanted->detail != DETAIL_FULL) return true;
    for (uint32_t i = 0; i < count; i++)
        if (list[i]->transaction->is_versioned && wanted->version_max == RPC_LEGACY_ONLY)
            return rpc_refuse_version(call);
    return count <= TRANSACTIONS_WRITTEN_MAX ||
           rpc_refuse(call, RPC_INTERNAL,
                      "%u transactions are more than the %d that one answer holds; ask for signatures", count,
                      TRANSACTIONS_WRITTEN_MAX);
}

static void write_block(struct rpc_call *call, const struct bank *bank, const struct block_wanted *wanted,
                        const struct entry **list, uint32_t count)
{
    const struct bank *parent = ledger_bank_at(&call->rpc->ledger, bank->height ? bank->height - 1 : 0);
    struct json_writer *out = call->out;
    json_write_object(out, NULL);
    json_write_u64(out, "blockHeight", bank->height);
    json_write_i64(out, "blockTime", rpc_block_time(call, bank));
    write_key(out, "blockhash", bank->blockhash);
    json_write_u64(out, "parentSlot", bank->parent_slot);
    write_key(out, "previousBlockhash", (parent ? parent : bank)->blockhash);
    if (wanted->has_rewards) {
        json_write_array(out, "rewards");
        json_write_end(out);
    }
    if (wanted->detail != DETAIL_NONE) write_transactions(out, list, count, wanted);
    json_write_end(out);
}

bool rpc_get_block(struct rpc_call *call)
{
    const struct ledger *ledger = &call->rpc->ledger;
    struct block_wanted wanted;
    const struct bank *bank;
    uint32_t count = 0;
    if (!read_wanted(call, &wanted) ||
        !rpc_bank_of_slot(call, rpc_number(call, 0), ledger_bank(ledger, wanted.commitment), &bank))
        return false;
    const struct entry **list =
        ledger_landed(ledger, bank->height ? bank->height - 1 : 0, bank->height, &count);
    if (!list) return rpc_refuse(call, RPC_INTERNAL, "out of memory");
    bool is_good = check_transactions(call, list, count, &wanted);
    if (is_good) write_block(call, bank, &wanted, list, count);
    free(list);
    return is_good;
}

/* -- getBlocks -- */

static bool write_slots(struct rpc_call *call, uint64_t first, uint64_t last, uint64_t most)
{
    const struct ledger *ledger = &call->rpc->ledger;
    enum commitment commitment;
    if (!rpc_commitment_of_blocks(call, call->param_count == 2 ? 1 : 2, &commitment)) return false;
    uint32_t top = ledger->height[commitment], low = top < LEDGER_BANKS ? 0 : top - LEDGER_BANKS / 2;
    json_write_array(call->out, NULL);
    for (uint32_t height = low; height <= top && most; height++) {
        const struct bank *bank = ledger_bank_at(ledger, height);
        if (!bank || bank->slot < first || bank->slot > last) continue;
        json_write_u64(call->out, NULL, bank->slot);
        most--;
    }
    json_write_end(call->out);
    return true;
}

/* The last slot may be left out, and then options may stand in its place. */
bool rpc_get_blocks(struct rpc_call *call)
{
    uint64_t first = rpc_number(call, 0), last = first + BLOCKS_ASKED_MAX;
    if (rpc_has(call, 1)) {
        struct json_node node = rpc_param(call, 1), object;
        if (json_get_u64(&node, NULL, &last, NULL) != OK && json_get_object(&node, NULL, &object, NULL) != OK)
            return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid params: parameter 1: expected u64.");
    }
    if (last > first && last - first > BLOCKS_ASKED_MAX)
        return rpc_refuse(call, RPC_INVALID_PARAMS, "Slot range too large; max %d", BLOCKS_ASKED_MAX);
    return write_slots(call, first, last, UINT64_MAX);
}

bool rpc_get_blocks_with_limit(struct rpc_call *call)
{
    uint64_t most = rpc_number(call, 1);
    if (most > BLOCKS_ASKED_MAX)
        return rpc_refuse(call, RPC_INVALID_PARAMS, "Limit too large; max %d", BLOCKS_ASKED_MAX);
    return write_slots(call, rpc_number(call, 0), UINT64_MAX, most);
}

/* -- getSignaturesForAddress -- */

struct history_wanted {
    unsigned char key[KEY_BYTES];
    const struct entry *before, *until; /* both left out; NULL: no end */
    uint64_t most;
    enum commitment commitment;
};

static bool read_entry(struct rpc_call *call, const char *name, const struct entry **out)
{
    unsigned char signature[SIGNATURE_BYTES];
    const char *text = NULL;
    *out = NULL;
    if (!rpc_option_text(call, 1, name, &text)) return false;
    if (!text) return true;
    if (!rpc_read_signature(call, text, signature)) return false;
    *out = ledger_find(&call->rpc->ledger, signature, true);
    return *out ||
           rpc_refuse(call, RPC_FILTER_NOT_FOUND, "Transaction %.90s not found; no filter can be set", text);
}

static bool read_history(struct rpc_call *call, struct history_wanted *out)
{
    uint64_t least = 0;
    out->most = SIGNATURES_ASKED_MAX;
    if (!rpc_read_key(call, rpc_text(call, 0), out->key) ||
        !rpc_commitment_of_blocks(call, 1, &out->commitment) ||
        !rpc_option_number(call, 1, "limit", &out->most) ||
        !rpc_option_number(call, 1, "minContextSlot", &least) || !read_entry(call, "before", &out->before) ||
        !read_entry(call, "until", &out->until))
        return false;
    const struct bank *bank = ledger_bank(&call->rpc->ledger, out->commitment);
    if (bank->slot < least) {
        call->data = DATA_CONTEXT_SLOT;
        call->number = bank->slot;
        return rpc_refuse(call, RPC_MIN_CONTEXT_SLOT, "Minimum context slot has not been reached");
    }
    if (out->most >= 1 && out->most <= SIGNATURES_ASKED_MAX) return true;
    return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid limit; max %d", SIGNATURES_ASKED_MAX);
}

static void write_history_row(struct rpc_call *call, const struct entry *entry)
{
    const struct ledger *ledger = &call->rpc->ledger;
    const struct bank *bank = ledger_bank_at(ledger, entry->height);
    struct json_writer *out = call->out;
    json_write_object(out, NULL);
    if (bank)
        json_write_i64(out, "blockTime", rpc_block_time(call, bank));
    else
        json_write_null(out, "blockTime");
    json_write_text(out, "confirmationStatus", COMMITMENT_NAMES[ledger_entry_commitment(ledger, entry)]);
    write_tx_error(out, "err", &entry->status);
    write_memo(out, "memo", entry->logs);
    write_signature(out, "signature", transaction_signature(entry->transaction));
    json_write_u64(out, "slot", entry->slot);
    json_write_end(out);
}

bool rpc_get_signatures_for_address(struct rpc_call *call)
{
    const struct ledger *ledger = &call->rpc->ledger;
    struct history_wanted wanted;
    uint32_t count = 0;
    if (!read_history(call, &wanted)) return false;
    const struct entry **list = ledger_landed(ledger, 0, ledger->height[wanted.commitment], &count);
    if (!list) return rpc_refuse(call, RPC_INTERNAL, "out of memory");
    json_write_array(call->out, NULL);
    for (uint32_t i = count; i-- > 0 && wanted.most;) {
        if (wanted.before && list[i]->place >= wanted.before->place) continue;
        if (wanted.until && list[i]->place <= wanted.until->place) break;
        if (!transaction_names(list[i]->transaction, wanted.key)) continue;
        write_history_row(call, list[i]);
        wanted.most--;
    }
    json_write_end(call->out);
    free(list);
    return true;
}

/* -- getRecentPrioritizationFees -- */

/* The least price of a block, and of what writes each of the accounts in it. */
struct fees {
    unsigned char keys[FEE_ACCOUNTS_MAX][KEY_BYTES];
    uint64_t least[FEE_ACCOUNTS_MAX + 1][FEE_BLOCKS]; /* the last row: the block; UINT64_MAX: nothing there */
    size_t accounts;
    uint32_t above; /* height before the first */
};

static bool read_accounts(struct rpc_call *call, struct fees *fees)
{
    const char *text;
    if (!rpc_has(call, 0)) return true;
    struct json_node list = rpc_param(call, 0);
    fees->accounts = json_count(&list);
    if (fees->accounts > FEE_ACCOUNTS_MAX)
        return rpc_refuse(call, RPC_INVALID_PARAMS, "Too many inputs provided; max %d", FEE_ACCOUNTS_MAX);
    for (size_t i = 0; i < fees->accounts; i++) {
        struct json_node item = json_item(&list, i);
        if (json_get_text(&item, NULL, &text, NULL) != OK)
            return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid params: expected a string.");
        if (!rpc_read_key(call, text, fees->keys[i])) return false;
    }
    return true;
}

static void lower(uint64_t *least, uint64_t price)
{
    if (price < *least) *least = price;
}

static void count_fee(struct fees *fees, const struct entry *entry)
{
    const struct transaction *transaction = entry->transaction;
    uint32_t at = entry->height - fees->above - 1;
    lower(&fees->least[FEE_ACCOUNTS_MAX][at], entry->unit_price);
    for (uint32_t k = 0; fees->accounts && k < transaction->key_count; k++)
        for (size_t i = 0; i < fees->accounts && transaction_is_writable(transaction, k); i++)
            if (memcmp(transaction_key(transaction, k), fees->keys[i], KEY_BYTES) == 0)
                lower(&fees->least[i][at], entry->unit_price);
}

static void write_fees(struct rpc_call *call, const struct fees *fees, uint32_t top)
{
    json_write_array(call->out, NULL);
    for (uint32_t at = 0; at < top - fees->above; at++) {
        uint64_t price = fees->least[FEE_ACCOUNTS_MAX][at];
        if (price == UINT64_MAX) price = 0;
        for (size_t i = 0; i < fees->accounts; i++)
            if (fees->least[i][at] != UINT64_MAX && fees->least[i][at] > price) price = fees->least[i][at];
        json_write_object(call->out, NULL);
        json_write_u64(call->out, "prioritizationFee", price);
        json_write_u64(call->out, "slot", ledger_bank_at(&call->rpc->ledger, fees->above + 1 + at)->slot);
        json_write_end(call->out);
    }
    json_write_end(call->out);
}

bool rpc_get_prioritization_fees(struct rpc_call *call)
{
    const struct ledger *ledger = &call->rpc->ledger;
    uint32_t top = ledger->height[COMMIT_PROCESSED], count = 0;
    struct fees *fees = malloc(sizeof *fees);
    if (!fees) return rpc_refuse(call, RPC_INTERNAL, "out of memory");
    memset(fees->least, UINT8_MAX, sizeof fees->least);
    fees->accounts = 0;
    fees->above = top > FEE_BLOCKS ? top - FEE_BLOCKS : 0;
    bool is_good = read_accounts(call, fees);
    const struct entry **list = is_good ? ledger_landed(ledger, fees->above, top, &count) : NULL;
    if (is_good && !list) is_good = rpc_refuse(call, RPC_INTERNAL, "out of memory");
    for (uint32_t i = 0; i < count; i++) count_fee(fees, list[i]);
    if (is_good) write_fees(call, fees, top);
    free(list);
    free(fees);
    return is_good;
}
