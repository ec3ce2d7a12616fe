/* daemon/service_batch.c: events on their way: collected, written, synced, stepped, answered. */
#include "base/assert.h"
#include "daemon/metrics.h"
#include "daemon/service_state.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_NS NS_PER_S /* between two tries of a disk that is not well */

/* ---- batches ---- */

static err reserve_bytes(void **block, size_t *capacity, size_t wanted)
{
    if (wanted <= *capacity) return OK;
    size_t grown = *capacity ? *capacity : 4096;
    while (grown < wanted) grown *= 2;
    void *moved = realloc(*block, grown);
    if (!moved) return ERR_NOMEM;
    *block = moved;
    *capacity = grown;
    return OK;
}

err batch_add(struct batch *batch, const struct pending *item, const void *note, size_t note_bytes)
{
    size_t item_bytes = batch->capacity * sizeof *batch->items;
    void *items = batch->items, *notes = batch->notes;
    TRY(reserve_bytes(&items, &item_bytes, (batch->count + (size_t)1) * sizeof *batch->items));
    batch->items = items;
    batch->capacity = (uint32_t)(item_bytes / sizeof *batch->items);
    TRY(reserve_bytes(&notes, &batch->notes_capacity, batch->notes_used + note_bytes));
    batch->notes = notes;
    struct pending *added = &batch->items[batch->count];
    *added = *item;
    added->note_at = batch->notes_used;
    added->note_bytes = note_bytes;
    if (note_bytes) memcpy(batch->notes + batch->notes_used, note, note_bytes);
    batch->notes_used += note_bytes;
    batch->count++;
    return OK;
}

static void pending_close(struct pending *item)
{
    free(item->settings);
    free(item->config);
    item->settings = NULL;
    item->config = NULL;
}

static void batch_clear(struct batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) pending_close(&batch->items[i]);
    batch->count = 0;
    batch->notes_used = 0;
}

void batch_free(struct batch *batch)
{
    batch_clear(batch);
    free(batch->items);
    free(batch->notes);
    *batch = (struct batch){0};
}

void service_gather(struct service *service, const struct event *event)
{
    const struct pending item = {.event = *event};
    err e = batch_add(&service->gathering, &item, NULL, 0);
    if (e != OK) say(service, LOG_ERROR, "out_of_memory", "an answer of a port was dropped", NULL);
}

/* ---- orders ---- */

static bool is_submission(const struct service_order *order)
{
    return order->event.kind == EVENT_SUBMIT;
}

static err refuse(const struct service *service, const struct service_order *order)
{
    if (service->rebuild.is_wanted) return ERR_CONFLICT;
    if (service->is_read_only) return ERR_IO;
    if (service->is_stopping && is_submission(order)) return ERR_CONFLICT;
    return service->orders_waiting >= ORDERS_MOST ? ERR_LIMIT : OK;
}

/* What a new agent of the simulated ledger begins with. */
static err deposit_first(struct service *service, uint64_t agent_id)
{
    struct pending item = {.event = {.kind = EVENT_DEPOSIT}};
    if (service->options.agent_stake_lamports == 0 || table_find(&service->deposited, agent_id, NULL))
        return OK;
    if (table_insert(&service->deposited, agent_id, 1) != OK) return ERR_LIMIT;
    item.event.u.deposit.agent_id = agent_id;
    item.event.u.deposit.lamports = service->options.agent_stake_lamports;
    return batch_add(&service->gathering, &item, NULL, 0);
}

static err add_submission(struct service *service, const struct service_order *order, struct pending *item)
{
    static unsigned char note[BOOK_NOTE_BYTES_MOST];
    struct codec_out out = {.bytes = note, .capacity = sizeof note};
    TRY(book_note_write(&out, order->submission));
    TRY(deposit_first(service, order->event.u.submit.agent_id));
    faults_of_submission(service, &item->event);
    return batch_add(&service->gathering, item, note, out.used);
}

