/* daemon/service_say.c: the log for people and for the tools that read it: one JSON line for what an operator
 * asks about.
 *
 * One table: what is said of which effect, at which level. Every line about a task carries operation_id,
 * agent_id, depth, event_type and reason, so that a search for an id, or for "speculation", "rollback" or
 * "proof", finds it (engine.md 4.4). */
#include "daemon/service_state.h"
#include <stdio.h>
#include <string.h>

struct line {
    enum log_level level;
    const char *event_type, *msg;
};

static const struct line STATUS_LINES[TASK_STATUS_COUNT] = {
    [TASK_PENDING] = {LOG_DEBUG, "task.added", "speculation: task accepted"},
    [TASK_EXECUTING] = {LOG_DEBUG, "task.started", "speculation: task started"},
    [TASK_EXECUTED] = {LOG_DEBUG, "task.executed", "speculation: task executed"},
    [TASK_PROOF_PENDING] = {LOG_DEBUG, "proof.job.queued", "proof queued"},
    [TASK_AWAITING_ANCESTORS] = {LOG_DEBUG, "proof.job.deferred", "proof waits for its ancestors"},
    [TASK_SUBMITTING] = {LOG_DEBUG, "proof.submitted", "proof goes to the chain"},
    [TASK_CONFIRMING] = {LOG_DEBUG, "proof.accepted", "proof is with the chain"},
    [TASK_CONFIRMED] = {LOG_INFO, "commitment.confirmed", "speculation: commitment confirmed"},
    [TASK_FINALIZED] = {LOG_DEBUG, "commitment.finalized", "speculation: commitment finalized"},
    [TASK_FAILED] = {LOG_ERROR, "task.failed", "speculation: task failed"},
    [TASK_ROLLED_BACK] = {LOG_WARN, "speculation_rollback", "rollback: task rolled back"},
    [TASK_CANCELLED] = {LOG_WARN, "task.cancelled", "speculation: task cancelled"},
    [TASK_EXPIRED] = {LOG_WARN, "commitment.expired", "speculation: claim or commitment expired"},
};

static void write_line(struct service *service, const struct line *line, const struct log_field *fields)
{
    char wall[SERVICE_TIME_BYTES];
    struct log_record record = {
        .level = line->level, .at_ns = service_now_ns(service), .part = "speculation", .msg = line->msg};
    size_t count = 0;
    service_time_text(service, record.at_ns, wall);
    record.fields[count++] = log_text("time", wall);
    record.fields[count++] = log_text("event_type", line->event_type);
    for (; fields && fields->name && count < LOG_FIELDS_MOST; fields++) record.fields[count++] = *fields;
    log_write(service->options.log, &record);
}

static bool is_heard(const struct service *service, enum log_level level)
{
    return service->options.log && level >= service->options.log->least;
}

void say(struct service *service, enum log_level level, const char *event_type, const char *msg,
         const struct log_field *more)
{
    const struct line line = {level, event_type, msg};
    if (is_heard(service, level)) write_line(service, &line, more);
}

void say_disk(struct service *service, const char *why)
{
    if (why)
        say(service, LOG_ERROR, "system.read_only", "the log cannot be written: read-only until it can",
            (struct log_field[]){log_text("reason", why), {0}});
    else
        say(service, LOG_INFO, "system.writable", "the log can be written again", NULL);
}

/* ---- effects ---- */

static void say_of_task(struct service *service, const struct line *line, const struct effect *effect,
                        const char *reason, const struct log_field *more)
{
    struct book_task task = {0};
    struct log_field fields[8] = {{0}};
    if (!is_heard(service, line->level)) return;
    bool is_known = book_find(service->book, effect->task_id, &task);
    fields[0] = log_text("operation_id", is_known ? task.name : "");
    fields[1] = log_text("agent_id", is_known ? task.agent : "");
    fields[2] = log_number("depth", task.depth_at_admission);
    fields[3] = log_text("reason", reason);
    for (size_t i = 4; more && more->name && i < 7; i++, more++) fields[i] = *more;
    write_line(service, line, fields);
}

static const char *reason_text(enum rollback_reason reason)
{
    return reason < REASON_COUNT ? rollback_reason_name(reason) : "";
}

static bool is_timeout(enum rollback_reason reason)
{
    return reason == REASON_CONFIRMATION_TIMEOUT || reason == REASON_PROOF_TIMEOUT;
}

static void say_status(struct service *service, const struct effect *effect)
{
    static const struct line TIMEOUT = {LOG_ERROR, "speculation_timeout", "speculation: task timed out"};
    static const struct line PROOF = {LOG_ERROR, "proof_generation_failed", "proof generation failed"};
    enum rollback_reason reason = effect->u.status.reason;
    const struct line *line = &STATUS_LINES[effect->u.status.to];
    bool has_failed = effect->u.status.to == TASK_FAILED;
    bool was_proving = effect->u.status.from == TASK_PROOF_PENDING;
    if (has_failed && is_timeout(reason))
        line = &TIMEOUT;
    else if (has_failed && was_proving)
        line = &PROOF;
    const struct log_field error[] = {
        log_text("error_type", reason_text(reason)), log_text("message", line->msg), {0}};
    bool is_end = effect->u.status.to > TASK_FINALIZED;
    say_of_task(service, line, effect, is_end ? reason_text(reason) : "", line == &PROOF ? error : NULL);
}

