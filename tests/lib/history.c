/* tests/lib/history.c: see the header. */
#include "tests/lib/history.h"
#include "base/assert.h"
#include "base/rollout.h"
#include "tests/lib/event_sample.h"
#include <stdlib.h>

enum { AGENTS = 4 };

static uint64_t below(struct history *history, uint64_t bound)
{
    return draw_below(&history->draw, bound);
}

static bool chance(struct history *history, uint64_t percent)
{
    return below(history, 100) < percent;
}

/* ---- settings ---- */

static int64_t span(struct history *history)
{
    static const int64_t SPANS_NS[] = {0, NS_PER_MS, NS_PER_S, 20 * NS_PER_S};
    return SPANS_NS[below(history, 4)];
}

static void choose_settings(struct history *history)
{
    struct settings *settings = &history->settings;
    settings->enabled = chance(history, 93);
    settings->gate_level = chance(history, 15) ? GATE_FINALIZED : GATE_CONFIRMED;
    settings->branch_scope = chance(history, 50) ? SCOPE_ENGINE : SCOPE_AGENT;
    settings->rollback_policy = (int64_t)below(history, 3);
    settings->require_parent_output = chance(history, 70);
    settings->optimistic_proofs = chance(history, 70);
    settings->cross_agent_speculation = chance(history, 80);
    settings->parallel_speculation = chance(history, 90);
    settings->bond_roots = chance(history, 40);
    settings->stake_formula = chance(history, 30) ? STAKE_EXPONENTIAL : STAKE_LINEAR;
    settings->max_depth = 1 + (int64_t)below(history, 6);
    settings->max_parallel_branches = 1 + (int64_t)below(history, 6);
    settings->checkpoint_interval = 1 + (int64_t)below(history, 3);
    settings->max_stake_lamports = chance(history, 50) ? 3000000 : 1000000000;
    settings->max_locks = 1 + (int64_t)below(history, 6);
    settings->cooldown_ns = span(history);
    settings->retention_ns = span(history);
    settings->batch_timeout_ns = span(history);
    settings->queue_size = 1 + (int64_t)below(history, 10);
    settings->batch_size = 1 + (int64_t)below(history, 3);
    settings->worker_threads = 1 + (int64_t)below(history, 3);
    settings->proof_max_retries = (int64_t)below(history, 4);
    settings->max_concurrent_submissions = 1 + (int64_t)below(history, 3);
    settings->max_pending_operations = 4 + (int64_t)below(history, 12);
    settings->max_state_snapshots = 3 + (int64_t)below(history, 10);
    settings->max_memory_bytes = (int64_t)((16 + below(history, 64)) * MIB);
    settings->rollout_bps = chance(history, 20) ? 5000 : 10000;
    settings->rollback_max_concurrent = 1 + (int64_t)below(history, 3);
    settings->rollback_max_cascade_size = 1 + (int64_t)below(history, 20);
    settings->breaker_consecutive = 1 + (int64_t)below(history, 20);
    settings->breaker_consecutive_cooldown_ns = span(history);
    settings->breaker_rate_min_tasks = 1 + (int64_t)below(history, 20);
    settings->breaker_rate_window_ns = NS_PER_S * (1 + (int64_t)below(history, 20));
    settings->breaker_half_open_probes = 1 + (int64_t)below(history, 3);
}

/* ---- the ports ---- */

static void show_effect(struct history *history, const struct effect *effect)
{
    struct effect shown = *effect;
    if (history->spoil && !history->spoil(history->spoil_context, &shown)) return;
    shadow_effect(history->shadow, &shown);
    watch_effect(history->watch, &shown);
}

static void keep(struct effects *effects)
{
    struct history *history = effects->context;
    for (uint32_t i = 0; i < effects->count; i++) {
        const struct effect *effect = &effects->items[i];
        if (history->shadow) show_effect(history, effect);
        if (effect->kind > EFFECT_RESTORE || effect->kind == EFFECT_CANCEL_PROOF) continue;
        uint32_t at = history->open_count < HISTORY_REQUESTS ? history->open_count++
                                                             : (uint32_t)(effect->task_id % HISTORY_REQUESTS);
        history->open[at] =
            (struct history_request){.kind = effect->kind, .task = effect->task, .attempt = effect->attempt};
    }
    effects->count = 0;
}

