/* tests/unit/test_bench.c: sections and metrics of a result by name. */
#include "reports/bench.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <signal.h>

TestSuite(bench, .timeout = 30);

Test(bench, sections_are_sorted_whatever_the_order_of_putting)
{
    struct bench_result *result;
    cr_assert(eq(int, bench_open(&result, 0, false), OK));
    bench_put_integer(result, &result->config, "m", 1);
    bench_put_text(result, &result->config, "z", "last");
    bench_put_boolean(result, &result->config, "a", true);
    bench_put_number(result, &result->config, "m", 0.5);
    cr_assert(eq(u32, result->config.count, 3));
    cr_assert(eq(str, (char *)result->config.pairs[0].name, "a"));
    cr_assert(eq(str, (char *)result->config.pairs[2].text, "last"));
    cr_assert(eq(int, bench_get(&result->config, "m")->kind, BENCH_NUMBER));
    cr_assert(bench_get(&result->config, "b") == NULL);
    bench_free(result);
    bench_free(NULL);
}

Test(bench, whole_numbers_are_numbers_too)
{
    struct bench_result *result;
    cr_assert(eq(int, bench_open(&result, 0, false), OK));
    bench_put_integer(result, &result->workload, "rate", 50);
    cr_assert(epsilon_eq(dbl, bench_get(&result->workload, "rate")->number, 50, 0));
    bench_free(result);
}

Test(bench, a_test_is_named_after_its_file)
{
    static const char *const CASES[][2] = {{"out/latency.json", "latency"},
                                           {"a.json.old.json", "a.json.old"},
                                           {"/x.json/plain", "plain"},
                                           {".json", ".json"},
                                           {"benchmark", "benchmark"}};
    struct bench_result *result;
    cr_assert(eq(int, bench_open(&result, 1, false), OK));
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        bench_name_after(result, CASES[i][0]);
        cr_assert(eq(str, (char *)result->name, (char *)CASES[i][1]));
    }
    bench_free(result);
}

Test(bench, only_numbers_are_numbers)
{
    struct bench_result *result;
    cr_assert(eq(int, bench_open(&result, 1, false), OK));
    bench_put_integer(result, &result->workload, "whole", 1);
    bench_put_number(result, &result->workload, "part", 0.5);
    bench_put_text(result, &result->workload, "text", "7");
    bench_put_boolean(result, &result->workload, "claim", true);
    cr_assert(eq(dbl, bench_number(&result->workload, "whole"), 1));
    cr_assert(eq(dbl, bench_number(&result->workload, "part"), 0.5));
    cr_assert(isnan(bench_number(&result->workload, "text")));
    cr_assert(isnan(bench_number(&result->workload, "claim")));
    cr_assert(isnan(bench_number(&result->workload, "nothing")));
    bench_free(result);
}

Test(bench, metrics_come_from_the_summary_in_their_units)
{
    struct bench_result *result = bench_fixture(3, false);
    double value;
    cr_assert(bench_metric(result, "result.p99", &value));
    cr_assert(epsilon_eq(dbl, value, result->summary.latency[LATENCY_RESULT].quantile_ns[Q99] / 1e9, 0));
    cr_assert(bench_metric(result, "throughput_share", &value));
    cr_assert(epsilon_eq(dbl, value, result->summary.throughput / result->summary.offered, 0));
    cr_assert(bench_metric(result, "max_rollback_size", &value));
    cr_assert(epsilon_eq(dbl, value, (double)result->summary.max_rollback_size, 0));
    cr_assert(not(bench_metric(result, "result.p98", &value)));
    cr_assert(not(bench_metric(result, "tasks.submitted", &value)));
    cr_assert(not(bench_metric(result, "", &value)));
    bench_free(result);
}

Test(bench, texts_beyond_the_room_are_bugs, .signal = SIGABRT)
{
    struct bench_result *result;
    static char text[1 << 20];
    cr_assert(eq(int, bench_open(&result, 0, false), OK));
    for (size_t i = 0; i < sizeof text - 1; i++) text[i] = 'x';
    for (int i = 0; i < 9; i++) bench_text(result, text);
}
