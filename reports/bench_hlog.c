/* reports/bench_hlog.c: a result's latencies as a HdrHistogram log.
 *
 * One interval for each run and latency: runs follow one another, as if each
 * had begun when the one before ended. */
#include "base/file.h"
#include "reports/bench.h"
#include "reports/hdr_log.h"
#include <inttypes.h>

static err write_run(FILE *out, const struct bench_result *result, uint32_t run)
{
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++) {
        const struct hdr_interval interval = {
            .tag = latency_kind_name((enum latency_kind)kind),
            .start_ns = run * result->duration_ns,
            .length_ns = result->duration_ns,
            .histogram = &result->per_run[run].histograms[kind],
        };
        if (interval.histogram->total_count > 0) TRY(hdr_log_add(out, &interval));
    }
    return OK;
}

err bench_write_hlog(const struct bench_result *result, const char *path, struct diag *diag)
{
    struct file_writer writer;
    char comment[64];
    err e = OK;
    TRY(file_begin(&writer, path, diag));
    snprintf(comment, sizeof comment, "agenc, seed %" PRIu64, result->seed);
    hdr_log_begin(writer.stream, comment, 0);
    for (uint32_t run = 0; run < result->runs && e == OK; run++) e = write_run(writer.stream, result, run);
    if (e == OK) return file_commit(&writer, diag);
    file_abandon(&writer);
    return diag_fail(diag, e, "%s: %s", path, err_text(e));
}
