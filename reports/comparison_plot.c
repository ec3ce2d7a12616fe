/* reports/comparison_plot.c: two arms as gnuplot data. */
#include "base/fmath.h"
#include "reports/comparison_chart.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { BAND_POINTS = 61, TAIL_POINTS = 90 };

struct arm {
    const char *name; /* how its blocks end */
    const struct bench_result *result;
};

static void arms_of(const struct comparison_test *test, struct arm arms[2])
{
    arms[0] = (struct arm){"other", test->before};
    arms[1] = (struct arm){"main", test->after};
}

struct block_name {
    char text[48];
};

static struct block_name block_of(const char *what, const struct arm *arm)
{
    struct block_name name;
    snprintf(name.text, sizeof name.text, "%.20s_%.20s", what, arm->name);
    return name;
}

bool comparison_has_result(const void *subject)
{
    const struct comparison_test *test = subject;
    return chart_has_result(test->before) && chart_has_result(test->after);
}

/* The order statistics' interval along the curve of all runs together. */
static err write_band(FILE *script, const struct chart_curve *curve, const struct arm *arm)
{
    struct histogram pooled = {0};
    uint64_t censored;
    double reach = chart_reach(curve);
    TRY(chart_pool(&pooled, &censored, curve));
    fprintf(script, "$%s << EOD\n", block_of("band", arm).text);
    for (uint32_t i = 1; i < BAND_POINTS; i++) {
        double place = fmath_pow(reach, (double)i / (BAND_POINTS - 1));
        struct rank_interval ranks;
        if (!stats_quantile_ranks(pooled.total_count + censored, 1 - 1 / place, COMPARISON_CONFIDENCE,
                                  &ranks))
            continue;
        if (ranks.high > pooled.total_count) break;
        fprintf(script, "%.5g %.5g %.5g\n", place,
                (double)histogram_at_rank(&pooled, ranks.low) / (double)NS_PER_S,
                (double)histogram_at_rank(&pooled, ranks.high) / (double)NS_PER_S);
    }
    fputs("EOD\n", script);
    histogram_close(&pooled);
    return OK;
}

err comparison_write_percentiles(FILE *script, const void *subject)
{
    struct arm arms[2];
    double x_end = 0;
    arms_of(subject, arms);
    for (int i = 0; i < 2; i++) {
        struct block_name runs = block_of("runs", &arms[i]), pooled = block_of("pooled", &arms[i]);
        struct chart_curve curve = {runs.text, LATENCY_RESULT, arms[i].result->per_run, arms[i].result->runs};
        chart_write_runs(script, &curve);
        curve.block = pooled.text;
        TRY(chart_write_pooled(script, &curve));
        TRY(write_band(script, &curve, &arms[i]));
        x_end = fmax(x_end, chart_reach(&curve));
    }
    fprintf(script, "x_end = %.5g\n", x_end);
    return OK;
}

bool comparison_has_shift(const void *subject)
{
    return ((const struct comparison_test *)subject)->shift.count > 0;
}

static double percent_of(double log_ratio)
{
    return 100 * expm1(log_ratio);
}

/* 99 and 99.9 have places of their own behind 95, where their labels fit. */
static double place_of(double share)
{
    const double second_nine = .985, third_nine = .995;
    return share > third_nine ? 113 : share > second_nine ? 102 : 100 * share;
}

err comparison_write_shift(FILE *script, const void *subject)
{
    const struct comparison_shift *shift = &((const struct comparison_test *)subject)->shift;
    fputs("$shift << EOD\n", script);
    for (uint32_t i = 0; i < shift->count; i++) {
        struct interval limits = shift->limits[i];
        /* Too few pairs for a band: it has no width here, and the verdicts say why. */
        if (!isfinite(limits.low) || !isfinite(limits.high))
            limits = (struct interval){shift->mean[i], shift->mean[i]};
        fprintf(script, "%.5g %.5g %.5g %.5g\n", place_of(shift->shares[i]), percent_of(shift->mean[i]),
                percent_of(limits.low), percent_of(limits.high));
    }
    fputs("EOD\n", script);
    return OK;
}

/* The primary ones, and what changed: more rows would be too small to read. */
static bool has_effect(const struct comparison_row *row)
{
    bool has_changed = row->verdict == VERDICT_BETTER || row->verdict == VERDICT_WORSE;
    return row->is_ratio && !comparison_has_none(row) && (row->metric->is_primary || has_changed);
}

bool comparison_has_effects(const void *subject)
{
    const struct comparison_test *test = subject;
    for (uint32_t i = 0; i < comparison_metric_count(); i++)
        if (has_effect(&test->rows[i])) return true;
    return false;
}

