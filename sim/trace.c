/* sim/trace.c: notes of the engine become slices, arrows and counters.
 *
 * A stage's slice is written when the stage is over, a task's as a begin and an
 * end; viewers sort by time and keep the order of the file among equals, so
 * what encloses is always written before what it encloses, and an arrow after
 * the slices at both its ends. */
#include "sim/trace.h"
#include "base/assert.h"
#include "base/file.h"
#include "loadgen/recorder.h"
#include <stdlib.h>
#include <string.h>

enum slice {
    SLICE_NONE,
    SLICE_WAIT,
    SLICE_EXECUTE,
    SLICE_HELD_BACK, /* executed, but its proof may not be queued: no room, or not before its ancestors */
    SLICE_QUEUED,
    SLICE_GENERATING,
    SLICE_AWAIT,
    SLICE_SUBMIT,
    SLICE_CONFIRM,
    SLICE_ROLL_BACK,
};

static const char *const SLICE_NAMES[] = {
    [SLICE_WAIT] = "wait",
    [SLICE_EXECUTE] = "execute",
    [SLICE_HELD_BACK] = "held back",
    [SLICE_QUEUED] = "prove: queued",
    [SLICE_GENERATING] = "prove: generating",
    [SLICE_AWAIT] = "await ancestors",
    [SLICE_SUBMIT] = "submit",
    [SLICE_CONFIRM] = "confirm",
    [SLICE_ROLL_BACK] = "roll back",
};

/* What a task does while it has this status; nothing any more where it is not named. */
static const unsigned char SLICE_OF_STATUS[TASK_STATUS_COUNT] = {
    [TASK_PENDING] = SLICE_WAIT,        [TASK_EXECUTING] = SLICE_EXECUTE,
    [TASK_EXECUTED] = SLICE_HELD_BACK,  [TASK_PROOF_PENDING] = SLICE_QUEUED,
    [TASK_SUBMITTING] = SLICE_SUBMIT,   [TASK_AWAITING_ANCESTORS] = SLICE_AWAIT,
    [TASK_CONFIRMING] = SLICE_CONFIRM,  [TASK_FAILED] = SLICE_ROLL_BACK,
    [TASK_CANCELLED] = SLICE_ROLL_BACK, [TASK_EXPIRED] = SLICE_ROLL_BACK,
};

enum trace_counter {
    COUNTER_ACTIVE,
    COUNTER_BACKLOG,
    COUNTER_PROOF_QUEUE,
    COUNTER_LOCKED,
    COUNTER_MEMORY,
    COUNTER_COUNT,
};

static const char *const COUNTER_NAMES[COUNTER_COUNT] = {
    [COUNTER_ACTIVE] = "active speculative tasks", [COUNTER_BACKLOG] = "backlog",
    [COUNTER_PROOF_QUEUE] = "proof queue",         [COUNTER_LOCKED] = "locked stake (lamports)",
    [COUNTER_MEMORY] = "memory (bytes)",
};

struct trace_task {
    int64_t since_ns;                          /* of its stage */
    int64_t execute_from_ns, execute_until_ns; /* NEVER_NS: not yet */
    uint64_t bond_lamports, slashed_lamports;
    uint32_t agent, lane, depth, victims;
    uint8_t slice, status, reason, wait_reason; /* reason: REASON_COUNT is none */
    bool is_open, is_admitted;
};

/* Lanes of one agent: which are taken, and how many were named so far. */
struct trace_agent {
    uint64_t *taken; /* bit set */
    uint32_t words, named;
};

enum { LANES_IN_WORD = 64, ENGINE_PID = 0 }; /* agents' process ids begin at 1 */

struct trace {
    struct file_writer file;
    const struct workload *workload;
    struct trace_task *tasks; /* by id */
    struct trace_agent *agents;
    uint32_t drawn; /* ids up to this */
    uint32_t agent_count, open_count;
    uint64_t seen, left_out;
    int64_t now_ns;
    uint64_t counters[COUNTER_COUNT]; /* as written last */
    bool has_counters, has_events;
    err failure;
};

/* ---- the file ---- */

static FILE *begin_event(struct trace *trace)
{
    fputs(trace->has_events ? ",\n" : "\n", trace->file.stream);
    trace->has_events = true;
    return trace->file.stream;
}

