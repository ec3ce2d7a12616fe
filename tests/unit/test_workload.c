/* tests/unit/test_workload.c: rates and shares of what is drawn, and that options move only what they are
 * about. */
#include "loadgen/workload.h"
#include "base/limits.h"
#include "base/units.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <string.h>

TestSuite(workload, .timeout = 60);

static struct workload *open(const struct workload_options *options)
{
    struct workload *workload;
    struct diag diag = {0};
    cr_assert(workload_open(&workload, options, &diag) == OK, "%s", diag.text);
    return workload;
}

static struct workload_options long_run(void)
{
    struct workload_options options = workload_defaults();
    options.duration_ns = 30 * NS_PER_MIN;
    return options;
}

static void near(const char *what, double value, double target, double tolerance)
{
    cr_expect(fabs(value - target) <= tolerance, "%s: %g is not %g +- %g", what, value, target, tolerance);
}

Test(workload, is_well_formed)
{
    struct workload_options options = long_run();
    options.shape = "mix:root=.3,chain=.4,branch=.2,merge=.1";
    struct workload *workload = open(&options);
    uint32_t edges = 0, tasks = 0;
    for (uint32_t j = 0; j < workload->job_count; j++) {
        const struct workload_job *job = &workload->jobs[j];
        cr_assert(job->first_task == tasks + 1);
        cr_assert(job->intended_ns >= 0 && job->intended_ns < options.duration_ns);
        cr_assert(j == 0 || job->intended_ns >= workload->jobs[j - 1].intended_ns);
        tasks += job->task_count;
    }
    cr_assert(eq(u32, tasks, workload->task_count));
    for (uint32_t id = 1; id <= workload->task_count; id++) {
        const struct workload_task *task = &workload->tasks[id];
        const struct workload_job *job = &workload->jobs[task->job];
        cr_assert(id >= job->first_task && id < job->first_task + job->task_count);
        cr_assert(task->intended_ns == job->intended_ns && task->agent < options.agents);
        cr_assert(task->parent_begin == edges && task->claim_expires_ns == NEVER_NS);
        cr_assert(task->execution_ns > 0 && task->failure == FAILURE_NONE);
        cr_assert(task->parent_count == 0 ? task->depth == 0 : task->depth > 0);
        for (uint32_t i = 0; i < task->parent_count; i++, edges++) {
            uint32_t parent = workload->parents[edges];
            cr_assert(parent >= job->first_task && parent < id);
            cr_assert(workload->tasks[parent].depth < task->depth);
        }
    }
    cr_assert(eq(u32, edges, workload->edge_count));
    workload_free(workload);
    workload_free(NULL);
}

Test(workload, has_the_rates_and_shares_that_were_asked_for)
{
    struct workload_options options = long_run();
    options.failure_chance = .1;
    struct workload *workload = open(&options);
    double tasks = workload->task_count, edges = workload->edge_count;
    near("tasks/s", tasks / 1800, 50, 5 * sqrt(50 * 4.5 / 1800));
    near("offered", workload->offered_rate, 50, 1e-6);
    near("tasks per job", workload->tasks_per_job, 4, 1e-9);
    double data = 0, order = 0, crossed = 0, failed = 0, proof = 0, rejected = 0, bytes = 0, log_ns = 0,
           agent = 0;
    for (uint32_t i = 0; i < workload->edge_count; i++) {
        data += workload->edges[i] == EDGE_DATA;
        order += workload->edges[i] == EDGE_ORDER;
    }
    for (uint32_t id = 1; id <= workload->task_count; id++) {
        const struct workload_task *task = &workload->tasks[id];
        if (task->parent_count)
            crossed += task->agent != workload->tasks[workload->parents[task->parent_begin]].agent;
        failed += task->failure != FAILURE_NONE;
        proof += task->failure == FAILURE_PROOF;
        rejected += task->rejection_draw < (uint64_t)(.003 * 18446744073709551616.0);
        bytes += (double)task->snapshot_bytes;
        log_ns += log((double)task->execution_ns);
        agent += task->agent;
    }
    near("data", data / edges, .85, .006);
    near("order", order / edges, .15, .006);
    near("crossed", crossed / edges, .02, .003);
    near("failed", failed / tasks, .1, .005);
    near("failed while proving", proof / failed, .5, .025);
    near("rejected", rejected / tasks, .003, .0009);
    near("snapshot mean", bytes / tasks, 8e6 * exp(.125), 6e4);
    near("execution median", exp(log_ns / tasks), 2e8, 2e6);
    near("agent", agent / tasks, 24.5, .5);
    workload_free(workload);
}

