/* loadgen/pattern.h: the offered rate over time, and its inverse.
 *
 *   constant               the base rate
 *   burst:10x:30s:every:2m the base rate, ten times that for 30 s in every 2 m;
 *                          the k-th burst (from 0) begins at (k + 1/2) * 2 m
 *   ramp:A-B               from A to B tasks/s over the whole duration
 *   step:50@0s,100@60s     50 tasks/s from the start, 100 from one minute on
 *   sine:50%:60s           the base rate * (1 + 0.5 sin(2 pi t / 60 s)); the sine
 *                          is 64 straight pieces a period
 *   trace:FILE             as step, one "AT RATE" a line ("60s 100"); # comments
 *
 * A pattern is a list of pieces over which the rate is constant or linear. Its
 * integral is exact: rates are nano-jobs/s, work is their product with ns, in 128
 * bits. Arrivals are points of one unit-rate process carried through the inverse
 * of the integral (semantics.md 29): another pattern, or another rate, moves the
 * same points.
 * Errors: ERR_SYNTAX, ERR_RANGE and ERR_IO with a line that says what would be
 * right; ERR_LIMIT more than LIMIT_PATTERN_PIECES pieces; ERR_NOMEM. */
#pragma once
#include "base/err.h"
#include "base/units.h"
#include <stdint.h>

/* Work of one job: twice 10^9 nano-jobs/s times a second in ns (twice, so that a slope has no halves). */
#define PATTERN_JOB_WORK ((u128)2000000000 * 1000000000)

struct pattern_piece {
    int64_t begin_ns, end_ns;
    uint64_t begin_rate, end_rate; /* nano-jobs/s */
    u128 work_before;              /* of all earlier pieces */
};

struct pattern {
    struct pattern_piece *pieces; /* ours */
    uint32_t count;
    int64_t duration_ns;
    /* bursts, for recovery figures */
    uint32_t burst_count;
    int64_t burst_first_ns, burst_every_ns, burst_ns;
};

struct pattern_options {
    const char *text;
    double base_rate;     /* tasks/s, 0.001 .. 10^6 */
    double tasks_per_job; /* at least 1 */
    int64_t duration_ns;  /* above 0 */
};

MUST_USE err pattern_parse(struct pattern *out, const struct pattern_options *options, struct diag *diag);
void pattern_close(struct pattern *pattern); /* fine on a zeroed one */

u128 pattern_work(const struct pattern *pattern); /* over the whole duration */

/* The first instant by which `work` has been offered. work < pattern_work. Ascending calls are cheap: *piece
 * is a cursor that starts at 0. */
int64_t pattern_at(const struct pattern *pattern, u128 work, uint32_t *piece);

double pattern_mean_rate(const struct pattern *pattern); /* jobs/s */
