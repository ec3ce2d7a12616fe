/* tests/judge/trace.c: a line of a trace file becomes numbers. */
#include "tests/judge/trace.h"
#include "base/assert.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_(name, text) [name] = text,
static const char *const OP_NAMES[] = {TRACE_OPS(TEXT_)};

const char *record_op_name(enum trace_op op)
{
    return OP_NAMES[op];
}

static void *list_of(size_t count, size_t size)
{
    void *list = calloc(count ? count : 1, size);
    ASSERT(list);
    return list;
}

static uint32_t find_task(const struct trace *trace, const char *name)
{
    for (uint32_t i = 0; i < trace->task_count; i++)
        if (strcmp(trace->tasks[i].name, name) == 0) return i;
    return NO_TASK;
}

static uint32_t task_named(const struct trace *trace, const struct json_node *node)
{
    uint32_t task = find_task(trace, node_text(node));
    if (task == NO_TASK) input_refuse(node, "expected a task that was created");
    return task;
}

/* Lamports are written as text, because they may be larger than a double can hold. */
static uint64_t read_lamports(const struct json_node *node)
{
    const char *text = node_text(node);
    uint64_t lamports;
    int used = 0;
    bool is_number = sscanf(text, "%" SCNu64 "%n", &lamports, &used) == 1 && !text[used] && text[0] != '-';
    if (!is_number) input_refuse(node, "expected lamports as text");
    return lamports;
}

static uint64_t entry_lamports(struct entry *entry, const char *key)
{
    struct json_node member = entry_any(entry, key);
    return read_lamports(&member);
}

static void read_names(struct entry *entry, const char *key, const struct trace *trace, struct task_list *out)
{
    struct json_node names = entry_array(entry, key);
    out->count = (uint32_t)json_count(&names);
    out->tasks = list_of(out->count, sizeof *out->tasks);
    for (uint32_t i = 0; i < out->count; i++) {
        struct json_node name = json_item(&names, i);
        out->tasks[i] = task_named(trace, &name);
    }
}

/* ---- configuration ---- */

static void read_config(struct trace *out, struct entry *trace)
{
    struct json_node object = entry_object(trace, "config");
    struct entry config = entry_open(trace->judge, &object);
    out->config.max_depth = entry_u64(&config, "maxSpeculationDepth");
    out->config.max_stake = entry_lamports(&config, "maxSpeculativeStake");
    out->config.proof_timeout_ns = (int64_t)entry_u64(&config, "proofTimeoutMs") * NS_PER_MS;
    out->config.max_submissions = entry_u64(&config, "maxConcurrentSubmissions");
    out->config.enforces_limits =
        !entry_has(&config, "enforceAdmission") || entry_bool(&config, "enforceAdmission");
    entry_u64(&config, "maxRollbackRatePercent");
    if (out->config.max_depth > UINT16_MAX || out->config.max_stake > INT64_MAX ||
        out->config.max_submissions == 0 || out->config.max_submissions > INT32_MAX)
        input_refuse(&object, "a limit is out of range");
    entry_close(&config);
}

/* ---- events ---- */

static enum trace_op read_op(struct entry *event)
{
    const char *name = entry_text(event, "op");
    for (int op = 0; op < OP_COUNT; op++)
        if (strcmp(OP_NAMES[op], name) == 0) return (enum trace_op)op;
    struct json_node node = entry_any(event, "op");
    input_refuse(&node, "expected an operation of the trace's vocabulary");
}

static enum edge_kind read_kind(struct entry *event)
{
    static const char *const KINDS[] = {"data", "order", "resource"};
    if (!entry_has(event, "dep")) return EDGE_DATA;
    const char *name = entry_text(event, "dep");
    for (int kind = 0; kind < EDGE_KIND_COUNT; kind++)
        if (strcmp(KINDS[kind], name) == 0) return (enum edge_kind)kind;
    struct json_node node = entry_any(event, "dep");
    input_refuse(&node, "expected data, order or resource");
}

static void read_create(struct trace *out, struct trace_event *event, struct entry *entry)
{
    const char *name = entry_text(entry, "task");
    struct json_node parent = entry_any(entry, "parent"); /* null: a root */
    uint32_t parent_task = NO_TASK;
    event->new_task.parent = NO_PARENT;
    if (entry_has(entry, "parent")) {
        parent_task = find_task(out, node_text(&parent));
        event->new_task.parent = parent_task == NO_TASK ? UNKNOWN_PARENT : parent_task;
    }
    event->new_task.kind = read_kind(entry);
    event->task = find_task(out, name);
    if (event->task != NO_TASK || !event->is_ok) return; /* it was there, or it was not taken */
    if (event->new_task.parent == UNKNOWN_PARENT)
        input_refuse(&parent, "created below a task that is not there");
    event->task = out->task_count;
    out->tasks[out->task_count++] = (struct trace_task){
        .name = name,
        .parent = parent_task,
        .depth = parent_task == NO_TASK ? 0 : out->tasks[parent_task].depth + 1,
    };
}

