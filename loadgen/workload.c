/* loadgen/workload.c: all draws of a workload, made once. */
#include "loadgen/workload.h"
#include "base/dist.h"
#include "base/limits.h"
#include "base/rng.h"
#include "base/units.h"
#include "loadgen/pattern.h"
#include "loadgen/shape.h"
#include "loadgen/text.h"
#include <stdlib.h>
#include <string.h>

enum arrivals { ARRIVALS_POISSON, ARRIVALS_CONSTANT, ARRIVALS_GAMMA };

enum { DRAW_WHETHER = 0, DRAW_STAGE = 1 }; /* of RNG_INJECTED_FAILURE */

/* The options, understood. */
struct recipe {
    const struct workload_options *options;
    struct rng rng;
    struct depth depth;
    struct shape shape;
    struct dist execution;
    struct pattern pattern;
    enum arrivals arrivals;
    double gamma_shape;
    double edge_shares[3]; /* by enum edge_kind */
};

struct rooms {
    uint32_t jobs, tasks, edges;
};

struct workload_options workload_defaults(void)
{
    return (struct workload_options){.duration_ns = NS_PER_MIN,
                                     .rate = 50,
                                     .pattern = "constant",
                                     .arrivals = "poisson",
                                     .depth = "uniform:1-5",
                                     .shape = "chain",
                                     .execution = "lognormal:200ms:0.5",
                                     .edges = "data=.85,order=.15",
                                     .agents = 50,
                                     .cross_agent = .02,
                                     .failure_until_ns = NEVER_NS,
                                     .snapshot_bytes = 8000000,
                                     .snapshot_sigma = .5,
                                     .seed = 1};
}

/* -- options -- */

static err arrivals_parse(struct recipe *recipe, struct diag *diag)
{
    const char *text = recipe->options->arrivals;
    const struct text_bounds bounds = {"--arrivals gamma:CV", 0.05, 20};
    double variation;
    if (strcmp(text, "poisson") == 0)
        recipe->arrivals = ARRIVALS_POISSON;
    else if (strcmp(text, "constant") == 0)
        recipe->arrivals = ARRIVALS_CONSTANT;
    else if (strncmp(text, "gamma:", 6) == 0) {
        TRY(text_number(text + 6, &bounds, &variation, diag));
        recipe->arrivals = ARRIVALS_GAMMA;
        recipe->gamma_shape = 1 / (variation * variation);
    } else {
        return diag_fail(diag, ERR_SYNTAX, "--arrivals: '%s' is none of poisson, constant, gamma:CV", text);
    }
    return OK;
}

static err execution_parse(struct recipe *recipe, struct diag *diag)
{
    struct diag why = {0};
    err e = dist_parse(&recipe->execution, recipe->options->execution, &why);
    return e == OK ? OK : diag_fail(diag, e == ERR_LIMIT ? ERR_IO : e, "--execution: %.400s", why.text);
}

static err options_check(const struct workload_options *options, struct diag *diag)
{
    if (options->agents < 1 || options->agents > LIMIT_AGENTS)
        return diag_fail(diag, ERR_RANGE, "--agents %u is not in 1 .. %d", options->agents, LIMIT_AGENTS);
    if (!(options->cross_agent >= 0 && options->cross_agent <= 1))
        return diag_fail(diag, ERR_RANGE, "--cross-agent %g is not in 0 .. 1", options->cross_agent);
    if (!(options->failure_chance >= 0 && options->failure_chance <= 1))
        return diag_fail(diag, ERR_RANGE, "--inject-failures %g is not in 0 .. 1", options->failure_chance);
    if (options->failure_from_ns > options->failure_until_ns)
        return diag_fail(diag, ERR_RANGE, "--inject-window ends before it begins; it must be FROM-UNTIL");
    if (options->claim_ttl_ns < 0) return diag_fail(diag, ERR_RANGE, "--claim-ttl must not be negative");
    if (options->snapshot_bytes < 0 || !(options->snapshot_sigma >= 0 && options->snapshot_sigma <= 3))
        return diag_fail(diag, ERR_RANGE,
                         "snapshots need a median of at least 0 bytes and a sigma in 0 .. 3");
    return OK;
}

