/* tests/model/model.c: what each event does, and what time does, by the records. */
#include "tests/model/model.h"
#include "base/assert.h"
#include <string.h>

static uint32_t name_of(const struct m_task *task, uint32_t attempt)
{
    return task->incarnation << 8 | attempt;
}

static bool is_out(const struct m_task *task)
{
    return task->proof == PROOF_SUBMITTING || task->proof == PROOF_SUBMITTED;
}

static bool is_open(const struct m_task *task)
{
    return m_is_live(task) && !task->is_in_plan;
}

void m_status(struct model *m, struct m_task *task, enum task_status to, enum rollback_reason reason)
{
    enum task_status from = task->status;
    bool was_tip = m_is_tip(m, task), was_over = from >= TASK_CONFIRMED;
    task->status = to;
    struct effect *note = m_emit(m, NOTE_STATUS, task);
    note->u.status.from = from;
    note->u.status.to = to;
    note->u.status.reason = reason;
    note->u.status.was_speculative = task->is_speculative;
    if (to < TASK_CONFIRMED) return;
    m->ended[to]++;
    if (was_over) return;
    if (task->claim == CLAIM_CLAIMED)
        task->claim = to == TASK_CONFIRMED                   ? CLAIM_COMPLETED
                      : task->reason == REASON_CLAIM_EXPIRED ? CLAIM_EXPIRED
                                                             : CLAIM_ABANDONED;
    if (task->is_speculative) {
        if (was_tip) m_freed(m, WAIT_BRANCH_LIMIT, task->agent);
        m_freed(m, WAIT_PENDING_LIMIT, MODEL_AGENTS);
    }
    if (to != TASK_CONFIRMED) m_breaker_ended(m, task);
}

/* ---- proofs ---- */

void m_clock(struct model *m, struct m_task *task, enum m_clock clock)
{
    task->clock = clock;
    task->clock_ns = m->now_ns;
    task->clock_stamp = ++m->stamp;
}

struct m_task *m_queue_head(struct model *m, enum proof_state state)
{
    struct m_task *head = NULL;
    EACH_TASK(m, t)
    if (t->is_known && t->proof == state && (!head || t->queue_stamp < head->queue_stamp)) head = t;
    return head;
}

static bool has_queue_room(const struct model *m)
{
    return model_count_proof(m, PROOF_QUEUED) < (uint64_t)m->settings.queue_size;
}

void m_enqueue_proof(struct model *m, struct m_task *task)
{
    task->proof = PROOF_QUEUED;
    task->queue_stamp = ++m->stamp;
    task->clock_ns = m->now_ns;
}

static void enter_queue(struct model *m, struct m_task *task)
{
    m_status(m, task, TASK_PROOF_PENDING, REASON_COUNT);
    m_emit(m, NOTE_PROOF_QUEUED, task);
    m_enqueue_proof(m, task);
}

void m_proof_request(struct model *m, struct m_task *task)
{
    if (!m->settings.optimistic_proofs && m_open_parents(task) > 0) return;
    if (has_queue_room(m)) {
        enter_queue(m, task);
        return;
    }
    task->proof = PROOF_BLOCKED;
    task->queue_stamp = ++m->stamp;
    m->queue_full++;
}

void m_refill(struct model *m)
{
    struct m_task *blocked;
    while (has_queue_room(m) && (blocked = m_queue_head(m, PROOF_BLOCKED))) enter_queue(m, blocked);
    if (has_queue_room(m)) m_freed(m, WAIT_PROOF_BACKPRESSURE, MODEL_AGENTS);
}

static bool is_batch_due(struct model *m)
{
    const struct settings *s = &m->settings;
    const struct m_task *head = m_queue_head(m, PROOF_QUEUED);
    if (!head) return false;
    return s->batch_timeout_ns == 0 || model_count_proof(m, PROOF_QUEUED) >= (uint64_t)s->batch_size ||
           m_after(head->clock_ns, s->batch_timeout_ns) <= m->now_ns;
}

