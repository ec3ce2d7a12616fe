/* daemon/rpc_admin.h: what an operator may do to the chain while clients use it: POST /admin/NAME.
 *
 * Bodies are JSON objects; every answer is one. There is no password: the
 * server listens on loopback unless told otherwise. */
#pragma once
#include "daemon/rpc.h"

#define ADMIN_TABLE(X)                                                                                       \
    X(reorg, admin_reorg, "{\"depth\": N}: the newest N unconfirmed blocks are lost")                        \
    X(skip, admin_skip, "{\"slots\": N}: the next N blocks are not built")                                   \
    X(halt, admin_halt, "{\"ms\": N}: no block for so long, real time; 0 ends it")                           \
    X(lag, admin_lag, "{\"slots\": N}: the node is so far behind the cluster; 0 lets it catch up")           \
    X(drop, admin_drop, "{\"chance\": P, \"ms\": N}: forwarded transactions are lost, chain time")           \
    X(errors, admin_errors,                                                                                  \
      "{\"code\": C, \"count\": N}: the next N answers; C below 0 is of JSON-RPC, "                          \
      "400 to 599 of HTTP")                                                                                  \
    X(status, admin_status, "{}: counters and where the chain is")

struct admin_request {
    const char *name; /* behind /admin/ */
    const char *text; /* the body */
    size_t size_bytes;
    int64_t real_now_ns;
};

/* The HTTP status; the answer goes to `out`. */
int rpc_admin(struct rpc *rpc, const struct admin_request *request, FILE *out);
