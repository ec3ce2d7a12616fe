/* daemon/http_chaos.c: faults of a schedule, armed in the running service (started with --chaos).
 *
 * The body is a schedule as TOML, the same files as the simulator's, or {"schedule": "...", "seed": n}. What
 * else a scenario's file holds (load, chain, expectations) is not the service's and is passed over. */
#include "chaos/schedule.h"
#include "daemon/order_body.h"
#include "daemon/route_tables.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static err take_leaf(const struct toml_leaf *leaf, struct diag *diag, void *context)
{
    bool is_mine;
    return schedule_read_leaf(context, leaf, &is_mine, diag);
}

static bool read_schedule(struct exchange *exchange, const char *text, struct schedule *out)
{
    struct diag diag = {0};
    err e = toml_read_text("schedule", text, take_leaf, out, &diag);
    if (e == OK) e = schedule_settle(out, "schedule", &diag);
    if (e == OK && out->count == 0) e = diag_fail(&diag, ERR_SYNTAX, "schedule: no [[fault]] is in it");
    if (e == OK) return true;
    exchange_fail(exchange, 400, "validation_failed", "%s", diag.text[0] ? diag.text : err_text(e));
    exchange_field(exchange, "schedule");
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(INJECTOR_TABLE[*(const uint32_t *)a].name, INJECTOR_TABLE[*(const uint32_t *)b].name);
}

static void write_armed(struct exchange *exchange)
{
    uint64_t fired[INJECTOR_COUNT];
    uint32_t sorted[INJECTOR_COUNT], armed = 0;
    bool is_armed = service_faults(exchange_live(exchange)->service, fired, &armed);
    for (uint32_t i = 0; i < INJECTOR_COUNT; i++) sorted[i] = i;
    qsort(sorted, INJECTOR_COUNT, sizeof *sorted, by_name);
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    json_write_u64(out, "armed", is_armed ? armed : 0);
    json_write_object(out, "fired");
    for (uint32_t i = 0; is_armed && i < INJECTOR_COUNT; i++)
        if (fired[sorted[i]]) json_write_u64(out, INJECTOR_TABLE[sorted[i]].name, fired[sorted[i]]);
    json_write_end(out);
    json_write_text(out, "state", is_armed ? "armed" : "disarmed");
    json_write_end(out);
}

static void arm_schedule(struct exchange *exchange, const struct schedule *schedule)
{
    struct diag diag = {0};
    uint64_t seed = (uint64_t)body_integer(exchange, "seed", 1);
    err e = service_arm(exchange_live(exchange)->service, schedule, seed, &diag);
    if (e == OK) {
        char what[64];
        snprintf(what, sizeof what, "%" PRIu32 " faults, seed %" PRIu64, schedule->count, seed);
        exchange_audit(exchange, NULL, what);
        write_armed(exchange);
    } else if (e == ERR_CONFLICT) {
        exchange_fail(exchange, 409, "conflict", "%s",
                      diag.text[0] ? diag.text
                                   : "a schedule is armed already, or the service runs without --chaos");
    } else if (diag.text[0]) {
        exchange_fail(exchange, 400, "validation_failed", "%s", diag.text);
    } else {
        exchange_fail_order(exchange, e);
    }
}

static void arm(struct exchange *exchange)
{
    struct schedule schedule = {0};
    size_t size_bytes;
    const char *text =
        exchange_body(exchange) ? body_text(exchange, "schedule") : exchange_raw_body(exchange, &size_bytes);
    if (!exchange_body(exchange) && strlen(text) != size_bytes)
        exchange_fail(exchange, 400, "validation_failed", "schedule: a zero byte is in it");
    else if (read_schedule(exchange, text, &schedule))
        arm_schedule(exchange, &schedule);
    schedule_close(&schedule);
}

static void disarm(struct exchange *exchange)
{
    service_disarm(exchange_live(exchange)->service);
    exchange_audit(exchange, NULL, "disarmed");
    write_armed(exchange);
}

static const struct route_field ARM[] = {
    {"schedule", "TOML: [[fault]] tables", FIELD_TEXT, .is_required = true, .min = 1, .max = 64 << 10},
    {"seed", "of the draws", FIELD_INTEGER, .min = 1, .max = INT64_MAX},
    {0}};
static const struct route_answer CHAOS_ANSWER[] = {
    {"state", FIELD_TEXT}, {"armed", FIELD_INTEGER}, {"fired", FIELD_OBJECT}, {0}};

const struct route ROUTES_CHAOS[] = {
    {ROUTE_POST, "/admin/chaos", "arm the faults of a schedule", arm, .body = ARM, .answer = CHAOS_ANSWER,
     .has_text_body = true},
    {ROUTE_POST, "/admin/chaos/disarm", "no more faults", disarm, .answer = CHAOS_ANSWER},
    {ROUTE_GET, "/admin/chaos", "what is armed, and how often it fired", write_armed, .answer = CHAOS_ANSWER},
    {0}};
