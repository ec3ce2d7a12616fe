/* daemon/http_health.c: how it goes: /health, /ready, the details, /admin/status.
 *
 * Scripts search these answers for words, so the words are those of base/status_word.h alone. */
#include "base/status_word.h"
#include "base/units.h"
#include "base/version.h"
#include "daemon/audit.h"
#include "daemon/http_server.h"
#include "daemon/metrics.h"
#include "daemon/route_tables.h"

/* ---- what is shown ---- */

struct picture {
    const struct service *service;
    const struct settings *settings;
    const struct engine_stats *stats;
    struct breaker_view breaker;
    struct service_status status;
    struct chain_view chain;
    struct health health;
    struct engine_memory memory;
};

static struct picture look(const struct live *live)
{
    const struct engine *engine = service_engine(live->service);
    struct picture seen = {.service = live->service,
                           .settings = &service_config(live->service)->settings,
                           .stats = engine_statistics(engine),
                           .breaker = engine_breaker(engine),
                           .memory = engine_memory_usage(engine)};
    service_status(live->service, &seen.status);
    service_chain(live->service, &seen.chain);
    metrics_health(live->metrics, live->service, &seen.health);
    return seen;
}

static bool is_enabled(const struct picture *seen)
{
    return seen->settings->enabled && seen->breaker.state != BREAKER_OPEN;
}

/* While it stops it still answers and finishes what is under way: degraded, and not ready. */
static enum health_word word_of(const struct picture *seen)
{
    const struct service_status *status = &seen->status;
    if (!status->is_ready && !status->is_stopping) return HEALTH_DOWN;
    if (status->is_stopping || status->is_read_only || status->is_rebuilding || !seen->chain.is_connected)
        return HEALTH_DEGRADED;
    bool is_in_trouble = seen->breaker.state != BREAKER_CLOSED || seen->health.band == HEALTH_CRITICAL;
    return seen->settings->enabled && is_in_trouble ? HEALTH_DEGRADED : HEALTH_HEALTHY;
}

/* Of a component of the score: 1 is fine, from its warning level on it is not. */
static const char *component_word(const struct picture *seen, enum health_component component)
{
    uint32_t bps = seen->health.component_bps[component];
    if (bps >= BPS_ONE) return health_word(HEALTH_HEALTHY);
    return health_word(bps > 0 ? HEALTH_DEGRADED : HEALTH_DOWN);
}

static double percent_of(uint64_t part, uint64_t whole)
{
    return whole ? (double)(part * BPS_ONE / whole) / 100 : 0;
}

static double rollout_percent(const struct picture *seen)
{
    return (double)seen->settings->rollout_bps / 100;
}

static const char *breaker_word(const struct picture *seen)
{
    return machine_state_name(MACHINE_BREAKER, seen->breaker.state);
}

static void write_time(struct json_writer *out, const char *key, const struct service *service, int64_t at_ns)
{
    char text[SERVICE_TIME_BYTES];
    service_time_text(service, at_ns, text);
    json_write_text(out, key, text[0] ? text : NULL);
}

/* ---- /health, /ready ---- */

/* Why no traffic should come; nothing is written when it may. */
static void write_reason(struct json_writer *out, const struct service_status *status)
{
    if (status->is_stopping)
        json_write_text(out, "reason", "stopping");
    else if (status->is_rebuilding)
        json_write_text(out, "reason", "rebuilding");
    else if (status->is_read_only)
        json_write_text(out, "reason", status->read_only_why[0] ? status->read_only_why : "read-only");
    else if (!status->is_ready)
        json_write_text(out, "reason", "starting");
}

static void health(struct exchange *exchange)
{
    struct picture seen = look(exchange_live(exchange));
    enum health_word word = word_of(&seen);
    if (word == HEALTH_DOWN) exchange_status(exchange, 503);
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    if (exchange_is_of_workers(exchange)) {
        write_reason(out, &seen.status);
        json_write_text(out, "status", health_word(word));
        json_write_object(out, "workers");
        json_write_u64(out, "active", seen.stats->workers_busy);
        json_write_u64(out, "queue", seen.stats->proof_queue_depth);
        json_write_u64(out, "queue_capacity", (uint64_t)seen.settings->queue_size);
        json_write_u64(out, "total", (uint64_t)seen.settings->worker_threads);
        json_write_end(out);
    } else {
        json_write_text(out, "breaker", breaker_word(&seen));
        write_reason(out, &seen.status);
        if (is_enabled(&seen)) json_write_number(out, "rollout", rollout_percent(&seen));
        json_write_text(out, "speculation",
                        speculation_word(is_enabled(&seen) ? SPECULATION_ENABLED : SPECULATION_DISABLED));
        json_write_text(out, "status", health_word(word));
        json_write_text(out, "version", version_number());
    }
    json_write_end(out);
}

