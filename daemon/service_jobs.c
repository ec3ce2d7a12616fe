/* daemon/service_jobs.c: longer work beside the loop: the integrity check in a child, a rebuild in slices. */
#include "daemon/metrics.h"
#include "daemon/service_state.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REBUILD_SLICE = 20000 };
#define REBUILD_BYTES_MOST ((uint64_t)2 << 30)

/* ---- the check ---- */

static err look(const struct service *service, struct findings *findings)
{
    struct engine_check order = {.level = service->is_full_check ? CHECK_FULL : CHECK_NORMAL};
    struct wal_bytes log = {0};
    struct arena replica = {0};
    const struct engine_limits limits = engine_limits(service->engine);
    order.scratch_bytes = engine_check_bytes(service->engine);
    order.scratch = malloc(order.scratch_bytes);
    err e = order.scratch ? OK : ERR_NOMEM;
    if (e == OK && service->is_full_check && wal_first_record(service->wal) == 0) {
        e = wal_read(service->wal, 0, &log, NULL);
        if (e == OK) e = arena_open(&replica, engine_memory_bytes(&limits));
        order.log = log.bytes;
        order.log_bytes = wal_offset_of(&log, service->chain_checked);
        order.replica = &replica;
    }
    if (e == OK) e = engine_check(service->engine, &order, findings);
    free(order.scratch);
    free(log.bytes);
    arena_close(&replica);
    return e;
}

static void work(struct service *service, int out)
{
    struct finding items[32];
    struct findings findings = {.items = items, .capacity = 32};
    struct integrity_answer answer = {.is_full = service->is_full_check};
    answer.error = look(service, &findings);
    answer.count = findings.count;
    answer.checked = findings.checked;
    answer.kept = findings.kept;
    for (uint32_t i = 0; i < findings.kept; i++) {
        answer.items[i].kind = items[i].kind;
        answer.items[i].id = items[i].id;
        answer.items[i].found = items[i].found;
        answer.items[i].expected = items[i].expected;
        answer.items[i].index = items[i].index;
        strncpy(answer.items[i].what, items[i].what ? items[i].what : "", sizeof answer.items[i].what - 1);
    }
    ssize_t told = write(out, &answer, sizeof answer); /* less than a pipe holds */
    (void)told;
}

err service_check(struct service *service, bool is_full, integrity_done *done, void *context)
{
    if (service->check.pid > 0) return ERR_CONFLICT;
    service->is_full_check = is_full;
    service->chain_checked = service->is_writing ? service->chain_before.sequence : service->chain.sequence;
    service->check_done = done;
    service->check_context = context;
    return child_start(service, &service->check, work);
}

void jobs_hear_check(struct service *service)
{
    struct integrity_answer answer;
    if (!child_has_spoken(&service->check)) return;
    ssize_t heard = read(service->check.pipe, &answer, sizeof answer);
    if (heard != sizeof answer) answer = (struct integrity_answer){.error = ERR_IO};
    child_end(service, &service->check);
    if (answer.error == OK && service->options.metrics)
        metrics_integrity(service->options.metrics, answer.count);
    if (service->check_done) service->check_done(service->check_context, &answer);
    service->check_done = NULL;
}

/* ---- the rebuild ---- */

static void keep_event(void *context, const struct event *event)
{
    struct service *service = context;
    const struct pending item = {.event = *event};
    if (batch_add(&service->rebuild.events, &item, NULL, 0) != OK) service->rebuild.has_lost = true;
    book_event(service->book, event);
}

static void keep_effect(void *context, const struct effect *effect)
{
    struct service *service = context;
    book_effect(service->book, effect);
}

static err begin(struct service *service, uint64_t from_slot)
{
    struct rebuild *rebuild = &service->rebuild;
    struct journal_diag found;
    size_t bytes;
    TRY(wal_read(service->wal, 0, &rebuild->log, NULL));
    rebuild->log.size = wal_offset_of(&rebuild->log, service->chain.sequence);
    TRY(recovery_memory_bytes(rebuild->log.bytes, rebuild->log.size, &bytes, &found));
    TRY(arena_open(&rebuild->arena, bytes));
    rebuild->findings = (struct findings){.items = rebuild->items, .capacity = 32};
    const struct recovery_order order = {.running = service->engine,
                                         .log = rebuild->log.bytes,
                                         .log_bytes = rebuild->log.size,
                                         .is_from_latest = from_slot == UINT64_MAX,
                                         .from_slot = from_slot,
                                         .now_ns = service_now_ns(service),
                                         .arena = &rebuild->arena,
                                         .watch = {service, keep_event, keep_effect},
                                         .findings = &rebuild->findings};
    rebuild->job.status.phase = RECOVERY_IDLE;
    return recovery_begin(&rebuild->job, &order);
}

