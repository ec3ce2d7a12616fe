/* tests/unit/test_trace.c: a viewer could draw it, and it shows what took place. */
#include "base/assert.h"
#include "base/file.h"
#include "base/json.h"
#include "tests/lib/sim_fixture.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LANES_MAX = 512, AGENTS = 30 };

/* Tests run side by side, each in a process of its own. */
static const char *trace_path(void)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/agenc-trace-%ld.json", (long)getpid());
    return path;
}

struct lane {
    bool is_named, is_open;
    int64_t until_ns; /* the end of what was drawn last */
    uint32_t task;
};

struct seen { /* of one task */
    int64_t execute_ns, executed_ns;
    uint32_t slices, begins, ends, arrows;
    bool has_confirm, has_roll_back, has_queued, has_generating;
    char status[32];
};

struct picture {
    struct json *json;
    struct lane lanes[AGENTS + 1][LANES_MAX];
    struct seen *tasks;
    uint32_t counters;
    const struct workload *workload;
};

static int64_t ns_of(const struct json_node *event, const char *key)
{
    double us;
    cr_assert(eq(int, json_get_number(event, key, &us, NULL), OK));
    return (int64_t)llround(us * 1000);
}

static uint64_t number_of(const struct json_node *object, const char *key)
{
    uint64_t value;
    cr_assert(eq(int, json_get_u64(object, key, &value, NULL), OK), "%s", key);
    return value;
}

static const char *text_of(const struct json_node *object, const char *key)
{
    const char *text;
    cr_assert(eq(int, json_get_text(object, key, &text, NULL), OK), "%s", key);
    return text;
}

static struct json_node args_of(const struct json_node *event)
{
    struct json_node args;
    cr_assert(eq(int, json_get_object(event, "args", &args, NULL), OK));
    return args;
}

static struct lane *lane_of(struct picture *picture, const struct json_node *event)
{
    uint64_t agent = number_of(event, "pid"), lane = number_of(event, "tid");
    cr_assert(agent >= 1 && agent <= AGENTS && lane >= 1 && lane < LANES_MAX);
    cr_assert(picture->lanes[agent][lane].is_named);
    for (uint64_t lower = 1; lower < lane; lower++)
        cr_assert(picture->lanes[agent][lower].is_named, "lane %d before %d", (int)lower, (int)lane);
    return &picture->lanes[agent][lane];
}

static void see_begin(struct picture *picture, const struct json_node *event)
{
    struct lane *lane = lane_of(picture, event);
    struct json_node args = args_of(event);
    uint64_t agent = number_of(event, "pid");
    cr_assert(lane->is_open == false && ns_of(event, "ts") >= lane->until_ns);
    for (uint64_t lower = 1; lower < number_of(event, "tid"); lower++)
        cr_assert(picture->lanes[agent][lower].is_open, "a smaller lane was free");
    lane->is_open = true;
    lane->until_ns = ns_of(event, "ts");
    lane->task = (uint32_t)number_of(&args, "task");
    if (lane->task <= picture->workload->task_count)
        cr_assert(eq(i64, lane->until_ns, picture->workload->tasks[lane->task].intended_ns));
    picture->tasks[lane->task].begins++;
}

static void see_slice(struct picture *picture, const struct json_node *event)
{
    struct lane *lane = lane_of(picture, event);
    struct json_node args = args_of(event);
    struct seen *task = &picture->tasks[lane->task];
    const char *name = text_of(event, "name");
    int64_t from_ns = ns_of(event, "ts"), until_ns = from_ns + ns_of(event, "dur");
    cr_assert(lane->is_open && from_ns >= lane->until_ns, "task %u: %s overlaps", lane->task, name);
    cr_assert(eq(u64, number_of(&args, "task"), lane->task));
    lane->until_ns = until_ns;
    task->slices++;
    if (strcmp(name, "execute") == 0) {
        task->execute_ns = from_ns;
        task->executed_ns = until_ns;
        cr_assert(json_has(&args, "bond_lamports") && json_has(&args, "depth"));
    }
    if (strcmp(name, "wait") == 0) cr_assert(ne(str, (char *)text_of(&args, "reason"), "none"));
    if (strcmp(name, "roll back") == 0) cr_assert(gt(sz, strlen(text_of(&args, "reason")), 0));
    task->has_confirm |= strcmp(name, "confirm") == 0;
    task->has_roll_back |= strcmp(name, "roll back") == 0;
    task->has_queued |= strcmp(name, "prove: queued") == 0;
    task->has_generating |= strcmp(name, "prove: generating") == 0;
}

static void see_end(struct picture *picture, const struct json_node *event)
{
    struct lane *lane = lane_of(picture, event);
    struct json_node args = args_of(event);
    cr_assert(lane->is_open && ns_of(event, "ts") >= lane->until_ns);
    lane->is_open = false;
    lane->until_ns = ns_of(event, "ts");
    snprintf(picture->tasks[lane->task].status, sizeof picture->tasks->status, "%s",
             text_of(&args, "status"));
    picture->tasks[lane->task].ends++;
}

