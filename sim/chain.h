/* sim/chain.h: what becomes of a transaction, and when its sender hears of it.
 *
 * chain_submit computes the whole fate at once, in closed form over the slots:
 * nothing is scheduled in here. The fate is a function of (profile, seed, task,
 * attempt, time of submission); the slots underneath do not depend on who sends
 * what, so one chain serves every run of its seed (semantics.md 40).
 *
 * Path (chain.md A.10): the RPC node answers; it forwards the transaction to the
 * leader, again every 2 s, until it lands or the blockhash is 150 blocks old;
 * each forwarding may be dropped; what arrives waits some slots for the
 * scheduler and enters the next block that exists. A block on an abandoned fork
 * gives it back: sent again at the next 2 s.
 * The default path of a benchmark is staked with push: a service that cares
 * about latency buys a staked connection, and the published latencies that the
 * profiles are checked against are of that kind.
 *
 * Times are virtual ns, as the sender observes them. Threads: one at a time. */
#pragma once
#include "base/err.h"
#include "sim/chain_profile.h"
#include <stdint.h>

struct chain;

enum chain_verdict {
    CHAIN_LANDS,   /* accepted, processed, confirmed, finalized */
    CHAIN_REFUSED, /* transient error: the answer, at accepted_ns; may be tried again */
    CHAIN_EXPIRES, /* accepted but never lands: certain at expired_ns */
};

struct chain_fate {
    enum chain_verdict verdict;
    int64_t accepted_ns;                              /* the RPC node's answer */
    int64_t processed_ns, confirmed_ns, finalized_ns; /* NEVER_NS unless CHAIN_LANDS */
    int64_t expired_ns;                               /* NEVER_NS unless CHAIN_EXPIRES */
    int64_t reverted_ns;          /* NEVER_NS: confirmed blocks are not lost in this model */
    uint32_t slot, submit_slot;   /* of the block; at submission. 0 in a fixed chain */
    uint32_t sendings, forks_met; /* forwarded so often; abandoned blocks it was in */
};

struct chain_options {
    const struct chain_profile *profile; /* copied */
    enum chain_path path;
    uint64_t seed;
    uint32_t replication;
};

struct chain_request {
    int64_t now_ns;
    uint64_t task;    /* keys the draws */
    uint32_t attempt; /* of this task, from 0: below 4096 */
};

struct chain_stats {
    uint64_t slots, skipped, abandoned, blocks;
    int64_t span_ns; /* start of the first to end of the last slot */
};

MUST_USE err chain_open(struct chain **out, const struct chain_options *options); /* ERR_NOMEM */
void chain_free(struct chain *chain);                                             /* NULL is fine */

/* ERR_NOMEM, ERR_LIMIT: the chain could not be grown that far. */
MUST_USE err chain_submit(struct chain *chain, const struct chain_request *request, struct chain_fate *out);

/* True when this task is rejected for good, which its sender learns at confirmation
 * (semantics.md 5). rejection_draw: uniform 64 bits of the task (workload.h). */
bool chain_rejects(const struct chain *chain, uint64_t rejection_draw);

void chain_stats(const struct chain *chain, struct chain_stats *out); /* of the slots grown so far */
