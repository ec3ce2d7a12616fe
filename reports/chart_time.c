/* reports/chart_time.c: figures over time as gnuplot data: bins, the runs' median and band, shaded spans. */
#include "reports/chart_data.h"
#include "base/duration.h"
#include "base/sort.h"
#include "base/units.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHARE_OF_LETTER 0.022 /* of the axis, in small text */

struct timeline {
    uint32_t seconds, bin_s, bins;
    double unit_s; /* of the axis: a second or a minute */
};

static uint32_t seconds_of(const struct bench_result *result)
{
    uint32_t seconds = 0;
    for (uint32_t run = 0; run < result->runs; run++)
        if (result->per_run[run].series_count > seconds) seconds = result->per_run[run].series_count;
    return seconds;
}

bool chart_has_series(const void *subject)
{
    const struct bench_result *result = subject;
    return seconds_of(result) >= 2 && result->per_run[0].series[SERIES_OFFERED];
}

/* Whether any second of any run has a value. */
static bool has_value(const struct bench_result *result, enum series_kind series)
{
    for (uint32_t run = 0; run < result->runs; run++)
        for (uint32_t second = 0; second < result->per_run[run].series_count; second++) {
            const double *values = result->per_run[run].series[series];
            if (values && isfinite(values[second])) return true;
        }
    return false;
}

bool chart_has_latency(const void *subject)
{
    const struct bench_result *result = subject;
    return chart_has_series(result) &&
           (has_value(result, SERIES_RESULT_P50) || has_value(result, SERIES_RESULT_P99));
}

static struct timeline timeline_of(const struct bench_result *result)
{
    struct timeline line = {.seconds = seconds_of(result)};
    line.bin_s = latency_map_bin_s(line.seconds);
    line.bins = (line.seconds + line.bin_s - 1) / line.bin_s;
    line.unit_s = line.seconds >= 180 ? 60 : 1;
    return line;
}

/* Sorts; NAN when there is none. */
static double median_of(double *values, uint32_t count)
{
    if (count == 0) return NAN;
    sort_doubles(values, count);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* `seconds` is room for one bin. */
static double bin_value(const struct run_metrics *run, const struct chart_strand *strand,
                        const struct timeline *line, uint32_t bin, double *seconds)
{
    const double *series = run->series[strand->series];
    uint32_t count = 0, end = (bin + 1) * line->bin_s;
    double sum = 0;
    if (end > run->series_count) end = run->series_count;
    for (uint32_t second = bin * line->bin_s; series && second < end; second++) {
        if (!isfinite(series[second])) continue;
        sum += series[second];
        seconds[count++] = series[second];
    }
    if (count == 0) return NAN;
    return strand->scale * (strand->how == BIN_MEAN ? sum / count : median_of(seconds, count));
}

/* Rows of time, lowest run, median run, highest run; an empty line where no run has a value. */
static err write_strand(FILE *script, const struct bench_result *result, const struct chart_strand *strand)
{
    struct timeline line = timeline_of(result);
    double *seconds = calloc(line.bin_s, sizeof *seconds), *values = calloc(result->runs, sizeof *values);
    fprintf(script, "$%s << EOD\n", strand->block);
    for (uint32_t bin = 0; seconds && values && bin < line.bins; bin++) {
        uint32_t count = 0;
        for (uint32_t run = 0; run < result->runs; run++) {
            double value = bin_value(&result->per_run[run], strand, &line, bin, seconds);
            if (isfinite(value)) values[count++] = value;
        }
        double median = median_of(values, count);
        if (count == 0)
            fputc('\n', script);
        else
            fprintf(script, "%.5g %.5g %.5g %.5g\n", (bin + 0.5) * line.bin_s / line.unit_s, values[0],
                    median, values[count - 1]);
    }
    fputs("EOD\n", script);
    bool has_room = seconds && values;
    free(seconds);
    free(values);
    return has_room ? OK : ERR_NOMEM;
}

double chart_unit_s(const struct bench_result *result)
{
    return timeline_of(result).unit_s;
}

static void add_span(struct chart_spans *spans, struct chart_span span)
{
    if (span.until_s <= span.from_s || spans->count == CHART_SPANS_MOST) return;
    spans->spans[spans->count++] = span;
}

/* "burst:10x:30s:every:2m": the k-th burst begins at (k + 1/2) periods. */
static void add_bursts(struct chart_spans *spans, const char *pattern, double duration_s)
{
    char lasts[32], every[32];
    int64_t lasts_ns, every_ns;
    if (sscanf(pattern, "burst:%*[^:]:%31[^:]:every:%31s", lasts, every) != 2) return;
    if (duration_parse(lasts, &lasts_ns, NULL) != OK || duration_parse(every, &every_ns, NULL) != OK) return;
    if (every_ns < NS_PER_S) return;
    double every_s = (double)every_ns / (double)NS_PER_S, lasts_s = (double)lasts_ns / (double)NS_PER_S;
    for (double at_s = every_s / 2; at_s < duration_s && spans->count < CHART_SPANS_MOST; at_s += every_s) {
        add_span(spans, (struct chart_span){at_s, fmin(at_s + lasts_s, duration_s), true, "burst"});
        spans->has_bursts = true;
    }
}

/* A window that is the whole run needs no shade. */
static void add_injection(struct chart_spans *spans, const struct bench_result *result, double duration_s)
{
    double from_s = bench_number(&result->workload, "inject_from_s");
    double until_s = fmin(bench_number(&result->workload, "inject_until_s"), duration_s);
    if (!(bench_number(&result->workload, "inject_failures") > 0) || !isfinite(from_s)) return;
    if (from_s <= 0 && until_s >= duration_s) return;
    add_span(spans, (struct chart_span){from_s, until_s, true, "failures injected"});
    spans->has_injection = true;
}

void chart_spans_of(const struct bench_result *result, double seconds, struct chart_spans *out)
{
    const struct bench_pair *pattern = bench_get(&result->workload, "rate_pattern");
    double duration_s = (double)result->duration_ns / (double)NS_PER_S;
    *out = (struct chart_spans){0};
    add_span(out, (struct chart_span){0, (double)result->warmup_ns / (double)NS_PER_S, false, "warm-up"});
    add_span(out, (struct chart_span){duration_s, seconds, false, "drain"});
    if (pattern && pattern->kind == BENCH_TEXT) add_bursts(out, pattern->text, duration_s);
    add_injection(out, result, duration_s);
}

void chart_write_axis(FILE *script, const struct bench_result *result)
{
    struct timeline line = timeline_of(result);
    struct chart_spans spans;
    chart_spans_of(result, line.seconds, &spans);
    fprintf(script, "x_end = %.5g\nx_name = '%s'\n", line.seconds / line.unit_s,
            line.unit_s > 1 ? "minutes since start" : "seconds since start");
    for (uint32_t i = 0; i < spans.count; i++)
        fprintf(
            script,
            "set object %u rect from %.5g, graph 0 to %.5g, graph 1 fc rgb %s fs solid 1 noborder behind\n",
            i + 1, spans.spans[i].from_s / line.unit_s, spans.spans[i].until_s / line.unit_s,
            spans.spans[i].is_event ? "event" : "shade");
}

void chart_write_span_names(FILE *script, const struct bench_result *result, uint32_t panels)
{
    struct timeline line = timeline_of(result);
    struct chart_spans spans;
    const char *last = "";
    double free_from_s = 0; /* behind the name before */
    chart_spans_of(result, line.seconds, &spans);
    for (uint32_t i = 0; i < spans.count; i++) {
        const struct chart_span *span = &spans.spans[i];
        double width_s = (double)strlen(span->name) * SHARE_OF_LETTER * panels * line.seconds;
        if (strcmp(span->name, last) == 0 || span->from_s < free_from_s) continue;
        if (span->from_s + width_s > line.seconds) continue;
        last = span->name;
        free_from_s = span->from_s + width_s;
        fprintf(script,
                "set label %u '%s' at %.5g, graph 0.96 left offset 0.3,0 font ',10' textcolor rgb soft\n",
                i + 1, span->name, span->from_s / line.unit_s);
    }
}

err chart_write_strands(FILE *script, const struct bench_result *result, const struct chart_strand *strands,
                        uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) TRY(write_strand(script, result, &strands[i]));
    return OK;
}

