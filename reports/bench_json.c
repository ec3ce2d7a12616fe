/* reports/bench_json.c: a result as JSON, the same bytes for the same result.
 *
 * Keys are sorted; latencies are milliseconds of whole nanoseconds, so that
 * reading and writing again changes nothing. */
#include "base/file.h"
#include "base/json.h"
#include "reports/bench_own.h"
#include "reports/hdr_codec.h"
#include "reports/run_fields.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is said about one arm: all its runs, or one of them (then no spread). */
struct view {
    struct json_writer *json;
    const struct run_metrics *metrics;
    const struct bench_spread *spread; /* NULL: one run */
    const struct run_metrics *runs;    /* behind the spread */
    uint32_t run_count;
    err error; /* of the histograms' encoding */
};

static void write_ms(struct json_writer *json, const char *key, double value_ns)
{
    json_write_number(json, key, isnan(value_ns) ? NAN : nearbyint(value_ns) / (double)NS_PER_MS);
}

static void write_interval(struct json_writer *json, const char *key, const double bounds[2])
{
    json_write_array(json, key);
    json_write_number(json, NULL, bounds[0]);
    json_write_number(json, NULL, bounds[1]);
    json_write_end(json);
}

static void write_quantile_intervals(struct json_writer *json, const double bounds_ns[QUANTILE_COUNT][2])
{
    json_write_object(json, "interval");
    for (int q = 0; q < QUANTILE_COUNT; q++) {
        json_write_array(json, latency_quantile_name((enum latency_quantile)q));
        write_ms(json, NULL, bounds_ns[q][0]);
        write_ms(json, NULL, bounds_ns[q][1]);
        json_write_end(json);
    }
    json_write_end(json);
}

static void write_latency(struct json_writer *json, const struct latency *latency)
{
    json_write_u64(json, "censored", latency->censored);
    json_write_u64(json, "count", latency->count);
}

static void write_latency_values(struct json_writer *json, const struct latency *latency)
{
    write_ms(json, "max", latency->max_ns);
    write_ms(json, "mean", latency->mean_ns);
    write_ms(json, "min", latency->min_ns);
    for (int q = 0; q < QUANTILE_COUNT; q++)
        write_ms(json, latency_quantile_name((enum latency_quantile)q), latency->quantile_ns[q]);
}

static void write_latencies(struct view *view)
{
    struct json_writer *json = view->json;
    json_write_object(json, "latency_ms");
    for (uint32_t i = 0; i < LATENCY_KIND_COUNT; i++) {
        enum latency_kind kind = bench_latency_by_name(i);
        json_write_object(json, latency_kind_name(kind));
        write_latency(json, &view->metrics->latency[kind]);
        if (view->spread) {
            json_write_number(json, "cv", view->spread->latency_cv[kind]);
            write_quantile_intervals(json, view->spread->latency_interval[kind]);
        }
        write_latency_values(json, &view->metrics->latency[kind]);
        if (view->spread) {
            json_write_object(json, "pooled");
            write_latency(json, &view->spread->pooled[kind]);
            write_latency_values(json, &view->spread->pooled[kind]);
            json_write_end(json);
        }
        json_write_end(json);
    }
    json_write_end(json);
}

static void write_histograms(struct view *view)
{
    json_write_object(view->json, "histograms");
    for (uint32_t i = 0; i < LATENCY_KIND_COUNT && view->error == OK; i++) {
        enum latency_kind kind = bench_latency_by_name(i);
        char *text;
        view->error = hdr_encode(&view->metrics->histograms[kind], &text);
        if (view->error != OK) break;
        json_write_text(view->json, latency_kind_name(kind), text);
        free(text);
    }
    json_write_end(view->json);
}

static void write_series(struct view *view)
{
    const struct run_metrics *metrics = view->metrics;
    json_write_object(view->json, "series");
    for (uint32_t i = 0; i < SERIES_COUNT; i++) {
        enum series_kind kind = bench_series_by_name(i);
        json_write_array(view->json, series_name(kind));
        for (uint32_t second = 0; second < metrics->series_count; second++)
            json_write_number(view->json, NULL, metrics->series[kind][second]);
        json_write_end(view->json);
    }
    json_write_end(view->json);
}

/* Rows from the lowest bucket that any of them uses, without the zeros at their ends. */
static void write_latency_map(struct view *view)
{
    const struct latency_map *map = view->metrics->latency_map;
    uint32_t lowest = LATENCY_MAP_BUCKETS;
    if (!map) return;
    for (uint32_t bin = 0; bin < map->bins; bin++)
        for (uint32_t bucket = 0; bucket < lowest; bucket++)
            if (map->counts[bin][bucket]) lowest = bucket;
    json_write_object(view->json, "latency_map");
    json_write_u64(view->json, "bin_s", map->bin_s);
    json_write_array(view->json, "counts");
    for (uint32_t bin = 0; bin < map->bins; bin++) {
        uint32_t end = LATENCY_MAP_BUCKETS;
        while (end > lowest && map->counts[bin][end - 1] == 0) end--;
        json_write_array(view->json, NULL);
        for (uint32_t bucket = lowest; bucket < end; bucket++)
            json_write_u64(view->json, NULL, map->counts[bin][bucket]);
        json_write_end(view->json);
    }
    json_write_end(view->json);
    json_write_u64(view->json, "lowest_bucket", lowest);
    json_write_end(view->json);
}

