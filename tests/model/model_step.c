/* tests/model/model_step.c: submissions, executions, claims, money; and the step itself. */
#include "tests/model/model.h"
#include "base/assert.h"
#include <string.h>

/* ---- submissions, executions, claims ---- */

static err refuse(struct model *m, enum refusal why)
{
    m->refused[why]++;
    return why == REFUSED_TABLE_FULL ? ERR_LIMIT : ERR_RANGE;
}

static bool find_agent(struct model *m, uint64_t id, uint32_t *agent)
{
    for (*agent = 0; *agent < m->agent_count; ++*agent)
        if (m->agents[*agent].id == id) return true;
    return false;
}

static bool find_or_add_agent(struct model *m, uint64_t id, uint32_t *agent)
{
    if (find_agent(m, id, agent)) return true;
    if (m->agent_count == m->agent_limit) return false;
    m->agents[m->agent_count++] = (struct m_agent){
        .id = id, .cooldown_ns = INT64_MIN, .cooldown_due_ns = NEVER_NS, .payout_ns = NEVER_NS};
    return true;
}

static err check_submit(struct model *m, const struct event_submit *in)
{
    uint32_t known = 0;
    EACH_TASK(m, t) known += t->is_known;
    if (in->rollout_bucket >= 10000 && in->rollout_bucket != ROLLOUT_ALWAYS) return ERR_RANGE;
    if (in->parent_count > LIMIT_PARENTS) return refuse(m, REFUSED_TOO_MANY_PARENTS);
    if (in->id == 0 || model_find(m, in->id)) return refuse(m, REFUSED_DUPLICATE_TASK);
    for (uint32_t i = 0; i < in->parent_count; i++) {
        if (in->edge_kinds[i] >= EDGE_KIND_COUNT) return ERR_RANGE;
        if (in->parents[i] == in->id) return refuse(m, REFUSED_CYCLE_DETECTED);
        if (!model_find(m, in->parents[i])) return refuse(m, REFUSED_PARENT_NOT_FOUND);
    }
    return known < m->task_limit ? OK : refuse(m, REFUSED_TABLE_FULL);
}

static err on_submit(struct model *m, const struct event_submit *in, uint32_t slot)
{
    uint32_t agent;
    TRY(check_submit(m, in));
    if (!find_or_add_agent(m, in->agent_id, &agent)) return refuse(m, REFUSED_TABLE_FULL);
    ASSERT(m->task_count < MODEL_TASKS);
    struct m_task *task = &m->tasks[m->task_count];
    *task = (struct m_task){.in = *in, .slot = slot, .agent = agent, .since_ns = m->now_ns};
    task->claim_due_ns = task->backoff_ns = NEVER_NS;
    bool is_dead = false;
    for (uint32_t i = 0; i < in->parent_count; i++) {
        const struct m_task *p = task->parents[i] = model_find(m, in->parents[i]);
        is_dead |= p->status > TASK_FINALIZED || p->is_in_plan;
    }
    task->is_known = true;
    m->task_count++;
    m_depths(m);
    m_emit(m, NOTE_STATUS, task)->u.status.reason = REASON_COUNT;
    if (is_dead) {
        task->reason = REASON_ANCESTOR_FAILED;
        m_status(m, task, TASK_CANCELLED, REASON_ANCESTOR_FAILED);
        m_finish(m, task);
        return OK;
    }
    task->claim = in->claim_expires_ns == NEVER_NS ? CLAIM_NONE : CLAIM_CLAIMED;
    task->claim_due_ns = in->claim_expires_ns;
    m_admit(m, task);
    return OK;
}

static err on_executed(struct model *m, const struct event *event, struct m_task *task)
{
    if (task->is_in_plan || task->status != TASK_EXECUTING) return ERR_STALE;
    if (event->u.executed.compute_ns < 0) return ERR_RANGE;
    task->is_running = false;
    task->compute_ns = event->u.executed.compute_ns;
    if (event->kind == EVENT_EXECUTION_FAILED) {
        m_fail(m, task, TASK_FAILED, REASON_INVALID_STATE, m_factor(m, REASON_INVALID_STATE));
        return OK;
    }
    if (task->incarnation > 0 && task->digest != event->u.executed.output_digest) {
        m_fail(m, task, TASK_FAILED, REASON_CHAIN_REORG, 0);
        return OK;
    }
    task->digest = event->u.executed.output_digest;
    m_status(m, task, TASK_EXECUTED, REASON_COUNT);
    m_proof_request(m, task);
    m_wake_children(m, task);
    return OK;
}

static err on_aborted(struct model *m, const struct event *event, struct m_task *task)
{
    if (!task->is_running) return ERR_STALE;
    if (event->u.executed.compute_ns < 0) return ERR_RANGE;
    int64_t before_ns = task->compute_ns;
    task->is_running = false;
    task->compute_ns = event->u.executed.compute_ns;
    err e = m_stage_done(m, task, M_ABORTING);
    if (e == OK) return OK;
    task->is_running = true; /* nobody had asked */
    task->compute_ns = before_ns;
    return e;
}

