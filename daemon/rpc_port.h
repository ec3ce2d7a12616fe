/* daemon/rpc_port.h: the live chain port: transactions to real nodes, and what becomes of them.
 *
 * A submission becomes a memo signed over a fresh blockhash, sent again every
 * resend_ns until it is in a block, and followed by getSignatureStatuses, up
 * to 256 signatures a question. Told in this order, each once unless a reorg
 * comes between:
 *
 *     accepted -> processed -> confirmed -> finalized            the whole way
 *     ... -> reverted -> processed ...      its block was lost, or it moved to another: seen anew
 *     ... -> failed                         in a confirmed block, with an error of the program
 *     refused                               no node took it, and none can have it
 *     [accepted ->] expired                 its blockhash is too old, and it is in no block
 *
 * A signature that a node may have is never given up before it expired: one
 * that timed out may still land, and a second one beside it would be a second
 * transaction. Expiry is believed when the block height is beyond the last one
 * of the blockhash and a later view, searched with history, has it nowhere; a processed
 * status is lost when a view not older than it says so, a confirmed one when two say so.
 * Never blocks: as daemon/rpc_client.h. Memory: capacity watches of about 2 KiB,
 * PORT_BATCHES questions. Threads: one.
 * Errors: ERR_LIMIT capacity watches are followed; those of the client. */
#pragma once
#include "daemon/rpc_client.h"
#include "daemon/wallet.h"

enum { PORT_BATCHES = 16, PORT_WATCHES_MOST = PORT_BATCHES * CALL_STATUSES_MOST };

/* kind, word for people */
#define PORT_EVENT_TABLE(X)                                                                                  \
    X(PORT_ACCEPTED, "accepted")                                                                             \
    X(PORT_PROCESSED, "processed")                                                                           \
    X(PORT_CONFIRMED, "confirmed")                                                                           \
    X(PORT_FINALIZED, "finalized")                                                                           \
    X(PORT_REVERTED, "reverted")                                                                             \
    X(PORT_FAILED, "failed")                                                                                 \
    X(PORT_REFUSED, "refused")                                                                               \
    X(PORT_EXPIRED, "expired")

enum port_event_kind {
#define X(kind, word) kind,
    PORT_EVENT_TABLE(X)
#undef X
        PORT_EVENT_KINDS,
};
const char *port_event_name(enum port_event_kind kind);

struct port_event {
    enum port_event_kind kind;
    uint64_t task;
    uint32_t attempt;
    int64_t now_ns;
    uint64_t slot;         /* of the block; 0: none */
    uint64_t sent_slot;    /* the newest that was known when it was first sent */
    enum rpc_level before; /* REVERTED: how far it had been */
    const char *why;       /* FAILED, REFUSED, EXPIRED; borrowed */
};

struct rpc_port_options {
    const char *urls;
    uint64_t seed;
    int64_t connect_ns, total_ns, patience_ns; /* of a question */
    uint32_t tries_most;
    int64_t poll_ns, survey_ns, resend_ns;
    uint32_t capacity; /* 1 .. PORT_WATCHES_MOST */
    const struct wallet *wallet;
    void (*heard)(void *context, const struct port_event *event); /* may submit */
    void (*complained)(void *context, const struct rpc_complaint *complaint);
    void *context;
};
/* What suits a public cluster; the caller fills in urls, wallet, capacity and the rest. */
extern const struct rpc_port_options RPC_PORT_DEFAULTS;

struct rpc_port_counts {
    uint64_t submitted, sends, resends, polls, signatures_polled;
    uint64_t lost;     /* processed, then not any more */
    uint64_t reverted; /* the same of confirmed ones */
    uint64_t events[PORT_EVENT_KINDS];
};

struct rpc_port;

MUST_USE err rpc_port_open(struct rpc_port **out, const struct rpc_port_options *options, struct diag *diag);
void rpc_port_free(struct rpc_port *port); /* NULL is fine */

struct rpc_submission {
    uint64_t task;
    uint32_t attempt;            /* makes another transaction of the same digest */
    const unsigned char *digest; /* KEY_BYTES: what is committed to */
};
MUST_USE err rpc_port_submit(struct rpc_port *port, const struct rpc_submission *submission);

int rpc_port_fd(const struct rpc_port *port);
int64_t rpc_port_next_ns(const struct rpc_port *port); /* of CLOCK_MONOTONIC; NEVER_NS: nothing is followed */
void rpc_port_step(struct rpc_port *port);

uint32_t rpc_port_followed(const struct rpc_port *port);
const struct rpc_client *rpc_port_client(const struct rpc_port *port);
const struct rpc_port_counts *rpc_port_counts(const struct rpc_port *port);
