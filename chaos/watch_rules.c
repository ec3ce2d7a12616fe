/* chaos/watch_rules.c: what may be admitted and how much of anything there may be: S14 rollbacks do not
 * overlap, S15 claims leave time, S16 branches, S17 off is off, S22 queues are bounded. */
#include "chaos/watch_state.h"

typedef unsigned long long ull;

/* ---- orders and outcomes that change the rules, seen before the step ---- */

static void see_orders(struct watch *watch, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SETTINGS:
        watch->settings = *event->u.settings;
        watch->settings_changed = true;
        break;
    case EVENT_EMERGENCY:
        if (event->u.emergency.action > EMERGENCY_DRAIN) break;
        if (event->u.emergency.action == EMERGENCY_DISABLE) watch->settings.enabled = 0;
        watch->counts.draining = 1;
        break;
    case EVENT_DRAIN:
        if (event->u.drain.timeout_ns >= 0) watch->counts.draining = 1;
        break;
    default: break;
    }
}

static void see_claim(struct watch *watch, const struct event *event)
{
    uint32_t index = picture_of_ref(watch, event->task);
    if (index == NO_RECORD) return;
    struct record *record = record_at(watch, index);
    bool is_longer =
        record->claim_expires_ns != NEVER_NS && event->u.claim.expires_ns > record->claim_expires_ns;
    if (is_longer && !record_is_over(record)) record->claim_expires_ns = event->u.claim.expires_ns;
}

/* An answer that voids the attempt which is out frees its submission slot, before anything else is sent. */
static void see_transaction(struct watch *watch, const struct event *event)
{
    uint32_t index = picture_of_ref(watch, event->task);
    if (index == NO_RECORD) return;
    struct record *record = record_at(watch, index);
    bool is_out = (record->flags & RECORD_ON_CHAIN) && event->attempt == record->attempt;
    if (!is_out || record_is_over(record)) return;
    if (record->flags & RECORD_SENDING) watch->counts.sending--;
    record->flags &= ~(uint32_t)(RECORD_SENDING | RECORD_ON_CHAIN);
}

void rules_event(struct watch *watch, const struct event *event)
{
    watch->plans_before = watch->counts.plans_running;
    watch->queued_before = watch->counts.queued_at_least;
    watch->admitted_in_step = 0;
    watch->settings_changed = false;
    switch (event->kind) {
    case EVENT_CLAIM_RENEWED: see_claim(watch, event); break;
    case EVENT_TX_REFUSED:
    case EVENT_TX_DROPPED:
    case EVENT_REVERTED: see_transaction(watch, event); break;
    default: see_orders(watch, event); break;
    }
}

/* ---- admissions ---- */

static void judge_permission(struct watch *watch, uint32_t index)
{
    const struct settings *settings = &watch->settings;
    const struct record *record = record_at(watch, index);
    bool is_selected =
        record->rollout_bucket == ROLLOUT_ALWAYS || record->rollout_bucket < settings->rollout_bps;
    JUDGE(watch, S17, index, settings->enabled && !watch->counts.draining, "task %llu was admitted while %s",
          (ull)record->id, settings->enabled ? "draining" : "disabled");
    JUDGE(watch, S17, index, is_selected, "task %llu of bucket %u was admitted at a rollout of %lld bps",
          (ull)record->id, record->rollout_bucket, (long long)settings->rollout_bps);
    JUDGE(watch, S17, index, watch->counts.breaker != BREAKER_OPEN,
          "task %llu was admitted by an open breaker", (ull)record->id);
    if (record->claim_expires_ns == NEVER_NS) return;
    int64_t left_ns = record->claim_expires_ns - watch->now_ns;
    JUDGE(watch, S15, index, left_ns > settings->claim_buffer_ns,
          "task %llu was admitted %lld ms before its claim expires, the buffer is %lld ms", (ull)record->id,
          (long long)(left_ns / NS_PER_MS), (long long)(settings->claim_buffer_ns / NS_PER_MS));
}

static uint64_t tips_of(const struct watch *watch, const struct record *record)
{
    bool by_agent = watch->settings.branch_scope == SCOPE_AGENT;
    return by_agent ? watch->agents[record->agent].tips : watch->counts.tips;
}

static void judge_branches(struct watch *watch, uint32_t index, uint64_t before)
{
    const struct record *record = record_at(watch, index);
    uint64_t limit =
        watch->settings.parallel_speculation ? (uint64_t)watch->settings.max_parallel_branches : 1;
    uint64_t after = tips_of(watch, record);
    JUDGE(watch, S16, index, after <= limit || after <= before,
          "task %llu raised the branches from %llu to %llu, the limit is %llu", (ull)record->id, (ull)before,
          (ull)after, (ull)limit);
    if (after > before) watch_near(watch, INVARIANT_S16, after, limit);
}

void rules_admitted(struct watch *watch, uint32_t index, const struct effect *effect)
{
    struct record *record = record_at(watch, index);
    record->flags |= RECORD_ADMITTED;
    if (!effect->u.admitted.is_speculative) {
        watch->counts.admitted_normally++;
        return;
    }
    judge_permission(watch, index);
    uint64_t limit = (uint64_t)watch->settings.max_pending_operations;
    JUDGE(watch, S22, index, watch->counts.active < limit,
          "task %llu was admitted beside %llu of %llu operations", (ull)record->id, (ull)watch->counts.active,
          (ull)limit);
    watch_near(watch, INVARIANT_S22, watch->counts.active + 1, limit);
    watch->counts.admitted_speculatively++;
    watch->admitted_in_step++;
    uint64_t before = tips_of(watch, record);
    record->flags |= RECORD_SPECULATIVE;
    graph_active(watch, index, true);
    judge_branches(watch, index, before);
}

