/* tests/fuzz/fuzz_engine.c: bytes become settings and events of the right shape but any order, time,
 * reference and attempt; the engine answers OK or an error, and after each event the books balance.
 *
 * Checked: money (each agent's, all agents', the run's), the counts of tasks, gauges that did not
 * wrap, bonds settled exactly, no submission before every parent is confirmed, and no deadline that a
 * tick leaves behind. Ids run from 1 to 255; outcomes name a task by id or by any slot and generation. */
#include "base/config.h"
#include "base/units.h"
#include "engine/engine.h"
#include "tests/fuzz/fuzz.h"

enum { TASKS = 24, EDGES = 40, AGENTS = 4, IDS = 256, EFFECT_ROOM = 3, TICKS_MOST = 4 };

struct input {
    const uint8_t *bytes;
    size_t left;
};

struct world {
    struct arena arena;
    struct engine *engine;
    struct settings settings;
    struct effects effects;
    struct effect items[EFFECT_ROOM];
    int64_t now_ns;
    uint8_t status[IDS], parent_counts[IDS], parents[IDS][LIMIT_PARENTS];
    uint64_t bonds[IDS];
};

static uint8_t next(struct input *input)
{
    if (input->left == 0) return 0;
    input->left--;
    return *input->bytes++;
}

/* ---- what the effects may say ---- */

static void see_effect(struct world *world, const struct effect *effect)
{
    ASSERT(effect->task_id < IDS);
    if (effect->kind == NOTE_STATUS) world->status[effect->task_id] = (uint8_t)effect->u.status.to;
    if (effect->kind == NOTE_ADMITTED) world->bonds[effect->task_id] = effect->u.admitted.bond_lamports;
    if (effect->kind == NOTE_SETTLED) {
        uint64_t settled = effect->u.settled.released_lamports + effect->u.settled.slashed_lamports;
        ASSERT(settled == world->bonds[effect->task_id]);
        world->bonds[effect->task_id] = 0;
    }
    if (effect->kind != EFFECT_SUBMIT) return;
    for (uint32_t i = 0; i < world->parent_counts[effect->task_id]; i++) {
        enum task_status status = (enum task_status)world->status[world->parents[effect->task_id][i]];
        ASSERT(status == TASK_CONFIRMED || status == TASK_FINALIZED);
    }
}

static void see_effects(struct effects *effects)
{
    for (uint32_t i = 0; i < effects->count; i++) see_effect(effects->context, &effects->items[i]);
    effects->count = 0;
}

/* ---- what must hold after each event ---- */

static void check_agents(const struct world *world)
{
    u128 deposited = 0, kept = 0, locked = 0;
    const struct engine_stats *stats = engine_statistics(world->engine);
    for (uint32_t i = 0; i < engine_agent_count(world->engine); i++) {
        struct agent_view agent = engine_agent(world->engine, i);
        u128 had = (u128)agent.deposited + agent.received;
        ASSERT(had == (u128)agent.free + agent.locked + agent.slashed);
        deposited += agent.deposited;
        kept += (u128)agent.free + agent.locked;
        locked += agent.locked;
    }
    ASSERT(deposited == kept + stats->treasury_lamports);
    ASSERT(locked == stats->locked_lamports);
    ASSERT(stats->bonded_lamports ==
           stats->released_lamports + stats->slashed_lamports + stats->locked_lamports);
}

static void check_counts(const struct engine_stats *stats)
{
    uint64_t over = stats->ended[TASK_CONFIRMED] + stats->ended[TASK_FAILED] + stats->ended[TASK_EXPIRED] +
                    stats->ended[TASK_ROLLED_BACK] + stats->ended[TASK_CANCELLED];
    ASSERT(stats->submitted == stats->operations + over);
    ASSERT(stats->submitted == stats->table_tasks + stats->pruned);
    ASSERT(stats->operations <= stats->live_tasks && stats->live_tasks <= stats->table_tasks);
    ASSERT(stats->table_tasks <= TASKS && stats->edges <= EDGES);
    ASSERT(stats->ended[TASK_FINALIZED] <= stats->ended[TASK_CONFIRMED]);
    ASSERT(stats->speculative_active == stats->pending_operations);
    uint64_t by_depth = 0;
    for (int depth = 0; depth < LIMIT_DEPTH + 2; depth++) by_depth += stats->active_by_depth[depth];
    ASSERT(by_depth == stats->speculative_active);
}

