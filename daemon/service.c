/* daemon/service.c: opening, one turn of the loop, the end; what the service says of itself. */
#include "daemon/service.h"
#include "daemon/service_state.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { PPM = 1000000, KEPT_TASKS = 20000, KEPT_INCIDENTS = 2000 };
#define SEGMENT_BYTES ((uint64_t)64 << 20)

/* ---- time ---- */

int64_t service_real_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int64_t scaled(int64_t span_ns, uint64_t numerator, uint64_t denominator)
{
    bool is_past = span_ns < 0; /* u128 has no sign */
    u128 product = (u128)(uint64_t)(is_past ? -span_ns : span_ns) * numerator / denominator;
    return is_past ? -(int64_t)product : (int64_t)product;
}

int64_t service_now_ns(const struct service *service)
{
    int64_t real_ns = service_real_ns() - service->base_real_ns;
    int64_t now_ns = service->base_ns + scaled(real_ns, service->options.time_scale_ppm, PPM);
    return now_ns > service->last_ns ? now_ns : service->last_ns;
}

int64_t service_real_of(const struct service *service, int64_t at_ns)
{
    if (at_ns == NEVER_NS) return NEVER_NS;
    int64_t span_ns = scaled(at_ns - service->base_ns, PPM, service->options.time_scale_ppm);
    return ns_after(service->base_real_ns, span_ns + 1);
}

/* ---- opening ---- */

err service_open_book(struct service *service)
{
    const struct engine_limits limits = engine_limits_for(&service->config.settings, service->options.agents);
    const struct book_limits kept = {
        .tasks = limits.tasks, .kept_tasks = KEPT_TASKS, .kept_incidents = KEPT_INCIDENTS};
    return book_open(&service->book, &kept);
}

static err watch_log(struct service *service)
{
    struct epoll_event watch = {.events = EPOLLIN};
    service->poll = epoll_create1(EPOLL_CLOEXEC);
    if (service->poll < 0) return ERR_IO;
    return epoll_ctl(service->poll, EPOLL_CTL_ADD, wal_fd(service->wal), &watch) == 0 ? OK : ERR_IO;
}

static void set_defaults(struct service *service, const struct service_options *options)
{
    service->options = *options;
    service->config = *options->config;
    service->poll = -1;
    service->stop_real_ns = NEVER_NS;
    service->gc_next_ns = NEVER_NS;
    service->started_real_ns = service->base_real_ns = service_real_ns();
    if (service->options.segment_bytes == 0) service->options.segment_bytes = SEGMENT_BYTES;
    service->effects = (struct effects){
        .items = service->effect_items, .capacity = EFFECTS_ROOM, .context = service, .flush = service_flush};
}

static err open_parts(struct service *service, struct diag *diag)
{
    TRY(wal_open(&service->wal, service->options.data_dir, diag));
    if (watch_log(service) != OK) return diag_fail(diag, ERR_IO, "epoll: %s", strerror(errno));
    snapshot_sweep(service);
    TRY(service_open_book(service));
    TRY(live_ports_open(service, diag));
    TRY(service_recover(service, diag));
    TRY(wall_open(service, diag));
    service->gc_next_ns = service->base_ns + service->config.settings.gc_interval_ns;
    return OK;
}

err service_open(struct service **out, const struct service_options *options, struct diag *diag)
{
    struct service *service = calloc(1, sizeof *service);
    if (!service) return ERR_NOMEM;
    set_defaults(service, options);
    err e = open_parts(service, diag);
    if (e != OK) {
        service_free(service);
        return e;
    }
    *out = service;
    return OK;
}

void service_free(struct service *service)
{
    if (!service) return;
    wal_close(service->wal);
    child_kill(service, &service->snapshot);
    child_kill(service, &service->check);
    jobs_close(service);
    service_disarm(service);
    live_ports_close(service);
    book_free(service->book);
    batch_free(&service->gathering);
    batch_free(&service->writing);
    arena_close(&service->arena);
    free(service->piece);
    free(service->anchors);
    if (service->poll >= 0) close(service->poll);
    free(service);
}

/* ---- the loop ---- */

