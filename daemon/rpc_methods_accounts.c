/* daemon/rpc_methods_accounts.c: balances, accounts, fees, the faucet. */
#include "base/base64.h"
#include "base/base58.h"
#include "base/units.h"
#include "daemon/rpc_methods.h"
#include "daemon/rpc_write.h"
#include <inttypes.h>
#include <string.h>

enum {
    ACCOUNTS_ASKED_MAX = 100,
    ACCOUNT_BYTES_MAX = 10 << 20,
    ACCOUNT_HEAD_BYTES = 128, /* what rent counts besides the data */
    RENT_LAMPORTS_A_BYTE = 6960,
    AIRDROP_SOL_MAX = 1000000,
};

static bool read_account(struct rpc_call *call, unsigned char key[KEY_BYTES], const struct bank **bank,
                         uint64_t *lamports)
{
    if (!rpc_read_key(call, rpc_text(call, 0), key) || !rpc_bank(call, 1, bank)) return false;
    *lamports = accounts_balance(&call->rpc->ledger.accounts, key, (*bank)->height);
    return true;
}

bool rpc_get_balance(struct rpc_call *call)
{
    unsigned char key[KEY_BYTES];
    const struct bank *bank;
    uint64_t lamports;
    if (!read_account(call, key, &bank, &lamports)) return false;
    rpc_begin_value(call, bank);
    json_write_u64(call->out, "value", lamports);
    rpc_end_value(call);
    return true;
}

/* All accounts here are without data, so every encoding of it is the empty text. */
static bool read_encoding(struct rpc_call *call, const char **out)
{
    static const char *const KNOWN[] = {"base64", "base58", "base64+zstd", "jsonParsed"};
    *out = "base64";
    if (!rpc_option_text(call, 1, "encoding", out)) return false;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (strcmp(*out, KNOWN[i]) == 0) {
            if (i == 3) *out = KNOWN[0];
            return true;
        }
    return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid params: unknown variant `%.40s`.", *out);
}

bool rpc_get_account_info(struct rpc_call *call)
{
    unsigned char key[KEY_BYTES];
    const struct bank *bank;
    const char *encoding;
    uint64_t lamports;
    if (!read_account(call, key, &bank, &lamports) || !read_encoding(call, &encoding)) return false;
    rpc_begin_value(call, bank);
    write_account(call->out, "value", lamports, encoding);
    rpc_end_value(call);
    return true;
}

bool rpc_get_multiple_accounts(struct rpc_call *call)
{
    unsigned char keys[ACCOUNTS_ASKED_MAX][KEY_BYTES];
    const struct bank *bank;
    const char *encoding, *text;
    struct json_node list = rpc_param(call, 0);
    size_t count = json_count(&list);
    if (count > ACCOUNTS_ASKED_MAX)
        return rpc_refuse(call, RPC_INVALID_PARAMS, "Too many inputs provided; max %d", ACCOUNTS_ASKED_MAX);
    for (size_t i = 0; i < count; i++) {
        struct json_node item = json_item(&list, i);
        if (json_get_text(&item, NULL, &text, NULL) != OK)
            return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid params: expected a string.");
        if (!rpc_read_key(call, text, keys[i])) return false;
    }
    if (!rpc_bank(call, 1, &bank) || !read_encoding(call, &encoding)) return false;
    rpc_begin_value(call, bank);
    json_write_array(call->out, "value");
    for (size_t i = 0; i < count; i++)
        write_account(call->out, NULL, accounts_balance(&call->rpc->ledger.accounts, keys[i], bank->height),
                      encoding);
    json_write_end(call->out);
    rpc_end_value(call);
    return true;
}

bool rpc_get_minimum_balance(struct rpc_call *call)
{
    uint64_t bytes = rpc_number(call, 0);
    if (bytes > ACCOUNT_BYTES_MAX)
        return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid params: data too long");
    json_write_u64(call->out, NULL, (ACCOUNT_HEAD_BYTES + bytes) * RENT_LAMPORTS_A_BYTE);
    return true;
}

bool rpc_get_fee_for_message(struct rpc_call *call)
{
    enum { TEXT_MAX = (PACKET_BYTES + 2) / 3 * 4 };
    unsigned char bytes[TEXT_MAX];
    struct transaction transaction;
    const char *text = rpc_text(call, 0);
    const struct bank *bank;
    struct diag diag = {""};
    size_t size_bytes;
    uint64_t fee;
    uint32_t height;
    if (strlen(text) > TEXT_MAX || !base64_decode(text, strlen(text), bytes, &size_bytes))
        return rpc_refuse(call, RPC_INVALID_PARAMS, "invalid base64 encoding");
    if (transaction_parse_message(&transaction, bytes, size_bytes, &diag) != OK)
        return rpc_refuse(call, RPC_INVALID_PARAMS, "failed to deserialize message: %.200s", diag.text);
    if (!rpc_bank(call, 1, &bank)) return false;
    bool is_known = ledger_knows_blockhash(&call->rpc->ledger, bank->height,
                                           transaction_blockhash(&transaction), &height) &&
                    transaction_fee(&transaction, &fee);
    rpc_begin_value(call, bank);
    if (is_known)
        json_write_u64(call->out, "value", fee);
    else
        json_write_null(call->out, "value");
    rpc_end_value(call);
    return true;
}

bool rpc_request_airdrop(struct rpc_call *call)
{
    unsigned char to[KEY_BYTES];
    struct transaction transaction;
    struct ledger *ledger = &call->rpc->ledger;
    uint64_t lamports = rpc_number(call, 1);
    if (!rpc_read_key(call, rpc_text(call, 0), to)) return false;
    if (lamports == 0 || lamports > AIRDROP_SOL_MAX * LAMPORTS_IN_SOL)
        return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid request: 1 to %d SOL", AIRDROP_SOL_MAX);
    struct transfer transfer = {.seed = ledger->faucet_seed,
                                .to = to,
                                .blockhash = ledger_bank(ledger, COMMIT_CONFIRMED)->blockhash,
                                .lamports = lamports,
                                .number = ++call->rpc->airdrops};
    transaction_transfer(&transaction, &transfer);
    if (ledger_submit(ledger, &transaction, UINT32_MAX) != OK)
        return rpc_refuse(call, RPC_INTERNAL, "too many transactions under way");
    write_signature(call->out, NULL, transaction_signature(&transaction));
    return true;
}
