/* chaos/log_check.c: see the header. */
#include "chaos/log_check.h"
#include "engine/replay.h"
#include <inttypes.h>
#include <string.h>

enum { DENSE_IDS = 1 << 16 };

struct job {
    struct arena arena;
    struct replay replay;
    struct watch *watch;
    int64_t last_ns;
};

static void hear_event(void *context, const struct event *event)
{
    struct job *job = context;
    if (event->now_ns > job->last_ns) job->last_ns = event->now_ns;
    watch_event(job->watch, event);
}

static void hear_effect(void *context, const struct effect *effect)
{
    watch_effect(((struct job *)context)->watch, effect);
}

static void hear_answer(void *context, const struct event *event, err answer)
{
    struct job *job = context;
    (void)event;
    watch_answer(job->watch, answer, job->replay.engine);
}

static err fail(const struct journal_diag *fault, struct diag *diag)
{
    bool has_field = fault->field.field && fault->field.what;
    return diag_fail(
        diag, ERR_SYNTAX, "record %" PRIu64 " at byte %zu: %s%s%s%s%s; what comes before it is good",
        fault->record, fault->offset, journal_fault_text(fault->fault), has_field ? " (" : "",
        has_field ? fault->field.field : "", has_field ? " " : "", has_field ? fault->field.what : "");
}

/* Limits come from the file: they are held against what an engine may have before memory is taken. */
static err open_job(struct job *job, const void *log, size_t log_bytes, bool is_live_checked,
                    struct diag *diag)
{
    struct journal_reader reader;
    struct journal_diag fault = {0};
    if (journal_open(&reader, log, log_bytes, &fault) != OK) return fail(&fault, diag);
    const struct engine_limits *limits = &reader.limits;
    bool is_possible = limits->tasks > 0 && limits->tasks <= LIMIT_TABLE && limits->agents > 0 &&
                       limits->agents <= LIMIT_AGENTS + 1 && limits->edges <= LIMIT_TABLE * LIMIT_PARENTS;
    if (!is_possible)
        return diag_fail(diag, ERR_RANGE,
                         "its engine has %u tasks, %u edges and %u agents: none has that many", limits->tasks,
                         limits->edges, limits->agents);
    TRY(arena_open(&job->arena, engine_memory_bytes(limits)));
    if (replay_begin(&job->replay, &job->arena, log, log_bytes, &fault) != OK) return fail(&fault, diag);
    const struct watch_options options = {
        .settings = &reader.initial,
        .limits = *limits,
        .tasks_most = DENSE_IDS,
        .is_live_checked = is_live_checked,
    };
    return watch_open(&job->watch, &options);
}

static err step_all(struct job *job, struct diag *diag)
{
    const struct replay_listener listener = {job, hear_event, hear_effect, hear_answer};
    struct journal_diag fault = {0};
    while (!job->replay.is_over) {
        err e = replay_step(&job->replay, &fault, &listener);
        if (e == ERR_SYNTAX) return fail(&fault, diag);
        TRY(e);
    }
    watch_scraped(job->watch, job->last_ns, job->replay.engine);
    watch_finish(job->watch, job->last_ns);
    return OK;
}

static void keep(struct log_check *out, const struct job *job, size_t log_bytes)
{
    const struct journal_reader *reader = &job->replay.reader;
    *out = (struct log_check){
        .events = reader->events,
        .refused = job->replay.refused,
        .last_ns = job->last_ns,
        .good_bytes = reader->in.used,
        .torn_bytes = job->replay.is_torn ? log_bytes - reader->in.used : 0,
        .is_sealed = reader->is_sealed,
        .violation_count = watch_violation_count(job->watch),
    };
    for (int rule = 0; rule < INVARIANT_COUNT; rule++) {
        out->checks[rule] = watch_checks(job->watch, (enum invariant)rule);
        out->margins_ppm[rule] = watch_margin_ppm(job->watch, (enum invariant)rule);
    }
    const struct violation *violation;
    while ((violation = watch_violation(job->watch, out->kept))) out->violations[out->kept++] = *violation;
}

err log_check_run(struct log_check *out, const void *log, size_t log_bytes, bool is_live_checked,
                  struct diag *diag)
{
    struct job job = {0};
    out->events = 0;
    err e = open_job(&job, log, log_bytes, is_live_checked, diag);
    if (e == OK) e = step_all(&job, diag);
    if (e == OK || (e == ERR_SYNTAX && job.watch)) keep(out, &job, log_bytes);
    watch_free(job.watch);
    arena_close(&job.arena);
    return e;
}