static err recipe_read(struct recipe *recipe, struct diag *diag)
{
    const struct workload_options *options = recipe->options;
    const struct text_share edges[] = {{"data", &recipe->edge_shares[EDGE_DATA]},
                                       {"order", &recipe->edge_shares[EDGE_ORDER]},
                                       {"resource", &recipe->edge_shares[EDGE_RESOURCE]}};
    TRY(options_check(options, diag));
    TRY(arrivals_parse(recipe, diag));
    TRY(text_shares(&(struct text_share_set){"--edges", edges, 3}, options->edges, diag));
    TRY(depth_parse(&recipe->depth, options->depth, diag));
    TRY(shape_parse(&recipe->shape, options->shape, diag));
    TRY(execution_parse(recipe, diag));
    struct pattern_options pattern = {.text = options->pattern,
                                      .base_rate = options->rate,
                                      .tasks_per_job = shape_mean_tasks(&recipe->shape, &recipe->depth),
                                      .duration_ns = options->duration_ns};
    return pattern_parse(&recipe->pattern, &pattern, diag);
}

static void recipe_close(struct recipe *recipe)
{
    pattern_close(&recipe->pattern);
    dist_close(&recipe->execution);
    shape_close(&recipe->shape);
}

/* -- jobs and tasks -- */

/* From the arrival before to that of this job, in work: one job's worth on average. */
static u128 gap_work(const struct recipe *recipe, uint32_t job)
{
    struct draw draw = draw_at(&recipe->rng, RNG_ARRIVALS, job, 0);
    double gap = 1;
    if (recipe->arrivals == ARRIVALS_POISSON) gap = sample_exponential(&draw);
    if (recipe->arrivals == ARRIVALS_GAMMA)
        gap = sample_gamma(&draw, recipe->gamma_shape) / recipe->gamma_shape;
    if (recipe->arrivals == ARRIVALS_CONSTANT && job == 0) gap = 0.5;
    return (u128)(gap * (double)PATTERN_JOB_WORK);
}

static uint8_t draw_edge(const struct recipe *recipe, uint32_t task, uint32_t parent)
{
    struct draw draw = draw_at(&recipe->rng, RNG_EDGE_KIND, task, parent);
    double left = draw_unit(&draw) - recipe->edge_shares[EDGE_DATA];
    if (left < 0) return EDGE_DATA;
    /* Rounded shares may leave a crumb: it is an ORDER edge, or a DATA edge where there are none. */
    left -= recipe->edge_shares[EDGE_ORDER];
    if (left >= 0 && recipe->edge_shares[EDGE_RESOURCE] > 0) return EDGE_RESOURCE;
    return recipe->edge_shares[EDGE_ORDER] > 0 ? EDGE_ORDER : EDGE_DATA;
}

static uint8_t draw_failure(const struct recipe *recipe, uint32_t task, int64_t intended_ns)
{
    const struct workload_options *options = recipe->options;
    struct draw whether = draw_at(&recipe->rng, RNG_INJECTED_FAILURE, task, DRAW_WHETHER);
    struct draw stage = draw_at(&recipe->rng, RNG_INJECTED_FAILURE, task, DRAW_STAGE);
    bool is_inside = intended_ns >= options->failure_from_ns && intended_ns < options->failure_until_ns;
    if (!is_inside || draw_unit(&whether) >= options->failure_chance) return FAILURE_NONE;
    if (options->failure_stage == STAGE_PROOF) return FAILURE_PROOF;
    if (options->failure_stage == STAGE_CHAIN) return FAILURE_CHAIN;
    return draw_unit(&stage) < 0.5 ? FAILURE_PROOF : FAILURE_CHAIN;
}

