/* daemon/service_chain.c: transactions, by the chain's model or at real nodes, and what the engine hears of
 * them. */
#include "base/rollout.h"
#include "base/sha256.h"
#include "daemon/metrics.h"
#include "daemon/rpc_fund.h"
#include "daemon/service_state.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { MINUTES = 60 };
#define SLOT_NS           (400 * NS_PER_MS)
#define WALLET_LAMPORTS   (UINT64_C(1000000000))
#define WALLET_TIMEOUT_NS (60 * NS_PER_S)

/* The number of a slot of the simulated chain, by the clock: where the model has none of its own, and for
 * display. */
uint64_t chain_port_slot(const struct service *service, int64_t at_ns)
{
    (void)service;
    return (uint64_t)(at_ns / SLOT_NS);
}

/* ---- the model ---- */

/* Argument of PORT_TX: attempt, event kind, rejection. */
static uint32_t tx_argument(uint32_t attempt, enum event_kind kind, enum tx_rejection rejection)
{
    return attempt << 16 | (uint32_t)kind << 8 | (uint32_t)rejection;
}

static err fate_of(struct service *service, const struct effect *effect, struct occasion_transaction *tx)
{
    struct chain_fate fate;
    const struct chain_request request = {.now_ns = service->step_ns - service->chain_base_ns,
                                          .task = effect->task_id,
                                          .attempt = effect->attempt & 0xfff};
    const int64_t base_ns = service->chain_base_ns;
    TRY(chain_submit(service->chain_sim, &request, &fate));
    *tx = (struct occasion_transaction){
        .accepted_ns = ns_after(fate.accepted_ns, base_ns),
        .confirmed_ns = fate.confirmed_ns == NEVER_NS ? NEVER_NS : fate.confirmed_ns + base_ns,
        .finalized_ns = fate.finalized_ns == NEVER_NS ? NEVER_NS : fate.finalized_ns + base_ns,
        .expired_ns = fate.expired_ns == NEVER_NS ? NEVER_NS : fate.expired_ns + base_ns};
    uint64_t draw = rng_u64(&service->rng, RNG_ORGANIC_FAILURE, effect->task_id, 0);
    if (fate.verdict == CHAIN_REFUSED) {
        tx->fate = TX_IS_REFUSED;
    } else if (fate.verdict == CHAIN_EXPIRES) {
        tx->fate = TX_EXPIRES;
    } else if (chain_rejects(service->chain_sim, draw)) {
        tx->fate = TX_IS_REJECTED;
        tx->rejection = TX_STATE_CONFLICT;
    }
    return OK;
}

static void schedule_tx(struct service *service, const struct effect *effect, int64_t at_ns,
                        enum event_kind kind, enum tx_rejection why)
{
    live_ports_schedule(service, at_ns, PORT_TX, effect->task.slot, tx_argument(effect->attempt, kind, why));
}

static void schedule_fate(struct service *service, const struct effect *effect,
                          const struct occasion_transaction *tx)
{
    if (tx->fate == TX_IS_REFUSED) {
        schedule_tx(service, effect, tx->accepted_ns, EVENT_TX_REFUSED, TX_PROOF_INVALID);
        return;
    }
    if (!tx->is_answer_lost)
        schedule_tx(service, effect, tx->accepted_ns, EVENT_TX_ACCEPTED, TX_PROOF_INVALID);
    if (tx->fate == TX_EXPIRES) {
        schedule_tx(service, effect, tx->expired_ns, EVENT_TX_DROPPED, TX_PROOF_INVALID);
    } else if (tx->fate == TX_IS_REJECTED) {
        schedule_tx(service, effect, tx->confirmed_ns, EVENT_TX_REJECTED, tx->rejection);
    } else {
        schedule_tx(service, effect, tx->confirmed_ns, EVENT_CONFIRMED, tx->rejection);
        schedule_tx(service, effect, tx->finalized_ns, EVENT_FINALIZED, tx->rejection);
    }
}

