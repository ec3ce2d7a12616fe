/* daemon/task_body.c */
#include "daemon/task_body.h"
#include "base/live_costs.h"
#include "base/rollout.h"
#include "base/sha256.h"
#include "base/units.h"
#include "daemon/order_body.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_S = 86400 };

const struct route_field TASK_FIELDS[] = {
    {"task_id", "its name; one is made when it is absent", FIELD_TEXT, .min = TASK_NAME_LEAST,
     .max = BOOK_NAME_BYTES - 1},
    {"agent_id", "whose stake backs it; default: default", FIELD_TEXT, .min = 1, .max = BOOK_AGENT_BYTES - 1},
    {"type", "compute, transfer, ...; default: compute", FIELD_TEXT, .min = 1, .max = BOOK_TYPE_BYTES - 1},
    {"payload", "any JSON; {\"fail\": true}: its proof will be found wrong", .type = FIELD_ANY},
    {"depends_on", "a list of names, or of {\"task_id\", \"edge_type\": data, order or resource}",
     .type = FIELD_ANY},
    {"priority", "for people; the engine orders by depth", FIELD_INTEGER, .min = -1000, .max = 1000},
    {"labels", "texts by name", .type = FIELD_OBJECT},
    {"trace_id", "of the caller's trace", FIELD_TEXT, .min = 1, .max = 128},
    {"claim_ttl_seconds", "the claim lasts so long, on the service's clock", FIELD_INTEGER, .min = 1,
     .max = 365 * DAY_S},
    {"bond", "lamports; absent: by the formula", FIELD_INTEGER, .min = 1, .max = INT64_C(1000000000000)},
    {"compute_ms", "how long it executes; absent: the service's own cost", FIELD_INTEGER, .min = 1,
     .max = INT64_C(1000) * DAY_S},
    {"snapshot_bytes", "of the state before it", FIELD_INTEGER, .min = 1, .max = INT64_C(1) << 40},
    {"retry_of", "the task that failed before", FIELD_TEXT, .min = 1, .max = BOOK_NAME_BYTES - 1},
    {"idempotency_key", "as the header Idempotency-Key", FIELD_TEXT, .min = 1, .max = BOOK_KEY_BYTES - 1},
    {0}};

static bool refuse(struct exchange *exchange, const char *field, const char *words)
{
    exchange_fail(exchange, 400, "validation_failed", "%s: %s", field, words);
    exchange_field(exchange, field);
    return false;
}

/* Names stand in paths and metrics: no blanks, quotes or slashes. */
static bool is_name(const char *text)
{
    static const char OTHERS[] = "._:@+-";
    for (; *text; text++) {
        bool is_word = (*text >= '0' && *text <= '9') || ((*text | 0x20) >= 'a' && (*text | 0x20) <= 'z');
        if (!is_word && !strchr(OTHERS, *text)) return false;
    }
    return true;
}

static bool read_names(struct exchange *exchange, struct book_submission *out)
{
    static const char WORDS[] = "letters, digits and ._:@+- only";
    const char *agent = body_text(exchange, "agent_id"), *type = body_text(exchange, "type");
    out->name = body_text(exchange, "task_id");
    out->agent = agent ? agent : "default";
    out->type = type ? type : "compute";
    out->trace_id = body_text(exchange, "trace_id");
    if (out->name && !is_name(out->name)) return refuse(exchange, "task_id", WORDS);
    if (!is_name(out->agent)) return refuse(exchange, "agent_id", WORDS);
    if (!is_name(out->type)) return refuse(exchange, "type", WORDS);
    return true;
}

static bool read_key(struct exchange *exchange, struct book_submission *out)
{
    const char *header = exchange_header(exchange, "Idempotency-Key");
    const char *field = body_text(exchange, "idempotency_key");
    out->key = header ? header : field;
    if (header && (!header[0] || strlen(header) >= BOOK_KEY_BYTES))
        return refuse(exchange, "Idempotency-Key", "1 to 128 characters");
    if (header && field && strcmp(header, field) != 0)
        return refuse(exchange, "idempotency_key", "header and field differ");
    size_t size_bytes;
    const char *raw = exchange_raw_body(exchange, &size_bytes);
    if (out->key) sha256_of(raw, size_bytes, out->digest);
    return true;
}

