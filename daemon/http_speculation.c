/* daemon/http_speculation.c: orders about all of speculation: emergency, drain, rollback, enable, breaker. */
#include "base/units.h"
#include "daemon/config_order.h"
#include "daemon/order_body.h"
#include "daemon/order_notes.h"
#include "daemon/route_tables.h"
#include <string.h>
#include <time.h>

#define SWEEP_MOST_NS (10 * NS_PER_S)

static int64_t real_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static const struct engine_stats *stats_of(const struct exchange *exchange)
{
    return engine_statistics(service_engine(exchange_live(exchange)->service));
}

/* ---- orders that roll back ---- */

/* What was ordered takes its time: answered when none of it is left, or after ten seconds with what is. */
struct sweep {
    struct service_order order;
    bool is_waited_for; /* false: nothing is rolled back yet */
    int64_t began_ns, until_real_ns;
    enum rollback_reason reason;
    void (*write)(struct json_writer *out, const struct order_rollbacks *rolled);
};

static void sweep_look(struct exchange *exchange)
{
    const struct sweep *sweep = exchange_kept(exchange);
    struct order_rollbacks rolled =
        order_rollbacks(exchange_live(exchange)->service, sweep->began_ns, sweep->reason);
    const struct engine_stats *stats = stats_of(exchange);
    bool is_left = rolled.are_running || stats->plans_waiting + stats->plans_running > 0;
    if (is_left && real_ns() < sweep->until_real_ns) return;
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    json_write_u64(out, "remaining", stats->speculative_active);
    sweep->write(out, &rolled);
    json_write_end(out);
    exchange_send(exchange);
}

static void sweep_begun(void *context, const struct service_outcome *outcome)
{
    struct exchange *exchange = context;
    struct sweep *sweep = exchange_kept(exchange);
    if (outcome->error != OK) {
        exchange_fail_order(exchange, outcome->error);
        exchange_send(exchange);
        return;
    }
    sweep->began_ns = outcome->at_ns;
    sweep->until_real_ns = sweep->is_waited_for ? real_ns() + SWEEP_MOST_NS : 0;
    exchange_watch(exchange, sweep_look);
    sweep_look(exchange);
}

static struct sweep *sweep_of(struct exchange *exchange, enum event_kind kind, enum rollback_reason reason)
{
    struct sweep *sweep = exchange_keep(exchange, sizeof *sweep);
    if (!sweep) {
        exchange_fail_order(exchange, ERR_NOMEM);
        return NULL;
    }
    sweep->order = (struct service_order){.event = {.kind = kind}, .done = sweep_begun};
    sweep->reason = reason;
    return sweep;
}

/* ---- emergency ---- */

static void write_emergency(struct json_writer *out, const struct order_rollbacks *rolled)
{
    json_write_u64(out, "returned_stake", rolled->released_lamports);
    json_write_u64(out, "rolled_back", rolled->tasks);
    json_write_bool(out, "started", true);
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
    struct sweep *sweep = sweep_of(exchange, EVENT_EMERGENCY, REASON_EMERGENCY_SHUTDOWN);
    bool disables = strcmp(body_text(exchange, "action"), "disable_speculation") == 0;
    if (!sweep) return;
    sweep->write = write_emergency;
    sweep->order.event.u.emergency.action = disables ? EMERGENCY_DISABLE : EMERGENCY_DRAIN;
    sweep->order.event.u.emergency.is_forced = body_flag(exchange, "force");
    sweep->is_waited_for = disables && body_flag(exchange, "force");
    exchange_audit(exchange, NULL, disables ? "disable_speculation" : "drain_speculation");
    if (exchange_order(exchange, &sweep->order) && disables) disable_in_configuration(exchange);
}

/* ---- drain ---- */

struct drain {
    int64_t began_real_ns, due_ns; /* due on the service's clock; NEVER_NS: as long as it takes */
};

static void drain_over(struct exchange *exchange, uint64_t remaining)
{
    const struct drain *drain = exchange_kept(exchange);
    if (remaining > 0) exchange_status(exchange, 504);
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    if (remaining > 0) json_write_text(out, "code", "drain_timeout");
    json_write_bool(out, "drained", remaining == 0);
    json_write_i64(out, "duration_ms", (real_ns() - drain->began_real_ns) / NS_PER_MS);
    if (remaining > 0) json_write_text(out, "error", "not empty when the time was over");
    json_write_u64(out, "remaining", remaining);
    json_write_end(out);
    exchange_send(exchange);
}

