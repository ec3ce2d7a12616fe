/* reports/chart.h: the plots of one benchmark's result: which, how to read them, their data and their
 * commands.
 *
 * One row of the table in chart.c is one plot. The row's function writes
 * gnuplot datablocks and variables, and only numbers and the engine's own
 * words go in; the row's commands draw them with the colours of plot.h. What
 * the sample cannot tell is a gap in a line, never a NaN and never a zero; a
 * plot without any data says so in its middle.
 *
 * Time is cut into the bins of reports/latency_map.h; a line is the
 * median over runs, the band goes from the lowest to the highest run.
 * Errors: ERR_NOMEM. */
#pragma once
#include "reports/bench.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { CHART_WAITS_MOST = 8 };

struct chart {
    const char *name;                      /* in names of files and anchors */
    const char *title;                     /* with what is plotted */
    const char *reading;                   /* how to read it */
    bool is_over_time;                     /* with the run's spans shaded */
    const char *nothing;                   /* what stands in its middle without data */
    bool (*has_data)(const void *subject); /* what the table is about: a result, a comparison */
    err (*write_data)(FILE *script, const void *subject);
    const char *commands;
};

/* What a document's plot is drawn from. */
struct chart_drawing {
    const struct chart *chart;
    const void *subject;
};
/* For document_plot.write: `drawing` is a struct chart_drawing. */
err chart_draw(FILE *script, const void *drawing);

uint32_t chart_count(void);
const struct chart *chart_at(uint32_t index);
MUST_USE err chart_write(FILE *script, const struct chart *chart, const void *subject);

/* The times of a run that plots shade, in seconds. */
enum { CHART_SPANS_MOST = 64 };
struct chart_span {
    double from_s, until_s;
    bool is_event; /* a burst or injected failures; else not measured: warm-up, drain */
    const char *name;
};
struct chart_spans {
    struct chart_span spans[CHART_SPANS_MOST];
    uint32_t count;
    bool has_bursts, has_injection;
};
void chart_spans_of(const struct bench_result *result, double seconds, struct chart_spans *out);

/* Between ticks: the largest of 1, 2, 5 x 10^n that fits three times into `end`; 1 when that is 0. */
double chart_step(double end);

/* Data of the rows; see chart.c. `result` is a struct bench_result. */
bool chart_has_result(const void *result);
bool chart_has_commitment(const void *result);
bool chart_has_series(const void *result);
bool chart_has_latency(const void *result);
bool chart_has_depth(const void *result);
bool chart_has_waits(const void *result);
err chart_write_result(FILE *script, const void *result);
err chart_write_commitment(FILE *script, const void *result);
err chart_write_depth(FILE *script, const void *result);
err chart_write_waits(FILE *script, const void *result);
err chart_write_latency(FILE *script, const void *result);
err chart_write_flow(FILE *script, const void *result);
err chart_write_backlog(FILE *script, const void *result);
err chart_write_memory(FILE *script, const void *result);
