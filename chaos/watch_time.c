/* chaos/watch_time.c: what must happen in time: L01 to L04, L06, L08, P02, and S25.
 *
 * One deadline a task, in a heap, and set rarely: what moves a deadline back is
 * only written down, and the deadline is computed anew when it is reached.
 * What faults may hold up counts from the last end of a fault and is not judged
 * while one is armed; what the engine does of itself is. */
#include "chaos/watch_state.h"

typedef unsigned long long ull;

static const int64_t SLACK_NS = 5 * NS_PER_S, PROGRESS_NS = 30 * NS_PER_S, LATE_NS = NS_PER_S;

/* A commitment outlives two confirmation timeouts, or one and a proof. */
static int64_t life_ns(const struct settings *settings)
{
    return settings->confirmation_timeout_ns +
           later(settings->proof_timeout_ns, settings->confirmation_timeout_ns);
}

/* ---- deadlines of tasks ---- */

/* What the engine does of itself at a tick needs no port, and no fault can hold it up: it is judged at ticks,
 * always. The rest is judged at any event, unless it is excused. */
struct due {
    int64_t at_ns;
    enum invariant rule;
    bool is_of_engine;
};

static bool is_blocked(const struct record *record)
{
    return record->flags & (RECORD_DOOMED | RECORD_LOOSE);
}

/* Nothing holds its proof back, and it has not left. */
static bool is_stuck(struct watch *watch, const struct record *record)
{
    return record->status == TASK_AWAITING_ANCESTORS && !is_blocked(record) &&
           !picture_has_open_parent(watch, record);
}

static bool is_unsent(const struct record *record)
{
    return record->status == TASK_SUBMITTING && !(record->flags & RECORD_SENT) && !is_blocked(record);
}

/* The engine's clocks: a proof that waits, a transaction that is out, a commitment. */
static struct due due_of_clocks(const struct watch *watch, const struct record *record)
{
    const struct settings *settings = &watch->settings;
    struct due due = {ns_after(record->since_ns, life_ns(settings) + LATE_NS), INVARIANT_L01, true};
    bool is_out = record->status >= TASK_SUBMITTING && (record->flags & RECORD_ON_CHAIN);
    int64_t from_ns = record->status == TASK_AWAITING_ANCESTORS ? record->progress_ns
                      : is_out                                  ? record->sent_ns
                                                                : NEVER_NS;
    int64_t timeout_ns = ns_after(from_ns, settings->confirmation_timeout_ns + LATE_NS);
    if (timeout_ns < due.at_ns) due.at_ns = timeout_ns;
    return due;
}

static struct due due_of(struct watch *watch, const struct record *record)
{
    if (record_is_over(record) || !(record->flags & RECORD_ADMITTED))
        return (struct due){.at_ns = NEVER_NS, .rule = INVARIANT_L01};
    if (is_stuck(watch, record))
        return (struct due){ns_after(record->progress_ns, SLACK_NS), INVARIANT_L03, true};
    int64_t progress_ns = later(record->progress_ns, watch->heal_ns);
    if (is_unsent(record)) return (struct due){ns_after(progress_ns, SLACK_NS), INVARIANT_L03, false};
    if (!is_blocked(record)) return due_of_clocks(watch, record);
    return (struct due){ns_after(progress_ns, life_ns(&watch->settings)), INVARIANT_L01, false};
}

static void set_deadline(struct watch *watch, uint32_t index, int64_t at_ns)
{
    struct record *record = record_at(watch, index);
    if (at_ns >= record->key_ns) return;
    record->key_ns = at_ns;
    heap_set(&watch->deadlines, index, at_ns);
}

void time_forget(struct watch *watch, uint32_t index)
{
    heap_remove(&watch->deadlines, index);
}

static void break_late(struct watch *watch, uint32_t index, const struct due *due)
{
    const struct record *record = record_at(watch, index);
    watch_broke(watch, due->rule, index, "task %llu has been %s for %lld ms, since its admission %lld ms",
                (ull)record->id, task_status_name((enum task_status)record->status),
                (long long)((watch->now_ns - record->progress_ns) / NS_PER_MS),
                (long long)((watch->now_ns - record->since_ns) / NS_PER_MS));
}

static bool may_judge(const struct watch *watch, const struct due *due)
{
    if (due->is_of_engine) return watch->event->kind == EVENT_TICK;
    return watch->options.is_live_checked && watch->faults_armed == 0;
}