static void start_batch(struct model *m, uint32_t worker)
{
    uint32_t queued = model_count_proof(m, PROOF_QUEUED), most = (uint32_t)m->settings.batch_size;
    uint32_t count = queued < most ? queued : most;
    m->worker_busy[worker] = true;
    m->batches++;
    m->batched += count;
    for (uint32_t i = 0; i < count; i++) {
        struct m_task *task = m_queue_head(m, PROOF_QUEUED);
        task->proof = PROOF_GENERATING;
        m_clock(m, task, M_PROVING);
        struct effect *effect = m_emit(m, EFFECT_PROVE, task);
        effect->attempt = name_of(task, task->proof_attempt);
        effect->u.prove.worker = worker;
        effect->u.prove.index = i;
        effect->u.prove.count = count;
    }
}

void m_start_proofs(struct model *m)
{
    m_refill(m);
    for (uint32_t worker = 0; worker < (uint64_t)m->settings.worker_threads && is_batch_due(m); worker++) {
        if (m->worker_busy[worker]) continue;
        start_batch(m, worker);
        m_refill(m);
    }
}

static void backoff(struct model *m, struct m_task *task, uint32_t attempt, uint32_t jitter)
{
    const struct settings *s = &m->settings;
    int64_t ceiling_ns = s->retry_delay_ns;
    for (uint32_t i = 1; i < attempt && ceiling_ns < s->retry_cap_ns; i++)
        ceiling_ns = (int64_t)((u128)ceiling_ns * (uint64_t)s->retry_multiplier_bps / BPS_ONE);
    if (ceiling_ns > s->retry_cap_ns) ceiling_ns = s->retry_cap_ns;
    task->backoff_ns = m_after(m->now_ns, (int64_t)((u128)(uint64_t)ceiling_ns * jitter >> 32));
}

static void cancel_generation(struct model *m, const struct m_task *task)
{
    m_emit(m, EFFECT_CANCEL_PROOF, task)->attempt = name_of(task, task->proof_attempt);
}

static void fail_proof(struct model *m, struct m_task *task, bool is_timeout, uint32_t jitter)
{
    task->clock = M_STOPPED;
    if (is_timeout) {
        m->proof_timeouts++;
        cancel_generation(m, task);
    } else {
        m->proof_failures++;
    }
    task->proof_attempt++;
    if (++task->proof_tries >= (uint64_t)m->settings.proof_max_retries) {
        enum rollback_reason reason = is_timeout ? REASON_PROOF_TIMEOUT : REASON_PROOF_FAILED;
        task->proof = is_timeout ? PROOF_TIMED_OUT : PROOF_FAILED;
        m_fail(m, task, TASK_FAILED, reason, m_factor(m, reason));
    } else if (is_timeout) {
        m->proof_retries++;
        m_enqueue_proof(m, task);
    } else {
        task->proof = PROOF_BACKOFF;
        backoff(m, task, task->proof_tries, jitter);
    }
}

static void end_proof(struct model *m, struct m_task *task)
{
    uint64_t entries = 0;
    EACH_TASK(m, t) entries += t->is_known && t->has_cached_proof;
    task->clock = M_STOPPED;
    m->proofs_ready++;
    task->proven_ns = m->now_ns;
    task->proof = PROOF_GENERATED;
    if (entries < (uint64_t)m->settings.proof_cache_bytes / 4096) task->has_cached_proof = true;
    m_emit(m, NOTE_PROOF_READY, task);
    m_place(m, task);
}

err m_on_proof(struct model *m, const struct event *event, struct m_task *task)
{
    if (event->attempt != name_of(task, task->proof_attempt) || task->proof != PROOF_GENERATING)
        return ERR_STALE;
    if (event->kind == EVENT_PROOF_DONE) {
        end_proof(m, task);
    } else if (event->u.proof.error == PROOF_ERROR_TRANSIENT) {
        fail_proof(m, task, false, event->jitter);
    } else {
        m->proof_failures++;
        task->clock = M_STOPPED;
        task->proof = PROOF_FAILED;
        m_fail(m, task, TASK_FAILED, REASON_PROOF_FAILED, m_factor(m, REASON_PROOF_FAILED));
    }
    return OK;
}

/* ---- the chain ---- */

static void make_ready(struct model *m, struct m_task *task)
{
    if (task->status != TASK_SUBMITTING) m_status(m, task, TASK_SUBMITTING, REASON_COUNT);
    task->proof = PROOF_READY;
    task->queue_stamp = ++m->stamp;
}

