/* daemon/http_operate.c: keeping house: garbage, integrity, rebuilding, queue, stale operations, snapshots.
 */
#include "base/status_word.h"
#include "base/units.h"
#include "daemon/order_body.h"
#include "daemon/order_notes.h"
#include "daemon/route_tables.h"
#include <inttypes.h>
#include <string.h>
#include <time.h>

/* The answer of an order that went well; the rest of `done` is the same for all. */
typedef void write_outcome(struct exchange *exchange, const struct service_outcome *outcome,
                           struct json_writer *out);

static void finish(void *context, const struct service_outcome *outcome, write_outcome *write)
{
    struct exchange *exchange = context;
    if (outcome->error == OK) {
        struct json_writer *out = exchange_json(exchange);
        json_write_object(out, NULL);
        write(exchange, outcome, out);
        json_write_end(out);
    } else {
        exchange_fail_order(exchange, outcome->error);
    }
    exchange_send(exchange);
}

/* ---- garbage ---- */

static void write_gc(struct exchange *exchange, const struct service_outcome *outcome,
                     struct json_writer *out)
{
    const struct effect *note = order_note(outcome, NOTE_GC);
    const struct timespec *began = exchange_kept(exchange);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t span_ns = (now.tv_sec - began->tv_sec) * NS_PER_S + now.tv_nsec - began->tv_nsec;
    json_write_u64(out, "bytes_freed", note ? note->u.gc.bytes_freed : 0);
    json_write_i64(out, "duration_ms", span_ns / NS_PER_MS);
    json_write_u64(out, "objects", note ? (uint64_t)note->u.gc.snapshots + note->u.gc.tasks : 0);
    json_write_u64(out, "snapshots", note ? note->u.gc.snapshots : 0);
    json_write_u64(out, "tasks", note ? note->u.gc.tasks : 0);
}

static void gc_done(void *context, const struct service_outcome *outcome)
{
    finish(context, outcome, write_gc);
}

static void gc(struct exchange *exchange)
{
    struct service_order order = {.event = {.kind = EVENT_GC}, .done = gc_done};
    struct timespec *began = exchange_keep(exchange, sizeof *began);
    if (!began) {
        exchange_fail_order(exchange, ERR_NOMEM);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, began);
    order.event.u.gc.is_forced = body_flag(exchange, "force");
    (void)exchange_order(exchange, &order);
}

/* ---- integrity ---- */

static bool is_corrupt(const struct integrity_answer *answer)
{
    bool is_critical = answer->count > answer->kept;
    for (uint32_t i = 0; i < answer->kept; i++)
        is_critical |= finding_severity(answer->items[i].kind) == SEVERITY_CRITICAL;
    return is_critical;
}

static void write_findings(struct json_writer *out, const struct integrity_answer *answer)
{
    static const char *const SEVERITY_WORDS[] = {"notice", "warning", "critical"};
    json_write_array(out, "findings");
    for (uint32_t i = 0; i < answer->kept; i++) {
        json_write_object(out, NULL);
        json_write_u64(out, "expected", answer->items[i].expected);
        json_write_u64(out, "found", answer->items[i].found);
        json_write_u64(out, "id", answer->items[i].id);
        json_write_text(out, "kind", finding_name(answer->items[i].kind));
        json_write_text(out, "severity", SEVERITY_WORDS[finding_severity(answer->items[i].kind)]);
        json_write_text(out, "text", finding_text(answer->items[i].kind));
        json_write_text(out, "what", answer->items[i].what);
        json_write_end(out);
    }
    json_write_end(out);
}

