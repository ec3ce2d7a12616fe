/* tests/unit/test_history_trend.c: a series is a test, its changes are where they are, and a page has both.
 */
#include "base/file.h"
#include "base/rng.h"
#include "reports/history_trend.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 30, STEP = 17 };
static struct history_entry entries[CHANGEPOINT_VALUES_MOST + 50];
static struct history_list list;
static struct trend_metric metric;
static struct trends trends;

static double noise(uint32_t index)
{
    const struct rng rng = rng_keyed(7, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, index, 0);
    return draw_unit(&draw);
}

/* 100 and a little until STEP, then 120. */
static void set_up(void)
{
    list = (struct history_list){entries, COUNT};
    for (uint32_t i = 0; i < COUNT; i++) {
        double level = (i < STEP ? 100 : 120) + noise(i);
        entries[i] = (struct history_entry){.at_s = 1790812800 + i * 86400,
                                            .seed = 42,
                                            .runs = 3,
                                            .test = "latency",
                                            .commit = "aaaaaaaaaaaa",
                                            .version = "2.4.0",
                                            .lowest = level - 5,
                                            .median = level,
                                            .highest = level + 5};
    }
}

static void tear_down(void)
{
    trends_free(&trends);
}

TestSuite(history_trend, .init = set_up, .fini = tear_down, .timeout = 120);

static const struct trend *make(const char *name)
{
    struct diag diag = {0};
    trends_free(&trends);
    cr_assert(eq(int, trend_metric_find(&metric, name, &diag), OK), "%s", diag.text);
    cr_assert(eq(int, trends_make(&trends, &list, &metric, &diag), OK), "%s", diag.text);
    return trends.all;
}

Test(history_trend, a_step_is_found_with_its_levels)
{
    const struct trend *trend = make("result.p99");
    cr_assert(eq(u32, trends.count, 1));
    cr_assert(eq(u32, trend->change_count, 1));
    cr_expect(eq(u32, trend->changes[0].index, STEP));
    cr_expect(epsilon_eq(dbl, trend->changes[0].before, 100.5, 0.5));
    cr_expect(epsilon_eq(dbl, trend->changes[0].after, 120.5, 0.5));
    cr_expect(trend->changes[0].p <= 0.05);
    cr_expect(eq(str, (char *)trend->changes[0].others, ""));
}

Test(history_trend, better_and_worse_are_the_metrics)
{
    static const struct {
        const char *name;
        enum comparison_verdict verdict;
        enum metric_unit unit;
    } CASES[] = {{"result.p99", VERDICT_WORSE, UNIT_SECONDS},     {"proof.mean", VERDICT_WORSE, UNIT_SECONDS},
                 {"throughput", VERDICT_BETTER, UNIT_PER_SECOND}, {"depth_mean", VERDICT_CHANGED, UNIT_COUNT},
                 {"memory_peak", VERDICT_WORSE, UNIT_BYTES},      {"depth_p99", VERDICT_CHANGED, UNIT_COUNT},
                 {"speedup", VERDICT_BETTER, UNIT_RATIO}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        cr_expect(eq(int, make(CASES[i].name)->changes[0].verdict, CASES[i].verdict), "%s", CASES[i].name);
        cr_expect(eq(int, metric.unit, CASES[i].unit), "%s", CASES[i].name);
    }
    struct diag diag = {0};
    cr_expect(eq(int, trend_metric_find(&metric, "result.p98", &diag), ERR_USAGE));
    cr_expect(strstr(diag.text, "no metric result.p98, nearest is result.p9") != NULL, "%s", diag.text);
}

Test(history_trend, what_else_changed_there_is_said)
{
    for (uint32_t i = STEP; i < COUNT; i++) {
        snprintf(entries[i].commit, sizeof entries[i].commit, "bbbbbbbbbbbb");
        snprintf(entries[i].load, sizeof entries[i].load, "other");
        snprintf(entries[i].settings, sizeof entries[i].settings, "other");
        entries[i].seed = 43;
    }
    cr_expect(eq(str, (char *)make("result.p99")->changes[0].others,
                 "load, settings, seed, commit aaaaaaaaaaaa to bbbbbbbbbbbb"));
}

Test(history_trend, results_that_cannot_tell_are_left_out_and_places_stay)
{
    for (uint32_t i = 0; i < COUNT; i += 6) entries[i].median = NAN; /* five, 18 among them */
    entries[STEP].median = NAN;
    const struct trend *trend = make("result.p99");
    cr_expect(eq(u32, trend->known, COUNT - 6));
    cr_assert(eq(u32, trend->change_count, 1));
    cr_expect(eq(u32, trend->changes[0].index, STEP + 2));
}

Test(history_trend, each_test_is_a_series_of_its_own)
{
    for (uint32_t i = STEP; i < COUNT; i++) snprintf(entries[i].test, sizeof entries[i].test, "other");
    const struct trend *trend = make("result.p99");
    cr_assert(eq(u32, trends.count, 2));
    cr_expect(trend[0].count == STEP && trend[1].count == COUNT - STEP && trend[1].entries == &entries[STEP]);
    cr_expect(trend[0].change_count == 0 && trend[1].change_count == 0);
}

Test(history_trend, fewer_than_ten_results_are_too_few)
{
    list.count = 9;
    for (uint32_t i = 0; i < 9; i++) entries[i].median = i < 5 ? 1 : 2;
    cr_expect(eq(u32, make("result.p99")->change_count, 0));
}

Test(history_trend, of_very_many_the_latest_are_looked_at)
{
    list.count = CHANGEPOINT_VALUES_MOST + 50;
    for (uint32_t i = 0; i < list.count; i++) {
        entries[i] = entries[0];
        entries[i].median = i < 50 ? 1000 : i < 800 ? 100 : 120;
    }
    const struct trend *trend = make("result.p99");
    cr_expect(eq(u32, trend->first, 50));
    cr_assert(eq(u32, trend->change_count, 1));
    cr_expect(eq(u32, trend->changes[0].index, 800));
}

Test(history_trend, a_page_has_plot_table_and_warning_in_both_forms)
{
    char *folder = fixture_folder(), *markdown = fixture_path(folder, "t.md"),
         *html = fixture_path(folder, "t.html");
    const struct document_options options = {markdown, html, 1, NULL};
    struct file_bytes file;
    struct diag diag = {0};
    snprintf(entries[STEP].label, sizeof entries[STEP].label, "<b>|night");
    entries[3].median = NAN;
    make("result.p99");
    cr_assert(eq(int, trends_write(&trends, &options, &diag), OK), "%s", diag.text);
    cr_assert(eq(int, file_read(markdown, 1 << 22, &file, NULL), OK));
    static const char *const WANTED[] = {"# Trend: Result latency p99",
                                         "t_files/trend-1.png",
                                         "not to judge by",
                                         "| Since (UTC) |",
                                         " ✗** |",
                                         "## latency",
                                         "1 of them cannot tell"};
    for (size_t i = 0; i < sizeof WANTED / sizeof *WANTED; i++)
        cr_expect(strstr(file.text, WANTED[i]) != NULL, "%s", WANTED[i]);
    free(file.text);
    cr_assert(eq(int, file_read(html, 1 << 22, &file, NULL), OK));
    cr_expect(strstr(file.text, "&lt;b&gt;") != NULL && strstr(file.text, "<svg") != NULL);
    cr_expect(strstr(file.text, "<b>|") == NULL);
    free(file.text);
    fixture_remove(fixture_path(folder, "t_files"));
    free(markdown);
    free(html);
    fixture_remove(folder);
}