/* The same signature once more: the chain knows it, and its fate is what it was. */
static bool is_asked_again(struct service *service, const struct effect *effect, struct live_task *task)
{
    struct occasion_transaction tx = task->tx;
    if (task->tx_name != effect->attempt + 1) return false;
    if (tx.accepted_ns < service->step_ns) tx.accepted_ns = service->step_ns + NS_PER_MS;
    if (tx.confirmed_ns < tx.accepted_ns) tx.confirmed_ns = tx.accepted_ns + NS_PER_MS;
    if (tx.finalized_ns < tx.confirmed_ns) tx.finalized_ns = tx.confirmed_ns + NS_PER_MS;
    tx.is_answer_lost = false;
    schedule_fate(service, effect, &tx);
    return true;
}

static void submit_to_model(struct service *service, const struct effect *effect, struct live_task *task)
{
    struct occasion_transaction tx = {0};
    if (is_asked_again(service, effect, task)) return;
    if (fate_of(service, effect, &tx) != OK) {
        tx = (struct occasion_transaction){.fate = TX_IS_REFUSED, .accepted_ns = service->step_ns + NS_PER_S};
        say(service, LOG_ERROR, "chain_error", "the chain's model cannot take a transaction", NULL);
    }
    if (task->has_invalid_proof && tx.fate == TX_LANDS) {
        tx.fate = TX_IS_REJECTED;
        tx.rejection = TX_PROOF_INVALID;
    }
    faults_of_transaction(service, effect, &tx);
    task->tx = tx;
    task->tx_sent_ns = service->step_ns;
    task->tx_name = effect->attempt + 1;
    schedule_fate(service, effect, &tx);
}

/* ---- counting ---- */

static void turn_minute(struct service *service, int64_t at_ns)
{
    int64_t minute = at_ns / NS_PER_MIN;
    for (; service->minute < minute; service->minute++) {
        service->reverted[(service->minute + 1) % MINUTES] = 0;
        service->confirmed_minute[0] = service->confirmed_minute[1];
        service->confirmed_minute[1] = 0;
        if (service->minute + MINUTES < minute) service->minute = minute - MINUTES;
    }
}

static void count_outcome(struct service *service, enum event_kind kind, int64_t sent_ns, int64_t at_ns)
{
    struct metrics *metrics = service->options.metrics;
    turn_minute(service, at_ns);
    if (kind == EVENT_REVERTED) service->reverted[service->minute % MINUTES]++;
    if (kind == EVENT_CONFIRMED) service->confirmed_minute[1]++;
    if (!metrics || sent_ns == 0) return;
    if (kind == EVENT_CONFIRMED) metrics_chain_confirmed(metrics, at_ns - sent_ns);
    if (kind == EVENT_FINALIZED) metrics_chain_finalized(metrics, at_ns - sent_ns);
}

void chain_port_answer(struct service *service, const struct calendar_entry *entry)
{
    struct live_task *task = &service->tasks[entry->subject];
    struct event event = {.kind = (enum event_kind)(entry->argument >> 8 & 0xff), .task = task->ref};
    event.attempt = entry->argument >> 16;
    if (task->tx_name != event.attempt + 1) return; /* a reorg took it away, or it was sent anew */
    if (event.kind == EVENT_CONFIRMED || event.kind == EVENT_FINALIZED)
        event.u.level.slot = chain_port_slot(service, task->tx.confirmed_ns);
    else
        event.u.tx.rejection = (enum tx_rejection)(entry->argument & 0xff);
    if (event.kind == EVENT_TX_REFUSED || event.kind == EVENT_TX_DROPPED)
        event.jitter = (uint32_t)(rng_u64(&service->rng, RNG_BACKOFF, task->id, event.attempt) >> 32);
    count_outcome(service, event.kind, task->tx_sent_ns, entry->at_ns);
    service_gather(service, &event);
}

/* ---- real nodes ---- */

