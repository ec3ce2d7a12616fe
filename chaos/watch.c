/* chaos/watch.c: what reaches the watch, and who of its rules sees it. */
#include "chaos/watch_state.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    METRICS_EVERY = 1 << 10, /* events between two comparisons of all counters */
    VIOLATIONS_OF_RULE = 4,
};

/* ---- the handle ---- */

static size_t bytes_for(const struct watch *watch)
{
    size_t tasks = watch->record_room;
    return arena_array_bytes(tasks, sizeof(struct record)) +
           arena_array_bytes(watch->edge_room, sizeof(struct record_edge)) +
           arena_array_bytes(watch->agent_room, sizeof(struct watched_agent)) +
           arena_array_bytes(watch->options.tasks_most, sizeof(uint32_t)) +
           arena_array_bytes(watch->limits_tasks, sizeof(uint32_t)) +
           arena_array_bytes(tasks, sizeof(uint32_t)) + table_bytes(watch->record_room) +
           table_bytes(watch->agent_room) + heap_bytes(watch->record_room);
}

static err take_memory(struct watch *watch)
{
    TRY(arena_open(&watch->arena, bytes_for(watch)));
    struct arena *arena = &watch->arena;
    watch->records = arena_array(arena, watch->record_room, sizeof *watch->records);
    watch->edges = arena_array(arena, watch->edge_room, sizeof *watch->edges);
    watch->agents = arena_array(arena, watch->agent_room, sizeof *watch->agents);
    watch->record_of_id = arena_array(arena, watch->options.tasks_most, sizeof *watch->record_of_id);
    watch->record_of_slot = arena_array(arena, watch->limits_tasks, sizeof *watch->record_of_slot);
    watch->scratch = arena_array(arena, watch->record_room, sizeof *watch->scratch);
    TRY(table_init(&watch->others, arena, watch->record_room));
    TRY(table_init(&watch->agent_of_id, arena, watch->agent_room));
    return heap_init(&watch->deadlines, arena, watch->record_room);
}

/* One record and one agent more than the engine holds: what it has yet to refuse. */
err watch_open(struct watch **out, const struct watch_options *options)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch) return ERR_NOMEM;
    watch->options = *options;
    watch->settings = *options->settings;
    watch->limits_tasks = options->limits.tasks;
    bool is_small = options->tasks_room > 0 && options->tasks_room < options->limits.tasks;
    uint32_t room = is_small ? options->tasks_room : options->limits.tasks;
    watch->record_room = room + 1;
    watch->edge_room = options->limits.edges + LIMIT_PARENTS;
    watch->agent_room = options->limits.agents + 1;
    if (watch->options.tasks_most == 0) watch->options.tasks_most = 1;
    watch->free_record = watch->free_edge = watch->submitted = NO_RECORD;
    watch->drain_due_ns = watch->breaker_due_ns = watch->healed_ns = NEVER_NS;
    err e = take_memory(watch);
    if (e != OK) {
        watch_free(watch);
        return e;
    }
    *out = watch;
    return OK;
}

void watch_free(struct watch *watch)
{
    if (!watch) return;
    arena_close(&watch->arena);
    free(watch);
}

/* ---- violations ---- */

static void add_causes(struct watch *watch, uint32_t index, struct violation *violation, uint32_t *count)
{
    const struct record *record = record_at(watch, index);
    uint32_t kept = record->event_count < RECORD_EVENTS ? record->event_count : RECORD_EVENTS;
    for (uint32_t i = 0; i < kept && *count < VIOLATION_CAUSES; i++) {
        uint64_t number = record->events[i];
        uint32_t at = 0;
        while (at < *count && violation->causes[at] > number) at++;
        if (at < *count && violation->causes[at] == number) continue;
        if (number >= violation->event) continue;
        memmove(&violation->causes[at + 1], &violation->causes[at],
                (VIOLATION_CAUSES - 1 - at) * sizeof *violation->causes);
        violation->causes[at] = number;
        ++*count;
    }
}

static void describe(struct watch *watch, uint32_t index, struct violation *violation)
{
    const struct record *record = record_at(watch, index);
    uint32_t causes = 0;
    violation->task = record->id;
    violation->agent_id = watch->agents[record->agent].id;
    violation->from = (enum task_status)record->from;
    violation->to = (enum task_status)record->status;
    violation->reason = (enum rollback_reason)record->reason;
    add_causes(watch, index, violation, &causes);
    FOR_EACH_ABOVE(watch, record, edge)
    {
        if (edge->parent != NO_RECORD) add_causes(watch, edge->parent, violation, &causes);
    }
}

/* Few of each rule count, so that one that is broken in every step from now on leaves room for others. */
static void keep_violation(struct watch *watch, const struct violation *violation)
{
    if (watch->broken[violation->invariant]++ >= VIOLATIONS_OF_RULE) return;
    if (watch->violation_count < WATCH_VIOLATIONS_KEPT)
        watch->violations[watch->violation_count] = *violation;
    watch->violation_count++;
}

