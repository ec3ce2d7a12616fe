/* daemon/service_recover.c: from the folder to a state: the newest snapshot that can be read, then the log
 * behind it.
 *
 * Recovery changes nothing but the torn end of the log, so a second crash in its middle changes nothing. */
#include "daemon/service_state.h"
#include "engine/image.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void hear_note(void *context, const void *bytes, size_t size_bytes)
{
    struct service *service = context;
    if (book_note(service->book, bytes, size_bytes) != OK)
        say(service, LOG_ERROR, "out_of_memory", "the book has no room for a task", NULL);
}

static err damaged(const struct service *service, const struct journal_diag *found, struct diag *diag)
{
    return diag_fail(diag, ERR_SYNTAX,
                     "%s: record %" PRIu64
                     " of the log: %s; nothing was changed. Restore the folder from a backup, or move "
                     "the segments from there on away to give up what they hold",
                     service->options.data_dir, found->record, journal_fault_text(found->fault));
}

/* Steps what the log holds; the engine, the book and the agents that had their deposit follow. */
static err replay(struct service *service, struct journal_reader *reader, struct diag *diag)
{
    struct journal_diag found;
    struct service_outcome outcome;
    reader->note = hear_note;
    reader->note_context = service;
    for (;;) {
        struct event event;
        enum journal_item item;
        if (journal_next(reader, &item, &event, &found) != OK) return damaged(service, &found, diag);
        if (item != JOURNAL_ITEM_EVENT) return OK;
        if (event.kind == EVENT_SETTINGS) service->last_settings = *event.u.settings;
        if (event.kind == EVENT_RESUME) { /* the settings before it were those of a start */
            service->start_settings = service->last_settings;
            service->has_start = true;
        }
        service_step_event(service, &event, &outcome);
        service->last_ns = event.now_ns;
        service->recovered_events++;
    }
}

static err open_engine(struct service *service, const struct engine_limits *limits,
                       const struct settings *settings)
{
    TRY(arena_open(&service->arena, engine_memory_bytes(limits)));
    book_settings(service->book, settings);
    return engine_init(&service->engine, &service->arena, limits, settings);
}

static err begin_anew(struct service *service)
{
    const struct engine_limits limits = engine_limits_for(&service->config.settings, service->options.agents);
    return open_engine(service, &limits, &service->config.settings);
}

/* From its first record. */
static err read_whole(struct service *service, const struct wal_bytes *log, struct journal_reader *reader,
                      struct diag *diag)
{
    struct journal_diag found;
    if (log->first_record != 0)
        return diag_fail(diag, ERR_SYNTAX,
                         "%s: the log begins with record %" PRIu64
                         " and no snapshot before it can be read: restore one "
                         "(snapshot-*.img), or the older segments",
                         service->options.data_dir, log->first_record);
    if (journal_open(reader, log->bytes, log->size, &found) != OK) return damaged(service, &found, diag);
    service->start_settings = service->last_settings = reader->initial;
    service->has_start = true;
    TRY(open_engine(service, &reader->limits, &reader->initial));
    return replay(service, reader, diag);
}

/* Behind a snapshot. The chain of checksums goes on in the log, or they are not of one another. */
static err read_rest(struct service *service, const struct journal_chain *chain, const struct wal_bytes *log,
                     struct journal_reader *reader, struct diag *diag)
{
    const struct engine_limits limits = engine_limits(service->engine);
    size_t at = wal_offset_of(log, chain->sequence);
    bool was_sealed = reader->is_sealed;
    *reader = journal_continue(log->bytes + at, log->size - at, chain, &limits);
    reader->is_sealed = was_sealed;
    TRY(replay(service, reader, diag));
    reader->in.used += at;
    return OK;
}

/* A first segment that was torn in its first record holds nothing. */
static bool is_void(const struct wal_bytes *log)
{
    struct journal_reader reader;
    struct journal_diag found;
    if (log->size >= JOURNAL_RECORD_BYTES_MOST || log->first_record != 0) return false;
    return journal_open(&reader, log->bytes, log->size, &found) != OK && found.fault == JOURNAL_NO_HEADER;
}