static void checked(void *context, const struct integrity_answer *answer)
{
    struct exchange *exchange = context;
    if (answer->error != OK) {
        exchange_fail(exchange, 500, "check_failed", "the check could not be done: %s",
                      err_text(answer->error));
    } else {
        struct json_writer *out = exchange_json(exchange);
        json_write_object(out, NULL);
        json_write_u64(out, "checked", answer->checked);
        json_write_u64(out, "count", answer->count);
        write_findings(out, answer);
        json_write_bool(out, "full", answer->is_full);
        json_write_text(out, "status",
                        integrity_word(is_corrupt(answer) ? INTEGRITY_CORRUPTED : INTEGRITY_OK));
        json_write_end(out);
    }
    exchange_send(exchange);
}

static void integrity(struct exchange *exchange)
{
    exchange_hold(exchange);
    err e =
        service_check(exchange_live(exchange)->service, exchange_flag(exchange, "full"), checked, exchange);
    if (e == OK) return;
    exchange_release(exchange);
    if (e == ERR_CONFLICT)
        exchange_fail(exchange, 409, "conflict", "another check is under way: ask again when it is over");
    else
        exchange_fail_order(exchange, e);
}

/* ---- rebuilding ---- */

static bool read_slot(struct exchange *exchange, uint64_t *slot)
{
    const char *text = NULL;
    *slot = UINT64_MAX;
    if (!body_has(exchange, "from_slot")) return true;
    if (json_get_u64(exchange_body(exchange), "from_slot", slot, NULL) == OK && *slot < UINT64_MAX)
        return true;
    *slot = UINT64_MAX;
    if (json_get_text(exchange_body(exchange), "from_slot", &text, NULL) == OK &&
        strcmp(text, "latest_confirmed") == 0)
        return true;
    exchange_fail(exchange, 400, "validation_failed", "from_slot: a slot's number, or latest_confirmed");
    exchange_field(exchange, "from_slot");
    return false;
}

static void recover(struct exchange *exchange)
{
    struct diag diag = {0};
    uint64_t slot, job = 0;
    if (!read_slot(exchange, &slot)) return;
    err e = service_rebuild(exchange_live(exchange)->service, slot, &job, &diag);
    if (e == ERR_CONFLICT) {
        exchange_fail(exchange, 409, "conflict", "%s",
                      diag.text[0] ? diag.text
                                   : "a rebuild is under way, or speculation is on: disable it first");
        return;
    }
    if (e != OK) {
        exchange_fail_order(exchange, e);
        return;
    }
    exchange_status(exchange, 202);
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    json_write_u64(out, "job_id", job);
    json_write_text(out, "state", recovery_word(REBUILD_IN_PROGRESS));
    json_write_end(out);
}

static enum recovery_word rebuild_word(enum recovery_phase phase)
{
    switch (phase) {
    case RECOVERY_IDLE: return REBUILD_IDLE;
    case RECOVERY_DONE: return REBUILD_COMPLETED;
    case RECOVERY_FAILED: return REBUILD_FAILED;
    default: return REBUILD_IN_PROGRESS;
    }
}

static void write_counts(struct json_writer *out, const struct recovery_status *status)
{
    json_write_object(out, "counts");
    json_write_u64(out, "events", status->events);
    json_write_u64(out, "kept_final", status->kept_final);
    json_write_u64(out, "refused", status->refused);
    json_write_u64(out, "reverted", status->reverted);
    json_write_u64(out, "rolled_back", status->rolled_back);
    json_write_u64(out, "to_roll_back", status->to_roll_back);
    json_write_end(out);
}

static void recovery(struct exchange *exchange)
{
    static const struct recovery_status NONE = {.phase = RECOVERY_IDLE};
    uint64_t job = 0;
    const struct recovery_status *status = service_rebuild_status(exchange_live(exchange)->service, &job);
    if (!status) status = &NONE; /* there was never a job */
    enum recovery_word word = rebuild_word(status->phase);
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    write_counts(out, status);
    if (word == REBUILD_FAILED && status->diag.fault != JOURNAL_GOOD)
        json_write_text(out, "error", journal_fault_text(status->diag.fault));
    json_write_u64(out, "from_slot", status->from_slot);
    json_write_u64(out, "job_id", job);
    json_write_u64(out, "percent", status->percent);
    json_write_text(out, "phase", recovery_phase_name(status->phase));
    json_write_text(out, "state", recovery_word(word));
    json_write_end(out);
}

