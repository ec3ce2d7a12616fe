/* daemon/http_metrics.c: the exposition, and the part of Prometheus' own API that the runbooks ask. */
#include "daemon/metrics.h"
#include "daemon/query.h"
#include "daemon/route_tables.h"

static void metrics(struct exchange *exchange)
{
    const struct live *live = exchange_live(exchange);
    if (service_skips_scrape(live->service)) {
        exchange_fail(exchange, 503, "chaos", "a fault that was armed (ops.scrape_gap) hides the metrics");
        return;
    }
    FILE *out = exchange_text(exchange, "text/plain; version=0.0.4; charset=utf-8");
    if (exchange_is_of_workers(exchange))
        metrics_write_workers(live->metrics, live->service, out);
    else
        metrics_write(live->metrics, live->service, out, exchange_flag(exchange, "flat"));
}

/* Answers of this API have Prometheus' own form, failures too. */
static bool read_moment(struct exchange *exchange, const char *name, int64_t fallback_ms, int64_t *out_ms)
{
    struct diag diag = {0};
    const char *text = exchange_query(exchange, name);
    *out_ms = fallback_ms;
    if (!text || query_time_parse(text, out_ms, &diag) == OK) return true;
    exchange_fail(exchange, 400, "validation_failed", "%s: %s", name, diag.text);
    exchange_field(exchange, name);
    return false;
}

static void query(struct exchange *exchange)
{
    struct diag diag = {0};
    const struct samples *samples = exchange_live(exchange)->samples;
    int64_t at_ms;
    if (!read_moment(exchange, "time", samples_now_ms(samples), &at_ms)) return;
    FILE *out = exchange_text(exchange, "application/json");
    err e = query_instant(samples, at_ms, exchange_query(exchange, "query"), out, &diag);
    exchange_status(exchange, query_status(e));
}

static void range(struct exchange *exchange)
{
    struct diag diag = {0};
    const struct samples *samples = exchange_live(exchange)->samples;
    struct query_span span;
    if (!read_moment(exchange, "start", 0, &span.start_ms) || !read_moment(exchange, "end", 0, &span.end_ms))
        return;
    if (query_step_parse(exchange_query(exchange, "step"), &span.step_ms, &diag) != OK) {
        exchange_fail(exchange, 400, "validation_failed", "step: %s", diag.text);
        exchange_field(exchange, "step");
        return;
    }
    FILE *out = exchange_text(exchange, "application/json");
    err e = query_range(samples, &span, exchange_query(exchange, "query"), out, &diag);
    exchange_status(exchange, query_status(e));
}

static void targets(struct exchange *exchange)
{
    samples_write_targets(exchange_live(exchange)->samples, exchange_text(exchange, "application/json"));
}

static const struct route_field FLAT[] = {
    {"flat", "one sample a family and no comments, for scripts", .type = FIELD_BOOL}, {0}};
static const struct route_field QUERY[] = {
    {"query", "an expression", FIELD_TEXT, .is_required = true, .min = 1, .max = QUERY_TEXT_MOST},
    {"time", "Unix seconds, or RFC 3339; absent: now", FIELD_TEXT, .min = 1, .max = 40},
    {"timeout", "taken, and of no effect", FIELD_TEXT, .min = 1, .max = 40},
    {0}};
static const struct route_field RANGE[] = {
    {"query", "an expression", FIELD_TEXT, .is_required = true, .min = 1, .max = QUERY_TEXT_MOST},
    {"start", "Unix seconds, or RFC 3339", FIELD_TEXT, .is_required = true, .min = 1, .max = 40},
    {"end", "Unix seconds, or RFC 3339", FIELD_TEXT, .is_required = true, .min = 1, .max = 40},
    {"step", "seconds, or 15s", FIELD_TEXT, .is_required = true, .min = 1, .max = 40},
    {"timeout", "taken, and of no effect", FIELD_TEXT, .min = 1, .max = 40},
    {0}};
static const struct route_answer QUERY_ANSWER[] = {{"status", FIELD_TEXT}, {"data", FIELD_OBJECT}, {0}};

const struct route ROUTES_METRICS[] = {
    {ROUTE_GET, "/metrics", "what Prometheus scrapes", metrics, .query = FLAT, .is_of_workers = true},
    {ROUTE_GET, "/api/v1/query", "an expression now", query, .query = QUERY, .answer = QUERY_ANSWER},
    {ROUTE_GET, "/api/v1/query_range", "an expression over time", range, .query = RANGE,
     .answer = QUERY_ANSWER},
    {ROUTE_GET, "/api/v1/targets", "what a scrape of this service is", targets, .answer = QUERY_ANSWER},
    {0}};