void m_place(struct model *m, struct m_task *task)
{
    if (m_open_parents(task) == 0) {
        make_ready(m, task);
        return;
    }
    m_status(m, task, TASK_AWAITING_ANCESTORS, REASON_COUNT);
    task->proof = PROOF_AWAITING;
    m_clock(m, task, M_AWAITING);
}

void m_start_submissions(struct model *m)
{
    struct m_task *task;
    while (model_count_proof(m, PROOF_SUBMITTING) < (uint64_t)m->settings.max_concurrent_submissions &&
           (task = m_queue_head(m, PROOF_READY))) {
        ASSERT(m_open_parents(task) == 0);
        task->proof = PROOF_SUBMITTING;
        m_clock(m, task, M_CONFIRMING);
        m_emit(m, EFFECT_SUBMIT, task)->attempt = name_of(task, task->tx_attempt);
    }
}

void m_leave_chain(struct m_task *task)
{
    task->backoff_ns = NEVER_NS;
}

void m_give_up(struct model *m, struct m_task *task)
{
    enum rollback_reason reason = task->incarnation ? REASON_CHAIN_REORG : REASON_CONFIRMATION_TIMEOUT;
    m_fail(m, task, TASK_FAILED, reason, m_factor(m, reason));
}

static void resend(struct model *m, struct m_task *task, uint32_t jitter)
{
    task->clock = M_STOPPED;
    task->proof = PROOF_RESENDING;
    if (++task->tx_attempt >= (uint64_t)m->settings.proof_max_retries) {
        m_give_up(m, task);
        return;
    }
    if (task->status == TASK_CONFIRMING) m_status(m, task, TASK_SUBMITTING, REASON_COUNT);
    backoff(m, task, task->tx_attempt, jitter);
}

static void accept(struct model *m, struct m_task *task)
{
    task->proof = PROOF_SUBMITTED;
    m_status(m, task, TASK_CONFIRMING, REASON_COUNT);
}

err m_on_transaction(struct model *m, const struct event *event, struct m_task *task)
{
    if (event->attempt != name_of(task, task->tx_attempt) || !is_out(task)) return ERR_STALE;
    if (event->kind == EVENT_TX_ACCEPTED) {
        if (task->proof != PROOF_SUBMITTING) return ERR_STALE;
        accept(m, task);
    } else if (event->kind != EVENT_TX_REJECTED) {
        resend(m, task, event->jitter);
    } else if (event->u.tx.rejection == TX_PROOF_INVALID) {
        m_fail(m, task, TASK_FAILED, REASON_PROOF_FAILED, m_factor(m, REASON_PROOF_FAILED));
    } else {
        m_fail(m, task, TASK_FAILED, REASON_INVALID_STATE, 0);
    }
    return OK;
}

/* ---- confirmation ---- */

void m_detach(struct model *m, struct m_task *task)
{
    if (task->status == TASK_PENDING) m_wait(m, task, WAIT_NONE);
    enum proof_state was = task->proof;
    bool is_open_job = was >= PROOF_BLOCKED && was <= PROOF_SUBMITTED && was != PROOF_GENERATED;
    if (is_open_job) task->proof = PROOF_CANCELLED;
    if (was == PROOF_QUEUED) m_refill(m);
    if (was == PROOF_GENERATING) cancel_generation(m, task);
    task->clock = M_STOPPED;
    task->claim_due_ns = task->backoff_ns = NEVER_NS;
    task->is_aging = false;
}

void m_finish(struct model *m, struct m_task *task)
{
    ASSERT(!task->is_finished);
    task->is_finished = true;
    task->clock_ns = m->now_ns;
    task->final_stamp = ++m->stamp;
    if (!m_is_restorable(task)) return;
    task->snapshot = SNAPSHOT_RELEASABLE;
    task->queue_stamp = ++m->stamp;
    m_freed(m, WAIT_SNAPSHOT_LIMIT, task->agent);
    m_freed(m, WAIT_MEMORY_LIMIT, MODEL_AGENTS);
}

