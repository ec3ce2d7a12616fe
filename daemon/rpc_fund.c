/* daemon/rpc_fund.c: balance, airdrop, balance until it is there. */
#include "daemon/rpc_fund.h"
#include "base/units.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

enum { LOOK_AGAIN_MS = 200, ROUNDS_ALONE = 5 };

struct fund {
    const struct fund_order *order;
    struct rpc_client *client;
    int64_t deadline_ns;
    bool is_heard;
    struct {
        enum rpc_fault fault;
        int64_t code;
        uint64_t lamports;
        char why[CALL_WHY_BYTES];
    } last;
};

static void on_reply(void *context, const struct rpc_reply *reply)
{
    struct fund *fund = context;
    fund->is_heard = true;
    fund->last.fault = reply->answer->fault;
    fund->last.code = reply->answer->code;
    fund->last.lamports = reply->answer->lamports;
    snprintf(fund->last.why, sizeof fund->last.why, "%s", reply->answer->why);
}

static void wait_until(const struct fund *fund, int64_t until_ns)
{
    int64_t left_ns = until_ns - rpc_client_now_ns();
    if (left_ns < 0) left_ns = 0;
    struct pollfd fd = {.fd = rpc_client_fd(fund->client), .events = POLLIN};
    int ms = left_ns > NS_PER_S ? 1000 : (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
    (void)poll(&fd, 1, ms);
}

static void pause_a_little(const struct fund *fund)
{
    int64_t until_ns = rpc_client_now_ns() + LOOK_AGAIN_MS * NS_PER_MS;
    while (rpc_client_now_ns() < until_ns) {
        rpc_client_step(fund->client);
        wait_until(fund, until_ns);
    }
}

/* Once, or again and again until the deadline. False when there was no good answer. */
static bool ask(struct fund *fund, int endpoint, enum rpc_ask_kind kind, bool is_once)
{
    const struct rpc_order order = {
        .ask = {.kind = kind, .key = fund->order->wallet->key, .lamports = fund->order->lamports},
        .pinned = endpoint};
    for (;;) {
        fund->is_heard = false;
        if (rpc_client_ask(fund->client, &order) != OK) return false;
        while (!fund->is_heard) {
            rpc_client_step(fund->client);
            if (!fund->is_heard) wait_until(fund, rpc_client_next_ns(fund->client));
        }
        if (fund->last.fault == FAULT_NONE && !fund->last.code) return true;
        if (is_once || fund->last.code || rpc_client_now_ns() >= fund->deadline_ns) return false;
        pause_a_little(fund);
    }
}

static err give(struct fund *fund, int endpoint, const char *name, struct diag *diag)
{
    if (!ask(fund, endpoint, ASK_AIRDROP, false))
        return diag_fail(diag, ERR_CONFLICT,
                         "%s: gives no airdrop (%s); name a funded key pair with --wallet", name,
                         fund->last.why);
    while (rpc_client_now_ns() < fund->deadline_ns) {
        pause_a_little(fund);
        if (ask(fund, endpoint, ASK_BALANCE, true) && fund->last.lamports >= fund->order->lamports) return OK;
    }
    return diag_fail(diag, ERR_IO, "%s: the airdrop was not confirmed within %" PRId64 " s (--timeout)", name,
                     fund->order->timeout_ns / NS_PER_S);
}

/* *answers_out counts the endpoints that answered. */
static err fund_one(struct fund *fund, uint32_t index, uint32_t *answers_out, struct diag *diag)
{
    const char *name = rpc_client_endpoints(fund->client)->list[index].name;
    if (!ask(fund, (int)index, ASK_BALANCE, true)) return OK;
    if (fund->last.lamports < fund->order->lamports) {
        if (!fund->order->may_airdrop)
            return diag_fail(diag, ERR_CONFLICT, "%s: %s has %llu lamports, %llu are needed", name,
                             fund->order->wallet->address, (unsigned long long)fund->last.lamports,
                             (unsigned long long)fund->order->lamports);
        TRY(give(fund, (int)index, name, diag));
    }
    ++*answers_out;
    return OK;
}

err rpc_fund(const struct fund_order *order, struct diag *diag)
{
    struct fund fund = {.order = order, .deadline_ns = ns_after(rpc_client_now_ns(), order->timeout_ns)};
    struct rpc_client_options options = order->client;
    uint32_t answers = 0;
    options.heard = on_reply;
    options.context = &fund;
    options.complained = NULL;
    TRY(rpc_client_open(&fund.client, &options, diag));
    uint32_t count = rpc_client_endpoints(fund.client)->count;
    struct diag first = {""}; /* the first complaint is kept */
    err e = OK;
    for (int round = 1;; round++) {
        for (uint32_t i = 0; i < count; i++) {
            err one = fund_one(&fund, i, &answers, &first);
            if (one != OK) e = one;
        }
        /* Where nobody listens waiting is of no use; a node that is busy or limits us may come round. */
        bool is_vain = round == ROUNDS_ALONE && fund.last.fault == FAULT_CONNECT;
        if (answers || e != OK || is_vain || rpc_client_now_ns() >= fund.deadline_ns) break;
        pause_a_little(&fund);
    }
    rpc_client_free(fund.client);
    if (answers) return OK;
    if (e != OK) return diag_fail(diag, e, "%s", first.text);
    return diag_fail(diag, ERR_IO, "no endpoint answers: %s", fund.last.why);
}
