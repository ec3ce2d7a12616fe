/* daemon/rpc_port.c: a table of sendings; what is answered is told. What is asked: rpc_port_ask.c. */
#include "base/assert.h"
#include "base/units.h"
#include "daemon/rpc_port_state.h"
#include <stdlib.h>
#include <string.h>

enum { HASH_BLOCKS = 150, SIGNINGS_MOST = 4 };

const struct rpc_port_options RPC_PORT_DEFAULTS = {.seed = 42,
                                                   .connect_ns = 3 * NS_PER_S,
                                                   .total_ns = 10 * NS_PER_S,
                                                   .patience_ns = 30 * NS_PER_S,
                                                   .tries_most = 6,
                                                   .poll_ns = 400 * NS_PER_MS,
                                                   .survey_ns = NS_PER_S,
                                                   .resend_ns = 2 * NS_PER_S,
                                                   .capacity = PORT_WATCHES_MOST};

static const char *const EVENT_NAMES[] = {
#define X(kind, word) word,
    PORT_EVENT_TABLE(X)
#undef X
};

const char *port_event_name(enum port_event_kind kind)
{
    return EVENT_NAMES[kind];
}

/* -- what is told -- */

static void tell_event(struct rpc_port *port, const struct sending *sending, struct port_event event)
{
    event.task = sending->task;
    event.attempt = sending->attempt;
    event.now_ns = port->now_ns;
    event.sent_slot = sending->sent_slot;
    port->counts.events[event.kind]++;
    port->options.heard(port->options.context, &event);
}

static void tell(struct rpc_port *port, const struct sending *sending, enum port_event_kind kind)
{
    tell_event(port, sending, (struct port_event){.kind = kind, .slot = sending->watch.slot});
}

static void finish(struct rpc_port *port, struct sending *sending, enum port_event_kind kind, const char *why)
{
    sending->is_over = true;
    tell_event(port, sending, (struct port_event){.kind = kind, .slot = sending->watch.slot, .why = why});
}

static void accept(struct rpc_port *port, struct sending *sending)
{
    sending->may_be_out = true;
    if (sending->is_accepted) return;
    sending->is_accepted = true;
    tell(port, sending, PORT_ACCEPTED);
}

/* -- answers -- */

uint64_t port_newest_slot(const struct rpc_port *port)
{
    const struct endpoints *endpoints = rpc_client_endpoints(port->client);
    uint64_t slot = 0;
    for (uint32_t i = 0; i < endpoints->count; i++)
        if (endpoints->list[i].slot > slot) slot = endpoints->list[i].slot;
    return slot;
}

/* Nothing of these is out: whoever submitted them may try again when nodes answer. */
static void refuse_unsigned(struct rpc_port *port, const char *why)
{
    for (uint32_t i = 0; i < port->options.capacity; i++) {
        struct sending *sending = &port->sendings[i];
        if (sending->is_used && !sending->is_over && !sending->is_signed)
            finish(port, sending, PORT_REFUSED, why);
    }
}

static void hear_hash(struct rpc_port *port, const struct rpc_answer *answer)
{
    port->hash.is_asked = false;
    if (answer->fault != FAULT_NONE) {
        refuse_unsigned(port, answer->why);
        return;
    }
    memcpy(port->hash.bytes, answer->blockhash, KEY_BYTES);
    port->hash.last_height = answer->last_height;
    port->hash.slot = answer->slot;
    port->hash.newest_slot = port_newest_slot(port);
    port->hash.at_ns = port->now_ns;
    port->hash.is_known = true;
}

/* The same bytes may be out already: then only time tells. Else new ones are signed. */
void port_renew(struct rpc_port *port, struct sending *sending)
{
    sending->due_ns = NEVER_NS;
    if (sending->may_be_out) return;
    if (sending->signings >= SIGNINGS_MOST) {
        finish(port, sending, PORT_REFUSED, "BlockhashNotFound");
        return;
    }
    sending->is_signed = false;
    if (port->hash.slot == sending->hash_slot) port->hash.is_known = false;
}

