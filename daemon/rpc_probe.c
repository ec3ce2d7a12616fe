/* daemon/rpc_probe.c: a loop around the port that notes what it tells. */
#include "daemon/rpc_probe.h"
#include "base/sha256.h"
#include "base/units.h"
#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct run {
    struct probe *probe;
    const struct probe_order *order;
    struct rpc_port *port;
    int64_t began_ns;
    uint32_t submitted, done;
};

static const enum rpc_level LEVELS[PORT_EVENT_KINDS] = {[PORT_PROCESSED] = LEVEL_PROCESSED,
                                                        [PORT_CONFIRMED] = LEVEL_CONFIRMED,
                                                        [PORT_FINALIZED] = LEVEL_FINALIZED};
static const enum probe_outcome OUTCOMES[PORT_EVENT_KINDS] = {
    [PORT_REFUSED] = PROBE_REFUSED, [PORT_EXPIRED] = PROBE_EXPIRED, [PORT_FAILED] = PROBE_FAILED};

static void see_level(struct run *run, struct probe_row *row, const struct port_event *event,
                      enum rpc_level level)
{
    row->level = level;
    row->level_ns[level] = event->now_ns - run->began_ns;
    row->slots_to_land = event->slot > event->sent_slot ? event->slot - event->sent_slot : 0;
    if (row->outcome != PROBE_OPEN || level < run->order->until) return;
    row->outcome = PROBE_LANDED;
    run->done++;
}

/* The times of the way that counts in the end. */
static void see_loss(struct run *run, struct probe_row *row)
{
    row->reverts++;
    row->level = LEVEL_NONE;
    for (int i = LEVEL_PROCESSED; i <= LEVEL_FINALIZED; i++) row->level_ns[i] = NEVER_NS;
    if (row->outcome != PROBE_LANDED) return;
    row->outcome = PROBE_OPEN;
    run->done--;
}

static void on_event(void *context, const struct port_event *event)
{
    struct run *run = context;
    struct probe_row *row = &run->probe->rows[event->task];
    if (event->kind == PORT_ACCEPTED)
        row->accepted_ns = event->now_ns - run->began_ns;
    else if (event->kind == PORT_REVERTED)
        see_loss(run, row);
    else if (LEVELS[event->kind] != LEVEL_NONE)
        see_level(run, row, event, LEVELS[event->kind]);
    else {
        row->outcome = OUTCOMES[event->kind];
        run->done++;
    }
}

static void on_complaint(void *context, const struct rpc_complaint *complaint)
{
    const struct run *run = context;
    if (run->order->complained) run->order->complained(run->order->context, complaint);
}

static int64_t turn_ns(const struct run *run)
{
    return run->began_ns + run->submitted * run->order->every_ns;
}

static void submit_due(struct run *run, int64_t now_ns)
{
    struct probe *probe = run->probe;
    while (run->submitted < probe->count && turn_ns(run) <= now_ns) {
        unsigned char digest[KEY_BYTES];
        sha256_of(&run->submitted, sizeof run->submitted, digest);
        const struct rpc_submission submission = {run->submitted, 0, digest};
        if (rpc_port_submit(run->port, &submission) != OK) return; /* full: later, and the wait counts */
        struct probe_row *row = &probe->rows[run->submitted];
        *row = (struct probe_row){.sent_ns = turn_ns(run) - run->began_ns, .accepted_ns = NEVER_NS};
        run->submitted++;
        for (int i = 0; i <= LEVEL_FINALIZED; i++) row->level_ns[i] = NEVER_NS;
    }
}

static void wait_for_news(const struct run *run, int64_t deadline_ns)
{
    int64_t until_ns = rpc_port_next_ns(run->port), now_ns = rpc_client_now_ns();
    bool is_full = rpc_port_followed(run->port) == run->order->port.capacity;
    if (run->submitted < run->probe->count && !is_full && turn_ns(run) < until_ns) until_ns = turn_ns(run);
    if (deadline_ns < until_ns) until_ns = deadline_ns;
    int64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    struct pollfd fd = {.fd = rpc_port_fd(run->port), .events = POLLIN};
    (void)poll(&fd, 1, left_ns > NS_PER_S ? 1000 : (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS));
}

static void loop(struct run *run)
{
    int64_t deadline_ns = ns_after(run->began_ns, run->order->timeout_ns), now_ns = run->began_ns;
    while (run->done < run->probe->count && now_ns < deadline_ns) {
        submit_due(run, now_ns);
        rpc_port_step(run->port);
        if (run->done < run->probe->count) wait_for_news(run, deadline_ns);
        now_ns = rpc_client_now_ns();
    }
    run->probe->took_ns = now_ns - run->began_ns;
}

err rpc_probe(struct probe *out, const struct probe_order *order, struct diag *diag)
{
    struct probe probe = {.count = order->transactions};
    struct run run = {.probe = &probe, .order = order};
    struct rpc_port_options options = order->port;
    options.heard = on_event;
    options.complained = on_complaint;
    options.context = &run;
    probe.rows = calloc(order->transactions, sizeof *probe.rows);
    if (!probe.rows) return diag_fail(diag, ERR_NOMEM, "out of memory for %u rows", order->transactions);
    err e = rpc_port_open(&run.port, &options, diag);
    if (e != OK) {
        free(probe.rows);
        return e;
    }
    run.began_ns = rpc_client_now_ns();
    loop(&run);
    probe.count = run.submitted;
    for (uint32_t i = 0; i < probe.count; i++) probe.outcomes[probe.rows[i].outcome]++;
    probe.endpoints = *rpc_client_endpoints(rpc_port_client(run.port));
    probe.client = *rpc_client_counts(rpc_port_client(run.port));
    probe.port = *rpc_port_counts(run.port);
    rpc_port_free(run.port);
    *out = probe;
    return OK;
}

void rpc_probe_close(struct probe *probe)
{
    free(probe->rows);
    *probe = (struct probe){0};
}
