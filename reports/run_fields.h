/* reports/run_fields.h: the plain figures of a run as a table: where they lie, what they are
 * called in JSON and by targets, and what several runs make of them.
 *
 * Figures are medians over runs. Counters are sums, so that "submitted = the
 * sum of the rest" and "bonded = released + slashed + locked" hold in a summary
 * too. Extremes are the most extreme of all runs. */
#pragma once
#include "reports/result.h"
#include <stddef.h>

enum field_kind { FIELD_NUMBER /* double */, FIELD_COUNT /* uint64_t */ };
enum field_over_runs { OVER_RUNS_MEDIAN, OVER_RUNS_SUM, OVER_RUNS_LARGEST };
enum metric_unit {
    UNIT_COUNT,
    UNIT_SECONDS,
    UNIT_PER_SECOND,
    UNIT_SHARE, /* of one; percent for people */
    UNIT_BYTES,
    UNIT_RATIO,
};

struct run_field {
    const char *path;   /* in JSON: "name" or "object.name" */
    const char *metric; /* what targets call it; NULL: none does */
    enum metric_unit unit;
    enum field_kind kind;
    enum field_over_runs over_runs;
    size_t offset; /* in struct run_metrics */
};
/* In order of path, byte by byte. */
uint32_t run_field_count(void);
const struct run_field *run_field_at(uint32_t index);

/* Counters by name: all are sums over runs. */
struct run_list {
    const char *path;
    enum field_kind kind;
    uint32_t count, first; /* entries before `first` mean "none" and stay out */
    const char *(*name)(uint32_t index);
    size_t offset;
};
uint32_t run_list_count(void);
const struct run_list *run_list_at(uint32_t index);

/* Where a value lies: counts stay whole numbers, money must add up to the lamport. */
static inline double *run_number(struct run_metrics *metrics, size_t offset)
{
    return (double *)(void *)((char *)metrics + offset);
}
static inline uint64_t *run_counter(struct run_metrics *metrics, size_t offset)
{
    return (uint64_t *)(void *)((char *)metrics + offset);
}
static inline double run_number_of(const struct run_metrics *metrics, size_t offset)
{
    return *(const double *)(const void *)((const char *)metrics + offset);
}
static inline uint64_t run_counter_of(const struct run_metrics *metrics, size_t offset)
{
    return *(const uint64_t *)(const void *)((const char *)metrics + offset);
}

/* One metric of a run or of a summary by the name that targets, comparisons and the gate use:
 * a row's metric, "throughput_share", or <latency>.<p50 .. p999, mean, min, max> in seconds.
 * False when there is no such name. NAN: the sample cannot tell, or a burst never recovered. */
struct run_metric {
    double value;
    enum metric_unit unit;
};
bool run_metric_find(const struct run_metrics *metrics, const char *name, struct run_metric *out);

/* All such names, in a fixed order; `room` holds those that are put together. */
uint32_t run_metric_count(void);
const char *run_metric_name(uint32_t index, char room[64]);
/* The name nearest to a wrong one, for messages; NULL: none is near. `room` holds it. */
const char *run_metric_nearest(const char *name, char room[64]);
/* A value as people read it: "1.23 s", "4.5 %", "7.9 MB". NAN: "n/a". */
enum { METRIC_TEXT_BYTES = 48 };
void metric_write(char out[METRIC_TEXT_BYTES], double value, enum metric_unit unit);
/* An axis of a plot: what values are multiplied with, and what they are then called. */
struct metric_axis {
    double scale;
    const char *name;
};
struct metric_axis metric_axis(enum metric_unit unit);