err service_order(struct service *service, const struct service_order *order)
{
    struct pending item = {
        .event = order->event, .done = order->done, .context = order->context, .is_order = true};
    TRY(refuse(service, order));
    if (order->event.kind == EVENT_SETTINGS) {
        item.settings = malloc(sizeof *item.settings);
        if (!item.settings) return ERR_NOMEM;
        *item.settings = *order->event.u.settings;
    }
    err e = is_submission(order) ? add_submission(service, order, &item)
                                 : batch_add(&service->gathering, &item, NULL, 0);
    if (e != OK)
        pending_close(&item);
    else
        service->orders_waiting++;
    return e;
}

static void answer(struct service *service, struct pending *item, const struct service_outcome *outcome)
{
    if (item->is_order) service->orders_waiting--;
    if (item->done) item->done(item->context, outcome);
    item->done = NULL;
}

/* Orders of a batch are refused, the rest stays. */
static void fail_orders(struct service *service, struct batch *batch, err error)
{
    const struct service_outcome outcome = {.error = error, .at_ns = service->last_ns};
    uint32_t kept = 0, count = batch->count;
    batch->count = 0; /* whoever is answered may order again: not into this batch */
    for (uint32_t i = 0; i < count; i++) {
        struct pending item = batch->items[i];
        if (item.is_order) {
            if (item.event.kind == EVENT_SUBMIT) book_unreserve(service->book, item.event.u.submit.id);
            answer(service, &item, &outcome);
            pending_close(&item);
        } else {
            batch->items[kept++] = item;
        }
    }
    batch->count = kept;
}

/* ---- writing ---- */

static err put_item(struct service *service, struct pending *item, struct codec_out *out)
{
    struct journal_chain chain = service->chain;
    struct codec_out draft = *out;
    if (item->settings) item->event.u.settings = item->settings;
    if (item->note_bytes)
        TRY(journal_write_note(&chain, &draft, service->writing.notes + item->note_at, item->note_bytes));
    TRY(journal_write_event(&chain, &draft, &item->event));
    service->chain = chain;
    *out = draft;
    return OK;
}

/* An event that has no encoding never reaches the engine. */
static void drop_item(struct service *service, struct pending *item)
{
    const struct service_outcome outcome = {.error = ERR_RANGE, .at_ns = service->last_ns};
    if (item->event.kind == EVENT_SUBMIT) book_unreserve(service->book, item->event.u.submit.id);
    answer(service, item, &outcome);
    pending_close(item);
}

static err put_front(struct service *service, struct codec_out *out)
{
    if (service->chain.sequence > 0) return OK;
    const struct engine_limits limits = engine_limits_for(&service->config.settings, service->options.agents);
    return journal_write_header(&service->chain, out, &limits, &service->config.settings);
}

static size_t piece_bytes_most(const struct batch *batch)
{
    return JOURNAL_RECORD_BYTES_MOST * (batch->count + (size_t)2) + batch->notes_used +
           JOURNAL_FRAME_BYTES * (batch->count + (size_t)1);
}

static err encode(struct service *service)
{
    struct batch *batch = &service->writing;
    void *piece = service->piece;
    TRY(reserve_bytes(&piece, &service->piece_capacity, piece_bytes_most(batch)));
    service->piece = piece;
    struct codec_out out = {.bytes = service->piece, .capacity = service->piece_capacity};
    int64_t now_ns = service_now_ns(service);
    uint32_t kept = 0;
    TRY(put_front(service, &out));
    for (uint32_t i = 0; i < batch->count; i++) {
        struct pending item = batch->items[i];
        item.event.now_ns = now_ns;
        if (put_item(service, &item, &out) == OK)
            batch->items[kept++] = item;
        else
            drop_item(service, &item);
    }
    batch->count = kept;
    service->piece_seals = service->wants_seal && batch->count == 0;
    if (service->piece_seals) TRY(journal_write_seal(&service->chain, &out));
    service->last_ns = now_ns;
    service->piece_used = out.used;
    return OK;
}

