/* daemon/rpc_methods_status.c: what became of transactions. */
#include "base/base58.h"
#include "base/base64.h"
#include "base/units.h"
#include "daemon/rpc_methods.h"
#include "daemon/rpc_write.h"
#include <string.h>

enum { CONFIRMATIONS_MAX = 31 };

/* The older form of err, which clients still read: {"Ok":null} or {"Err":…}. */
static void write_status(struct json_writer *out, const struct tx_status *status)
{
    json_write_object(out, "status");
    if (status->error == TX_OK)
        json_write_null(out, "Ok");
    else
        write_tx_error(out, "Err", status);
    json_write_end(out);
}

static void write_one(struct json_writer *out, const struct ledger *ledger, const struct entry *entry)
{
    if (!entry) {
        json_write_null(out, NULL);
        return;
    }
    enum commitment commitment = ledger_entry_commitment(ledger, entry);
    uint32_t above = ledger->height[COMMIT_PROCESSED] - entry->height;
    json_write_object(out, NULL);
    json_write_text(out, "confirmationStatus", COMMITMENT_NAMES[commitment]);
    if (commitment == COMMIT_FINALIZED)
        json_write_null(out, "confirmations");
    else
        json_write_u64(out, "confirmations", above < CONFIRMATIONS_MAX ? above : CONFIRMATIONS_MAX);
    write_tx_error(out, "err", &entry->status);
    json_write_u64(out, "slot", entry->slot);
    write_status(out, &entry->status);
    json_write_end(out);
}

bool rpc_get_signature_statuses(struct rpc_call *call)
{
    unsigned char signatures[STATUSES_MAX][SIGNATURE_BYTES];
    const struct ledger *ledger = &call->rpc->ledger;
    struct json_node list = rpc_param(call, 0);
    size_t count = json_count(&list);
    const char *text;
    if (count > STATUSES_MAX)
        return rpc_refuse(call, RPC_INVALID_PARAMS, "Too many inputs provided; max %d", STATUSES_MAX);
    for (size_t i = 0; i < count; i++) {
        struct json_node item = json_item(&list, i);
        if (json_get_text(&item, NULL, &text, NULL) != OK)
            return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid params: invalid type, expected a string.");
        if (!rpc_read_signature(call, text, signatures[i])) return false;
    }
    rpc_begin_value(call, ledger_bank(ledger, COMMIT_PROCESSED));
    json_write_array(call->out, "value");
    for (size_t i = 0; i < count; i++) write_one(call->out, ledger, ledger_find(ledger, signatures[i], true));
    json_write_end(call->out);
    rpc_end_value(call);
    return true;
}

/* -- getTransaction -- */

static void write_balances(struct json_writer *out, const char *key, const uint64_t *balances, uint32_t count)
{
    json_write_array(out, key);
    for (uint32_t i = 0; i < count; i++) json_write_u64(out, NULL, balances[i]);
    json_write_end(out);
}

static void write_empty(struct json_writer *out, const char *key)
{
    json_write_array(out, key);
    json_write_end(out);
}

void rpc_write_meta(struct json_writer *out, const struct entry *entry)
{
    uint32_t keys = entry->transaction->key_count;
    json_write_object(out, "meta");
    json_write_u64(out, "computeUnitsConsumed", entry->units);
    write_tx_error(out, "err", &entry->status);
    json_write_u64(out, "fee", entry->fee_lamports);
    write_empty(out, "innerInstructions");
    json_write_object(out, "loadedAddresses");
    write_empty(out, "readonly");
    write_empty(out, "writable");
    json_write_end(out);
    write_logs(out, "logMessages", entry->logs);
    write_balances(out, "postBalances", entry->balances + keys, keys);
    write_empty(out, "postTokenBalances");
    write_balances(out, "preBalances", entry->balances, keys);
    write_empty(out, "preTokenBalances");
    write_empty(out, "rewards");
    write_status(out, &entry->status);
    json_write_end(out);
}

static void write_keys(struct json_writer *out, const struct transaction *transaction, bool is_parsed)
{
    json_write_array(out, "accountKeys");
    for (uint32_t i = 0; i < transaction->key_count; i++) {
        if (!is_parsed) {
            write_key(out, NULL, transaction_key(transaction, i));
            continue;
        }
        json_write_object(out, NULL);
        write_key(out, "pubkey", transaction_key(transaction, i));
        json_write_bool(out, "signer", transaction_is_signer(transaction, i));
        json_write_text(out, "source", "transaction");
        json_write_bool(out, "writable", transaction_is_writable(transaction, i));
        json_write_end(out);
    }
    json_write_end(out);
}

static void write_instruction(struct json_writer *out, const struct transaction *transaction,
                              const struct instruction *instruction, bool is_parsed)
{
    char text[BASE58_TEXT_MAX];
    json_write_object(out, NULL);
    json_write_array(out, "accounts");
    for (uint32_t i = 0; i < instruction->account_count; i++) {
        uint8_t key = transaction->bytes[instruction->accounts_at + i];
        if (is_parsed)
            write_key(out, NULL, transaction_key(transaction, key));
        else
            json_write_u64(out, NULL, key);
    }
    json_write_end(out);
    base58_encode(transaction->bytes + instruction->data_at, instruction->data_bytes, text);
    json_write_text(out, "data", text);
    if (is_parsed)
        write_key(out, "programId", transaction_key(transaction, instruction->program));
    else
        json_write_u64(out, "programIdIndex", instruction->program);
    json_write_u64(out, "stackHeight", 1);
    json_write_end(out);
}