/* Stalls that are hardly apart are one: between them there was no time to catch up. */
void watch_stalled(struct watch *watch, int64_t from_ns, int64_t until_ns)
{
    if (from_ns > watch->stalled_until_ns + LATE_NS) watch->stalled_from_ns = from_ns;
    watch->stalled_until_ns = until_ns;
}

/* A deadline that came while nothing could be stepped is met as soon as something can. */
static int64_t after_stall(const struct watch *watch, int64_t due_ns)
{
    bool came_then =
        due_ns - LATE_NS >= watch->stalled_from_ns - LATE_NS && due_ns <= watch->stalled_until_ns + LATE_NS;
    return came_then ? watch->stalled_until_ns + LATE_NS : due_ns;
}

/* The deadline that was set has come: is it the task's still? What may not be judged now is looked at again.
 */
static void judge_deadline(struct watch *watch, uint32_t index)
{
    struct record *record = record_at(watch, index);
    struct due due = due_of(watch, record);
    heap_remove(&watch->deadlines, index);
    record->key_ns = NEVER_NS;
    if (due.at_ns == NEVER_NS) return;
    due.at_ns = after_stall(watch, due.at_ns);
    watch->checks[due.rule]++;
    if (due.at_ns >= watch->now_ns) {
        set_deadline(watch, index, due.at_ns);
        return;
    }
    bool is_judged = may_judge(watch, &due);
    if (is_judged) break_late(watch, index, &due);
    set_deadline(watch, index, ns_after(watch->now_ns, is_judged ? life_ns(&watch->settings) : 1));
}

void time_admitted(struct watch *watch, uint32_t index)
{
    struct record *record = record_at(watch, index);
    if (watch->counts.live == 1 || watch->resolved_ns < watch->heal_ns) watch->resolved_ns = watch->now_ns;
    record->since_ns = record->progress_ns = watch->now_ns;
    set_deadline(watch, index, due_of(watch, record).at_ns);
}

/* ---- L08 ---- */

static void judge_timeout(struct watch *watch, uint32_t index, enum task_status from,
                          enum rollback_reason reason)
{
    const struct record *record = record_at(watch, index);
    bool is_timeout = (reason == REASON_CONFIRMATION_TIMEOUT || reason == REASON_COMMITMENT_EXPIRED) &&
                      watch->event->kind == EVENT_TICK;
    if (!is_timeout || from != TASK_AWAITING_ANCESTORS || (record->flags & RECORD_LOOSE)) return;
    JUDGE(watch, L08, index, picture_has_open_parent(watch, record),
          "task %llu timed out although every parent of it is confirmed", (ull)record->id);
}

/* ---- what happens to tasks ---- */

/* Progress above restarts the clock of whoever waits; without open parents it must leave at once. */
void time_progress_below(struct watch *watch, uint32_t index)
{
    watch->scratch[0] = index;
    record_at(watch, index)->visited = ++watch->mark;
    for (uint32_t count = 1, done = 0; done < count; done++) {
        FOR_EACH_BELOW(watch, record_at(watch, watch->scratch[done]), edge)
        {
            struct record *child = record_at(watch, edge->child);
            bool is_skipped = edge->is_dropped || child->visited == watch->mark || record_is_over(child);
            if (is_skipped || !(child->flags & RECORD_ADMITTED)) continue;
            child->visited = watch->mark;
            watch->scratch[count++] = edge->child;
            child->progress_ns = watch->now_ns;
            if (done == 0 && child->status == TASK_AWAITING_ANCESTORS) picture_await(watch, edge->child);
        }
    }
}

/* A deadline that is met is judged as well: it was not yet due. */
static void judge_met(struct watch *watch, const struct record *record, enum task_status from)
{
    if (!(record->flags & RECORD_ADMITTED) || watch->now_ns > record->key_ns ||
        !watch->options.is_live_checked)
        return;
    if (record_is_over(record)) watch->checks[INVARIANT_L01]++;
    if (from == TASK_AWAITING_ANCESTORS) watch->checks[INVARIANT_L03]++;
}

