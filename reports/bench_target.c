/* reports/bench_target.c: what a result must reach: "result.p99<2s". */
#include "base/decimal.h"
#include "base/duration.h"
#include "base/units.h"
#include "reports/bench_own.h"
#include "reports/run_fields.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TARGET_BYTES = 128 };

/* The text in its parts, without spaces. */
struct parts {
    char name[TARGET_BYTES], bound[TARGET_BYTES];
    enum bench_target_sense sense;
};

static err split(const char *text, struct parts *out, struct diag *diag)
{
    char packed[TARGET_BYTES];
    size_t used = 0;
    for (const char *at = text; *at && used < sizeof packed; at++)
        if (*at != ' ') packed[used++] = *at;
    if (used == sizeof packed) return diag_fail(diag, ERR_LIMIT, "target \"%.40s...\" is too long", text);
    packed[used] = '\0';
    size_t name_bytes = strcspn(packed, "<>=");
    const char *sense = packed + name_bytes;
    bool at_least = strncmp(sense, ">=", 2) == 0;
    bool is_known = at_least || (*sense == '<' && sense[1] != '=');
    const char *bound = sense + (at_least ? 2 : 1);
    if (!is_known || name_bytes == 0 || *bound == '\0')
        return diag_fail(diag, ERR_SYNTAX,
                         "target \"%.64s\": want METRIC<BOUND or METRIC>=BOUND, as in result.p99<5s", text);
    memcpy(out->name, packed, name_bytes);
    out->name[name_bytes] = '\0';
    snprintf(out->bound, sizeof out->bound, "%s", bound);
    out->sense = at_least ? TARGET_AT_LEAST : TARGET_AT_MOST;
    return OK;
}

static err parse_number(const char *text, double *out, struct diag *diag)
{
    int64_t micros;
    err e = decimal_parse(text, 6, &micros);
    if (e != OK || micros < 0)
        return diag_fail(diag, e != OK ? e : ERR_RANGE, "\"%.64s\" is not a number of at most six decimals",
                         text);
    *out = (double)micros / 1e6;
    return OK;
}

static err parse_bound(const char *text, enum metric_unit unit, double *out, struct diag *diag)
{
    int64_t whole = 0;
    switch (unit) {
    case UNIT_SECONDS:
        TRY(duration_parse(text, &whole, diag));
        *out = (double)whole / (double)NS_PER_S;
        return OK;
    case UNIT_BYTES:
        TRY(size_parse(text, &whole, diag));
        *out = (double)whole;
        return OK;
    case UNIT_SHARE:
        TRY(percent_parse(text, &whole, diag));
        *out = (double)whole / (double)BPS_ONE;
        return OK;
    case UNIT_COUNT:
    case UNIT_PER_SECOND:
    case UNIT_RATIO: break;
    }
    return parse_number(text, out, diag);
}

static err refuse_name(const char *name, const char *text, struct diag *diag)
{
    char room[64];
    const char *nearest = run_metric_nearest(name, room);
    if (nearest)
        return diag_fail(diag, ERR_SYNTAX, "target \"%.64s\": no metric %s, nearest is %s", text, name,
                         nearest);
    return diag_fail(
        diag, ERR_SYNTAX,
        "target \"%.64s\": no metric %s; there are result.p99, throughput_share, rollback_rate ...", text,
        name);
}

/* "5s" as "5 s", "95%" as "95 %". */
static const char *spaced(struct bench_result *result, const struct parts *parts)
{
    char text[TARGET_BYTES + 8];
    size_t digits = strspn(parts->bound, "0123456789.");
    snprintf(text, sizeof text, "%s %.*s%s%s", parts->sense == TARGET_AT_LEAST ? ">=" : "<", (int)digits,
             parts->bound, parts->bound[digits] ? " " : "", parts->bound + digits);
    return bench_text(result, text);
}

err bench_add_target(struct bench_result *result, const char *text, struct diag *diag)
{
    struct parts parts;
    struct run_metric metric;
    struct diag why = {0};
    double bound = NAN;
    TRY(split(text, &parts, diag));
    if (result->target_count == BENCH_TARGETS_MOST)
        return diag_fail(diag, ERR_LIMIT, "target \"%.64s\": there are %d already, the most", text,
                         BENCH_TARGETS_MOST);
    if (!run_metric_find(&result->summary, parts.name, &metric)) return refuse_name(parts.name, text, diag);
    err e = parse_bound(parts.bound, metric.unit, &bound, &why);
    if (e != OK) return diag_fail(diag, e, "target \"%.64s\": %s", text, why.text);
    result->targets[result->target_count++] = (struct bench_target){
        .name = bench_text(result, parts.name),
        .target = spaced(result, &parts),
        .sense = parts.sense,
        .bound = bound,
        .value = NAN,
    };
    return OK;
}

err bench_add_default_targets(struct bench_result *result, struct diag *diag)
{
    static const struct {
        const char *text;
        bool despite_failures; /* judged when failures are injected: else the figure is what was asked for */
    } TARGETS[] = {
        {"throughput_share>=95%", false},      {"result.p50<1s", true}, {"result.p99<5s", true},
        {"memory_per_active_task<10MB", true}, {"proof.p99<60s", true}, {"recovery.max<30s", true},
        {"rollback_rate<5%", false},
    };
    bool has_failures = bench_number(&result->workload, "inject_failures") > 0;
    for (size_t i = 0; i < sizeof TARGETS / sizeof *TARGETS; i++)
        if (TARGETS[i].despite_failures || !has_failures)
            TRY(bench_add_target(result, TARGETS[i].text, diag));
    return OK;
}

bool bench_is_empty(const struct bench_result *result)
{
    return result->summary.cohort_submitted == 0;
}

void bench_judge(struct bench_result *result)
{
    const struct run_metrics *summary = &result->summary;
    bool had_to_recover =
        summary->latency[LATENCY_RECOVERY].count > 0 || summary->recovery_of_bursts_unrecovered > 0;
    for (uint32_t i = 0; i < result->target_count; i++) {
        struct bench_target *target = &result->targets[i];
        target->value = NAN;
        target->pass = false;
        if (bench_is_empty(result)) continue;
        bench_metric(result, target->name, &target->value);
        if (target->sense == TARGET_AT_LEAST)
            target->pass = target->value >= target->bound;
        else
            target->pass = target->value < target->bound;
        if (strcmp(target->name, "recovery.max") == 0 && !had_to_recover) target->pass = true;
    }
}
