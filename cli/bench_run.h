/* cli/bench_run.h: runs benchmarks on all cores, with a progress line and an honest end at Ctrl-C. */
#pragma once
#include "cli/bench_args.h"
#include "reports/steady.h"

/* Replications are added until a metric's mean is known well enough (reports/steady.h). */
struct bench_precision {
    const char *metric; /* of run_metric_find */
    double share;       /* half the interval's width, of the mean */
    uint32_t runs_most;
    struct steady_look reached; /* out: the last look */
};

struct bench_work {
    const struct bench_request *request; /* array of count */
    struct args *const *args;            /* of each request: what was asked, for its result */
    uint32_t count, threads;             /* threads 0: one a core */
    const char *label;                   /* of the progress line */
    const struct args *teller;           /* whose --quiet says whether it is shown; NULL: args[0] */
    struct bench_precision *precision;   /* of the one request; NULL: as many runs as the plan has */
};

/* results[i] is request i's; the caller's array, NULL on failure and where an interruption left nothing to
 * judge. Interrupted ones hold complete runs, or the one that got furthest (sim/benchmark.h). */
MUST_USE err bench_run(const struct bench_work *work, struct bench_result **results, struct diag *diag);

/* The header: what is going to run, and what about it may surprise. On args->log. */
void bench_announce(const struct bench_request *request, const struct args *args);
