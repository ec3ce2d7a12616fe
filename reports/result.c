/* reports/result.c: names, and the memory of one run's figures. */
#include "reports/result.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_(name, text) [name] = text,
static const char *const KIND_NAMES[] = {LATENCY_KINDS(TEXT_)};
static const char *const SERIES_NAMES[] = {SERIES(TEXT_)};
#define QUANTILE_(name, text, quantile, support) [name] = {text, quantile, support},
static const struct {
    const char *name;
    double value;
    uint64_t support;
} QUANTILES[] = {LATENCY_QUANTILES(QUANTILE_)};

const char *latency_kind_name(enum latency_kind kind)
{
    return KIND_NAMES[kind];
}

const char *series_name(enum series_kind kind)
{
    return SERIES_NAMES[kind];
}

const char *latency_quantile_name(enum latency_quantile quantile)
{
    return QUANTILES[quantile].name;
}

double latency_quantile_value(enum latency_quantile quantile)
{
    return QUANTILES[quantile].value;
}

uint64_t latency_quantile_support(enum latency_quantile quantile)
{
    return QUANTILES[quantile].support;
}

void latency_fill(struct latency *out, const struct histogram *histogram, uint64_t censored)
{
    uint64_t seen = histogram->total_count, everyone = seen + censored;
    *out = (struct latency){
        .count = seen,
        .censored = censored,
        .mean_ns = seen ? histogram_mean_ns(histogram) : NAN,
        .min_ns = seen ? (double)histogram->min_ns : NAN,
        .max_ns = seen ? (double)histogram->max_ns : NAN,
    };
    for (int q = 0; q < QUANTILE_COUNT; q++) {
        uint64_t rank = everyone ? histogram_rank(QUANTILES[q].value, everyone) : 0;
        bool is_told = everyone >= QUANTILES[q].support && rank >= 1 && rank <= seen;
        out->quantile_ns[q] = is_told ? (double)histogram_at_rank(histogram, rank) : NAN;
    }
}

err run_metrics_open(struct run_metrics *out, uint32_t series_seconds)
{
    struct run_metrics metrics = {.series_count = series_seconds};
    err e = OK;
    for (int kind = 0; kind < LATENCY_KIND_COUNT && e == OK; kind++)
        e = histogram_open(&metrics.histograms[kind], NS_PER_H);
    for (int series = 0; series < SERIES_COUNT && e == OK; series++) {
        metrics.series[series] = calloc(series_seconds ? series_seconds : 1, sizeof(double));
        if (!metrics.series[series]) e = ERR_NOMEM;
    }
    if (e != OK)
        run_metrics_close(&metrics);
    else
        *out = metrics;
    return e;
}

void run_metrics_drop_samples(struct run_metrics *metrics)
{
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++) histogram_close(&metrics->histograms[kind]);
    for (int series = 0; series < SERIES_COUNT; series++) {
        free(metrics->series[series]);
        metrics->series[series] = NULL;
    }
    metrics->series_count = 0;
    free(metrics->latency_map);
    metrics->latency_map = NULL;
}

void run_metrics_close(struct run_metrics *metrics)
{
    run_metrics_drop_samples(metrics);
    memset(metrics, 0, sizeof *metrics);
}
