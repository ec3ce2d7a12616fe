/* daemon/http_read.h: what the read-only handlers share (daemon/http_read*.c).
 *
 * They read the engine, the book and the service and change nothing. People meet tasks and agents by name;
 * times are RFC 3339 by the wall clock, ages and durations are seconds of the engine's clock, with
 * fractions. JSON keys come sorted (base/json_write.h). */
#pragma once
#include "daemon/metrics.h"
#include "daemon/route.h"

/* Items of one answer: longer lists would hold up everybody else's requests. */
enum { READ_MOST = 1000 };

/* "none", "waiting", "speculative", "confirmed", "rolled_back" (engine.md 1.2). */
const char *read_speculation_word(const struct book_task *task);

/* The task that the path names; false: answered with 404. */
bool read_task(struct exchange *exchange, struct book_task *out);

/* A query parameter that the row has checked, or `fallback`. */
uint64_t read_number(const struct exchange *exchange, const char *name, uint64_t fallback);
/* A parameter such as "1h"; false: answered with 400. */
bool read_span(struct exchange *exchange, const char *name, int64_t fallback_ns, int64_t *out_ns);

void read_write_time(struct exchange *exchange, const char *key, int64_t at_ns);
void read_write_seconds(struct exchange *exchange, const char *key, int64_t span_ns); /* NEVER_NS: null */
/* Names, or what stands for them: an agent's id in hex, a task's default name. */
void read_write_agent(struct exchange *exchange, const char *key, uint64_t agent_id);
void read_write_name(struct exchange *exchange, const char *key, uint64_t task_id);

/* One object: key NULL in an array. */
void read_write_rollback(struct exchange *exchange, const char *key, const struct book_rollback *rollback);
void read_write_slash(struct exchange *exchange, const char *key, const struct book_slash *slash);

int64_t read_now_ns(const struct exchange *exchange);
const struct book *read_book(const struct exchange *exchange);
const struct engine *read_engine(const struct exchange *exchange);
const struct settings *read_settings(const struct exchange *exchange);
