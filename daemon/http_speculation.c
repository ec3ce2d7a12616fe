/* daemon/http_speculation.c: orders about all of speculation: emergency, drain, rollback, enable, breaker. */
#include "base/units.h"
#include "daemon/config_order.h"
#include "daemon/order_body.h"
#include "daemon/order_notes.h"
#include "daemon/route_tables.h"
#include <string.h>
#include <time.h>

static const struct engine_stats *stats_of(const struct exchange *exchange)
{
    return engine_statistics(service_engine(exchange_live(exchange)->service));
}

/* ---- emergency ---- */

static void emergency_done(void *context, const struct service_outcome *outcome)
{
    struct exchange *exchange = context;
    if (outcome->error != OK) {
        exchange_fail_order(exchange, outcome->error);
    } else {
        struct order_rollbacks rolled = order_rollbacks(exchange_live(exchange)->service, outcome);
        struct json_writer *out = exchange_json(exchange);
        json_write_object(out, NULL);
        json_write_u64(out, "remaining", stats_of(exchange)->speculative_active);
        json_write_u64(out, "returned_stake", rolled.released_lamports);
        json_write_u64(out, "rolled_back", order_report(outcome).count);
        json_write_bool(out, "started", true);
        json_write_end(out);
    }
    exchange_send(exchange);
}

/* The configuration follows, or the next change of any key would turn speculation on again. */
static void disable_in_configuration(struct exchange *exchange)
{
    const struct config_change change = {"speculation.enabled", "false"};
    enum config_outcome result;
    const struct config_update update = {&change, &result, 1};
    struct config_notes notes = {0};
    (void)!service_configure(exchange_live(exchange)->service, &update, &notes, NULL, NULL, NULL);
}

static void emergency(struct exchange *exchange)
{
    struct service_order order = {.event = {.kind = EVENT_EMERGENCY}, .done = emergency_done};
    bool disables = strcmp(body_text(exchange, "action"), "disable_speculation") == 0;
    order.event.u.emergency.action = disables ? EMERGENCY_DISABLE : EMERGENCY_DRAIN;
    order.event.u.emergency.is_forced = body_flag(exchange, "force");
    exchange_audit(exchange, NULL, disables ? "disable_speculation" : "drain_speculation");
    if (exchange_order(exchange, &order) && disables) disable_in_configuration(exchange);
}

/* ---- drain ---- */

struct drain {
    struct timespec began;
};

static void drain_over(struct exchange *exchange, uint64_t remaining)
{
    const struct drain *drain = exchange_kept(exchange);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t span_ns = (now.tv_sec - drain->began.tv_sec) * NS_PER_S + now.tv_nsec - drain->began.tv_nsec;
    if (remaining > 0) exchange_status(exchange, 504);
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    if (remaining > 0) json_write_text(out, "code", "drain_timeout");
    json_write_bool(out, "drained", remaining == 0);
    json_write_i64(out, "duration_ms", span_ns / NS_PER_MS);
    if (remaining > 0) json_write_text(out, "error", "not empty when the time was over");
    json_write_u64(out, "remaining", remaining);
    json_write_end(out);
    exchange_send(exchange);
}

static void drain_waited(void *context, const struct service_outcome *outcome)
{
    struct exchange *exchange = context;
    const struct effect *note = order_note(outcome, NOTE_DRAINED);
    if (outcome->error == OK) {
        drain_over(exchange, note ? note->u.drained.remaining : stats_of(exchange)->speculative_active);
        return;
    }
    exchange_fail_order(exchange, outcome->error);
    exchange_send(exchange);
}

/* A drain that is under way already is waited for like one's own. */
static void drain_begun(void *context, const struct service_outcome *outcome)
{
    struct exchange *exchange = context;
    bool is_on = outcome->error == OK || (outcome->error == ERR_CONFLICT && stats_of(exchange)->draining);
    if (!is_on) {
        exchange_fail_order(exchange, outcome->error);
        exchange_send(exchange);
        return;
    }
    if (order_note(outcome, NOTE_DRAINED) || !stats_of(exchange)->draining) {
        drain_over(exchange, stats_of(exchange)->speculative_active);
        return;
    }
    err e = service_wait_drained(exchange_live(exchange)->service, drain_waited, exchange);
    if (e == OK) return;
    exchange_fail_order(exchange, e);
    exchange_send(exchange);
}

