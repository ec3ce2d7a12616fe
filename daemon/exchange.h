/* daemon/exchange.h: one HTTP request and its answer, as a route's handler sees them.
 *
 * A handler reads, then answers: with exchange_json (status 200 unless exchange_status says otherwise),
 * with exchange_text, or with exchange_fail. If it must wait (an order that is not on the disk yet), it
 * calls exchange_hold and answers later, from whatever calls it back; should the client go away before, the
 * exchange is only freed after it was answered, so the pointer is good until then.
 *
 * Before a handler runs the path, the method, the token, the query's names, the body (JSON, keys, types,
 * ranges by the route's table) have been checked: what it reads is there and of its type.
 * Threads: the loop's. */
#pragma once
#include "base/json.h"
#include "daemon/live.h"

struct exchange;

struct live *exchange_live(const struct exchange *exchange);
const char *
exchange_parameter(const struct exchange *exchange); /* what stands for {id} in the path; decoded */
const char *exchange_query(const struct exchange *exchange, const char *name); /* decoded; NULL: absent */
const struct json_node *exchange_body(const struct exchange *exchange);        /* NULL: empty */
const char *exchange_raw_body(const struct exchange *exchange, size_t *size_out);
const char *exchange_header(const struct exchange *exchange, const char *name); /* NULL: absent */
bool exchange_is_of_workers(const struct exchange *exchange); /* came in at the proof workers' port */
bool exchange_flag(const struct exchange *exchange,
                   const char *name); /* a query's FIELD_BOOL; absent: false */
const char *exchange_actor(
    const struct exchange *exchange); /* who it is, for the audit: "token:ab12cd34" or "anonymous" */

void exchange_status(struct exchange *exchange, int status);
/* The answer's body: opened at the first call, sent when the handler returns (or at exchange_send). */
struct json_writer *exchange_json(struct exchange *exchange);
FILE *exchange_text(struct exchange *exchange, const char *content_type);
/* {"error": words, "code": code, "details": {...}}; replaces whatever was written. `nearest`: NULL, or the
 * name that was perhaps meant. */
void exchange_fail(struct exchange *exchange, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void exchange_nearest(struct exchange *exchange, const char *nearest); /* details.nearest of the failure */
void exchange_also(struct exchange *exchange, const char *words);      /* details.errors: one of several */
void exchange_field(struct exchange *exchange, const char *field);     /* details.field: which part of it */

/* Zeroed, and gone with the exchange: what a held one must remember, once an exchange. NULL: no memory.
 * Whoever calls back later is given the exchange as its context, so that the server can take it back. */
void *exchange_keep(struct exchange *exchange, size_t size_bytes);
void *exchange_kept(const struct exchange *exchange);

void exchange_hold(struct exchange *exchange); /* the answer comes later */
/* `look` is called every 20 ms while the exchange is held; it sends the answer when it is time. NULL: no
 * more. */
void exchange_watch(struct exchange *exchange, void (*look)(struct exchange *exchange));
void exchange_release(struct exchange *exchange); /* it does not: the handler answers after all */
bool exchange_is_held(const struct exchange *exchange);
void exchange_send(struct exchange *exchange); /* of a held one: now */

/* For the audit of a mutating call: what was, what is; JSON texts or short words. What is said first stays.
 */
void exchange_audit(struct exchange *exchange, const char *before, const char *after);

/* 503 read_only, 409 …: what an order that was not taken, or failed, is answered with. */
void exchange_fail_order(struct exchange *exchange, err error);

/* Hands the order in and holds the exchange until order->done, which is given the exchange as its context; an
 * order that is not taken is answered at once: false. */
bool exchange_order(struct exchange *exchange, const struct service_order *order);
