/* daemon/rpc_port_state.h: the live chain port from inside. */
#pragma once
#include "daemon/rpc_port.h"
#include "daemon/rpc_watch.h"

struct sending {
    bool is_used, is_over, is_signed, may_be_out, is_accepted, is_sending;
    uint32_t batches, signings, attempt; /* batches: questions under way about it */
    uint64_t task, last_height, sent_slot, hash_slot;
    int64_t due_ns, seen_ns; /* due: to be sent; NEVER_NS: not again */
    unsigned char digest[KEY_BYTES];
    struct transaction transaction;
    struct watch watch;
};

struct batch {
    bool is_busy, has_history;
    uint32_t count;
    uint32_t sendings[CALL_STATUSES_MOST];
    unsigned char signatures[CALL_STATUSES_MOST][SIGNATURE_BYTES];
};

struct rpc_port {
    struct rpc_port_options options;
    struct rpc_client *client;
    struct rpc_port_counts counts;
    int64_t now_ns, poll_ns, survey_ns; /* poll, survey: when the next is due */
    uint32_t followed;
    struct {
        bool is_asked, is_known;
        unsigned char bytes[KEY_BYTES];
        uint64_t last_height, slot, newest_slot; /* newest: of any endpoint, when it came */
        int64_t at_ns;
    } hash;
    uint64_t height, height_slot; /* the greatest height that was believed */
    bool is_surveyed[ENDPOINTS_MOST];
    struct batch batches[PORT_BATCHES];
    struct sending sendings[];
};

void port_scan(struct rpc_port *port);                           /* asks what is due, forgets what is over */
void port_renew(struct rpc_port *port, struct sending *sending); /* the blockhash is too old, or not known */
uint64_t port_newest_slot(const struct rpc_port *port);