static void drain(struct exchange *exchange)
{
    struct service_order order = {.event = {.kind = EVENT_DRAIN}, .done = drain_begun};
    struct drain *kept = exchange_keep(exchange, sizeof *kept);
    if (!kept) {
        exchange_fail_order(exchange, ERR_NOMEM);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &kept->began);
    int64_t seconds = body_integer(exchange, "timeout_seconds", 0);
    order.event.u.drain.timeout_ns = seconds ? seconds * NS_PER_S : NEVER_NS;
    (void)exchange_order(exchange, &order);
}

/* ---- force-rollback ---- */

static void rolled_back(void *context, const struct service_outcome *outcome)
{
    struct exchange *exchange = context;
    if (outcome->error != OK) {
        exchange_fail_order(exchange, outcome->error);
        exchange_send(exchange);
        return;
    }
    struct order_rollbacks rolled = order_rollbacks(exchange_live(exchange)->service, outcome);
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    json_write_u64(out, "remaining", stats_of(exchange)->speculative_active);
    json_write_array(out, "rollback_ids");
    for (uint32_t i = 0; i < rolled.kept; i++) json_write_u64(out, NULL, rolled.numbers[i]);
    json_write_end(out);
    json_write_u64(out, "rolled_back", order_report(outcome).count);
    json_write_u64(out, "stake_released", rolled.released_lamports);
    json_write_end(out);
    exchange_send(exchange);
}

static void force_rollback(struct exchange *exchange)
{
    struct service_order order = {.event = {.kind = EVENT_FORCE_ROLLBACK}, .done = rolled_back};
    const char *name = body_text(exchange, "task_id");
    if (name && !order_about_task(exchange, name, &order.event)) return;
    order.event.kind = name ? EVENT_ROLLBACK : EVENT_FORCE_ROLLBACK;
    order.event.u.rollback.reason = REASON_MANUAL;
    exchange_audit(exchange, NULL, name);
    (void)exchange_order(exchange, &order);
}

/* ---- the breaker ---- */

static void write_breaker(struct exchange *exchange, bool has_enabled)
{
    const struct live *live = exchange_live(exchange);
    struct breaker_view breaker = engine_breaker(service_engine(live->service));
    bool is_on = service_config(live->service)->settings.enabled && breaker.state != BREAKER_OPEN;
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    if (has_enabled) json_write_text(out, "breaker", machine_state_name(MACHINE_BREAKER, breaker.state));
    if (has_enabled) json_write_bool(out, "enabled", is_on);
    if (!has_enabled) json_write_text(out, "state", machine_state_name(MACHINE_BREAKER, breaker.state));
    if (has_enabled) {
        json_write_array(out, "warnings");
        if (service_config(live->service)->settings.rollout_bps == 0)
            json_write_text(out, NULL, "rollout is 0 %: nothing will speculate");
        json_write_end(out);
    }
    json_write_end(out);
}

static void answer_enabled(struct config_order *order)
{
    write_breaker(order->exchange, true);
}

static void refuse_cooldown(struct exchange *exchange)
{
    char until[SERVICE_TIME_BYTES];
    struct service *service = exchange_live(exchange)->service;
    struct breaker_view breaker = engine_breaker(service_engine(service));
    service_time_text(service, breaker.retry_ns, until);
    exchange_fail(exchange, 409, "cooldown", "the breaker opened for %s and may not close before %s; %s",
                  breaker_trigger_name(breaker.trigger), until[0] ? until : "its condition has ended",
                  "{\"force\": true, \"reason\": \"…\"} does it all the same");
}

/* The breaker first; then the configuration, unless it says so already. */
static void breaker_opened(void *context, const struct service_outcome *outcome)
{
    struct exchange *exchange = context;
    if (outcome->error == ERR_CONFLICT) refuse_cooldown(exchange);
    if (outcome->error != OK && outcome->error != ERR_CONFLICT) exchange_fail_order(exchange, outcome->error);
    if (outcome->error == OK && !service_config(exchange_live(exchange)->service)->settings.enabled) {
        struct config_order *order = config_order_begin(exchange);
        if (order && config_order_add(order, "speculation.enabled", "true") == OK) {
            config_order_send(order, answer_enabled);
            if (exchange_is_held(exchange)) return;
        }
        exchange_hold(exchange);
    } else if (outcome->error == OK) {
        write_breaker(exchange, true);
    }
    exchange_send(exchange);
}