static double gap_variation(const char *arrivals)
{
    struct workload_options options = long_run();
    options.arrivals = arrivals;
    options.depth = "fixed:0";
    struct workload *workload = open(&options);
    double sum = 0, squares = 0, count = workload->job_count - 1;
    for (uint32_t j = 1; j < workload->job_count; j++) {
        double gap = (double)(workload->jobs[j].intended_ns - workload->jobs[j - 1].intended_ns);
        sum += gap, squares += gap * gap;
    }
    near(arrivals, sum / count, 2e7, 8e5);
    workload_free(workload);
    return sqrt(squares / count - sum / count * (sum / count)) / (sum / count);
}

Test(workload, arrivals_vary_as_named)
{
    near("poisson", gap_variation("poisson"), 1, .02);
    near("constant", gap_variation("constant"), 0, 1e-6);
    near("gamma:0.5", gap_variation("gamma:0.5"), .5, .01);
    near("gamma:2", gap_variation("gamma:2"), 2, .06);
}

Test(workload, repeats_exactly_and_differs_by_seed_and_replication)
{
    struct workload_options options = workload_defaults();
    struct workload *first = open(&options), *again = open(&options);
    cr_assert(eq(u32, first->task_count, again->task_count));
    for (uint32_t id = 1; id <= first->task_count; id++)
        cr_assert(first->tasks[id].intended_ns == again->tasks[id].intended_ns &&
                  first->tasks[id].execution_ns == again->tasks[id].execution_ns);
    struct workload_options seeded = options, replicated = options;
    seeded.seed++;
    replicated.replication++;
    struct workload *other = open(&seeded), *third = open(&replicated);
    cr_assert(ne(i64, other->tasks[1].intended_ns, first->tasks[1].intended_ns));
    cr_assert(ne(i64, third->tasks[1].intended_ns, first->tasks[1].intended_ns));
    workload_free(third);
    workload_free(other);
    workload_free(first);
    workload_free(again);
}

/* Everything but the times of arrival. */
static void same_but_for_times(const struct workload *a, const struct workload *b)
{
    uint32_t count = a->task_count < b->task_count ? a->task_count : b->task_count;
    cr_assert(gt(u32, count, 1000));
    for (uint32_t id = 1; id <= count; id++) {
        const struct workload_task *x = &a->tasks[id], *y = &b->tasks[id];
        cr_assert(x->execution_ns == y->execution_ns && x->snapshot_bytes == y->snapshot_bytes);
        cr_assert(x->job == y->job && x->agent == y->agent && x->parent_begin == y->parent_begin);
        cr_assert(x->rejection_draw == y->rejection_draw && x->depth == y->depth);
    }
}

Test(workload, another_pattern_moves_the_same_points)
{
    struct workload_options options = workload_defaults();
    struct workload *plain = open(&options);
    options.pattern = "step:25@0s,100@30s";
    struct workload *steps = open(&options);
    same_but_for_times(plain, steps);
    uint32_t jobs = plain->job_count < steps->job_count ? plain->job_count : steps->job_count;
    for (uint32_t j = 0; j < jobs; j++) {
        /* The unit process behind both, in tasks: 50 t against 25 t, then 750 + 100 (t - 30). */
        double a = 50 * (double)plain->jobs[j].intended_ns / 1e9,
               t = (double)steps->jobs[j].intended_ns / 1e9;
        double b = t < 30 ? 25 * t : 750 + 100 * (t - 30);
        cr_assert(fabs(a - b) < 1e-5, "%u: %g %g", j, a, b);
    }
    workload_free(steps);
    options = workload_defaults();
    options.rate = 75;
    struct workload *faster = open(&options);
    same_but_for_times(plain, faster);
    for (uint32_t j = 0; j < plain->job_count; j++)
        cr_assert(fabs((double)plain->jobs[j].intended_ns - 1.5 * (double)faster->jobs[j].intended_ns) < 100);
    workload_free(faster);
    workload_free(plain);
}

