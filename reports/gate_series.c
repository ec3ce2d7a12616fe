/* reports/gate_series.c: runs and medians for tools that keep series of their own. */
#include "base/escape.h"
#include "base/json_write.h"
#include "reports/gate_export.h"
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* A name as Go has them: no spaces; what it cannot hold is '_', and a last "-8" would be eight processors. */
static void write_word(FILE *out, const char *text)
{
    for (const char *at = text; *at; at++) fputc(isalnum((unsigned char)*at) || *at == '.' ? *at : '_', out);
}

/* What a metric is called there, and what a value of ours is worth in its unit. */
static const struct series_unit {
    const char *suffix;
    double scale;
} UNITS[] = {
    [UNIT_COUNT] = {"count", 1}, [UNIT_SECONDS] = {"ns", 1e9}, [UNIT_PER_SECOND] = {"tasks/s", 1},
    [UNIT_SHARE] = {"share", 1}, [UNIT_BYTES] = {"bytes", 1},  [UNIT_RATIO] = {"x", 1},
};

static double in_unit(const struct comparison_row *row, double value)
{
    return row->unit == UNIT_SECONDS ? nearbyint(value * UNITS[row->unit].scale)
                                     : value * UNITS[row->unit].scale;
}

static void write_units(FILE *out, const struct comparison_test *test)
{
    for (uint32_t i = 0; i < comparison_metric_count(); i++) {
        const struct comparison_row *row = &test->rows[i];
        if (row->metric->sense == NEITHER_IS_BETTER) continue;
        fprintf(out, "Unit %s-%s better=%s\n", row->metric->name, UNITS[row->unit].suffix,
                row->metric->sense == HIGHER_IS_BETTER ? "higher" : "lower");
    }
}

/* A line a run, all metrics on it; iterations are the run's tasks. */
static void write_arm(FILE *out, const struct comparison_test *test, bool is_after)
{
    uint32_t runs = is_after ? test->after_runs : test->before_runs;
    const struct bench_result *result = is_after ? test->after : test->before;
    for (uint32_t run = 0; run < runs; run++) {
        fputs("BenchmarkSpeculation/test=", out);
        write_word(out, test->title);
        fprintf(out, " %" PRIu64, result->per_run[run].tasks.submitted);
        for (uint32_t i = 0; i < comparison_metric_count(); i++) {
            const struct comparison_row *row = &test->rows[i];
            double value = is_after ? row->after[run] : row->before[run];
            if (isfinite(value))
                fprintf(out, " %.10g %s-%s", in_unit(row, value), row->metric->name, UNITS[row->unit].suffix);
        }
        fputc('\n', out);
    }
}

void gate_write_benchstat(FILE *out, const struct comparison *comparison)
{
    static const char *const ARMS[] = {"before", "after"};
    if (comparison->count == 0) return;
    write_units(out, &comparison->tests[0]);
    for (int arm = 0; arm < 2; arm++) {
        fprintf(out, "arm: %s\n", ARMS[arm]);
        for (uint32_t i = 0; i < comparison->count; i++) write_arm(out, &comparison->tests[i], arm == 1);
    }
}

static void write_measure(struct json_writer *json, const struct gate_finding *finding)
{
    const struct comparison_row *row = finding->row;
    double median = row->median_after;
    json_write_object(json, finding->rule->metric->name);
    /* The interval of the effect around the median: how far it could have been moved by chance. */
    if (isfinite(finding->low) && isfinite(finding->high)) {
        double base = row->is_ratio ? median / (1 + finding->effect) : median - finding->effect;
        double low = row->is_ratio ? base * (1 + finding->low) : base + finding->low;
        double high = row->is_ratio ? base * (1 + finding->high) : base + finding->high;
        json_write_number(json, "lower_value", in_unit(row, low));
        json_write_number(json, "upper_value", in_unit(row, high));
    }
    json_write_number(json, "value", in_unit(row, median));
    json_write_end(json);
}

/* Findings of a test stand together; keys within it in the order of their names. */
static void write_test_measures(struct json_writer *json, const struct gate_verdict *verdict,
                                const struct comparison_test *test)
{
    const char *last = "";
    json_write_object(json, test->title);
    for (;;) {
        const struct gate_finding *next = NULL;
        for (uint32_t i = 0; i < verdict->count; i++) {
            const struct gate_finding *finding = &verdict->findings[i];
            const char *name = finding->rule->metric->name;
            if (finding->test == test && strcmp(name, last) > 0 && finding->outcome != GATE_VOID &&
                (!next || strcmp(name, next->rule->metric->name) < 0))
                next = finding;
        }
        if (!next) break;
        write_measure(json, next);
        last = next->rule->metric->name;
    }
    json_write_end(json);
}

static const struct comparison_test *test_after(const struct gate_verdict *verdict, const char *last)
{
    const struct comparison_test *next = NULL;
    for (uint32_t i = 0; i < verdict->count; i++) {
        const struct comparison_test *test = verdict->findings[i].test;
        if (strcmp(test->title, last) > 0 && (!next || strcmp(test->title, next->title) < 0)) next = test;
    }
    return next;
}