static uint32_t draw_agent(const struct recipe *recipe, const struct workload *workload,
                           const struct workload_task *task, uint32_t id)
{
    const struct workload_options *options = recipe->options;
    if (task->parent_count == 0) {
        struct draw draw = draw_at(&recipe->rng, RNG_JOB_AGENT, task->job, 0);
        return (uint32_t)draw_below(&draw, options->agents);
    }
    uint32_t agent = workload->tasks[workload->parents[task->parent_begin]].agent;
    struct draw draw = draw_at(&recipe->rng, RNG_CROSS_AGENT, id, 0);
    if (options->agents == 1 || draw_unit(&draw) >= options->cross_agent) return agent;
    uint32_t other = (uint32_t)draw_below(&draw, options->agents - 1);
    return other + (other >= agent);
}

static void add_task(const struct recipe *recipe, struct workload *workload, const struct job_shape *shape,
                     uint32_t position)
{
    const struct workload_job *job = &workload->jobs[workload->job_count];
    uint32_t id = job->first_task + position;
    struct workload_task task = {.intended_ns = job->intended_ns,
                                 .job = workload->job_count,
                                 .parent_begin = workload->edge_count,
                                 .parent_count = shape->parent_counts[position],
                                 .depth = shape->depths[position],
                                 .failure = draw_failure(recipe, id, job->intended_ns),
                                 .claim_expires_ns = NEVER_NS,
                                 .rejection_draw = rng_u64(&recipe->rng, RNG_ORGANIC_FAILURE, id, 0)};
    for (uint32_t i = 0; i < task.parent_count; i++) {
        workload->parents[workload->edge_count] = job->first_task + shape->parents[position][i];
        workload->edges[workload->edge_count++] = draw_edge(recipe, id, i);
    }
    struct draw draw = draw_at(&recipe->rng, RNG_EXECUTION, id, 0);
    task.execution_ns = dist_sample_ns(&recipe->execution, &draw);
    draw = draw_at(&recipe->rng, RNG_SNAPSHOT_SIZE, id, 0);
    double median = (double)recipe->options->snapshot_bytes;
    task.snapshot_bytes = (uint64_t)(median * sample_lognormal(&draw, recipe->options->snapshot_sigma));
    if (recipe->options->claim_ttl_ns > 0)
        task.claim_expires_ns = ns_after(job->intended_ns, recipe->options->claim_ttl_ns);
    task.agent = draw_agent(recipe, workload, &task, id);
    workload->tasks[id] = task;
}

static err grow(void **array, uint32_t room, size_t size_bytes)
{
    void *grown = realloc(*array, room * size_bytes);
    if (!grown) return ERR_NOMEM;
    *array = grown;
    return OK;
}

/* Room for one more job of any shape. */
static err reserve(struct workload *workload, struct rooms *rooms, struct diag *diag)
{
    uint32_t edges = LIMIT_SHAPE_NODES * LIMIT_PARENTS;
    if (workload->task_count > LIMIT_WORKLOAD_TASKS - LIMIT_SHAPE_NODES)
        return diag_fail(diag, ERR_LIMIT, "more than %d tasks: lower --rate or --duration",
                         LIMIT_WORKLOAD_TASKS);
    if (workload->job_count == rooms->jobs)
        TRY(grow((void **)&workload->jobs, rooms->jobs *= 2, sizeof *workload->jobs));
    if (workload->task_count + 1 + LIMIT_SHAPE_NODES > rooms->tasks)
        TRY(grow((void **)&workload->tasks, rooms->tasks *= 2, sizeof *workload->tasks));
    if (workload->edge_count <= rooms->edges - edges) return OK;
    if (rooms->edges > UINT32_MAX / 2) return ERR_LIMIT;
    rooms->edges *= 2;
    TRY(grow((void **)&workload->parents, rooms->edges, sizeof *workload->parents));
    return grow((void **)&workload->edges, rooms->edges, sizeof *workload->edges);
}

