/* reports/response.c: values by point, metric and run; means by level. */
#include "reports/response.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

err response_open(struct response *out, const struct design *design, uint32_t runs)
{
    *out = (struct response){.design = design, .runs = runs};
    for (uint32_t i = 0; i < comparison_metric_count() && out->metric_count < RESPONSE_METRICS_MOST; i++)
        if (comparison_metric_at(i)->is_primary) out->metrics[out->metric_count++] = comparison_metric_at(i);
    size_t values = (size_t)design->point_count * out->metric_count * runs;
    out->values = malloc(values * sizeof *out->values);
    out->offered = calloc(design->point_count, sizeof *out->offered);
    out->served = calloc(design->point_count, sizeof *out->served);
    out->misses_targets = calloc(design->point_count, sizeof *out->misses_targets);
    for (size_t i = 0; out->values && i < values; i++) out->values[i] = NAN;
    if (out->values && out->offered && out->served && out->misses_targets) return OK;
    response_close(out);
    return ERR_NOMEM;
}

void response_close(struct response *response)
{
    free(response->values);
    free(response->offered);
    free(response->served);
    free(response->misses_targets);
    *response = (struct response){0};
}

static double *values_of(const struct response *response, uint32_t point, uint32_t metric)
{
    return response->values + ((size_t)point * response->metric_count + metric) * response->runs;
}

void response_take(struct response *response, uint32_t point, const struct bench_result *result)
{
    double share;
    for (uint32_t i = 0; i < response->metric_count; i++)
        for (uint32_t run = 0; run < response->runs && run < result->runs; run++) {
            struct run_metric metric;
            if (!run_metric_find(&result->per_run[run], response->metrics[i]->name, &metric)) continue;
            values_of(response, point, i)[run] = metric.value;
            response->units[i] = metric.unit;
        }
    response->offered[point] = result->summary.offered;
    response->served[point] = bench_metric(result, "throughput_share", &share) ? share : 0;
    for (uint32_t i = 0; i < result->target_count; i++)
        response->misses_targets[point] = response->misses_targets[point] || !result->targets[i].pass;
}

static bool all_above_zero(const double *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!(values[i] > 0)) return false;
    return true;
}

static struct interval limits_of(const double *values, uint32_t count, double mean)
{
    double deviation = stats_deviation(values, count);
    if (isnan(deviation)) return (struct interval){NAN, NAN};
    double half = stats_t_quantile(0.5 + COMPARISON_CONFIDENCE / 2, count - 1) * deviation / sqrt(count);
    return (struct interval){mean - half, mean + half};
}

struct response_estimate response_at(const struct response *response, uint32_t point, uint32_t metric)
{
    const double *first = values_of(response, 0, metric), *values = values_of(response, point, metric);
    double differences[LIMIT_RUNS] = {0};
    struct response_estimate out = {.value = stats_median(values, response->runs)};
    out.is_ratio = all_above_zero(first, response->runs) && all_above_zero(values, response->runs);
    for (uint32_t run = 0; run < response->runs; run++)
        differences[run] = out.is_ratio ? log(values[run] / first[run]) : values[run] - first[run];
    out.effect = stats_mean(differences, response->runs);
    out.limits = limits_of(differences, response->runs, out.effect);
    if (!out.is_ratio) return out;
    out.effect = expm1(out.effect);
    out.limits = (struct interval){expm1(out.limits.low), expm1(out.limits.high)};
    return out;
}

/* A run's mean over the points with the level. */
static double level_mean(const struct response *response, uint32_t factor, uint32_t level, uint32_t metric,
                         uint32_t run, bool is_ratio)
{
    double sum = 0;
    uint32_t count = 0;
    for (uint32_t point = 0; point < response->design->point_count; point++) {
        if (response->design->points[point][factor] != level) continue;
        double value = values_of(response, point, metric)[run];
        sum += is_ratio ? log(value) : value;
        count++;
    }
    return sum / count;
}

struct response_estimate response_level(const struct response *response, uint32_t factor, uint32_t level,
                                        uint32_t metric)
{
    struct response_estimate out = {.is_ratio = true};
    double means[LIMIT_RUNS] = {0};
    for (uint32_t point = 0; point < response->design->point_count; point++)
        out.is_ratio = out.is_ratio && all_above_zero(values_of(response, point, metric), response->runs);
    for (uint32_t run = 0; run < response->runs; run++)
        means[run] = level_mean(response, factor, level, metric, run, out.is_ratio);
    out.value = stats_mean(means, response->runs);
    out.limits = limits_of(means, response->runs, out.value);
    if (!out.is_ratio) return out;
    out.value = exp(out.value);
    out.limits = (struct interval){exp(out.limits.low), exp(out.limits.high)};
    return out;
}

bool response_has_rate(const struct response *response)
{
    for (uint32_t i = 0; i < response->design->factor_count; i++)
        if (strcmp(response->design->factors[i].key, "rate") == 0) return true;
    return false;
}

uint32_t response_p99(const struct response *response)
{
    uint32_t metric = 0;
    while (metric + 1 < response->metric_count && strcmp(response->metrics[metric]->name, "result.p99") != 0)
        metric++;
    return metric;
}

int response_knee(const struct response *response)
{
    const double served_least = 0.99;
    uint32_t p99 = response_p99(response);
    int knee = -1;
    if (!response_has_rate(response)) return knee;
    for (uint32_t point = 0; point < response->design->point_count; point++) {
        bool holds = !response->misses_targets[point] && response->served[point] >= served_least;
        if (!holds) continue;
        double more = knee < 0 ? 1 : response->offered[point] - response->offered[knee];
        bool is_sooner = knee >= 0 && response_at(response, point, p99).value <
                                          response_at(response, (uint32_t)knee, p99).value;
        if (more > 0 || (!(more < 0) && is_sooner)) knee = (int)point;
    }
    return knee;
}
