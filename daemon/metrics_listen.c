/* daemon/metrics_listen.c: what events and effects add to histograms, windows and agents. */
#include "daemon/metrics_own.h"
#include <time.h>

/* A duration between two moments of a task; one that is unknown (an image cut it off) is no observation. */
static void observe_span(struct metrics *metrics, enum metrics_histogram_id id, int64_t from_ns,
                         int64_t to_ns)
{
    if (from_ns != NEVER_NS && to_ns != NEVER_NS) metrics_observe(metrics, id, to_ns - from_ns);
}

static int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

void metrics_event(struct metrics *metrics, const struct book *book, const struct event *event)
{
    (void)book;
    metrics_clock(metrics, event->now_ns);
    metrics->stepped_ns = monotonic_ns();
    metrics->submitted_id = event->kind == EVENT_SUBMIT ? event->u.submit.id : 0;
}

static void count_operation(struct metrics *metrics, const struct effect *effect,
                            const struct book_task *task, enum operation_status status)
{
    const struct metrics_operation operation = {.agent_id = task->agent_id,
                                                .agent_index = effect->agent,
                                                .agent = task->agent ? task->agent : "",
                                                .type = task->type ? task->type : "",
                                                .status = status};
    if (operation.agent_id && *operation.agent) metrics_agents_count(&metrics->agents, &operation);
}

/* A submission that was taken has an effect of its own at once; one that was refused has none. */
static void count_submission(struct metrics *metrics, const struct book *book, const struct effect *effect)
{
    struct book_task task;
    if (!metrics->submitted_id || effect->task_id != metrics->submitted_id) return;
    metrics->submitted_id = 0;
    window_count(&metrics->counts, metrics->now_ns, WINDOW_SUBMITTED);
    if (book_find(book, effect->task_id, &task)) count_operation(metrics, effect, &task, OPERATION_PENDING);
}

static void hear_status(struct metrics *metrics, const struct book *book, const struct effect *effect)
{
    static const enum operation_status OF_STATUS[TASK_STATUS_COUNT] = {
        [TASK_CONFIRMED] = OPERATION_CONFIRMED,     [TASK_FAILED] = OPERATION_FAILED,
        [TASK_ROLLED_BACK] = OPERATION_ROLLED_BACK, [TASK_CANCELLED] = OPERATION_CANCELLED,
        [TASK_EXPIRED] = OPERATION_EXPIRED,
    };
    enum task_status to = effect->u.status.to;
    struct book_task task;
    if (to == TASK_ROLLED_BACK && effect->u.status.reason == REASON_ANCESTOR_FAILED)
        window_count(&metrics->counts, metrics->now_ns, WINDOW_ROLLED_BACK);
    if (to != TASK_EXECUTED && OF_STATUS[to] == OPERATION_PENDING) return;
    if (!book_find(book, effect->task_id, &task)) return;
    if (to == TASK_EXECUTED)
        observe_span(metrics, HISTOGRAM_RESULT, task.at_ns[BOOK_SUBMITTED], metrics->now_ns);
    else
        count_operation(metrics, effect, &task, OF_STATUS[to]);
    if (to == TASK_CONFIRMED)
        observe_span(metrics, HISTOGRAM_CONFIRMATION, task.at_ns[BOOK_SUBMITTED], metrics->now_ns);
}

static void hear_proof(struct metrics *metrics, const struct book *book, const struct effect *effect)
{
    struct book_task task;
    if (book_find(book, effect->task_id, &task))
        observe_span(metrics, HISTOGRAM_PROOF, task.at_ns[BOOK_PROVING], metrics->now_ns);
}

static void hear_batch(struct metrics *metrics, const struct effect *effect)
{
    if (effect->u.prove.index != 0) return; /* one effect a proof of the batch */
    metrics_observe(metrics, HISTOGRAM_BATCH, effect->u.prove.count);
    metrics->batches[metrics->batch_count++ % METRICS_BATCHES_RECENT] = effect->u.prove.count;
}

static void hear_admitted(struct metrics *metrics, const struct effect *effect)
{
    if (!effect->u.admitted.is_speculative) return;
    window_count(&metrics->counts, metrics->now_ns, WINDOW_ADMITTED);
    metrics_observe(metrics, HISTOGRAM_DEPTH, effect->u.admitted.depth);
}

/* The engine counts a root that was speculative when its rollback begins, and its victims in their turns. */
static void hear_rollback(struct metrics *metrics, const struct book *book, const struct effect *effect)
{
    struct book_task task;
    if (effect->kind == NOTE_ROLLBACK_END) {
        observe_span(metrics, HISTOGRAM_ROLLBACK, effect->u.rollback.began_ns, metrics->now_ns);
        metrics_observe(metrics, HISTOGRAM_CASCADE, (int64_t)effect->u.rollback.size + 1);
    } else if (book_find(book, effect->task_id, &task) && task.was_speculative) {
        window_count(&metrics->counts, metrics->now_ns, WINDOW_ROLLED_BACK);
    }
}

void metrics_effect(struct metrics *metrics, const struct book *book, int64_t now_ns,
                    const struct effect *effect)
{
    metrics_clock(metrics, now_ns);
    count_submission(metrics, book, effect);
    switch (effect->kind) {
    case NOTE_STATUS: hear_status(metrics, book, effect); break;
    case NOTE_PROOF_READY: hear_proof(metrics, book, effect); break;
    case EFFECT_PROVE: hear_batch(metrics, effect); break;
    case NOTE_ADMITTED: hear_admitted(metrics, effect); break;
    case NOTE_ROLLBACK_BEGIN:
    case NOTE_ROLLBACK_END: hear_rollback(metrics, book, effect); break;
    case NOTE_GC: observe_span(metrics, HISTOGRAM_GC, metrics->stepped_ns, monotonic_ns()); break;
    default: break;
    }
}