/* Half the axis: 5 percent at least, 100 at most, room for every interval in between. */
static double effects_end(const struct comparison_test *test)
{
    const double least = 5, most = 100;
    double end = least;
    for (uint32_t i = 0; i < comparison_metric_count(); i++) {
        const struct comparison_row *row = &test->rows[i];
        if (!has_effect(row)) continue;
        end = fmax(end, fabs(percent_of(row->mean)));
        if (isfinite(row->limits.low)) end = fmax(end, -percent_of(row->limits.low));
        if (isfinite(row->limits.high)) end = fmax(end, percent_of(row->limits.high));
    }
    return fmin(end * 1.05, most);
}

static int colour_of(enum comparison_verdict verdict)
{
    return verdict == VERDICT_BETTER ? 1 : verdict == VERDICT_WORSE ? 2 : 0;
}

err comparison_write_effects(FILE *script, const void *subject)
{
    const struct comparison_test *test = subject;
    double end = effects_end(test);
    uint32_t rows = 0;
    fputs("$effects << EOD\n", script);
    for (uint32_t i = 0; i < comparison_metric_count(); i++) {
        const struct comparison_row *row = &test->rows[i];
        if (!has_effect(row)) continue;
        double mean = percent_of(row->mean);
        double low = isfinite(row->limits.low) ? percent_of(row->limits.low) : mean;
        double high = isfinite(row->limits.high) ? percent_of(row->limits.high) : mean;
        fprintf(script, "\"%s\" %.5g %.5g %.5g %d \"%+.1f %%\"\n", row->metric->label,
                fmax(-end, fmin(end, mean)), fmax(-end, fmin(end, low)), fmax(-end, fmin(end, high)),
                colour_of(row->verdict), mean);
        rows++;
    }
    fprintf(script, "EOD\nx_end = %.5g\nx_step = %.5g\ny_end = %.1f\n", end, chart_step(3 * end),
            (rows < 4 ? 4 : rows) - 0.4);
    return OK;
}

static const struct comparison_row *row_of(const struct comparison_test *test, const char *metric)
{
    for (uint32_t i = 0; i < comparison_metric_count(); i++)
        if (strcmp(test->rows[i].metric->name, metric) == 0) return &test->rows[i];
    return NULL;
}

bool comparison_has_pairs(const void *subject)
{
    return !comparison_has_none(row_of(subject, "result.p99"));
}

static void write_dots(FILE *script, const char *block, const double *values, uint32_t count)
{
    fprintf(script, "$%s << EOD\n", block);
    for (uint32_t i = 0; i < count; i++) fprintf(script, "%" PRIu32 " %.6g\n", i + 1, values[i]);
    fputs("EOD\n", script);
}

err comparison_write_pairs(FILE *script, const void *subject)
{
    const struct comparison_test *test = subject;
    const struct comparison_row *row = row_of(test, "result.p99");
    uint32_t most = test->before_runs > test->after_runs ? test->before_runs : test->after_runs;
    write_dots(script, "before", row->before, test->before_runs);
    write_dots(script, "after", row->after, test->after_runs);
    fputs("$joined << EOD\n", script);
    for (uint32_t i = 0; i < test->pairs; i++)
        fprintf(script, "%" PRIu32 " %.6g %.6g\n", i + 1, row->before[i], row->after[i]);
    fprintf(script, "EOD\nx_end = %" PRIu32 "\nx_step = %.0f\n", most + 1, ceil(chart_step(most)));
    return OK;
}

/* Rows seconds, percent of tasks that have their result by then. */
static void write_ecdf(FILE *script, const struct histogram *pooled, uint64_t censored, const char *block)
{
    double all = (double)(pooled->total_count + censored);
    double reach = fmath_pow(all, 1.0 / (TAIL_POINTS - 1));
    uint64_t before = 0;
    fprintf(script, "$%s << EOD\n", block);
    for (uint32_t i = 0; i < TAIL_POINTS; i++) {
        /* Half of the points are even in the share that is done, half in the logarithm of the rest. */
        double share = i < TAIL_POINTS / 2 ? (double)i / TAIL_POINTS
                                           : 1 - 0.5 * fmath_pow(reach, -2.0 * (i - TAIL_POINTS / 2.0));
        uint64_t rank = (uint64_t)(share * all);
        if (rank <= before || rank > pooled->total_count) continue;
        before = rank;
        if (rank == pooled->total_count && censored == 0) break;
        fprintf(script, "%.5g %.7g\n", (double)histogram_at_rank(pooled, rank) / (double)NS_PER_S,
                100 * (double)rank / all);
    }
    fputs("EOD\n", script);
}

struct tails {
    double begin_s, end_s, least_percent;
};

