/* daemon/metrics.h: what Prometheus reads (engine.md 4): one table of families, values from the engine's own
 * statistics and from what effects tell.
 *
 * Names of the runbooks come first, others are aliases of them with the same value (metrics.aliases).
 * Every label value that is known exists from the start, with 0. Agents are the METRICS_AGENTS busiest,
 * the rest is "other". `le` is written without needless zeros ("4", not "4.0").
 * Threads: the loop's. Memory: fixed. */
#pragma once
#include "daemon/book.h"
#include "engine/health.h"

enum { METRICS_AGENTS = 20 };

struct metrics;
struct service;

MUST_USE err metrics_open(struct metrics **out);
void metrics_free(struct metrics *metrics);

/* Listening. The book was told before; `now_ns` is the engine's time of the event. */
void metrics_event(struct metrics *metrics, const struct book *book, const struct event *event);
void metrics_effect(struct metrics *metrics, const struct book *book, int64_t now_ns,
                    const struct effect *effect);
void metrics_chain_confirmed(struct metrics *metrics, int64_t latency_ns); /* from sending to the gate */
void metrics_chain_finalized(struct metrics *metrics, int64_t latency_ns);
void metrics_api_latency(struct metrics *metrics, int64_t latency_ns); /* of a request over HTTP */

/* The whole exposition. is_flat: one aggregated sample a family and no comments, for scripts that look for
 * "^name " (engine.md 8.6). */
void metrics_write(const struct metrics *metrics, const struct service *service, FILE *out, bool is_flat);
void metrics_write_workers(const struct metrics *metrics, const struct service *service,
                           FILE *out); /* :9091 */

/* Each sample in turn, for the ring behind /api/v1/query: name with labels as exposition has them. */
typedef void metrics_sample(void *context, const char *name, const char *labels, double value);
void metrics_each(const struct metrics *metrics, const struct service *service, metrics_sample *each,
                  void *context);

/* Figures that several answers show. Windows are of the engine's clock. */
uint64_t metrics_rollback_rate_bps(const struct metrics *metrics,
                                   int64_t window_ns); /* rolled back / admitted */
int64_t metrics_confirmation_quantile_ns(const struct metrics *metrics, double quantile);
void metrics_health(const struct metrics *metrics, const struct service *service, struct health *out);