static uint32_t child_of(const struct workload *workload, uint32_t edge)
{
    uint32_t child = 1;
    while (workload->tasks[child].parent_begin + workload->tasks[child].parent_count <= edge) child++;
    return child;
}

/* The start ('s') lies in an execution of the parent, the finish ('f') at the beginning of the child's. */
static void see_arrow(struct picture *picture, const struct json_node *event, bool is_start)
{
    static int64_t start_ns;
    static uint64_t started;
    const struct workload *workload = picture->workload;
    uint32_t id = (uint32_t)number_of(event, "id"), edge = (id - 1) % workload->edge_count;
    uint32_t again = id > workload->edge_count ? workload->task_count : 0;
    struct seen *child = &picture->tasks[child_of(workload, edge) + again];
    int64_t at_ns = ns_of(event, "ts");
    (void)lane_of(picture, event);
    if (is_start) {
        const struct seen *parent = &picture->tasks[workload->parents[edge]];
        const struct seen *parent_again = parent + workload->task_count;
        bool is_inside = at_ns >= parent->execute_ns && at_ns < parent->executed_ns;
        bool is_inside_again = at_ns >= parent_again->execute_ns && at_ns < parent_again->executed_ns;
        cr_assert(is_inside || is_inside_again);
        start_ns = at_ns;
        started = id;
        return;
    }
    cr_assert(eq(u64, id, started));
    cr_assert(eq(i64, at_ns, child->execute_ns));
    cr_assert(lt(i64, start_ns, at_ns), "an arrow starts before it ends");
    child->arrows++;
}

static void see_name(struct picture *picture, const struct json_node *event)
{
    if (strcmp(text_of(event, "name"), "thread_name") != 0) return;
    picture->lanes[number_of(event, "pid")][number_of(event, "tid")].is_named = true;
}

static void see(struct picture *picture, const struct json_node *event)
{
    switch (text_of(event, "ph")[0]) {
    case 'M': see_name(picture, event); break;
    case 'B': see_begin(picture, event); break;
    case 'X': see_slice(picture, event); break;
    case 'E': see_end(picture, event); break;
    case 's': see_arrow(picture, event, true); break;
    case 'f': see_arrow(picture, event, false); break;
    case 'C': picture->counters++; break;
    case 'i': (void)lane_of(picture, event); break;
    default: cr_assert(false, "unknown phase");
    }
}

static struct picture *picture_of(const struct workload *workload)
{
    struct picture *picture = calloc(1, sizeof *picture);
    struct diag diag = {0};
    struct json_node events, root;
    cr_assert(ne(ptr, picture, NULL));
    picture->workload = workload;
    picture->tasks = calloc(2 * workload->task_count + 1u, sizeof *picture->tasks);
    cr_assert(ne(ptr, picture->tasks, NULL));
    cr_assert(eq(int, json_read_file(&picture->json, trace_path(), &diag), OK), "%s", diag.text);
    root = json_root(picture->json);
    cr_assert(eq(int, json_get_array(&root, "traceEvents", &events, &diag), OK), "%s", diag.text);
    for (size_t i = 0; i < json_count(&events); i++) {
        struct json_node event = json_item(&events, i);
        see(picture, &event);
    }
    return picture;
}

static void close_picture(struct picture *picture)
{
    json_free(picture->json);
    free(picture->tasks);
    free(picture);
    unlink(trace_path());
}

static struct sim_fixture *traced(int64_t duration_ns, double rate)
{
    struct sim_fixture *fixture = sim_fixture_new();
    fixture->trace_path = trace_path();
    fixture->agents = fixture->workload.agents = AGENTS;
    fixture->workload.duration_ns = duration_ns;
    fixture->workload.rate = rate;
    fixture->settings.max_stake_lamports = INT64_C(1000000000000);
    return fixture;
}

Test(trace, shows_each_task_once_with_its_stages_in_a_lane_of_its_own)
{
    struct sim_fixture *fixture = traced(20 * NS_PER_S, 20);
    fixture->workload.failure_chance = 0.1;
    sim_fixture_run(fixture, 7, 0);
    struct picture *picture = picture_of(fixture->tasks);
    uint32_t rolled_back = 0, confirmed = 0, arrows = 0;
    for (uint32_t id = 1; id <= fixture->tasks->task_count; id++) {
        const struct seen *seen = &picture->tasks[id];
        const struct task_moments *moments = &fixture->outcome.moments[id];
        cr_assert(seen->begins == 1 && seen->ends == 1, "task %u", id);
        rolled_back += strcmp(seen->status, "rolled_back") == 0 && seen->has_roll_back;
        arrows += seen->arrows;
        if (moments->result_ns != NEVER_NS) {
            cr_assert(eq(i64, seen->executed_ns, moments->result_ns), "task %u", id);
            cr_assert(eq(u32, seen->arrows, fixture->tasks->tasks[id].parent_count));
        }
        if (moments->confirmed_ns == NEVER_NS) continue;
        confirmed++;
        cr_assert(eq(str, (char *)seen->status, "confirmed"));
        cr_assert(seen->has_generating && seen->has_confirm, "task %u", id);
    }
    cr_assert(confirmed > 100 && rolled_back > 10 && arrows > 100, "%u %u %u", confirmed, rolled_back,
              arrows);
    cr_assert(gt(u32, picture->counters, 100));
    close_picture(picture);
    sim_fixture_free(fixture);
}