/* ---- the queue ---- */

static void write_cleared(struct exchange *exchange, const struct service_outcome *outcome,
                          struct json_writer *out)
{
    (void)exchange;
    json_write_u64(out, "cleared", order_report(outcome).count);
    json_write_u64(out, "requeued", order_report(outcome).amount);
}

static void cleared(void *context, const struct service_outcome *outcome)
{
    finish(context, outcome, write_cleared);
}

static void clear_queue(struct exchange *exchange)
{
    struct service_order order = {.event = {.kind = EVENT_CLEAR_QUEUE}, .done = cleared};
    order.event.u.clear.is_dropped = body_flag(exchange, "drop");
    (void)exchange_order(exchange, &order);
}

/* ---- stale operations ---- */

enum { IDS_MOST = 1000 };

/* Those that ended at this very step for this reason: what the sweep took, and nothing else can have. */
static void write_timed_out(struct exchange *exchange, const struct service_outcome *outcome,
                            struct json_writer *out)
{
    const struct book *book = service_book(exchange_live(exchange)->service);
    struct book_task task;
    uint64_t cursor = 0;
    uint32_t listed = 0;
    json_write_array(out, "ids");
    while (order_report(outcome).count > 0 && listed < IDS_MOST && book_each(book, &cursor, &task)) {
        if (task.at_ns[BOOK_ENDED] != outcome->at_ns || task.status != TASK_FAILED ||
            task.reason != REASON_CONFIRMATION_TIMEOUT)
            continue;
        json_write_text(out, NULL, task.name);
        listed++;
    }
    json_write_end(out);
    json_write_u64(out, "timed_out", order_report(outcome).count);
}

static void timed_out(void *context, const struct service_outcome *outcome)
{
    finish(context, outcome, write_timed_out);
}

static void timeout_stale(struct exchange *exchange)
{
    struct service_order order = {.event = {.kind = EVENT_TIMEOUT_STALE}, .done = timed_out};
    order.event.u.stale.older_than_ns = body_integer(exchange, "older_than_seconds", 0) * NS_PER_S;
    (void)exchange_order(exchange, &order);
}

/* ---- snapshots ---- */

static void write_snapshots(struct exchange *exchange, const struct service_outcome *outcome,
                            struct json_writer *out)
{
    const bool *is_dry = exchange_kept(exchange);
    json_write_u64(out, "bytes", order_report(outcome).amount);
    json_write_u64(out, "count", order_report(outcome).count);
    json_write_bool(out, "dry_run", *is_dry);
    json_write_number(out, "mb", (double)(order_report(outcome).amount / KIB) / 1024);
}

static void snapshots_done(void *context, const struct service_outcome *outcome)
{
    finish(context, outcome, write_snapshots);
}

static void clear_snapshots(struct exchange *exchange)
{
    struct service_order order = {.event = {.kind = EVENT_SNAPSHOTS_CLEAR}, .done = snapshots_done};
    bool *is_dry = exchange_keep(exchange, sizeof *is_dry);
    if (!is_dry) {
        exchange_fail_order(exchange, ERR_NOMEM);
        return;
    }
    *is_dry = body_flag(exchange, "dry_run");
    order.event.u.snapshots.older_than_ns = body_integer(exchange, "older_than_seconds", 0) * NS_PER_S;
    order.event.u.snapshots.is_dry_run = *is_dry;
    order.event.u.snapshots.includes_live = body_flag(exchange, "include_live");
    (void)exchange_order(exchange, &order);
}

/* ---- the rows ---- */

