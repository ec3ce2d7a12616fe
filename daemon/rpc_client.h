/* daemon/rpc_client.h: questions to Solana nodes: asked again elsewhere until one answers well.
 *
 * A question goes to the endpoint that daemon/rpc_endpoints.h picks. When the
 * answer is a fault (daemon/rpc_call.h), it is counted there, told with one
 * line, and the question is asked again, elsewhere or later, at most
 * tries_most times and within patience_ns of its start. Whatever happens, it
 * ends in exactly one call of `heard`, from inside rpc_client_step.
 * A pinned question goes to one endpoint, once: so all are kept known.
 * Never blocks: wait for rpc_client_fd to be readable, at most until
 * rpc_client_next_ns, then step.
 * Memory: RPC_CALLS questions and what daemon/http_client.h holds. What a question points to
 * is the caller's and stays until `heard`. Threads: one.
 * Errors: ERR_LIMIT when RPC_CALLS are under way; ERR_USAGE addresses; ERR_NOMEM, ERR_IO. */
#pragma once
#include "daemon/rpc_endpoints.h"

enum { RPC_CALLS = 256, RPC_ANY_ENDPOINT = -1 };

struct rpc_reply {
    const struct rpc_ask *ask;
    uint64_t tag;
    const struct rpc_answer *answer; /* its fault: the last one, when nobody answered well */
    uint32_t endpoint;
    int64_t began_ns, now_ns; /* of the last try */
    bool may_have_arrived;    /* a try ended so that nobody knows */
};

struct rpc_complaint {
    const char *endpoint;
    enum rpc_fault fault;
    const char *why;
};

struct rpc_client_options {
    const char *urls;
    uint64_t seed; /* of the jitter */
    int64_t connect_ns, total_ns, patience_ns;
    uint32_t tries_most;
    void (*heard)(void *context, const struct rpc_reply *reply);
    void (*complained)(void *context, const struct rpc_complaint *complaint); /* NULL: nobody listens */
    void *context;
};

struct rpc_client_counts {
    uint64_t requests, retries, given_up;
};

struct rpc_client;

MUST_USE err rpc_client_open(struct rpc_client **out, const struct rpc_client_options *options,
                             struct diag *diag);
void rpc_client_free(struct rpc_client *client); /* NULL is fine; what is under way is not heard of */

struct rpc_order {
    struct rpc_ask ask; /* its id is given here */
    uint64_t tag;
    int pinned; /* an endpoint, or RPC_ANY_ENDPOINT */
};
MUST_USE err rpc_client_ask(struct rpc_client *client, const struct rpc_order *order);
uint32_t rpc_client_free_calls(const struct rpc_client *client);

int rpc_client_fd(const struct rpc_client *client);
int64_t rpc_client_next_ns(const struct rpc_client *client); /* of CLOCK_MONOTONIC */
void rpc_client_step(struct rpc_client *client);
int64_t rpc_client_now_ns(void); /* CLOCK_MONOTONIC */

const struct endpoints *rpc_client_endpoints(const struct rpc_client *client);
const struct rpc_client_counts *rpc_client_counts(const struct rpc_client *client);
