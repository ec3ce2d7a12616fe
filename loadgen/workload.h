/* loadgen/workload.h: everything that is going to be asked, decided beforehand.
 *
 * All jobs and tasks of a run, in order of intended arrival, as a function of
 * options and seed: both arms of a comparison read the same arrays. Every draw
 * is keyed by its job or task, so that changing one option moves only what it
 * is about. All tasks of a job arrive together, parents first.
 * Memory: ours, until workload_free. Read only: any number of readers.
 * Errors: those of the grammars (pattern.h, depth.h, shape.h, dist.h); ERR_RANGE;
 * ERR_LIMIT more than LIMIT_WORKLOAD_TASKS tasks; ERR_NOMEM.
 * Source: semantics.md 1-3, 5-9, 29. */
#pragma once
#include "base/err.h"
#include "engine/types.h"
#include <stdint.h>

enum workload_failure { FAILURE_NONE, FAILURE_PROOF, FAILURE_CHAIN };
enum workload_stage { STAGE_MIX, STAGE_PROOF, STAGE_CHAIN };

struct workload_task {
    int64_t intended_ns, execution_ns;
    int64_t claim_expires_ns; /* NEVER_NS: no claim expiry */
    uint64_t snapshot_bytes;
    uint64_t rejection_draw; /* uniform: below chance * 2^64 means rejected for good (chain_rejects) */
    uint32_t job, agent;
    uint32_t parent_begin; /* its parents: parents[parent_begin .. + parent_count) */
    uint8_t parent_count;
    uint8_t depth;   /* within the job: longest way from a root */
    uint8_t failure; /* enum workload_failure: injected */
};

struct workload_job {
    int64_t intended_ns;
    uint32_t first_task, task_count; /* ids */
};

struct workload {
    uint32_t task_count, job_count, edge_count;
    struct workload_task *tasks; /* tasks[1 .. task_count]: ids are dense, from 1, in order of arrival */
    struct workload_job *jobs;   /* jobs[0 .. job_count) */
    uint32_t *parents;           /* ids */
    uint8_t *edges;              /* enum edge_kind, beside parents */
    double tasks_per_job;        /* expected */
    double offered_rate;         /* tasks/s, expected mean over the duration */
    uint32_t burst_count;        /* of the pattern: burst k is [first + k * every, + length) */
    int64_t burst_first_ns, burst_every_ns, burst_ns;
};

struct workload_options {
    int64_t duration_ns;
    double rate;                           /* tasks/s */
    const char *pattern, *arrivals;        /* arrivals: poisson, constant, gamma:CV */
    const char *depth, *shape, *execution; /* grammars of depth.h, shape.h, dist.h */
    const char *edges;                     /* "data=.85,order=.15": shares that sum to 1 */
    uint32_t agents;
    double cross_agent;    /* chance that a task, with the rest of its chain, moves to another agent */
    double failure_chance; /* injected root causes */
    enum workload_stage failure_stage;
    int64_t failure_from_ns, failure_until_ns; /* of the intended arrival */
    int64_t claim_ttl_ns;                      /* 0: none */
    int64_t snapshot_bytes;                    /* median */
    double snapshot_sigma;
    uint64_t seed;
    uint32_t replication;
};

/* product.md 6's defaults, one minute at 50 tasks/s. */
struct workload_options workload_defaults(void);

/* Would workload_open understand the options, and is it likely to have room? ERR_RANGE more tasks than
 * LIMIT_WORKLOAD_TASKS are expected. Files are read; nothing is drawn. */
MUST_USE err workload_check(const struct workload_options *options, struct diag *diag);
MUST_USE err workload_open(struct workload **out, const struct workload_options *options, struct diag *diag);
void workload_free(struct workload *workload); /* NULL is fine */