/* The axis, and the strands of a static table. */
#define WRITE_STRANDS(script, result, strands)                                                               \
    (chart_write_axis(script, result),                                                                       \
     chart_write_strands(script, result, strands, sizeof(strands) / sizeof *(strands)))

err chart_write_latency(FILE *script, const void *subject)
{
    const struct bench_result *result = subject;
    const struct chart_map map = {"map", result->summary.latency_map, result->runs, chart_unit_s(result)};
    static const struct chart_strand STRANDS[] = {{"p50", SERIES_RESULT_P50, BIN_MEDIAN, 1e-3},
                                                  {"p99", SERIES_RESULT_P99, BIN_MEDIAN, 1e-3}};
    chart_write_maps(script, &map, 1);
    chart_write_span_names(script, result, 1);
    return WRITE_STRANDS(script, result, STRANDS);
}

err chart_write_flow(FILE *script, const void *subject)
{
    const struct bench_result *result = subject;
    static const struct chart_strand STRANDS[] = {{"offered", SERIES_OFFERED, BIN_MEAN, 1},
                                                  {"confirmed", SERIES_CONFIRMED, BIN_MEAN, 1},
                                                  {"rolled_back", SERIES_ROLLED_BACK, BIN_MEAN, 1}};
    return WRITE_STRANDS(script, result, STRANDS);
}

err chart_write_backlog(FILE *script, const void *subject)
{
    const struct bench_result *result = subject;
    static const struct chart_strand STRANDS[] = {{"backlog", SERIES_BACKLOG, BIN_MEAN, 1},
                                                  {"queue", SERIES_QUEUE, BIN_MEAN, 1}};
    return WRITE_STRANDS(script, result, STRANDS);
}

/* The most that a figure reaches in any bin of any run is at most its largest second. */
double chart_largest(const struct bench_result *result, enum series_kind series)
{
    double largest = 0;
    for (uint32_t run = 0; run < result->runs; run++)
        for (uint32_t second = 0; second < result->per_run[run].series_count; second++) {
            const double *values = result->per_run[run].series[series];
            if (values && values[second] > largest) largest = values[second];
        }
    return largest;
}

err chart_write_memory(FILE *script, const void *subject)
{
    const struct bench_result *result = subject;
    double memory = chart_largest(result, SERIES_MEMORY), active = chart_largest(result, SERIES_ACTIVE);
    bool in_gb = memory >= 1024.0 * (double)MIB, in_mb = memory >= (double)MIB;
    double scale = 1 / (double)(in_gb ? 1024 * MIB : in_mb ? MIB : KIB);
    const struct chart_strand memory_strand = {"memory", SERIES_MEMORY, BIN_MEAN, scale};
    const struct chart_strand active_strand = {"active", SERIES_ACTIVE, BIN_MEAN, 1};
    chart_write_axis(script, result);
    fprintf(script, "memory_unit = '%s'\nmemory_step = %.5g\nactive_step = %.5g\n",
            in_gb   ? "GB held"
            : in_mb ? "MB held"
                    : "KB held",
            chart_step(2 * memory * scale), chart_step(2 * active));
    TRY(write_strand(script, result, &memory_strand));
    return write_strand(script, result, &active_strand);
}