static void hear_send(struct rpc_port *port, const struct rpc_reply *reply)
{
    struct sending *sending = &port->sendings[reply->tag];
    const struct rpc_answer *answer = reply->answer;
    sending->is_sending = false;
    if (sending->is_over) return;
    sending->may_be_out |= reply->may_have_arrived;
    sending->due_ns = ns_after(port->now_ns, port->options.resend_ns);
    if (answer->fault == FAULT_NONE && (!answer->code || strcmp(answer->error_name, "AlreadyProcessed") == 0))
        accept(port, sending);
    else if (answer->fault == FAULT_NONE && strcmp(answer->error_name, "BlockhashNotFound") == 0)
        port_renew(port, sending);
    else if (!sending->may_be_out)
        finish(port, sending, PORT_REFUSED, answer->why);
}

static void lose(struct rpc_port *port, struct sending *sending, const struct watch_news *news)
{
    bool was_confirmed = news->lost >= LEVEL_CONFIRMED;
    port->counts.lost += !was_confirmed;
    port->counts.reverted += was_confirmed;
    sending->due_ns = port->now_ns; /* its leader may have it no more */
    tell_event(port, sending,
               (struct port_event){.kind = PORT_REVERTED, .slot = news->lost_slot, .before = news->lost});
}

static void climb(struct rpc_port *port, struct sending *sending, const struct watch_news *news)
{
    static const enum port_event_kind KINDS[] = {[LEVEL_PROCESSED] = PORT_PROCESSED,
                                                 [LEVEL_CONFIRMED] = PORT_CONFIRMED,
                                                 [LEVEL_FINALIZED] = PORT_FINALIZED};
    accept(port, sending);
    sending->due_ns = NEVER_NS;
    for (int level = (int)news->from + 1; level <= (int)news->to; level++) {
        if (level >= LEVEL_CONFIRMED && sending->watch.has_failed) {
            finish(port, sending, PORT_FAILED, sending->watch.error);
            return;
        }
        if (level == LEVEL_FINALIZED) sending->is_over = true;
        tell(port, sending, KINDS[level]);
    }
}

static void see(struct rpc_port *port, struct sending *sending, const struct watch_view *view)
{
    const struct watch_news news = watch_see(&sending->watch, view);
    if (news.lost != LEVEL_NONE) lose(port, sending, &news);
    if (view->status->level != LEVEL_NONE) sending->seen_ns = port->now_ns;
    if (news.to > news.from) climb(port, sending, &news);
    if (news.has_expired) finish(port, sending, PORT_EXPIRED, "the blockhash is too old and no block has it");
}

static void hear_statuses(struct rpc_port *port, const struct rpc_reply *reply)
{
    struct batch *batch = &port->batches[reply->tag];
    const struct rpc_answer *answer = reply->answer;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct sending *sending = &port->sendings[batch->sendings[i]];
        const struct watch_view view = {&answer->statuses[i], answer->slot, batch->has_history};
        sending->batches--;
        if (answer->fault == FAULT_NONE && !sending->is_over) see(port, sending, &view);
    }
    batch->is_busy = false;
}

/* A height that grew faster than slots did would let transactions expire that can still land. */
static bool is_height_possible(const struct rpc_port *port, const struct rpc_answer *answer)
{
    if (!port->hash.is_known || answer->slot < port->hash.slot) return true;
    uint64_t passed = answer->slot - port->hash.slot;
    return answer->height + HASH_BLOCKS <= port->hash.last_height + passed + ENDPOINT_SLOT_WINDOW;
}

static void hear_epoch(struct rpc_port *port, const struct rpc_reply *reply)
{
    const struct rpc_answer *answer = reply->answer;
    port->is_surveyed[reply->tag] = false;
    if (answer->fault != FAULT_NONE || !is_height_possible(port, answer)) return;
    if (answer->height <= port->height) return;
    port->height = answer->height;
    port->height_slot = answer->slot;
}