static bool read_payload(struct exchange *exchange, struct task_body *out)
{
    const char *key = NULL;
    struct json_node node;
    while (exchange_body(exchange) && json_next(exchange_body(exchange), key, &key, &node)) {
        bool fails = false;
        if (strcmp(key, "payload") != 0) continue;
        out->payload = json_text_of(&node);
        if (!out->payload) {
            exchange_fail_order(exchange, ERR_NOMEM);
            return false;
        }
        out->submission.fails = json_get_bool(&node, "fail", &fails, NULL) == OK && fails;
    }
    out->submission.payload = out->payload;
    return true;
}

static bool read_labels(struct exchange *exchange, struct task_body *out)
{
    struct json_node labels, node;
    const char *key = NULL, *value;
    if (!body_has(exchange, "labels")) return true;
    if (json_get_object(exchange_body(exchange), "labels", &labels, NULL) != OK) return false;
    if (json_count(&labels) > TASK_LABELS_MOST) return refuse(exchange, "labels", "at most 32");
    while (json_next(&labels, key, &key, &node)) {
        if (!key[0] || strlen(key) > TASK_LABEL_KEY_BYTES)
            return refuse(exchange, "labels", "names of 1 to 64 characters");
        if (json_get_text(&node, NULL, &value, NULL) != OK || strlen(value) > TASK_LABEL_VALUE_BYTES)
            return refuse(exchange, "labels", "texts of at most 256 characters");
    }
    out->labels = json_text_of(&labels);
    out->submission.labels = out->labels;
    if (!out->labels) exchange_fail_order(exchange, ERR_NOMEM);
    return out->labels != NULL;
}

/* ---- parents ---- */

static bool read_edge(struct exchange *exchange, const struct json_node *item, const char **name,
                      uint8_t *kind)
{
    static const char *const KINDS[] = {
        [EDGE_DATA] = "data", [EDGE_ORDER] = "order", [EDGE_RESOURCE] = "resource"};
    const char *type = KINDS[EDGE_DATA], *key = NULL;
    struct json_node object, node;
    *kind = EDGE_KIND_COUNT;
    if (json_get_text(item, NULL, name, NULL) == OK) {
        *kind = EDGE_DATA;
        return true;
    }
    if (json_get_object(item, NULL, &object, NULL) != OK ||
        json_get_text(&object, "task_id", name, NULL) != OK)
        return refuse(exchange, "depends_on", "a list of names, or of objects with task_id");
    while (json_next(&object, key, &key, &node))
        if (strcmp(key, "task_id") != 0 && strcmp(key, "edge_type") != 0)
            return refuse(exchange, "depends_on", "objects have task_id and edge_type only");
    if (json_has(&object, "edge_type") && json_get_text(&object, "edge_type", &type, NULL) != OK)
        return refuse(exchange, "depends_on", "edge_type must be data, order or resource");
    for (uint8_t i = 0; i < EDGE_KIND_COUNT; i++)
        if (strcmp(KINDS[i], type) == 0) *kind = i;
    return *kind < EDGE_KIND_COUNT
               ? true
               : refuse(exchange, "depends_on", "edge_type must be data, order or resource");
}

/* A parent that is over and forgotten: confirmed, it is no gate any more; otherwise nothing can rest on it.
 */
static bool add_parent(struct exchange *exchange, struct book_submission *out, const char *name, uint8_t kind)
{
    const struct service *service = exchange_live(exchange)->service;
    struct book_task parent;
    struct task_ref ref;
    if (!book_find_name(service_book(service), name, &parent)) {
        exchange_fail(exchange, 404, "parent_not_found", "%.128s: there is no such task to depend on", name);
        exchange_field(exchange, "depends_on");
        return false;
    }
    for (uint32_t i = 0; i < out->parent_count; i++)
        if (out->parents[i] == parent.id) return refuse(exchange, "depends_on", "a task is named twice");
    if (!engine_find(service_engine(service), parent.id, &ref)) {
        if (task_status_is_confirmed(parent.status)) return true;
        exchange_fail(exchange, 409, "ancestor_invalid", "%.128s: it ended as %s: nothing can depend on it",
                      name, task_status_name(parent.status));
        exchange_field(exchange, "depends_on");
        return false;
    }
    if (out->parent_count == LIMIT_PARENTS) return refuse(exchange, "depends_on", "at most 16 tasks");
    out->parents[out->parent_count] = parent.id;
    out->edge_kinds[out->parent_count++] = kind;
    return true;
}

