/* tests/fuzz/fuzz_engine.c: bytes become settings and events of the right shape but any order, time,
 * reference and attempt; the engine answers OK or an error, and after each event its state is right.
 *
 * Judged twice: from outside by tests/lib/shadow.c (the invariants S01 to S17, from events and effects alone)
 * and from inside by the integrity check, which computes everything anew. Besides: every event can be logged,
 * comes back from its record as it was, and no deadline is left behind by a tick. Ids run from 1 to 255;
 * outcomes name a task by id or by any slot and generation. */
#include "base/config.h"
#include "base/units.h"
#include "engine/codec.h"
#include "engine/engine.h"
#include "engine/integrity.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/shadow.c" /* a target links the library alone */

enum { TASKS = 24, EDGES = 40, AGENTS = 4, IDS = 256, EFFECT_ROOM = 3, TICKS_MOST = 4, SCRATCH_BYTES = 1024 };

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
    struct shadow shadow;
    int64_t now_ns;
};

static uint8_t next(struct input *input)
{
    if (input->left == 0) return 0;
    input->left--;
    return *input->bytes++;
}

/* ---- what must hold after each event ---- */

static void see_effects(struct effects *effects)
{
    struct world *world = effects->context;
    for (uint32_t i = 0; i < effects->count; i++) {
        ASSERT(effects->items[i].task_id < IDS);
        shadow_effect(&world->shadow, &effects->items[i]);
    }
    effects->count = 0;
}

static void check(struct world *world, enum check_level level)
{
    uint64_t scratch[SCRATCH_BYTES / sizeof(uint64_t)];
    struct finding items[4];
    struct findings findings = {.items = items, .capacity = 4};
    const struct engine_check order = {.level = level, .scratch = scratch, .scratch_bytes = sizeof scratch};
    err e = engine_check(world->engine, &order, &findings);
    ASSERT(e == OK);
    for (uint32_t i = 0; i < findings.kept; i++)
        fprintf(stderr, "%s of %s %u (id %llu): %llu, expected %llu\n", finding_name(items[i].kind),
                items[i].what, items[i].index, (unsigned long long)items[i].id,
                (unsigned long long)items[i].found, (unsigned long long)items[i].expected);
    if (world->shadow.broken)
        fprintf(stderr, "%s: task %llu\n", world->shadow.broken, (unsigned long long)world->shadow.broken_by);
    ASSERT(findings.count == 0);
    ASSERT(world->shadow.broken == NULL);
}

/* What would be logged is what is stepped. */
static void check_record(const struct event *event)
{
    unsigned char bytes[CODEC_EVENT_BYTES_MOST], again[CODEC_EVENT_BYTES_MOST];
    struct codec_out out = {.bytes = bytes, .capacity = sizeof bytes};
    struct codec_out second = {.bytes = again, .capacity = sizeof again};
    struct codec_fault fault;
    struct settings settings;
    struct event back;
    err e = codec_write_event(&out, event);
    ASSERT(e == OK);
    struct codec_in in = {.bytes = bytes, .size = out.used};
    e = codec_read_event(&in, &back, &settings, &fault);
    ASSERT(e == OK && in.used == in.size);
    e = codec_write_event(&second, &back);
    ASSERT(e == OK && second.used == out.used && memcmp(bytes, again, out.used) == 0);
}

static err send(struct world *world, const struct event *event)
{
    check_record(event);
    shadow_event(&world->shadow, world->engine, event);
    err e = engine_step(world->engine, event, &world->effects);
    shadow_after(&world->shadow, world->engine, e);
    check(world, CHECK_NORMAL);
    return e;
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
    uint8_t policies = next(input), breaker = next(input);
    settings->rollback_policy = policies & 3 ? (policies & 3) - 1 : ROLLBACK_CASCADE;
    settings->checkpoint_interval = 1 + (policies >> 2 & 3);
    settings->max_locks = policies & 16 ? 2 : 100;
    settings->max_stake_lamports = policies & 32 ? 3000000 : 1000000000;
    settings->parallel_speculation = !(policies & 64);
    settings->proof_max_retries = policies >> 7;
    settings->breaker_consecutive = 1 + (breaker & 7);
    settings->breaker_half_open_probes = 1 + (breaker >> 3 & 1);
    settings->breaker_rate_min_tasks = 1 + (breaker >> 4 & 3);
    settings->rollback_max_cascade_size = breaker & 64 ? 2 : 1000;
    settings->breaker_consecutive_cooldown_ns = breaker & 128 ? NS_PER_S : 300 * NS_PER_S;
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
    uint8_t bond = next(input);
    submit->bond_lamports = bond & 128 ? bond * UINT64_C(30000) : 0;
    submit->parent_count = next(input) % (LIMIT_PARENTS + 2);
    for (uint32_t i = 0; i < submit->parent_count && i < LIMIT_PARENTS; i++) {
        submit->parents[i] = next(input);
        submit->edge_kinds[i] = (uint8_t)(submit->parents[i] % EDGE_KIND_COUNT);
    }
}

static int64_t choose_span(struct input *input)
{
    static const int64_t SPANS_NS[] = {0, 1, NS_PER_MS, NS_PER_S, 31 * NS_PER_S, NEVER_NS, -1, INT64_MIN};
    return SPANS_NS[next(input) & 7];
}