static void take_batch(struct service *service)
{
    struct batch empty = service->writing;
    service->writing = service->gathering;
    service->gathering = empty;
    service->gathering.count = 0;
    service->gathering.notes_used = 0;
}

static bool has_work(const struct service *service)
{
    return service->gathering.count > 0 || (service->wants_seal && !service->is_sealed);
}

/* What was on its way goes back in front of what was collected since. */
static void put_back(struct service *service, err error)
{
    struct batch since = service->gathering;
    service->gathering = service->writing;
    service->writing = (struct batch){0};
    fail_orders(service, &service->gathering, error);
    fail_orders(service, &since, error);
    for (uint32_t i = 0; i < since.count; i++)
        if (batch_add(&service->gathering, &since.items[i], NULL, 0) == OK)
            since.items[i].settings = NULL, since.items[i].config = NULL;
    batch_free(&since);
}

static void hand_over(struct service *service)
{
    int64_t delay_ns;
    const char *fault = faults_of_disk(service, service->piece_used, &delay_ns);
    service->is_writing = true;
    wal_write(service->wal, &(struct wal_piece){.bytes = service->piece,
                                                .size = service->piece_used,
                                                .first_record = service->chain_before.sequence,
                                                .begins_segment = service->begins_segment,
                                                .fault = fault,
                                                .delay_ns = delay_ns});
}

void service_write(struct service *service)
{
    if (service->is_writing || service->rebuild.is_running || !has_work(service)) return;
    if (service->is_read_only && service_real_ns() < service->retry_real_ns) return;
    take_batch(service);
    service->chain_before = service->chain;
    err e = encode(service);
    if (e == OK && service->piece_used > 0) {
        hand_over(service);
        return;
    }
    service->chain = service->chain_before;
    if (e != OK)
        put_back(service, ERR_NOMEM); /* without one: nothing of it could be logged, and all were told */
}

/* They carry their times. */
err service_write_stepped(struct service *service, struct batch *events)
{
    struct codec_out out = {0};
    void *piece = service->piece;
    TRY(reserve_bytes(&piece, &service->piece_capacity, piece_bytes_most(events)));
    service->piece = piece;
    out = (struct codec_out){.bytes = service->piece, .capacity = service->piece_capacity};
    service->chain_before = service->chain;
    service->piece_seals = false;
    for (uint32_t i = 0; i < events->count; i++) {
        err e = put_item(service, &events->items[i], &out);
        ASSERT(e == OK);
        service->last_ns = events->items[i].event.now_ns;
    }
    service->piece_used = out.used;
    hand_over(service);
    return OK;
}

/* ---- the disk's answer ---- */

static void fail_write(struct service *service, const struct wal_result *result)
{
    service->chain = service->chain_before;
    service->retry_real_ns = service_real_ns() + RETRY_NS;
    service->rebuild.is_written = false;
    bool is_news = !service->is_read_only;
    service->is_read_only = true;
    snprintf(service->read_only_why, sizeof service->read_only_why, "%s", result->why);
    put_back(service, ERR_IO);
    if (is_news) say_disk(service, result->why);
}

static void keep_note(struct service *service, const struct effect *effect)
{
    const uint32_t told = 1u << NOTE_REPORT | 1u << NOTE_DRAINED | 1u << NOTE_GC | 1u << NOTE_BREAKER |
                          1u << NOTE_ROLLBACK_BEGIN;
    /* Many rollbacks may begin in one step; what the order did comes last, and must find its place. */
    uint32_t most = effect->kind == NOTE_ROLLBACK_BEGIN ? SERVICE_NOTES_MOST / 2 : SERVICE_NOTES_MOST;
    if ((told >> effect->kind & 1) && service->note_count < most)
        service->notes[service->note_count++] = *effect;
}

