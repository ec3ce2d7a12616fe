/* tests/model/model_orders.c: operators, garbage, settings. */
#include "tests/model/model.h"

static bool is_open(const struct m_task *task)
{
    return m_is_live(task) && !task->is_in_plan;
}

static void report(struct model *m, const struct event *event, uint64_t count, uint64_t amount)
{
    struct effect *note = m_emit(m, NOTE_REPORT, NULL);
    note->u.report.event = event->kind;
    note->u.report.count = count;
    note->u.report.amount = amount;
}

static err on_rollback(struct model *m, const struct event *event, struct m_task *task)
{
    if ((unsigned)event->u.rollback.reason >= REASON_COUNT) return ERR_RANGE;
    if (!task || !is_open(task)) return ERR_STALE;
    m_order(m, task, event->u.rollback.reason);
    report(m, event, 1 + task->plan_size, 0);
    return OK;
}

static bool is_topmost(const struct m_task *task)
{
    if (!is_open(task) || !task->is_speculative) return false;
    for (uint32_t i = 0; i < task->in.parent_count; i++)
        if (!task->is_dropped[i] && m_is_live(task->parents[i]) && task->parents[i]->is_speculative)
            return false;
    return true;
}

static uint64_t roll_back_topmost(struct model *m, enum rollback_reason reason)
{
    bool is_found[MODEL_TASKS];
    uint64_t count = 0;
    EACH_TASK(m, t) is_found[t - m->tasks] = is_topmost(t);
    EACH_TASK(m, t)
    {
        if (!is_found[t - m->tasks] || !is_open(t)) continue;
        m_order(m, t, reason);
        count += 1 + t->plan_size;
    }
    return count;
}

/* What the policy spares has its turn next. */
static uint64_t roll_back_all(struct model *m, enum rollback_reason reason)
{
    uint64_t count = 0, more;
    while ((more = roll_back_topmost(m, reason)) > 0) count += more;
    return count;
}

static err on_force_rollback(struct model *m, const struct event *event)
{
    if ((unsigned)event->u.rollback.reason >= REASON_COUNT) return ERR_RANGE;
    report(m, event, roll_back_all(m, event->u.rollback.reason), 0);
    return OK;
}

static err on_timeout_stale(struct model *m, const struct event *event)
{
    bool is_found[MODEL_TASKS];
    uint64_t count = 0;
    if (event->u.stale.older_than_ns < 0) return ERR_RANGE;
    EACH_TASK(m, t)
    is_found[t - m->tasks] = is_open(t) && m->now_ns - t->since_ns > event->u.stale.older_than_ns;
    EACH_TASK(m, t)
    {
        if (!is_found[t - m->tasks] || !is_open(t)) continue;
        m_fail(m, t, TASK_FAILED, REASON_CONFIRMATION_TIMEOUT, m_factor(m, REASON_CONFIRMATION_TIMEOUT));
        count++;
    }
    report(m, event, count, 0);
    return OK;
}

static void begin_drain(struct model *m, int64_t timeout_ns, bool is_forced)
{
    m->drain.is_on = true;
    m->drain.is_forced = is_forced;
    m->drain.due_ns = timeout_ns == NEVER_NS ? NEVER_NS : m_after(m->now_ns, timeout_ns);
}

static void end_drain(struct model *m)
{
    m->drain.is_on = m->drain.is_forced = false;
    m->drain.due_ns = NEVER_NS;
    m_emit(m, NOTE_DRAINED, NULL)->u.drained.remaining = model_speculative_active(m);
    m_freed(m, WAIT_DISABLED, MODEL_AGENTS);
}

void m_drain_watch(struct model *m)
{
    if (m->drain.is_on && model_speculative_active(m) == 0) end_drain(m);
}

/* Forced, the drain ends when the rollbacks do. */
void m_drain_timeout(struct model *m)
{
    m->drain.due_ns = NEVER_NS;
    if (m->drain.is_forced)
        roll_back_all(m, REASON_MANUAL);
    else
        end_drain(m);
}

static err on_drain(struct model *m, const struct event *event)
{
    if (event->u.drain.timeout_ns < 0) return ERR_RANGE;
    if (m->drain.is_on) return ERR_CONFLICT;
    begin_drain(m, event->u.drain.timeout_ns, event->u.drain.is_forced);
    return OK;
}

static err on_emergency(struct model *m, const struct event *event)
{
    bool is_forced = event->u.emergency.is_forced;
    uint64_t count = 0;
    if (event->u.emergency.action > EMERGENCY_DRAIN) return ERR_RANGE;
    if (event->u.emergency.action == EMERGENCY_DISABLE) m->settings.enabled = 0;
    if (event->u.emergency.action == EMERGENCY_DISABLE && is_forced)
        count = roll_back_all(m, REASON_EMERGENCY_SHUTDOWN);
    begin_drain(m, m->settings.drain_timeout_ns, is_forced || event->u.emergency.action == EMERGENCY_DRAIN);
    report(m, event, count, 0);
    return OK;
}

static err on_clear_queue(struct model *m, const struct event *event)
{
    struct m_task *cleared[MODEL_TASKS], *head;
    uint64_t count = 0, queued = 0;
    while ((head = m_queue_head(m, PROOF_QUEUED))) {
        head->proof = PROOF_NONE;
        m_status(m, head, TASK_EXECUTED, REASON_COUNT);
        cleared[count++] = head;
    }
    for (uint64_t i = 0; i < count; i++) {
        if (!is_open(cleared[i])) continue;
        if (event->u.clear.is_dropped) {
            m_fail(m, cleared[i], TASK_FAILED, REASON_PROOF_FAILED, 0);
        } else {
            m_proof_request(m, cleared[i]);
            queued++;
        }
    }
    report(m, event, count, queued);
    return OK;
}

