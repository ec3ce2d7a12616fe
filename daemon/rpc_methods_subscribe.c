/* daemon/rpc_methods_subscribe.c: the methods that only a WebSocket has. */
#include "base/base58.h"
#include "daemon/rpc_methods.h"
#include <string.h>

static bool subscribe(struct rpc_call *call, struct subscription *wanted)
{
    uint64_t id;
    if (!call->client) return rpc_refuse(call, RPC_METHOD_NOT_FOUND, "Method not found");
    wanted->client = call->client;
    if (subscriptions_add(&call->rpc->subscriptions, wanted, &id) != OK)
        return rpc_refuse(call, RPC_INTERNAL,
                          "Internal Error: Subscription refused. Node subscription limit reached");
    json_write_u64(call->out, NULL, id);
    return true;
}

static bool unsubscribe(struct rpc_call *call, enum subscription_kind kind)
{
    struct subscriptions *subscriptions = &call->rpc->subscriptions;
    struct json_node node = rpc_param(call, 0);
    int64_t id;
    if (!call->client) return rpc_refuse(call, RPC_METHOD_NOT_FOUND, "Method not found");
    bool is_gone =
        json_get_i64(&node, NULL, &id, NULL) == OK && id > 0 && (uint64_t)id <= subscriptions->last_id;
    if (is_gone) {
        (void)subscriptions_remove(subscriptions, call->client, (uint64_t)id, kind);
        json_write_bool(call->out, NULL, true); /* one that ended by itself too */
        return true;
    }
    return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid subscription id.");
}

bool rpc_signature_subscribe(struct rpc_call *call)
{
    struct subscription wanted = {.kind = SUBSCRIBE_SIGNATURE, .commitment = COMMIT_FINALIZED};
    if (!rpc_read_signature(call, rpc_text(call, 0), wanted.key)) return false;
    if (!rpc_commitment(call, 1, "commitment", &wanted.commitment)) return false;
    if (!rpc_option_bool(call, 1, "enableReceivedNotification", &wanted.wants_received)) return false;
    return subscribe(call, &wanted);
}

bool rpc_account_subscribe(struct rpc_call *call)
{
    const struct ledger *ledger = &call->rpc->ledger;
    struct subscription wanted = {.kind = SUBSCRIBE_ACCOUNT, .commitment = COMMIT_FINALIZED};
    if (!rpc_read_key(call, rpc_text(call, 0), wanted.key)) return false;
    if (!rpc_commitment(call, 1, "commitment", &wanted.commitment)) return false;
    wanted.lamports =
        accounts_balance(&ledger->accounts, wanted.key, ledger_bank(ledger, wanted.commitment)->height);
    return subscribe(call, &wanted);
}

/* "all", "allWithVotes" (there are no votes here), or {"mentions": [one key]}. */
bool rpc_logs_subscribe(struct rpc_call *call)
{
    struct subscription wanted = {.kind = SUBSCRIBE_LOGS, .commitment = COMMIT_FINALIZED};
    struct json_node filter = rpc_param(call, 0), keys;
    const char *text;
    if (json_get_text(&filter, NULL, &text, NULL) == OK) {
        if (strcmp(text, "all") != 0 && strcmp(text, "allWithVotes") != 0)
            return rpc_refuse(call, RPC_INVALID_PARAMS,
                              "Invalid params: unknown variant `%.40s`, expected one of `all`, "
                              "`allWithVotes`, `mentions`.",
                              text);
    } else {
        if (json_get_array(&filter, "mentions", &keys, NULL) != OK || json_count(&keys) != 1)
            return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid Request: Only 1 address supported");
        struct json_node key = json_item(&keys, 0);
        if (json_get_text(&key, NULL, &text, NULL) != OK)
            return rpc_refuse(call, RPC_INVALID_PARAMS, "Invalid params: expected a string.");
        if (!rpc_read_key(call, text, wanted.key)) return false;
        wanted.has_key = true;
    }
    if (!rpc_commitment(call, 1, "commitment", &wanted.commitment)) return false;
    return subscribe(call, &wanted);
}

bool rpc_logs_unsubscribe(struct rpc_call *call)
{
    return unsubscribe(call, SUBSCRIBE_LOGS);
}

bool rpc_slot_subscribe(struct rpc_call *call)
{
    struct subscription wanted = {.kind = SUBSCRIBE_SLOT};
    return subscribe(call, &wanted);
}

bool rpc_root_subscribe(struct rpc_call *call)
{
    struct subscription wanted = {.kind = SUBSCRIBE_ROOT};
    return subscribe(call, &wanted);
}

bool rpc_slots_updates_subscribe(struct rpc_call *call)
{
    struct subscription wanted = {.kind = SUBSCRIBE_SLOTS_UPDATES};
    return subscribe(call, &wanted);
}

bool rpc_signature_unsubscribe(struct rpc_call *call)
{
    return unsubscribe(call, SUBSCRIBE_SIGNATURE);
}

bool rpc_account_unsubscribe(struct rpc_call *call)
{
    return unsubscribe(call, SUBSCRIBE_ACCOUNT);
}

bool rpc_slot_unsubscribe(struct rpc_call *call)
{
    return unsubscribe(call, SUBSCRIBE_SLOT);
}

bool rpc_root_unsubscribe(struct rpc_call *call)
{
    return unsubscribe(call, SUBSCRIBE_ROOT);
}

bool rpc_slots_updates_unsubscribe(struct rpc_call *call)
{
    return unsubscribe(call, SUBSCRIBE_SLOTS_UPDATES);
}