static bool read_parents(struct exchange *exchange, struct book_submission *out)
{
    struct json_node array;
    if (!body_has(exchange, "depends_on")) return true;
    if (json_get_array(exchange_body(exchange), "depends_on", &array, NULL) != OK)
        return refuse(exchange, "depends_on", "a list of names is expected");
    for (size_t i = 0; i < json_count(&array); i++) {
        struct json_node item = json_item(&array, i);
        const char *name;
        uint8_t kind;
        if (!read_edge(exchange, &item, &name, &kind) || !add_parent(exchange, out, name, kind)) return false;
    }
    return true;
}

static bool read_retried(struct exchange *exchange, struct book_submission *out)
{
    struct book_task task;
    const char *name = body_text(exchange, "retry_of");
    if (!name) return true;
    if (!book_find_name(service_book(exchange_live(exchange)->service), name, &task)) {
        exchange_fail(exchange, 404, "task_not_found", "%.128s: there is no such task to try again", name);
        exchange_field(exchange, "retry_of");
        return false;
    }
    out->retry_of = task.id;
    return true;
}

/* ---- the engine's share ---- */

static uint32_t bucket_of(const struct settings *settings, const struct book_submission *submission)
{
    char made[32];
    const char *key = submission->agent;
    snprintf(made, sizeof made, "task-%016" PRIx64, submission->id);
    if (settings->rollout_key == ROLLOUT_BY_TASK) key = submission->name ? submission->name : made;
    if (rollout_lists(settings->rollout_always, submission->agent)) return ROLLOUT_ALWAYS;
    return rollout_bucket(key, strlen(key));
}

static void fill_event(struct exchange *exchange, const struct book_submission *submission,
                       struct event *event)
{
    const struct service *service = exchange_live(exchange)->service;
    int64_t ttl_s = body_integer(exchange, "claim_ttl_seconds", 0);
    struct event_submit *submit = &event->u.submit;
    submit->id = submission->id;
    submit->agent_id = book_agent_id(submission->agent);
    submit->snapshot_bytes = (uint64_t)body_integer(exchange, "snapshot_bytes", LIVE_SNAPSHOT_BYTES);
    submit->bond_lamports = (uint64_t)body_integer(exchange, "bond", 0);
    submit->claim_expires_ns = ttl_s ? ns_after(service_now_ns(service), ttl_s * NS_PER_S) : NEVER_NS;
    submit->rollout_bucket = bucket_of(&service_config(service)->settings, submission);
    submit->parent_count = submission->parent_count;
    memcpy(submit->parents, submission->parents, sizeof submit->parents);
    memcpy(submit->edge_kinds, submission->edge_kinds, sizeof submit->edge_kinds);
}

bool task_body_begin(struct exchange *exchange, struct task_body *out)
{
    struct book *book = service_book_writable(exchange_live(exchange)->service);
    *out = (struct task_body){.submission.id = book_next_id(book)};
    return read_names(exchange, &out->submission) && read_key(exchange, &out->submission);
}

bool task_body_finish(struct exchange *exchange, struct task_body *body, struct event *event)
{
    struct book_submission *submission = &body->submission;
    submission->compute_ns = body_integer(exchange, "compute_ms", 0) * NS_PER_MS;
    submission->priority = body_integer(exchange, "priority", 0);
    if (!read_payload(exchange, body) || !read_labels(exchange, body) ||
        !read_parents(exchange, submission) || !read_retried(exchange, submission))
        return false;
    fill_event(exchange, submission, event);
    return true;
}

void task_body_close(struct task_body *body)
{
    free(body->payload);
    free(body->labels);
}
