/* daemon/rpc_port_ask.c: what is due is asked: blockhashes, sendings, statuses, heights. */
#include "base/units.h"
#include "daemon/rpc_port_state.h"
#include <string.h>

/* Most of a blockhash's life, 150 blocks, is left for the transaction: by the clock, and by slots, because
 * the clock of a simulated chain may run fast. */
enum { HASH_FRESH_S = 2, HASH_FRESH_SLOTS = 32 };
enum { UNSEEN_S = 20 }; /* then a status may have left the node's cache: history is searched */

static bool ask(struct rpc_port *port, const struct rpc_order *order)
{
    return rpc_client_ask(port->client, order) == OK;
}

static void ask_hash(struct rpc_port *port)
{
    if (port->hash.is_asked) return;
    port->hash.is_asked =
        ask(port, &(struct rpc_order){.ask = {.kind = ASK_BLOCKHASH}, .pinned = RPC_ANY_ENDPOINT});
}

static void sign(struct rpc_port *port, struct sending *sending)
{
    const struct wallet_commitment commitment = {sending->digest, port->hash.bytes, sending->attempt};
    wallet_sign(port->options.wallet, &commitment, &sending->transaction);
    sending->is_signed = true;
    sending->signings++;
    sending->last_height = port->hash.last_height;
    sending->hash_slot = port->hash.slot;
    sending->due_ns = port->now_ns;
}

static void send_it(struct rpc_port *port, struct sending *sending)
{
    const struct rpc_order order = {.ask = {.kind = ASK_SEND,
                                            .transaction = &sending->transaction,
                                            .least_slot = sending->hash_slot,
                                            .skips_preflight = sending->is_accepted},
                                    .tag = (uint64_t)(sending - port->sendings),
                                    .pinned = RPC_ANY_ENDPOINT};
    if (!ask(port, &order)) return; /* every call is under way: the next scan asks */
    if (!sending->sent_slot) sending->sent_slot = port_newest_slot(port);
    port->counts.sends++;
    port->counts.resends += sending->is_accepted;
    sending->is_sending = true;
}

/* A blockhash that nobody has used yet is just replaced. */
static void expire(struct rpc_port *port, struct sending *sending)
{
    sending->due_ns = NEVER_NS;
    if (sending->may_be_out)
        sending->watch.gone_slot = port->height_slot;
    else
        port_renew(port, sending);
}

static bool is_hash_fresh(const struct rpc_port *port)
{
    return port->hash.is_known && port->now_ns - port->hash.at_ns < HASH_FRESH_S * NS_PER_S &&
           port_newest_slot(port) <= port->hash.newest_slot + HASH_FRESH_SLOTS;
}

static void tend(struct rpc_port *port, struct sending *sending)
{
    if (!sending->is_signed && is_hash_fresh(port)) sign(port, sending);
    if (!sending->is_signed) {
        ask_hash(port);
        return;
    }
    if (sending->is_sending || sending->watch.level != LEVEL_NONE) return;
    if (port->height > sending->last_height) {
        if (!sending->watch.gone_slot) expire(port, sending);
        return;
    }
    if (port->now_ns >= sending->due_ns) send_it(port, sending);
}

static void ask_batch(struct rpc_port *port, struct batch *batch)
{
    const struct rpc_order order = {.ask = {.kind = ASK_STATUSES,
                                            .signatures = batch->signatures[0],
                                            .count = batch->count,
                                            .searches_history = batch->has_history},
                                    .tag = (uint64_t)(batch - port->batches),
                                    .pinned = RPC_ANY_ENDPOINT};
    if (!batch->count || !ask(port, &order)) return;
    batch->is_busy = true;
    port->counts.polls++;
    port->counts.signatures_polled += batch->count;
    for (uint32_t i = 0; i < batch->count; i++) port->sendings[batch->sendings[i]].batches++;
}

static void add_to_batch(struct rpc_port *port, struct batch *batch, uint32_t index)
{
    const struct sending *sending = &port->sendings[index];
    batch->sendings[batch->count] = index;
    memcpy(batch->signatures[batch->count++], transaction_signature(&sending->transaction), SIGNATURE_BYTES);
    batch->has_history |= sending->watch.gone_slot || (sending->watch.level != LEVEL_NONE &&
                                                       port->now_ns - sending->seen_ns > UNSEEN_S * NS_PER_S);
}

static void poll_all(struct rpc_port *port)
{
    uint32_t index = 0;
    for (int i = 0; i < PORT_BATCHES && index < port->options.capacity; i++) {
        struct batch *batch = &port->batches[i];
        if (batch->is_busy) continue;
        batch->count = 0;
        batch->has_history = false;
        for (; index < port->options.capacity && batch->count < CALL_STATUSES_MOST; index++) {
            const struct sending *sending = &port->sendings[index];
            if (sending->is_used && !sending->is_over && sending->may_be_out && !sending->batches)
                add_to_batch(port, batch, index);
        }
        ask_batch(port, batch);
    }
    port->poll_ns = ns_after(port->now_ns, port->options.poll_ns);
}

/* Each endpoint by itself: how far it is, how fast it answers, whether it is back. */
static void survey(struct rpc_port *port)
{
    const struct endpoints *endpoints = rpc_client_endpoints(port->client);
    for (uint32_t i = 0; i < endpoints->count; i++) {
        if (port->is_surveyed[i]) continue;
        port->is_surveyed[i] =
            ask(port, &(struct rpc_order){.ask = {.kind = ASK_EPOCH}, .tag = i, .pinned = (int)i});
    }
    port->survey_ns = ns_after(port->now_ns, port->options.survey_ns);
}

void port_scan(struct rpc_port *port)
{
    for (uint32_t i = 0; i < port->options.capacity; i++) {
        struct sending *sending = &port->sendings[i];
        if (!sending->is_used) continue;
        if (!sending->is_over) tend(port, sending);
        if (sending->is_over && !sending->is_sending && !sending->batches) {
            sending->is_used = false;
            port->followed--;
        }
    }
    if (!port->followed) return;
    if (port->now_ns >= port->poll_ns) poll_all(port);
    if (port->now_ns >= port->survey_ns) survey(port);
}
