/* tests/judge/judge_traces.c: judges the engine by recorded traces of AgenC's own runtime.
 *
 *   judge-traces FILE
 *
 * FILE has one JSON object a line. For each trace, PASS, or the first event at
 * which the states of tasks (live, confirmed, dead, never started), the order
 * of submissions and confirmations, the stake at risk or what a rollback undid
 * differ from the record. tests/judge/world.h says how a recorded event reaches
 * the engine. Exit: 0 all pass, 1 some do not, 2 usage or input that cannot be
 * read. */
#include "base/assert.h"
#include "base/file.h"
#include "tests/judge/trace.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char IGNORED[] =
    "ignored in every trace: reasons and what is counted by them, times, depth in the ledger, wasted "
    "compute,\n"
    "  hit rates, topological order, flags; prior state and action of what a rollback undid, and the order "
    "among\n"
    "  tasks of one depth; the rollback records of a cancel; whether an event without effect was called ok "
    "or\n"
    "  ignored; maxRollbackRatePercent (a rate over a lifetime: the engine's breaker looks at a window)\n";

struct run {
    const struct trace *trace;
    struct world world;
    uint32_t at;                         /* event */
    enum task_class *expected;           /* by task */
    uint32_t submissions, confirmations; /* compared so far */
};

/* ---- comparisons ---- */

static const char *name_of(const struct run *run, uint32_t task)
{
    return task < run->trace->task_count ? run->trace->tasks[task].name : "nothing";
}

/* One line: the first difference. Always false. */
static bool differ(const struct run *run, const char *what, const char *expected, const char *got)
{
    const struct trace *trace = run->trace;
    printf("FAIL %s: ", trace->name);
    if (run->at < trace->event_count) {
        const struct trace_event *event = &trace->events[run->at];
        bool has_task = event->task != NO_TASK;
        printf("event %" PRIu32 " (%s%s%s)", run->at, record_op_name(event->op), has_task ? " " : "",
               has_task ? name_of(run, event->task) : "");
    } else {
        printf("after the last event");
    }
    printf(": %s: expected %s, got %s\n", what, expected, got);
    return false;
}

static bool is_same_number(const struct run *run, const char *what, uint64_t expected, uint64_t got)
{
    char texts[2][24];
    if (expected == got) return true;
    snprintf(texts[0], sizeof texts[0], "%" PRIu64, expected);
    snprintf(texts[1], sizeof texts[1], "%" PRIu64, got);
    return differ(run, what, texts[0], texts[1]);
}

/* What came so far is how the record begins. */
static bool is_same_order(const struct run *run, const char *what, const struct task_list *expected,
                          const uint32_t *got, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        uint32_t wanted = i < expected->count ? expected->tasks[i] : NO_TASK;
        if (wanted != got[i]) return differ(run, what, name_of(run, wanted), name_of(run, got[i]));
    }
    return true;
}

static bool are_same_orders(struct run *run)
{
    const struct world *world = &run->world;
    bool is_same = is_same_order(run, "next submission", &run->trace->submissions, world->submissions,
                                 run->submissions, world->submission_count) &&
                   is_same_order(run, "next confirmation", &run->trace->confirmations, world->confirmations,
                                 run->confirmations, world->confirmation_count);
    run->submissions = world->submission_count;
    run->confirmations = world->confirmation_count;
    return is_same;
}

static uint32_t place_in(const struct task_list *list, uint32_t task)
{
    uint32_t place = 0;
    while (place < list->count && list->tasks[place] != task) place++;
    return place;
}

/* What one event let go of stands in the record in the same order. */
static bool is_same_hand_over(const struct run *run)
{
    const struct world *world = &run->world;
    for (uint32_t i = world->handed_before + 1; i < world->handed_count; i++) {
        uint32_t first = world->handed[i - 1], second = world->handed[i];
        uint32_t place = place_in(&run->trace->submissions, second);
        if (place < run->trace->submissions.count && place < place_in(&run->trace->submissions, first))
            return differ(run, "first released", name_of(run, second), name_of(run, first));
    }
    return true;
}

static bool are_same_states(struct run *run)
{
    for (uint32_t task = 0; task < run->world.count; task++) {
        enum task_class got = world_class(&run->world, task);
        char what[JUDGE_TEXT_BYTES];
        if (got == run->expected[task]) continue;
        snprintf(what, sizeof what, "task %s", name_of(run, task));
        return differ(run, what, task_class_name(run->expected[task]), task_class_name(got));
    }
    return true;
}

/* ---- rollbacks ---- */