void gate_write_bmf(FILE *out, const struct gate_verdict *verdict)
{
    struct json_writer json;
    json_write_begin(&json, out, JSON_LINES);
    json_write_object(&json, NULL);
    const struct comparison_test *test = NULL;
    while ((test = test_after(verdict, test ? test->title : ""))) write_test_measures(&json, verdict, test);
    json_write_end(&json);
    json_write_finish(&json);
}

void gate_write_gha(FILE *out, const struct gate_verdict *verdict, enum gate_side side)
{
    struct json_writer json;
    json_write_begin(&json, out, JSON_LINES);
    json_write_array(&json, NULL);
    for (uint32_t i = 0; i < verdict->count; i++) {
        const struct gate_finding *finding = &verdict->findings[i];
        const struct comparison_row *row = finding->row;
        bool is_bigger = finding->rule->sense == HIGHER_IS_BETTER;
        char name[2 * REPORT_TITLE_BYTES], range[64];
        if (is_bigger != (side == GATE_BIGGER_IS_BETTER) || finding->outcome == GATE_VOID) continue;
        snprintf(name, sizeof name, "%s %s", finding->test->title, finding->rule->metric->name);
        double deviation = stats_deviation(row->after, finding->test->after_runs);
        snprintf(range, sizeof range, "± %.4g", isfinite(deviation) ? in_unit(row, deviation) : 0);
        json_write_object(&json, NULL);
        json_write_text(&json, "extra", gate_finding_text(finding).text);
        json_write_text(&json, "name", name);
        json_write_text(&json, "range", range);
        json_write_text(&json, "unit", UNITS[row->unit].suffix);
        json_write_number(&json, "value", in_unit(row, row->median_after));
        json_write_end(&json);
    }
    json_write_end(&json);
    json_write_finish(&json);
}

static void write_number(FILE *out, double value)
{
    if (isfinite(value)) fprintf(out, "%.9g", value);
}

/* "result.p99" is a quantile of result; other metrics have none. */
struct place {
    enum latency_kind kind;
    int quantile; /* enum latency_quantile; QUANTILE_COUNT: none */
};

static struct place place_of(const char *metric)
{
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++) {
        const char *name = latency_kind_name((enum latency_kind)kind);
        size_t size = strlen(name);
        if (strncmp(metric, name, size) != 0 || metric[size] != '.') continue;
        for (int q = 0; q < QUANTILE_COUNT; q++)
            if (strcmp(metric + size + 1, latency_quantile_name((enum latency_quantile)q)) == 0)
                return (struct place){(enum latency_kind)kind, q};
    }
    return (struct place){0, QUANTILE_COUNT};
}

/* metric,quantile,value,lo,hi,n: seconds for latencies. */
static void write_figure(FILE *out, const struct run_metrics *run, const char *metric, double value)
{
    struct place place = place_of(metric);
    struct interval limits = {NAN, NAN};
    bool is_quantile = place.quantile < QUANTILE_COUNT;
    if (is_quantile && comparison_run_limits(run, place.kind, (enum latency_quantile)place.quantile, &limits))
        limits = (struct interval){limits.low / (double)NS_PER_S, limits.high / (double)NS_PER_S};
    fprintf(out, "%s,", is_quantile ? latency_kind_name(place.kind) : metric);
    if (is_quantile) write_number(out, latency_quantile_value((enum latency_quantile)place.quantile));
    fputc(',', out);
    write_number(out, value);
    fputc(',', out);
    write_number(out, limits.low);
    fputc(',', out);
    write_number(out, limits.high);
    fputc(',', out);
    if (is_quantile) fprintf(out, "%" PRIu64, run->latency[place.kind].count);
}

static void write_row(FILE *out, const struct comparison_test *test, const struct comparison_row *row,
                      uint32_t arm)
{
    for (uint32_t run = 0; run < (arm ? test->after_runs : test->before_runs); run++) {
        escape_csv(out, test->title);
        fprintf(out, ",%" PRIu32 ",%s,", run + 1, arm ? "after" : "before");
        if (test->is_paired) fprintf(out, "%" PRIu32, run + 1);
        fputc(',', out);
        write_figure(out, &(arm ? test->after : test->before)->per_run[run], row->metric->name,
                     arm ? row->after[run] : row->before[run]);
        fputs("\r\n", out);
    }
}

void gate_write_csv(FILE *out, const struct comparison *comparison)
{
    fputs("test,run,config,pair,metric,quantile,value,lo,hi,n\r\n", out);
    for (uint32_t i = 0; i < comparison->count; i++)
        for (uint32_t j = 0; j < comparison_metric_count(); j++)
            for (uint32_t arm = 0; arm < 2; arm++)
                write_row(out, &comparison->tests[i], &comparison->tests[i].rows[j], arm);
}
