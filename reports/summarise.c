/* reports/summarise.c: several runs, one answer. */
#include "reports/bench_own.h"
#include "reports/run_fields.h"
#include "reports/stats.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CONFIDENCE 0.95

/* One arm: its runs, and where their summary goes. */
struct arm {
    const struct run_metrics *runs; /* array of count */
    uint32_t count;
    struct run_metrics *summary;
    struct bench_spread *spread;
    double *values; /* room for count */
};

static double median_of(const struct arm *arm, size_t offset)
{
    for (uint32_t run = 0; run < arm->count; run++) arm->values[run] = run_number_of(&arm->runs[run], offset);
    return stats_median(arm->values, arm->count);
}

static void summarise_number(const struct arm *arm, const struct run_field *field)
{
    double *out = run_number(arm->summary, field->offset);
    if (field->over_runs == OVER_RUNS_MEDIAN) {
        *out = median_of(arm, field->offset);
        return;
    }
    *out = 0;
    for (uint32_t run = 0; run < arm->count; run++) {
        double value = run_number_of(&arm->runs[run], field->offset);
        if (field->over_runs == OVER_RUNS_SUM)
            *out += value;
        else if (value > *out)
            *out = value;
    }
}

static void summarise_counter(const struct arm *arm, const struct run_field *field)
{
    uint64_t *out = run_counter(arm->summary, field->offset);
    *out = 0;
    for (uint32_t run = 0; run < arm->count; run++) {
        uint64_t value = run_counter_of(&arm->runs[run], field->offset);
        if (field->over_runs == OVER_RUNS_SUM)
            *out += value;
        else if (value > *out)
            *out = value;
    }
}

static void summarise_list(const struct arm *arm, const struct run_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        size_t offset = list->offset + i * sizeof(double);
        double *number = run_number(arm->summary, offset);
        uint64_t *counter = run_counter(arm->summary, offset);
        if (list->kind == FIELD_NUMBER)
            *number = 0;
        else
            *counter = 0;
        for (uint32_t run = 0; run < arm->count; run++)
            if (list->kind == FIELD_NUMBER)
                *number += run_number_of(&arm->runs[run], offset);
            else
                *counter += run_counter_of(&arm->runs[run], offset);
    }
}

static void summarise_fields(const struct arm *arm)
{
    for (uint32_t i = 0; i < run_field_count(); i++) {
        const struct run_field *field = run_field_at(i);
        if (field->kind == FIELD_NUMBER)
            summarise_number(arm, field);
        else
            summarise_counter(arm, field);
    }
    for (uint32_t i = 0; i < run_list_count(); i++) summarise_list(arm, run_list_at(i));
    for (uint32_t depth = 0; depth < LIMIT_DEPTH + 2; depth++)
        for (uint32_t run = 0; run < arm->count; run++)
            arm->summary->depth_counts[depth] += arm->runs[run].depth_counts[depth];
}

/* The value at a rank of the sample, unfinished ones last: NAN among those. */
static double at_rank(const struct histogram *histogram, uint64_t rank)
{
    if (rank < 1 || rank > histogram->total_count) return NAN;
    return (double)histogram_at_rank(histogram, rank);
}

static void fill_intervals(struct bench_spread *spread, int kind, const struct histogram *histogram)
{
    uint64_t everyone = histogram->total_count + spread->pooled[kind].censored;
    for (int q = 0; q < QUANTILE_COUNT; q++) {
        double *interval = spread->latency_interval[kind][q];
        struct rank_interval ranks;
        interval[0] = interval[1] = NAN;
        if (isnan(spread->pooled[kind].quantile_ns[q])) continue;
        if (!stats_quantile_ranks(everyone, latency_quantile_value((enum latency_quantile)q), CONFIDENCE,
                                  &ranks))
            continue;
        if (ranks.high > histogram->total_count) continue;
        interval[0] = at_rank(histogram, ranks.low);
        interval[1] = at_rank(histogram, ranks.high);
    }
}

static size_t quantile_offset(int kind, int quantile)
{
    return offsetof(struct run_metrics, latency) + (size_t)kind * sizeof(struct latency) +
           offsetof(struct latency, quantile_ns) + (size_t)quantile * sizeof(double);
}