static err write_tail(FILE *script, const struct arm *arm, struct tails *tails)
{
    struct histogram pooled = {0};
    uint64_t censored;
    const struct chart_curve curve = {NULL, LATENCY_RESULT, arm->result->per_run, arm->result->runs};
    TRY(chart_pool(&pooled, &censored, &curve));
    write_ecdf(script, &pooled, censored, block_of("ecdf", arm).text);
    uint64_t low = histogram_rank(0.002, pooled.total_count);
    tails->begin_s = fmin(tails->begin_s, (double)histogram_at_rank(&pooled, low) / (double)NS_PER_S);
    tails->end_s = fmax(tails->end_s, (double)pooled.max_ns / (double)NS_PER_S);
    tails->least_percent = fmin(tails->least_percent, 100 / (double)(pooled.total_count + censored));
    histogram_close(&pooled);
    return OK;
}

err comparison_write_tails(FILE *script, const void *subject)
{
    struct arm arms[2];
    struct tails tails = {INFINITY, 0, 100};
    arms_of(subject, arms);
    for (int i = 0; i < 2; i++) TRY(write_tail(script, &arms[i], &tails));
    fprintf(script, "x_begin = %.5g\nx_end = %.5g\ny_begin = %.5g\n", fmax(tails.begin_s, 1e-4),
            fmax(tails.end_s, 2e-4) * 1.1, tails.least_percent);
    return OK;
}

bool comparison_has_series(const void *subject)
{
    const struct comparison_test *test = subject;
    return chart_has_series(test->before) && chart_has_series(test->after);
}

bool comparison_has_latency(const void *subject)
{
    const struct comparison_test *test = subject;
    return chart_has_latency(test->before) && chart_has_latency(test->after);
}

struct figure_over_time {
    const char *name;
    enum series_kind series;
    enum chart_binning how;
    double scale;
};

/* Both arms share load and duration, and so the axis. */
static err write_over_time(FILE *script, const struct comparison_test *test,
                           const struct figure_over_time *figures, uint32_t count)
{
    struct arm arms[2];
    arms_of(test, arms);
    chart_write_axis(script, test->before);
    for (int arm = 0; arm < 2; arm++)
        for (uint32_t i = 0; i < count; i++) {
            struct block_name block = block_of(figures[i].name, &arms[arm]);
            const struct chart_strand strand = {block.text, figures[i].series, figures[i].how,
                                                figures[i].scale};
            TRY(chart_write_strands(script, arms[arm].result, &strand, 1));
        }
    return OK;
}

err comparison_write_latency(FILE *script, const void *subject)
{
    static const struct figure_over_time FIGURES[] = {{"p50", SERIES_RESULT_P50, BIN_MEDIAN, 1e-3},
                                                      {"p99", SERIES_RESULT_P99, BIN_MEDIAN, 1e-3}};
    return write_over_time(script, subject, FIGURES, sizeof FIGURES / sizeof *FIGURES);
}

bool comparison_has_map(const void *subject)
{
    const struct comparison_test *test = subject;
    return comparison_has_latency(test) && test->before->summary.latency_map &&
           test->after->summary.latency_map;
}

err comparison_write_map(FILE *script, const void *subject)
{
    const struct comparison_test *test = subject;
    double unit_s = chart_unit_s(test->before);
    const struct chart_map maps[] = {
        {"map_other", test->before->summary.latency_map, test->before->runs, unit_s},
        {"map_main", test->after->summary.latency_map, test->after->runs, unit_s},
    };
    fprintf(script, "x_step = %.5g\n",
            chart_step((double)test->before->duration_ns / (double)NS_PER_S / unit_s));
    chart_write_span_names(script, test->before, 2);
    chart_write_maps(script, maps, sizeof maps / sizeof *maps);
    return comparison_write_latency(script, subject);
}

err comparison_write_timeline(FILE *script, const void *subject)
{
    static const struct figure_over_time FIGURES[] = {{"active", SERIES_ACTIVE, BIN_MEAN, 1},
                                                      {"queue", SERIES_QUEUE, BIN_MEAN, 1},
                                                      {"locked", SERIES_LOCKED, BIN_MEAN, 1e-9}};
    const struct comparison_test *test = subject;
    for (size_t i = 0; i < sizeof FIGURES / sizeof *FIGURES; i++) {
        double largest = fmax(chart_largest(test->before, FIGURES[i].series),
                              chart_largest(test->after, FIGURES[i].series));
        fprintf(script, "%s_step = %.5g\n", FIGURES[i].name, chart_step(3 * largest * FIGURES[i].scale));
    }
    return write_over_time(script, test, FIGURES, sizeof FIGURES / sizeof *FIGURES);
}
