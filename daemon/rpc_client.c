/* daemon/rpc_client.c: a table of calls, each waiting for an endpoint or under way to one. */
#include "daemon/rpc_client.h"
#include "base/assert.h"
#include "base/units.h"
#include "daemon/http_client.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum call_state { CALL_FREE, CALL_WAITING, CALL_UNDER_WAY };

struct call {
    struct rpc_order order;
    enum call_state state;
    uint32_t tries, endpoint;
    int64_t deadline_ns, began_ns;
    bool may_have_arrived;
    enum rpc_fault last;
    char last_why[CALL_WHY_BYTES];
};

struct rpc_client {
    struct rpc_client_options options;
    struct endpoints endpoints;
    struct http_client *http;
    struct call calls[RPC_CALLS];
    uint32_t used, waiting;
    uint64_t ids;
    struct rpc_client_counts counts;
    struct rpc_answer answer; /* of the call that is being read */
};

int64_t rpc_client_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* -- the end of a try -- */

static enum rpc_fault fault_of_http(const struct http_answer *http)
{
    static const enum rpc_fault FAULTS[] = {[HTTP_NO_CONNECTION] = FAULT_CONNECT,
                                            [HTTP_TIMED_OUT] = FAULT_TIMEOUT,
                                            [HTTP_TOO_LARGE] = FAULT_TOO_LARGE,
                                            [HTTP_BROKEN] = FAULT_CUT};
    if (http->end != HTTP_ANSWERED) return FAULTS[http->end];
    if (http->status == 429) return FAULT_LIMITED;
    return http->status == 200 ? FAULT_NONE : FAULT_STATUS;
}

static void read_answer(struct rpc_client *client, const struct call *call, const struct http_answer *http,
                        int64_t now_ns)
{
    struct rpc_answer *answer = &client->answer;
    enum rpc_fault fault = fault_of_http(http);
    if (fault != FAULT_NONE) {
        *answer = (struct rpc_answer){.fault = fault};
        if (http->end == HTTP_ANSWERED)
            snprintf(answer->why, sizeof answer->why, "HTTP status %d", http->status);
        else
            snprintf(answer->why, sizeof answer->why, "%s", http->why);
        err_make_one_line(answer->why);
        return;
    }
    const struct rpc_body body = {http->body, http->body_bytes};
    rpc_answer_read(answer, &call->order.ask, &body);
    if (answer->fault != FAULT_NONE || !answer->slot) return;
    uint64_t known = client->endpoints.list[call->endpoint].slot;
    answer->fault = endpoints_slot(&client->endpoints, call->endpoint, answer->slot, now_ns);
    if (answer->fault != FAULT_NONE)
        snprintf(answer->why, sizeof answer->why, "slot %llu, it was at %llu",
                 (unsigned long long)answer->slot, (unsigned long long)known);
}

static void complain(struct rpc_client *client, const struct call *call)
{
    const struct rpc_complaint complaint = {client->endpoints.list[call->endpoint].name, client->answer.fault,
                                            client->answer.why};
    if (client->options.complained) client->options.complained(client->options.context, &complaint);
}

static void release(struct rpc_client *client, struct call *call)
{
    call->state = CALL_FREE;
    client->used--;
}

/* The call is free only behind `heard`: what it says stays while it is read. */
static void end_call(struct rpc_client *client, struct call *call, int64_t now_ns)
{
    const struct rpc_reply reply = {.ask = &call->order.ask,
                                    .tag = call->order.tag,
                                    .answer = &client->answer,
                                    .endpoint = call->endpoint,
                                    .began_ns = call->began_ns,
                                    .now_ns = now_ns,
                                    .may_have_arrived = call->may_have_arrived};
    client->counts.given_up += client->answer.fault != FAULT_NONE;
    client->options.heard(client->options.context, &reply);
    release(client, call);
}

static bool may_arrive(const struct http_answer *http)
{
    return http->end != HTTP_NO_CONNECTION && !(http->end == HTTP_ANSWERED && http->status == 429);
}

static bool is_worth_another(const struct rpc_client *client, const struct call *call, int64_t now_ns)
{
    return call->order.pinned == RPC_ANY_ENDPOINT && call->tries < client->options.tries_most &&
           now_ns < call->deadline_ns;
}

static void on_answer(void *context, const struct http_answer *http)
{
    struct rpc_client *client = context;
    struct call *call = &client->calls[http->tag];
    int64_t now_ns = rpc_client_now_ns();
    read_answer(client, call, http, now_ns);
    enum rpc_fault fault = client->answer.fault;
    const struct endpoint_report report = {call->endpoint, call->began_ns, now_ns, fault,
                                           http->retry_after_ns};
    endpoints_report(&client->endpoints, &report);
    if (fault != FAULT_NONE) {
        complain(client, call);
        call->may_have_arrived |= may_arrive(http);
        call->last = fault;
        memcpy(call->last_why, client->answer.why, sizeof call->last_why);
        if (is_worth_another(client, call, now_ns)) {
            call->state = CALL_WAITING;
            client->waiting++;
            return;
        }
    }
    end_call(client, call, now_ns);
}

/* -- the beginning of a try -- */

