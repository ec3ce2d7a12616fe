/* daemon/rpc_methods_send.c: sending and simulating: decode, verify, health, preflight. */
#include "base/base58.h"
#include "base/base64.h"
#include "daemon/rpc_methods.h"
#include "daemon/rpc_write.h"
#include <string.h>

enum { BASE58_LETTERS_MAX = 1683, BASE64_LETTERS_MAX = 1644 }; /* of a packet (chain.md 4) */

static bool decode(struct rpc_call *call, const char *fallback, unsigned char *bytes, size_t *size_bytes)
{
    const char *encoding = fallback, *text = rpc_text(call, 0);
    size_t letters = strlen(text);
    if (!rpc_option_text(call, 1, "encoding", &encoding)) return false;
    bool is_base64 = strcmp(encoding, "base64") == 0;
    if (!is_base64 && strcmp(encoding, "base58") != 0)
        return rpc_refuse(call, RPC_INVALID_PARAMS,
                          "unsupported encoding: %.20s. Supported encodings: base58, base64", encoding);
    size_t most = is_base64 ? BASE64_LETTERS_MAX : BASE58_LETTERS_MAX;
    if (letters > most)
        return rpc_refuse(
            call, RPC_INVALID_PARAMS,
            "%s encoded solana_transaction::versioned::VersionedTransaction too large: %zu bytes "
            "(max: encoded/raw %zu/%d)",
            encoding, letters, most, PACKET_BYTES);
    bool is_good = is_base64 ? base64_decode(text, letters, bytes, size_bytes)
                             : base58_decode(text, bytes, PACKET_BYTES, size_bytes);
    return is_good || rpc_refuse(call, RPC_INVALID_PARAMS, "invalid %s encoding", encoding);
}

static bool read_transaction(struct rpc_call *call, const char *encoding, struct transaction *out)
{
    unsigned char bytes[BASE64_LETTERS_MAX];
    size_t size_bytes;
    struct diag diag = {""};
    if (!decode(call, encoding, bytes, &size_bytes)) return false;
    if (transaction_parse(out, bytes, size_bytes, &diag) == OK) return true;
    bool is_sanitizing = strncmp(diag.text, "invalid transaction", strlen("invalid transaction")) == 0;
    return rpc_refuse(
        call, RPC_INVALID_PARAMS, "%s%.300s",
        is_sanitizing ? "" : "failed to deserialize solana_transaction::versioned::VersionedTransaction: ",
        diag.text);
}

void rpc_write_simulation(struct json_writer *out, const char *key, const struct outcome *outcome)
{
    json_write_object(out, key);
    json_write_null(out, "accounts");
    write_tx_error(out, "err", &outcome->status);
    if (outcome->fee_lamports)
        json_write_u64(out, "fee", outcome->fee_lamports);
    else
        json_write_null(out, "fee");
    json_write_null(out, "innerInstructions");
    json_write_u64(out, "loadedAccountsDataSize", 0);
    write_logs(out, "logs", outcome->logs);
    json_write_null(out, "replacementBlockhash");
    json_write_null(out, "returnData");
    json_write_u64(out, "unitsConsumed", outcome->units);
    json_write_end(out);
}

static bool preflight(struct rpc_call *call, const struct transaction *transaction, const struct bank *bank)
{
    struct ledger *ledger = &call->rpc->ledger;
    if (!transaction_is_signed(transaction))
        return rpc_refuse(call, RPC_SIGNATURE_FAILURE, "Transaction signature verification failure");
    if (!rpc_check_health(call)) return false;
    struct simulation simulation = {.bank = bank};
    ledger_simulate(ledger, transaction, &simulation, &ledger->scratch);
    if (ledger->scratch.status.error == TX_OK) return true;
    char words[TX_TEXT_BYTES];
    tx_status_text(&ledger->scratch.status, words);
    call->data = DATA_SIMULATION;
    return rpc_refuse(call, RPC_SIMULATION_FAILED, "Transaction simulation failed: %s", words);
}

bool rpc_send_transaction(struct rpc_call *call)
{
    struct transaction transaction;
    bool skips = false;
    uint64_t tries_max = UINT32_MAX, least = 0;
    enum commitment commitment = COMMIT_FINALIZED;
    if (!rpc_option_bool(call, 1, "skipPreflight", &skips) ||
        !rpc_commitment(call, 1, "preflightCommitment", &commitment) ||
        !rpc_option_number(call, 1, "maxRetries", &tries_max) ||
        !rpc_option_number(call, 1, "minContextSlot", &least) ||
        !read_transaction(call, "base58", &transaction))
        return false;
    if (skips) commitment = COMMIT_PROCESSED;
    const struct bank *bank = ledger_bank(&call->rpc->ledger, commitment);
    if (bank->slot < least) {
        call->data = DATA_CONTEXT_SLOT;
        call->number = bank->slot;
        return rpc_refuse(call, RPC_MIN_CONTEXT_SLOT, "Minimum context slot has not been reached");
    }
    if (!skips && !preflight(call, &transaction, bank)) return false;
    if (tries_max > UINT32_MAX) tries_max = UINT32_MAX;
    if (ledger_submit(&call->rpc->ledger, &transaction, (uint32_t)tries_max) != OK)
        return rpc_refuse(call, RPC_INTERNAL, "too many transactions under way");
    subscriptions_received(&call->rpc->subscriptions, transaction_signature(&transaction));
    write_signature(call->out, NULL, transaction_signature(&transaction));
    return true;
}

bool rpc_simulate_transaction(struct rpc_call *call)
{
    struct transaction transaction;
    struct ledger *ledger = &call->rpc->ledger;
    bool verifies = false, replaces = false;
    const struct bank *bank;
    if (!rpc_option_bool(call, 1, "sigVerify", &verifies) ||
        !rpc_option_bool(call, 1, "replaceRecentBlockhash", &replaces) || !rpc_bank(call, 1, &bank))
        return false;
    if (verifies && replaces)
        return rpc_refuse(call, RPC_INVALID_PARAMS, "sigVerify may not be used with replaceRecentBlockhash");
    if (!read_transaction(call, "base58", &transaction)) return false;
    if (verifies && !transaction_is_signed(&transaction))
        return rpc_refuse(call, RPC_SIGNATURE_FAILURE, "Transaction signature verification failure");
    struct simulation simulation = {.bank = bank, .ignores_blockhash = replaces};
    ledger_simulate(ledger, &transaction, &simulation, &ledger->scratch);
    rpc_begin_value(call, bank);
    rpc_write_simulation(call->out, "value", &ledger->scratch);
    rpc_end_value(call);
    return true;
}
