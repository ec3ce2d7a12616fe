/* tests/judge/world.c: gates, ports that answer at once, sweeps. */
#include "tests/judge/world.h"
#include "base/assert.h"
#include "tests/lib/engine_fixture.h"
#include <stdlib.h>

/* Later than anything, and three of them still fit. */
#define FOREVER_NS (INT64_C(1000000000) * NS_PER_S)

enum { NO_PLACE = UINT32_MAX };

static uint64_t id_of(uint32_t place)
{
    return 2 * (uint64_t)place + 1;
}

static uint64_t gate_of(uint32_t place)
{
    return 2 * (uint64_t)place + 2;
}

static uint32_t place_of(uint64_t id)
{
    return id % 2 ? (uint32_t)(id / 2) : NO_PLACE;
}

/* ---- effects ---- */

static void *room_for(void *list, uint32_t count, uint32_t *room, size_t size)
{
    if (count < *room) return list;
    *room = *room ? 2 * *room : 64;
    list = realloc(list, *room * size);
    ASSERT(list);
    return list;
}

static void answer_later(struct world *world, const struct event *answer)
{
    world->answers =
        room_for(world->answers, world->answer_count, &world->answer_room, sizeof *world->answers);
    world->answers[world->answer_count++] = *answer;
}

static void note_undone(struct world *world, const struct effect *effect)
{
    world->undone = room_for(world->undone, world->undone_count, &world->undone_room, sizeof *world->undone);
    world->undone[world->undone_count++] =
        (struct world_undone){place_of(effect->u.undone.root_id), place_of(effect->task_id)};
}

/* The port has it and says so; a first time it goes to a sender. */
static void note_handed(struct world *world, const struct effect *effect)
{
    uint32_t place = place_of(effect->task_id);
    struct event answer = {.kind = EVENT_TX_ACCEPTED, .task = effect->task, .attempt = effect->attempt};
    world->send_attempts[effect->task_id] = effect->attempt;
    answer_later(world, &answer);
    if (place == NO_PLACE || world->tasks[place].sender) return;
    if (world->sender == 0) world->sender = ++world->sender_count;
    world->tasks[place].sender = world->sender;
    world->handed[world->handed_count++] = place;
}

static void take(struct world *world, const struct effect *effect)
{
    struct event answer = {.task = effect->task};
    switch (effect->kind) {
    case EFFECT_PROVE:
        world->prove_attempts[effect->task_id] = effect->attempt;
        answer.kind = EVENT_WORKER_FREE;
        answer.u.worker.worker = effect->u.prove.worker;
        answer_later(world, &answer);
        break;
    case EFFECT_SUBMIT: note_handed(world, effect); break;
    case EFFECT_ABORT:
    case EFFECT_RESTORE:
        answer.kind = effect->kind == EFFECT_ABORT ? EVENT_ABORTED : EVENT_RESTORED;
        answer_later(world, &answer);
        break;
    case NOTE_UNDONE: note_undone(world, effect); break;
    default: break;
    }
}

static void flush(struct effects *effects)
{
    for (uint32_t i = 0; i < effects->count; i++) take(effects->context, &effects->items[i]);
    effects->count = 0;
}

static err step(struct world *world, struct event *event)
{
    event->now_ns = world->now_ns;
    return engine_step(world->engine, event, &world->effects);
}

/* One event, and whatever the ports have to say to what it asks for. */
static err send(struct world *world, struct event *event)
{
    err e = step(world, event);
    for (uint32_t i = 0; i < world->answer_count; i++) {
        struct event answer = world->answers[i];
        err answered = step(world, &answer);
        (void)answered; /* a batch frees its worker once */
    }
    world->answer_count = 0;
    return e;
}

static struct task_view view_of(const struct world *world, uint64_t id)
{
    struct task_view view = {.status = TASK_STATUS_COUNT};
    struct task_ref ref;
    if (engine_find(world->engine, id, &ref)) {
        err e = engine_task(world->engine, ref, &view);
        ASSERT(e == OK);
    }
    return view;
}

static err tell(struct world *world, enum event_kind kind, uint64_t id)
{
    struct event event = {.kind = kind};
    if (!engine_find(world->engine, id, &event.task)) return ERR_STALE;
    bool is_proof = kind == EVENT_PROOF_DONE || kind == EVENT_PROOF_FAILED;
    event.attempt = is_proof ? world->prove_attempts[id] : world->send_attempts[id];
    if (kind == EVENT_PROOF_FAILED) event.u.proof.error = PROOF_ERROR_CONSTRAINT;
    if (kind == EVENT_TX_REJECTED) event.u.tx.rejection = TX_PROOF_INVALID;
    if (kind == EVENT_ROLLBACK) event.u.rollback.reason = REASON_MANUAL;
    return send(world, &event);
}