void m_progress(struct model *m, struct m_task *task)
{
    if (task->status == TASK_AWAITING_ANCESTORS) m_clock(m, task, M_AWAITING);
    if (m_open_parents(task) > 0) {
        if (task->status != TASK_PENDING) return;
        if (task->wait == WAIT_DEPTH_LIMIT)
            m_admit(m, task);
        else
            m_freed(m, task->wait, task->agent);
    } else if (task->status == TASK_PENDING) {
        m_admit(m, task);
    } else if (task->status == TASK_EXECUTED && task->proof == PROOF_NONE) {
        m_proof_request(m, task);
    } else if (task->status == TASK_AWAITING_ANCESTORS) {
        task->clock = M_STOPPED;
        make_ready(m, task);
    }
}

void m_recheck_edges(struct model *m, struct m_task *task)
{
    if (task->status != TASK_PENDING || task->is_in_plan) return;
    if (task->wait == WAIT_DEPENDENCY_TYPE || task->wait == WAIT_CROSS_AGENT ||
        task->wait == WAIT_PARENT_OUTPUT)
        m_admit(m, task);
}

/* Who waited for this one only is sent by the age of the proof. */
static void release_children(struct model *m, const struct m_task *task)
{
    for (;;) {
        struct m_task *first = NULL;
        EACH_TASK(m, t)
        {
            if (!m_is_child(t, task, false) || !is_open(t) || t->status != TASK_AWAITING_ANCESTORS) continue;
            if (m_open_parents(t) == 0 && (!first || t->proven_ns < first->proven_ns)) first = t;
        }
        if (!first) return;
        m_progress(m, first);
    }
}

static void confirm(struct model *m, struct m_task *task)
{
    struct m_task *below[MODEL_TASKS];
    if (task->proof == PROOF_SUBMITTING) accept(m, task);
    task->proof = PROOF_CONFIRMED;
    m_detach(m, task);
    m_status(m, task, TASK_CONFIRMED, REASON_COUNT);
    m_breaker_confirmed(m, task);
    m_settle(m, task, 0, 0);
    m_depths(m);
    release_children(m, task);
    uint32_t count = m_descendants(m, task, below);
    for (uint32_t i = 0; i < count; i++)
        if (is_open(below[i])) m_progress(m, below[i]);
    EACH_TASK(m, t) if (m_is_child(t, task, false)) m_recheck_edges(m, t);
}

static void finalize(struct model *m, struct m_task *task)
{
    m_status(m, task, TASK_FINALIZED, REASON_COUNT);
    m_finish(m, task);
}

static void mark_ancestors(const struct m_task *task, const struct model *m, bool *is_above)
{
    for (uint32_t i = 0; i < task->in.parent_count; i++) {
        const struct m_task *p = task->parents[i];
        if (p->status != TASK_CONFIRMED || is_above[p - m->tasks]) continue;
        is_above[p - m->tasks] = true;
        mark_ancestors(p, m, is_above);
    }
}

err m_on_level(struct model *m, const struct event *event, struct m_task *task)
{
    if (event->attempt != name_of(task, task->tx_attempt)) return ERR_STALE;
    if (!is_out(task) && task->status != TASK_CONFIRMED) return ERR_STALE;
    bool was_confirmed = task->status == TASK_CONFIRMED;
    if (event->kind == EVENT_CONFIRMED) {
        if (was_confirmed) return ERR_STALE;
        if (m->settings.gate_level == GATE_CONFIRMED) confirm(m, task);
        return OK;
    }
    if (!was_confirmed) confirm(m, task);
    bool is_above[MODEL_TASKS] = {false};
    mark_ancestors(task, m, is_above);
    EACH_TASK(m, t) if (is_above[t - m->tasks]) finalize(m, t);
    finalize(m, task);
    return OK;
}

/* ---- time ---- */

void m_backoff_over(struct model *m, struct m_task *task)
{
    task->backoff_ns = NEVER_NS;
    if (task->proof == PROOF_RESENDING) {
        m->tx_retries++;
        make_ready(m, task);
    } else {
        m->proof_retries++;
        m_enqueue_proof(m, task);
    }
}

void m_proof_timeout(struct model *m, struct m_task *task)
{
    fail_proof(m, task, true, 0);
}

err m_on_reverted(struct model *m, const struct event *event, struct m_task *task)
{
    if (event->attempt != name_of(task, task->tx_attempt)) return ERR_STALE;
    if (!is_out(task) && task->status != TASK_CONFIRMED) return ERR_STALE;
    m_revert(m, task);
    return OK;
}
