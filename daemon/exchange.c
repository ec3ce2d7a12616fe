/* daemon/exchange.c: a request's life: judged, handled, perhaps held, answered, audited. */
#include "daemon/exchange_state.h"
#include "base/assert.h"
#include "base/units.h"
#include "daemon/audit.h"
#include "daemon/metrics.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t real_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* ---- what the request is ---- */

struct live *exchange_live(const struct exchange *exchange)
{
    return exchange->live;
}

const char *exchange_parameter(const struct exchange *exchange)
{
    return exchange->parameter;
}

const char *exchange_query(const struct exchange *exchange, const char *name)
{
    for (uint32_t i = 0; i < exchange->request.query_count; i++)
        if (strcmp(exchange->request.query[i].name, name) == 0) return exchange->request.query[i].value;
    return NULL;
}

bool exchange_is_of_workers(const struct exchange *exchange)
{
    return exchange->request.is_of_workers;
}

bool exchange_flag(const struct exchange *exchange, const char *name)
{
    const char *text = exchange_query(exchange, name);
    return text && (strcmp(text, "1") == 0 || strcmp(text, "true") == 0);
}

const struct json_node *exchange_body(const struct exchange *exchange)
{
    return exchange->json ? &exchange->root : NULL;
}

const char *exchange_raw_body(const struct exchange *exchange, size_t *size_out)
{
    *size_out = exchange->body_bytes;
    return exchange->body ? exchange->body : "";
}

const char *exchange_header(const struct exchange *exchange, const char *name)
{
    const struct exchange_request *request = &exchange->request;
    return request->header ? request->header(request->transport, name) : NULL;
}

const char *exchange_actor(const struct exchange *exchange)
{
    return exchange->actor;
}

void *exchange_keep(struct exchange *exchange, size_t size_bytes)
{
    ASSERT(!exchange->kept);
    return exchange->kept = calloc(1, size_bytes);
}

void *exchange_kept(const struct exchange *exchange)
{
    return exchange->kept;
}

/* ---- its answer ---- */

void exchange_status(struct exchange *exchange, int status)
{
    exchange->status = status;
}

/* Takes what there is no memory to collect. */
static FILE *nowhere;

static void drop_answer(struct exchange *exchange)
{
    if (exchange->out) fclose(exchange->out);
    free(exchange->text);
    exchange->out = NULL;
    exchange->text = NULL;
    exchange->text_bytes = 0;
    exchange->has_writer = false;
}

FILE *exchange_text(struct exchange *exchange, const char *content_type)
{
    ASSERT(!exchange->is_answered);
    exchange->content_type = content_type;
    if (!exchange->out) exchange->out = open_memstream(&exchange->text, &exchange->text_bytes);
    if (exchange->out) return exchange->out;
    exchange->is_starved = true;
    return nowhere;
}

struct json_writer *exchange_json(struct exchange *exchange)
{
    if (!exchange->has_writer) {
        FILE *out = exchange_text(exchange, "application/json");
        json_write_begin(&exchange->writer, out, JSON_ONE_LINE);
        exchange->has_writer = true;
    }
    return &exchange->writer;
}

void exchange_fail(struct exchange *exchange, int status, const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(exchange->failure.words, sizeof exchange->failure.words, format, arguments);
    va_end(arguments);
    err_make_one_line(exchange->failure.words);
    exchange->failure.code = code;
    exchange->status = status;
    exchange->has_failed = true;
    exchange->retries_later = status == 503 || status == 429;
}

void exchange_nearest(struct exchange *exchange, const char *nearest)
{
    snprintf(exchange->failure.nearest, sizeof exchange->failure.nearest, "%s", nearest ? nearest : "");
}

void exchange_field(struct exchange *exchange, const char *field)
{
    snprintf(exchange->failure.field, sizeof exchange->failure.field, "%s", field ? field : "");
}

/* Without memory for it there is still the first. */
void exchange_also(struct exchange *exchange, const char *words)
{
    struct exchange_words *one = malloc(sizeof *one + strlen(words) + 1);
    if (!one) return;
    one->next = NULL;
    memcpy(one->text, words, strlen(words) + 1);
    if (exchange->failure.also_last)
        exchange->failure.also_last->next = one;
    else
        exchange->failure.also = one;
    exchange->failure.also_last = one;
}

