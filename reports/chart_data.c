/* reports/chart_data.c: distributions as gnuplot data: percentile curves, depths, reasons to wait. */
#include "reports/chart_data.h"
#include "base/fmath.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CURVE_POINTS = 121, THIN_POINTS = 37, THIN_CURVES_MOST = 10 };
#define DEPTHS            (LIMIT_DEPTH + 2)
#define LOG_OF_HALF_LEVEL (-3.6888794541139363) /* ln 0.025 */

static const struct run_metrics *arm_of(const struct bench_result *result, bool is_main)
{
    return is_main ? result->per_run : result->baseline;
}

/* Whether either arm has a curve. */
static bool has_kind(const struct bench_result *result, enum latency_kind kind)
{
    for (int arm = 0; arm < 2; arm++) {
        const struct run_metrics *runs = arm_of(result, arm == 0);
        uint64_t count = 0;
        for (uint32_t run = 0; runs && run < result->runs; run++) {
            const struct latency *latency = &runs[run].latency[kind];
            count += runs[run].histograms[kind].total_count ? latency->count + latency->censored : 0;
        }
        if (count > 1) return true;
    }
    return false;
}

bool chart_has_result(const void *result)
{
    return has_kind(result, LATENCY_RESULT);
}

bool chart_has_commitment(const void *result)
{
    return has_kind(result, LATENCY_CONFIRMED) || has_kind(result, LATENCY_FINALIZED);
}

/* The largest 1 / (1 - q) that n values can speak of: n >= ln 0.025 / ln q. */
static double reach_of(uint64_t count)
{
    if (count < 2) return 1;
    return 1 / (1 - fmath_exp(LOG_OF_HALF_LEVEL / (double)count));
}

/* Points (1 / (1 - q), seconds) evenly spaced on the logarithmic axis. Unfinished tasks are longer than all
 * that was seen: the curve ends where they begin. */
static void write_curve(FILE *script, const struct histogram *histogram, uint64_t censored, uint32_t points)
{
    double quantiles[CURVE_POINTS], places[CURVE_POINTS];
    int64_t values_ns[CURVE_POINTS];
    uint64_t total = histogram->total_count + censored;
    double reach = reach_of(total);
    uint32_t count = 0;
    if (histogram->total_count == 0 || reach <= 1) return;
    for (uint32_t i = 0; i < points; i++) {
        double place = fmath_pow(reach, (double)i / (points - 1));
        double quantile = (1 - 1 / place) * (double)total / (double)histogram->total_count;
        if (quantile > 1) break;
        places[count] = place;
        quantiles[count++] = quantile;
    }
    histogram_quantiles(histogram, quantiles, values_ns, count);
    for (uint32_t i = 0; i < count; i++)
        fprintf(script, "%.5g %.5g\n", places[i], (double)values_ns[i] / (double)NS_PER_S);
    fputc('\n', script);
}

/* Of many runs a sample, evenly spaced: lines beyond those cannot be told apart. */
void chart_write_runs(FILE *script, const struct chart_curve *curve)
{
    uint32_t step = (curve->run_count + THIN_CURVES_MOST - 1) / THIN_CURVES_MOST;
    fprintf(script, "$%s << EOD\n", curve->block);
    for (uint32_t run = 0; curve->run_count > 1 && run < curve->run_count; run += step)
        write_curve(script, &curve->runs[run].histograms[curve->kind],
                    curve->runs[run].latency[curve->kind].censored, THIN_POINTS);
    fputs("EOD\n", script);
}

err chart_pool(struct histogram *out, uint64_t *censored, const struct chart_curve *curve)
{
    *censored = 0;
    TRY(histogram_open(out, NS_PER_H));
    for (uint32_t run = 0; run < curve->run_count; run++) {
        const struct histogram *histogram = &curve->runs[run].histograms[curve->kind];
        if (histogram->counts && histogram->total_count) histogram_add(out, histogram);
        *censored += curve->runs[run].latency[curve->kind].censored;
    }
    return OK;
}

err chart_write_pooled(FILE *script, const struct chart_curve *curve)
{
    struct histogram pooled = {0};
    uint64_t censored;
    TRY(chart_pool(&pooled, &censored, curve));
    fprintf(script, "$%s << EOD\n", curve->block);
    write_curve(script, &pooled, censored, CURVE_POINTS);
    fputs("EOD\n", script);
    histogram_close(&pooled);
    return OK;
}

/* Of an arm of a result; without runs when there is no such arm. */
static struct chart_curve curve_of(const struct bench_result *result, const char *block,
                                   enum latency_kind kind, bool is_main)
{
    const struct run_metrics *runs = arm_of(result, is_main);
    return (struct chart_curve){block, kind, runs, runs ? result->runs : 0};
}

double chart_reach(const struct chart_curve *curve)
{
    uint64_t count = 0;
    for (uint32_t run = 0; run < curve->run_count; run++)
        count += curve->runs[run].histograms[curve->kind].total_count;
    double reach = reach_of(count);
    return reach < 100 ? 100 : reach;
}

/* "result.p99" has its place on the axis at 100. */
static void write_targets(FILE *script, const struct bench_result *result, enum latency_kind kind)
{
    size_t kind_size = strlen(latency_kind_name(kind));
    fputs("$targets << EOD\n", script);
    for (uint32_t i = 0; i < result->target_count; i++) {
        const struct bench_target *target = &result->targets[i];
        if (strncmp(target->name, latency_kind_name(kind), kind_size) != 0 || target->name[kind_size] != '.')
            continue;
        for (int q = 0; q < QUANTILE_COUNT; q++)
            if (strcmp(target->name + kind_size + 1, latency_quantile_name(q)) == 0)
                fprintf(script, "%.5g %.5g\n", 1 / (1 - latency_quantile_value(q)), target->bound);
    }
    fputs("EOD\n", script);
}