Test(workload, failures_are_keyed_by_task_and_kept_in_their_window)
{
    struct workload_options options = workload_defaults();
    options.failure_from_ns = 10 * NS_PER_S;
    options.failure_until_ns = 48 * NS_PER_S;
    options.failure_chance = .05;
    struct workload *few = open(&options);
    options.failure_chance = .2;
    struct workload *many = open(&options);
    options.failure_stage = STAGE_CHAIN;
    struct workload *staged = open(&options);
    uint32_t seen = 0;
    for (uint32_t id = 1; id <= few->task_count; id++) {
        const struct workload_task *task = &few->tasks[id];
        bool is_inside =
            task->intended_ns >= options.failure_from_ns && task->intended_ns < options.failure_until_ns;
        if (task->failure) cr_assert(is_inside && many->tasks[id].failure == task->failure);
        seen += task->failure != FAILURE_NONE;
        cr_assert(staged->tasks[id].failure == (many->tasks[id].failure ? FAILURE_CHAIN : FAILURE_NONE));
    }
    cr_assert(seen > 50 && seen < 160, "%u", seen); /* 95 expected */
    workload_free(few);
    workload_free(many);
    workload_free(staged);
}

Test(workload, claims_expire_after_their_ttl)
{
    struct workload_options options = workload_defaults();
    options.claim_ttl_ns = 2 * NS_PER_MIN;
    struct workload *workload = open(&options);
    cr_assert(workload->tasks[5].claim_expires_ns - workload->tasks[5].intended_ns == 2 * NS_PER_MIN);
    workload_free(workload);
}

Test(workload, one_agent_has_nobody_to_cross_to)
{
    struct workload_options options = workload_defaults();
    options.agents = 1;
    options.cross_agent = 1;
    struct workload *workload = open(&options);
    for (uint32_t id = 1; id <= workload->task_count; id++) cr_assert(workload->tasks[id].agent == 0);
    workload_free(workload);
}

static void refuses(const struct workload_options *options, err code, const char *says)
{
    struct workload *workload;
    struct diag diag = {0};
    err e = workload_open(&workload, options, &diag);
    cr_expect(e == code && strstr(diag.text, says), "%s: %s", err_text(e), diag.text);
}

#define WITH(field, value, code, says)                                                                       \
    do {                                                                                                     \
        struct workload_options options = workload_defaults();                                               \
        options.field = value;                                                                               \
        refuses(&options, code, says);                                                                       \
    } while (0)

Test(workload, wrong_options_are_refused_with_what_would_be_right)
{
    WITH(agents, 0, ERR_RANGE, "--agents 0 is not in 1 .. 65536");
    WITH(agents, LIMIT_AGENTS + 1, ERR_RANGE, "--agents");
    WITH(cross_agent, 1.5, ERR_RANGE, "--cross-agent");
    WITH(cross_agent, NAN, ERR_RANGE, "--cross-agent");
    WITH(failure_chance, -.1, ERR_RANGE, "--inject-failures");
    WITH(failure_until_ns, -1, ERR_RANGE, "--inject-window");
    WITH(claim_ttl_ns, -1, ERR_RANGE, "--claim-ttl");
    WITH(snapshot_bytes, -1, ERR_RANGE, "snapshots");
    WITH(arrivals, "gamma:0", ERR_RANGE, "0.05 .. 20");
    WITH(arrivals, "gama:1", ERR_SYNTAX, "none of poisson, constant, gamma:CV");
    WITH(edges, "data=.5", ERR_RANGE, "must sum to 1");
    WITH(edges, "date=1", ERR_SYNTAX, "none of data=SHARE");
    WITH(depth, "uniform:5-1", ERR_RANGE, "uniform:1-5");
    WITH(shape, "ring", ERR_SYNTAX, "none of chain");
    WITH(execution, "fixed:soon", ERR_SYNTAX, "");
    WITH(pattern, "burst:10x", ERR_SYNTAX, "burst:10x:30s:every:2m");
    WITH(rate, NAN, ERR_RANGE, "--rate");
    WITH(duration_ns, 0, ERR_RANGE, "--duration");
}