static void say_admitted(struct service *service, const struct effect *effect)
{
    static const struct line LINE = {LOG_INFO, "speculation.decision", "speculation: admitted"};
    const struct log_field more[] = {log_flag("speculative", effect->u.admitted.is_speculative),
                                     log_number("bond_lamports", (int64_t)effect->u.admitted.bond_lamports),
                                     {0}};
    say_of_task(service, &LINE, effect, "admitted", more);
}

static void say_wait(struct service *service, const struct effect *effect)
{
    static const struct line LINE = {LOG_INFO, "speculation.decision", "speculation: waits"};
    if (effect->u.wait.reason != WAIT_NONE)
        say_of_task(service, &LINE, effect, wait_reason_name(effect->u.wait.reason), NULL);
}

static void say_settled(struct service *service, const struct effect *effect)
{
    static const struct line SLASH = {LOG_ERROR, "stake_slashed", "speculation: stake slashed"};
    static const struct line RELEASE = {LOG_DEBUG, "stake.released", "speculation: stake released"};
    bool is_slash = effect->u.settled.slashed_lamports > 0;
    uint64_t amount = is_slash ? effect->u.settled.slashed_lamports : effect->u.settled.released_lamports;
    const struct log_field more[] = {log_number("amount", (int64_t)amount), {0}};
    struct book_task task = {.reason = REASON_COUNT};
    bool is_known = book_find(service->book, effect->task_id, &task);
    say_of_task(service, is_slash ? &SLASH : &RELEASE, effect, is_known ? reason_text(task.reason) : "",
                more);
}

static void say_rollback(struct service *service, const struct effect *effect)
{
    static const struct line BEGIN = {LOG_WARN, "rollback.started", "rollback: cascade begins"};
    static const struct line END = {LOG_WARN, "rollback.completed", "rollback: cascade complete"};
    const struct log_field more[] = {
        log_number("size", effect->u.rollback.size),
        log_number("slashed_lamports", (int64_t)effect->u.rollback.slashed_lamports),
        {0}};
    say_of_task(service, effect->kind == NOTE_ROLLBACK_BEGIN ? &BEGIN : &END, effect,
                reason_text(effect->u.rollback.reason), more);
}

static void say_breaker(struct service *service, const struct effect *effect)
{
    static const struct line LINES[] = {
        [BREAKER_CLOSED] = {LOG_INFO, "system.resumed", "speculation: circuit breaker closed"},
        [BREAKER_HALF_OPEN] = {LOG_INFO, "system.probing", "speculation: circuit breaker half open, probing"},
        [BREAKER_OPEN] = {LOG_ERROR, "system.paused", "auto-disabling speculation"}};
    const struct line *line = &LINES[effect->u.breaker.to];
    const struct log_field more[] = {log_text("operation_id", ""),
                                     log_text("reason", breaker_trigger_name(effect->u.breaker.trigger)),
                                     log_number("value", (int64_t)effect->u.breaker.value),
                                     log_number("threshold", (int64_t)effect->u.breaker.threshold),
                                     {0}};
    if (is_heard(service, line->level)) write_line(service, line, more);
}

static void say_gc(struct service *service, const struct effect *effect)
{
    const struct log_field more[] = {log_number("bytes_freed", (int64_t)effect->u.gc.bytes_freed),
                                     log_number("snapshots", effect->u.gc.snapshots),
                                     log_number("tasks", effect->u.gc.tasks),
                                     {0}};
    say(service, LOG_DEBUG, "system.gc", "speculation: garbage collected", more);
}

static void say_drained(struct service *service, const struct effect *effect)
{
    const struct log_field more[] = {log_number("remaining", (int64_t)effect->u.drained.remaining), {0}};
    say(service, LOG_INFO, "system.drained", "speculation: drained", more);
}

static void (*const SPEAKERS[EFFECT_KIND_COUNT])(struct service *service, const struct effect *effect) = {
    [NOTE_STATUS] = say_status,
    [NOTE_ADMITTED] = say_admitted,
    [NOTE_WAIT] = say_wait,
    [NOTE_SETTLED] = say_settled,
    [NOTE_ROLLBACK_BEGIN] = say_rollback,
    [NOTE_ROLLBACK_END] = say_rollback,
    [NOTE_BREAKER] = say_breaker,
    [NOTE_GC] = say_gc,
    [NOTE_DRAINED] = say_drained,
};

void say_effect(struct service *service, const struct effect *effect)
{
    if (SPEAKERS[effect->kind]) SPEAKERS[effect->kind](service, effect);
}