void watch_broke(struct watch *watch, enum invariant invariant, uint32_t record, const char *format, ...)
{
    if (watch->broken[invariant] >= VIOLATIONS_OF_RULE) return; /* before anything is written */
    struct violation violation = {
        .invariant = invariant,
        .now_ns = watch->now_ns,
        .event = watch->event_number,
        .kind = watch->event ? watch->event->kind : EVENT_KIND_COUNT,
        .reason = REASON_COUNT,
        .faults_armed = watch->faults_armed,
    };
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(violation.text, sizeof violation.text, format, arguments);
    va_end(arguments);
    if (record != NO_RECORD) describe(watch, record, &violation);
    keep_violation(watch, &violation);
}

uint64_t watch_violation_count(const struct watch *watch)
{
    return watch->violation_count;
}

const struct violation *watch_violation(const struct watch *watch, uint32_t index)
{
    bool is_kept = index < watch->violation_count && index < WATCH_VIOLATIONS_KEPT;
    return is_kept ? &watch->violations[index] : NULL;
}

uint64_t watch_checks(const struct watch *watch, enum invariant invariant)
{
    return watch->checks[invariant];
}

uint64_t watch_events(const struct watch *watch)
{
    return watch->event_number;
}

/* ---- margins ---- */

void watch_near(struct watch *watch, enum invariant invariant, uint64_t value, uint64_t limit)
{
    struct nearest *nearest = &watch->nearest[invariant];
    bool is_nearer = nearest->limit == 0 || (u128)value * nearest->limit > (u128)nearest->value * limit;
    if (limit > 0 && is_nearer) *nearest = (struct nearest){value, limit};
}

uint32_t watch_margin_ppm(const struct watch *watch, enum invariant invariant)
{
    const struct nearest *nearest = &watch->nearest[invariant];
    if (nearest->limit == 0) return SCHEDULE_PPM_ONE;
    if (nearest->value >= nearest->limit) return 0;
    return (uint32_t)((u128)(nearest->limit - nearest->value) * SCHEDULE_PPM_ONE / nearest->limit);
}

/* ---- events ---- */

/* Kept if the engine accepts it. A known id makes none: should it be accepted, S05 says so. */
static void see_submit(struct watch *watch, const struct event_submit *submit)
{
    watch->submitted = NO_RECORD;
    watch->agent_is_new = false;
    bool is_possible = submit->id != 0 && submit->parent_count <= LIMIT_PARENTS;
    if (is_possible && picture_find(watch, submit->id) == NO_RECORD)
        watch->submitted = picture_add(watch, submit);
}

static void judge_submit(struct watch *watch, err answer)
{
    uint32_t index = watch->submitted;
    if (answer == OK) watch->counts.submitted++;
    graph_submitted(watch, index, answer);
    if (answer == OK) return;
    if (index != NO_RECORD) picture_forget(watch, index);
    watch->submitted = NO_RECORD;
}

/* An agent that came with what was refused is not known to the engine either. */
static void forget_agent(struct watch *watch)
{
    const struct watched_agent *agent = &watch->agents[watch->agent_count - 1];
    (void)table_remove(&watch->agent_of_id, agent->id);
    watch->agent_count--;
    watch->touched_count = 0;
}

/* As the engine does, before anything else: such an event is not even counted. */
static bool is_impossible(const struct watch *watch, const struct event *event)
{
    return event->now_ns < watch->last_ns || event->now_ns > EVENT_LAST_NS ||
           (unsigned)event->kind >= EVENT_KIND_COUNT;
}

void watch_event(struct watch *watch, const struct event *event)
{
    watch->event_number++;
    watch->event = event;
    watch->is_ignored = is_impossible(watch, event);
    if (watch->is_ignored) return;
    watch->now_ns = watch->last_ns = event->now_ns; /* after a recovery, earlier than what ports have told */
    watch->touched_count = watch->pending_count = 0;
    watch->agent_is_new = false;
    watch->counts.events[event->kind]++;
    if (event->kind == EVENT_SETTINGS) watch->counts.settings++;
    if (event->kind == EVENT_SUBMIT) see_submit(watch, &event->u.submit);
    if (event->kind == EVENT_REVERTED) life_reverted(watch, event);
    money_event(watch, event);
    rules_event(watch, event);
}

/* ---- effects ---- */

static void see_admitted(struct watch *watch, uint32_t index, const struct effect *effect)
{
    graph_admitted(watch, index, effect);
    money_admitted(watch, index, effect);
    rules_admitted(watch, index, effect);
    time_admitted(watch, index);
}

static void see_rollback_begins(struct watch *watch, uint32_t index, const struct effect *effect)
{
    enum rollback_reason reason = effect->u.rollback.reason;
    bool is_speculative = record_at(watch, index)->flags & RECORD_SPECULATIVE;
    if ((unsigned)reason < REASON_COUNT) {
        watch->counts.rollback_events[reason]++;
        if (is_speculative) watch->counts.rollbacks_by_reason[reason]++;
    }
    money_rollback_begins(watch, index);
    graph_rollback_begins(watch, index);
    time_rollback_begins(watch, index);
}