static void clean(struct service *service)
{
    struct rebuild *rebuild = &service->rebuild;
    free(rebuild->log.bytes);
    rebuild->log = (struct wal_bytes){0};
    arena_close(&rebuild->arena);
    rebuild->arena = (struct arena){0};
    batch_free(&rebuild->events);
    rebuild->is_running = rebuild->is_wanted = false;
}

err service_rebuild(struct service *service, uint64_t from_slot, uint64_t *job_out, struct diag *diag)
{
    struct rebuild *rebuild = &service->rebuild;
    if (rebuild->is_wanted) return diag_fail(diag, ERR_CONFLICT, "a rebuild is under way");
    if (service->is_stopping) return diag_fail(diag, ERR_CONFLICT, "the service is stopping");
    if (wal_bytes(service->wal) > REBUILD_BYTES_MOST)
        return diag_fail(diag, ERR_LIMIT, "the log is larger than the %d MB that a rebuild reads",
                         (int)(REBUILD_BYTES_MOST >> 20));
    if (service->config.settings.enabled)
        return diag_fail(diag, ERR_CONFLICT,
                         "speculation is enabled: turn it off first (speculation.enabled false)");
    if (wal_first_record(service->wal) != 0)
        return diag_fail(diag, ERR_CONFLICT, "the beginning of the log was dropped (--segments-kept)");
    rebuild->is_wanted = true;
    rebuild->has_lost = rebuild->is_written = false;
    rebuild->from_slot = from_slot;
    rebuild->job = (struct recovery){.status.phase = RECOVERY_REPLAY};
    *job_out = ++rebuild->number;
    say(service, LOG_WARN, "system.recovery.started", "the state is rebuilt from the log", NULL);
    return OK;
}

const struct recovery_status *service_rebuild_status(const struct service *service, uint64_t *job_out)
{
    *job_out = service->rebuild.number;
    return service->rebuild.number ? recovery_status(&service->rebuild.job) : NULL;
}

/* The rebuilt engine takes the place of the old one; its own events follow in the log, and the ports are
 * asked again. */
static void take_over(struct service *service)
{
    struct rebuild *rebuild = &service->rebuild;
    const struct event resume = {.kind = EVENT_RESUME};
    arena_close(&service->arena);
    service->engine = recovery_engine(&rebuild->job);
    service->arena = rebuild->arena;
    rebuild->arena = (struct arena){0};
    clean(service);
    service_gather(service, &resume);
    say(service, LOG_INFO, "system.recovery.completed", "the rebuilt state is in force", NULL);
}

static bool write_own_events(struct service *service)
{
    struct rebuild *rebuild = &service->rebuild;
    if (rebuild->is_written || rebuild->events.count == 0) return !service->is_writing;
    if (service->is_read_only && service_real_ns() < service->retry_real_ns) return false;
    rebuild->is_written = service_write_stepped(service, &rebuild->events) == OK;
    return false;
}

static void fail(struct service *service)
{
    struct recovery_status *status = &service->rebuild.job.status;
    say(service, LOG_ERROR, "system.recovery.failed", "the rebuild failed; the old state stays", NULL);
    status->phase = RECOVERY_FAILED;
    clean(service);
}

/* What is on its way gets there first: the log is then all that there is. */
static bool has_begun(struct service *service)
{
    struct rebuild *rebuild = &service->rebuild;
    if (rebuild->is_running) return true;
    if (service->is_writing || service->gathering.count > 0) return false;
    rebuild->is_running = true;
    if (begin(service, rebuild->from_slot) != OK) fail(service);
    return rebuild->is_running;
}

void jobs_turn(struct service *service)
{
    struct rebuild *rebuild = &service->rebuild;
    const struct recovery_status *status = recovery_status(&rebuild->job);
    if (!rebuild->is_wanted || !has_begun(service)) return;
    if (status->phase < RECOVERY_DONE) {
        if (recovery_advance(&rebuild->job, REBUILD_SLICE) != OK || rebuild->has_lost) fail(service);
    } else if (write_own_events(service)) {
        take_over(service);
    }
}

/* What has not reached the log yet is given up; what is in it must be taken over. */
void jobs_give_up(struct service *service)
{
    if (service->rebuild.is_wanted && !service->rebuild.is_written) fail(service);
}

void jobs_close(struct service *service)
{
    if (service->rebuild.is_wanted) clean(service);
}