int service_fd(const struct service *service)
{
    return service->poll;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When the next turn has something to give to the log; of the engine's clock. */
static int64_t due_ns(struct service *service)
{
    int64_t at_ns = NEVER_NS;
    if (service->wants_seal) return NEVER_NS;
    if (!service->is_read_only) at_ns = live_ports_next_ns(service);
    if (!service->has_tick) at_ns = earlier(at_ns, engine_deadline_ns(service->engine));
    if (!service->has_gc) at_ns = earlier(at_ns, service->gc_next_ns);
    return earlier(at_ns, faults_wake_ns(service));
}

/* What only waits for the disk or for a child is told by the descriptor. */
int64_t service_next_ns(const struct service *service)
{
    struct service *mine = (struct service *)(uintptr_t)service; /* the calendar sorts itself when asked */
    if (service->rebuild.is_wanted) {
        if (service->is_writing) return NEVER_NS;
        return service->is_read_only ? service->retry_real_ns : 0;
    }
    int64_t real_ns = service_real_of(service, due_ns(mine));
    if (service->rpc) real_ns = earlier(real_ns, rpc_port_next_ns(service->rpc));
    if (service->is_writing) return real_ns;
    if (service->gathering.count > 0 && !service->is_read_only) return 0;
    if (service->is_read_only) real_ns = earlier(real_ns, service->retry_real_ns);
    bool waits_for_child = service->snapshot.pid > 0;
    return waits_for_child ? real_ns : earlier(real_ns, service->stop_real_ns);
}

/* The descriptors behind ours: each is asked, whichever it was. */
static void drain_poll(struct service *service)
{
    struct epoll_event events[8];
    int count = epoll_wait(service->poll, events, 8, 0);
    if (count <= 0) return;
    snapshot_hear(service);
    jobs_hear_check(service);
    if (service->prover_exec) prover_exec_step(service->prover_exec);
}

static void gather_timers(struct service *service, int64_t now_ns)
{
    const struct event tick = {.kind = EVENT_TICK}, gc = {.kind = EVENT_GC};
    bool probes =
        service->is_read_only && service->gathering.count == 0 && service_real_ns() >= service->retry_real_ns;
    if (!service->has_tick && (probes || engine_deadline_ns(service->engine) <= now_ns)) {
        service->has_tick = true;
        service_gather(service, &tick);
    }
    if (service->has_gc || now_ns < service->gc_next_ns) return;
    service->has_gc = true;
    service->gc_next_ns = now_ns + service->config.settings.gc_interval_ns;
    service_gather(service, &gc);
}

/* Between two pieces: memory is what the log says. */
static void rotate(struct service *service)
{
    if (service->is_writing || service->begins_segment || service->snapshot.pid > 0) return;
    if (wal_segment_bytes(service->wal) < service->options.segment_bytes) return;
    service->begins_segment = true;
    snapshot_begin(service);
}

/* Nothing speculative is left, or the time for it is over: then a seal, then a snapshot. */
static void turn_stop(struct service *service)
{
    if (!service->is_stopping || service->is_stopped || service->is_writing) return;
    bool is_empty = engine_statistics(service->engine)->speculative_active == 0;
    if (service_real_ns() >= service->stop_real_ns) {
        service->is_late = true;
        service->stop_real_ns = NEVER_NS;
    }
    if (service->is_late && service->is_read_only)
        service->is_stopped = true; /* what was acknowledged is on the disk */
    if (is_empty || service->is_late) service->wants_seal = true;
    if (!service->is_sealed || service->snapshot.pid > 0) return;
    if (service->has_last_snapshot)
        service->is_stopped = true;
    else
        snapshot_begin(service);
    service->has_last_snapshot = true;
}

void service_turn(struct service *service)
{
    drain_poll(service);
    service_written(service);
    int64_t now_ns = service_now_ns(service);
    jobs_turn(service);
    if (service->rebuild.is_running) return;
    if (service->rebuild.is_wanted) {
        service_write(service);
        return;
    }
    if (service->rpc) rpc_port_step(service->rpc);
    faults_turn(service, now_ns);
    if (!service->is_read_only && !service->wants_seal) live_ports_deliver(service, now_ns);
    if (!service->wants_seal) gather_timers(service, now_ns);
    rotate(service);
    turn_stop(service);
    service_write(service);
}

void service_stop(struct service *service, int64_t most_ns)
{
    struct pending drain = {.event = {.kind = EVENT_DRAIN}};
    if (service->is_stopping) return;
    service->is_stopping = true;
    service->stop_real_ns = ns_after(service_real_ns(), most_ns);
    jobs_give_up(service);
    drain.event.u.drain.timeout_ns = NEVER_NS;
    (void)!batch_add(&service->gathering, &drain, NULL, 0); /* without it the timeout ends the wait */
}

bool service_is_stopped(const struct service *service)
{
    return service->is_stopped;
}

err service_wait_drained(struct service *service, service_done *done, void *context)
{
    if (service->drain_waiter_count == DRAIN_WAITERS_MOST) return ERR_LIMIT;
    service->drain_waiters[service->drain_waiter_count++] = (struct drain_waiter){done, context};
    return OK;
}

static void forget_in(struct batch *batch, const void *context)
{
    for (uint32_t i = 0; i < batch->count; i++)
        if (batch->items[i].context == context) batch->items[i].done = NULL;
}

void service_forget(struct service *service, void *context)
{
    if (service->check_context == context) service->check_done = NULL;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < service->drain_waiter_count; i++)
        if (service->drain_waiters[i].context != context)
            service->drain_waiters[kept++] = service->drain_waiters[i];
    service->drain_waiter_count = kept;
    forget_in(&service->gathering, context);
    forget_in(&service->writing, context);
}

/* ---- reading ---- */

const struct engine *service_engine(const struct service *service)
{
    return service->engine;
}

const struct book *service_book(const struct service *service)
{
    return service->book;
}

struct book *service_book_writable(struct service *service)
{
    return service->book;
}

const struct config *service_config(const struct service *service)
{
    return &service->config;
}

void service_status(const struct service *service, struct service_status *out)
{
    *out = (struct service_status){.is_ready = service->is_ready && !service->is_stopping,
                                   .is_stopping = service->is_stopping,
                                   .is_read_only = service->is_read_only,
                                   .is_rebuilding = service->rebuild.is_wanted,
                                   .uptime_ns = service_real_ns() - service->started_real_ns,
                                   .time_scale_ppm = service->options.time_scale_ppm,
                                   .records = service->chain.sequence,
                                   .log_bytes = wal_bytes(service->wal),
                                   .segments = wal_segments(service->wal),
                                   .snapshots = service->snapshots,
                                   .syncs = service->syncs,
                                   .sync_last_ns = service->sync_last_ns,
                                   .sync_most_ns = service->sync_most_ns,
                                   .recovered_events = service->recovered_events,
                                   .recovery_ns = service->recovery_ns,
                                   .orders_waiting = service->orders_waiting,
                                   .answers_waiting = service->gathering.count + service->writing.count -
                                                      service->orders_waiting};
    memcpy(out->read_only_why, service->read_only_why, sizeof out->read_only_why);
}
