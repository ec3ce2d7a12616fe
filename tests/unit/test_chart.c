/* tests/unit/test_chart.c: data of plots: gaps where nothing is known, ends where the sample ends. */
#include "reports/chart.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <stdbool.h>
#include <string.h>

static bool has(const char *where, const char *part)
{
    return strstr(where, part) != NULL;
}

static bool lacks(const char *where, const char *part)
{
    return strstr(where, part) == NULL;
}

static struct bench_result *result;

static void set_up(void)
{
    result = bench_fixture(3, true);
}

static void tear_down(void)
{
    bench_free(result);
}

TestSuite(chart, .init = set_up, .fini = tear_down, .timeout = 30);

static char *data_of(err (*write)(FILE *script, const void *result))
{
    char *text;
    size_t size;
    FILE *script = open_memstream(&text, &size);
    cr_assert(eq(int, write(script, result), OK));
    fclose(script);
    return text;
}

/* The rows of a datablock, ours to free. */
static char *block_of(const char *text, const char *name)
{
    char open[64];
    snprintf(open, sizeof open, "$%s << EOD\n", name);
    const char *begin = strstr(text, open);
    cr_assert(begin != NULL, "no block %s", name);
    begin += strlen(open);
    return strndup(begin, (size_t)(strstr(begin, "EOD\n") - begin));
}

Test(chart, no_chart_writes_a_number_that_is_none)
{
    for (uint32_t i = 0; i < chart_count(); i++) {
        const struct chart *chart = chart_at(i);
        cr_assert(chart->has_data(result), "%s", chart->name);
        char *text = data_of(chart->write_data);
        cr_assert(lacks(text, "nan") && lacks(text, "inf"), "%s:\n%s", chart->name, text);
        free(text);
    }
}

Test(chart, names_are_different_and_every_plot_is_explained)
{
    for (uint32_t i = 0; i < chart_count(); i++) {
        cr_assert(strlen(chart_at(i)->title) > 0 && strlen(chart_at(i)->reading) > 0);
        for (uint32_t j = 0; j < i; j++) cr_assert(strcmp(chart_at(i)->name, chart_at(j)->name) != 0);
    }
}

Test(chart, a_second_without_a_value_is_a_gap)
{
    char *text = data_of(chart_write_latency), *p50 = block_of(text, "p50"), *p99 = block_of(text, "p99");
    cr_assert(has(p50, "\n\n"), "%s", p50);
    cr_assert(lacks(p99, "\n\n"), "%s", p99);
    free(text);
    free(p50);
    free(p99);
}

Test(chart, a_strand_is_lowest_median_and_highest_run)
{
    double time, low, middle, high;
    char *text = data_of(chart_write_flow), *offered = block_of(text, "offered");
    cr_assert(eq(int, sscanf(offered, "%lf %lf %lf %lf", &time, &low, &middle, &high), 4));
    cr_assert(epsilon_eq(dbl, time, 0.5, 1e-9));
    cr_assert(epsilon_eq(dbl, low, 0.0, 1e-9));
    cr_assert(epsilon_eq(dbl, middle, 0.125, 1e-9));
    cr_assert(epsilon_eq(dbl, high, 0.25, 1e-9));
    free(text);
    free(offered);
}

/* The last place of a curve on the axis 1 / (1 - q). */
static double reach_of(const char *rows)
{
    double last = 0;
    for (const char *at = rows; *at; at = strchr(at, '\n') + 1)
        if (*at != '\n') last = strtod(at, NULL);
    return last;
}

Test(chart, curves_end_where_the_sample_cannot_tell)
{
    char *text = data_of(chart_write_result), *pooled = block_of(text, "pooled_main"),
         *runs = block_of(text, "runs_main");
    /* n >= ln 0.025 / ln q: 1 / (1 - q) is about n / 3.69 */
    cr_assert(epsilon_eq(dbl, reach_of(pooled), 3 * FIXTURE_VALUES / 3.6889, 10));
    cr_assert(epsilon_eq(dbl, reach_of(runs), FIXTURE_VALUES / 3.6889, 10));
    free(text);
    free(pooled);
    free(runs);
}