static void write_also(struct json_writer *out, const struct exchange_words *words)
{
    if (!words) return;
    json_write_array(out, "errors");
    for (; words; words = words->next) json_write_text(out, NULL, words->text);
    json_write_end(out);
}

static void write_failure(struct exchange *exchange)
{
    drop_answer(exchange);
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    json_write_text(out, "code", exchange->failure.code);
    json_write_object(out, "details");
    write_also(out, exchange->failure.also);
    if (exchange->failure.field[0]) json_write_text(out, "field", exchange->failure.field);
    if (exchange->failure.nearest[0]) json_write_text(out, "nearest", exchange->failure.nearest);
    json_write_end(out);
    json_write_text(out, "error", exchange->failure.words);
    json_write_end(out);
}

/* What answers to orders that were not taken, or failed when they were stepped. */
static const struct {
    err error;
    int status;
    const char *code, *words;
} ORDER_FAILURES[] = {
    {ERR_IO, 503, "read_only", "the log cannot be written: the service is read-only until the disk is well"},
    {ERR_LIMIT, 503, "back_pressure", "too much is waiting already: try again"},
    {ERR_CONFLICT, 409, "conflict", "not possible in the present state"},
    {ERR_STALE, 409, "conflict", "it is over, or not in a state for that"},
    {ERR_RANGE, 400, "validation_failed", "a value is out of range"},
    {ERR_NOMEM, 503, "out_of_memory", "out of memory"},
};

void exchange_fail_order(struct exchange *exchange, err error)
{
    struct service_status status;
    service_status(exchange->live->service, &status);
    if (error == ERR_CONFLICT && status.is_stopping) {
        exchange_fail(exchange, 503, "stopping", "the service is stopping: nothing is admitted any more");
        return;
    }
    if (error == ERR_CONFLICT && status.is_rebuilding) {
        exchange_fail(exchange, 409, "rebuilding",
                      "the state is being rebuilt: GET /admin/recovery/status says how far it is");
        return;
    }
    if (error == ERR_IO && status.read_only_why[0]) {
        exchange_fail(exchange, 503, "read_only", "the service is read-only: %s", status.read_only_why);
        return;
    }
    for (size_t i = 0; i < sizeof ORDER_FAILURES / sizeof *ORDER_FAILURES; i++)
        if (ORDER_FAILURES[i].error == error) {
            exchange_fail(exchange, ORDER_FAILURES[i].status, ORDER_FAILURES[i].code, "%s",
                          ORDER_FAILURES[i].words);
            return;
        }
    exchange_fail(exchange, 500, "internal", "%s", err_text(error));
}

void exchange_hold(struct exchange *exchange)
{
    exchange->is_held = true;
}

bool exchange_order(struct exchange *exchange, const struct service_order *order)
{
    struct service_order taken = *order;
    taken.context = exchange;
    exchange->is_held = true;
    err e = service_order(exchange->live->service, &taken);
    if (e == OK) return true;
    exchange->is_held = false;
    exchange_fail_order(exchange, e);
    return false;
}

void exchange_watch(struct exchange *exchange, void (*look)(struct exchange *exchange))
{
    if (exchange->look) exchange->live->watched--;
    if (look) exchange->live->watched++;
    exchange->look = look;
}

void exchange_release(struct exchange *exchange)
{
    exchange_watch(exchange, NULL);
    exchange->is_held = false;
}

bool exchange_is_held(const struct exchange *exchange)
{
    return exchange->is_held;
}

void exchange_audit(struct exchange *exchange, const char *before, const char *after)
{
    if (exchange->before || exchange->after) return;
    exchange->before = before ? strdup(before) : NULL;
    exchange->after = after ? strdup(after) : NULL;
}

/* ---- its end ---- */

/* Refused ones of routes that only read are noted as well: somebody tried without the right token. */
static void audit(const struct exchange *exchange)
{
    bool is_refused = exchange->status == 401 || exchange->status == 403;
    bool changes = exchange->route && exchange->route->method == ROUTE_POST;
    if (!exchange->live->audit || (!changes && !is_refused)) return;
    audit_write(exchange->live->audit, &(struct audit_entry){
                                           .actor = exchange->actor,
                                           .peer = exchange->request.peer,
                                           .method = exchange->request.method,
                                           .path = exchange->request.path,
                                           .status = exchange->status,
                                           .code = exchange->has_failed ? exchange->failure.code : NULL,
                                           .before = exchange->before,
                                           .after = exchange->after,
                                           .is_refused = is_refused,
                                       });
}

