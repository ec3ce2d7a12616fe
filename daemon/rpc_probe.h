/* daemon/rpc_probe.h: transactions through the live chain port, one after the other, and when each came how
 * far.
 *
 * Open loop: the n-th is sent, and its latency counts, from its turn, however the others fare. Ends when
 * every one is as far as `until`, or over, or the timeout is. Times are ns since the probe began. Blocks.
 * Memory: a row a transaction, freed by rpc_probe_close. Errors: those of the port. */
#pragma once
#include "daemon/rpc_port.h"

struct probe_order {
    struct rpc_port_options port; /* heard, complained and context are the probe's */
    void (*complained)(void *context, const struct rpc_complaint *complaint);
    void *context;
    uint32_t transactions; /* at least 1 */
    int64_t every_ns;      /* 0: all at once */
    enum rpc_level until;
    int64_t timeout_ns;
};

enum probe_outcome { PROBE_OPEN, PROBE_LANDED, PROBE_REFUSED, PROBE_EXPIRED, PROBE_FAILED, PROBE_OUTCOMES };

struct probe_row {
    int64_t sent_ns /* its turn */, accepted_ns, level_ns[LEVEL_FINALIZED + 1]; /* NEVER_NS: not seen */
    enum probe_outcome outcome;
    enum rpc_level level;
    uint64_t slots_to_land;
    uint32_t reverts;
};

struct probe {
    struct probe_row *rows;
    uint32_t count, outcomes[PROBE_OUTCOMES];
    int64_t took_ns;
    struct endpoints endpoints; /* as they were at the end */
    struct rpc_client_counts client;
    struct rpc_port_counts port;
};

MUST_USE err rpc_probe(struct probe *out, const struct probe_order *order, struct diag *diag);
void rpc_probe_close(struct probe *probe); /* fine on a zeroed one */