/* A gauge of tasks that was taken down once too often is huge. */
static void check_gauges(const struct engine_stats *stats)
{
    const uint64_t gauges[] = {
        stats->tips,
        stats->live_proofs,
        stats->snapshots,
        stats->proof_cache_entries,
        stats->proof_queue_depth,
        stats->awaiting,
        stats->proofs_generating,
        stats->submitting,
        stats->waiting,
        stats->submissions_in_flight,
        stats->plans_waiting,
        stats->plans_running,
    };
    for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++) ASSERT(gauges[i] <= TASKS);
    ASSERT(stats->workers_busy <= LIMIT_PROOF_WORKERS);
    ASSERT(stats->live_snapshot_bytes <= stats->snapshot_bytes);
}

static void check(const struct world *world)
{
    check_agents(world);
    check_counts(engine_statistics(world->engine));
    check_gauges(engine_statistics(world->engine));
}

/* ---- bytes to settings and events ---- */

static void choose_settings(struct settings *settings, struct input *input)
{
    static const int64_t SPANS_NS[] = {0, NS_PER_MS, NS_PER_S, 30 * NS_PER_S};
    uint8_t flags = next(input), more = next(input), sizes = next(input);
    settings->enabled = !(flags & 1);
    settings->gate_level = flags & 2 ? GATE_FINALIZED : GATE_CONFIRMED;
    settings->branch_scope = flags & 4 ? SCOPE_ENGINE : SCOPE_AGENT;
    settings->require_parent_output = !(flags & 8);
    settings->optimistic_proofs = !(flags & 16);
    settings->cross_agent_speculation = !(flags & 32);
    settings->bond_roots = !!(flags & 64);
    settings->stake_formula = flags & 128 ? STAKE_EXPONENTIAL : STAKE_LINEAR;
    settings->rollback_max_concurrent = 1 + (more & 3);
    settings->batch_timeout_ns = SPANS_NS[more >> 2 & 3];
    settings->retention_ns = SPANS_NS[more >> 4 & 3];
    settings->cooldown_ns = SPANS_NS[more >> 6 & 3];
    settings->max_depth = 1 + (sizes & 7);
    settings->max_parallel_branches = 1 + (sizes >> 3 & 3);
    settings->queue_size = 1 + (sizes >> 5 & 3);
    settings->batch_size = sizes & 128 ? 3 : 1;
    settings->worker_threads = 2;
    settings->max_pending_operations = 12;
    settings->max_state_snapshots = 6;
    settings->max_concurrent_submissions = 2;
    settings->rollout_bps = 8000;
    settings->max_memory_bytes = (int64_t)(64 * MIB);
    settings->slash_bps = 5000;
}

static struct task_ref choose_task(const struct world *world, struct input *input)
{
    struct task_ref ref;
    uint8_t id = next(input);
    if (engine_find(world->engine, id, &ref)) return ref;
    return (struct task_ref){.slot = id % (TASKS + 1), .generation = next(input) % 3};
}

static void choose_submit(const struct world *world, struct input *input, struct event_submit *submit)
{
    static const uint64_t SIZES[] = {0, MIB, 8 * MIB, UINT64_C(1) << 40};
    uint8_t shape = next(input);
    submit->id = next(input);
    submit->agent_id = 1 + shape % (AGENTS + 1);
    submit->snapshot_bytes = SIZES[shape >> 3 & 3];
    submit->rollout_bucket = (uint32_t)(shape >> 5) * 1400;
    submit->claim_expires_ns = shape & 4 ? NEVER_NS : world->now_ns + next(input) * NS_PER_S;
    submit->parent_count = next(input) % (LIMIT_PARENTS + 2);
    for (uint32_t i = 0; i < submit->parent_count && i < LIMIT_PARENTS; i++) {
        submit->parents[i] = next(input);
        submit->edge_kinds[i] = (uint8_t)(submit->parents[i] % EDGE_KIND_COUNT);
    }
}

static void choose_rest(struct world *world, struct input *input, struct event *event)
{
    switch (event->kind) {
    case EVENT_SUBMIT: choose_submit(world, input, &event->u.submit); break;
    case EVENT_DEPOSIT:
        event->u.deposit.agent_id = 1 + next(input) % (AGENTS + 1);
        event->u.deposit.lamports = UINT64_C(1) << next(input) % 64;
        break;
    case EVENT_WORKER_FREE: event->u.worker.worker = next(input) % (LIMIT_PROOF_WORKERS + 1); break;
    case EVENT_SETTINGS:
        choose_settings(&world->settings, input);
        event->u.settings = &world->settings;
        break;
    case EVENT_TICK:
    case EVENT_GC: break;
    default: event->task = choose_task(world, input); break;
    }
}