/* Without memory for an answer: few words, that need none. */
static void answer_starved(struct exchange *exchange)
{
    drop_answer(exchange);
    exchange_fail(exchange, 503, "out_of_memory", "out of memory");
    exchange->content_type = "text/plain";
}

static void answer(struct exchange *exchange)
{
    if (exchange->has_failed) write_failure(exchange);
    if (exchange->has_writer) json_write_finish(&exchange->writer);
    exchange->is_starved |= exchange->out && fclose(exchange->out) != 0;
    exchange->out = NULL;
    if (exchange->is_starved) answer_starved(exchange);
    exchange->is_answered = true;
    audit(exchange);
    if (!exchange->live->metrics) return;
    bool is_long = exchange->route && exchange->route->is_long; /* a drain takes as long as it takes */
    if (!is_long) metrics_api_latency(exchange->live->metrics, real_ns() - exchange->began_ns);
    metrics_request(exchange->live->metrics, exchange->request.path, exchange->status);
}

void exchange_send(struct exchange *exchange)
{
    ASSERT(exchange->is_held && !exchange->is_answered);
    exchange_release(exchange);
    answer(exchange);
    if (exchange->resume) exchange->resume(exchange);
}

/* ---- who moves it along ---- */

err exchange_open(struct exchange **out, struct live *live, const struct exchange_request *request)
{
    if (!nowhere) nowhere = fopen("/dev/null", "we");
    struct exchange *exchange = nowhere ? calloc(1, sizeof *exchange) : NULL;
    if (!exchange) return ERR_NOMEM;
    exchange->live = live;
    exchange->request = *request;
    if (request->query_count > EXCHANGE_QUERY_MOST) exchange->request.query_count = EXCHANGE_QUERY_MOST;
    exchange->began_ns = real_ns();
    exchange->status = 200;
    snprintf(exchange->actor, sizeof exchange->actor, "anonymous");
    if (request->query_count > EXCHANGE_QUERY_MOST)
        exchange_fail(exchange, 400, "validation_failed", "more than %d query parameters",
                      EXCHANGE_QUERY_MOST);
    else
        (void)exchange_check_head(exchange);
    if (exchange->has_failed) answer(exchange);
    *out = exchange;
    return OK;
}

void exchange_take(struct exchange *exchange, const void *bytes, size_t size_bytes)
{
    if (exchange->is_answered || exchange->is_too_large || size_bytes == 0) return;
    size_t needed = exchange->body_bytes + size_bytes + 1;
    if (needed > EXCHANGE_BODY_BYTES + 1) {
        exchange->is_too_large = true;
        return;
    }
    if (needed > exchange->body_capacity) {
        size_t capacity = needed * 2 > EXCHANGE_BODY_BYTES ? EXCHANGE_BODY_BYTES + 1 : needed * 2;
        char *grown = realloc(exchange->body, capacity);
        exchange->is_too_large |= !grown;
        if (!grown) return;
        exchange->body = grown;
        exchange->body_capacity = capacity;
    }
    memcpy(exchange->body + exchange->body_bytes, bytes, size_bytes);
    exchange->body_bytes += size_bytes;
    exchange->body[exchange->body_bytes] = '\0';
}

void exchange_run(struct exchange *exchange)
{
    if (exchange->is_answered) return;
    if (exchange->is_too_large)
        exchange_fail(exchange, 413, "body_too_large", "the body is larger than %d bytes",
                      EXCHANGE_BODY_BYTES);
    else if (exchange_check_body(exchange))
        exchange->route->handle(exchange);
    if (!exchange->is_held && !exchange->is_answered) answer(exchange);
}

void exchange_free(struct exchange *exchange)
{
    if (!exchange) return;
    exchange_watch(exchange, NULL);
    drop_answer(exchange);
    json_free(exchange->json);
    free(exchange->body);
    free(exchange->before);
    free(exchange->after);
    free(exchange->kept);
    for (struct exchange_words *words = exchange->failure.also, *next; words; words = next) {
        next = words->next;
        free(words);
    }
    free(exchange);
}