static bool is_undone_there(const struct run *run, uint32_t task)
{
    for (uint32_t i = 0; i < run->trace->rollback_count; i++) {
        const struct trace_rollback *rollback = &run->trace->rollbacks[i];
        if (rollback->at != run->at) continue;
        for (uint32_t k = 0; k < rollback->undone.count; k++)
            if (rollback->undone.tasks[k] == task) return true;
        if (rollback->root == task) return true;
    }
    return false;
}

static bool is_undone_here(const struct run *run, uint32_t task)
{
    for (uint32_t i = 0; i < run->world.undone_count; i++)
        if (run->world.undone[i].task == task) return true;
    return false;
}

/* Both undo the same tasks; where one root did it, in the same order of depths. */
static bool is_same_turns(const struct run *run, const struct trace_rollback *rollback)
{
    uint32_t turn = 0;
    for (uint32_t i = 0; i < run->world.undone_count; i++) {
        const struct world_undone *undone = &run->world.undone[i];
        if (undone->root != rollback->root || undone->task == undone->root) continue;
        if (turn == rollback->undone.count) break; /* more than expected: the sets have been compared */
        uint32_t expected = rollback->undone.tasks[turn++];
        if (run->trace->tasks[expected].depth != run->trace->tasks[undone->task].depth)
            return differ(run, "next task undone", name_of(run, expected), name_of(run, undone->task));
    }
    return true;
}

static bool are_same_rollbacks(const struct run *run)
{
    uint32_t records = 0;
    const struct trace_rollback *last = NULL;
    if (run->trace->events[run->at].op == OP_CANCEL) return true; /* it leaves no record: states tell */
    for (uint32_t task = 0; task < run->world.count; task++) {
        bool there = is_undone_there(run, task), here = is_undone_here(run, task);
        if (there != here)
            return differ(run, name_of(run, task), there ? "undone" : "not undone",
                          here ? "undone" : "not undone");
    }
    for (uint32_t i = 0; i < run->trace->rollback_count; i++)
        if (run->trace->rollbacks[i].at == run->at) {
            last = &run->trace->rollbacks[i];
            records++;
        }
    return records != 1 || is_same_turns(run, last);
}

/* ---- what the record says of states ---- */

static void die(struct run *run, uint32_t task)
{
    if (run->expected[task] == CLASS_LIVE) run->expected[task] = CLASS_DEAD;
}

static void expect_timed_out(struct run *run, const char *names)
{
    for (uint32_t task = 0; task < run->world.count; task++) {
        size_t size = strlen(name_of(run, task));
        for (const char *at = names; (at = strstr(at, name_of(run, task))); at += size) {
            bool begins = at == names || at[-1] == ',', ends = at[size] == ',' || !at[size];
            if (begins && ends) die(run, task);
        }
    }
}

static void expect_event(struct run *run, const struct trace_event *event)
{
    if (!event->is_ok) return;
    if (event->timed_out) expect_timed_out(run, event->timed_out);
    if (event->task == NO_TASK) return;
    switch (event->op) {
    case OP_START: run->expected[event->task] = CLASS_LIVE; break;
    case OP_CONFIRM: run->expected[event->task] = CLASS_CONFIRMED; break;
    case OP_FAIL:
        if (run->expected[event->task] == CLASS_CONFIRMED) run->expected[event->task] = CLASS_DEAD;
        die(run, event->task);
        break;
    case OP_PROOF_FAILED:
    case OP_REJECT:
    case OP_ROLLBACK: die(run, event->task); break;
    case OP_CANCEL:
        for (uint32_t task = 0; task < run->world.count; task++)
            if (record_is_below(run->trace, task, event->task)) die(run, task);
        break;
    default: break;
    }
}

static void expect_rollbacks(struct run *run)
{
    for (uint32_t i = 0; i < run->trace->rollback_count; i++) {
        const struct trace_rollback *rollback = &run->trace->rollbacks[i];
        if (rollback->at != run->at) continue;
        for (uint32_t k = 0; k < rollback->undone.count; k++) die(run, rollback->undone.tasks[k]);
    }
}

/* ---- one event after the other ---- */

static bool apply_create(struct run *run, const struct trace_event *event)
{
    bool is_again = event->task != NO_TASK && event->task < run->world.count;
    bool is_taken =
        is_again ? world_create_again(&run->world, event->task) : world_create(&run->world, &event->new_task);
    return is_taken == event->is_ok ||
           differ(run, "task", event->is_ok ? "created" : "refused", is_taken ? "created" : "refused");
}

static void (*const ACTS[OP_COUNT])(struct world *world, uint32_t place) = {
    [OP_EXECUTED] = world_executed,
    [OP_QUEUE_PROOF] = world_queue_proof,
    [OP_PROOF_DONE] = world_proof_done,
    [OP_PROOF_FAILED] = world_proof_failed,
    [OP_CONFIRM] = world_confirm,
    [OP_REJECT] = world_reject,
    [OP_FAIL] = world_fail,
    [OP_ROLLBACK] = world_rollback,
    [OP_CANCEL] = world_cancel,
};