static void keep(struct service *service, const char *assignment)
{
    struct config_notes notes = {0};
    err e = config_set_text(&service->config, assignment, &notes, NULL);
    say(service, LOG_WARN, e == OK ? "system.stop.kept" : "system.stop.lost",
        "speculation was stopped before the service ended without warning: the stop stays in force",
        (struct log_field[]){log_text("reason", assignment), {0}});
}

/* What an operator had turned off or down when the service ended without warning stays so: a restart that
 * nobody asked for must not undo an emergency stop. After an end in good order the files decide. */
static void keep_stops(struct service *service)
{
    char rollout[80];
    const struct settings *was = engine_settings(service->engine), *start = &service->start_settings;
    const struct settings *wanted = &service->config.settings;
    bool was_on = !service->has_start || start->enabled;
    bool was_more = !service->has_start || start->rollout_bps > was->rollout_bps;
    if (!was->enabled && wanted->enabled && was_on) keep(service, "speculation.enabled=false");
    if (was->rollout_bps >= wanted->rollout_bps || !was_more) return;
    snprintf(rollout, sizeof rollout, "speculation.features.rollout_percentage=%d.%02d",
             (int)(was->rollout_bps / 100), (int)(was->rollout_bps % 100));
    keep(service, rollout);
}

static err recover(struct service *service, struct wal_bytes *log, struct diag *diag)
{
    struct journal_chain chain = {0};
    struct journal_reader reader = {0};
    bool is_sealed = false, has_snapshot = snapshot_load(service, &chain, &is_sealed) == OK;
    TRY(wal_read(service->wal, has_snapshot ? chain.sequence : 0, log, diag));
    if (log->is_empty || (!has_snapshot && is_void(log))) {
        TRY(begin_anew(service));
    } else if (has_snapshot) {
        reader.is_sealed = is_sealed;
        TRY(read_rest(service, &chain, log, &reader, diag));
    } else {
        TRY(read_whole(service, log, &reader, diag));
    }
    service->chain = reader.chain;
    if (!log->is_empty && !reader.is_sealed) keep_stops(service);
    return wal_begin(service->wal, reader.chain.sequence, log, reader.in.used, diag);
}

/* The configuration may be another one than before, and ports have forgotten what they were asked. */
static err ask_again(struct service *service)
{
    struct pending settings = {.event = {.kind = EVENT_SETTINGS}}, resume = {.event = {.kind = EVENT_RESUME}};
    settings.settings = malloc(sizeof *settings.settings);
    if (!settings.settings) return ERR_NOMEM;
    *settings.settings = service->config.settings;
    TRY(batch_add(&service->gathering, &settings, NULL, 0));
    return batch_add(&service->gathering, &resume, NULL, 0);
}

/* Who has had a deposit gets no first one. */
static err remember_deposits(struct service *service)
{
    for (uint32_t i = 0; i < engine_agent_count(service->engine); i++) {
        const struct agent_view agent = engine_agent(service->engine, i);
        if (agent.deposited > 0) TRY(table_insert(&service->deposited, agent.id, 1));
    }
    return OK;
}

err service_recover(struct service *service, struct diag *diag)
{
    struct wal_bytes log = {0};
    int64_t began_ns = service_real_ns();
    service->is_replaying = true;
    err e = recover(service, &log, diag);
    service->is_replaying = false;
    free(log.bytes);
    if (e == OK) e = remember_deposits(service);
    if (e != OK) return e;
    service->recovery_ns = service_real_ns() - began_ns;
    service->base_ns = service->last_ns;
    service->base_real_ns = service_real_ns();
    service->chain_base_ns = service->base_ns;
    service->minute = service->base_ns / NS_PER_MIN;
    return ask_again(service);
}