static err on_snapshots_clear(struct model *m, const struct event *event)
{
    bool is_found[MODEL_TASKS];
    uint64_t count = 0, bytes = 0;
    if (event->u.snapshots.older_than_ns < 0) return ERR_RANGE;
    EACH_TASK(m, t)
    {
        bool is_old = t->is_known && m->now_ns - t->since_ns > event->u.snapshots.older_than_ns;
        bool is_wanted = t->snapshot == SNAPSHOT_RELEASABLE ||
                         (t->snapshot == SNAPSHOT_LIVE && event->u.snapshots.includes_live);
        is_found[t - m->tasks] = is_old && is_wanted;
        count += is_old && is_wanted;
        bytes += is_old && is_wanted ? t->in.snapshot_bytes : 0;
    }
    report(m, event, count, bytes);
    if (event->u.snapshots.is_dry_run) return OK;
    EACH_TASK(m, t) if (is_found[t - m->tasks]) m_free_snapshot(m, t);
    EACH_TASK(m, t) if (is_found[t - m->tasks] && is_open(t)) m_order(m, t, REASON_MANUAL);
    return OK;
}

static err on_stake_recover(struct model *m, const struct event *event)
{
    uint64_t count = 0, lamports = 0;
    EACH_TASK(m, t)
    {
        bool is_asked = !event->u.recover.agent_id || m->agents[t->agent].id == event->u.recover.agent_id;
        if (!t->is_known || !is_asked || m_is_live(t) || !t->is_committed || t->is_in_plan) continue;
        count++;
        lamports += t->bond;
        m_settle(m, t, 0, 0);
    }
    m->stuck += count;
    report(m, event, count, lamports);
    return OK;
}

/* ---- garbage ---- */

static bool has_live_child(struct model *m, const struct m_task *task)
{
    EACH_TASK(m, t) if (m_is_child(t, task, true) && !t->is_finished) return true;
    return false;
}

static bool can_prune(struct model *m, const struct m_task *task, int64_t retention_ns)
{
    if (!task->is_known || !task->is_finished || task->is_in_plan) return false;
    if (m_after(task->clock_ns, retention_ns) > m->now_ns || has_live_child(m, task)) return false;
    return task->snapshot == SNAPSHOT_NONE || task->snapshot == SNAPSHOT_COLLECTED;
}

static void on_gc(struct model *m, bool is_forced)
{
    const struct settings *s = &m->settings;
    uint64_t bytes_before = m->bytes_freed, snapshots_before = model_snapshots(m, MODEL_AGENTS);
    uint64_t pruned_before = m->pruned;
    m_collect(m);
    for (uint32_t slot = 0; is_forced && slot < m->task_limit; slot++) EACH_TASK(m, t)
        {
            if (t->is_known && t->slot == slot && t->status == TASK_CONFIRMED && t->snapshot == SNAPSHOT_LIVE)
                m_free_snapshot(m, t);
        }
    int64_t retention_ns = s->retention_ns ? s->retention_ns : s->confirmation_timeout_ns;
    for (;;) {
        struct m_task *first = NULL;
        EACH_TASK(m, t)
        if (can_prune(m, t, retention_ns) && (!first || t->final_stamp < first->final_stamp)) first = t;
        if (!first) break;
        m_emit(m, NOTE_PRUNED, first);
        first->is_known = false;
        m->pruned++;
    }
    struct effect *note = m_emit(m, NOTE_GC, NULL);
    note->u.gc.bytes_freed = m->bytes_freed - bytes_before;
    note->u.gc.snapshots = (uint32_t)(snapshots_before - model_snapshots(m, MODEL_AGENTS));
    note->u.gc.tasks = (uint32_t)(m->pruned - pruned_before);
}

static err on_cancel(struct model *m, struct m_task *task)
{
    if (!is_open(task)) return ERR_STALE;
    m_fail(m, task, TASK_CANCELLED, REASON_MANUAL, m_factor(m, REASON_MANUAL));
    return OK;
}

static err on_proof_retry(struct model *m, struct m_task *task)
{
    if (task->proof != PROOF_BACKOFF) return ERR_CONFLICT;
    task->backoff_ns = NEVER_NS;
    task->proof_tries = 0;
    m->proof_retries++;
    m_enqueue_proof(m, task);
    return OK;
}

err m_order_event(struct model *m, const struct event *event, struct m_task *task)
{
    switch (event->kind) {
    case EVENT_CANCEL: return on_cancel(m, task);
    case EVENT_ROLLBACK: return on_rollback(m, event, task);
    case EVENT_FORCE_ROLLBACK: return on_force_rollback(m, event);
    case EVENT_DRAIN: return on_drain(m, event);
    case EVENT_EMERGENCY: return on_emergency(m, event);
    case EVENT_TIMEOUT_STALE: return on_timeout_stale(m, event);
    case EVENT_CLEAR_QUEUE: return on_clear_queue(m, event);
    case EVENT_PROOF_RETRY: return on_proof_retry(m, task);
    case EVENT_SNAPSHOTS_CLEAR: return on_snapshots_clear(m, event);
    case EVENT_STAKE_RECOVER: return on_stake_recover(m, event);
    case EVENT_BREAKER_RESET: m_breaker_reset(m); return OK;
    case EVENT_BREAKER_ENABLE: return m_breaker_enable(m, event->u.enable.is_forced);
    case EVENT_SETTINGS: m_wake_all(m, event->u.settings); return OK;
    case EVENT_GC: on_gc(m, event->u.gc.is_forced); return OK;
    default: return ERR_RANGE;
    }
}
