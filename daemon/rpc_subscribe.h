/* daemon/rpc_subscribe.h: who wants to hear what, over WebSocket.
 *
 * A signature subscription ends with its notification, as on a node. Each kind
 * hears of things in the order in which the ledger learns them, so processed
 * comes before confirmed before finalized.
 * Errors: ERR_LIMIT SUBSCRIPTIONS_MAX of all clients together; ERR_NOMEM. Threads: one. */
#pragma once
#include "daemon/rpc_ledger.h"

enum { SUBSCRIPTIONS_MAX = 1 << 15 };

enum subscription_kind {
    SUBSCRIBE_SIGNATURE,
    SUBSCRIBE_SLOT,
    SUBSCRIBE_ROOT,
    SUBSCRIBE_ACCOUNT,
    SUBSCRIBE_SLOTS_UPDATES,
    SUBSCRIBE_LOGS
};

struct subscription {
    enum subscription_kind kind;
    enum commitment commitment;
    uint32_t client;
    uint64_t id;
    bool wants_received; /* signature: a notification too when the node first has it */
    bool has_key;        /* logs: only of those that name it */
    uint64_t lamports;   /* account: as last told */
    unsigned char key[SIGNATURE_BYTES];
};

/* Takes the text of one notification to a client. */
typedef void subscription_push(void *context, uint32_t client, const char *text, size_t size_bytes);

struct subscriptions {
    struct subscription *rows;
    uint32_t count, room;
    uint32_t fresh; /* so many at the end were made by the request under way */
    uint64_t last_id;
    const struct ledger *ledger;
    int64_t unix_base_s;
    subscription_push *push;
    void *context;
};

MUST_USE err subscriptions_add(struct subscriptions *subscriptions, const struct subscription *wanted,
                               uint64_t *id);
bool subscriptions_remove(struct subscriptions *subscriptions, uint32_t client, uint64_t id,
                          enum subscription_kind kind);
void subscriptions_forget(struct subscriptions *subscriptions, uint32_t client); /* it is gone */
void subscriptions_settle(struct subscriptions *subscriptions); /* after the answer: what is true already */
void subscriptions_received(struct subscriptions *subscriptions, const unsigned char *signature);
void subscriptions_close(struct subscriptions *subscriptions);

ledger_watch subscriptions_news; /* context: the subscriptions */
