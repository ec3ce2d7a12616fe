/* daemon/http_tasks.c: tasks come in, are cancelled, their proofs tried again.
 *
 * A submission is reserved in the book, ordered, and acknowledged once it is on the disk. With an idempotency
 * key (the header Idempotency-Key, or the field) the same request again is answered with the same task. */
#include "daemon/order_notes.h"
#include "daemon/route_tables.h"
#include "daemon/task_body.h"
#include <string.h>

struct submitting {
    uint64_t id;
};

static void write_task(struct exchange *exchange, uint64_t id, bool is_same)
{
    struct book_task task;
    if (!book_find(service_book(exchange_live(exchange)->service), id, &task)) {
        exchange_fail(exchange, 500, "internal", "the task is not in the book");
        return;
    }
    exchange_status(exchange, is_same ? 200 : 201);
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    json_write_text(out, "agent_id", task.agent);
    json_write_bool(out, "duplicate", is_same);
    json_write_text(out, "status", task_status_name(task.status));
    json_write_text(out, "task_id", task.name);
    json_write_end(out);
    if (!is_same) exchange_audit(exchange, NULL, task.name);
}

static const struct {
    enum refusal refusal;
    int status;
    const char *words;
} REFUSALS[] = {
    {REFUSED_DUPLICATE_TASK, 409, "there is such a task already"},
    {REFUSED_PARENT_NOT_FOUND, 404, "a task that it depends on is not known"},
    {REFUSED_CYCLE_DETECTED, 409, "it would depend on itself"},
    {REFUSED_TOO_MANY_PARENTS, 400, "it depends on too many tasks"},
    {REFUSED_TABLE_FULL, 503, "the table of tasks is full: try again"},
};

static void submitted(void *context, const struct service_outcome *outcome)
{
    struct exchange *exchange = context;
    const struct submitting *kept = exchange_kept(exchange);
    bool is_refused = false;
    for (size_t i = 0; i < sizeof REFUSALS / sizeof *REFUSALS; i++)
        if (outcome->error != OK && outcome->refusal == REFUSALS[i].refusal) {
            exchange_fail(exchange, REFUSALS[i].status, refusal_name(outcome->refusal), "%s",
                          REFUSALS[i].words);
            is_refused = true;
        }
    if (outcome->error != OK && !is_refused) exchange_fail_order(exchange, outcome->error);
    if (outcome->error == OK) write_task(exchange, kept->id, false);
    exchange_send(exchange);
}

/* True: the name and the key are this submission's now. */
static bool reserve(struct exchange *exchange, const struct book_submission *submission)
{
    uint64_t same = 0;
    struct book *book = service_book_writable(exchange_live(exchange)->service);
    switch (book_reserve(book, submission, &same)) {
    case BOOK_RESERVED: return true;
    case BOOK_SAME: write_task(exchange, same, true); return false;
    case BOOK_UNDER_WAY:
        exchange_fail(exchange, 503, "under_way", "the same request is not on the disk yet: ask again");
        return false;
    case BOOK_OTHER_BODY:
        exchange_fail(exchange, 409, "idempotency_conflict",
                      "this idempotency key was used with another request");
        return false;
    case BOOK_NAME_TAKEN:
        exchange_fail(exchange, 409, "duplicate_task", "%.128s: there is such a task already",
                      submission->name);
        exchange_field(exchange, "task_id");
        return false;
    case BOOK_FULL: exchange_fail_order(exchange, ERR_LIMIT); return false;
    }
    return false;
}

static bool is_new(struct exchange *exchange, const struct book_submission *submission)
{
    if (!submission->key) return true;
    if (!reserve(exchange, submission)) return false;
    book_unreserve(service_book_writable(exchange_live(exchange)->service), submission->id);
    return true;
}

static void send(struct exchange *exchange, const struct task_body *body, struct service_order *order)
{
    struct submitting *kept = exchange_keep(exchange, sizeof *kept);
    if (!kept) {
        exchange_fail_order(exchange, ERR_NOMEM);
        return;
    }
    order->submission = &body->submission;
    kept->id = body->submission.id;
    if (!reserve(exchange, &body->submission)) return;
    if (!exchange_order(exchange, order))
        book_unreserve(service_book_writable(exchange_live(exchange)->service), kept->id);
}

static void submit(struct exchange *exchange)
{
    struct service_order order = {.event = {.kind = EVENT_SUBMIT}, .done = submitted};
    struct task_body body;
    if (task_body_begin(exchange, &body) && is_new(exchange, &body.submission) &&
        task_body_finish(exchange, &body, &order.event))
        send(exchange, &body, &order);
    task_body_close(&body);
}

/* ---- orders about one task ---- */

static void ordered(void *context, const struct service_outcome *outcome)
{
    struct exchange *exchange = context;
    struct book_task task;
    const struct book *book = service_book(exchange_live(exchange)->service);
    if (outcome->error == ERR_CONFLICT)
        exchange_fail(exchange, 409, "conflict", "its proof is not waiting to be tried again");
    else if (outcome->error != OK || !book_find_name(book, exchange_parameter(exchange), &task))
        exchange_fail_order(exchange, outcome->error == OK ? ERR_STALE : outcome->error);
    else {
        struct json_writer *out = exchange_json(exchange);
        json_write_object(out, NULL);
        json_write_text(out, "status", task_status_name(task.status));
        json_write_text(out, "task_id", task.name);
        json_write_end(out);
        exchange_audit(exchange, NULL, task_status_name(task.status));
    }
    exchange_send(exchange);
}

static void order_about(struct exchange *exchange, enum event_kind kind)
{
    struct service_order order = {.event = {.kind = kind}, .done = ordered};
    if (order_about_task(exchange, exchange_parameter(exchange), &order.event))
        (void)exchange_order(exchange, &order);
}

static void cancel(struct exchange *exchange)
{
    order_about(exchange, EVENT_CANCEL);
}

static void retry_proof(struct exchange *exchange)
{
    order_about(exchange, EVENT_PROOF_RETRY);
}

/* ---- the rows ---- */

static const struct route_answer SUBMIT_ANSWER[] = {
    {"task_id", FIELD_TEXT}, {"status", FIELD_TEXT}, {"duplicate", FIELD_BOOL}, {0}};
static const struct route_answer ORDER_ANSWER[] = {{"task_id", FIELD_TEXT}, {"status", FIELD_TEXT}, {0}};

const struct route ROUTES_TASKS[] = {
    {ROUTE_POST, "/admin/tasks", "submit a task; 201 once it is on the disk", submit, .body = TASK_FIELDS,
     .answer = SUBMIT_ANSWER},
    {ROUTE_POST, "/admin/tasks/{id}/cancel", "cancel a task; what rests on it is rolled back", cancel,
     .answer = ORDER_ANSWER},
    {ROUTE_POST, "/admin/proof/{id}/retry", "try a proof again, with all attempts", retry_proof,
     .answer = ORDER_ANSWER},
    {0}};
