/* daemon/samples.h: the last two hours of every series, for /api/v1/query: what a small Prometheus would have
 * scraped.
 *
 * A round each SAMPLES_STEP_S of real time takes every sample of metrics_each, of the workers' port too.
 * Series have the labels that a scrape would give them: job ("agenc", "agenc-workers") and instance. A series
 * that a round does not mention is over (stale), and begins again when it comes back. Times: milliseconds of
 * the wall clock as it was when the ring was opened, counted on by CLOCK_MONOTONIC, so that a clock that
 * jumps leaves no gap. Memory: fixed at 8 bytes a sample, had when a series is first seen;
 * SAMPLES_SERIES_MOST series. Those that do not fit are counted in samples_lost; one that has been over for
 * the whole ring makes room. Threads: none. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    SAMPLES_STEP_S = 5,
    SAMPLES_KEPT = 1441, /* rounds: two hours and the one that begins them */
    SAMPLES_SERIES_MOST = 3000,
    SAMPLES_LABELS_MOST = 8, /* of a series, its name and what a scrape adds included */
};

struct samples;
struct metrics;
struct service;

struct samples_options {
    const char *instance, *workers_instance; /* "127.0.0.1:9090"; NULL: no such port */
};
MUST_USE err samples_open(struct samples **out, const struct samples_options *options);
void samples_free(struct samples *samples); /* NULL is fine */

/* ---- the loop's side ---- */

int64_t samples_next_ns(const struct samples *samples); /* of CLOCK_MONOTONIC: when samples_turn has work */
void samples_turn(struct samples *samples, struct metrics *metrics, const struct service *service);

/* ---- a round by hand: what samples_turn does ---- */

void samples_begin(struct samples *samples, int64_t at_ms); /* later than the round before */
/* `labels` as exposition has them, without braces. */
void samples_add(struct samples *samples, const char *name, const char *labels, double value);

/* ---- reading ---- */

struct label {
    const char *name, *value;
};
struct labels {
    const struct label *at; /* sorted by name; __name__ is one of them */
    uint32_t count;
};
const char *labels_get(const struct labels *labels, const char *name); /* "": none */

int64_t samples_now_ms(const struct samples *samples);
uint32_t samples_rounds(const struct samples *samples);                 /* kept, at most SAMPLES_KEPT */
int64_t samples_time_ms(const struct samples *samples, uint32_t round); /* 0: the oldest that is kept */
uint32_t samples_series(const struct samples *samples);
const struct labels *samples_labels(const struct samples *samples, uint32_t series);
/* False: the round has none of this series. */
bool samples_value(const struct samples *samples, uint32_t series, uint32_t round, double *out);
uint64_t samples_lost(const struct samples *samples);

/* GET /api/v1/targets: what a scrape of ourselves is, as Prometheus says it. */
void samples_write_targets(const struct samples *samples, FILE *out);