void service_flush(struct effects *effects)
{
    struct service *service = effects->context;
    for (uint32_t i = 0; i < effects->count; i++) {
        const struct effect *effect = &effects->items[i];
        book_effect(service->book, effect);
        if (service->is_replaying) continue;
        if (service->options.metrics)
            metrics_effect(service->options.metrics, service->book, service->step_ns, effect);
        keep_note(service, effect);
        say_effect(service, effect);
        live_ports_perform(service, effect);
    }
    effects->count = 0;
}

void service_listen(struct service *service, const struct event *event)
{
    service->step_ns = event->now_ns;
    service->note_count = 0;
    book_event(service->book, event);
    if (service->options.metrics && !service->is_replaying)
        metrics_event(service->options.metrics, service->book, event);
}

void service_step_event(struct service *service, const struct event *event, struct service_outcome *out)
{
    struct engine_stats before;
    bool is_submission_ = event->kind == EVENT_SUBMIT;
    if (is_submission_) before = *engine_statistics(service->engine);
    service_listen(service, event);
    err e = engine_step(service->engine, event, &service->effects);
    book_answer(service->book, event, e);
    *out = (struct service_outcome){
        .error = e, .at_ns = event->now_ns, .notes = service->notes, .note_count = service->note_count};
    if (!is_submission_ || e == OK) return;
    const struct engine_stats *after = engine_statistics(service->engine);
    for (int refusal = 0; refusal < REFUSAL_COUNT; refusal++)
        if (after->refused[refusal] != before.refused[refusal]) out->refusal = (enum refusal)refusal;
}

static void hear_drained(struct service *service, const struct service_outcome *outcome)
{
    bool is_over = false;
    for (uint32_t i = 0; i < outcome->note_count; i++) is_over |= outcome->notes[i].kind == NOTE_DRAINED;
    if (!is_over) return;
    uint32_t count = service->drain_waiter_count;
    struct drain_waiter waiters[DRAIN_WAITERS_MOST];
    memcpy(waiters, service->drain_waiters, count * sizeof *waiters);
    service->drain_waiter_count = 0;
    for (uint32_t i = 0; i < count; i++) waiters[i].done(waiters[i].context, outcome);
}

static void step_item(struct service *service, struct pending *item)
{
    struct service_outcome outcome;
    if (item->note_bytes) {
        err e = book_note(service->book, service->writing.notes + item->note_at, item->note_bytes);
        if (e != OK) say(service, LOG_ERROR, "out_of_memory", "the book has no room for a task", NULL);
    }
    if (item->settings) item->event.u.settings = item->settings;
    if (item->event.kind == EVENT_TICK) service->has_tick = false;
    if (item->event.kind == EVENT_GC) service->has_gc = false;
    service_step_event(service, &item->event, &outcome);
    if (item->config && outcome.error == OK) service->config = *item->config;
    hear_drained(service, &outcome);
    answer(service, item, &outcome);
    pending_close(item);
}

static void step_batch(struct service *service)
{
    struct batch *batch = &service->writing;
    for (uint32_t i = 0; i < batch->count; i++) {
        if (faults_crash_here(service)) raise(SIGKILL);
        step_item(service, &batch->items[i]);
    }
    batch->count = 0;
    batch->notes_used = 0;
}

static void heal(struct service *service)
{
    if (!service->is_read_only) return;
    service->is_read_only = false;
    service->read_only_why[0] = 0;
    say_disk(service, NULL);
}

void service_written(struct service *service)
{
    struct wal_result result;
    if (!service->is_writing || !wal_poll(service->wal, &result)) return;
    service->is_writing = false;
    if (result.error != OK) {
        fail_write(service, &result);
        return;
    }
    heal(service);
    service->syncs++;
    service->sync_last_ns = result.write_ns + result.sync_ns;
    if (service->sync_last_ns > service->sync_most_ns) service->sync_most_ns = service->sync_last_ns;
    service->begins_segment = false;
    service->is_ready = true;
    service->is_sealed = service->piece_seals;
    step_batch(service);
}
