/* tests/unit/test_bench_hlog.c: one interval for each run and latency, run after run. */
#include "base/file.h"
#include "reports/hdr_codec.h"
#include "tests/lib/bench_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

TestSuite(bench_hlog, .timeout = 30);

static char *written(const struct bench_result *result)
{
    struct file_bytes file;
    char *folder = fixture_folder(), *path = fixture_path(folder, "a.hlog");
    cr_assert(eq(int, bench_write_hlog(result, path, NULL), OK));
    cr_assert(eq(int, file_read(path, 1 << 26, &file, NULL), OK));
    free(path);
    fixture_remove(folder);
    return file.text;
}

Test(bench_hlog, intervals_follow_run_by_run_with_the_latency_as_tag)
{
    struct bench_result *result = bench_fixture(2, false);
    char *text = written(result), wanted[64], *at = text;
    cr_assert(strstr(text, "#[agenc, seed 42]\n#[Histogram log format version 1.3]") == text);
    for (int i = 0; i < 2 * LATENCY_KIND_COUNT; i++) {
        const char *name = latency_kind_name((enum latency_kind)(i % LATENCY_KIND_COUNT));
        sprintf(wanted, "\nTag=%s,%d.000,300.000,", name, i < LATENCY_KIND_COUNT ? 0 : 300);
        at = strstr(at, wanted);
        cr_assert(at != NULL, "%s", wanted);
    }
    free(text);
    bench_free(result);
}

Test(bench_hlog, the_histograms_are_those_of_the_runs)
{
    struct bench_result *result = bench_fixture(1, false);
    struct histogram histogram;
    char *text = written(result), *start = strstr(strstr(text, "Tag=proof"), "HIST");
    cr_assert(eq(int, hdr_decode(&histogram, start, strcspn(start, "\n"), NULL), OK));
    cr_assert(eq(u64, histogram.total_count, FIXTURE_VALUES));
    histogram_close(&histogram);
    free(text);
    bench_free(result);
}

Test(bench_hlog, latencies_that_never_were_have_no_interval)
{
    struct bench_result *result = bench_fixture(1, false);
    histogram_clear(&result->per_run[0].histograms[LATENCY_ROLLBACK]);
    char *text = written(result);
    cr_assert(strstr(text, "Tag=rollback") == NULL);
    cr_assert(strstr(text, "Tag=recovery") != NULL);
    free(text);
    bench_free(result);
}