static void answer_transaction(struct history *history, struct history_request *request, struct event *event)
{
    static const enum event_kind USUAL[3] = {EVENT_TX_ACCEPTED, EVENT_CONFIRMED, EVENT_FINALIZED};
    static const enum event_kind OTHERS[3][4] = {
        {EVENT_CONFIRMED, EVENT_CONFIRMED, EVENT_TX_REFUSED, EVENT_TX_REJECTED},
        {EVENT_FINALIZED, EVENT_TX_DROPPED, EVENT_REVERTED, EVENT_TX_REJECTED},
        {EVENT_CONFIRMED, EVENT_REVERTED, EVENT_REVERTED, EVENT_REVERTED},
    };
    event->kind = chance(history, 66) ? USUAL[request->stage] : OTHERS[request->stage][below(history, 4)];
    if (event->kind == EVENT_TX_ACCEPTED) request->stage = 1;
    if (event->kind == EVENT_CONFIRMED) request->stage = 2;
    event->jitter = (uint32_t)draw_u64(&history->draw);
    if (event->kind == EVENT_TX_REJECTED)
        event->u.tx.rejection = chance(history, 50) ? TX_PROOF_INVALID : TX_STATE_CONFLICT;
    if (event->kind >= EVENT_CONFIRMED && event->kind <= EVENT_REVERTED)
        event->u.level.slot = history->slot += below(history, 3);
}

static void answer_work(struct history *history, const struct history_request *request, struct event *event)
{
    switch (request->kind) {
    case EFFECT_EXECUTE: event->kind = chance(history, 97) ? EVENT_EXECUTED : EVENT_EXECUTION_FAILED; break;
    case EFFECT_ABORT: event->kind = EVENT_ABORTED; break;
    case EFFECT_RESTORE: event->kind = EVENT_RESTORED; break;
    default: event->kind = chance(history, 88) ? EVENT_PROOF_DONE : EVENT_PROOF_FAILED; break;
    }
    if (event->kind == EVENT_PROOF_FAILED) {
        event->u.proof.error = chance(history, 60) ? PROOF_ERROR_TRANSIENT : PROOF_ERROR_CONSTRAINT;
        event->jitter = (uint32_t)draw_u64(&history->draw);
    } else if (request->kind == EFFECT_EXECUTE || request->kind == EFFECT_ABORT) {
        event->u.executed.compute_ns = (int64_t)below(history, 400) * NS_PER_MS;
    }
    if (event->kind == EVENT_EXECUTED) event->u.executed.output_digest = below(history, 3);
}

static struct event choose_submit(struct history *history);

static struct event choose_answer(struct history *history)
{
    struct event event = {.kind = EVENT_TICK};
    if (history->open_count == 0) return choose_submit(history);
    uint32_t at = (uint32_t)below(history, history->open_count);
    struct history_request *request = &history->open[at];
    event.task = request->task;
    event.attempt = request->attempt;
    if (request->kind == EFFECT_SUBMIT)
        answer_transaction(history, request, &event);
    else
        answer_work(history, request, &event);
    bool is_over = request->kind != EFFECT_SUBMIT || request->stage == 0 || event.kind != EVENT_CONFIRMED;
    is_over = is_over && event.kind != EVENT_TX_ACCEPTED && chance(history, 95);
    if (is_over) *request = history->open[--history->open_count];
    return event;
}

/* ---- those who ask ---- */

/* A recent task that is not over, if a few tries find one: others have no unconfirmed output to build on. */
static uint64_t choose_parent(struct history *history, uint64_t id)
{
    struct task_ref ref;
    struct task_view view;
    uint64_t back = 1;
    for (int tries = 0; tries < 8; tries++) {
        back = 1 + below(history, tries < 6 ? 10 : 40);
        if (id <= back || !engine_find(history->engine, id - back, &ref)) continue;
        if (engine_task(history->engine, ref, &view) == OK && view.status < TASK_CONFIRMED) break;
    }
    return id > back ? id - back : id;
}

