/* daemon/metrics.h: what Prometheus reads (engine.md 4): one table of families (daemon/metrics_table.c),
 * values from the engine's own statistics and from what effects tell.
 *
 * Names of the runbooks come first, others are aliases of them with the same value (metrics.aliases).
 * Every label value that is known exists from the start, with 0. Counters that the engine keeps go on after a
 * restart; histograms and windows begin anew. Agents are the METRICS_AGENTS busiest, the rest is "other": an
 * agent that takes another's place begins at 0, what the other one had counts as "other" from then on, so
 * that no counter ever falls. `le` is written without needless zeros ("4", not "4.0"). Threads: the loop's.
 * Memory: fixed. */
#pragma once
#include "daemon/book.h"
#include "engine/health.h"

enum { METRICS_AGENTS = 20 };

struct metrics;
struct service;

MUST_USE err metrics_open(struct metrics **out);
void metrics_free(struct metrics *metrics); /* NULL is fine */

/* ---- listening ---- */

/* The book was told before; an event comes before it is stepped. `now_ns` is the engine's time of the event.
 */
void metrics_event(struct metrics *metrics, const struct book *book, const struct event *event);
void metrics_effect(struct metrics *metrics, const struct book *book, int64_t now_ns,
                    const struct effect *effect);
void metrics_chain_confirmed(struct metrics *metrics, int64_t latency_ns); /* from sending to the gate */
void metrics_chain_finalized(struct metrics *metrics, int64_t latency_ns);
void metrics_api_latency(struct metrics *metrics, int64_t latency_ns); /* of a request over HTTP */
/* One request that was answered; the path without its query. It counts in the class of its path's beginning.
 */
void metrics_request(struct metrics *metrics, const char *path, int status);
void metrics_integrity(struct metrics *metrics, uint64_t findings); /* of a check that has ended */
void metrics_clock(struct metrics *metrics, int64_t now_ns); /* the engine's time, where nothing happens */

/* ---- telling ---- */

/* The whole exposition. is_flat: one aggregated sample a family and no comments, for scripts that look for
 * "^name " (engine.md 8.6): series are summed, a histogram is the count of its observations, and a family
 * whose name only continues another's is left out, because those scripts search without an end. */
void metrics_write(const struct metrics *metrics, const struct service *service, FILE *out, bool is_flat);
void metrics_write_workers(const struct metrics *metrics, const struct service *service,
                           FILE *out); /* :9091 */

/* Each sample in turn, for the ring behind /api/v1/query: name with labels as exposition has them
 * (`reason="manual"`, no braces, "" without any). Those of the workers' port come last, is_of_workers. */
typedef void metrics_sample(void *context, const char *name, const char *labels, double value);
void metrics_each(const struct metrics *metrics, const struct service *service, metrics_sample *each,
                  void *context);
void metrics_each_of_workers(const struct metrics *metrics, const struct service *service,
                             metrics_sample *each, void *context);

/* Figures that several answers show. Windows are of the engine's clock. */
uint64_t metrics_rollback_rate_bps(const struct metrics *metrics,
                                   int64_t window_ns); /* rolled back / admitted, at most an hour */
/* Of the last five minutes, from sending to the gate; 0: none. */
int64_t metrics_confirmation_quantile_ns(const struct metrics *metrics, double quantile);
void metrics_health(const struct metrics *metrics, const struct service *service, struct health *out);

/* docs/METRICS.md. */
void metrics_write_docs(FILE *out);

/* ---- without a service ---- */

/* What the table reads. The suite of benchmarks writes the engine's families from its statistics alone. */
struct metrics_view {
    const struct engine_stats *stats;
    struct engine_memory memory;
    const struct settings *settings;
    const struct metrics *metrics;       /* NULL: families that listening fills are left out */
    const struct engine *engine;         /* NULL: those that ask it are left out */
    const struct service_status *status; /* NULL: those of the service are left out */
    const struct chain_view *chain;      /* NULL: no chain's */
    int64_t now_ns;                      /* of the engine's clock */
};
void metrics_view_write(const struct metrics_view *view, FILE *out, bool is_flat);
void metrics_view_write_workers(const struct metrics_view *view, FILE *out);
void metrics_view_each(const struct metrics_view *view, metrics_sample *each, void *context);
void metrics_view_each_of_workers(const struct metrics_view *view, metrics_sample *each, void *context);
struct health metrics_view_health(const struct metrics_view *view);
