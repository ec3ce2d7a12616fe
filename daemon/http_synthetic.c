/* daemon/http_synthetic.c: a chain of made-up tasks through the whole pipeline, to see that it works.
 *
 * The tasks are ordinary ones of the agent and type "synthetic", whatever the rollout; a run is their
 * trace_id, so that nothing is kept besides the book. */
#include "base/live_costs.h"
#include "daemon/http_read.h"
#include "daemon/order_body.h"
#include "daemon/route_tables.h"
#include <inttypes.h>
#include <string.h>

static const char SYNTHETIC[] = "synthetic";

struct run {
    uint32_t waiting, count;
    err error;
    char id[48];
    char names[LIMIT_DEPTH + 1][BOOK_NAME_BYTES];
};

static void answer(struct exchange *exchange)
{
    const struct run *run = exchange_kept(exchange);
    if (run->error != OK) {
        exchange_fail_order(exchange, run->error);
        return;
    }
    exchange_status(exchange, 202);
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    json_write_text(out, "run_id", run->id);
    json_write_text(out, "state", "running");
    json_write_array(out, "tasks");
    for (uint32_t i = 0; i < run->count; i++) json_write_text(out, NULL, run->names[i]);
    json_write_end(out);
    json_write_end(out);
}

static void submitted(void *context, const struct service_outcome *outcome)
{
    struct exchange *exchange = context;
    struct run *run = exchange_kept(exchange);
    if (outcome->error != OK) run->error = outcome->error;
    if (--run->waiting > 0) return;
    answer(exchange);
    exchange_send(exchange);
}

/* The i-th task rests on the one before; all are in one batch of the log. */
static err submit(struct exchange *exchange, uint64_t parent, uint64_t *id_out)
{
    struct run *run = exchange_kept(exchange);
    struct service *service = exchange_live(exchange)->service;
    struct book *book = service_book_writable(service);
    uint64_t id = book_next_id(book), same;
    char *name = run->names[run->count];
    if (run->count == 0) snprintf(run->id, sizeof run->id, "synthetic-%016" PRIx64, id);
    snprintf(name, BOOK_NAME_BYTES, "%s-%" PRIu32, run->id, run->count);
    struct book_submission submission = {
        .id = id, .name = name, .agent = SYNTHETIC, .type = SYNTHETIC, .trace_id = run->id};
    struct service_order order = {.event = {.kind = EVENT_SUBMIT,
                                            .u.submit = {.id = id,
                                                         .agent_id = book_agent_id(SYNTHETIC),
                                                         .snapshot_bytes = LIVE_SNAPSHOT_BYTES,
                                                         .claim_expires_ns = NEVER_NS,
                                                         .rollout_bucket = ROLLOUT_ALWAYS,
                                                         .parent_count = parent != 0,
                                                         .parents = {parent}}},
                                  .submission = &submission,
                                  .done = submitted,
                                  .context = exchange};
    submission.parent_count = order.event.u.submit.parent_count;
    submission.parents[0] = parent;
    if (book_reserve(book, &submission, &same) != BOOK_RESERVED) return ERR_LIMIT;
    err e = service_order(service, &order);
    if (e != OK) {
        book_unreserve(book, id);
        return e;
    }
    run->waiting++;
    run->count++;
    *id_out = id;
    return OK;
}

static void start(struct exchange *exchange)
{
    struct run *run = exchange_keep(exchange, sizeof *run);
    int64_t depth = body_integer(exchange, "depth", 1);
    uint64_t id = 0;
    err e = run ? OK : ERR_NOMEM;
    for (int64_t i = 0; i <= depth && e == OK; i++) e = submit(exchange, id, &id);
    if (e != OK && (!run || run->waiting == 0)) {
        exchange_fail_order(exchange, e);
        return;
    }
    run->error = e;
    exchange_hold(exchange);
}

/* ---- the last one ---- */

static bool find_latest(const struct book *book, char id[48])
{
    struct book_task task;
    uint64_t cursor = 0;
    id[0] = '\0';
    while (book_each(book, &cursor, &task))
        if (task.trace_id && strcmp(task.type, SYNTHETIC) == 0 && strcmp(task.agent, SYNTHETIC) == 0)
            snprintf(id, 48, "%s", task.trace_id);
    return id[0] != '\0';
}

struct tally {
    uint32_t tasks, confirmed, ended;
    int64_t began_ns, over_ns;
};

static void write_task(struct json_writer *out, const struct book_task *task)
{
    json_write_object(out, NULL);
    json_write_text(out, "speculation_status", read_speculation_word(task));
    json_write_text(out, "status", task_status_name(task->status));
    json_write_text(out, "task_id", task->name);
    json_write_end(out);
}

static void count(const struct book_task *task, struct tally *tally)
{
    bool is_confirmed = task_status_is_confirmed(task->status);
    int64_t end_ns = task->at_ns[is_confirmed ? BOOK_CONFIRMED : BOOK_ENDED];
    if (tally->tasks++ == 0) tally->began_ns = task->at_ns[BOOK_SUBMITTED];
    tally->confirmed += is_confirmed;
    tally->ended += task_status_is_terminal(task->status);
    if (end_ns != NEVER_NS && end_ns > tally->over_ns) tally->over_ns = end_ns;
}

static const char *state_of(const struct tally *tally)
{
    if (tally->ended < tally->tasks) return "running";
    return tally->confirmed == tally->tasks ? "passed" : "failed";
}

static void latest(struct exchange *exchange)
{
    const struct book *book = read_book(exchange);
    char id[48];
    struct book_task task;
    struct tally tally = {0};
    uint64_t cursor = 0;
    if (!find_latest(book, id)) {
        exchange_fail(exchange, 404, "not_found", "no run yet: POST /admin/test/speculation begins one");
        return;
    }
    while (book_each(book, &cursor, &task))
        if (task.trace_id && strcmp(task.trace_id, id) == 0) count(&task, &tally);
    int64_t end_ns = tally.ended == tally.tasks ? tally.over_ns : read_now_ns(exchange);
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    json_write_text(out, "run_id", id);
    json_write_number(out, "seconds", (double)((end_ns - tally.began_ns) / NS_PER_MS) / 1000);
    json_write_text(out, "state", state_of(&tally));
    json_write_array(out, "tasks");
    for (cursor = 0; book_each(book, &cursor, &task);)
        if (task.trace_id && strcmp(task.trace_id, id) == 0) write_task(out, &task);
    json_write_end(out);
    json_write_end(out);
}

static const char *const TYPES[] = {"synthetic", NULL};
static const struct route_field START[] = {{"depth", "of the chain: one root and so many that rest on it",
                                            FIELD_INTEGER, .min = 1, .max = LIMIT_DEPTH},
                                           {"type", "synthetic", FIELD_TEXT, .choices = TYPES},
                                           {0}};
static const struct route_answer START_ANSWER[] = {
    {"run_id", FIELD_TEXT}, {"state", FIELD_TEXT}, {"tasks", FIELD_TEXTS}, {0}};
static const struct route_answer LATEST_ANSWER[] = {
    {"run_id", FIELD_TEXT}, {"state", FIELD_TEXT}, {"seconds", FIELD_NUMBER}, {"tasks", FIELD_ANY}, {0}};

const struct route ROUTES_SYNTHETIC[] = {{ROUTE_POST, "/admin/test/speculation",
                                          "send a chain of synthetic tasks through", start, .body = START,
                                          .answer = START_ANSWER},
                                         {ROUTE_GET, "/admin/test/speculation/latest",
                                          "how the last such chain fares", latest, .answer = LATEST_ANSWER},
                                         {0}};