static err summarise_latency(const struct arm *arm, int kind)
{
    struct histogram *merged = &arm->summary->histograms[kind];
    struct latency *latency = &arm->summary->latency[kind];
    uint64_t censored = 0;
    TRY(histogram_open(merged, NS_PER_H));
    for (uint32_t run = 0; run < arm->count; run++) {
        histogram_add(merged, &arm->runs[run].histograms[kind]);
        censored += arm->runs[run].latency[kind].censored;
    }
    latency_fill(&arm->spread->pooled[kind], merged, censored);
    fill_intervals(arm->spread, kind, merged);
    *latency = arm->spread->pooled[kind];
    for (int q = 0; q < QUANTILE_COUNT; q++)
        latency->quantile_ns[q] = median_of(arm, quantile_offset(kind, q));
    median_of(arm, quantile_offset(kind, Q50));
    arm->spread->latency_cv[kind] = stats_cv(arm->values, arm->count);
    return OK;
}

/* Only when every run has one. */
static err summarise_map(const struct arm *arm)
{
    struct latency_map *map;
    for (uint32_t run = 0; run < arm->count; run++)
        if (!arm->runs[run].latency_map) return OK;
    if (arm->count == 0) return OK;
    TRY(latency_map_open(&map, arm->runs[0].series_count));
    for (uint32_t run = 0; run < arm->count; run++) {
        if (latency_map_add(map, arm->runs[run].latency_map)) continue;
        free(map);
        return OK;
    }
    arm->summary->latency_map = map;
    return OK;
}

static uint64_t hash_runs(uint64_t hash, const struct arm *arm)
{
    for (uint32_t run = 0; run < arm->count; run++) {
        hash = (hash ^ arm->runs[run].trajectory_hash) * UINT64_C(0x9b05688c2b3e6c1f);
        hash ^= hash >> 32;
    }
    return hash;
}

static err summarise_arm(struct arm *arm)
{
    run_metrics_close(arm->summary);
    memset(arm->spread, 0, sizeof *arm->spread);
    arm->values = calloc(arm->count ? arm->count : 1, sizeof *arm->values);
    if (!arm->values) return ERR_NOMEM;
    summarise_fields(arm);
    err e = OK;
    for (int kind = 0; kind < LATENCY_KIND_COUNT && e == OK; kind++) e = summarise_latency(arm, kind);
    if (e == OK) e = summarise_map(arm);
    median_of(arm, offsetof(struct run_metrics, throughput));
    arm->spread->throughput_cv = stats_cv(arm->values, arm->count);
    free(arm->values);
    const struct run_metrics *summary = arm->summary;
    struct interval share =
        stats_wilson(summary->cohort_rolled_back, summary->cohort_speculative, CONFIDENCE);
    arm->spread->rollback_rate_interval[0] = share.low;
    arm->spread->rollback_rate_interval[1] = share.high;
    arm->summary->seed = arm->count > 0 ? arm->runs[0].seed : 0;
    arm->summary->trajectory_hash = hash_runs(0, arm);
    return e;
}

static bool has_run(const struct run_metrics *metrics)
{
    return metrics->histograms[0].counts;
}

/* Runs that never began leave no trace but the mark "interrupted". */
static void drop_missing(struct bench_result *result)
{
    uint32_t kept = 0;
    bool has_all = true;
    for (uint32_t run = 0; run < result->runs; run++) {
        if (!has_run(&result->per_run[run])) continue;
        if (result->baseline) {
            struct run_metrics baseline = result->baseline[run];
            has_all = has_all && has_run(&baseline);
            result->baseline[run] = (struct run_metrics){0};
            result->baseline[kept] = baseline;
        }
        struct run_metrics metrics = result->per_run[run];
        result->per_run[run] = (struct run_metrics){0};
        result->per_run[kept++] = metrics;
    }
    if (result->baseline && !has_all) {
        for (uint32_t run = 0; run < result->runs; run++) run_metrics_close(&result->baseline[run]);
        free(result->baseline);
        result->baseline = NULL;
    }
    result->runs = kept;
}

err bench_summarise(struct bench_result *result)
{
    drop_missing(result);
    struct arm arms[] = {
        {.runs = result->per_run, .summary = &result->summary, .spread = &result->spread},
        {.runs = result->baseline, .summary = &result->baseline_summary, .spread = &result->baseline_spread},
    };
    result->trajectory_hash = result->seed;
    for (size_t i = 0; i < 2 && arms[i].runs; i++) {
        arms[i].count = result->runs;
        TRY(summarise_arm(&arms[i]));
        result->trajectory_hash = hash_runs(result->trajectory_hash, &arms[i]);
    }
    bench_judge(result);
    return OK;
}
