/* cli/bench_args.h: from flags, scenario file and configuration to one checked plan.
 *
 * What is wrong is said before anything runs. The texts that describe the plan
 * go into the result, so that a reader can tell what was asked. */
#pragma once
#include "base/arena.h"
#include "base/config.h"
#include "cli/flags.h"
#include "reports/bench.h"
#include "sim/benchmark.h"

extern const struct flag BENCHMARK_FLAGS[]; /* the options of product.md 6 */

struct bench_request {
    struct benchmark_plan plan;
    struct config config;
    const char *targets[BENCH_TARGETS_MOST]; /* of the scenario file; none: the default ones */
    uint32_t target_count;
    struct arena texts; /* of the scenario file */
};

MUST_USE err bench_request_open(struct bench_request *out, struct args *args, struct diag *diag);
void bench_request_close(struct bench_request *request); /* fine on a zeroed one */

/* --warmup auto: the plan has the default until a first run has found it. Windows that begin with the
 * warm-up move with it. */
bool bench_wants_warmup(const struct args *args);
MUST_USE err bench_request_set_warmup(struct bench_request *request, const struct args *args,
                                      int64_t warmup_ns, struct diag *diag);

/* The file of --scenario, if any, into the request and below the options: cli/bench_scenario.c. */
MUST_USE err bench_scenario_read(struct bench_request *request, struct args *args, struct diag *diag);

/* A result that says what was asked, and holds the runs: their metrics move into it. */
MUST_USE err bench_result_of(const struct bench_request *request, const struct args *args,
                             struct benchmark_run *runs, struct bench_result **out, struct diag *diag);