static bool apply(struct run *run, const struct trace_event *event)
{
    world_time(&run->world, event->at_ns);
    if (event->op == OP_CREATE) return apply_create(run, event);
    if (event->op == OP_TICK) world_tick(&run->world);
    if (event->task == NO_TASK) return true;
    if (event->op == OP_START)
        world_start(&run->world, event->task);
    else
        ACTS[event->op](&run->world, event->task);
    return true;
}

static bool follow(struct run *run)
{
    for (run->at = 0; run->at < run->trace->event_count; run->at++) {
        const struct trace_event *event = &run->trace->events[run->at];
        if (!apply(run, event)) return false;
        world_send(&run->world);
        expect_event(run, event);
        expect_rollbacks(run);
        if (!are_same_states(run) || !is_same_hand_over(run) || !are_same_orders(run) ||
            !are_same_rollbacks(run) ||
            !is_same_number(run, "stake", event->stake_after, world_live_stake(&run->world)))
            return false;
    }
    return true;
}

/* The record's own end, which what was followed must have reached. */
static bool has_same_end(struct run *run)
{
    const struct trace *trace = run->trace;
    for (uint32_t task = 0; task < trace->task_count; task++) {
        char what[JUDGE_TEXT_BYTES];
        snprintf(what, sizeof what, "stake of %s", name_of(run, task));
        run->expected[task] = trace->tasks[task].last;
        bool was_started = trace->tasks[task].last != CLASS_NEVER;
        if (was_started &&
            !is_same_number(run, what, trace->tasks[task].stake, world_stake(&run->world, task)))
            return false;
    }
    return are_same_states(run) &&
           is_same_number(run, "submissions", trace->submissions.count, run->world.submission_count) &&
           is_same_number(run, "confirmations", trace->confirmations.count, run->world.confirmation_count);
}

static void judge_trace(struct judge *judge, const struct json_node *node)
{
    struct trace trace;
    struct run run = {.trace = &trace};
    uint64_t failed_before = judge->failed;
    judge->number = 0;
    record_read(&trace, judge, node);
    run.expected = calloc(trace.task_count + 1, sizeof *run.expected);
    ASSERT(run.expected);
    world_open(&run.world, &trace.config);
    bool is_good = judge->failed == failed_before && follow(&run) && has_same_end(&run);
    if (is_good) printf("PASS %s\n", trace.name);
    judge->failed = failed_before + !is_good; /* one a trace, whatever was found while it was read */
    judge->passed += is_good;
    world_close(&run.world);
    free(run.expected);
    record_close(&trace);
}

/* ---- the file ---- */

/* A message about the first line of a text, told about line `line` of the file. */
static void refuse_line(const char *path, int line, const char *message)
{
    size_t size = strlen(path);
    if (strncmp(message, path, size) == 0 && strncmp(message + size, ":1:", 3) == 0)
        fprintf(stderr, "%s:%d:%s\n", path, line, message + size + 3);
    else
        fprintf(stderr, "%s\n", message);
    exit(2);
}

static void judge_line(struct judge *judge, const char *path, char *text, int line)
{
    struct json *json;
    struct diag diag = {0};
    struct json_text source = {path, text, strlen(text)};
    if (text[strspn(text, " \t\r")] == '\0') return;
    if (json_read_text(&json, &source, &diag) != OK) refuse_line(path, line, diag.text);
    input_use(path, text, line - 1);
    struct json_node root = json_root(json);
    judge_trace(judge, &root);
    json_free(json);
}

int main(int argc, char **argv)
{
    struct file_bytes file;
    struct diag diag = {0};
    struct judge judge = {.group = ""};
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: judge-traces FILE\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (file_read(argv[1], JSON_FILE_BYTES_MAX, &file, &diag) != OK) {
        fprintf(stderr, "%s\n", diag.text);
        return 2;
    }
    if (strlen(file.text) != file.size_bytes) refuse_line(argv[1], 1, "a zero byte in the file");
    fputs(IGNORED, stdout);
    int line = 1;
    for (char *text = file.text, *end; *text; text = end, line++) {
        end = strchr(text, '\n');
        if (end)
            *end++ = '\0';
        else
            end = text + strlen(text);
        judge_line(&judge, argv[1], text, line);
    }
    free(file.text);
    if (judge.passed + judge.failed == 0) refuse_line(argv[1], 1, "no trace in the file");
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", judge.passed, judge.failed);
    return judge.failed > 0;
}