static void print_us(FILE *out, const char *key, int64_t time_ns)
{
    fprintf(out, ",\"%s\":%lld.%03lld", key, (long long)(time_ns / NS_PER_US),
            (long long)(time_ns % NS_PER_US));
}

static FILE *begin_task_event(struct trace *trace, char phase, const struct trace_task *task, int64_t at_ns)
{
    FILE *out = begin_event(trace);
    fprintf(out, "{\"ph\":\"%c\",\"pid\":%u,\"tid\":%u", phase, task->agent + 1, task->lane + 1);
    print_us(out, "ts", at_ns);
    return out;
}

/* ---- lanes ---- */

static void name_process(struct trace *trace, uint32_t pid, const char *name)
{
    fprintf(begin_event(trace),
            "{\"ph\":\"M\",\"pid\":%u,\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":\"%s\"}}", pid,
            name);
    fprintf(
        begin_event(trace),
        "{\"ph\":\"M\",\"pid\":%u,\"tid\":0,\"name\":\"process_sort_index\",\"args\":{\"sort_index\":%u}}",
        pid, pid);
}

static void name_lane(struct trace *trace, uint32_t agent, uint32_t lane)
{
    FILE *out = begin_event(trace);
    fprintf(out,
            "{\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"name\":\"thread_name\",\"args\":{\"name\":\"lane %u\"}}",
            agent + 1, lane + 1, lane + 1);
    out = begin_event(trace);
    fprintf(
        out,
        "{\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":%u}}",
        agent + 1, lane + 1, lane + 1);
}

static bool has_agent(struct trace *trace, uint32_t agent)
{
    if (agent < trace->agent_count) return true;
    struct trace_agent *agents = realloc(trace->agents, (agent + 1u) * sizeof *agents);
    if (!agents) return false;
    trace->agents = agents;
    for (uint32_t i = trace->agent_count; i <= agent; i++) {
        char name[32];
        agents[i] = (struct trace_agent){0};
        snprintf(name, sizeof name, "agent-%03u", i + 1);
        name_process(trace, i + 1, name);
    }
    trace->agent_count = agent + 1;
    return true;
}

static bool has_lanes_left(struct trace_agent *agent, uint32_t word)
{
    if (word < agent->words) return true;
    uint64_t *taken = realloc(agent->taken, (word + 1u) * sizeof *taken);
    if (!taken) return false;
    taken[word] = 0;
    agent->taken = taken;
    agent->words = word + 1;
    return true;
}

static bool take_lane(struct trace *trace, uint32_t agent_index, uint32_t *lane)
{
    uint32_t word = 0;
    if (!has_agent(trace, agent_index)) return false;
    struct trace_agent *agent = &trace->agents[agent_index];
    while (word < agent->words && agent->taken[word] == UINT64_MAX) word++;
    if (!has_lanes_left(agent, word)) return false;
    uint32_t bit = (uint32_t)__builtin_ctzll(~agent->taken[word]);
    agent->taken[word] |= UINT64_C(1) << bit;
    *lane = word * LANES_IN_WORD + bit;
    while (agent->named <= *lane) name_lane(trace, agent_index, agent->named++);
    return true;
}

static void free_lane(struct trace *trace, const struct trace_task *task)
{
    trace->agents[task->agent].taken[task->lane / LANES_IN_WORD] &=
        ~(UINT64_C(1) << task->lane % LANES_IN_WORD);
}

/* ---- slices and arrows ---- */

static uint32_t id_of(const struct trace *trace, const struct trace_task *task)
{
    return (uint32_t)(task - trace->tasks);
}

static const struct workload_task *planned_of(const struct trace *trace, const struct trace_task *task)
{
    return &trace->workload->tasks[recorder_original(trace->workload, id_of(trace, task))];
}

/* The parent's last incarnation (recorder_original) that was there when the child began; NULL: none is drawn.
 */
static const struct trace_task *parent_of(const struct trace *trace, uint64_t id,
                                          const struct trace_task *child)
{
    uint64_t retry = id + trace->workload->task_count;
    if (retry <= trace->drawn && trace->tasks[retry].execute_from_ns <= child->execute_from_ns)
        return &trace->tasks[retry];
    ASSERT(id <= trace->drawn); /* parents have smaller ids */
    return trace->tasks[id].execute_from_ns <= child->execute_from_ns ? &trace->tasks[id] : NULL;
}