/* It may wait for the end of somebody else's drain: its own time counts all the same. */
static void drain_look(struct exchange *exchange)
{
    const struct drain *drain = exchange_kept(exchange);
    struct service *service = exchange_live(exchange)->service;
    if (service_now_ns(service) < drain->due_ns) return;
    service_forget(service, exchange);
    drain_over(exchange, stats_of(exchange)->speculative_active);
}

static void drain_order(struct exchange *exchange);

static void drain_waited(void *context, const struct service_outcome *outcome)
{
    struct exchange *exchange = context;
    const struct drain *drain = exchange_kept(exchange);
    const struct effect *note = order_note(outcome, NOTE_DRAINED);
    uint64_t remaining = note ? note->u.drained.remaining : stats_of(exchange)->speculative_active;
    if (outcome->error != OK) {
        exchange_fail_order(exchange, outcome->error);
        exchange_send(exchange);
    } else if (remaining > 0 && outcome->at_ns < drain->due_ns) {
        drain_order(exchange); /* it was another's time that was over */
        if (!exchange_is_held(exchange)) {
            exchange_hold(exchange);
            exchange_send(exchange);
        }
    } else {
        drain_over(exchange, remaining);
    }
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

static void drain_order(struct exchange *exchange)
{
    const struct drain *drain = exchange_kept(exchange);
    struct service_order order = {.event = {.kind = EVENT_DRAIN}, .done = drain_begun};
    int64_t left_ns = drain->due_ns - service_now_ns(exchange_live(exchange)->service);
    order.event.u.drain.timeout_ns = drain->due_ns == NEVER_NS ? NEVER_NS : left_ns > 0 ? left_ns : 0;
    if (exchange_order(exchange, &order) && drain->due_ns != NEVER_NS) exchange_watch(exchange, drain_look);
}

static void drain(struct exchange *exchange)
{
    struct drain *kept = exchange_keep(exchange, sizeof *kept);
    if (!kept) {
        exchange_fail_order(exchange, ERR_NOMEM);
        return;
    }
    int64_t seconds = body_integer(exchange, "timeout_seconds", 0);
    int64_t now_ns = service_now_ns(exchange_live(exchange)->service);
    *kept = (struct drain){real_ns(), seconds ? ns_after(now_ns, seconds * NS_PER_S) : NEVER_NS};
    drain_order(exchange);
}

/* ---- force-rollback ---- */

static void write_rolled_back(struct json_writer *out, const struct order_rollbacks *rolled)
{
    json_write_array(out, "rollback_ids");
    for (uint32_t i = 0; i < rolled->kept; i++) json_write_u64(out, NULL, rolled->numbers[i]);
    json_write_end(out);
    json_write_u64(out, "rolled_back", rolled->tasks);
    json_write_u64(out, "stake_released", rolled->released_lamports);
}

static void force_rollback(struct exchange *exchange)
{
    const char *name = body_text(exchange, "task_id");
    struct sweep *sweep = sweep_of(exchange, name ? EVENT_ROLLBACK : EVENT_FORCE_ROLLBACK, REASON_MANUAL);
    if (!sweep || (name && !order_about_task(exchange, name, &sweep->order.event))) return;
    sweep->write = write_rolled_back;
    sweep->is_waited_for = true;
    sweep->order.event.u.rollback.reason = REASON_MANUAL;
    exchange_audit(exchange, NULL, name);
    (void)exchange_order(exchange, &sweep->order);
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
     .body = EMERGENCY, .answer = EMERGENCY_ANSWER, .is_long = true},
    {ROUTE_POST, "/admin/speculation/drain", "admit nothing until nothing speculative is left; waits for it",
     drain, .body = DRAIN, .answer = DRAIN_ANSWER, .is_long = true},
    {ROUTE_POST, "/admin/speculation/force-rollback", "roll back everything speculative, without a slash",
     force_rollback, .body = FORCE, .answer = FORCE_ANSWER, .is_long = true},
    {ROUTE_POST, "/admin/speculation/enable", "speculate again after the breaker opened", enable,
     .body = ENABLE, .answer = ENABLE_ANSWER},
    {ROUTE_POST, "/admin/circuit-breaker/reset", "close the breaker and forget what it counted",
     breaker_reset, .answer = RESET_ANSWER},
    {0}};
