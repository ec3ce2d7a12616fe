/* cli/bench_jobs.h: several benchmarks at once, each asked for in the words of `benchmark speculation`.
 *
 *   struct bench_jobs *jobs;
 *   TRY(bench_jobs_open(&jobs, args, diag));
 *   err e = bench_jobs_add(jobs, words, diag);             each is checked when it is added
 *   ...
 *   if (e == OK) e = bench_jobs_run(jobs, "five tests", results, diag);
 *   bench_jobs_close(jobs);                                results live on
 *
 * Words are borrowed until then. Errors: those of bench_request_open and bench_run. */
#pragma once
#include "cli/bench_run.h"

struct bench_jobs;

MUST_USE err bench_jobs_open(struct bench_jobs **out, const struct args *parent, struct diag *diag);
/* words: ends with NULL. */
MUST_USE err bench_jobs_add(struct bench_jobs *jobs, const char *const *words, struct diag *diag);
/* On `parent`'s --jobs threads, if it has that flag, else one a core. results: one a job, see bench_run. */
MUST_USE err bench_jobs_run(struct bench_jobs *jobs, const char *label, struct bench_result **results,
                            struct diag *diag);
const struct bench_request *bench_jobs_request(const struct bench_jobs *jobs, uint32_t index);
const struct args *bench_jobs_args(const struct bench_jobs *jobs, uint32_t index);
uint32_t bench_jobs_count(const struct bench_jobs *jobs);
void bench_jobs_close(struct bench_jobs *jobs); /* NULL is fine */