/* From the last moment of the parent's execution that lies before the child's. */
static void draw_arrow(struct trace *trace, uint64_t arrow, const struct trace_task *parent,
                       const struct trace_task *child)
{
    int64_t leaves_ns = parent->execute_until_ns;
    if (leaves_ns > child->execute_from_ns) leaves_ns = child->execute_from_ns;
    if (leaves_ns > parent->execute_from_ns) leaves_ns--; /* a slice does not contain its end */
    FILE *out = begin_task_event(trace, 's', parent, leaves_ns);
    fprintf(out, ",\"id\":%llu,\"cat\":\"output\",\"name\":\"output\"}", (unsigned long long)arrow);
    out = begin_task_event(trace, 'f', child, child->execute_from_ns);
    fprintf(out, ",\"id\":%llu,\"bp\":\"e\",\"cat\":\"output\",\"name\":\"output\"}",
            (unsigned long long)arrow);
}

/* An arrow's number is that of its edge in the workload; retries' come behind. */
static void draw_arrows(struct trace *trace, const struct trace_task *child)
{
    const struct workload *workload = trace->workload;
    const struct workload_task *planned = planned_of(trace, child);
    uint64_t first = 1u + planned->parent_begin;
    if (id_of(trace, child) > workload->task_count) first += workload->edge_count;
    for (uint32_t i = 0; i < planned->parent_count; i++) {
        uint32_t id = workload->parents[planned->parent_begin + i];
        const struct trace_task *parent = parent_of(trace, id, child);
        if (parent) draw_arrow(trace, first + i, parent, child);
    }
}

static void print_slice_args(FILE *out, const struct trace *trace, const struct trace_task *task)
{
    fprintf(out, ",\"args\":{\"task\":%u", id_of(trace, task));
    if (task->is_admitted)
        fprintf(out, ",\"depth\":%u,\"bond_lamports\":%llu", task->depth,
                (unsigned long long)task->bond_lamports);
    if (task->slice == SLICE_WAIT)
        fprintf(out, ",\"reason\":\"%s\"", wait_reason_name((enum wait_reason)task->wait_reason));
    if (task->slice == SLICE_ROLL_BACK)
        fprintf(out, ",\"reason\":\"%s\",\"victims\":%u",
                rollback_reason_name((enum rollback_reason)task->reason), task->victims);
    fputs("}}", out);
}

/* Ends the stage. What took no time is not drawn, but for an execution: it carries the arrows. */
static void end_slice(struct trace *trace, struct trace_task *task)
{
    if (task->slice == SLICE_NONE) return;
    if (trace->now_ns > task->since_ns || task->slice == SLICE_EXECUTE) {
        FILE *out = begin_task_event(trace, 'X', task, task->since_ns);
        print_us(out, "dur", trace->now_ns - task->since_ns);
        fprintf(out, ",\"cat\":\"stage\",\"name\":\"%s\"", SLICE_NAMES[task->slice]);
        print_slice_args(out, trace, task);
    }
    if (task->slice == SLICE_EXECUTE) {
        task->execute_until_ns = trace->now_ns;
        draw_arrows(trace, task);
    }
    task->slice = SLICE_NONE;
}

static void begin_slice(struct trace *trace, struct trace_task *task, enum slice slice)
{
    if (task->slice == (uint8_t)slice) return;
    end_slice(trace, task);
    task->slice = (uint8_t)slice;
    task->since_ns = trace->now_ns;
    if (slice == SLICE_EXECUTE) task->execute_from_ns = trace->now_ns;
}

static void begin_task(struct trace *trace, struct trace_task *task, uint32_t agent)
{
    uint32_t lane;
    if (!take_lane(trace, agent, &lane)) {
        trace->failure = ERR_NOMEM;
        return;
    }
    *task = (struct trace_task){
        .agent = agent,
        .lane = lane,
        .reason = REASON_COUNT,
        .execute_from_ns = NEVER_NS,
        .execute_until_ns = NEVER_NS,
        .is_open = true,
    };
    trace->open_count++;
    trace->seen++;
    FILE *out = begin_task_event(trace, 'B', task, trace->now_ns);
    uint32_t id = id_of(trace, task);
    fprintf(out, ",\"cat\":\"task\",\"name\":\"task %u\",\"args\":{\"task\":%u,\"job\":%u}}", id, id,
            planned_of(trace, task)->job);
    begin_slice(trace, task, SLICE_WAIT);
}

