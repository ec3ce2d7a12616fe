/* tests/bench/bench_histogram.c: cost of a record, an encoding, a decoding, nine quantiles, and memory.
 * Prints "name value unit goal" lines. */
#include "base/histogram.h"
#include "base/sample.h"
#include "reports/hdr_codec.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { VALUES = 1 << 20, ROUNDS = 7, PASSES = 20 };

static double now_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

struct bench {
    struct histogram histogram;
    int64_t *values;
    char *text;
    uint64_t sink; /* keeps the work from being optimised away */
};

static void record_all(struct bench *bench)
{
    for (int i = 0; i < VALUES; i++) histogram_record(&bench->histogram, bench->values[i]);
}

static void encode(struct bench *bench)
{
    free(bench->text);
    if (hdr_encode(&bench->histogram, &bench->text) != OK) abort();
}

static void decode(struct bench *bench)
{
    struct histogram decoded;
    if (hdr_decode(&decoded, bench->text, strlen(bench->text), NULL) != OK) abort();
    bench->sink += decoded.total_count;
    histogram_close(&decoded);
}

static void nine_quantiles(struct bench *bench)
{
    static const double QUANTILES[] = {0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999};
    int64_t values[9];
    histogram_quantiles(&bench->histogram, QUANTILES, values, 9);
    bench->sink += (uint64_t)values[8];
}

/* In this order: what is encoded is what was recorded, what is decoded what was encoded. */
static const struct row {
    const char *name, *unit;
    void (*run)(struct bench *bench);
    int passes;
    double ns_in_unit, goal;
} ROWS[] = {
    {"record", "ns", record_all, 1, VALUES, 4},
    {"encode", "us", encode, PASSES, 1000.0 * PASSES, 448},
    {"decode", "us", decode, PASSES, 1000.0 * PASSES, 120},
    {"nine_quantiles", "us", nine_quantiles, PASSES, 1000.0 * PASSES, 25},
};

static double best_of(const struct row *row, struct bench *bench)
{
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_ns();
        for (int pass = 0; pass < row->passes; pass++) row->run(bench);
        double spent = (now_ns() - start) / row->ns_in_unit;
        if (spent < best) best = spent;
    }
    return best;
}

int main(void)
{
    struct bench bench = {.values = malloc(VALUES * sizeof *bench.values)};
    if (!bench.values || histogram_open(&bench.histogram, NS_PER_H) != OK) return 1;
    struct rng rng = rng_keyed(1, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
    for (int i = 0; i < VALUES; i++) bench.values[i] = (int64_t)(2e8 * sample_lognormal(&draw, 0.8));
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        printf("histogram.%s %.2f %s %.0f\n", ROWS[i].name, best_of(&ROWS[i], &bench), ROWS[i].unit,
               ROWS[i].goal);
    printf("histogram.memory %zu bytes 270440\n",
           sizeof bench.histogram + bench.histogram.count_slots * sizeof *bench.histogram.counts);
    printf("histogram.text %zu bytes 0\n", strlen(bench.text));
    free(bench.text);
    free(bench.values);
    histogram_close(&bench.histogram);
    return bench.sink == 0;
}
