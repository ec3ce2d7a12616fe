/* tests/lib/engine_fixture.c: one event a call, the effects kept. */
#include "tests/lib/engine_fixture.h"
#include "base/assert.h"
#include <stdlib.h>
#include <string.h>

static void keep(struct effects *effects)
{
    struct fixture *fixture = effects->context;
    for (uint32_t i = 0; i < effects->count; i++) {
        const struct effect *effect = &effects->items[i];
        if (effect->task_id < 256 && effect->kind == EFFECT_PROVE)
            fixture->proof_attempt[effect->task_id] = effect->attempt;
        if (effect->task_id < 256 && effect->kind == EFFECT_SUBMIT)
            fixture->tx_attempt[effect->task_id] = effect->attempt;
        if (effect->kind == NOTE_UNDONE) fixture->undone[fixture->undone_count++ % 256] = effect->task_id;
        if (fixture->seen_count < FIXTURE_EFFECTS) fixture->seen[fixture->seen_count++] = *effect;
    }
    effects->count = 0;
}

struct settings settings_for_tests(void)
{
    struct config *config = calloc(1, sizeof *config);
    ASSERT(config);
    config_init(config);
    struct settings settings = config->settings;
    settings.enabled = 1;
    settings.rollout_bps = BPS_ONE;
    free(config);
    return settings;
}

struct fixture *fixture_new(void)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    ASSERT(fixture);
    fixture->settings = settings_for_tests();
    return fixture;
}

void fixture_start(struct fixture *fixture, uint32_t tasks)
{
    const struct engine_limits limits = {.tasks = tasks, .edges = 4 * tasks, .agents = 16};
    err e = arena_open(&fixture->arena, engine_memory_bytes(&limits));
    ASSERT(e == OK);
    e = engine_init(&fixture->engine, &fixture->arena, &limits, &fixture->settings);
    ASSERT(e == OK);
    fixture->effects =
        (struct effects){.items = fixture->buffer, .capacity = 3, .context = fixture, .flush = keep};
    for (uint64_t agent = 1; agent <= 4; agent++)
        fixture_deposit(fixture, agent, (uint64_t)fixture->settings.max_stake_lamports);
}

void fixture_free(struct fixture *fixture)
{
    if (!fixture) return;
    arena_close(&fixture->arena);
    free(fixture);
}

err fixture_send(struct fixture *fixture, struct event *event)
{
    event->now_ns = fixture->now_ns;
    fixture->seen_count = 0;
    return engine_step(fixture->engine, event, &fixture->effects);
}

void fixture_deposit(struct fixture *fixture, uint64_t agent, uint64_t lamports)
{
    struct event event = {.kind = EVENT_DEPOSIT};
    event.u.deposit.agent_id = agent;
    event.u.deposit.lamports = lamports;
    err e = fixture_send(fixture, &event);
    ASSERT(e == OK);
}

struct event fixture_submission(uint64_t id, uint64_t agent, const uint64_t *parents)
{
    struct event event = {.kind = EVENT_SUBMIT};
    struct event_submit *submit = &event.u.submit;
    submit->id = id;
    submit->agent_id = agent;
    submit->snapshot_bytes = MIB;
    submit->claim_expires_ns = NEVER_NS;
    for (; parents[submit->parent_count]; submit->parent_count++)
        submit->parents[submit->parent_count] = parents[submit->parent_count];
    return event;
}

err fixture_submit_for(struct fixture *fixture, uint64_t id, uint64_t agent, const uint64_t *parents)
{
    struct event event = fixture_submission(id, agent, parents);
    return fixture_send(fixture, &event);
}

err fixture_submit_edges(struct fixture *fixture, uint64_t id, const uint64_t *parents,
                         const uint8_t *edge_kinds)
{
    struct event event = fixture_submission(id, 1, parents);
    memcpy(event.u.submit.edge_kinds, edge_kinds, event.u.submit.parent_count);
    return fixture_send(fixture, &event);
}

err fixture_submit(struct fixture *fixture, uint64_t id, const uint64_t *parents)
{
    return fixture_submit_for(fixture, id, 1, parents);
}

static struct event about(struct fixture *fixture, enum event_kind kind, uint64_t id)
{
    struct event event = {.kind = kind};
    bool is_known = engine_find(fixture->engine, id, &event.task);
    ASSERT(is_known);
    bool is_proof = kind == EVENT_PROOF_DONE || kind == EVENT_PROOF_FAILED;
    event.attempt = is_proof ? fixture->proof_attempt[id] : fixture->tx_attempt[id];
    return event;
}

err fixture_executed(struct fixture *fixture, uint64_t id, int64_t compute_ms)
{
    struct event event = about(fixture, EVENT_EXECUTED, id);
    event.u.executed.compute_ns = compute_ms * NS_PER_MS;
    return fixture_send(fixture, &event);
}

void fixture_run(struct fixture *fixture, uint64_t id, const uint64_t *parents)
{
    err e = fixture_submit(fixture, id, parents);
    ASSERT(e == OK);
    e = fixture_executed(fixture, id, 100);
    ASSERT(e == OK);
}

void fixture_chain(struct fixture *fixture, uint64_t length)
{
    for (uint64_t id = 1; id <= length; id++) fixture_run(fixture, id, id == 1 ? PARENTS() : PARENTS(id - 1));
}

