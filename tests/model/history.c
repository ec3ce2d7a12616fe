/* tests/model/history.c: dice that know what hurts: small limits, equal instants, answers late or again. */
#include "tests/model/history.h"
#include "base/units.h"
#include <string.h>

static uint64_t below(struct history *h, uint64_t bound)
{
    return draw_u64(&h->draw) % bound;
}

static bool chance(struct history *h, uint32_t percent)
{
    return below(h, 100) < percent;
}

static int64_t pick(struct history *h, const int64_t *choices, uint32_t count)
{
    return choices[below(h, count)];
}
#define PICK(h, ...)                                                                                         \
    pick((h), (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

/* ---- settings ---- */

static void shuffle_limits(struct history *h, struct settings *s)
{
    s->max_depth = PICK(h, 1, 2, 3, 5, 20);
    s->max_parallel_branches = PICK(h, 1, 2, 4, 16);
    s->max_pending_operations = PICK(h, 2, 5, 100);
    s->max_state_snapshots = PICK(h, 2, 4, 10, 100);
    s->max_memory_bytes = PICK(h, 60000, 200000, 1000000, 1 << 30);
    s->queue_size = PICK(h, 1, 3, 8, 100);
    s->worker_threads = PICK(h, 1, 2, 4);
    s->batch_size = PICK(h, 1, 2, 5);
    s->batch_timeout_ns = PICK(h, 0, 0, NS_PER_S);
    s->max_concurrent_submissions = PICK(h, 1, 2, 64);
    s->proof_max_retries = PICK(h, 0, 1, 2, 3);
    s->proof_cache_bytes = PICK(h, 0, 8192, 1 << 20);
    s->retention_ns = PICK(h, 0, NS_PER_S, 30 * NS_PER_S);
    s->rollback_max_concurrent = PICK(h, 1, 2, 10);
    s->rollback_max_cascade_size = PICK(h, 2, 5, 1000);
    s->checkpoint_interval = PICK(h, 1, 2, 3);
}

static void shuffle_money(struct history *h, struct settings *s)
{
    s->min_stake_lamports = PICK(h, 1, 1000, 1001);
    s->stake_per_depth_lamports = PICK(h, 0, 100, 333);
    s->max_stake_lamports = PICK(h, 1500, 4000, 1000000);
    s->max_locks = PICK(h, 1, 3, 100);
    s->stake_formula = PICK(h, STAKE_LINEAR, STAKE_EXPONENTIAL);
    s->base_bond_lamports = PICK(h, 1, 700);
    s->bond_roots = PICK(h, 0, 1);
    s->slash_bps = PICK(h, 1000, 3333, 5000);
    s->treasury_bps = PICK(h, 0, 3333, 5000, 10000);
    s->cooldown_ns = PICK(h, 0, NS_PER_S, 20 * NS_PER_S);
}

static void shuffle_breaker(struct history *h, struct settings *s)
{
    s->breaker_consecutive = PICK(h, 1, 3, 10, 1000);
    s->breaker_consecutive_window_ns = PICK(h, NS_PER_S, 60 * NS_PER_S);
    s->breaker_consecutive_cooldown_ns = PICK(h, 0, NS_PER_S, 30 * NS_PER_S);
    s->breaker_rate_bps = PICK(h, 1, 2500, 5000, 10000);
    s->breaker_rate_window_ns = PICK(h, NS_PER_S, 2500 * NS_PER_MS, 10 * NS_PER_S, 120 * NS_PER_S);
    s->breaker_rate_min_tasks = PICK(h, 1, 3, 20);
    s->breaker_rate_cooldown_ns = PICK(h, 0, 5 * NS_PER_S);
    s->breaker_memory_open_bps = PICK(h, 3000, 9500);
    s->breaker_memory_close_bps = PICK(h, 1000, 2900);
    s->breaker_queue_open_bps = PICK(h, 5000, 9800);
    s->breaker_queue_close_bps = PICK(h, 1000, 4900);
    s->breaker_queue_window_ns = PICK(h, 0, NS_PER_S, 10 * NS_PER_S);
    s->breaker_half_open_probes = PICK(h, 1, 2, 5);
}

static void shuffle_policy(struct history *h, struct settings *s)
{
    s->enabled = !chance(h, 10);
    s->rollback_policy = PICK(h, ROLLBACK_CASCADE, ROLLBACK_SELECTIVE, ROLLBACK_CHECKPOINT);
    s->gate_level = chance(h, 25) ? GATE_FINALIZED : GATE_CONFIRMED;
    s->branch_scope = PICK(h, SCOPE_AGENT, SCOPE_ENGINE);
    s->require_parent_output = !chance(h, 25);
    s->parallel_speculation = !chance(h, 15);
    s->cross_agent_speculation = chance(h, 70);
    s->optimistic_proofs = !chance(h, 25);
    s->rollout_bps = PICK(h, 10000, 10000, 5000, 0);
    s->confirmation_timeout_ns = PICK(h, 5 * NS_PER_S, 30 * NS_PER_S);
    s->proof_timeout_ns = PICK(h, 10 * NS_PER_S, 60 * NS_PER_S);
    s->claim_buffer_ns = PICK(h, NS_PER_S, 10 * NS_PER_S);
    s->drain_timeout_ns = PICK(h, NS_PER_S, 120 * NS_PER_S);
    s->rollback_timeout_ns = PICK(h, NS_PER_S, 120 * NS_PER_S);
    s->rollback_grace_ns = PICK(h, 0, NS_PER_S, 5 * NS_PER_S);
}

/* Half of the histories are generous, so that deep speculation happens at all. */
static void be_generous(struct settings *s)
{
    s->enabled = s->cross_agent_speculation = s->parallel_speculation = 1;
    s->max_depth = LIMIT_DEPTH;
    s->max_parallel_branches = 16;
    s->max_pending_operations = s->max_state_snapshots = s->max_locks = 1000;
    s->max_memory_bytes = 1 << 30;
    s->max_stake_lamports = 1000000000;
    s->rollout_bps = 10000;
    s->breaker_consecutive = 1000;
    s->breaker_rate_min_tasks = 1000;
}

void history_begin(struct history *h, const struct settings *base, uint64_t seed, uint64_t number,
                   uint32_t tasks_most)
{
    memset(h, 0, sizeof *h);
    struct rng rng = rng_keyed(seed, 0);
    h->draw = draw_at(&rng, RNG_TEST, number, 0);
    h->tasks_most = tasks_most;
    h->settings = *base;
    shuffle_limits(h, &h->settings);
    shuffle_money(h, &h->settings);
    shuffle_breaker(h, &h->settings);
    shuffle_policy(h, &h->settings);
    if (chance(h, 50)) be_generous(&h->settings);
    h->is_stormy = chance(h, 15);
    h->tasks = 5 + (uint32_t)below(h, tasks_most > 4 ? tasks_most - 4 : 1);
    h->tables = (uint32_t)PICK(h, 12, 40, 64);
    h->agents = (uint32_t)PICK(h, 2, 4, 5);
    h->endowment = chance(h, 80) ? (uint64_t)PICK(h, 3000, 20000, 1000000) : 0;
}

/* ---- tasks ---- */

static uint64_t some_agent(struct history *h)
{
    return 1 + below(h, chance(h, 3) ? 6 : h->agents > 2 ? 3 : 2);
}

static uint64_t some_id(struct history *h)
{
    if (h->last_id == 0) return 1;
    uint64_t recent = h->last_id < 12 ? h->last_id : 12;
    return chance(h, 70) ? h->last_id - below(h, recent) : 1 + below(h, h->last_id);
}

static void submit(struct history *h, struct event *event)
{
    struct event_submit *in = &event->u.submit;
    event->kind = EVENT_SUBMIT;
    in->id = chance(h, 2) ? below(h, h->last_id + 1) : h->last_id + 1;
    in->agent_id = some_agent(h);
    in->snapshot_bytes = below(h, 20000);
    in->bond_lamports = chance(h, 10) ? 1 + below(h, 3000) : 0;
    in->claim_expires_ns = chance(h, 80)
                               ? NEVER_NS
                               : h->now_ns + PICK(h, 0, NS_PER_S, 5 * NS_PER_S, 20 * NS_PER_S, 90 * NS_PER_S);
    in->rollout_bucket = chance(h, 10) ? ROLLOUT_ALWAYS + (uint32_t)chance(h, 2) : (uint32_t)below(h, 10005);
    in->parent_count = chance(h, 20) ? 0 : 1 + (uint32_t)(chance(h, 30) ? below(h, 4) : 0);
    if (chance(h, 1)) in->parent_count = (uint32_t)PICK(h, 16, 17, 1000);
    for (uint32_t i = 0; i < in->parent_count && i < LIMIT_PARENTS; i++) {
        in->parents[i] = chance(h, 1) ? below(h, 250) : chance(h, 1) ? in->id : some_id(h);
        in->edge_kinds[i] =
            (uint8_t)(chance(h, 75) ? EDGE_DATA
                                    : below(h, chance(h, 2) ? EDGE_KIND_COUNT + 2 : EDGE_KIND_COUNT));
    }
}

/* ---- answers ---- */

static enum event_kind answer_of_chain(struct history *h)
{
    static const enum event_kind ANSWERS[] = {
        EVENT_TX_ACCEPTED, EVENT_TX_ACCEPTED, EVENT_TX_ACCEPTED, EVENT_CONFIRMED, EVENT_CONFIRMED,
        EVENT_CONFIRMED,   EVENT_CONFIRMED,   EVENT_CONFIRMED,   EVENT_FINALIZED, EVENT_FINALIZED,
        EVENT_TX_REFUSED,  EVENT_TX_DROPPED,  EVENT_TX_REJECTED, EVENT_REVERTED,  EVENT_REVERTED,
    };
    enum event_kind kind = ANSWERS[below(h, sizeof ANSWERS / sizeof *ANSWERS)];
    return kind == EVENT_FINALIZED && h->is_stormy && chance(h, 70) ? EVENT_REVERTED : kind;
}

static enum event_kind answer_to(struct history *h, enum effect_kind kind)
{
    switch (kind) {
    case EFFECT_EXECUTE: return chance(h, 93) ? EVENT_EXECUTED : EVENT_EXECUTION_FAILED;
    case EFFECT_ABORT: return EVENT_ABORTED;
    case EFFECT_RESTORE: return EVENT_RESTORED;
    case EFFECT_PROVE: return chance(h, h->is_stormy ? 65 : 88) ? EVENT_PROOF_DONE : EVENT_PROOF_FAILED;
    default: return answer_of_chain(h);
    }
}

static void fill_answer(struct history *h, struct event *event, uint64_t id)
{
    event->jitter = (uint32_t)draw_u64(&h->draw);
    switch (event->kind) {
    case EVENT_EXECUTED:
        event->u.executed.output_digest = id + (chance(h, 10) ? below(h, 2) : 0); /* fall through */
    case EVENT_EXECUTION_FAILED:
    case EVENT_ABORTED:
        event->u.executed.compute_ns = chance(h, 1) ? -1 : (int64_t)below(h, 4) * 700 * NS_PER_US;
        break;
    case EVENT_PROOF_FAILED:
        event->u.proof.error =
            chance(h, h->is_stormy ? 90 : 60) ? PROOF_ERROR_TRANSIENT : PROOF_ERROR_CONSTRAINT;
        break;
    case EVENT_TX_REJECTED:
        event->u.tx.rejection = chance(h, 50) ? TX_PROOF_INVALID : TX_STATE_CONFLICT;
        break;
    default: break;
    }
}

static void forget(struct history *h, uint32_t index)
{
    h->asked_count--;
    memmove(&h->asked[index], &h->asked[index + 1], (h->asked_count - index) * sizeof h->asked[0]);
}

/* Answers something that was asked, mostly once; what goes to the chain is answered again and again. */
static uint64_t answer(struct history *h, struct event *event)
{
    uint32_t index = (uint32_t)below(h, h->asked_count);
    struct asked asked = h->asked[index];
    if (chance(h, 12)) {
        event->kind = EVENT_WORKER_FREE;
        event->u.worker.worker = (uint32_t)below(h, chance(h, 97) ? 4 : 40);
        return 0;
    }
    event->kind = answer_to(h, asked.kind);
    event->task = asked.task;
    event->attempt = chance(h, 98) ? asked.attempt : (uint32_t)below(h, 4);
    fill_answer(h, event, asked.id);
    bool is_last =
        asked.kind == EFFECT_SUBMIT ? event->kind == EVENT_FINALIZED || chance(h, 5) : chance(h, 90);
    if (is_last) forget(h, index);
    return asked.id;
}

/* ---- everything else ---- */

/* An outcome for any task, asked for or not, sometimes with a reference that is not good. */
static uint64_t stray(struct history *h, struct event *event)
{
    static const enum event_kind KINDS[] = {
        EVENT_EXECUTED,     EVENT_EXECUTION_FAILED, EVENT_ABORTED,    EVENT_RESTORED,   EVENT_PROOF_DONE,
        EVENT_PROOF_FAILED, EVENT_TX_ACCEPTED,      EVENT_TX_REFUSED, EVENT_TX_DROPPED, EVENT_TX_REJECTED,
        EVENT_CONFIRMED,    EVENT_FINALIZED,        EVENT_REVERTED,   EVENT_REVERTED,   EVENT_REVERTED,
    };
    uint64_t id = some_id(h) % HISTORY_IDS;
    event->kind = KINDS[below(h, sizeof KINDS / sizeof *KINDS)];
    event->task = h->refs[id];
    event->attempt = chance(h, 90) ? h->attempts[id] : (uint32_t)below(h, 600);
    fill_answer(h, event, id);
    if (!chance(h, 10)) return id;
    event->task.generation += 1 + (uint32_t)below(h, 2);
    if (chance(h, 50)) event->task.slot = (uint32_t)PICK(h, 63, 1000, UINT32_MAX);
    return 0;
}

static void flip_settings(struct history *h, struct event *event)
{
    event->kind = EVENT_SETTINGS;
    h->next = h->settings;
    switch (below(h, 6)) {
    case 0: shuffle_limits(h, &h->next); break;
    case 1: shuffle_money(h, &h->next); break;
    case 2: shuffle_breaker(h, &h->next); break;
    case 3: shuffle_policy(h, &h->next); break;
    case 4: be_generous(&h->next); break;
    default:
        h->next.rollback_policy = PICK(h, ROLLBACK_CASCADE, ROLLBACK_SELECTIVE, ROLLBACK_CHECKPOINT);
        break;
    }
    h->settings = h->next;
    event->u.settings = &h->next;
}

static uint64_t about_task(struct history *h, struct event *event, enum event_kind kind)
{
    uint64_t id = some_id(h) % HISTORY_IDS;
    event->kind = kind;
    event->task = h->refs[id];
    return id;
}

static uint64_t order_task(struct history *h, struct event *event)
{
    uint64_t id = 0;
    switch (below(h, 4)) {
    case 0: id = about_task(h, event, EVENT_CANCEL); break;
    case 1:
        id = about_task(h, event, EVENT_ROLLBACK);
        event->u.rollback.reason =
            (enum rollback_reason)(chance(h, 70) ? REASON_MANUAL : below(h, REASON_COUNT + 1));
        break;
    case 2: id = about_task(h, event, EVENT_PROOF_RETRY); break;
    default:
        id = about_task(h, event, EVENT_CLAIM_RENEWED);
        event->u.claim.expires_ns = chance(h, 10) ? NEVER_NS : h->now_ns + (int64_t)below(h, 100) * NS_PER_S;
    }
    return id;
}

static void order_sweep(struct history *h, struct event *event)
{
    switch (below(h, 4)) {
    case 0:
        event->kind = EVENT_FORCE_ROLLBACK;
        event->u.rollback.reason = chance(h, 80) ? REASON_MANUAL : REASON_CHAIN_REORG;
        break;
    case 1:
        event->kind = EVENT_TIMEOUT_STALE;
        event->u.stale.older_than_ns = PICK(h, -1, 0, 5 * NS_PER_S, 30 * NS_PER_S);
        break;
    case 2:
        event->kind = EVENT_CLEAR_QUEUE;
        event->u.clear.is_dropped = chance(h, 30);
        break;
    default:
        event->kind = EVENT_SNAPSHOTS_CLEAR;
        event->u.snapshots.older_than_ns = PICK(h, -1, 0, NS_PER_S, 20 * NS_PER_S);
        event->u.snapshots.is_dry_run = chance(h, 30);
        event->u.snapshots.includes_live = chance(h, 30);
    }
}

static void order_engine(struct history *h, struct event *event)
{
    switch (below(h, 5)) {
    case 0:
        event->kind = EVENT_DRAIN;
        event->u.drain.timeout_ns = PICK(h, -1, 0, NS_PER_S, 30 * NS_PER_S, NEVER_NS);
        event->u.drain.is_forced = chance(h, 50);
        break;
    case 1:
        event->kind = EVENT_EMERGENCY;
        event->u.emergency.action = (enum emergency_action)below(h, 2);
        event->u.emergency.is_forced = chance(h, 50);
        break;
    case 2: event->kind = EVENT_BREAKER_RESET; break;
    case 3:
        event->kind = EVENT_BREAKER_ENABLE;
        event->u.enable.is_forced = chance(h, 30);
        break;
    default: event->kind = EVENT_STAKE_RECOVER; event->u.recover.agent_id = below(h, 4);
    }
}

static void move_money(struct history *h, struct event *event)
{
    uint64_t agent = some_agent(h);
    if (chance(h, 60)) {
        event->kind = EVENT_DEPOSIT;
        event->u.deposit.agent_id = agent;
        event->u.deposit.lamports = chance(h, 1) ? UINT64_MAX - below(h, 3) : below(h, 6000);
    } else {
        event->kind = EVENT_WITHDRAW;
        event->u.withdraw.agent_id = agent;
        event->u.withdraw.lamports = below(h, 2500);
        event->u.withdraw.is_immediate = chance(h, 50);
    }
}

/* Often the same instant; else a little later, exactly at the next deadline, or just before or after it. */
static void pass_time(struct history *h, int64_t deadline_ns)
{
    uint64_t dice = below(h, 100);
    int64_t next_ns = h->now_ns;
    if (dice >= 45) next_ns += 1 + (int64_t)below(h, 300) * NS_PER_MS;
    if (dice >= 93 && deadline_ns != NEVER_NS) next_ns = deadline_ns + PICK(h, -1, 0, 0, 1, NS_PER_S);
    if (dice >= 99) next_ns = h->now_ns + PICK(h, NS_PER_S, 10 * NS_PER_S, 100 * NS_PER_S);
    if (next_ns > h->now_ns) h->now_ns = next_ns;
}

uint64_t history_next(struct history *h, int64_t deadline_ns, struct event *event)
{
    uint64_t id = 0;
    memset(event, 0, sizeof *event);
    if (h->endowed < 2 && h->endowment) {
        event->kind = EVENT_DEPOSIT;
        event->u.deposit.agent_id = ++h->endowed;
        event->u.deposit.lamports = h->endowment;
        return 0;
    }
    pass_time(h, deadline_ns);
    uint64_t dice = below(h, 1000);
    if (h->is_stormy && chance(h, 6)) dice = 999; /* snapshots of confirmed work are given up, then reorgs */
    bool may_submit = h->accepted<h->tasks, has_asked = h->asked_count> 0;
    if (!may_submit && dice < 280) dice = 280 + below(h, 720);
    if (!has_asked && dice >= 280 && dice < 880) dice = 880 + below(h, 120);
    if (deadline_ns <= h->now_ns && chance(h, 80))
        event->kind = EVENT_TICK;
    else if (dice < 280)
        submit(h, event);
    else if (dice < 880)
        id = answer(h, event);
    else if (dice < 910)
        id = stray(h, event);
    else if (dice < 930)
        event->kind = EVENT_TICK;
    else if (dice < 950)
        move_money(h, event);
    else if (dice < 964)
        id = order_task(h, event);
    else if (dice < 970)
        order_sweep(h, event);
    else if (dice < 976)
        order_engine(h, event);
    else if (dice < 986)
        flip_settings(h, event);
    else {
        event->kind = EVENT_GC;
        event->u.gc.is_forced = chance(h, 60);
    }
    event->now_ns = h->now_ns;
    if (chance(h, 1) && h->now_ns > 0 && chance(h, 20)) event->now_ns = h->now_ns - 1; /* the past */
    return id;
}

void history_effect(struct history *h, const struct effect *effect)
{
    if (effect->kind > EFFECT_RESTORE || effect->kind == EFFECT_CANCEL_PROOF) return;
    if (h->asked_count == HISTORY_ASKED) forget(h, 0);
    h->asked[h->asked_count++] = (struct asked){
        .kind = effect->kind,
        .task = effect->task,
        .id = effect->task_id,
        .attempt = effect->attempt,
    };
    if (effect->task_id < HISTORY_IDS && effect->kind == EFFECT_SUBMIT)
        h->attempts[effect->task_id] = effect->attempt;
}