static void write_depth_counts(struct view *view)
{
    json_write_array(view->json, "depth_counts");
    for (uint32_t depth = 0; depth < LIMIT_DEPTH + 2; depth++)
        json_write_u64(view->json, NULL, view->metrics->depth_counts[depth]);
    json_write_end(view->json);
}

static void write_rollback_interval(struct view *view)
{
    write_interval(view->json, "rollback_rate_interval", view->spread->rollback_rate_interval);
}

static void write_seed(struct view *view)
{
    json_write_u64(view->json, "seed", view->metrics->seed);
}

static void write_hex(struct json_writer *json, uint64_t hash)
{
    char text[24];
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    json_write_text(json, "trajectory_hash", text);
}

static void write_hash(struct view *view)
{
    write_hex(view->json, view->metrics->trajectory_hash);
}

/* Members beside the tables of run_fields.h, by key. */
static const struct special {
    const char *key;
    bool in_run, in_summary;
    void (*write)(struct view *view);
} SPECIALS[] = {
    {"depth_counts", true, true, write_depth_counts},
    {"histograms", true, false, write_histograms},
    {"latency_map", false, true, write_latency_map},
    {"latency_ms", true, true, write_latencies},
    {"rollback_rate_interval", false, true, write_rollback_interval},
    {"seed", true, false, write_seed},
    {"series", true, false, write_series},
    {"trajectory_hash", true, false, write_hash},
};
enum { SPECIAL_COUNT = sizeof SPECIALS / sizeof *SPECIALS };

static void write_throughput(struct view *view)
{
    json_write_object(view->json, "throughput_tasks_per_s");
    json_write_number(view->json, "cv", view->spread->throughput_cv);
    json_write_number(view->json, "median", view->metrics->throughput);
    json_write_array(view->json, "values");
    for (uint32_t run = 0; run < view->run_count; run++)
        json_write_number(view->json, NULL, view->runs[run].throughput);
    json_write_end(view->json);
    json_write_end(view->json);
}

static void write_value(struct view *view, const struct run_field *field, const char *key)
{
    if (field->kind == FIELD_COUNT)
        json_write_u64(view->json, key, run_counter_of(view->metrics, field->offset));
    else
        json_write_number(view->json, key, run_number_of(view->metrics, field->offset));
}

/* A field of its own, or an object with all fields of the same first name. Returns the index behind. */
static uint32_t write_fields(struct view *view, uint32_t index)
{
    const struct run_field *field = run_field_at(index);
    const char *dot = strchr(field->path, '.');
    if (!dot) {
        if (view->spread && strcmp(field->path, "throughput_tasks_per_s") == 0)
            write_throughput(view);
        else
            write_value(view, field, field->path);
        return index + 1;
    }
    char group[64];
    size_t group_bytes = (size_t)(dot - field->path);
    snprintf(group, sizeof group, "%.*s", (int)group_bytes, field->path);
    json_write_object(view->json, group);
    for (; index < run_field_count(); index++) {
        const char *path = run_field_at(index)->path;
        if (strncmp(path, field->path, group_bytes + 1) != 0) break;
        write_value(view, run_field_at(index), path + group_bytes + 1);
    }
    json_write_end(view->json);
    return index;
}

static void write_list(struct view *view, const struct run_list *list)
{
    json_write_object(view->json, list->path);
    for (uint32_t i = 0; i < list->count - list->first; i++) {
        uint32_t entry = bench_list_by_name(list, i);
        size_t offset = list->offset + entry * sizeof(double);
        if (list->kind == FIELD_COUNT)
            json_write_u64(view->json, list->name(entry), run_counter_of(view->metrics, offset));
        else
            json_write_number(view->json, list->name(entry), run_number_of(view->metrics, offset));
    }
    json_write_end(view->json);
}

/* Fields, lists and specials are sorted each; their keys are merged. A group of
 * fields is one key, and no key is a prefix of a group's with a dot behind it. */
static void write_view(struct view *view, const char *key)
{
    uint32_t field = 0, list = 0, special = 0;
    json_write_object(view->json, key);
    for (;;) {
        while (special < SPECIAL_COUNT &&
               !(view->spread ? SPECIALS[special].in_summary : SPECIALS[special].in_run))
            special++;
        const char *keys[] = {
            field < run_field_count() ? run_field_at(field)->path : NULL,
            list < run_list_count() ? run_list_at(list)->path : NULL,
            special < SPECIAL_COUNT ? SPECIALS[special].key : NULL,
        };
        int first = -1;
        for (int i = 0; i < 3; i++)
            if (keys[i] && (first < 0 || strcmp(keys[i], keys[first]) < 0)) first = i;
        if (first < 0) break;
        if (first == 0)
            field = write_fields(view, field);
        else if (first == 1)
            write_list(view, run_list_at(list++));
        else
            SPECIALS[special++].write(view);
    }
    json_write_end(view->json);
}

