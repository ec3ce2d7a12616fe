/* tests/interop/hdr/make_histograms.c: writes random histograms for Java to judge.
 *
 *   make_histograms FOLDER COUNT
 * Into FOLDER: NNN.b64 (encoded), NNN.hgrm (percentiles, in ns) for each, and
 * all.hlog, the log of all of them with tags. Deterministic. */
#include "base/rng.h"
#include "base/sample.h"
#include "reports/hdr_codec.h"
#include "reports/hdr_log.h"
#include <stdio.h>
#include <stdlib.h>

static const int64_t HIGHEST_NS[] = {NS_PER_H, NS_PER_S, 60 * NS_PER_S, 2, 1999, 2048, INT64_C(1) << 53};
enum { HIGHEST_COUNT = sizeof HIGHEST_NS / sizeof *HIGHEST_NS, SHAPES = 5 };

/* Empty, single, sparse, smooth, and one with enormous counts. */
static void fill(struct histogram *histogram, int shape, struct draw *draw)
{
    uint64_t span = (uint64_t)histogram->highest_ns + 1, count = draw_below(draw, 20000);
    if (shape == 0) count = draw_below(draw, 2);
    if (shape == 1) count = draw_below(draw, 50);
    for (uint64_t i = 0; i < count; i++) {
        double value = 0.01 * (double)span * sample_lognormal(draw, 1 + (double)(shape % 3));
        uint64_t whole = shape == 2 ? draw_below(draw, span) : (uint64_t)value;
        if (whole < span) histogram_record(histogram, (int64_t)whole);
    }
    if (shape != 4 || histogram->total_count == 0) return;
    uint64_t extra = draw_u64(draw) >> (2 + draw_below(draw, 50));
    histogram->counts[histogram_index(histogram->max_ns)] += extra;
    histogram->total_count += extra;
}

static FILE *open_in(const char *folder, int number, const char *ending)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%03d.%s", folder, number, ending);
    return fopen(path, "w");
}

static int write_one(const char *folder, int number, const struct histogram *histogram)
{
    char *text;
    FILE *encoded = open_in(folder, number, "b64"), *table = open_in(folder, number, "hgrm");
    if (!encoded || !table || hdr_encode(histogram, &text) != OK) return 1;
    fprintf(encoded, "%s\n", text);
    free(text);
    hdr_write_percentiles(table, histogram, 1);
    return fclose(encoded) != 0 || fclose(table) != 0;
}

static int write_all(const char *folder, int count, FILE *log)
{
    struct rng rng = rng_keyed(77, 0);
    for (int i = 0; i < count; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, (uint64_t)i, 0);
        struct histogram histogram;
        char tag[16];
        if (histogram_open(&histogram, HIGHEST_NS[i % HIGHEST_COUNT]) != OK) return 1;
        fill(&histogram, i % SHAPES, &draw);
        snprintf(tag, sizeof tag, "tag%d", i % 3);
        struct hdr_interval interval = {tag, i * NS_PER_S, NS_PER_S, &histogram};
        int failed = write_one(folder, i, &histogram);
        /* HistogramLogProcessor adds up what it reads, and never returns once its 63-bit total wraps. */
        if (i % SHAPES != SHAPES - 1) failed |= hdr_log_add(log, &interval) != OK;
        histogram_close(&histogram);
        if (failed) return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    char path[512];
    if (argc != 3) return 2;
    snprintf(path, sizeof path, "%s/all.hlog", argv[1]);
    FILE *log = fopen(path, "w");
    if (!log) return 3;
    hdr_log_begin(log, "random histograms", INT64_C(1700000000) * NS_PER_S);
    int failed = write_all(argv[1], atoi(argv[2]), log);
    return fclose(log) != 0 || failed;
}