static void end_task(struct trace *trace, struct trace_task *task)
{
    end_slice(trace, task);
    FILE *out = begin_task_event(trace, 'E', task, trace->now_ns);
    fprintf(out, ",\"args\":{\"status\":\"%s\"", task_status_name((enum task_status)task->status));
    if (task->reason != REASON_COUNT)
        fprintf(out, ",\"reason\":\"%s\",\"slashed_lamports\":%llu",
                rollback_reason_name((enum rollback_reason)task->reason),
                (unsigned long long)task->slashed_lamports);
    fputs("}}", out);
    free_lane(trace, task);
    task->is_open = false;
    trace->open_count--;
}

/* A failure that takes no time to undo would be invisible without a mark. */
static void mark_failure(struct trace *trace, const struct trace_task *task)
{
    FILE *out = begin_task_event(trace, 'i', task, trace->now_ns);
    fprintf(out, ",\"s\":\"t\",\"cat\":\"failure\",\"name\":\"%s: %s\",\"args\":{\"task\":%u}}",
            task_status_name((enum task_status)task->status),
            rollback_reason_name((enum rollback_reason)task->reason), id_of(trace, task));
}

/* ---- effects ---- */

static void see_status(struct trace *trace, struct trace_task *task, const struct effect *effect)
{
    enum task_status to = effect->u.status.to;
    bool is_victim = to == TASK_ROLLED_BACK || effect->u.status.reason == REASON_ANCESTOR_FAILED;
    task->status = (uint8_t)to;
    if (task_status_is_terminal(to)) task->reason = (uint8_t)effect->u.status.reason;
    if (to == TASK_CONFIRMED || is_victim) {
        end_task(trace, task);
        return;
    }
    begin_slice(trace, task, (enum slice)SLICE_OF_STATUS[to]);
    if (task_status_is_terminal(to)) mark_failure(trace, task);
}

static void see_wait(struct trace *trace, struct trace_task *task, const struct effect *effect)
{
    if (task->slice == SLICE_WAIT) end_slice(trace, task);
    task->wait_reason = (uint8_t)effect->u.wait.reason;
    if (effect->u.wait.reason != WAIT_NONE) begin_slice(trace, task, SLICE_WAIT);
}

static void see_admitted(struct trace *trace, struct trace_task *task, const struct effect *effect)
{
    (void)trace;
    task->is_admitted = true;
    task->depth = effect->u.admitted.depth;
    task->bond_lamports = effect->u.admitted.bond_lamports;
}

static void see_prove(struct trace *trace, struct trace_task *task, const struct effect *effect)
{
    (void)effect;
    begin_slice(trace, task, SLICE_GENERATING);
}

/* Timed out, it is queued again; otherwise the next note says what became of the task. */
static void see_cancelled_proof(struct trace *trace, struct trace_task *task, const struct effect *effect)
{
    (void)effect;
    if (task->slice == SLICE_GENERATING) begin_slice(trace, task, SLICE_QUEUED);
}

/* A victim's turn begins with the first thing that its clean-up asks for. */
static void see_clean_up(struct trace *trace, struct trace_task *task, const struct effect *effect)
{
    (void)effect;
    if (task->reason == REASON_COUNT) task->reason = REASON_ANCESTOR_FAILED;
    begin_slice(trace, task, SLICE_ROLL_BACK);
}

static void see_settled(struct trace *trace, struct trace_task *task, const struct effect *effect)
{
    (void)trace;
    task->slashed_lamports = effect->u.settled.slashed_lamports;
}

static void see_rollback_end(struct trace *trace, struct trace_task *task, const struct effect *effect)
{
    task->victims = effect->u.rollback.size;
    end_task(trace, task);
}

static void (*const SEES[EFFECT_KIND_COUNT])(struct trace *trace, struct trace_task *task,
                                             const struct effect *effect) = {
    [NOTE_STATUS] = see_status,      [NOTE_WAIT] = see_wait,
    [NOTE_ADMITTED] = see_admitted,  [EFFECT_PROVE] = see_prove,
    [EFFECT_ABORT] = see_clean_up,   [EFFECT_CANCEL_PROOF] = see_cancelled_proof,
    [EFFECT_RESTORE] = see_clean_up, [NOTE_ROLLBACK_END] = see_rollback_end,
    [NOTE_SETTLED] = see_settled,
};