/* ---- the whole ---- */

struct bench_arm {
    const struct run_metrics *runs, *summary;
    const struct bench_spread *spread;
    uint32_t count;
};

static err write_runs(struct json_writer *json, const struct bench_arm *arm)
{
    struct view view = {.json = json};
    json_write_array(json, "per_run");
    for (uint32_t run = 0; run < arm->count; run++) {
        view.metrics = &arm->runs[run];
        write_view(&view, NULL);
    }
    json_write_end(json);
    return view.error;
}

static void write_summary(struct json_writer *json, const struct bench_arm *arm)
{
    struct view view = {
        .json = json,
        .metrics = arm->summary,
        .spread = arm->spread,
        .runs = arm->runs,
        .run_count = arm->count,
    };
    write_view(&view, "summary");
}

static err write_pooled(struct json_writer *json, const struct bench_arm *arm)
{
    struct view view = {.json = json, .metrics = arm->summary};
    write_histograms(&view);
    return view.error;
}

static err write_baseline(struct json_writer *json, const struct bench_result *result)
{
    const struct bench_arm arm = {result->baseline, &result->baseline_summary, &result->baseline_spread,
                                  result->runs};
    if (!result->baseline) {
        json_write_null(json, "baseline");
        return OK;
    }
    json_write_object(json, "baseline");
    TRY(write_pooled(json, &arm));
    TRY(write_runs(json, &arm));
    write_summary(json, &arm);
    json_write_end(json);
    return OK;
}

static void write_section(struct json_writer *json, const char *key, const struct bench_section *section)
{
    json_write_object(json, key);
    for (uint32_t i = 0; i < section->count; i++) {
        const struct bench_pair *pair = &section->pairs[i];
        switch (pair->kind) {
        case BENCH_TEXT: json_write_text(json, pair->name, pair->text); break;
        case BENCH_INTEGER: json_write_i64(json, pair->name, pair->integer); break;
        case BENCH_NUMBER: json_write_number(json, pair->name, pair->number); break;
        case BENCH_BOOLEAN: json_write_bool(json, pair->name, pair->integer != 0); break;
        }
    }
    json_write_end(json);
}

static void write_command(struct json_writer *json, const struct bench_result *result)
{
    json_write_array(json, "command");
    for (uint32_t word = 0; word < result->command_count; word++)
        json_write_text(json, NULL, result->command[word]);
    json_write_end(json);
}

static void write_targets(struct json_writer *json, const struct bench_result *result)
{
    json_write_array(json, "targets");
    for (uint32_t i = 0; i < result->target_count; i++) {
        const struct bench_target *target = &result->targets[i];
        json_write_object(json, NULL);
        json_write_text(json, "name", target->name);
        json_write_bool(json, "pass", target->pass);
        json_write_text(json, "target", target->target);
        json_write_number(json, "value", target->value);
        json_write_end(json);
    }
    json_write_end(json);
}

static void write_tool(struct json_writer *json, const struct bench_result *result)
{
    json_write_object(json, "tool");
    json_write_text(json, "commit", result->commit);
    json_write_text(json, "version", result->version);
    json_write_end(json);
}

static err write_result(struct json_writer *json, const struct bench_result *result)
{
    const struct bench_arm arm = {result->per_run, &result->summary, &result->spread, result->runs};
    json_write_object(json, NULL);
    json_write_u64(json, "agents", result->agents);
    TRY(write_baseline(json, result));
    write_section(json, "chain", &result->chain);
    write_command(json, result);
    write_section(json, "config", &result->config);
    json_write_number(json, "duration_s", (double)result->duration_ns / (double)NS_PER_S);
    write_section(json, "environment", &result->environment);
    json_write_u64(json, "events", result->summary.events + result->baseline_summary.events);
    TRY(write_pooled(json, &arm));
    if (result->interrupted) json_write_bool(json, "interrupted", true);
    TRY(write_runs(json, &arm));
    write_section(json, "prover", &result->prover);
    json_write_u64(json, "runs", result->runs);
    json_write_text(json, "schema", BENCH_SCHEMA);
    json_write_u64(json, "seed", result->seed);
    json_write_number(json, "sim_seconds",
                      result->summary.sim_seconds + result->baseline_summary.sim_seconds);
    write_summary(json, &arm);
    write_targets(json, result);
    write_tool(json, result);
    write_hex(json, result->trajectory_hash);
    json_write_number(json, "wall_seconds", result->wall_seconds);
    json_write_number(json, "warmup_s", (double)result->warmup_ns / (double)NS_PER_S);
    write_section(json, "workload", &result->workload);
    json_write_end(json);
    return OK;
}

err bench_write(const struct bench_result *result, const char *path, struct diag *diag)
{
    struct file_writer writer;
    struct json_writer json;
    TRY(file_begin(&writer, path, diag));
    json_write_begin(&json, writer.stream, JSON_LINES);
    err e = write_result(&json, result);
    if (e != OK) {
        file_abandon(&writer);
        return diag_fail(diag, e, "%s: %s", path, err_text(e));
    }
    json_write_finish(&json);
    return file_commit(&writer, diag);
}
