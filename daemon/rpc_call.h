/* daemon/rpc_call.h: one JSON-RPC request to a node of Solana as text, and its answer read strictly.
 *
 * Pure functions over bytes. A node may be broken, old, or hostile: an answer
 * is believed only when it is JSON with one meaning, carries the id of the
 * request, and has every field that is used with its type, whole numbers in
 * range, statuses that are known, and as many as were asked for. Everything else is a fault
 * with a line that says what is wrong; faults are what endpoints are judged by.
 * Source: Solana's JSON-RPC documentation; chain.md 5. */
#pragma once
#include "daemon/rpc_transaction.h"

enum { CALL_STATUSES_MOST = 256, CALL_BODY_BYTES_MOST = 1 << 20, CALL_WHY_BYTES = 160, CALL_NAME_BYTES = 48 };

/* kind, name in counters and lines */
#define RPC_FAULT_TABLE(X)                                                                                   \
    X(FAULT_NONE, "none")                                                                                    \
    X(FAULT_CONNECT, "connect")                                                                              \
    X(FAULT_TIMEOUT, "timeout")                                                                              \
    X(FAULT_CUT, "cut_off")          /* the connection ended, or it was not HTTP */                          \
    X(FAULT_TOO_LARGE, "too_large")  /* more than CALL_BODY_BYTES_MOST */                                    \
    X(FAULT_LIMITED, "rate_limited") /* HTTP 429, or such a JSON-RPC error */                                \
    X(FAULT_STATUS, "http_status")   /* any other that is not 200 */                                         \
    X(FAULT_SYNTAX, "not_json")                                                                              \
    X(FAULT_SHAPE, "wrong_shape")   /* JSON, but not this answer */                                          \
    X(FAULT_BEHIND, "behind")       /* the node says so itself */                                            \
    X(FAULT_ERROR, "rpc_error")     /* any other error of the node, not of the request */                    \
    X(FAULT_BACKWARDS, "backwards") /* its slots went back further than forks do */                          \
    X(FAULT_AHEAD, "ahead")         /* its slots jumped where no chain can be */                             \
    X(FAULT_LAGS, "lags")           /* the other endpoints are further */

enum rpc_fault {
#define X(code, name) code,
    RPC_FAULT_TABLE(X)
#undef X
        RPC_FAULTS,
};
const char *rpc_fault_name(enum rpc_fault fault);

enum rpc_ask_kind { ASK_BLOCKHASH, ASK_SEND, ASK_STATUSES, ASK_EPOCH, ASK_BALANCE, ASK_AIRDROP };

struct rpc_ask {
    enum rpc_ask_kind kind;
    uint64_t id;
    const struct transaction *transaction; /* SEND */
    uint64_t least_slot;                   /* SEND: of the blockhash's bank */
    bool skips_preflight;                  /* SEND */
    const unsigned char *signatures;       /* STATUSES: count times SIGNATURE_BYTES */
    uint32_t count;                        /* STATUSES, at most CALL_STATUSES_MOST */
    bool searches_history;                 /* STATUSES */
    const unsigned char *key;              /* BALANCE, AIRDROP */
    uint64_t lamports;                     /* AIRDROP */
};

/* How far a transaction is. A node says it; nothing but a reorg takes it back. */
enum rpc_level { LEVEL_NONE, LEVEL_PROCESSED, LEVEL_CONFIRMED, LEVEL_FINALIZED };
extern const char *const RPC_LEVEL_NAMES[];

struct rpc_status {
    enum rpc_level level; /* NONE: null, the node knows of no such transaction */
    bool has_failed;
    uint64_t slot;
    char error[CALL_NAME_BYTES]; /* the outermost name of err */
};

struct rpc_answer {
    enum rpc_fault fault;
    char why[CALL_WHY_BYTES];         /* of a fault or a refusal */
    int64_t code;                     /* of a refusal of this very request; 0: accepted */
    char error_name[CALL_NAME_BYTES]; /* of a refusal: data.err of a preflight */
    uint64_t slot;                    /* of the answer's context, or of EPOCH; 0: it has none */
    uint64_t height;                  /* EPOCH */
    unsigned char blockhash[KEY_BYTES];
    uint64_t last_height; /* BLOCKHASH: the last block at which it is valid */
    unsigned char signature[SIGNATURE_BYTES];
    uint64_t lamports;
    uint32_t count;
    struct rpc_status statuses[CALL_STATUSES_MOST];
};

/* *text_out is the caller's to free. Commitment of all questions is confirmed. */
MUST_USE err rpc_ask_write(const struct rpc_ask *ask, char **text_out, size_t *size_bytes_out);

struct rpc_body {
    const char *text;
    size_t size_bytes;
};
void rpc_answer_read(struct rpc_answer *out, const struct rpc_ask *ask, const struct rpc_body *body);