Test(chart, curves_end_where_unfinished_tasks_begin)
{
    for (int run = 0; run < 3; run++) result->per_run[run].latency[LATENCY_RESULT].censored = FIXTURE_VALUES;
    char *text = data_of(chart_write_result), *pooled = block_of(text, "pooled_main");
    cr_assert(reach_of(pooled) <= 2.0 && reach_of(pooled) > 1.8, "half is unfinished: %g", reach_of(pooled));
    free(text);
    free(pooled);
}

Test(chart, targets_have_their_place_on_the_axis)
{
    char *text = data_of(chart_write_result), *targets = block_of(text, "targets");
    cr_assert(eq(str, targets, "2 1\n100 5\n"));
    free(text);
    free(targets);
}

Test(chart, without_runs_of_the_other_arm_its_curves_are_empty)
{
    bench_free(result);
    result = bench_fixture(1, false);
    char *text = data_of(chart_write_result), *other = block_of(text, "pooled_other"),
         *runs = block_of(text, "runs_main");
    cr_assert(eq(str, other, ""));
    cr_assert(eq(str, runs, ""), "one run is the pooled curve itself");
    free(text);
    free(other);
    free(runs);
}

Test(chart, depths_are_shares_of_all_runs)
{
    char *text = data_of(chart_write_depth), *depths = block_of(text, "depths");
    cr_assert(eq(str, depths, "1 77.778\n2 0\n3 22.222\n"));
    free(text);
    free(depths);
}

Test(chart, waits_are_sorted_by_time_held)
{
    double before = INFINITY, held;
    char *text = data_of(chart_write_waits), *waits = block_of(text, "waits"), *rest = waits, *row;
    int rows = 0;
    while ((row = strsep(&rest, "\n")) && *row) {
        cr_assert(eq(int, sscanf(row, "%*s %lf", &held), 1));
        cr_assert(held <= before);
        before = held;
        rows++;
    }
    cr_assert(eq(int, rows, CHART_WAITS_MOST));
    free(text);
    free(waits);
}

static struct chart_spans spans_of(const char *pattern)
{
    struct chart_spans spans;
    bench_free(result);
    result = bench_fixture_runs(1, false);
    result->duration_ns = 600 * NS_PER_S;
    result->warmup_ns = 60 * NS_PER_S;
    result->workload.count = 0;
    bench_put_text(result, &result->workload, "rate_pattern", pattern);
    chart_spans_of(result, 620, &spans);
    return spans;
}

Test(chart, bursts_warm_up_and_drain_are_shaded)
{
    struct chart_spans spans = spans_of("burst:10x:30s:every:2m");
    cr_assert(eq(u32, spans.count, 2 + 5));
    cr_assert(spans.has_bursts && !spans.has_injection, "only bursts");
    cr_assert(epsilon_eq(dbl, spans.spans[2].from_s, 60, 0));
    cr_assert(epsilon_eq(dbl, spans.spans[2].until_s, 90, 0));
    cr_assert(epsilon_eq(dbl, spans.spans[6].from_s, 540, 0));
    spans = spans_of("burst:10x:zz:every:0s");
    cr_assert(eq(u32, spans.count, 2));
}

Test(chart, a_window_of_injected_failures_is_shaded_but_not_the_whole_run)
{
    struct chart_spans spans = spans_of("constant");
    bench_put_number(result, &result->workload, "inject_failures", 0.1);
    bench_put_number(result, &result->workload, "inject_from_s", 100);
    bench_put_number(result, &result->workload, "inject_until_s", 1e10);
    chart_spans_of(result, 600, &spans);
    cr_assert(spans.has_injection);
    cr_assert(epsilon_eq(dbl, spans.spans[1].until_s, 600, 0));
    spans_of("constant");
    bench_put_number(result, &result->workload, "inject_failures", 0.1);
    bench_put_number(result, &result->workload, "inject_from_s", 0);
    bench_put_number(result, &result->workload, "inject_until_s", 1e10);
    chart_spans_of(result, 600, &spans);
    cr_assert(spans.has_injection == false);
}

Test(chart, ticks_are_round_and_at_least_three)
{
    static const double ENDS[] = {0.5, 1, 3.2, 7, 12, 45, 99, 100, 12345};
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
        double steps = ENDS[i] / chart_step(ENDS[i]);
        cr_assert(steps >= 3 - 1e-9 && steps <= 7.5 + 1e-9, "%g: %g", ENDS[i], steps);
    }
}