static void enable(struct exchange *exchange)
{
    struct service_order order = {.event = {.kind = EVENT_BREAKER_ENABLE}, .done = breaker_opened};
    const char *reason = body_text(exchange, "reason");
    order.event.u.enable.is_forced = body_flag(exchange, "force");
    if (order.event.u.enable.is_forced && (!reason || !reason[strspn(reason, " ")])) {
        exchange_fail(exchange, 400, "validation_failed", "reason: is required when force is true");
        exchange_field(exchange, "reason");
        return;
    }
    exchange_audit(exchange, NULL, reason);
    (void)exchange_order(exchange, &order);
}

static void breaker_reset_done(void *context, const struct service_outcome *outcome)
{
    struct exchange *exchange = context;
    if (outcome->error == OK)
        write_breaker(exchange, false);
    else
        exchange_fail_order(exchange, outcome->error);
    exchange_send(exchange);
}

static void breaker_reset(struct exchange *exchange)
{
    const struct engine *engine = service_engine(exchange_live(exchange)->service);
    struct service_order order = {.event = {.kind = EVENT_BREAKER_RESET}, .done = breaker_reset_done};
    exchange_audit(exchange, machine_state_name(MACHINE_BREAKER, engine_breaker(engine).state), "closed");
    (void)exchange_order(exchange, &order);
}

/* ---- the rows ---- */

static const char *const ACTIONS[] = {"disable_speculation", "drain_speculation", NULL};
static const struct route_field EMERGENCY[] = {
    {"action", "disable_speculation, or drain_speculation", FIELD_TEXT, .is_required = true,
     .choices = ACTIONS},
    {"force", "roll back what is left, at once", .type = FIELD_BOOL},
    {0}};
static const struct route_field DRAIN[] = {{"timeout_seconds",
                                            "answer 504 when it is not empty by then, on the service's clock",
                                            FIELD_INTEGER, .min = 1, .max = 86400},
                                           {0}};
static const struct route_field FORCE[] = {
    {"task_id", "only this one and what the policy takes with it", FIELD_TEXT, .min = 1, .max = 128}, {0}};
static const struct route_field ENABLE[] = {
    {"force", "before the cooldown is over; needs a reason", .type = FIELD_BOOL},
    {"reason", "why, for the audit", FIELD_TEXT, .min = 0, .max = 512},
    {0}};

static const struct route_answer EMERGENCY_ANSWER[] = {{"started", FIELD_BOOL},
                                                       {"rolled_back", FIELD_INTEGER},
                                                       {"returned_stake", FIELD_INTEGER},
                                                       {"remaining", FIELD_INTEGER},
                                                       {0}};
static const struct route_answer DRAIN_ANSWER[] = {
    {"drained", FIELD_BOOL}, {"remaining", FIELD_INTEGER}, {"duration_ms", FIELD_INTEGER}, {0}};
static const struct route_answer FORCE_ANSWER[] = {{"rolled_back", FIELD_INTEGER},
                                                   {"rollback_ids", FIELD_ANY},
                                                   {"stake_released", FIELD_INTEGER},
                                                   {"remaining", FIELD_INTEGER},
                                                   {0}};
static const struct route_answer ENABLE_ANSWER[] = {
    {"enabled", FIELD_BOOL}, {"breaker", FIELD_TEXT}, {"warnings", FIELD_TEXTS}, {0}};
static const struct route_answer RESET_ANSWER[] = {{"state", FIELD_TEXT}, {0}};

const struct route ROUTES_SPECULATION[] = {
    {ROUTE_POST, "/admin/emergency", "stop speculating now, or drain and then roll back", emergency,
     .body = EMERGENCY, .answer = EMERGENCY_ANSWER},
    {ROUTE_POST, "/admin/speculation/drain", "admit nothing until nothing speculative is left; waits for it",
     drain, .body = DRAIN, .answer = DRAIN_ANSWER, .is_long = true},
    {ROUTE_POST, "/admin/speculation/force-rollback", "roll back everything speculative, without a slash",
     force_rollback, .body = FORCE, .answer = FORCE_ANSWER},
    {ROUTE_POST, "/admin/speculation/enable", "speculate again after the breaker opened", enable,
     .body = ENABLE, .answer = ENABLE_ANSWER},
    {ROUTE_POST, "/admin/circuit-breaker/reset", "close the breaker and forget what it counted",
     breaker_reset, .answer = RESET_ANSWER},
    {0}};