static void write_message(struct json_writer *out, const struct transaction *transaction, bool is_parsed)
{
    json_write_object(out, "message");
    write_keys(out, transaction, is_parsed);
    if (transaction->is_versioned) write_empty(out, "addressTableLookups");
    if (!is_parsed) {
        json_write_object(out, "header");
        json_write_u64(out, "numReadonlySignedAccounts", transaction->readonly_signed);
        json_write_u64(out, "numReadonlyUnsignedAccounts", transaction->readonly_unsigned);
        json_write_u64(out, "numRequiredSignatures", transaction->required);
        json_write_end(out);
    }
    json_write_array(out, "instructions");
    for (uint32_t i = 0; i < transaction->instruction_count; i++)
        write_instruction(out, transaction, &transaction->instructions[i], is_parsed);
    json_write_end(out);
    write_key(out, "recentBlockhash", transaction_blockhash(transaction));
    json_write_end(out);
}

void rpc_write_transaction(struct json_writer *out, const struct transaction *transaction,
                           const char *encoding)
{
    char text[BASE58_TEXT_MAX > 1645 ? BASE58_TEXT_MAX : 1645];
    if (strncmp(encoding, "json", 4) == 0) {
        json_write_object(out, "transaction");
        write_message(out, transaction, strcmp(encoding, "jsonParsed") == 0);
        json_write_array(out, "signatures");
        for (uint32_t i = 0; i < transaction->signature_count; i++)
            write_signature(out, NULL, transaction_signature(transaction) + (size_t)i * SIGNATURE_BYTES);
        json_write_end(out);
        json_write_end(out);
        return;
    }
    if (strcmp(encoding, "base64") == 0)
        base64_encode(transaction->bytes, transaction->size_bytes, text);
    else
        base58_encode(transaction->bytes, transaction->size_bytes, text);
    json_write_array(out, "transaction");
    json_write_text(out, NULL, text);
    json_write_text(out, NULL, encoding);
    json_write_end(out);
}

void rpc_write_version(struct json_writer *out, const struct transaction *transaction)
{
    if (transaction->is_versioned)
        json_write_u64(out, "version", 0);
    else
        json_write_text(out, "version", "legacy");
}

bool rpc_refuse_version(struct rpc_call *call)
{
    return rpc_refuse(call, RPC_TRANSACTION_VERSION,
                      "Transaction version (0) is not supported by the requesting client. Please try the "
                      "request again with the following configuration parameter: "
                      "\"maxSupportedTransactionVersion\": 0");
}

/* How a transaction is to be written. */
bool rpc_read_encoding(struct rpc_call *call, const char **encoding)
{
    static const char *const KNOWN[] = {"json", "jsonParsed", "base64", "base58"};
    if (!rpc_option_text(call, 1, "encoding", encoding)) return false;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (strcmp(*encoding, KNOWN[i]) == 0) return true;
    return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid params: unknown variant `%.40s`.", *encoding);
}

bool rpc_commitment_of_blocks(struct rpc_call *call, uint32_t index, enum commitment *out)
{
    *out = COMMIT_FINALIZED;
    if (!rpc_commitment(call, index, "commitment", out)) return false;
    if (*out != COMMIT_PROCESSED) return true;
    return rpc_refuse(call, RPC_INVALID_PARAMS, "Method does not support commitment below `confirmed`");
}

struct wanted {
    unsigned char signature[SIGNATURE_BYTES];
    enum commitment commitment;
    const char *encoding;
    uint64_t version_max; /* RPC_LEGACY_ONLY: none */
};

/* The second parameter is an object, or just the name of an encoding. */
static bool read_wanted(struct rpc_call *call, struct wanted *out)
{
    *out =
        (struct wanted){.commitment = COMMIT_FINALIZED, .encoding = "json", .version_max = RPC_LEGACY_ONLY};
    if (!rpc_read_signature(call, rpc_text(call, 0), out->signature)) return false;
    if (rpc_has(call, 1)) {
        struct json_node node = rpc_param(call, 1), object;
        if (json_get_text(&node, NULL, &out->encoding, NULL) != OK &&
            json_get_object(&node, NULL, &object, NULL) != OK)
            return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid params: expected a map or an encoding.");
    }
    return rpc_option_number(call, 1, "maxSupportedTransactionVersion", &out->version_max) &&
           rpc_commitment_of_blocks(call, 1, &out->commitment) && rpc_read_encoding(call, &out->encoding);
}

bool rpc_get_transaction(struct rpc_call *call)
{
    struct wanted wanted;
    const struct ledger *ledger = &call->rpc->ledger;
    if (!read_wanted(call, &wanted)) return false;
    const struct entry *entry = ledger_find(ledger, wanted.signature, true);
    if (!entry || ledger_entry_commitment(ledger, entry) < wanted.commitment) {
        json_write_null(call->out, NULL);
        return true;
    }
    if (entry->transaction->is_versioned && wanted.version_max == RPC_LEGACY_ONLY)
        return rpc_refuse_version(call);
    const struct bank *bank = ledger_bank_at(ledger, entry->height);
    json_write_object(call->out, NULL);
    if (bank)
        json_write_i64(call->out, "blockTime", rpc_block_time(call, bank));
    else
        json_write_null(call->out, "blockTime");
    rpc_write_meta(call->out, entry);
    json_write_u64(call->out, "slot", entry->slot);
    rpc_write_transaction(call->out, entry->transaction, wanted.encoding);
    if (wanted.version_max != RPC_LEGACY_ONLY) rpc_write_version(call->out, entry->transaction);
    json_write_end(call->out);
    return true;
}