/* What the port says, and what the engine hears. PORT_PROCESSED is nobody's business. */
static const enum event_kind HEARD[PORT_EVENT_KINDS] = {
    [PORT_ACCEPTED] = EVENT_TX_ACCEPTED, [PORT_PROCESSED] = EVENT_KIND_COUNT,
    [PORT_CONFIRMED] = EVENT_CONFIRMED,  [PORT_FINALIZED] = EVENT_FINALIZED,
    [PORT_REVERTED] = EVENT_REVERTED,    [PORT_FAILED] = EVENT_TX_REJECTED,
    [PORT_REFUSED] = EVENT_TX_REFUSED,   [PORT_EXPIRED] = EVENT_TX_DROPPED,
};

static void rpc_heard(void *context, const struct port_event *told)
{
    struct service *service = context;
    struct event event = {.kind = HEARD[told->kind], .attempt = told->attempt};
    if (event.kind == EVENT_KIND_COUNT || !engine_find(service->engine, told->task, &event.task)) return;
    if (event.kind == EVENT_CONFIRMED || event.kind == EVENT_FINALIZED || event.kind == EVENT_REVERTED)
        event.u.level.slot = told->slot;
    if (event.kind == EVENT_CONFIRMED) service->confirmed_slot = told->slot;
    if (event.kind == EVENT_FINALIZED) service->finalized_slot = told->slot;
    if (event.kind == EVENT_TX_REJECTED) event.u.tx.rejection = TX_STATE_CONFLICT;
    event.jitter = (uint32_t)(rng_u64(&service->rng, RNG_BACKOFF, told->task, told->attempt) >> 32);
    const struct live_task *task = &service->tasks[event.task.slot];
    count_outcome(service, event.kind, task->id == told->task ? task->tx_sent_ns : 0,
                  service_now_ns(service));
    service_gather(service, &event);
}

static void rpc_complained(void *context, const struct rpc_complaint *complaint)
{
    say(context, LOG_WARN, "chain_error", complaint->why,
        (struct log_field[]){log_text("endpoint", complaint->endpoint), {0}});
}

static void submit_to_nodes(struct service *service, const struct effect *effect, struct live_task *task)
{
    unsigned char digest[SHA256_BYTES];
    const char *name = book_name(service->book, effect->task_id);
    sha256_of(name ? name : "", name ? strlen(name) : 0, digest);
    task->tx_sent_ns = service->step_ns;
    task->tx_name = effect->attempt + 1;
    const struct rpc_submission submission = {
        .task = effect->task_id, .attempt = effect->attempt, .digest = digest};
    if (rpc_port_submit(service->rpc, &submission) == OK) return;
    struct event event = {.kind = EVENT_TX_REFUSED, .task = effect->task, .attempt = effect->attempt};
    event.jitter = (uint32_t)(rng_u64(&service->rng, RNG_BACKOFF, effect->task_id, effect->attempt) >> 32);
    service_gather(service, &event);
}

void chain_port_submit(struct service *service, const struct effect *effect)
{
    struct live_task *task = live_ports_task(service, effect);
    if (service->rpc)
        submit_to_nodes(service, effect, task);
    else
        submit_to_model(service, effect, task);
}

/* ---- opening ---- */

static err open_rpc(struct service *service, const char *urls, struct diag *diag)
{
    struct rpc_port_options options = RPC_PORT_DEFAULTS;
    service->wallet = calloc(1, sizeof *service->wallet);
    if (!service->wallet) return ERR_NOMEM;
    const char *file = service->options.wallet;
    TRY(file ? wallet_read(service->wallet, file, diag) : wallet_fresh(service->wallet, diag));
    options.urls = urls;
    options.seed = service->options.seed;
    options.capacity = PORT_WATCHES_MOST;
    options.wallet = service->wallet;
    options.heard = rpc_heard;
    options.complained = rpc_complained;
    options.context = service;
    const struct fund_order fund = {.client = {.urls = urls,
                                               .seed = options.seed,
                                               .connect_ns = options.connect_ns,
                                               .total_ns = options.total_ns,
                                               .patience_ns = options.patience_ns,
                                               .tries_most = options.tries_most},
                                    .wallet = service->wallet,
                                    .lamports = WALLET_LAMPORTS,
                                    .may_airdrop = file == NULL,
                                    .timeout_ns = WALLET_TIMEOUT_NS};
    TRY(rpc_fund(&fund, diag));
    TRY(rpc_port_open(&service->rpc, &options, diag));
    struct epoll_event watch = {.events = EPOLLIN};
    if (epoll_ctl(service->poll, EPOLL_CTL_ADD, rpc_port_fd(service->rpc), &watch) != 0) return ERR_IO;
    return OK;
}

