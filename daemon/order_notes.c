/* daemon/order_notes.c */
#include "daemon/order_notes.h"

const struct effect *order_note(const struct service_outcome *outcome, enum effect_kind kind)
{
    for (uint32_t i = 0; i < outcome->note_count; i++)
        if (outcome->notes[i].kind == kind) return &outcome->notes[i];
    return NULL;
}

struct order_report order_report(const struct service_outcome *outcome)
{
    const struct effect *note = order_note(outcome, NOTE_REPORT);
    if (!note) return (struct order_report){0};
    return (struct order_report){note->u.report.count, note->u.report.amount};
}

struct order_rollbacks order_rollbacks(const struct service *service, int64_t since_ns,
                                       enum rollback_reason reason)
{
    struct order_rollbacks rolled = {0};
    struct book_rollback rollback;
    for (uint32_t i = 0; book_rollback(service_book(service), i, &rollback); i++) {
        if (rollback.began_ns < since_ns) break;
        if (rollback.reason != reason) continue;
        rolled.tasks += 1 + rollback.size;
        rolled.are_running |= rollback.ended_ns == NEVER_NS;
        rolled.released_lamports += rollback.released_lamports;
        if (rolled.kept < ORDER_ROLLBACKS_MOST) rolled.numbers[rolled.kept++] = rollback.number;
    }
    return rolled;
}

bool order_about_task(struct exchange *exchange, const char *name, struct event *event)
{
    const struct service *service = exchange_live(exchange)->service;
    struct book_task task;
    if (!book_find_name(service_book(service), name, &task)) {
        exchange_fail(exchange, 404, "task_not_found", "%.128s: there is no such task", name);
        return false;
    }
    if (engine_find(service_engine(service), task.id, &event->task)) return true;
    exchange_fail(exchange, 409, "conflict", "%.128s: it is over: %s", name, task_status_name(task.status));
    return false;
}