/* ---- opening ---- */

/* No limit binds but those of the trace, and nothing runs out of time but what a sweep finds. */
static struct settings settings_of(const struct world_config *config)
{
    struct settings settings = settings_for_tests();
    settings.max_depth = config->enforces_limits ? (int64_t)config->max_depth : UINT16_MAX;
    settings.max_stake_lamports = config->enforces_limits ? (int64_t)config->max_stake : INT64_MAX;
    settings.max_concurrent_submissions = (int64_t)config->max_submissions;
    settings.max_parallel_branches = settings.max_pending_operations = settings.max_state_snapshots =
        INT32_MAX;
    settings.max_locks = settings.proof_max_retries = settings.rollback_max_cascade_size = INT32_MAX;
    settings.max_memory_bytes = INT64_MAX / 20000;
    settings.bond_roots = 1;
    settings.require_parent_output = 0;
    settings.min_stake_lamports = settings.stake_per_depth_lamports = 0; /* of gates; tasks name theirs */
    settings.cooldown_ns = 0;
    settings.worker_threads = LIMIT_PROOF_WORKERS;
    settings.queue_size = INT32_MAX;
    settings.confirmation_timeout_ns = settings.proof_timeout_ns = FOREVER_NS;
    settings.breaker_consecutive = LIMIT_BREAKER_FAILURES;
    settings.breaker_consecutive_window_ns = 0;
    settings.breaker_rate_min_tasks = INT32_MAX;
    return settings;
}

static void *list_of(uint32_t count, size_t size)
{
    void *list = calloc(count ? count : 1, size);
    ASSERT(list);
    return list;
}

void world_open(struct world *world, const struct world_config *config)
{
    const struct engine_limits limits = {
        .tasks = 2 * config->tasks + 1, .edges = 2 * config->tasks + 1, .agents = 1};
    *world = (struct world){.settings = settings_of(config), .proof_timeout_ns = config->proof_timeout_ns};
    err e = arena_open(&world->arena, engine_memory_bytes(&limits));
    ASSERT(e == OK);
    e = engine_init(&world->engine, &world->arena, &limits, &world->settings);
    ASSERT(e == OK);
    world->tasks = list_of(config->tasks, sizeof *world->tasks);
    world->prove_attempts = list_of(2 * config->tasks + 3, sizeof *world->prove_attempts);
    world->send_attempts = list_of(2 * config->tasks + 3, sizeof *world->send_attempts);
    world->submissions = list_of(config->tasks, sizeof *world->submissions);
    world->confirmations = list_of(config->tasks, sizeof *world->confirmations);
    world->handed = list_of(config->tasks, sizeof *world->handed);
    world->effects =
        (struct effects){.items = world->buffer, .capacity = 64, .context = world, .flush = flush};
    struct event deposit = {.kind = EVENT_DEPOSIT, .u.deposit = {.agent_id = 1, .lamports = INT64_MAX}};
    e = send(world, &deposit);
    ASSERT(e == OK);
}

void world_close(struct world *world)
{
    arena_close(&world->arena);
    free(world->tasks);
    free(world->prove_attempts);
    free(world->send_attempts);
    free(world->submissions);
    free(world->confirmations);
    free(world->handed);
    free(world->undone);
    free(world->answers);
}

void world_time(struct world *world, int64_t now_ns)
{
    world->now_ns = now_ns;
    world->undone_count = 0;
    world->handed_before = world->handed_count;
    world->sender = 0;
}

/* ---- tasks and gates ---- */

static err submit(struct world *world, uint64_t id, const struct world_new_task *task)
{
    struct event event = {.kind = EVENT_SUBMIT};
    struct event_submit *submit = &event.u.submit;
    submit->id = id;
    submit->agent_id = 1;
    submit->claim_expires_ns = NEVER_NS;
    if (!task) return send(world, &event); /* a gate */
    submit->bond_lamports = task->stake;
    submit->parents[submit->parent_count] = gate_of(world->count);
    submit->edge_kinds[submit->parent_count++] = EDGE_RESOURCE;
    if (task->parent == NO_PARENT) return send(world, &event);
    submit->parents[submit->parent_count] = task->parent == UNKNOWN_PARENT ? UINT64_MAX : id_of(task->parent);
    submit->edge_kinds[submit->parent_count++] = (uint8_t)task->kind;
    return send(world, &event);
}