static void ready(struct exchange *exchange)
{
    struct service_status status;
    service_status(exchange_live(exchange)->service, &status);
    bool is_ready = status.is_ready && !status.is_stopping && !status.is_read_only && !status.is_rebuilding;
    if (!is_ready) exchange_status(exchange, 503);
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    json_write_bool(out, "ready", is_ready);
    write_reason(out, &status);
    json_write_end(out);
}

/* ---- /health/detailed ---- */

static void write_checks(struct json_writer *out, const struct live *live, const struct picture *seen)
{
    uint64_t rate_bps = metrics_rollback_rate_bps(live->metrics, 5 * NS_PER_MIN);
    uint64_t most = (uint64_t)seen->settings->max_memory_bytes;
    json_write_object(out, "checks");
    json_write_object(out, "memory");
    json_write_text(out, "status", component_word(seen, HEALTH_MEMORY));
    json_write_number(out, "usage_percent", percent_of(seen->memory.total, most));
    json_write_end(out);
    json_write_object(out, "proof_queue");
    json_write_u64(out, "max", (uint64_t)seen->settings->queue_size);
    json_write_u64(out, "size", seen->stats->proof_queue_depth);
    json_write_text(out, "status", component_word(seen, HEALTH_PROOF_QUEUE));
    json_write_end(out);
    json_write_object(out, "rollback_rate");
    json_write_number(out, "rate", (double)rate_bps / BPS_ONE);
    json_write_text(out, "status", component_word(seen, HEALTH_ROLLBACK_RATE));
    json_write_end(out);
    json_write_end(out);
}

static void write_components(struct json_writer *out, const struct picture *seen)
{
    enum health_word speculation = seen->breaker.state == BREAKER_CLOSED ? HEALTH_HEALTHY : HEALTH_DEGRADED;
    json_write_object(out, "components");
    json_write_text(out, "chain_connection",
                    health_word(seen->chain.is_connected ? HEALTH_HEALTHY : HEALTH_DOWN));
    json_write_text(out, "proof_workers", component_word(seen, HEALTH_PROOF_QUEUE));
    json_write_text(out, "speculation", health_word(speculation));
    json_write_text(out, "stake_pool", component_word(seen, HEALTH_STAKE));
    json_write_end(out);
}

static void detailed(struct exchange *exchange)
{
    struct picture seen = look(exchange_live(exchange));
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    write_checks(out, exchange_live(exchange), &seen);
    write_components(out, &seen);
    json_write_number(out, "health_score", (double)seen.health.score_bps / BPS_ONE);
    json_write_text(out, "status", health_word(word_of(&seen)));
    json_write_end(out);
}

/* ---- /admin/status ---- */

static void write_auto_disabled(struct json_writer *out, const struct picture *seen)
{
    const struct breaker_view *breaker = &seen->breaker;
    if (breaker->state == BREAKER_CLOSED) {
        json_write_null(out, "auto_disabled");
        return;
    }
    json_write_object(out, "auto_disabled");
    write_time(out, "at", seen->service, breaker->opened_ns);
    write_time(out, "cooldown_until", seen->service, breaker->retry_ns);
    /* The engine counts anew once it has opened: what opened it is the value. */
    bool has_value = breaker->trigger == TRIGGER_CONSECUTIVE_FAILURES;
    json_write_u64(out, "failure_count", has_value ? breaker->value : breaker->consecutive_failures);
    json_write_text(out, "reason", breaker_trigger_name(breaker->trigger));
    json_write_u64(out, "threshold", breaker->threshold);
    json_write_u64(out, "value", breaker->value);
    json_write_end(out);
}

static void write_speculation(struct json_writer *out, const struct picture *seen)
{
    char mode[CONFIG_TEXT_BYTES];
    config_key_write(config_key_find("speculation.mode"), seen->settings, mode);
    json_write_object(out, "speculation");
    json_write_u64(out, "active_tasks", seen->stats->speculative_active);
    write_auto_disabled(out, seen);
    json_write_text(out, "breaker", breaker_word(seen));
    json_write_bool(out, "draining", seen->stats->draining != 0);
    json_write_bool(out, "enabled", is_enabled(seen));
    json_write_number(out, "health_score", (double)seen->health.score_bps / BPS_ONE);
    json_write_i64(out, "max_depth", seen->settings->max_depth);
    json_write_text(out, "mode", mode);
    json_write_u64(out, "pending_operations", seen->stats->operations);
    json_write_u64(out, "pending_rollbacks", seen->stats->plans_waiting + seen->stats->plans_running);
    json_write_number(out, "rollout_percentage", rollout_percent(seen));
    json_write_end(out);
}

static void write_chain(struct json_writer *out, const struct chain_view *chain)
{
    json_write_object(out, "chain");
    json_write_u64(out, "confirmed_slot", chain->confirmed_slot);
    json_write_bool(out, "connected", chain->is_connected);
    json_write_text(out, "kind", chain->kind);
    json_write_text(out, "name", chain->name);
    json_write_u64(out, "slot", chain->slot);
    json_write_end(out);
}

