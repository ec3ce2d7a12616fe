/* daemon/metrics.c: histograms, windows and requests: what is told directly, and what is asked for. */
#include "daemon/metrics_own.h"
#include <stdlib.h>
#include <string.h>

#define MS(number) ((int64_t)(number)*NS_PER_MS)
#define CONFIRMATION_BOUNDS                                                                                  \
    {                                                                                                        \
        NS_PER_S, 9,                                                                                         \
        {                                                                                                    \
            MS(100), MS(500), MS(1000), MS(5000), MS(10000), MS(30000), MS(60000), MS(120000), MS(300000)    \
        }                                                                                                    \
    }
#define SHORT_BOUNDS                                                                                         \
    {                                                                                                        \
        NS_PER_S, 10,                                                                                        \
        {                                                                                                    \
            MS(1), MS(5), MS(10), MS(50), MS(100), MS(500), MS(1000), MS(5000), MS(10000), MS(30000)         \
        }                                                                                                    \
    }

const struct histogram_bounds METRICS_BOUNDS[HISTOGRAM_COUNT] = {
    [HISTOGRAM_PROOF] = {NS_PER_S,
                         11,
                         {MS(100), MS(500), MS(1000), MS(2000), MS(5000), MS(10000), MS(30000), MS(60000),
                          MS(90000), MS(120000), MS(300000)}},
    [HISTOGRAM_DEPTH] = {1, 9, {1, 2, 3, 4, 5, 8, 10, 15, 20}},
    [HISTOGRAM_CHAIN_CONFIRMED] = CONFIRMATION_BOUNDS,
    [HISTOGRAM_CHAIN_FINALIZED] = CONFIRMATION_BOUNDS,
    [HISTOGRAM_CONFIRMATION] = CONFIRMATION_BOUNDS,
    [HISTOGRAM_RESULT] = CONFIRMATION_BOUNDS,
    [HISTOGRAM_ROLLBACK] = SHORT_BOUNDS,
    [HISTOGRAM_CASCADE] = {1, 11, {1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000}},
    [HISTOGRAM_BATCH] = {1, 7, {1, 2, 5, 10, 20, 50, 100}},
    [HISTOGRAM_GC] = SHORT_BOUNDS,
    [HISTOGRAM_REQUEST] = SHORT_BOUNDS,
};

const int METRICS_REQUEST_CODES[REQUEST_CODES] = {200, 201, 202, 400, 401, 403, 404, 405,
                                                  409, 413, 429, 500, 501, 503, 504, 0};

#define CLASS_(name, label, path) {label, path},
static const struct request_row {
    const char *label, *path;
} REQUEST_ROWS[] = {REQUEST_CLASSES(CLASS_)};
#undef CLASS_

const char *metrics_request_class(uint32_t request_class)
{
    return REQUEST_ROWS[request_class].label;
}

err metrics_open(struct metrics **out)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);
    if (!metrics) return ERR_NOMEM;
    *out = metrics;
    return OK;
}

void metrics_free(struct metrics *metrics)
{
    free(metrics);
}

void metrics_observe(struct metrics *metrics, enum metrics_histogram_id id, int64_t value)
{
    const struct histogram_bounds *bounds = &METRICS_BOUNDS[id];
    struct metrics_histogram *histogram = &metrics->histograms[id];
    uint32_t i = 0;
    if (value < 0) value = 0;
    while (i < bounds->count && value > bounds->bounds[i]) i++;
    histogram->counts[i]++;
    histogram->sum += (uint64_t)value;
}

void metrics_clock(struct metrics *metrics, int64_t now_ns)
{
    if (now_ns > metrics->now_ns) metrics->now_ns = now_ns;
}

void metrics_chain_confirmed(struct metrics *metrics, int64_t latency_ns)
{
    metrics_observe(metrics, HISTOGRAM_CHAIN_CONFIRMED, latency_ns);
    window_duration(&metrics->confirmations, metrics->now_ns, latency_ns);
}

void metrics_chain_finalized(struct metrics *metrics, int64_t latency_ns)
{
    metrics_observe(metrics, HISTOGRAM_CHAIN_FINALIZED, latency_ns);
}

void metrics_api_latency(struct metrics *metrics, int64_t latency_ns)
{
    metrics_observe(metrics, HISTOGRAM_REQUEST, latency_ns);
    window_duration(&metrics->requests, metrics->now_ns, latency_ns);
}

void metrics_integrity(struct metrics *metrics, uint64_t findings)
{
    metrics->checks[findings > 0]++;
    metrics->findings = findings;
}

void metrics_request(struct metrics *metrics, const char *path, int status)
{
    uint32_t class = 0, code = 0;
    while (strncmp(path, REQUEST_ROWS[class].path, strlen(REQUEST_ROWS[class].path)) != 0) class ++;
    while (code < REQUEST_CODE_OTHER && METRICS_REQUEST_CODES[code] != status) code++;
    metrics->requests_by[class][code]++;
}

uint64_t metrics_rollback_rate_at(const struct metrics *metrics, int64_t now_ns, int64_t window_ns)
{
    uint64_t admitted = window_sum(&metrics->counts, now_ns, window_ns, WINDOW_ADMITTED);
    uint64_t rolled_back = window_sum(&metrics->counts, now_ns, window_ns, WINDOW_ROLLED_BACK);
    if (!admitted) return rolled_back ? BPS_ONE : 0;
    uint64_t rate_bps = rolled_back * BPS_ONE / admitted;
    return rate_bps < BPS_ONE ? rate_bps : BPS_ONE; /* of tasks that were admitted before the window, too */
}

uint64_t metrics_rollback_rate_bps(const struct metrics *metrics, int64_t window_ns)
{
    return metrics_rollback_rate_at(metrics, metrics->now_ns, window_ns);
}

int64_t metrics_confirmation_quantile_ns(const struct metrics *metrics, double quantile)
{
    return window_quantile(&metrics->confirmations, metrics->now_ns, quantile);
}
