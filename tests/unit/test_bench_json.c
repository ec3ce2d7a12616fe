/* tests/unit/test_bench_json.c: the same result is the same bytes, and its file is whole or not there. */
#include "base/file.h"
#include "base/json.h"
#include "reports/hdr_codec.h"
#include "reports/run_fields.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static char *folder, *first, *second;
static struct bench_result *result;

static void set_up(void)
{
    folder = fixture_folder();
    first = fixture_path(folder, "first.json");
    second = fixture_path(folder, "second.json");
    result = bench_fixture(3, true);
}

static void tear_down(void)
{
    bench_free(result);
    free(first);
    free(second);
    fixture_remove(folder);
}

TestSuite(bench_json, .init = set_up, .fini = tear_down, .timeout = 60);

static char *contents(const char *path)
{
    struct file_bytes file;
    cr_assert(eq(int, file_read(path, 1 << 26, &file, NULL), OK));
    return file.text;
}

static void write_both(const struct bench_result *other)
{
    cr_assert(eq(int, bench_write(result, first, NULL), OK));
    cr_assert(eq(int, bench_write(other, second, NULL), OK));
}

static bool is_same(void)
{
    char *a = contents(first), *b = contents(second);
    bool same = strcmp(a, b) == 0;
    free(a);
    free(b);
    return same;
}

Test(bench_json, written_read_and_written_again_is_the_same)
{
    struct bench_result *again;
    struct diag diag = {0};
    cr_assert(eq(int, bench_write(result, first, NULL), OK));
    cr_assert(eq(int, bench_read(&again, first, &diag), OK), "%s", diag.text);
    cr_assert(eq(int, bench_write(again, second, NULL), OK));
    cr_assert(is_same());
    bench_free(again);
}

Test(bench_json, what_is_read_is_what_was_written)
{
    struct bench_result *again;
    cr_assert(eq(int, bench_write(result, first, NULL), OK));
    cr_assert(eq(int, bench_read(&again, first, NULL), OK));
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++)
        for (int q = 0; q < QUANTILE_COUNT; q++) {
            const double *wrote = result->spread.latency_interval[kind][q];
            const double *read = again->spread.latency_interval[kind][q];
            cr_assert(epsilon_eq(dbl, read[0], wrote[0], 0));
            cr_assert(epsilon_eq(dbl, read[1], wrote[1], 0));
        }
    for (uint32_t i = 0; i < run_field_count(); i++) {
        const struct run_field *field = run_field_at(i);
        cr_assert(eq(u64, run_counter_of(&again->per_run[2], field->offset),
                     run_counter_of(&result->per_run[2], field->offset)),
                  "%s", field->path);
        cr_assert(eq(u64, run_counter_of(&again->baseline_summary, field->offset),
                     run_counter_of(&result->baseline_summary, field->offset)),
                  "%s", field->path);
    }
    cr_assert(eq(u64, again->per_run[1].waits[3], result->per_run[1].waits[3]));
    cr_assert(eq(u64, again->baseline[1].trajectory_hash, result->baseline[1].trajectory_hash));
    cr_assert(eq(int, again->target_count, result->target_count));
    for (uint32_t i = 0; i < again->target_count; i++) {
        cr_assert(epsilon_eq(dbl, again->targets[i].bound, result->targets[i].bound, 0));
        cr_assert(eq(int, again->targets[i].sense, result->targets[i].sense));
        cr_assert(eq(int, again->targets[i].pass, result->targets[i].pass));
    }
    bench_free(again);
}

Test(bench_json, without_a_baseline_too)
{
    struct bench_result *alone = bench_fixture(1, false), *again;
    alone->interrupted = true;
    cr_assert(eq(int, bench_write(alone, first, NULL), OK));
    cr_assert(eq(int, bench_read(&again, first, NULL), OK));
    cr_assert(again->interrupted && again->baseline == NULL);
    cr_assert(isnan(again->spread.throughput_cv));
    cr_assert(eq(int, bench_write(again, second, NULL), OK));
    cr_assert(is_same());
    bench_free(alone);
    bench_free(again);
}