static err on_claim_renewed(struct model *m, const struct event *event, struct m_task *task)
{
    if (task->is_in_plan || task->claim != CLAIM_CLAIMED) return ERR_STALE;
    if (event->u.claim.expires_ns <= task->in.claim_expires_ns) return ERR_RANGE;
    task->in.claim_expires_ns = task->claim_due_ns = event->u.claim.expires_ns;
    if (task->status == TASK_PENDING && task->wait == WAIT_CLAIM_WINDOW) m_admit(m, task);
    return OK;
}

/* ---- money ---- */

static err on_deposit(struct model *m, const struct event *event)
{
    uint32_t agent;
    uint64_t lamports = event->u.deposit.lamports;
    u128 all = lamports;
    for (agent = 0; agent < m->agent_count; agent++) all += m->agents[agent].deposited;
    if (all > UINT64_MAX) return ERR_RANGE;
    if (!find_or_add_agent(m, event->u.deposit.agent_id, &agent)) return ERR_LIMIT;
    m->agents[agent].deposited += lamports;
    m_freed(m, WAIT_STAKE_INSUFFICIENT, agent);
    return OK;
}

static err on_withdraw(struct model *m, const struct event *event)
{
    uint32_t index;
    uint64_t lamports = event->u.withdraw.lamports;
    if (!find_agent(m, event->u.withdraw.agent_id, &index)) return ERR_RANGE;
    struct m_agent *agent = &m->agents[index];
    if (lamports == 0 || lamports > model_free(m, index)) return ERR_RANGE;
    if (m->now_ns < agent->cooldown_ns) return ERR_CONFLICT;
    if (agent->payout_ns != NEVER_NS && m->now_ns < agent->payout_ns) return ERR_CONFLICT;
    if (event->u.withdraw.is_immediate && model_locks(m, index) > 0) return ERR_CONFLICT;
    agent->withdrawn += lamports;
    m->withdrawn += lamports;
    if (!event->u.withdraw.is_immediate) agent->payout_ns = m_after(m->now_ns, NS_PER_H);
    return OK;
}

/* ---- the step ---- */

static err on_worker_free(struct model *m, uint32_t worker)
{
    if (worker >= LIMIT_PROOF_WORKERS || !m->worker_busy[worker]) return ERR_STALE;
    m->worker_busy[worker] = false;
    return OK;
}

static bool names_task(enum event_kind kind)
{
    switch (kind) {
    case EVENT_EXECUTED:
    case EVENT_EXECUTION_FAILED:
    case EVENT_ABORTED:
    case EVENT_RESTORED:
    case EVENT_PROOF_DONE:
    case EVENT_PROOF_FAILED:
    case EVENT_TX_ACCEPTED:
    case EVENT_TX_REFUSED:
    case EVENT_TX_DROPPED:
    case EVENT_TX_REJECTED:
    case EVENT_CONFIRMED:
    case EVENT_FINALIZED:
    case EVENT_REVERTED:
    case EVENT_CLAIM_RENEWED:
    case EVENT_CANCEL:
    case EVENT_PROOF_RETRY: return true;
    default: return false;
    }
}

static err handle(struct model *m, const struct event *event, struct m_task *task, uint32_t new_slot)
{
    if (names_task(event->kind) && !task) return ERR_STALE;
    switch (event->kind) {
    case EVENT_DEPOSIT: return on_deposit(m, event);
    case EVENT_WITHDRAW: return on_withdraw(m, event);
    case EVENT_SUBMIT: return on_submit(m, &event->u.submit, new_slot);
    case EVENT_EXECUTED:
    case EVENT_EXECUTION_FAILED: return on_executed(m, event, task);
    case EVENT_ABORTED: return on_aborted(m, event, task);
    case EVENT_RESTORED: return m_stage_done(m, task, M_RESTORING);
    case EVENT_PROOF_DONE:
    case EVENT_PROOF_FAILED: return m_on_proof(m, event, task);
    case EVENT_WORKER_FREE: return on_worker_free(m, event->u.worker.worker);
    case EVENT_TX_ACCEPTED:
    case EVENT_TX_REFUSED:
    case EVENT_TX_DROPPED:
    case EVENT_TX_REJECTED: return m_on_transaction(m, event, task);
    case EVENT_CONFIRMED:
    case EVENT_FINALIZED: return m_on_level(m, event, task);
    case EVENT_REVERTED: return m_on_reverted(m, event, task);
    case EVENT_CLAIM_RENEWED: return on_claim_renewed(m, event, task);
    case EVENT_TICK: m_tick(m); return OK;
    default: return m_order_event(m, event, task);
    }
}

void model_init(struct model *m, const struct settings *settings, uint32_t tasks, uint32_t agents)
{
    memset(m, 0, sizeof *m);
    m->settings = *settings;
    m->task_limit = tasks;
    m->agent_limit = agents;
    m->drain.due_ns = NEVER_NS;
    m_breaker_init(m);
}

err model_step(struct model *m, const struct event *event, struct m_task *task, uint32_t new_slot)
{
    m->effect_count = 0;
    if (event->now_ns < m->now_ns || event->now_ns > INT64_MAX / 2) return ERR_RANGE;
    m->now_ns = event->now_ns;
    err e = handle(m, event, task, new_slot);
    if (e != OK) return e;
    m_start_plans(m);
    m_start_proofs(m);
    m_start_submissions(m);
    m_drain_watch(m);
    do {
        m_serve_marks(m);
        m_breaker_watch(m);
    } while (m->mark_count > 0);
    return OK;
}