static err fill(const struct recipe *recipe, struct workload *workload, struct rooms *rooms,
                struct diag *diag)
{
    u128 total = pattern_work(&recipe->pattern), work = gap_work(recipe, 0);
    uint32_t piece = 0;
    for (; work < total; work += gap_work(recipe, workload->job_count)) {
        struct job_shape shape;
        TRY(reserve(workload, rooms, diag));
        int64_t at_ns = pattern_at(&recipe->pattern, work, &piece);
        if (at_ns >= recipe->options->duration_ns) break; /* rounded up to the very end */
        struct draw draw = draw_at(&recipe->rng, RNG_JOB_SHAPE, workload->job_count, 0);
        shape_draw(&recipe->shape, &recipe->depth, &draw, &shape);
        workload->jobs[workload->job_count] = (struct workload_job){
            .intended_ns = at_ns, .first_task = workload->task_count + 1, .task_count = shape.count};
        for (uint32_t i = 0; i < shape.count; i++) add_task(recipe, workload, &shape, i);
        workload->task_count += shape.count;
        workload->job_count++;
    }
    return OK;
}

static err build(const struct recipe *recipe, struct workload **out, struct diag *diag)
{
    struct workload *workload = calloc(1, sizeof *workload);
    struct rooms rooms = {512, 1024, 4096};
    if (!workload) return ERR_NOMEM;
    workload->jobs = malloc(rooms.jobs * sizeof *workload->jobs);
    workload->tasks = malloc(rooms.tasks * sizeof *workload->tasks);
    workload->parents = malloc(rooms.edges * sizeof *workload->parents);
    workload->edges = malloc(rooms.edges * sizeof *workload->edges);
    bool has_room = workload->jobs && workload->tasks && workload->parents && workload->edges;
    err e = has_room ? fill(recipe, workload, &rooms, diag) : ERR_NOMEM;
    if (e != OK) {
        workload_free(workload);
        return e;
    }
    workload->tasks[0] = (struct workload_task){0}; /* nobody's: ids begin at 1 */
    workload->tasks_per_job = shape_mean_tasks(&recipe->shape, &recipe->depth);
    workload->offered_rate = pattern_mean_rate(&recipe->pattern) * workload->tasks_per_job;
    workload->burst_count = recipe->pattern.burst_count;
    workload->burst_first_ns = recipe->pattern.burst_first_ns;
    workload->burst_every_ns = recipe->pattern.burst_every_ns;
    workload->burst_ns = recipe->pattern.burst_ns;
    *out = workload;
    return OK;
}

err workload_open(struct workload **out, const struct workload_options *options, struct diag *diag)
{
    struct recipe recipe = {.options = options, .rng = rng_keyed(options->seed, options->replication)};
    err e = recipe_read(&recipe, diag);
    if (e == OK) e = build(&recipe, out, diag);
    recipe_close(&recipe);
    return e;
}

/* Expected tasks; what is drawn may still be more, and hits the limit then. */
static err size_check(const struct recipe *recipe, struct diag *diag)
{
    double jobs = (double)pattern_work(&recipe->pattern) / (double)PATTERN_JOB_WORK;
    double tasks = jobs * shape_mean_tasks(&recipe->shape, &recipe->depth);
    if (tasks <= LIMIT_WORKLOAD_TASKS) return OK;
    return diag_fail(diag, ERR_RANGE,
                     "--rate and --duration ask for %.0f tasks, at most %d: lower one of them", tasks,
                     LIMIT_WORKLOAD_TASKS);
}

err workload_check(const struct workload_options *options, struct diag *diag)
{
    struct recipe recipe = {.options = options, .rng = rng_keyed(options->seed, options->replication)};
    err e = recipe_read(&recipe, diag);
    if (e == OK) e = size_check(&recipe, diag);
    recipe_close(&recipe);
    return e;
}

void workload_free(struct workload *workload)
{
    if (!workload) return;
    free(workload->edges);
    free(workload->parents);
    free(workload->tasks);
    free(workload->jobs);
    free(workload);
}