err fixture_outcome(struct fixture *fixture, enum event_kind kind, uint64_t id)
{
    struct event event = about(fixture, kind, id);
    return fixture_send(fixture, &event);
}

err fixture_rejected(struct fixture *fixture, uint64_t id, enum tx_rejection rejection)
{
    struct event event = about(fixture, EVENT_TX_REJECTED, id);
    event.u.tx.rejection = rejection;
    return fixture_send(fixture, &event);
}

err fixture_proof_failed(struct fixture *fixture, uint64_t id, enum proof_error error)
{
    struct event event = about(fixture, EVENT_PROOF_FAILED, id);
    event.u.proof.error = error;
    return fixture_send(fixture, &event);
}

err fixture_worker_free(struct fixture *fixture, uint32_t worker)
{
    struct event event = {.kind = EVENT_WORKER_FREE, .u.worker.worker = worker};
    return fixture_send(fixture, &event);
}

err fixture_tick(struct fixture *fixture)
{
    int64_t deadline_ns = engine_deadline_ns(fixture->engine);
    if (deadline_ns != NEVER_NS && deadline_ns > fixture->now_ns) fixture->now_ns = deadline_ns;
    struct event event = {.kind = EVENT_TICK};
    return fixture_send(fixture, &event);
}

err fixture_settings(struct fixture *fixture)
{
    struct event event = {.kind = EVENT_SETTINGS, .u.settings = &fixture->settings};
    return fixture_send(fixture, &event);
}

void fixture_drive_to_confirming(struct fixture *fixture, uint64_t id)
{
    err e = OK;
    if (fixture_status(fixture, id) == TASK_EXECUTING) e = fixture_executed(fixture, id, 100);
    ASSERT(e == OK);
    if (fixture_status(fixture, id) == TASK_PROOF_PENDING) e = fixture_outcome(fixture, EVENT_PROOF_DONE, id);
    ASSERT(e == OK);
    for (uint32_t worker = 0; worker < LIMIT_PROOF_WORKERS; worker++) {
        err freed = fixture_worker_free(fixture, worker);
        ASSERT(freed == OK || freed == ERR_STALE);
    }
    if (fixture_status(fixture, id) == TASK_SUBMITTING) e = fixture_outcome(fixture, EVENT_TX_ACCEPTED, id);
    ASSERT(e == OK);
}

void fixture_confirm(struct fixture *fixture, uint64_t id)
{
    fixture_drive_to_confirming(fixture, id);
    err e = fixture_outcome(fixture, EVENT_CONFIRMED, id);
    ASSERT(e == OK);
}

struct task_view fixture_view(struct fixture *fixture, uint64_t id)
{
    struct task_view view = {.status = TASK_STATUS_COUNT};
    struct task_ref ref;
    if (engine_find(fixture->engine, id, &ref)) {
        err e = engine_task(fixture->engine, ref, &view);
        ASSERT(e == OK);
    }
    return view;
}

enum task_status fixture_status(struct fixture *fixture, uint64_t id)
{
    return fixture_view(fixture, id).status;
}

enum wait_reason fixture_waits_for(struct fixture *fixture, uint64_t id)
{
    return fixture_view(fixture, id).waiting_for;
}

const struct effect *fixture_saw(struct fixture *fixture, enum effect_kind kind, uint32_t n)
{
    for (uint32_t i = 0; i < fixture->seen_count; i++)
        if (fixture->seen[i].kind == kind && n-- == 0) return &fixture->seen[i];
    return NULL;
}

uint32_t fixture_count(struct fixture *fixture, enum effect_kind kind)
{
    uint32_t count = 0;
    while (fixture_saw(fixture, kind, count)) count++;
    return count;
}

bool fixture_books_balance(struct fixture *fixture)
{
    const struct engine_stats *stats = engine_statistics(fixture->engine);
    uint64_t deposited = 0, held = 0, locked = 0;
    for (uint32_t i = 0; i < engine_agent_count(fixture->engine); i++) {
        struct agent_view agent = engine_agent(fixture->engine, i);
        uint64_t kept = agent.free + agent.locked + agent.withdrawn;
        if (agent.deposited + agent.received != kept + agent.slashed) return false;
        deposited += agent.deposited;
        held += kept;
        locked += agent.locked;
    }
    return deposited == held + stats->treasury_lamports && locked == stats->locked_lamports &&
           stats->bonded_lamports == stats->released_lamports + stats->slashed_lamports + locked;
}

/* The port that the last step asked, if it asked one. */
static const struct effect *asked(struct fixture *fixture)
{
    const struct effect *abort_of = fixture_saw(fixture, EFFECT_ABORT, 0);
    return abort_of ? abort_of : fixture_saw(fixture, EFFECT_RESTORE, 0);
}

void fixture_finish_rollbacks(struct fixture *fixture)
{
    const struct effect *request;
    while ((request = asked(fixture))) {
        struct event event = {.kind = request->kind == EFFECT_ABORT ? EVENT_ABORTED : EVENT_RESTORED,
                              .task = request->task};
        event.u.executed.compute_ns = 50 * NS_PER_MS;
        err e = fixture_send(fixture, &event);
        ASSERT(e == OK);
    }
}
