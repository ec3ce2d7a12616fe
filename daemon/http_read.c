/* daemon/http_read.c: what the read-only handlers share. */
#include "daemon/http_read.h"
#include "base/duration.h"
#include <stdio.h>
#include <stdlib.h>

int64_t read_now_ns(const struct exchange *exchange)
{
    return service_now_ns(exchange_live(exchange)->service);
}

const struct book *read_book(const struct exchange *exchange)
{
    return service_book(exchange_live(exchange)->service);
}

const struct engine *read_engine(const struct exchange *exchange)
{
    return service_engine(exchange_live(exchange)->service);
}

const struct settings *read_settings(const struct exchange *exchange)
{
    return &service_config(exchange_live(exchange)->service)->settings;
}

const char *read_speculation_word(const struct book_task *task)
{
    bool is_live = !task_status_is_terminal(task->status);
    if (is_live && task->status == TASK_PENDING) return task->parent_count > 0 ? "waiting" : "none";
    if (!task->was_speculative) return "none";
    if (is_live) return "speculative";
    return task_status_is_confirmed(task->status) ? "confirmed" : "rolled_back";
}

bool read_task(struct exchange *exchange, struct book_task *out)
{
    const char *name = exchange_parameter(exchange);
    if (book_find_name(read_book(exchange), name, out)) return true;
    exchange_fail(exchange, 404, "not_found",
                  "no task \"%s\": it never was, or ended so long ago that it is forgotten", name);
    return false;
}

uint64_t read_number(const struct exchange *exchange, const char *name, uint64_t fallback)
{
    const char *text = exchange_query(exchange, name);
    return text ? strtoull(text, NULL, 10) : fallback;
}

bool read_span(struct exchange *exchange, const char *name, int64_t fallback_ns, int64_t *out_ns)
{
    const char *text = exchange_query(exchange, name);
    struct diag diag = {0};
    *out_ns = fallback_ns;
    if (!text || duration_parse(text, out_ns, &diag) == OK) return true;
    exchange_fail(exchange, 400, "validation_failed", "%s: %s", name, diag.text);
    return false;
}

void read_write_time(struct exchange *exchange, const char *key, int64_t at_ns)
{
    char text[SERVICE_TIME_BYTES];
    service_time_text(exchange_live(exchange)->service, at_ns, text);
    json_write_text(exchange_json(exchange), key, text[0] ? text : NULL);
}

void read_write_seconds(struct exchange *exchange, const char *key, int64_t span_ns)
{
    if (span_ns == NEVER_NS)
        json_write_null(exchange_json(exchange), key);
    else
        json_write_number(exchange_json(exchange), key, (double)(span_ns / NS_PER_US) / 1e6);
}

void read_write_agent(struct exchange *exchange, const char *key, uint64_t agent_id)
{
    char text[24];
    const char *name = book_agent_name(read_book(exchange), agent_id);
    if (!name) snprintf(text, sizeof text, "0x%016llx", (unsigned long long)agent_id);
    json_write_text(exchange_json(exchange), key, name ? name : text);
}

void read_write_name(struct exchange *exchange, const char *key, uint64_t task_id)
{
    char text[24];
    const char *name = book_name(read_book(exchange), task_id);
    if (!name) snprintf(text, sizeof text, "task-%016llx", (unsigned long long)task_id);
    json_write_text(exchange_json(exchange), key, task_id ? (name ? name : text) : NULL);
}