static struct event choose_submit(struct history *history)
{
    struct event event = {.kind = EVENT_SUBMIT};
    struct event_submit *submit = &event.u.submit;
    submit->id = chance(history, 96) ? history->next_id++ : 1 + below(history, history->next_id);
    submit->agent_id =
        1 + (chance(history, 70) ? 0 : below(history, chance(history, 10) ? AGENTS + 2 : AGENTS));
    submit->snapshot_bytes = below(history, 4) * MIB;
    submit->bond_lamports = chance(history, 10) ? 1 + below(history, 5000000) : 0;
    submit->claim_expires_ns =
        chance(history, 80) ? NEVER_NS : history->now_ns + (int64_t)below(history, 200) * NS_PER_S;
    submit->rollout_bucket = (uint32_t)below(history, ROLLOUT_BUCKETS);
    submit->parent_count = chance(history, 1) ? LIMIT_PARENTS + 1 : (uint32_t)below(history, 4);
    for (uint32_t i = 0; i < submit->parent_count && i < LIMIT_PARENTS; i++) {
        submit->parents[i] = choose_parent(history, submit->id);
        submit->edge_kinds[i] = (uint8_t)(chance(history, 75)   ? EDGE_DATA
                                          : chance(history, 85) ? EDGE_ORDER
                                                                : EDGE_RESOURCE);
    }
    return event;
}

/* Of a few recent tasks the first that this event could be about; any reference at all when none could. */
static struct task_ref choose_task(struct history *history, enum event_kind kind)
{
    struct task_ref ref;
    struct task_view view;
    for (int tries = 0; tries < 12; tries++) {
        uint64_t back = 1 + below(history, 24);
        if (history->next_id <= back || !engine_find(history->engine, history->next_id - back, &ref))
            continue;
        if (engine_task(history->engine, ref, &view) != OK) continue;
        bool suits = kind == EVENT_PROOF_RETRY     ? view.proof == PROOF_BACKOFF
                     : kind == EVENT_CLAIM_RENEWED ? view.claim == CLAIM_CLAIMED
                                                   : view.status < TASK_CONFIRMED;
        if (suits) return ref;
    }
    return (struct task_ref){.slot = (uint32_t)below(history, 40), .generation = (uint32_t)below(history, 3)};
}

/* Any event at all, with fields that fit an engine of this size more often than not. */
static struct event choose_order(struct history *history)
{
    enum event_kind kind = (enum event_kind)below(history, EVENT_KIND_COUNT);
    bool stops_all = kind == EVENT_EMERGENCY || kind == EVENT_FORCE_ROLLBACK || kind == EVENT_DRAIN;
    if (stops_all && chance(history, 75)) kind = EVENT_SETTINGS;
    struct event event = event_sample(&history->draw, kind, &history->settings);
    event.task = choose_task(history, kind);
    if (kind == EVENT_SETTINGS) choose_settings(history);
    if (kind == EVENT_SUBMIT) event = choose_submit(history);
    if (kind == EVENT_EXECUTED || kind == EVENT_EXECUTION_FAILED || kind == EVENT_ABORTED)
        event.u.executed.compute_ns = NS_PER_MS;
    if (kind == EVENT_DEPOSIT || kind == EVENT_WITHDRAW)
        event.u.deposit.agent_id = 1 + below(history, AGENTS);
    if (kind == EVENT_DEPOSIT && chance(history, 95)) event.u.deposit.lamports = below(history, 5000000);
    if (kind == EVENT_WITHDRAW) event.u.withdraw.lamports = below(history, 2000000);
    if (kind == EVENT_DRAIN) event.u.drain.timeout_ns = 10 * span(history);
    if (kind == EVENT_TIMEOUT_STALE) event.u.stale.older_than_ns = span(history);
    if (kind == EVENT_SNAPSHOTS_CLEAR) event.u.snapshots.older_than_ns = span(history);
    if (kind == EVENT_CLAIM_RENEWED)
        event.u.claim.expires_ns = history->now_ns + (int64_t)below(history, 400) * NS_PER_S;
    return event;
}

