/* tests/unit/test_bench_print.c: the summary says what a reader decides by, and says it in words. */
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

TestSuite(bench_print, .timeout = 30);

/* Not inlined: gcc 12 would take the stream's buffer for a pointer into this frame. */
__attribute__((noinline)) static char *printed(const struct bench_result *result, bool in_color)
{
    char *text;
    size_t text_bytes;
    FILE *out = open_memstream(&text, &text_bytes);
    bench_print(result, out, in_color);
    fclose(out);
    return text;
}

static void expect(const struct bench_result *result, const char *words, bool is_there)
{
    char *text = printed(result, false);
    cr_assert(eq(int, strstr(text, words) != NULL, is_there), "\"%s\" in:\n%s", words, text);
    free(text);
}

Test(bench_print, figures_stand_with_their_intervals)
{
    struct bench_result *result = bench_fixture(3, true);
    static const char *const WORDS[] = {
        "fixture: 3 runs of 4m after 1m of warm-up, seed 42, paired",
        "49.8/s of 50.0/s offered (99.5 %)",
        "throughput 0.50 %, result p50 0.10 %",
        "12000    505 ms    909 ms    960 ms    1.00 s",
        "all runs together, with 95 % intervals:",
        "p50 505 ms (496 ms .. 514 ms), p99 1.00 s (999 ms .. 1.00 s)",
        "rollback rate     4.10 % (3.45 % .. 4.87 %) of speculative tasks",
        "result latency without -> with: p50 506 ms -> 505 ms (1.00x)",
        "PASS  result.p50                 < 1 s      505 ms",
        "trajectory ",
    };
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) expect(result, WORDS[i], true);
    bench_free(result);
}

Test(bench_print, it_fits_a_screen_and_its_lines_end)
{
    struct bench_result *result = bench_fixture(3, true);
    char *text = printed(result, false);
    int lines = 0;
    for (char *at = text; (at = strchr(at, '\n')); at++) lines++;
    cr_assert(lines <= 58, "%d",
              lines); /* every reason to wait and much advice: more than any real run shows */
    cr_assert(text[strlen(text) - 1] == '\n');
    cr_assert(strstr(text, "nan") == NULL && strstr(text, " \n") == NULL);
    free(text);
    bench_free(result);
}

Test(bench_print, trouble_is_said)
{
    struct bench_result *result = bench_fixture(3, false);
    static const char *const WORDS[] = {
        "interrupted: ",     "overloaded: percentiles grow", "the backlog never came down",
        "10 % or more",      "too short for steady state",   "12 tasks never finished",
        "MISS  result.p50 ",
    };
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) expect(result, WORDS[i], false);
    result->interrupted = true;
    result->summary.prover_utilisation = 0.95;
    result->summary.recovery_of_bursts_unrecovered = 1;
    result->spread.throughput_cv = 0.11;
    result->duration_ns = 59 * NS_PER_S;
    result->warmup_ns = 0;
    result->summary.latency[LATENCY_RESULT].censored = 12;
    result->targets[1].pass = false;
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) expect(result, WORDS[i], true);
    bench_free(result);
}

Test(bench_print, the_reason_that_bound_most_is_a_limit)
{
    struct bench_result *result = bench_fixture(1, false);
    result->summary.wait_ms[WAIT_PARENT_OUTPUT] = 1e9;
    result->summary.wait_ms[WAIT_BRANCH_LIMIT] = 1e8;
    char *text = printed(result, false), *line = strstr(text, "held: branch_limit");
    cr_assert(line != NULL);
    char *mark = strstr(text, "<- the limit");
    cr_assert(mark > line && mark < strchr(line, '\n'));
    cr_assert(strstr(mark + 1, "<- the limit") == NULL);
    free(text);
    bench_free(result);
}

Test(bench_print, colours_only_when_asked)
{
    struct bench_result *result = bench_fixture(1, false);
    char *plain = printed(result, false), *coloured = printed(result, true);
    cr_assert(strchr(plain, '\033') == NULL);
    cr_assert(strstr(coloured, "\033[32mPASS\033[0m") != NULL);
    free(plain);
    free(coloured);
    bench_free(result);
}

Test(bench_print, without_runs_there_is_still_a_summary)
{
    struct bench_result *result = bench_fixture(0, true);
    result->interrupted = true;
    expect(result, "interrupted: ", true);
    expect(result, "PASS  result.p50", false);
    expect(result, "nan", false);
    bench_free(result);
}

Test(bench_print, latency_tables_are_of_the_latencies_that_were)
{
    struct bench_result *result = bench_fixture(1, false);
    char *text;
    size_t text_bytes;
    histogram_clear(&result->summary.histograms[LATENCY_ROLLBACK]);
    FILE *out = open_memstream(&text, &text_bytes);
    bench_print_latency(result, out);
    fclose(out);
    cr_assert(strstr(text, "\nresult latency, ms, all runs\n") != NULL);
    cr_assert(strstr(text, "rollback latency") == NULL);
    cr_assert(strstr(text, "TotalCount") != NULL);
    free(text);
    bench_free(result);
}

Test(bench_print, nothing_measured_is_said_in_one_line)
{
    struct bench_result *result = bench_fixture(3, false);
    expect(result, "nothing was measured", false);
    result->summary.cohort_submitted = 0;
    expect(result, "nothing was measured: no task arrived after the warm-up\n", true);
    expect(result, "PASS", false);
    expect(result, "no data  result.p50", true);
    bench_free(result);
}
