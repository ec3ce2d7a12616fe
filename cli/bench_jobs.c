/* cli/bench_jobs.c: words become requests, requests one stage of work. */
#include "cli/bench_jobs.h"
#include "base/assert.h"
#include "cli/commands.h"
#include <stdlib.h>
#include <string.h>

struct job {
    struct args args;
    struct bench_request request;
};

struct bench_jobs {
    const struct args *parent;
    struct job **jobs; /* each stays where it is: requests point into their arguments */
    uint32_t count;
};

err bench_jobs_open(struct bench_jobs **out, const struct args *parent, struct diag *diag)
{
    *out = calloc(1, sizeof **out);
    if (!*out) return diag_fail(diag, ERR_NOMEM, "out of memory for benchmarks");
    (*out)->parent = parent;
    return OK;
}

void bench_jobs_close(struct bench_jobs *jobs)
{
    if (!jobs) return;
    for (uint32_t i = 0; i < jobs->count; i++) {
        bench_request_close(&jobs->jobs[i]->request);
        free(jobs->jobs[i]);
    }
    free(jobs->jobs);
    free(jobs);
}

static struct job *new_job(struct bench_jobs *jobs)
{
    struct job **grown = realloc(jobs->jobs, (jobs->count + 1) * sizeof *grown);
    if (grown) jobs->jobs = grown;
    struct job *job = grown ? calloc(1, sizeof *job) : NULL;
    if (job) jobs->jobs[jobs->count++] = job;
    return job;
}

err bench_jobs_add(struct bench_jobs *jobs, const char *const *words, struct diag *diag)
{
    struct job *job = new_job(jobs);
    char *list[2 * FLAG_USES_MOST];
    int count = 0;
    if (!job) return diag_fail(diag, ERR_NOMEM, "out of memory for benchmarks");
    for (; words[count]; count++) {
        ASSERT(count < 2 * FLAG_USES_MOST);
        list[count] = (char *)(uintptr_t)words[count];
    }
    job->args.command = &COMMAND_benchmark_speculation;
    job->args.environment = jobs->parent->environment;
    job->args.out = jobs->parent->out;
    job->args.log = jobs->parent->log;
    TRY(args_parse(&job->args, count, list, diag));
    return bench_request_open(&job->request, &job->args, diag);
}

/* bench_run takes arrays. */
static err run_arrays(struct bench_jobs *jobs, struct bench_work *work, struct bench_result **results,
                      struct diag *diag)
{
    struct bench_request *requests = calloc(jobs->count, sizeof *requests);
    struct args **args = calloc(jobs->count, sizeof *args);
    err e = requests && args ? OK : diag_fail(diag, ERR_NOMEM, "out of memory for benchmarks");
    for (uint32_t i = 0; i < jobs->count && e == OK; i++) {
        requests[i] = jobs->jobs[i]->request;
        args[i] = &jobs->jobs[i]->args;
    }
    work->request = requests;
    work->args = args;
    if (e == OK) e = bench_run(work, results, diag);
    free(requests);
    free(args);
    return e;
}

err bench_jobs_run(struct bench_jobs *jobs, const char *label, struct bench_result **results,
                   struct diag *diag)
{
    const struct args *parent = jobs->parent;
    bool has_jobs = args_has(parent, "jobs") && args_given(parent, "jobs");
    struct bench_work work = {.count = jobs->count,
                              .threads = has_jobs ? (uint32_t)args_integer(parent, "jobs") : 0,
                              .label = label,
                              .teller = parent};
    return run_arrays(jobs, &work, results, diag);
}

const struct bench_request *bench_jobs_request(const struct bench_jobs *jobs, uint32_t index)
{
    return &jobs->jobs[index]->request;
}

const struct args *bench_jobs_args(const struct bench_jobs *jobs, uint32_t index)
{
    return &jobs->jobs[index]->args;
}

uint32_t bench_jobs_count(const struct bench_jobs *jobs)
{
    return jobs->count;
}