static err open_model(struct service *service, const char *name, struct diag *diag)
{
    TRY(chain_profile_load(&service->chain_profile, service->options.chain_folder, name, diag));
    const struct chain_options options = {
        .profile = &service->chain_profile, .path = CHAIN_STAKED, .seed = service->options.seed};
    return chain_open(&service->chain_sim, &options);
}

err chain_port_open(struct service *service, struct diag *diag)
{
    const char *text = service->options.chain;
    if (strncmp(text, "rpc:", 4) == 0) return open_rpc(service, text + 4, diag);
    if (strncmp(text, "sim:", 4) == 0) return open_model(service, text + 4, diag);
    return diag_fail(diag, ERR_USAGE, "--chain: \"%s\" is neither sim:PROFILE nor rpc:URL", text);
}

void chain_port_close(struct service *service)
{
    rpc_port_free(service->rpc);
    chain_free(service->chain_sim);
    if (service->wallet) wallet_forget(service->wallet);
    free(service->wallet);
}

/* ---- showing ---- */

static uint64_t sum_of(const uint64_t *values, int count)
{
    uint64_t sum = 0;
    for (int i = 0; i < count; i++) sum += values[i];
    return sum;
}

static uint64_t slots_behind(uint64_t slot, uint64_t lag)
{
    return slot > lag ? slot - lag : 0;
}

/* How far the model's confirmation and finality are behind its newest slot. */
static uint64_t confirm_slots(const struct chain_profile *profile)
{
    int64_t lag_ns = profile->is_fixed ? profile->fixed_confirm_ns : profile->calm.confirm_ns;
    return (uint64_t)(lag_ns / SLOT_NS) + 1;
}

static uint64_t finality_slots(const struct chain_profile *profile)
{
    uint64_t blocks = profile->is_fixed ? (uint64_t)(profile->fixed_finalize_ns / SLOT_NS)
                                        : (uint64_t)profile->finality_blocks;
    return confirm_slots(profile) + blocks;
}

static void show_nodes(const struct service *service, struct chain_view *out)
{
    const struct endpoints *endpoints = rpc_client_endpoints(rpc_port_client(service->rpc));
    const struct endpoint *endpoint = &endpoints->list[endpoints->current];
    out->name = endpoint->name;
    out->is_connected = endpoint->answers > 0 && endpoint->trips == 0;
    out->slot = endpoint->slot;
    out->confirmed_slot = service->confirmed_slot;
    out->finalized_slot = service->finalized_slot;
    out->rpc_latency_ns = endpoint->latency_ns;
}

void service_chain(const struct service *service, struct chain_view *out)
{
    const struct engine_stats *stats = engine_statistics(service->engine);
    int64_t now_ns = service_now_ns(service);
    const struct chain_profile *profile = &service->chain_profile;
    uint64_t slot = chain_port_slot(service, now_ns);
    *out = (struct chain_view){.kind = service->rpc ? "rpc" : "sim",
                               .name = strchr(service->options.chain, ':') + 1,
                               .is_connected = true,
                               .slot = slot,
                               .confirmed_slot = slots_behind(slot, confirm_slots(profile)),
                               .finalized_slot = slots_behind(slot, finality_slots(profile)),
                               .in_flight = stats->submissions_in_flight,
                               .reverted_1h = sum_of(service->reverted, MINUTES),
                               .tps = (double)service->confirmed_minute[0] / 60};
    if (service->rpc) show_nodes(service, out);
}
