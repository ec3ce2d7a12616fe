/* sim/executor.c: one queue an agent, threaded through a table of tasks. */
#include "sim/executor.h"
#include "base/assert.h"
#include <stdlib.h>

enum state { ABSENT, QUEUED, RUNNING };
enum { NOBODY = 0 }; /* tasks count from 1 */

struct seat {
    uint64_t submission;
    int64_t ready_ns, execution_ns;
    uint32_t agent, before, after; /* neighbours in its agent's queue */
    uint32_t state;
};

struct agent {
    uint32_t running, first, last; /* of the queue */
};

struct executor {
    uint32_t slots, running, waiting, tasks, agent_count;
    struct agent *agents;
    struct seat seats[]; /* by task; seats[0] unused */
};

err executor_open(struct executor **out, const struct executor_options *options)
{
    size_t seats = (size_t)options->tasks + 1;
    struct executor *executor = calloc(1, sizeof *executor + seats * sizeof *executor->seats);
    struct agent *agents = calloc(options->agents ? options->agents : 1, sizeof *agents);
    if (!executor || !agents) {
        free(agents);
        free(executor);
        return ERR_NOMEM;
    }
    executor->slots = options->slots ? options->slots : UINT32_MAX;
    executor->tasks = options->tasks;
    executor->agent_count = options->agents;
    executor->agents = agents;
    *out = executor;
    return OK;
}

void executor_free(struct executor *executor)
{
    if (!executor) return;
    free(executor->agents);
    free(executor);
}

static bool is_before(const struct seat *a, const struct seat *b)
{
    return a->ready_ns != b->ready_ns ? a->ready_ns < b->ready_ns : a->submission < b->submission;
}

/* Time only goes on, so the walk from the end passes tasks of this very instant and no others. */
static void enqueue(struct executor *executor, uint32_t task)
{
    struct seat *seats = executor->seats, *seat = &seats[task];
    struct agent *agent = &executor->agents[seat->agent];
    uint32_t before = agent->last;
    while (before != NOBODY && is_before(seat, &seats[before])) before = seats[before].before;
    seat->before = before;
    seat->after = before == NOBODY ? agent->first : seats[before].after;
    *(before == NOBODY ? &agent->first : &seats[before].after) = task;
    *(seat->after == NOBODY ? &agent->last : &seats[seat->after].before) = task;
    seat->state = QUEUED;
    executor->waiting++;
}

static void dequeue(struct executor *executor, uint32_t task)
{
    struct seat *seats = executor->seats, *seat = &seats[task];
    struct agent *agent = &executor->agents[seat->agent];
    *(seat->before == NOBODY ? &agent->first : &seats[seat->before].after) = seat->after;
    *(seat->after == NOBODY ? &agent->last : &seats[seat->after].before) = seat->before;
    seat->state = ABSENT;
    executor->waiting--;
}

static void start(struct executor *executor, int64_t now_ns, uint32_t task, struct executor_start *out)
{
    struct seat *seat = &executor->seats[task];
    seat->state = RUNNING;
    executor->agents[seat->agent].running++;
    executor->running++;
    *out = (struct executor_start){.task = task, .finish_ns = ns_after(now_ns, seat->execution_ns)};
}

bool executor_submit(struct executor *executor, int64_t now_ns, const struct executor_task *task,
                     struct executor_start *out)
{
    ASSERT(task->task >= 1 && task->task <= executor->tasks);
    ASSERT(task->agent < executor->agent_count);
    ASSERT(executor->seats[task->task].state == ABSENT);
    executor->seats[task->task] = (struct seat){.submission = task->submission,
                                                .ready_ns = now_ns,
                                                .execution_ns = task->execution_ns,
                                                .agent = task->agent};
    if (executor->agents[task->agent].running < executor->slots) {
        start(executor, now_ns, task->task, out);
        return true;
    }
    enqueue(executor, task->task);
    return false;
}

bool executor_has(const struct executor *executor, uint32_t task)
{
    ASSERT(task >= 1 && task <= executor->tasks);
    return executor->seats[task].state != ABSENT;
}

bool executor_release(struct executor *executor, int64_t now_ns, uint32_t task, struct executor_start *out)
{
    ASSERT(task >= 1 && task <= executor->tasks);
    struct seat *seat = &executor->seats[task];
    struct agent *agent = &executor->agents[seat->agent];
    ASSERT(seat->state == RUNNING);
    seat->state = ABSENT;
    agent->running--;
    executor->running--;
    uint32_t next = agent->first;
    if (next == NOBODY) return false;
    dequeue(executor, next);
    start(executor, now_ns, next, out);
    return true;
}

enum executor_abort executor_abort(struct executor *executor, int64_t now_ns, uint32_t task, int64_t *ack_ns)
{
    ASSERT(task >= 1 && task <= executor->tasks);
    enum state state = executor->seats[task].state;
    if (state == ABSENT) return EXECUTOR_NOT_THERE;
    *ack_ns = ns_after(now_ns, EXECUTOR_ABORT_NS);
    if (state == RUNNING) return EXECUTOR_WAS_RUNNING;
    dequeue(executor, task);
    return EXECUTOR_WAS_QUEUED;
}

uint32_t executor_running(const struct executor *executor)
{
    return executor->running;
}

uint32_t executor_waiting(const struct executor *executor)
{
    return executor->waiting;
}