/* ---- S14: a plan that runs waits for one port at a time ---- */

void rules_asked(struct watch *watch, uint32_t index)
{
    struct record *record = record_at(watch, index);
    JUDGE(watch, S14, index, !(record->flags & RECORD_UNDONE), "task %llu had its turn in a rollback before",
          (ull)record->id);
    if (record->flags & RECORD_ASKED) return;
    record->flags |= RECORD_ASKED;
    watch->counts.plans_running++;
}

void rules_turn(struct watch *watch, uint32_t index, const struct effect *effect)
{
    struct record *record = record_at(watch, index);
    JUDGE(watch, S14, index, !(record->flags & RECORD_UNDONE),
          "task %llu has its turn in the rollback of %llu, and had it before", (ull)record->id,
          (ull)effect->u.undone.root_id);
    if (!(record->flags & RECORD_ASKED)) return;
    record->flags &= ~(uint32_t)RECORD_ASKED;
    watch->counts.plans_running--;
}

static void judge_plans(struct watch *watch)
{
    uint64_t running = watch->counts.plans_running, most = (uint64_t)watch->settings.rollback_max_concurrent;
    JUDGE(watch, S14, NO_RECORD, running <= most || running <= watch->plans_before,
          "%llu rollbacks run, %llu may", (ull)running, (ull)most);
}

/* ---- S22 ---- */

void rules_queued(struct watch *watch, uint32_t index)
{
    struct record *record = record_at(watch, index);
    if (record->flags & RECORD_QUEUED) return;
    record->flags |= RECORD_QUEUED;
    watch->counts.queued_at_least++;
}

/* Retried proofs enter the queue as well, without a note: this counts some of it, never too much. Whoever
 * leaves it in a step may be noted after the one that takes its place. */
static void judge_queue(struct watch *watch)
{
    uint64_t queued = watch->counts.queued_at_least, limit = (uint64_t)watch->settings.queue_size;
    JUDGE(watch, S22, NO_RECORD, queued <= limit || queued <= watch->queued_before,
          "%llu tasks are in the proof queue, it holds %llu", (ull)queued, (ull)limit);
}

void rules_sent(struct watch *watch, uint32_t index)
{
    struct record *record = record_at(watch, index);
    uint64_t limit = (uint64_t)watch->settings.max_concurrent_submissions;
    bool is_again = watch->event->kind == EVENT_RESUME;
    JUDGE(watch, S22, index, is_again || watch->counts.sending < limit,
          "task %llu was sent while %llu of %llu submissions are out", (ull)record->id,
          (ull)watch->counts.sending, (ull)limit);
    if ((record->flags & RECORD_SENDING) || record->status != TASK_SUBMITTING) return;
    record->flags |= RECORD_SENDING;
    watch->counts.sending++;
}

static void judge_room(struct watch *watch, err answer)
{
    if (watch->event->kind != EVENT_SUBMIT || answer != OK) return;
    uint64_t tasks = watch->counts.tasks, most = watch->options.limits.tasks;
    JUDGE(watch, S22, watch->submitted, tasks <= most, "%llu tasks were accepted, the table holds %llu",
          (ull)tasks, (ull)most);
}

/* Snapshots that wait to be collected leave without a note, so that only the engine knows how many it holds.
 */
static void judge_snapshots(struct watch *watch, const struct engine *engine)
{
    if (watch->admitted_in_step == 0 || watch->settings.branch_scope == SCOPE_AGENT) return;
    uint64_t held = engine_statistics(engine)->snapshots,
             limit = (uint64_t)watch->settings.max_state_snapshots;
    JUDGE(watch, S22, NO_RECORD, held <= limit, "%llu snapshots are held after an admission, %llu may be",
          (ull)held, (ull)limit);
}

static void judge_memory(struct watch *watch, const struct engine *engine)
{
    const struct engine_memory memory = engine_memory_usage(engine);
    uint64_t parts = memory.state_snapshots + memory.pending_operations + memory.proof_cache + memory.other;
    JUDGE(watch, P01, NO_RECORD, memory.total == parts, "%llu bytes are accounted, the parts are %llu",
          (ull)memory.total, (ull)parts);
    uint64_t operations = watch->counts.live * ENGINE_OPERATION_BYTES;
    JUDGE(watch, P01, NO_RECORD, memory.pending_operations == operations,
          "%llu bytes of operations are accounted, %llu are alive", (ull)memory.pending_operations,
          (ull)operations);
    uint64_t limit = (uint64_t)watch->settings.max_memory_bytes;
    if (watch->admitted_in_step == 0) return;
    JUDGE(watch, P01, NO_RECORD, memory.total <= limit,
          "%llu bytes are accounted after an admission, %llu may be", (ull)memory.total, (ull)limit);
    watch_near(watch, INVARIANT_P01, memory.total, limit);
}

void rules_step_ends(struct watch *watch, err answer, const struct engine *engine)
{
    judge_plans(watch);
    judge_queue(watch);
    judge_room(watch, answer);
    if (!engine) return;
    judge_memory(watch, engine);
    bool takes_more = watch->event->kind == EVENT_REVERTED; /* what runs again takes a snapshot unasked */
    if (!takes_more) judge_snapshots(watch, engine);
}