/* A gate that no task came to stands for nothing: it is taken away. */
bool world_create(struct world *world, const struct world_new_task *task)
{
    uint64_t gate = gate_of(world->count);
    struct task_ref ref;
    if (!engine_find(world->engine, gate, &ref)) {
        err e = submit(world, gate, NULL);
        ASSERT(e == OK);
        e = tell(world, EVENT_EXECUTED, gate);
        ASSERT(e == OK);
    }
    if (submit(world, id_of(world->count), task) != OK) return false;
    world->tasks[world->count++] = (struct world_task){.queued_ns = NEVER_NS, .ready_ns = NEVER_NS};
    return true;
}

bool world_create_again(struct world *world, uint32_t place)
{
    struct event event = {.kind = EVENT_SUBMIT};
    event.u.submit = (struct event_submit){.id = id_of(place), .agent_id = 1, .claim_expires_ns = NEVER_NS};
    return send(world, &event) == OK;
}

static void open_gate(struct world *world, uint32_t place)
{
    uint64_t gate = gate_of(place);
    if (view_of(world, gate).status == TASK_PROOF_PENDING) {
        err e = tell(world, EVENT_PROOF_DONE, gate);
        ASSERT(e == OK);
    }
    err e = tell(world, EVENT_CONFIRMED, gate);
    (void)e; /* stale when it is open already: the task was started before */
}

static void close_gate(struct world *world, uint32_t place)
{
    err e = tell(world, EVENT_REVERTED, gate_of(place));
    ASSERT(e == OK);
}

bool world_start(struct world *world, uint32_t place)
{
    if (world_is_started(world, place)) return false;
    open_gate(world, place);
    if (world_is_started(world, place)) return true;
    if (view_of(world, id_of(place)).status == TASK_PENDING) close_gate(world, place);
    return false;
}

/* ---- from execution to the chain ---- */

void world_executed(struct world *world, uint32_t place)
{
    err e = tell(world, EVENT_EXECUTED, id_of(place));
    (void)e; /* stale: not executing, or undone */
}

void world_queue_proof(struct world *world, uint32_t place)
{
    bool is_ready = view_of(world, id_of(place)).status == TASK_PROOF_PENDING;
    if (is_ready && world->tasks[place].queued_ns == NEVER_NS) world->tasks[place].queued_ns = world->now_ns;
}

void world_proof_done(struct world *world, uint32_t place)
{
    if (world->tasks[place].queued_ns == NEVER_NS) return;
    if (tell(world, EVENT_PROOF_DONE, id_of(place)) == OK) world->tasks[place].ready_ns = world->now_ns;
}

void world_proof_failed(struct world *world, uint32_t place)
{
    if (world->tasks[place].queued_ns == NEVER_NS) return;
    err e = tell(world, EVENT_PROOF_FAILED, id_of(place));
    (void)e; /* stale: no proof in generation */
}

void world_confirm(struct world *world, uint32_t place)
{
    if (!world->tasks[place].was_sent) return;
    world->sender = world->tasks[place].sender;
    if (tell(world, EVENT_CONFIRMED, id_of(place)) == OK)
        world->confirmations[world->confirmation_count++] = place;
}

void world_reject(struct world *world, uint32_t place)
{
    if (!world->tasks[place].was_sent) return;
    err e = tell(world, EVENT_TX_REJECTED, id_of(place));
    (void)e; /* stale: it is over already */
}

static bool is_busy(const struct world *world, uint32_t sender)
{
    for (uint32_t i = 0; i < world->submission_count; i++) {
        uint32_t place = world->submissions[i];
        if (world->tasks[place].sender == sender && world_class(world, place) == CLASS_LIVE) return true;
    }
    return false;
}

/* The next of those whose sender is free, the proof that was ready first; NO_PLACE: none. */
static uint32_t next_to_send(const struct world *world)
{
    uint32_t next = NO_PLACE;
    for (uint32_t i = 0; i < world->handed_count; i++) {
        uint32_t place = world->handed[i];
        const struct world_task *task = &world->tasks[place];
        bool is_waiting = !task->was_sent && world_class(world, place) == CLASS_LIVE;
        if (!is_waiting || (next != NO_PLACE && world->tasks[next].ready_ns <= task->ready_ns)) continue;
        if (!is_busy(world, task->sender)) next = place;
    }
    return next;
}