static void read_event(struct trace *out, struct trace_event *event, struct entry *entry)
{
    event->at_ns = (int64_t)entry_u64(entry, "t") * NS_PER_MS;
    event->op = read_op(entry);
    event->task = NO_TASK;
    if (event->op == OP_CREATE) {
        read_create(out, event, entry);
    } else if (event->op != OP_TICK) {
        event->task = find_task(out, entry_text(entry, "task"));
    }
    if (event->op == OP_START) event->new_task.stake = entry_lamports(entry, "stake");
    entry_words(entry, "reason");
}

static void read_events(struct trace *out, struct entry *trace, struct entry *expected)
{
    struct json_node events = entry_array(trace, "events"), outcomes = entry_array(expected, "outcomes");
    struct json_node stakes = entry_array(expected, "stakeSeries");
    out->event_count = (uint32_t)json_count(&events);
    if (json_count(&outcomes) != out->event_count) input_refuse(&outcomes, "expected one outcome an event");
    if (json_count(&stakes) != out->event_count) input_refuse(&stakes, "expected one stake an event");
    out->events = list_of(out->event_count, sizeof *out->events);
    out->tasks = list_of(out->event_count, sizeof *out->tasks);
    for (uint32_t i = 0; i < out->event_count; i++) {
        struct json_node item = json_item(&events, i), outcome = json_item(&outcomes, i),
                         stake = json_item(&stakes, i);
        struct entry entry = entry_open(trace->judge, &item);
        const char *text = node_text(&outcome);
        bool has_timed_out = strncmp(text, "timed_out:", 10) == 0;
        out->events[i].is_ok = strcmp(text, "ok") == 0 || has_timed_out;
        out->events[i].timed_out = has_timed_out ? text + 10 : NULL;
        out->events[i].stake_after = read_lamports(&stake);
        read_event(out, &out->events[i], &entry);
        if (i > 0 && out->events[i].at_ns < out->events[i - 1].at_ns)
            input_refuse(&item, "earlier than the one before");
        entry_close(&entry);
    }
}

/* A bond is given when a task is created here, and named when it is started there. */
static void bring_stakes_forward(struct trace *trace)
{
    for (uint32_t i = 0; i < trace->event_count; i++) {
        struct trace_event *event = &trace->events[i];
        if (event->op != OP_CREATE || event->task == NO_TASK) continue;
        bool is_found = false;
        for (uint32_t later = i + 1; later < trace->event_count && !is_found; later++) {
            const struct trace_event *start = &trace->events[later];
            if (start->op != OP_START || start->task != event->task) continue;
            event->new_task.stake = start->new_task.stake;
            is_found = start->is_ok; /* of several attempts, the one that was admitted */
        }
    }
}

/* ---- what is expected ---- */

static enum task_class read_class(struct entry *task)
{
    static const struct {
        const char *ledger;
        enum task_class class;
    } CLASSES[] = {
        {"pending", CLASS_LIVE},          {"executing", CLASS_LIVE},       {"executed", CLASS_LIVE},
        {"proof_generating", CLASS_LIVE}, {"proof_generated", CLASS_LIVE}, {"confirmed", CLASS_CONFIRMED},
        {"failed", CLASS_DEAD},           {"rolled_back", CLASS_DEAD},
    };
    struct json_node ledger = entry_any(task, "ledger");
    if (!entry_has(task, "ledger")) return CLASS_NEVER;
    for (size_t i = 0; i < sizeof CLASSES / sizeof *CLASSES; i++)
        if (strcmp(CLASSES[i].ledger, node_text(&ledger)) == 0) return CLASSES[i].class;
    input_refuse(&ledger, "expected a commitment's status or null");
}