Test(chart, a_second_without_a_value_does_not_empty_its_bin)
{
    enum { SECONDS = 100 }; /* bins of two seconds */
    for (uint32_t run = 0; run < result->runs; run++) {
        struct run_metrics *metrics = &result->per_run[run];
        metrics->series_count = SECONDS;
        for (int kind = 0; kind < SERIES_COUNT; kind++) {
            free(metrics->series[kind]);
            metrics->series[kind] = calloc(SECONDS, sizeof(double));
            for (int second = 0; second < SECONDS; second++) metrics->series[kind][second] = 4000;
        }
        metrics->series[SERIES_RESULT_P50][3] = NAN;
        metrics->series[SERIES_RESULT_P50][4] = metrics->series[SERIES_RESULT_P50][5] = NAN;
    }
    char *text = data_of(chart_write_latency), *p50 = block_of(text, "p50");
    cr_assert(eq(int, strncmp(p50, "1 4 4 4\n3 4 4 4\n\n7 4 4 4\n", 25), 0), "%.60s", p50);
    free(text);
    free(p50);
}

/* Shades lie over one another: each is within the one before, the first takes in every task. */
Test(chart, a_map_draws_outlines_of_ever_more_tasks)
{
    struct latency_map *map = result->summary.latency_map;
    memset(map->counts, 0, sizeof map->counts);
    map->counts[0][44] = 1; /* 2^29 ns, from four fourths on */
    map->counts[0][45] = 4000;
    map->counts[2][45] = 1;
    char *text = data_of(chart_write_latency), *rows = block_of(text, "map");
    cr_assert(eq(str, rows,
                 "0 0.5369 0.8053\n1 0.5369 0.8053\n\n2 0.6711 0.8053\n3 0.6711 0.8053\n\n\n"
                 "0 0.6711 0.8053\n1 0.6711 0.8053\n\n\n"
                 "0 0.6711 0.8053\n1 0.6711 0.8053\n\n\n"
                 "0 0.6711 0.8053\n1 0.6711 0.8053\n\n\n"
                 "0 0.6711 0.8053\n1 0.6711 0.8053\n\n\n"));
    cr_assert(has(text, "map_fewest = '1'") && has(text, "map_largest = '4000 tasks'"), "%s", text);
    free(text);
    free(rows);
}

Test(chart, a_map_has_a_gap_where_no_task_waited_so_long)
{
    struct latency_map *map = result->summary.latency_map;
    memset(map->counts, 0, sizeof map->counts);
    map->counts[1][40] = map->counts[1][44] = 1;
    char *text = data_of(chart_write_latency), *rows = block_of(text, "map");
    cr_assert(has(rows, "1 0.2684 0.3355\n2 0.2684 0.3355\n\n1 0.5369 0.6711\n2 0.5369 0.6711\n\n\n"), "%s",
              rows);
    free(text);
    free(rows);
}

Test(chart, a_result_older_than_maps_has_its_lines)
{
    free(result->summary.latency_map);
    result->summary.latency_map = NULL;
    char *text = data_of(chart_write_latency), *rows = block_of(text, "map"), *p99 = block_of(text, "p99");
    cr_assert(eq(str, rows, ""));
    cr_assert(has(text, "map_steps = 0\n") && strlen(p99) > 0);
    free(text);
    free(rows);
    free(p99);
}

/* The script of a plot, ours to free. */
static char *script_of(const struct chart *chart)
{
    char *text;
    size_t size;
    FILE *script = open_memstream(&text, &size);
    cr_assert(eq(int, chart_write(script, chart, result), OK));
    fclose(script);
    return text;
}

Test(chart, a_plot_without_data_says_so)
{
    bench_free(result);
    result = NULL;
    cr_assert(eq(int, bench_open(&result, 1, false), OK));
    cr_assert(eq(int, run_metrics_open(&result->per_run[0], 120), OK));
    for (uint32_t second = 0; second < 120; second++)
        result->per_run[0].series[SERIES_RESULT_P50][second] =
            result->per_run[0].series[SERIES_RESULT_P99][second] = NAN;
    for (uint32_t i = 0; i < chart_count(); i++) {
        bool is_flat = chart_at(i)->has_data == chart_has_series; /* a line at zero is data */
        char *script = script_of(chart_at(i));
        cr_assert(is_flat || has(script, "'no data: "), "%s", chart_at(i)->name);
        free(script);
    }
}