static struct event choose_wait(struct history *history)
{
    uint64_t pick = below(history, 100);
    struct event event = {.kind = pick < 50 ? EVENT_TICK : pick < 85 ? EVENT_WORKER_FREE : EVENT_GC};
    if (event.kind == EVENT_GC) return event;
    if (event.kind == EVENT_WORKER_FREE) {
        event.u.worker.worker = (uint32_t)below(history, 4);
        return event;
    }
    int64_t deadline_ns = engine_deadline_ns(history->engine);
    bool goes_there = chance(history, 50) && deadline_ns != NEVER_NS && deadline_ns > history->now_ns;
    history->now_ns = goes_there ? deadline_ns : history->now_ns + (int64_t)below(history, 2 * NS_PER_S);
    return event;
}

err history_send(struct history *history, struct event event)
{
    event.now_ns = history->now_ns;
    history->event = event;
    err e = journal_write_event(&history->chain, &history->log, &event);
    ASSERT(e == OK);
    if (history->shadow) shadow_event(history->shadow, history->engine, &history->event);
    if (history->watch) watch_event(history->watch, &history->event);
    history->answer = engine_step(history->engine, &event, &history->effects);
    if (history->shadow) shadow_after(history->shadow, history->engine, history->answer);
    if (history->watch) watch_answer(history->watch, history->answer, history->engine);
    return history->answer;
}

void history_step(struct history *history)
{
    uint64_t pick = below(history, 100);
    struct event event = pick < 45   ? choose_answer(history)
                         : pick < 68 ? choose_submit(history)
                         : pick < 96 ? choose_wait(history)
                                     : choose_order(history);
    (void)history_send(history, event);
}

/* Ports that never answer are no faults here: what must happen in time is not asked for. */
static void watch_it(struct history *history)
{
    const struct watch_options options = {.settings = &history->settings,
                                          .limits = history->limits,
                                          .tasks_most = SHADOW_IDS / 2, /* the others go through the table */
                                          .is_live_checked = false};
    err e = watch_open(&history->watch, &options);
    ASSERT(e == OK);
}

struct history *history_watched(uint64_t seed, struct shadow *shadow)
{
    struct history *history = calloc(1, sizeof *history);
    ASSERT(history);
    struct rng rng = rng_keyed(seed, 0);
    history->draw = draw_at(&rng, RNG_TEST, 0, 0);
    history->settings = settings_for_tests();
    history->limits = (struct engine_limits){.tasks = 32, .edges = 64, .agents = AGENTS + 1};
    history->next_id = 1;
    choose_settings(history);
    history->log = (struct codec_out){.bytes = history->log_bytes, .capacity = HISTORY_LOG_BYTES};
    err e = arena_open(&history->arena, engine_memory_bytes(&history->limits));
    ASSERT(e == OK);
    e = engine_init(&history->engine, &history->arena, &history->limits, &history->settings);
    ASSERT(e == OK);
    e = journal_write_header(&history->chain, &history->log, &history->limits, &history->settings);
    ASSERT(e == OK);
    history->effects =
        (struct effects){.items = history->buffer, .capacity = 3, .context = history, .flush = keep};
    history->shadow = shadow;
    if (shadow) shadow_begin(shadow, &history->settings);
    if (shadow) watch_it(history);
    for (uint64_t agent = 1; agent <= AGENTS; agent++) {
        struct event event = {.kind = EVENT_DEPOSIT};
        event.u.deposit.agent_id = agent;
        event.u.deposit.lamports = 20000000;
        (void)history_send(history, event);
    }
    return history;
}

struct history *history_new(uint64_t seed)
{
    return history_watched(seed, NULL);
}

void history_free(struct history *history)
{
    if (!history) return;
    arena_close(&history->arena);
    watch_free(history->watch);
    free(history);
}