static void read_last(struct trace *out, struct entry *expected)
{
    static const char *const IGNORED[] = {"parent",           "depth",     "graph", "ledgerDepth", "proof",
                                          "pendingAncestors", "rolledBack"};
    struct json_node tasks = entry_object(expected, "tasks"), member;
    const char *name = NULL;
    if (json_count(&tasks) != out->task_count) input_refuse(&tasks, "expected every task that was created");
    while (json_next(&tasks, name, &name, &member)) {
        uint32_t place = find_task(out, name);
        if (place == NO_TASK) input_refuse(&member, "expected a task that was created");
        struct entry task = entry_open(expected->judge, &member);
        struct json_node stake = entry_any(&task, "stake");
        out->tasks[place].last = read_class(&task);
        out->tasks[place].stake = entry_has(&task, "stake") ? read_lamports(&stake) : 0;
        for (size_t i = 0; i < sizeof IGNORED / sizeof *IGNORED; i++) entry_any(&task, IGNORED[i]);
        entry_close(&task);
    }
}

static void read_undone(const struct trace *trace, struct trace_rollback *out, struct entry *rollback)
{
    static const char *const IGNORED[] = {"state", "action", "stake", "ms"};
    struct json_node tasks = entry_array(rollback, "tasks");
    out->undone.count = (uint32_t)json_count(&tasks);
    out->undone.tasks = list_of(out->undone.count, sizeof *out->undone.tasks);
    for (uint32_t i = 0; i < out->undone.count; i++) {
        struct json_node item = json_item(&tasks, i);
        struct entry undone = entry_open(rollback->judge, &item);
        struct json_node name = entry_any(&undone, "task");
        out->undone.tasks[i] = task_named(trace, &name);
        for (size_t k = 0; k < sizeof IGNORED / sizeof *IGNORED; k++) entry_any(&undone, IGNORED[k]);
        entry_close(&undone);
    }
}

static void read_rollbacks(struct trace *out, struct entry *expected)
{
    static const char *const IGNORED[] = {"reason", "stakeAtRisk", "wastedMs"};
    struct json_node rollbacks = entry_array(expected, "rollbacks");
    out->rollback_count = (uint32_t)json_count(&rollbacks);
    out->rollbacks = list_of(out->rollback_count, sizeof *out->rollbacks);
    for (uint32_t i = 0; i < out->rollback_count; i++) {
        struct json_node item = json_item(&rollbacks, i);
        struct entry rollback = entry_open(expected->judge, &item);
        struct json_node root = entry_any(&rollback, "root");
        out->rollbacks[i].at = (uint32_t)entry_u64(&rollback, "at");
        out->rollbacks[i].root = task_named(out, &root);
        if (out->rollbacks[i].at >= out->event_count) input_refuse(&item, "at an event that is not there");
        read_undone(out, &out->rollbacks[i], &rollback);
        for (size_t k = 0; k < sizeof IGNORED / sizeof *IGNORED; k++) entry_any(&rollback, IGNORED[k]);
        entry_close(&rollback);
    }
}

void record_read(struct trace *out, struct judge *judge, const struct json_node *node)
{
    static const char *const IGNORED_HERE[] = {"seed", "shape", "policy", "clean"};
    static const char *const IGNORED_THERE[] = {"totals", "topo", "quirks"};
    struct entry trace = entry_open(judge, node);
    *out = (struct trace){.name = entry_text(&trace, "name")};
    judge->group = out->name;
    struct json_node object = entry_object(&trace, "expected");
    struct entry expected = entry_open(judge, &object);
    read_config(out, &trace);
    read_events(out, &trace, &expected);
    bring_stakes_forward(out);
    read_last(out, &expected);
    read_names(&expected, "submissions", out, &out->submissions);
    read_names(&expected, "confirmations", out, &out->confirmations);
    read_rollbacks(out, &expected);
    out->config.tasks = out->event_count;
    for (size_t i = 0; i < sizeof IGNORED_HERE / sizeof *IGNORED_HERE; i++)
        if (json_has(node, IGNORED_HERE[i])) entry_any(&trace, IGNORED_HERE[i]);
    if (!json_has(node, "seed")) entry_any(&trace, "seed"); /* null: made by hand */
    for (size_t i = 0; i < sizeof IGNORED_THERE / sizeof *IGNORED_THERE; i++)
        entry_any(&expected, IGNORED_THERE[i]);
    entry_close(&expected);
    entry_close(&trace);
}

void record_close(struct trace *trace)
{
    for (uint32_t i = 0; i < trace->rollback_count; i++) free(trace->rollbacks[i].undone.tasks);
    free(trace->rollbacks);
    free(trace->submissions.tasks);
    free(trace->confirmations.tasks);
    free(trace->events);
    free(trace->tasks);
}

bool record_is_below(const struct trace *trace, uint32_t task, uint32_t ancestor)
{
    while (task != NO_TASK && task != ancestor) task = trace->tasks[task].parent;
    return task == ancestor;
}