void time_status(struct watch *watch, uint32_t index, enum task_status from, enum rollback_reason reason)
{
    struct record *record = record_at(watch, index);
    judge_met(watch, record, from);
    if (status_is_dead(record->status)) judge_timeout(watch, index, from, reason);
    record->progress_ns = watch->now_ns;
    if (record_is_over(record)) watch->resolved_ns = watch->now_ns;
    if (record->status == TASK_CONFIRMED) time_progress_below(watch, index);
    if (record->status == TASK_SUBMITTING) picture_await(watch, index);
    if (from != TASK_CONFIRMED || record->status != TASK_CONFIRMING) return;
    record->since_ns = watch->now_ns; /* reopened */
    set_deadline(watch, index, due_of(watch, record).at_ns);
}

/* ---- P02 ---- */

void time_rollback_begins(struct watch *watch, uint32_t index)
{
    record_at(watch, index)->began_ns = watch->now_ns;
}

void time_rollback_ends(struct watch *watch, uint32_t index)
{
    const struct record *root = record_at(watch, index);
    int64_t from_ns = later(later(root->began_ns, watch->heal_ns), watch->rollback_end_ns);
    int64_t took_ns = watch->now_ns - from_ns, most_ns = watch->settings.rollback_max_latency_ns;
    watch->rollback_end_ns = watch->now_ns;
    if (!watch->options.is_live_checked || watch->faults_armed > 0) return;
    JUDGE(watch, P02, index, took_ns <= most_ns, "the rollback of task %llu took %lld ms of %lld",
          (ull)root->id, (long long)(took_ns / NS_PER_MS), (long long)(most_ns / NS_PER_MS));
    watch_near(watch, INVARIANT_P02, (uint64_t)took_ns, (uint64_t)most_ns);
}

/* ---- L06 ---- */

void time_drained(struct watch *watch, const struct effect *effect)
{
    bool is_forced = watch->drain_is_forced;
    watch->counts.draining = 0;
    watch->drain_due_ns = NEVER_NS;
    JUDGE(watch, L06, NO_RECORD, !is_forced || effect->u.drained.remaining == 0,
          "a forced drain left %llu operations", (ull)effect->u.drained.remaining);
}

/* A drain that is under way when another is asked for goes on. */
void time_event(struct watch *watch, const struct event *event, err answer)
{
    if (answer != OK || !watch->counts.draining) return;
    int64_t timeout_ns;
    if (event->kind == EVENT_DRAIN) {
        timeout_ns = event->u.drain.timeout_ns;
        watch->drain_is_forced = event->u.drain.is_forced;
    } else if (event->kind == EVENT_EMERGENCY) {
        timeout_ns = watch->settings.drain_timeout_ns;
        watch->drain_is_forced = event->u.emergency.action == EMERGENCY_DRAIN || event->u.emergency.is_forced;
    } else {
        return;
    }
    int64_t patience_ns =
        watch->drain_is_forced ? watch->settings.rollback_max_latency_ns + SLACK_NS : SLACK_NS;
    watch->drain_due_ns = ns_after(ns_after(event->now_ns, timeout_ns), patience_ns);
}

static void judge_drain(struct watch *watch)
{
    if (watch->drain_due_ns == NEVER_NS || watch->faults_armed > 0) return;
    int64_t due_ns = later(watch->drain_due_ns, ns_after(watch->heal_ns, SLACK_NS));
    JUDGE(watch, L06, NO_RECORD, watch->now_ns <= due_ns, "a drain has not ended %lld ms after its time",
          (long long)((watch->now_ns - watch->drain_due_ns) / NS_PER_MS));
    if (watch->now_ns > due_ns) watch->drain_due_ns = NEVER_NS;
}

/* ---- L02 ---- */

static void judge_progress(struct watch *watch)
{
    uint64_t running = watch->counts.live - watch->counts.by_status[TASK_PENDING];
    if (running == 0 || watch->faults_armed > 0) {
        watch->resolved_ns = watch->now_ns;
        return;
    }
    int64_t limit_ns = life_ns(&watch->settings) + PROGRESS_NS;
    int64_t quiet_ns = watch->now_ns - later(watch->resolved_ns, watch->heal_ns);
    JUDGE(watch, L02, NO_RECORD, quiet_ns <= limit_ns, "%llu tasks run and none has ended for %lld ms",
          (ull)running, (long long)(quiet_ns / NS_PER_MS));
    if (quiet_ns > limit_ns) watch->resolved_ns = watch->now_ns;
}

/* ---- the end of a step ---- */