/* semantics.md 35: what may differ between two writings of the same benchmark, and nothing else does. */
Test(bench_json, only_place_time_and_tool_may_differ)
{
    struct bench_result *other = bench_fixture(3, true);
    other->name = bench_text(other, "another name");
    write_both(other);
    cr_assert(is_same());
    other->wall_seconds = 99;
    write_both(other);
    cr_assert(not(is_same()));
    char *a = contents(first), *b = contents(second);
    cr_assert(strstr(a, "\"wall_seconds\"") != NULL);
    cr_assert(strstr(strstr(a, "\"wall_seconds\"") + 1, "\"wall_seconds\"") == NULL);
    *strstr(a, "\"wall_seconds\"") = *strstr(b, "\"wall_seconds\"") = '\0';
    cr_assert(eq(str, a, b));
    free(a);
    free(b);
    bench_free(other);
}

Test(bench_json, the_fields_are_those_of_the_contract)
{
    struct json *json;
    struct json_node node, child;
    const char *schema, *text;
    double number;
    cr_assert(eq(int, bench_write(result, first, NULL), OK));
    cr_assert(eq(int, json_read_file(&json, first, NULL), OK));
    node = json_root(json);
    cr_assert(eq(int, json_get_text(&node, "schema", &schema, NULL), OK));
    cr_assert(eq(str, (char *)schema, "agenc.bench/1"));
    cr_assert(not(json_has(&node, "interrupted")));
    cr_assert(eq(int, json_get_number(&node, "duration_s", &number, NULL), OK));
    cr_assert(epsilon_eq(dbl, number, 300, 0));
    cr_assert(eq(int, json_get_object(&node, "summary", &node, NULL), OK));
    cr_assert(eq(int, json_get_object(&node, "throughput_tasks_per_s", &child, NULL), OK));
    cr_assert(eq(int, json_get_number(&child, "median", &number, NULL), OK));
    cr_assert(epsilon_eq(dbl, number, 49.75, 0));
    cr_assert(eq(int, json_get_object(&node, "latency_ms", &child, NULL), OK));
    cr_assert(eq(int, json_get_object(&child, "result", &child, NULL), OK));
    cr_assert(eq(int, json_get_number(&child, "p50", &number, NULL), OK));
    cr_assert(epsilon_eq(dbl, number, result->summary.latency[LATENCY_RESULT].quantile_ns[Q50] / 1e6, 1e-9));
    node = json_root(json);
    cr_assert(eq(int, json_get_object(&node, "histograms", &child, NULL), OK));
    cr_assert(eq(int, json_get_text(&child, "proof", &text, NULL), OK));
    struct histogram histogram;
    cr_assert(eq(int, hdr_decode(&histogram, text, strlen(text), NULL), OK));
    cr_assert(eq(u64, histogram.total_count, 3 * FIXTURE_VALUES));
    histogram_close(&histogram);
    json_free(json);
}

Test(bench_json, figures_that_are_not_there_are_null)
{
    result->summary.latency[LATENCY_RESULT].quantile_ns[Q999] = NAN;
    cr_assert(eq(int, bench_write(result, first, NULL), OK));
    char *text = contents(first);
    char *summary = strstr(text, "\n  \"summary\"");
    cr_assert(summary != NULL);
    cr_assert(strstr(strstr(summary, "\"result\""), "\"p999\": null") != NULL);
    cr_assert(strstr(text, "nan") == NULL && strstr(text, "inf\"") == NULL);
    free(text);
}

static void expect_no_file(const char *path, const char *line)
{
    struct diag diag = {0};
    cr_assert(eq(int, bench_write(result, path, &diag), ERR_IO));
    cr_assert(strstr(diag.text, line) != NULL, "%s", diag.text);
    cr_assert(strchr(diag.text, '\n') == NULL);
    cr_assert(eq(int, fixture_file_count(folder), 0));
}

Test(bench_json, a_missing_folder_is_named)
{
    char *path = fixture_path(folder, "missing/out.json");
    expect_no_file(path, "missing");
    struct diag diag = {0};
    cr_assert(eq(int, bench_write_hlog(result, path, &diag), ERR_IO));
    cr_assert(strstr(diag.text, "missing") != NULL);
    free(path);
}

Test(bench_json, a_full_disk_leaves_no_partial_file)
{
    const struct rlimit limit = {4096, 4096};
    signal(SIGXFSZ, SIG_IGN);
    cr_assert(eq(int, setrlimit(RLIMIT_FSIZE, &limit), 0));
    expect_no_file(first, "first.json");
    expect_no_file("/dev/full", "/dev/full");
}