static struct event choose_event(struct world *world, struct input *input)
{
    static const int64_t STEPS_NS[] = {0, 0, 1, NS_PER_MS, 100 * NS_PER_MS, NS_PER_S, 31 * NS_PER_S, 1};
    uint8_t kind = next(input), how = next(input);
    int64_t step_ns = STEPS_NS[how & 7], deadline_ns = engine_deadline_ns(world->engine);
    if ((how & 7) == 7 && deadline_ns != NEVER_NS && deadline_ns > world->now_ns)
        step_ns = deadline_ns - world->now_ns;
    world->now_ns += step_ns;
    struct event event = {
        .now_ns = world->now_ns, .kind = (enum event_kind)(kind % EVENT_KIND_COUNT), .attempt = how >> 3 & 3};
    event.jitter = (uint32_t)how * UINT32_C(0x01010101);
    choose_rest(world, input, &event);
    if (event.kind == EVENT_PROOF_FAILED)
        event.u.proof.error = how & 32 ? PROOF_ERROR_TRANSIENT : PROOF_ERROR_CONSTRAINT;
    if (event.kind == EVENT_TX_REJECTED)
        event.u.tx.rejection = how & 32 ? TX_STATE_CONFLICT : TX_PROOF_INVALID;
    return event;
}

static void remember_parents(struct world *world, const struct event_submit *submit)
{
    world->parent_counts[submit->id] = (uint8_t)submit->parent_count;
    for (uint32_t i = 0; i < submit->parent_count; i++)
        world->parents[submit->id][i] = (uint8_t)submit->parents[i];
}

/* What a tick does may be due to go on at once (a cooldown of no length), but not for ever. */
static void settle(struct world *world)
{
    const struct event tick = {.now_ns = world->now_ns, .kind = EVENT_TICK};
    for (int i = 0; engine_deadline_ns(world->engine) <= world->now_ns; i++) {
        ASSERT(i < TICKS_MOST);
        err e = engine_step(world->engine, &tick, &world->effects);
        ASSERT(e == OK);
        check(world);
    }
}

static void step(struct world *world, struct input *input)
{
    struct event event = choose_event(world, input);
    struct task_ref ref;
    bool is_new = event.kind == EVENT_SUBMIT && !engine_find(world->engine, event.u.submit.id, &ref) &&
                  event.u.submit.parent_count <= LIMIT_PARENTS;
    if (is_new) remember_parents(world, &event.u.submit);
    err e = engine_step(world->engine, &event, &world->effects);
    ASSERT(e == OK || e == ERR_STALE || e == ERR_RANGE || e == ERR_LIMIT);
    if (event.kind == EVENT_TICK || event.kind == EVENT_GC) ASSERT(e == OK);
    check(world);
    if (event.kind == EVENT_TICK) settle(world);
}

static void open_world(struct world *world, struct input *input)
{
    const struct engine_limits limits = {.tasks = TASKS, .edges = EDGES, .agents = AGENTS};
    struct config *config = malloc(sizeof *config);
    ASSERT(config);
    config_init(config);
    world->settings = config->settings;
    free(config);
    choose_settings(&world->settings, input);
    err e = arena_open(&world->arena, engine_memory_bytes(&limits));
    ASSERT(e == OK);
    e = engine_init(&world->engine, &world->arena, &limits, &world->settings);
    ASSERT(e == OK);
    world->effects = (struct effects){
        .items = world->items, .capacity = EFFECT_ROOM, .context = world, .flush = see_effects};
    for (uint64_t agent = 1; agent < AGENTS; agent++) {
        struct event event = {.kind = EVENT_DEPOSIT};
        event.u.deposit.agent_id = agent;
        event.u.deposit.lamports = 5000000;
        e = engine_step(world->engine, &event, &world->effects);
        ASSERT(e == OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct input input = {bytes, size_bytes};
    struct world *world = calloc(1, sizeof *world);
    ASSERT(world);
    open_world(world, &input);
    while (input.left) step(world, &input);
    arena_close(&world->arena);
    free(world);
    return 0;
}