static err post(struct rpc_client *client, struct call *call, int64_t now_ns)
{
    char *text;
    size_t size;
    call->order.ask.id = ++client->ids;
    TRY(rpc_ask_write(&call->order.ask, &text, &size));
    const struct http_request request = {.url = client->endpoints.list[call->endpoint].url,
                                         .body = text,
                                         .body_bytes = size,
                                         .tag = (uint64_t)(call - client->calls)};
    err e = http_client_post(client->http, &request);
    free(text);
    if (e != OK) return e;
    client->counts.requests++;
    client->counts.retries += call->tries > 0;
    call->tries++;
    call->began_ns = now_ns;
    call->state = CALL_UNDER_WAY;
    client->waiting--;
    return OK;
}

static void give_up(struct rpc_client *client, struct call *call, int64_t now_ns)
{
    client->waiting--;
    client->answer = (struct rpc_answer){.fault = call->last};
    snprintf(client->answer.why, sizeof client->answer.why, "%s",
             call->tries ? call->last_why : "no endpoint could be asked in time");
    end_call(client, call, now_ns);
}

static bool choose(struct rpc_client *client, struct call *call, int64_t now_ns)
{
    int picked = call->order.pinned;
    if (picked == RPC_ANY_ENDPOINT)
        picked = endpoints_pick(&client->endpoints, now_ns);
    else if (!endpoints_take(&client->endpoints, (uint32_t)picked, now_ns))
        return false;
    if (picked == ENDPOINT_NONE) return false;
    call->endpoint = (uint32_t)picked;
    return true;
}

static void send_off(struct rpc_client *client, int64_t now_ns)
{
    for (uint32_t i = 0; i < RPC_CALLS && client->waiting; i++) {
        struct call *call = &client->calls[i];
        if (call->state != CALL_WAITING) continue;
        if (now_ns >= call->deadline_ns) {
            give_up(client, call, now_ns);
            continue;
        }
        if (!http_client_free_transfers(client->http) || !choose(client, call, now_ns)) continue;
        err e = post(client, call, now_ns);
        if (e == OK) continue;
        const struct endpoint_report report = {call->endpoint, now_ns, now_ns, FAULT_CONNECT, 0};
        endpoints_report(&client->endpoints, &report);
        snprintf(call->last_why, sizeof call->last_why, "%s", err_text(e));
        call->last = FAULT_CONNECT;
        call->tries++;
        if (call->tries >= client->options.tries_most) give_up(client, call, now_ns);
    }
}

/* -- for the caller -- */

err rpc_client_open(struct rpc_client **out, const struct rpc_client_options *options, struct diag *diag)
{
    struct rpc_client *client = calloc(1, sizeof *client);
    if (!client) return diag_fail(diag, ERR_NOMEM, "out of memory for a client");
    client->options = *options;
    err e = endpoints_open(&client->endpoints, options->urls, options->seed, diag);
    if (e == OK) {
        const struct http_options http = {options->connect_ns, options->total_ns, CALL_BODY_BYTES_MOST,
                                          on_answer, client};
        e = http_client_open(&client->http, &http);
        if (e != OK) e = diag_fail(diag, e, "a client of HTTP cannot be opened: %s", err_text(e));
    }
    if (e == OK)
        *out = client;
    else
        rpc_client_free(client);
    return e;
}

void rpc_client_free(struct rpc_client *client)
{
    if (!client) return;
    http_client_free(client->http);
    free(client);
}

err rpc_client_ask(struct rpc_client *client, const struct rpc_order *order)
{
    struct call *call = client->calls;
    int64_t now_ns = rpc_client_now_ns();
    if (client->used == RPC_CALLS) return ERR_LIMIT;
    while (call->state != CALL_FREE) call++;
    *call = (struct call){.order = *order,
                          .state = CALL_WAITING,
                          .last = FAULT_CONNECT,
                          .deadline_ns = ns_after(now_ns, client->options.patience_ns)};
    client->used++;
    client->waiting++;
    return OK;
}

uint32_t rpc_client_free_calls(const struct rpc_client *client)
{
    return RPC_CALLS - client->used;
}

int rpc_client_fd(const struct rpc_client *client)
{
    return http_client_fd(client->http);
}

/* When a waiting call can be sent. With every transfer busy, the end of one is what it waits for. */
static int64_t call_next_ns(const struct rpc_client *client, const struct call *call)
{
    int64_t next_ns = NEVER_NS;
    if (http_client_free_transfers(client->http))
        next_ns = call->order.pinned == RPC_ANY_ENDPOINT
                      ? endpoints_next_ns(&client->endpoints)
                      : endpoint_next_ns(&client->endpoints.list[call->order.pinned]);
    return next_ns < call->deadline_ns ? next_ns : call->deadline_ns;
}

int64_t rpc_client_next_ns(const struct rpc_client *client)
{
    int64_t next_ns = http_client_next_ns(client->http);
    for (uint32_t i = 0; i < RPC_CALLS && client->waiting; i++) {
        if (client->calls[i].state != CALL_WAITING) continue;
        int64_t call_ns = call_next_ns(client, &client->calls[i]);
        if (call_ns < next_ns) next_ns = call_ns;
    }
    return next_ns;
}

void rpc_client_step(struct rpc_client *client)
{
    http_client_step(client->http);
    if (client->waiting) send_off(client, rpc_client_now_ns());
}

const struct endpoints *rpc_client_endpoints(const struct rpc_client *client)
{
    return &client->endpoints;
}

const struct rpc_client_counts *rpc_client_counts(const struct rpc_client *client)
{
    return &client->counts;
}
