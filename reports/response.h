/* reports/response.h: how metrics answer to settings.
 *
 * Every point of a design has the same seeds, so that its runs are pairs of the
 * first point's: an effect is the mean over pairs of ln(point / first), with
 * Student's interval. A level's main effect is the geometric mean over all points
 * with it, first within a run over points, then over runs, so that the interval is
 * of runs. Where a value is not above 0, plain means and differences.
 * Metrics are the primary ones of comparison_metric.c.
 * Source: statistics.md 4; Box, Hunter and Hunter, "Statistics for Experimenters".
 * Errors: ERR_NOMEM. */
#pragma once
#include "reports/comparison.h"
#include "reports/design.h"

enum { RESPONSE_METRICS_MOST = 8 };

struct response {
    const struct design *design; /* the caller's */
    uint32_t runs, metric_count;
    const struct comparison_metric *metrics[RESPONSE_METRICS_MOST];
    enum metric_unit units[RESPONSE_METRICS_MOST];
    double *values;  /* [point][metric][run]; NAN: none */
    double *offered; /* [point]: tasks a second, and the share of them that was served */
    double *served;
    bool *misses_targets; /* [point] */
};

MUST_USE err response_open(struct response *out, const struct design *design, uint32_t runs);
void response_close(struct response *response); /* fine on a zeroed one */
void response_take(struct response *response, uint32_t point, const struct bench_result *result);

struct response_estimate {
    double value; /* median over runs, or a level's mean; NAN: some run has none */
    double effect;
    struct interval limits; /* of the effect against the first point, or of the level's mean */
    bool is_ratio;
};
struct response_estimate response_at(const struct response *response, uint32_t point, uint32_t metric);
struct response_estimate response_level(const struct response *response, uint32_t factor, uint32_t level,
                                        uint32_t metric);

bool response_has_rate(const struct response *response); /* is the offered load a factor? */
uint32_t response_p99(const struct response *response);  /* the metric result.p99 */
/* Of a sweep over `rate`: the point with the most tasks a second that still meets every target, with at least
 * 99 % of them served; of several the one with the least result.p99; -1: none, or no such factor. */
int response_knee(const struct response *response);