static void see_rollback_ends(struct watch *watch, uint32_t index, const struct effect *effect)
{
    graph_rollback_ends(watch, index);
    money_rollback_ends(watch, index, effect);
    time_rollback_ends(watch, index);
}

static void see_turn(struct watch *watch, uint32_t index, const struct effect *effect)
{
    rules_turn(watch, index, effect);
    graph_turn(watch, index, effect);
}

static void see_prove(struct watch *watch, uint32_t index, const struct effect *effect)
{
    graph_worked(watch, index);
    struct record *record = record_at(watch, index);
    if (record->flags & RECORD_QUEUED) watch->counts.queued_at_least--;
    record->flags &= ~(uint32_t)RECORD_QUEUED;
    watch->counts.batched_proofs++;
    if (effect->u.prove.index == 0) watch->counts.batches++;
}

static void see_sent(struct watch *watch, uint32_t index, const struct effect *effect)
{
    graph_sent(watch, index);
    rules_sent(watch, index);
    life_sent(watch, index, effect);
}

static void see_pruned(struct watch *watch, uint32_t index)
{
    const struct record *record = record_at(watch, index);
    JUDGE(watch, S24, index, record_is_over(record), "task %llu, %s, is forgotten",
          (unsigned long long)record->id, task_status_name((enum task_status)record->status));
    watch->counts.pruned++;
    picture_forget(watch, index);
}

static void see_of_task(struct watch *watch, uint32_t index, const struct effect *effect)
{
    switch (effect->kind) {
    case NOTE_STATUS: life_status(watch, index, effect); break;
    case NOTE_WAIT: life_waits(watch, index, effect); break;
    case NOTE_ADMITTED: see_admitted(watch, index, effect); break;
    case NOTE_PROOF_QUEUED: rules_queued(watch, index); break;
    case NOTE_PROOF_READY: watch->counts.proofs_ready++; break;
    case NOTE_SETTLED: money_settled(watch, index, effect); break;
    case NOTE_ROLLBACK_BEGIN: see_rollback_begins(watch, index, effect); break;
    case NOTE_UNDONE: see_turn(watch, index, effect); break;
    case NOTE_ROLLBACK_END: see_rollback_ends(watch, index, effect); break;
    case NOTE_PRUNED: see_pruned(watch, index); break;
    case EFFECT_EXECUTE: graph_worked(watch, index); break;
    case EFFECT_PROVE: see_prove(watch, index, effect); break;
    case EFFECT_SUBMIT: see_sent(watch, index, effect); break;
    case EFFECT_ABORT:
    case EFFECT_RESTORE: rules_asked(watch, index); break;
    default: break;
    }
}

static void see_of_engine(struct watch *watch, const struct effect *effect)
{
    switch (effect->kind) {
    case NOTE_BREAKER:
        if (effect->u.breaker.to == BREAKER_OPEN) watch->counts.trips[effect->u.breaker.trigger]++;
        time_breaker(watch, effect);
        break;
    case NOTE_DRAINED: time_drained(watch, effect); break;
    case NOTE_GC: watch->counts.gc_runs++; break;
    default: break;
    }
}

static void keep_cause(struct watch *watch, struct record *record)
{
    uint32_t number = (uint32_t)watch->event_number;
    if (record->event_count && record->events[(record->event_count - 1) % RECORD_EVENTS] == number) return;
    record->events[record->event_count++ % RECORD_EVENTS] = number;
}

void watch_effect(struct watch *watch, const struct effect *effect)
{
    if (!watch->event) return;
    if (effect->task_id == 0) {
        see_of_engine(watch, effect);
        return;
    }
    uint32_t index = picture_of_effect(watch, effect);
    if (index == NO_RECORD) return;
    keep_cause(watch, record_at(watch, index));
    see_of_task(watch, index, effect);
}

/* ---- the end of a step ---- */

void watch_answer(struct watch *watch, err answer, const struct engine *engine)
{
    const struct event *event = watch->event;
    if (!event || watch->is_ignored) return;
    if (answer == ERR_STALE) watch->counts.stale_events[event->kind]++;
    money_answer(watch, answer);
    if (event->kind == EVENT_SUBMIT) judge_submit(watch, answer);
    if (answer != OK && watch->agent_is_new) forget_agent(watch);
    time_event(watch, event, answer);
    rules_step_ends(watch, answer, engine);
    life_step_ends(watch, engine);
    if (engine) money_compare(watch, engine);
    time_step_ends(watch);
    if (engine && watch->event_number % METRICS_EVERY == 0) metrics_compare(watch, engine);
    watch->event = NULL;
}

void watch_finish(struct watch *watch, int64_t now_ns)
{
    watch->now_ns = later(watch->now_ns, now_ns);
    life_finish(watch);
    time_finish(watch);
}