static bool is_arrival(const struct effect *effect)
{
    return effect->kind == NOTE_STATUS && effect->u.status.to == TASK_PENDING;
}

void trace_effect(struct trace *trace, int64_t now_ns, const struct effect *effect)
{
    ASSERT(now_ns >= trace->now_ns);
    trace->now_ns = now_ns;
    if (effect->task_id == 0 || trace->failure != OK) return;
    if (effect->task_id > trace->drawn) {
        trace->left_out += is_arrival(effect);
        return;
    }
    struct trace_task *task = &trace->tasks[effect->task_id];
    if (is_arrival(effect))
        begin_task(trace, task, effect->agent);
    else if (task->is_open && SEES[effect->kind])
        SEES[effect->kind](trace, task, effect);
}

/* ---- counters ---- */

void trace_sample(struct trace *trace, int64_t now_ns, const struct engine *engine)
{
    const struct engine_stats *stats = engine_statistics(engine);
    const uint64_t now[COUNTER_COUNT] = {
        [COUNTER_ACTIVE] = stats->speculative_active,         [COUNTER_BACKLOG] = recorder_backlog(stats),
        [COUNTER_PROOF_QUEUE] = stats->proof_queue_depth,     [COUNTER_LOCKED] = stats->locked_lamports,
        [COUNTER_MEMORY] = engine_memory_usage(engine).total,
    };
    if (trace->left_out && trace->open_count == 0) return; /* nothing else is drawn from here on */
    for (int i = 0; i < COUNTER_COUNT; i++) {
        if (trace->has_counters && now[i] == trace->counters[i]) continue;
        FILE *out = begin_event(trace);
        fprintf(out, "{\"ph\":\"C\",\"pid\":%u,\"tid\":0", ENGINE_PID);
        print_us(out, "ts", now_ns);
        fprintf(out, ",\"name\":\"%s\",\"args\":{\"value\":%llu}}", COUNTER_NAMES[i],
                (unsigned long long)now[i]);
        trace->counters[i] = now[i];
    }
    trace->has_counters = true;
}

/* ---- the trace ---- */

static void free_trace(struct trace *trace)
{
    file_abandon(&trace->file);
    for (uint32_t i = 0; i < trace->agent_count; i++) free(trace->agents[i].taken);
    free(trace->agents);
    free(trace->tasks);
    free(trace);
}

err trace_open(struct trace **out, const char *path, const struct workload *workload, struct diag *diag)
{
    struct trace *trace = calloc(1, sizeof *trace);
    if (!trace) return diag_fail(diag, ERR_NOMEM, "out of memory for the trace");
    trace->workload = workload;
    uint64_t tasks = 2 * (uint64_t)workload->task_count; /* each may be submitted twice */
    trace->drawn = tasks < TRACE_TASKS_MAX ? (uint32_t)tasks : TRACE_TASKS_MAX;
    trace->tasks = calloc(trace->drawn + 1u, sizeof *trace->tasks);
    err e = trace->tasks ? file_begin(&trace->file, path, diag)
                         : diag_fail(diag, ERR_NOMEM, "out of memory for the trace");
    if (e != OK) {
        free_trace(trace);
        return e;
    }
    for (uint32_t id = 0; id <= trace->drawn; id++) trace->tasks[id].execute_from_ns = NEVER_NS;
    fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[", trace->file.stream);
    name_process(trace, ENGINE_PID, "engine");
    *out = trace;
    return OK;
}

err trace_close(struct trace *trace, struct diag *diag)
{
    err e = trace->failure;
    if (e != OK) {
        diag_fail(diag, e, "out of memory for the lanes of %.256s", trace->file.path);
    } else {
        for (uint32_t id = 1; id <= trace->drawn; id++)
            if (trace->tasks[id].is_open) end_task(trace, &trace->tasks[id]);
        fprintf(trace->file.stream,
                "\n],\"otherData\":{\"note\":\"the first %llu tasks are drawn, %llu more are not\"}}\n",
                (unsigned long long)trace->seen, (unsigned long long)trace->left_out);
        e = file_commit(&trace->file, diag);
    }
    free_trace(trace);
    return e;
}

void trace_abandon(struct trace *trace)
{
    if (trace) free_trace(trace);
}