err chart_write_result(FILE *script, const void *subject)
{
    const struct bench_result *result = subject;
    struct chart_curve runs_main = curve_of(result, "runs_main", LATENCY_RESULT, true);
    struct chart_curve runs_other = curve_of(result, "runs_other", LATENCY_RESULT, false);
    struct chart_curve pooled_main = curve_of(result, "pooled_main", LATENCY_RESULT, true);
    struct chart_curve pooled_other = curve_of(result, "pooled_other", LATENCY_RESULT, false);
    chart_write_runs(script, &runs_main);
    chart_write_runs(script, &runs_other);
    TRY(chart_write_pooled(script, &pooled_main));
    TRY(chart_write_pooled(script, &pooled_other));
    write_targets(script, result, LATENCY_RESULT);
    fprintf(script, "x_end = %.5g\n", chart_reach(&runs_main));
    return OK;
}

err chart_write_commitment(FILE *script, const void *subject)
{
    const struct bench_result *result = subject;
    const struct chart_curve curves[] = {curve_of(result, "confirmed_main", LATENCY_CONFIRMED, true),
                                         curve_of(result, "confirmed_other", LATENCY_CONFIRMED, false),
                                         curve_of(result, "finalized_main", LATENCY_FINALIZED, true),
                                         curve_of(result, "finalized_other", LATENCY_FINALIZED, false)};
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) TRY(chart_write_pooled(script, &curves[i]));
    fprintf(script, "x_end = %.5g\n", chart_reach(&curves[0]));
    return OK;
}

static uint64_t depth_total(const struct bench_result *result, uint32_t depth)
{
    uint64_t total = 0;
    for (uint32_t run = 0; run < result->runs; run++) total += result->per_run[run].depth_counts[depth];
    return total;
}

bool chart_has_depth(const void *result)
{
    for (uint32_t depth = 0; depth < DEPTHS; depth++)
        if (depth_total(result, depth)) return true;
    return false;
}

err chart_write_depth(FILE *script, const void *subject)
{
    const struct bench_result *result = subject;
    uint64_t all = 0;
    uint32_t first = DEPTHS, last = 0;
    for (uint32_t depth = 0; depth < DEPTHS; depth++) {
        uint64_t total = depth_total(result, depth);
        all += total;
        if (total && first == DEPTHS) first = depth;
        if (total) last = depth;
    }
    fputs("$depths << EOD\n", script);
    for (uint32_t depth = first; depth <= last; depth++)
        fprintf(script, "%" PRIu32 " %.5g\n", depth,
                100 * (double)depth_total(result, depth) / (double)(all ? all : 1));
    /* Never fewer than five places, or one bar fills the plot. */
    fprintf(script, "EOD\nx_begin = %.1f\nx_end = %.1f\n", first - 0.6,
            (last < first + 4 ? first + 4 : last) + 0.6);
    return OK;
}

struct wait {
    enum wait_reason reason;
    double held_s;
};

static int compare_waits(const void *left, const void *right)
{
    const struct wait *a = left, *b = right;
    if (a->held_s != b->held_s) return a->held_s < b->held_s ? 1 : -1;
    return (a->reason > b->reason) - (a->reason < b->reason);
}

static uint32_t collect_waits(const struct bench_result *result, struct wait waits[WAIT_REASON_COUNT])
{
    uint32_t count = 0;
    for (int reason = WAIT_NONE + 1; reason < WAIT_REASON_COUNT; reason++)
        if (result->summary.waits[reason] > 0 && result->summary.wait_ms[reason] > 0)
            waits[count++] = (struct wait){reason, result->summary.wait_ms[reason] / 1000};
    qsort(waits, count, sizeof *waits, compare_waits);
    return count;
}

bool chart_has_waits(const void *result)
{
    struct wait waits[WAIT_REASON_COUNT];
    return collect_waits(result, waits) > 0;
}

double chart_step(double end)
{
    double step = 1e-3;
    if (!(end > 0)) return 1;
    while (step * 30 <= end) step *= 10;
    if (step * 15 <= end) return step * 5;
    return step * 6 <= end ? step * 2 : step;
}

static const struct unit {
    double from_s, seconds; /* used from this much on */
    const char *axis;
} HELD_UNITS[] = {
    {36000, 3600, "task-hours held"}, {600, 60, "task-minutes held"}, {0, 1, "task-seconds held"}};

err chart_write_waits(FILE *script, const void *subject)
{
    const struct bench_result *result = subject;
    struct wait waits[WAIT_REASON_COUNT];
    const struct unit *unit = HELD_UNITS;
    uint32_t count = collect_waits(result, waits);
    while (waits[0].held_s < unit->from_s) unit++;
    double longest = waits[0].held_s / unit->seconds;
    if (count > CHART_WAITS_MOST) count = CHART_WAITS_MOST;
    fputs("$waits << EOD\n", script);
    for (uint32_t i = 0; i < count; i++)
        fprintf(script, "%s %.5g \"%" PRIu64 " tasks\" %d\n", wait_reason_name(waits[i].reason),
                waits[i].held_s / unit->seconds, result->summary.waits[waits[i].reason],
                waits[i].reason == WAIT_PARENT_OUTPUT);
    /* Room behind the longest bar for its label. */
    fprintf(script, "EOD\nx_end = %.5g\nx_step = %.5g\ny_end = %.1f\nx_name = '%s'\n", longest * 1.85,
            chart_step(2 * longest), (count < 4 ? 4 : count) - 0.4, unit->axis);
    return OK;
}