static void arm_pending(struct watch *watch)
{
    uint32_t count = watch->pending_count < PENDING_MOST ? watch->pending_count : PENDING_MOST;
    for (uint32_t i = 0; i < count; i++) {
        const struct record *record = record_at(watch, watch->pending[i]);
        if (record_is_over(record) || !(record->flags & RECORD_ADMITTED)) continue;
        set_deadline(watch, watch->pending[i], due_of(watch, record).at_ns);
    }
}

void time_step_ends(struct watch *watch)
{
    uint32_t index;
    int64_t key_ns;
    arm_pending(watch);
    if (watch->options.is_live_checked) {
        judge_drain(watch);
        judge_progress(watch);
    }
    while (heap_top(&watch->deadlines, &index, &key_ns) && key_ns < watch->now_ns)
        judge_deadline(watch, index);
}

/* ---- faults ---- */

void watch_fault(struct watch *watch, int64_t now_ns, const struct fault *fault, bool begins)
{
    watch->now_ns = later(watch->now_ns, now_ns);
    if (begins)
        JUDGE(watch, L04, NO_RECORD, watch->healed_ns == NEVER_NS, "%s begins after everything has healed",
              INJECTOR_TABLE[fault->injector].name);
    if (begins)
        watch->faults_armed++;
    else if (watch->faults_armed > 0)
        watch->faults_armed--;
    watch->heal_ns = later(watch->heal_ns, now_ns);
}

void watch_healed(struct watch *watch, int64_t now_ns)
{
    JUDGE(watch, L04, NO_RECORD, watch->faults_armed == 0, "%u faults go on after the heal",
          watch->faults_armed);
    watch->faults_armed = 0;
    watch->now_ns = later(watch->now_ns, now_ns);
    watch->heal_ns = later(watch->heal_ns, now_ns);
    watch->healed_ns = now_ns;
}

/* ---- L04 ---- */

void time_breaker(struct watch *watch, const struct effect *effect)
{
    watch->counts.breaker = effect->u.breaker.to;
    watch->breaker_due_ns = effect->u.breaker.to == BREAKER_OPEN ? effect->u.breaker.retry_ns : NEVER_NS;
}

/* What is confirmed has not ended either: it holds its snapshot until it is final. The first stands for all.
 */
static uint64_t count_unfinished(struct watch *watch, uint32_t *first)
{
    uint64_t count = 0;
    *first = NO_RECORD;
    for (uint32_t index = 0; index < watch->fresh_record; index++) {
        const struct record *record = record_at(watch, index);
        if (!(record->flags & RECORD_BOUND) || record->status > TASK_CONFIRMED) continue;
        if (*first == NO_RECORD || record->seq < record_at(watch, *first)->seq) *first = index;
        count++;
    }
    return count;
}

void time_finish(struct watch *watch)
{
    bool is_due = watch->options.is_live_checked && watch->healed_ns != NEVER_NS &&
                  watch->faults_armed == 0 &&
                  watch->now_ns >= ns_after(watch->healed_ns, watch->options.settle_ns);
    bool is_over = watch->counts.live == 0 && watch->healed_ns != NEVER_NS;
    if (!is_due && !is_over) return;
    uint32_t first;
    uint64_t unfinished = count_unfinished(watch, &first);
    const struct record *record = first == NO_RECORD ? NULL : record_at(watch, first);
    JUDGE(watch, L04, first, unfinished == 0,
          "%llu tasks have not ended %lld s after the heal; the first, %llu, is %s", (ull)unfinished,
          (long long)((watch->now_ns - watch->healed_ns) / NS_PER_S), (ull)(record ? record->id : 0),
          record ? task_status_name((enum task_status)record->status) : "none");
    bool is_settled = watch->counts.live > 0 || watch->counts.locked == 0;
    JUDGE(watch, L04, NO_RECORD, is_settled || !is_due, "%llu lamports are locked and no task runs",
          (ull)watch->counts.locked);
    JUDGE(watch, L04, NO_RECORD, watch->breaker_due_ns >= ns_after(watch->now_ns, -SLACK_NS) || !is_due,
          "the breaker is open %lld ms after its cooldown",
          (long long)((watch->now_ns - watch->breaker_due_ns) / NS_PER_MS));
}

/* ---- S25 ---- */

void watch_wall(struct watch *watch, int64_t now_ns, int64_t event_ns)
{
    watch->now_ns = later(watch->now_ns, now_ns);
    JUDGE(watch, S25, NO_RECORD, event_ns == now_ns,
          "the engine was told %lld ns at %lld ns of monotonic time", (long long)event_ns, (long long)now_ns);
}