void world_send(struct world *world)
{
    for (uint32_t place; (place = next_to_send(world)) != NO_PLACE;) {
        world->tasks[place].was_sent = true;
        world->submissions[world->submission_count++] = place;
    }
}

/* ---- failures and orders ---- */

void world_rollback(struct world *world, uint32_t place)
{
    err e = tell(world, EVENT_ROLLBACK, id_of(place));
    (void)e; /* stale: it is over already */
}

void world_cancel(struct world *world, uint32_t place)
{
    err e = tell(world, EVENT_CANCEL, id_of(place));
    (void)e; /* stale: it is over already */
}

void world_fail(struct world *world, uint32_t place)
{
    err e = OK;
    switch (view_of(world, id_of(place)).status) {
    case TASK_EXECUTING: e = tell(world, EVENT_EXECUTION_FAILED, id_of(place)); break;
    case TASK_PROOF_PENDING: e = tell(world, EVENT_PROOF_FAILED, id_of(place)); break;
    case TASK_SUBMITTING:
    case TASK_CONFIRMING: e = tell(world, EVENT_TX_REJECTED, id_of(place)); break;
    case TASK_CONFIRMED:
        e = tell(world, EVENT_REVERTED, id_of(place));
        if (e == OK) e = tell(world, EVENT_TX_REJECTED, id_of(place));
        break;
    default: world_rollback(world, place); break;
    }
    ASSERT(e == OK);
}

/* ---- sweeps ---- */

/* Of the proofs that wait for an ancestor; NEVER_NS: none does. */
static int64_t shortest_generation_ns(const struct world *world)
{
    int64_t shortest_ns = NEVER_NS;
    for (uint32_t place = 0; place < world->count; place++) {
        if (view_of(world, id_of(place)).status != TASK_AWAITING_ANCESTORS) continue;
        int64_t generation_ns = world->tasks[place].ready_ns - world->tasks[place].queued_ns;
        if (generation_ns < shortest_ns) shortest_ns = generation_ns;
    }
    return shortest_ns;
}

static void send_settings(struct world *world, int64_t confirmation_timeout_ns)
{
    world->settings.confirmation_timeout_ns = confirmation_timeout_ns;
    struct event event = {.kind = EVENT_SETTINGS, .u.settings = &world->settings};
    err e = send(world, &event);
    ASSERT(e == OK);
}

/* What is on the chain is dropped, and sent again by the tick that follows: its clock begins anew. */
static void drop_sent(struct world *world)
{
    for (uint64_t id = 1; id <= 2 * (uint64_t)world->count; id++) {
        enum task_status status = view_of(world, id).status;
        if (status != TASK_CONFIRMING) continue;
        err e = tell(world, EVENT_TX_DROPPED, id);
        ASSERT(e == OK);
    }
}

void world_tick(struct world *world)
{
    struct event tick = {.kind = EVENT_TICK};
    int64_t generation_ns = shortest_generation_ns(world);
    if (generation_ns != NEVER_NS) {
        int64_t limit_ns = world->proof_timeout_ns - generation_ns;
        drop_sent(world);
        send_settings(world, limit_ns > 0 ? limit_ns : 0);
    }
    err e = send(world, &tick);
    ASSERT(e == OK);
    if (generation_ns != NEVER_NS) send_settings(world, FOREVER_NS);
}

/* ---- what is compared ---- */

const char *task_class_name(enum task_class class)
{
    static const char *const NAMES[CLASS_COUNT] = {"never started", "live", "confirmed", "dead"};
    return NAMES[class];
}

bool world_is_started(const struct world *world, uint32_t place)
{
    return view_of(world, id_of(place)).commitment != COMMITMENT_NONE;
}

enum task_class world_class(const struct world *world, uint32_t place)
{
    struct task_view view = view_of(world, id_of(place));
    if (view.commitment == COMMITMENT_NONE) return CLASS_NEVER;
    if (task_status_is_confirmed(view.status)) return CLASS_CONFIRMED;
    return task_status_is_terminal(view.status) ? CLASS_DEAD : CLASS_LIVE;
}

uint64_t world_stake(const struct world *world, uint32_t place)
{
    return view_of(world, id_of(place)).bond_lamports;
}

uint64_t world_live_stake(const struct world *world)
{
    return engine_statistics(world->engine)->locked_lamports;
}
