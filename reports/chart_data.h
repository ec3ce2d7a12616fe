/* reports/chart_data.h: pieces of data that plots are made from.
 *
 * Each writes one gnuplot datablock, `block` its name. Errors: ERR_NOMEM. */
#pragma once
#include "reports/chart.h"

/* Runs of one arm, and which of their latencies. */
struct chart_curve {
    const char *block;
    enum latency_kind kind;
    const struct run_metrics *runs;
    uint32_t run_count; /* 0: an empty block */
};
/* Rows 1 / (1 - q), seconds: where the sample can tell, up to the censored ones. */
/* A curve each, of at most ten; none for a single run. */
void chart_write_runs(FILE *script, const struct chart_curve *curve);
MUST_USE err chart_write_pooled(FILE *script, const struct chart_curve *curve);
double chart_reach(const struct chart_curve *curve); /* the largest 1 / (1 - q), at least 100 */
/* All runs together; histogram_close is the caller's. */
MUST_USE err chart_pool(struct histogram *out, uint64_t *censored, const struct chart_curve *curve);

/* A figure over time. */
enum chart_binning { BIN_MEAN, BIN_MEDIAN }; /* of the seconds in a bin that have a value */
struct chart_strand {
    const char *block;
    enum series_kind series;
    enum chart_binning how;
    double scale; /* from the series' unit to the plot's */
};
/* Variables x_end and x_name, and the run's shaded spans. */
void chart_write_axis(FILE *script, const struct bench_result *result);
/* Rows time, lowest, median, highest run. */
MUST_USE err chart_write_strands(FILE *script, const struct bench_result *result,
                                 const struct chart_strand *strands, uint32_t count);
/* What the spans are, beside the first of a kind that has room for it. */
void chart_write_span_names(FILE *script, const struct bench_result *result,
                            uint32_t panels); /* beside one another */

/* Counts over time and latency. Writes the block, map_steps, map_fewest and map_largest, and a y axis in
 * seconds that all maps share; without counts (an older file) empty blocks. */
enum { CHART_MAP_STEPS = 5 };
struct chart_map {
    const char *block;
    const struct latency_map *counts; /* NULL: none */
    uint32_t runs;                    /* that it counts */
    double unit_s;                    /* of the axis of time: see chart_unit_s */
};
double chart_unit_s(const struct bench_result *result);
void chart_write_maps(FILE *script, const struct chart_map *maps, uint32_t count);

double chart_largest(const struct bench_result *result,
                     enum series_kind series); /* of any second of any run */