static void write_log(struct json_writer *out, const struct audit *audit, const struct service_status *status)
{
    json_write_object(out, "log");
    json_write_u64(out, "audit_lost", audit ? audit_lost(audit) : 0);
    json_write_u64(out, "bytes", status->log_bytes);
    json_write_bool(out, "read_only", status->is_read_only);
    if (status->is_read_only) json_write_text(out, "read_only_why", status->read_only_why);
    json_write_u64(out, "records", status->records);
    json_write_u64(out, "recovered_events", status->recovered_events);
    json_write_number(out, "recovery_ms", (double)(status->recovery_ns / NS_PER_US) / 1000);
    json_write_u64(out, "segments", status->segments);
    json_write_number(out, "sync_last_ms", (double)(status->sync_last_ns / NS_PER_US) / 1000);
    json_write_number(out, "sync_most_ms", (double)(status->sync_most_ns / NS_PER_US) / 1000);
    json_write_end(out);
}

static void write_memory(struct json_writer *out, const struct picture *seen)
{
    uint64_t most = (uint64_t)seen->settings->max_memory_bytes;
    json_write_object(out, "memory");
    json_write_u64(out, "limit_bytes", most);
    json_write_u64(out, "total_bytes", seen->memory.total);
    json_write_number(out, "usage_percent", percent_of(seen->memory.total, most));
    json_write_end(out);
}

static void write_workers(struct json_writer *out, const struct picture *seen)
{
    json_write_object(out, "workers");
    json_write_u64(out, "active", seen->stats->workers_busy);
    json_write_u64(out, "queue_capacity", (uint64_t)seen->settings->queue_size);
    json_write_u64(out, "queue_depth", seen->stats->proof_queue_depth);
    json_write_u64(out, "total", (uint64_t)seen->settings->worker_threads);
    json_write_end(out);
}

static void write_http(struct json_writer *out, const struct http_server *door)
{
    struct http_counts counts = {0};
    if (door) http_server_counts(door, &counts);
    json_write_object(out, "http");
    json_write_u64(out, "complaints", counts.complaints);
    json_write_u64(out, "connections", counts.connections);
    json_write_u64(out, "evicted", counts.evicted);
    json_write_u64(out, "held", counts.held);
    json_write_u64(out, "open", counts.open);
    json_write_u64(out, "refused", counts.refused);
    json_write_u64(out, "requests", counts.requests);
    json_write_u64(out, "timed_out", counts.timed_out);
    json_write_end(out);
}

static void status(struct exchange *exchange)
{
    struct picture seen = look(exchange_live(exchange));
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    write_chain(out, &seen.chain);
    write_http(out, exchange_live(exchange)->door);
    write_log(out, exchange_live(exchange)->audit, &seen.status);
    write_memory(out, &seen);
    json_write_bool(out, "rebuilding", seen.status.is_rebuilding);
    write_speculation(out, &seen);
    json_write_text(out, "status", health_word(word_of(&seen)));
    json_write_bool(out, "stopping", seen.status.is_stopping);
    write_time(out, "time", seen.service, service_now_ns(seen.service));
    json_write_number(out, "time_scale", (double)seen.status.time_scale_ppm / 1000000);
    json_write_u64(out, "uptime_seconds", (uint64_t)(seen.status.uptime_ns / NS_PER_S));
    json_write_text(out, "version", version_number());
    write_workers(out, &seen);
    json_write_end(out);
}

/* ---- the rows ---- */

static const struct route_answer HEALTH_ANSWER[] = {{"status", FIELD_TEXT}, {0}};
static const struct route_answer READY_ANSWER[] = {{"ready", FIELD_BOOL}, {0}};
static const struct route_answer DETAILED_ANSWER[] = {{"checks", FIELD_OBJECT},
                                                      {"components", FIELD_OBJECT},
                                                      {"health_score", FIELD_NUMBER},
                                                      {"status", FIELD_TEXT},
                                                      {0}};
static const struct route_answer STATUS_ANSWER[] = {
    {"chain", FIELD_OBJECT},   {"log", FIELD_OBJECT},
    {"memory", FIELD_OBJECT},  {"speculation", FIELD_OBJECT},
    {"workers", FIELD_OBJECT}, {"uptime_seconds", FIELD_INTEGER},
    {"status", FIELD_TEXT},    {0}};

const struct route ROUTES_HEALTH[] = {
    {ROUTE_GET, "/health", "healthy, degraded or down; is speculation on, for how many", health,
     .answer = HEALTH_ANSWER, .is_open = true, .is_of_workers = true},
    {ROUTE_GET, "/ready", "may traffic be sent here", ready, .answer = READY_ANSWER, .is_open = true},
    {ROUTE_GET, "/health/detailed", "components and checks, each with its word, and the score", detailed,
     .answer = DETAILED_ANSWER},
    {ROUTE_GET, "/admin/status", "everything at a glance", status, .answer = STATUS_ANSWER},
    {0}};
