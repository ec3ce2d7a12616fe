/* sim/baseline.c: the baseline arm's settings, makespans and their geometric means. */
#include "sim/baseline.h"
#include "base/assert.h"
#include "base/fmath.h"
#include <math.h>

struct settings baseline_settings(const struct settings *settings)
{
    struct settings baseline = *settings;
    baseline.enabled = 0;
    return baseline;
}

/* Arrival to the last task confirmed; NEVER_NS when one was not. */
static int64_t makespan_ns(const struct workload_job *job, const struct task_moments *moments)
{
    int64_t last_ns = job->intended_ns;
    for (uint32_t i = 0; i < job->task_count; i++) {
        int64_t confirmed_ns = moments[job->first_task + i].confirmed_ns;
        if (confirmed_ns == NEVER_NS) return NEVER_NS;
        if (confirmed_ns > last_ns) last_ns = confirmed_ns;
    }
    return last_ns - job->intended_ns;
}

static int64_t later(int64_t a_ns, int64_t b_ns)
{
    return a_ns > b_ns ? a_ns : b_ns;
}

int64_t speedup_bound_ns(const struct arms *arms, const struct workload_job *job)
{
    const struct workload *workload = arms->workload;
    int64_t executed_ns[LIMIT_SHAPE_NODES], confirmed_ns[LIMIT_SHAPE_NODES], last_ns = 0;
    ASSERT(job->task_count <= LIMIT_SHAPE_NODES);
    for (uint32_t i = 0; i < job->task_count; i++) {
        const struct workload_task *task = &workload->tasks[job->first_task + i];
        const struct task_moments *moments = &arms->with[job->first_task + i];
        int64_t ready_ns = 0, free_ns = 0;
        for (uint32_t p = 0; p < task->parent_count; p++) {
            uint32_t parent = workload->parents[task->parent_begin + p] - job->first_task;
            if (!arms->starts_early) ready_ns = later(ready_ns, executed_ns[parent]);
            free_ns = later(free_ns, confirmed_ns[parent]);
        }
        executed_ns[i] = ready_ns + task->execution_ns;
        confirmed_ns[i] = later(executed_ns[i] + moments->proving_ns, free_ns) + moments->confirming_ns;
        last_ns = later(last_ns, confirmed_ns[i]);
    }
    return last_ns;
}

struct speedup speedup_of(const struct arms *arms)
{
    double gain = 0, bound_gain = 0, fraction = 0;
    uint64_t jobs = 0;
    for (uint32_t i = 0; i < arms->workload->job_count; i++) {
        const struct workload_job *job = &arms->workload->jobs[i];
        if (job->intended_ns < arms->warmup_ns || job->intended_ns >= arms->duration_ns) continue;
        int64_t with_ns = makespan_ns(job, arms->with), without_ns = makespan_ns(job, arms->without);
        if (with_ns == NEVER_NS || without_ns == NEVER_NS || with_ns == 0 || without_ns == 0) continue;
        int64_t bound_ns = speedup_bound_ns(arms, job);
        ASSERT(bound_ns > 0 && bound_ns <= with_ns);
        jobs++;
        gain += fmath_log((double)without_ns / (double)with_ns);
        bound_gain += fmath_log((double)without_ns / (double)bound_ns);
        fraction += fmath_log((double)bound_ns / (double)with_ns);
    }
    if (jobs == 0) return (struct speedup){0, NAN, NAN, NAN};
    return (struct speedup){
        .jobs = jobs,
        .vs_no_speculation = fmath_exp(gain / (double)jobs),
        .bound = fmath_exp(bound_gain / (double)jobs),
        .fraction_of_bound = fmath_exp(fraction / (double)jobs),
    };
}
