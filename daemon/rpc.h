/* daemon/rpc.h: a node of Solana, as its clients see it: what a request may look at and change.
 *
 * A request comes as text and is answered as text (rpc_answer); who carries
 * the bytes is daemon/rpc_server.h. Methods are rows of one table
 * (daemon/rpc_methods.h), subscriptions are in daemon/rpc_subscribe.h, faults
 * that an operator injects in daemon/rpc_admin.h.
 * Source: chain.md 5; the JSON-RPC 2.0 specification. Threads: one. */
#pragma once
#include "base/json.h"
#include "daemon/rpc_ledger.h"
#include "daemon/rpc_subscribe.h"

enum {
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_METHOD_NOT_FOUND = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_INTERNAL = -32603,
    RPC_BLOCK_CLEANED_UP = -32001,
    RPC_SIMULATION_FAILED = -32002,
    RPC_SIGNATURE_FAILURE = -32003,
    RPC_BLOCK_NOT_AVAILABLE = -32004,
    RPC_BEHIND = -32005,
    RPC_SLOT_SKIPPED = -32007,
    RPC_TRANSACTION_VERSION = -32015,
    RPC_MIN_CONTEXT_SLOT = -32016,
    RPC_FILTER_NOT_FOUND = -32020,
};

enum {
    HEALTH_DISTANCE = 128, /* slots behind the cluster at which a node calls itself unhealthy */
    STATUSES_MAX = 256,    /* signatures of one getSignatureStatuses */
    RPC_TEXT_BYTES = 512,
    RPC_ANSWER_BYTES =
        1 << 20, /* of a batch: what comes behind is refused, for a call is small and an answer large */
};
#define RPC_VERSION "4.0.0"

/* Chain time from the real clock. */
struct rpc_clock {
    int64_t real_ns, chain_ns; /* that moment there was this moment here */
    double scale;              /* chain ns for a real one */
    int64_t halted_until_ns;   /* real */
    int64_t seen_ns;           /* where the cluster is, when last looked */
    int64_t lag_slots;         /* the node hears of everything so many slots late */
    uint32_t opened_height;    /* confirmed when it began: until there is more, its health is unknown */
};

struct rpc_faults {
    uint32_t errors_left; /* answers to come that are this error */
    int32_t error_code;   /* negative: of JSON-RPC; positive: of HTTP */
};

struct rpc_counts {
    uint64_t requests, errors, notifications, limited, refused, admin;
};

struct rpc {
    struct ledger ledger;
    struct rpc_clock clock;
    struct rpc_faults faults;
    struct rpc_counts counts;
    struct subscriptions subscriptions;
    int64_t unix_base_s; /* of chain time 0 */
    uint64_t airdrops;
};

/* Stops the chain for that long, and lets it go on where it stood. */
void rpc_clock_halt(struct rpc *rpc, int64_t real_now_ns, int64_t for_ns);
MUST_USE err rpc_clock_advance(struct rpc *rpc, int64_t real_now_ns);
int64_t rpc_clock_wait_ns(struct rpc *rpc, int64_t real_now_ns); /* until the ledger changes by itself */
/* Confirmed here, against the cluster. A node that has just begun does not know yet. */
enum rpc_health { RPC_HEALTHY, RPC_SLOTS_BEHIND, RPC_HEALTH_UNKNOWN };
enum rpc_health rpc_health(struct rpc *rpc, uint64_t *behind);

/* One request or a batch. `client` is 0 over HTTP. False: nothing to say (notifications only).
 * *http_status is 200, or what an injected fault wants. */
struct rpc_request {
    const char *text;
    size_t size_bytes;
    uint32_t client;
};
bool rpc_answer(struct rpc *rpc, const struct rpc_request *request, FILE *out, int *http_status);