static void on_reply(void *context, const struct rpc_reply *reply)
{
    struct rpc_port *port = context;
    port->now_ns = reply->now_ns;
    switch (reply->ask->kind) {
    case ASK_BLOCKHASH: hear_hash(port, reply->answer); return;
    case ASK_SEND: hear_send(port, reply); return;
    case ASK_STATUSES: hear_statuses(port, reply); return;
    case ASK_EPOCH: hear_epoch(port, reply); return;
    case ASK_BALANCE:
    case ASK_AIRDROP: return; /* never asked here */
    }
}

static void on_complaint(void *context, const struct rpc_complaint *complaint)
{
    const struct rpc_port *port = context;
    if (port->options.complained) port->options.complained(port->options.context, complaint);
}

/* -- for the caller -- */

err rpc_port_open(struct rpc_port **out, const struct rpc_port_options *options, struct diag *diag)
{
    ASSERT(options->capacity >= 1 && options->capacity <= PORT_WATCHES_MOST);
    struct rpc_port *port = calloc(1, sizeof *port + options->capacity * sizeof port->sendings[0]);
    if (!port) return diag_fail(diag, ERR_NOMEM, "out of memory for %u transactions", options->capacity);
    port->options = *options;
    const struct rpc_client_options client = {.urls = options->urls,
                                              .seed = options->seed,
                                              .connect_ns = options->connect_ns,
                                              .total_ns = options->total_ns,
                                              .patience_ns = options->patience_ns,
                                              .tries_most = options->tries_most,
                                              .heard = on_reply,
                                              .complained = on_complaint,
                                              .context = port};
    err e = rpc_client_open(&port->client, &client, diag);
    if (e == OK)
        *out = port;
    else
        free(port);
    return e;
}

void rpc_port_free(struct rpc_port *port)
{
    if (!port) return;
    rpc_client_free(port->client);
    free(port);
}

err rpc_port_submit(struct rpc_port *port, const struct rpc_submission *submission)
{
    struct sending *sending = port->sendings;
    if (port->followed == port->options.capacity) return ERR_LIMIT;
    while (sending->is_used) sending++;
    *sending = (struct sending){.is_used = true, .task = submission->task, .attempt = submission->attempt};
    memcpy(sending->digest, submission->digest, KEY_BYTES);
    port->followed++;
    port->counts.submitted++;
    return OK;
}

int rpc_port_fd(const struct rpc_port *port)
{
    return rpc_client_fd(port->client);
}

static bool waits_for_a_call(const struct rpc_port *port, const struct sending *sending)
{
    bool wants = sending->is_signed ? !sending->is_sending && sending->watch.level == LEVEL_NONE
                                    : !port->hash.is_asked;
    return wants && rpc_client_free_calls(port->client) > 0;
}

int64_t rpc_port_next_ns(const struct rpc_port *port)
{
    int64_t next_ns = rpc_client_next_ns(port->client);
    if (!port->followed) return next_ns;
    if (port->poll_ns < next_ns) next_ns = port->poll_ns;
    if (port->survey_ns < next_ns) next_ns = port->survey_ns;
    for (uint32_t i = 0; i < port->options.capacity; i++) {
        const struct sending *sending = &port->sendings[i];
        if (sending->is_used && !sending->is_over && waits_for_a_call(port, sending) &&
            sending->due_ns < next_ns)
            next_ns = sending->due_ns;
    }
    return next_ns;
}

void rpc_port_step(struct rpc_port *port)
{
    rpc_client_step(port->client);
    port->now_ns = rpc_client_now_ns();
    if (port->followed) port_scan(port);
    rpc_client_step(port->client); /* what was just asked goes out now */
}

uint32_t rpc_port_followed(const struct rpc_port *port)
{
    return port->followed;
}

const struct rpc_client *rpc_port_client(const struct rpc_port *port)
{
    return port->client;
}

const struct rpc_port_counts *rpc_port_counts(const struct rpc_port *port)
{
    return &port->counts;
}