static void choose_order(struct input *input, struct event *event)
{
    uint8_t how = next(input);
    switch (event->kind) {
    case EVENT_ROLLBACK:
    case EVENT_FORCE_ROLLBACK: event->u.rollback.reason = (enum rollback_reason)(how % REASON_COUNT); break;
    case EVENT_DRAIN:
        event->u.drain.timeout_ns = choose_span(input);
        event->u.drain.is_forced = how & 1;
        break;
    case EVENT_EMERGENCY:
        event->u.emergency.action = how & 2 ? EMERGENCY_DRAIN : EMERGENCY_DISABLE;
        event->u.emergency.is_forced = how & 1;
        break;
    case EVENT_TIMEOUT_STALE: event->u.stale.older_than_ns = choose_span(input); break;
    case EVENT_CLEAR_QUEUE: event->u.clear.is_dropped = how & 1; break;
    case EVENT_SNAPSHOTS_CLEAR:
        event->u.snapshots.older_than_ns = choose_span(input);
        event->u.snapshots.is_dry_run = how & 1;
        event->u.snapshots.includes_live = how >> 1 & 1;
        break;
    case EVENT_STAKE_RECOVER: event->u.recover.agent_id = how % (AGENTS + 2); break;
    case EVENT_BREAKER_ENABLE: event->u.enable.is_forced = how & 1; break;
    case EVENT_GC: event->u.gc.is_forced = how & 1; break;
    default: break;
    }
}

static void choose_rest(struct world *world, struct input *input, struct event *event)
{
    switch (event->kind) {
    case EVENT_SUBMIT: choose_submit(world, input, &event->u.submit); return;
    case EVENT_DEPOSIT:
        event->u.deposit.agent_id = 1 + next(input) % (AGENTS + 1);
        event->u.deposit.lamports = UINT64_C(1) << next(input) % 64;
        return;
    case EVENT_WITHDRAW:
        event->u.withdraw.agent_id = 1 + next(input) % (AGENTS + 1);
        event->u.withdraw.lamports = UINT64_C(1) << next(input) % 64;
        event->u.withdraw.is_immediate = next(input) & 1;
        return;
    case EVENT_WORKER_FREE: event->u.worker.worker = next(input) % (LIMIT_PROOF_WORKERS + 1); return;
    case EVENT_SETTINGS:
        choose_settings(&world->settings, input);
        event->u.settings = &world->settings;
        return;
    case EVENT_TICK: return;
    default: break;
    }
    if (event->kind <= EVENT_CANCEL || event->kind == EVENT_ROLLBACK || event->kind == EVENT_PROOF_RETRY)
        event->task = choose_task(world, input);
    if (event->kind == EVENT_CLAIM_RENEWED)
        event->u.claim.expires_ns = ns_after(world->now_ns, (int64_t)next(input) * NS_PER_S);
    if (event->kind == EVENT_EXECUTED) event->u.executed.output_digest = next(input) & 1;
    if (event->kind == EVENT_EXECUTED || event->kind == EVENT_ABORTED ||
        event->kind == EVENT_EXECUTION_FAILED)
        event->u.executed.compute_ns = next(input) * NS_PER_MS;
    choose_order(input, event);
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
    struct task_view view;
    if (!(how & 64) && engine_task(world->engine, event.task, &view) == OK)
        event.attempt |= view.incarnation << 8;
    if (event.kind == EVENT_PROOF_FAILED)
        event.u.proof.error = how & 32 ? PROOF_ERROR_TRANSIENT : PROOF_ERROR_CONSTRAINT;
    if (event.kind == EVENT_TX_REJECTED)
        event.u.tx.rejection = how & 32 ? TX_STATE_CONFLICT : TX_PROOF_INVALID;
    return event;
}

/* What a tick does may be due to go on at once (a cooldown of no length), but not for ever. */
static void settle(struct world *world)
{
    const struct event tick = {.now_ns = world->now_ns, .kind = EVENT_TICK};
    for (int i = 0; engine_deadline_ns(world->engine) <= world->now_ns; i++) {
        ASSERT(i < TICKS_MOST);
        err e = send(world, &tick);
        ASSERT(e == OK);
    }
}

static void step(struct world *world, struct input *input)
{
    struct event event = choose_event(world, input);
    err e = send(world, &event);
    ASSERT(e == OK || e == ERR_STALE || e == ERR_RANGE || e == ERR_LIMIT || e == ERR_CONFLICT);
    if (event.kind == EVENT_TICK || event.kind == EVENT_GC) ASSERT(e == OK);
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
    shadow_begin(&world->shadow, &world->settings);
    world->effects = (struct effects){
        .items = world->items, .capacity = EFFECT_ROOM, .context = world, .flush = see_effects};
    for (uint64_t agent = 1; agent < AGENTS; agent++) {
        struct event event = {.kind = EVENT_DEPOSIT};
        event.u.deposit.agent_id = agent;
        event.u.deposit.lamports = 5000000;
        e = send(world, &event);
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
    check(world, CHECK_FULL);
    arena_close(&world->arena);
    free(world);
    return 0;
}
