/* daemon/http_debug.c: the log's level, the CPU profile, the document of all routes. */
#include "base/log.h"
#include "base/units.h"
#include "base/version.h"
#include "daemon/openapi.h"
#include "daemon/order_body.h"
#include "daemon/profile.h"
#include "daemon/route_tables.h"
#include <string.h>

/* ---- log level ---- */

static const char *const LEVELS[] = {"debug", "info", "warn", "error", NULL};

static void log_level(struct exchange *exchange)
{
    struct log *log = exchange_live(exchange)->log;
    const char *wanted = body_text(exchange, "level"), *before = LEVELS[log->least];
    for (int i = 0; LEVELS[i]; i++)
        if (strcmp(LEVELS[i], wanted) == 0) log->least = (enum log_level)i;
    exchange_audit(exchange, before, wanted);
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    json_write_text(out, "level", LEVELS[log->least]);
    json_write_text(out, "previous", before);
    json_write_end(out);
}

/* ---- profile ---- */

static void start_profile(struct exchange *exchange)
{
    struct profile *profile = exchange_live(exchange)->profile;
    int64_t seconds = body_integer(exchange, "duration_seconds", 30);
    err e = profile_start(profile, seconds);
    if (e == ERR_CONFLICT) {
        exchange_fail(exchange, 409, "conflict", "a profile is being taken: it ends in %lld s",
                      (long long)(profile_left_ns(profile) / NS_PER_S) + 1);
        return;
    }
    if (e != OK) {
        exchange_fail_order(exchange, e);
        return;
    }
    exchange_status(exchange, 202);
    struct json_writer *out = exchange_json(exchange);
    json_write_object(out, NULL);
    json_write_bool(out, "accepted", true);
    json_write_i64(out, "duration_seconds", seconds);
    json_write_end(out);
}

static void profile_result(struct exchange *exchange)
{
    struct profile *profile = exchange_live(exchange)->profile;
    if (profile_state(profile) == PROFILE_NONE) {
        exchange_fail(exchange, 404, "not_found",
                      "no profile was taken: POST /admin/debug/profile/start takes one");
    } else if (profile_state(profile) == PROFILE_RUNNING) {
        exchange_status(exchange, 202);
        struct json_writer *out = exchange_json(exchange);
        json_write_object(out, NULL);
        json_write_i64(out, "seconds_left", profile_left_ns(profile) / NS_PER_S + 1);
        json_write_text(out, "state", "running");
        json_write_end(out);
    } else {
        err e = profile_write(profile, exchange_text(exchange, "application/octet-stream"));
        if (e != OK) exchange_fail_order(exchange, e);
    }
}

/* ---- the document ---- */

static void document(struct exchange *exchange)
{
    openapi_write(exchange_text(exchange, "application/json"), version_number());
}

static const struct route_field LEVEL[] = {
    {"level", "the least that is written", FIELD_TEXT, .is_required = true, .choices = LEVELS}, {0}};
static const struct route_field DURATION[] = {{"duration_seconds", "of the process's life; default 30",
                                               FIELD_INTEGER, .min = 1, .max = PROFILE_SECONDS_MOST},
                                              {0}};
static const struct route_answer LEVEL_ANSWER[] = {{"level", FIELD_TEXT}, {"previous", FIELD_TEXT}, {0}};
static const struct route_answer START_ANSWER[] = {
    {"accepted", FIELD_BOOL}, {"duration_seconds", FIELD_INTEGER}, {0}};
static const struct route_answer DOCUMENT_ANSWER[] = {{"openapi", FIELD_TEXT}, {"paths", FIELD_OBJECT}, {0}};

const struct route ROUTES_DEBUG[] = {
    {ROUTE_POST, "/admin/log-level", "what is written to the log from now on", log_level, .body = LEVEL,
     .answer = LEVEL_ANSWER},
    {ROUTE_POST, "/admin/debug/profile/start", "sample where the processor's time goes", start_profile,
     .body = DURATION, .answer = START_ANSWER},
    {ROUTE_GET, "/admin/debug/profile/result", "the profile: gzip, as pprof reads it", profile_result,
     .answer = NULL},
    {ROUTE_GET, "/openapi.json", "this document", document, .answer = DOCUMENT_ANSWER, .is_open = true},
    {0}};