Test(trace, shows_what_is_submitted_once_more)
{
    struct sim_fixture *fixture = traced(20 * NS_PER_S, 20);
    fixture->workload.failure_chance = 0.1;
    fixture->resubmits = true;
    sim_fixture_run(fixture, 7, 0);
    struct picture *picture = picture_of(fixture->tasks);
    uint32_t count = fixture->tasks->task_count, again = 0, arrows = 0;
    for (uint32_t id = count + 1; id <= 2 * count; id++) {
        again += picture->tasks[id].begins;
        arrows += picture->tasks[id].arrows;
        cr_assert(eq(u32, picture->tasks[id].begins, picture->tasks[id].ends));
    }
    cr_assert(gt(u32, again, 20));
    cr_assert(gt(u32, arrows, 10));
    close_picture(picture);
    sim_fixture_free(fixture);
}

Test(trace, tells_queued_from_generating_when_workers_are_few)
{
    struct sim_fixture *fixture = traced(10 * NS_PER_S, 10);
    fixture->settings.worker_threads = 1;
    sim_fixture_run(fixture, 1, 0);
    struct picture *picture = picture_of(fixture->tasks);
    uint32_t queued = 0;
    for (uint32_t id = 1; id <= fixture->tasks->task_count; id++) queued += picture->tasks[id].has_queued;
    cr_assert(gt(u32, queued, fixture->tasks->task_count / 2));
    close_picture(picture);
    sim_fixture_free(fixture);
}

Test(trace, does_not_change_the_run)
{
    struct sim_fixture *fixture = traced(5 * NS_PER_S, 20);
    sim_fixture_run(fixture, 3, 0);
    uint64_t traced_hash = fixture->outcome.metrics.trajectory_hash;
    fixture->trace_path = NULL;
    sim_fixture_run(fixture, 3, 0);
    cr_assert(eq(u64, fixture->outcome.metrics.trajectory_hash, traced_hash));
    sim_fixture_free(fixture);
    unlink(trace_path());
}

Test(trace, draws_a_bounded_number_of_tasks_and_says_how_many_it_left_out)
{
    struct sim_fixture *fixture = traced(3 * NS_PER_S, 8000);
    char note[128];
    sim_fixture_run(fixture, 1, 0);
    cr_assert(gt(u32, fixture->tasks->task_count, TRACE_TASKS_MAX));
    struct file_bytes file;
    cr_assert(eq(int, file_read(trace_path(), 1 << 28, &file, NULL), OK));
    cr_assert(ne(ptr, strstr(file.text, "\"task 20000\""), NULL));
    cr_assert(eq(ptr, strstr(file.text, "\"task 20001\""), NULL));
    snprintf(note, sizeof note, "the first %d tasks are drawn, %llu more are not", TRACE_TASKS_MAX,
             (unsigned long long)fixture->outcome.metrics.tasks.submitted - TRACE_TASKS_MAX);
    cr_assert(ne(ptr, strstr(file.text, note), NULL), "%s", note);
    free(file.text);
    unlink(trace_path());
    sim_fixture_free(fixture);
}

Test(trace, fails_where_it_cannot_write_and_leaves_nothing_when_abandoned)
{
    struct workload_options options = workload_defaults();
    struct workload *workload;
    struct trace *trace = NULL;
    struct diag diag = {0};
    options.duration_ns = NS_PER_S;
    cr_assert(eq(int, workload_open(&workload, &options, NULL), OK));
    cr_assert(eq(int, trace_open(&trace, "no-such-folder/trace.json", workload, &diag), ERR_IO));
    cr_assert(ne(ptr, strstr(diag.text, "no-such-folder/trace.json"), NULL), "%s", diag.text);
    cr_assert(eq(int, trace_open(&trace, "/dev/full", workload, NULL), OK));
    diag = (struct diag){0};
    cr_assert(eq(int, trace_close(trace, &diag), ERR_IO));
    cr_assert(ne(ptr, strstr(diag.text, "/dev/full"), NULL), "%s", diag.text);
    cr_assert(eq(int, trace_open(&trace, trace_path(), workload, NULL), OK));
    trace_abandon(trace);
    trace_abandon(NULL);
    cr_assert(ne(int, access(trace_path(), F_OK), 0));
    workload_free(workload);
}