enum { YEAR_S = 31536000 };
static const char *const RECOVERY_ACTIONS[] = {"rebuild_state", NULL};
static const struct route_field GC[] = {
    {"force", "snapshots of tasks that are confirmed but not final, too", .type = FIELD_BOOL}, {0}};
static const struct route_field FULL[] = {
    {"full", "also lists, queues, plans, and a replay of the log", .type = FIELD_BOOL}, {0}};
static const struct route_field RECOVERY[] = {
    {"action", "rebuild_state", FIELD_TEXT, .is_required = true, .choices = RECOVERY_ACTIONS},
    {"from_slot", "confirmations up to this slot are believed; or latest_confirmed", .type = FIELD_ANY},
    {0}};
static const struct route_field CLEAR[] = {
    {"drop", "the tasks fail, without a slash; otherwise they queue again", .type = FIELD_BOOL}, {0}};
static const struct route_field STALE[] = {
    {"older_than_seconds", "on the service's clock", FIELD_INTEGER, .is_required = true, .max = YEAR_S}, {0}};
static const struct route_field SNAPSHOTS[] = {
    {"dry_run", "only say what would go", .type = FIELD_BOOL},
    {"include_live", "those of tasks under way, too: they are rolled back", .type = FIELD_BOOL},
    {"older_than_seconds", "on the service's clock", FIELD_INTEGER, .is_required = true, .max = YEAR_S},
    {0}};

static const struct route_answer GC_ANSWER[] = {
    {"objects", FIELD_INTEGER}, {"bytes_freed", FIELD_INTEGER}, {"duration_ms", FIELD_INTEGER}, {0}};
static const struct route_answer INTEGRITY_ANSWER[] = {
    {"status", FIELD_TEXT}, {"checked", FIELD_INTEGER}, {"findings", FIELD_ANY}, {0}};
static const struct route_answer RECOVERY_ANSWER[] = {{"job_id", FIELD_INTEGER}, {"state", FIELD_TEXT}, {0}};
static const struct route_answer PROGRESS_ANSWER[] = {
    {"state", FIELD_TEXT}, {"phase", FIELD_TEXT}, {"percent", FIELD_INTEGER}, {"counts", FIELD_OBJECT}, {0}};
static const struct route_answer CLEAR_ANSWER[] = {
    {"cleared", FIELD_INTEGER}, {"requeued", FIELD_INTEGER}, {0}};
static const struct route_answer STALE_ANSWER[] = {{"timed_out", FIELD_INTEGER}, {"ids", FIELD_TEXTS}, {0}};
static const struct route_answer SNAPSHOTS_ANSWER[] = {
    {"count", FIELD_INTEGER}, {"bytes", FIELD_INTEGER}, {"dry_run", FIELD_BOOL}, {0}};

const struct route ROUTES_OPERATE[] = {
    {ROUTE_POST, "/admin/gc", "collect garbage now", gc, .body = GC, .answer = GC_ANSWER},
    {ROUTE_GET, "/admin/integrity-check", "does the state agree with itself", integrity, .query = FULL,
     .answer = INTEGRITY_ANSWER},
    {ROUTE_POST, "/admin/recovery", "rebuild the state from the log", recover, .body = RECOVERY,
     .answer = RECOVERY_ANSWER},
    {ROUTE_GET, "/admin/recovery/status", "how far the rebuild is", recovery, .answer = PROGRESS_ANSWER},
    {ROUTE_POST, "/admin/proof/clear-queue", "take every waiting proof out of the queue", clear_queue,
     .body = CLEAR, .answer = CLEAR_ANSWER},
    {ROUTE_POST, "/admin/operations/timeout-stale", "fail what has been under way for too long",
     timeout_stale, .body = STALE, .answer = STALE_ANSWER},
    {ROUTE_POST, "/admin/speculation/snapshots/clear", "let old snapshots go", clear_snapshots,
     .body = SNAPSHOTS, .answer = SNAPSHOTS_ANSWER},
    {0}};
