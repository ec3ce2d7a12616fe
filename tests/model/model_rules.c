/* tests/model/model_rules.c: what the records say, and the rules of waiting, admission, money and memory. */
#include "tests/model/model.h"
#include "base/assert.h"
#include <string.h>

int64_t m_after(int64_t at_ns, int64_t span_ns)
{
    int64_t sum;
    return __builtin_add_overflow(at_ns, span_ns, &sum) ? NEVER_NS : sum;
}

struct effect *m_emit(struct model *m, enum effect_kind kind, const struct m_task *task)
{
    ASSERT(m->effect_count < MODEL_EFFECTS);
    struct effect *effect = &m->effects[m->effect_count++];
    memset(effect, 0, sizeof *effect);
    effect->kind = kind;
    effect->task_id = task ? task->in.id : 0;
    effect->agent = task ? task->agent : UINT32_MAX;
    return effect;
}

/* ---- what the records say ---- */

bool m_is_confirmed(const struct m_task *task)
{
    return task->status == TASK_CONFIRMED || task->status == TASK_FINALIZED;
}

bool m_is_live(const struct m_task *task)
{
    return task->is_known && task->status < TASK_CONFIRMED;
}

static bool is_active(const struct m_task *task)
{
    return m_is_live(task) && task->is_speculative;
}

bool m_is_restorable(const struct m_task *task)
{
    return task->snapshot == SNAPSHOT_LIVE || task->snapshot == SNAPSHOT_PINNED;
}

static bool holds_snapshot(const struct m_task *task)
{
    return task->is_known && (m_is_restorable(task) || task->snapshot == SNAPSHOT_RELEASABLE);
}

struct m_task *model_find(struct model *m, uint64_t id)
{
    EACH_TASK(m, t) if (t->is_known && t->in.id == id) return t;
    return NULL;
}

bool m_is_child(const struct m_task *child, const struct m_task *parent, bool and_dropped)
{
    if (!child->is_known) return false;
    for (uint32_t i = 0; i < child->in.parent_count; i++)
        if (child->parents[i] == parent && (and_dropped || !child->is_dropped[i])) return true;
    return false;
}

uint32_t m_open_parents(const struct m_task *task)
{
    uint32_t open = 0;
    for (uint32_t i = 0; i < task->in.parent_count; i++)
        open += !task->is_dropped[i] && !m_is_confirmed(task->parents[i]);
    return open;
}

bool m_is_tip(const struct model *m, const struct m_task *task)
{
    if (!is_active(task)) return false;
    EACH_CONST(m, child) if (is_active(child) && m_is_child(child, task, true)) return false;
    return true;
}

uint32_t model_tips(const struct model *m, uint32_t agent)
{
    uint32_t tips = 0;
    EACH_CONST(m, t) tips += (agent == MODEL_AGENTS || t->agent == agent) && m_is_tip(m, t);
    return tips;
}

uint32_t model_snapshots(const struct model *m, uint32_t agent)
{
    uint32_t count = 0;
    EACH_CONST(m, t) count += (agent == MODEL_AGENTS || t->agent == agent) && holds_snapshot(t);
    return count;
}

uint64_t model_memory(const struct model *m)
{
    uint64_t bytes = 0;
    EACH_CONST(m, t)
    {
        if (!t->is_known) continue;
        bytes += 256 + (m_is_live(t) ? 1024u : 0) + (t->has_cached_proof ? 4096u : 0);
        bytes += holds_snapshot(t) ? t->in.snapshot_bytes : 0;
    }
    return bytes;
}

uint32_t model_speculative_active(const struct model *m)
{
    uint32_t count = 0;
    EACH_CONST(m, t) count += is_active(t);
    return count;
}

uint32_t model_count_proof(const struct model *m, enum proof_state state)
{
    uint32_t count = 0;
    EACH_CONST(m, t) count += t->is_known && t->proof == state;
    return count;
}

uint32_t model_workers_busy(const struct model *m)
{
    uint32_t count = 0;
    for (int i = 0; i < LIMIT_PROOF_WORKERS; i++) count += m->worker_busy[i];
    return count;
}

uint64_t model_locked(const struct model *m, uint32_t agent)
{
    uint64_t sum = 0;
    EACH_CONST(m, t) if (t->agent == agent && t->is_known && t->is_committed) sum += t->bond;
    return sum;
}

uint32_t model_locks(const struct model *m, uint32_t agent)
{
    uint32_t count = 0;
    EACH_CONST(m, t) count += t->agent == agent && t->is_known && t->is_committed && t->bond > 0;
    return count;
}

uint32_t model_uncovered(const struct model *m, uint32_t agent)
{
    uint32_t count = 0;
    EACH_CONST(m, t) count += t->agent == agent && t->is_known && t->is_uncovered;
    return count;
}

uint64_t model_free(const struct model *m, uint32_t agent)
{
    const struct m_agent *a = &m->agents[agent];
    return a->deposited + a->received - model_locked(m, agent) - a->slashed - a->withdrawn;
}

/* Depth: open ancestors on the longest path. What is over, or being undone, keeps the depth it had. */
void m_depths(struct model *m)
{
    EACH_TASK(m, t)
    {
        if (!m_is_live(t) || t->is_in_plan) continue;
        t->depth = 0;
        for (uint32_t i = 0; i < t->in.parent_count; i++) {
            const struct m_task *p = t->parents[i];
            if (!t->is_dropped[i] && !m_is_confirmed(p) && p->depth + 1 > t->depth) t->depth = p->depth + 1;
        }
    }
}

/* ---- waiting ---- */

#define SCOPE_(name, text, scope) scope,
static const enum wait_scope SCOPES[] = {WAIT_REASONS(SCOPE_)};

static bool is_of_agent(const struct model *m, enum wait_reason reason)
{
    return SCOPES[reason] == QUEUE_AGENT ||
           (SCOPES[reason] == QUEUE_SCOPED && m->settings.branch_scope == SCOPE_AGENT);
}

static bool stands_in(const struct model *m, const struct m_task *task, struct m_mark queue)
{
    return task->is_known && task->is_queued && task->wait == queue.reason &&
           (!is_of_agent(m, queue.reason) || task->agent == queue.agent);
}

/* Shallower, smaller bond, tighter claim, earlier submission. */
static bool is_served_before(const struct model *m, const struct m_task *a, const struct m_task *b)
{
    uint64_t bond_a = m_bond(m, a, a->depth), bond_b = m_bond(m, b, b->depth);
    if (a->depth != b->depth) return a->depth < b->depth;
    if (bond_a != bond_b) return bond_a < bond_b;
    if (a->in.claim_expires_ns != b->in.claim_expires_ns)
        return a->in.claim_expires_ns < b->in.claim_expires_ns;
    return a < b;
}

static struct m_task *head_of(struct model *m, struct m_mark queue)
{
    struct m_task *head = NULL;
    EACH_TASK(m, t) if (stands_in(m, t, queue) && (!head || is_served_before(m, t, head))) head = t;
    return head;
}

void m_freed(struct model *m, enum wait_reason reason, uint32_t agent)
{
    struct m_mark queue = {reason, is_of_agent(m, reason) ? agent : MODEL_AGENTS};
    if (!head_of(m, queue)) return;
    for (uint32_t i = m->mark_first; i < m->mark_count; i++)
        if (m->marks[i].reason == queue.reason && m->marks[i].agent == queue.agent) return;
    ASSERT(m->mark_count < MODEL_MARKS);
    m->marks[m->mark_count++] = queue;
}

void m_serve_marks(struct model *m)
{
    while (m->mark_first < m->mark_count) {
        struct m_mark queue = m->marks[m->mark_first++];
        struct m_task *head;
        while ((head = head_of(m, queue))) {
            enum wait_reason denial = m_open_parents(head) ? m_denial(m, head) : WAIT_NONE;
            if (denial == queue.reason) break;
            if (denial == WAIT_NONE)
                m_admit(m, head);
            else
                m_wait(m, head, denial);
        }
    }
    m->mark_first = m->mark_count = 0;
}

void m_wait(struct model *m, struct m_task *task, enum wait_reason reason)
{
    enum wait_reason before = task->wait;
    if (before == reason) return;
    task->wait = reason;
    task->is_queued = SCOPES[reason] != QUEUE_NONE;
    if (reason != WAIT_NONE) m->waits[reason]++;
    struct effect *note = m_emit(m, NOTE_WAIT, task);
    note->u.wait.reason = reason;
    note->u.wait.before = before;
}

/* The rules change: everyone leaves the queues in their order (the engine's, then each agent's), and is tried
 * by the new rules. */
void m_wake_all(struct model *m, const struct settings *next)
{
    static const enum wait_reason OF_AGENT[] = {WAIT_BRANCH_LIMIT, WAIT_AGENT_COOLDOWN,
                                                WAIT_STAKE_INSUFFICIENT, WAIT_STAKE_LIMIT,
                                                WAIT_SNAPSHOT_LIMIT};
    struct m_task *order[MODEL_TASKS], *head;
    uint32_t count = 0;
    for (uint32_t agent = MODEL_AGENTS + 1; agent-- > 0;) {
        /* the engine's own first, then agent 0, 1, ... */
        uint32_t who = agent == MODEL_AGENTS ? MODEL_AGENTS : MODEL_AGENTS - 1 - agent;
        uint32_t reasons = who == MODEL_AGENTS ? WAIT_REASON_COUNT : 5;
        for (uint32_t i = 0; i < reasons; i++) {
            struct m_mark queue = {who == MODEL_AGENTS ? (enum wait_reason)i : OF_AGENT[i], who};
            if (is_of_agent(m, queue.reason) != (who != MODEL_AGENTS)) continue;
            while ((head = head_of(m, queue))) {
                head->is_queued = false;
                order[count++] = head;
            }
        }
    }
    m->settings = *next;
    for (uint32_t i = 0; i < count; i++) {
        enum wait_reason before = order[i]->wait;
        m_admit(m, order[i]);
        if (order[i]->status == TASK_PENDING && order[i]->wait == before) order[i]->is_queued = true;
    }
}

void m_wake_children(struct model *m, const struct m_task *task)
{
    EACH_TASK(m, t)
    {
        if (m_is_child(t, task, false) && t->status == TASK_PENDING && t->wait == WAIT_PARENT_OUTPUT &&
            !t->is_in_plan)
            m_admit(m, t);
    }
}

/* ---- admission ---- */

uint64_t m_bond(const struct model *m, const struct m_task *task, uint32_t depth)
{
    if (task->in.bond_lamports) return task->in.bond_lamports;
    u128 bond = (u128)(uint64_t)m->settings.min_stake_lamports +
                (u128)(uint64_t)m->settings.stake_per_depth_lamports * depth;
    if (m->settings.stake_formula == STAKE_EXPONENTIAL)
        bond = depth < 64 ? (u128)(uint64_t)m->settings.base_bond_lamports << depth : UINT64_MAX;
    return bond > UINT64_MAX ? UINT64_MAX : (uint64_t)bond;
}

static bool has_room_for_snapshot(struct model *m, const struct m_task *task)
{
    uint32_t who = m->settings.branch_scope == SCOPE_AGENT ? task->agent : MODEL_AGENTS;
    if (model_snapshots(m, who) >= (uint64_t)m->settings.max_state_snapshots) m_collect(m);
    return model_snapshots(m, who) < (uint64_t)m->settings.max_state_snapshots;
}

static bool fits_memory(struct model *m, const struct m_task *task)
{
    uint64_t limit = (uint64_t)m->settings.max_memory_bytes;
    u128 projected = (u128)model_memory(m) + task->in.snapshot_bytes;
    if (projected <= (u128)limit * 8000 / BPS_ONE) return true;
    bool extends = false;
    for (uint32_t i = 0; i < task->in.parent_count; i++) extends |= m_is_tip(m, task->parents[i]);
    return projected <= limit && extends;
}

static bool has_memory(struct model *m, const struct m_task *task)
{
    if (fits_memory(m, task)) return true;
    m_collect(m);
    return fits_memory(m, task);
}

static bool has_branch(struct model *m, const struct m_task *task)
{
    bool by_agent = m->settings.branch_scope == SCOPE_AGENT;
    uint64_t limit = m->settings.parallel_speculation ? (uint64_t)m->settings.max_parallel_branches : 1;
    for (uint32_t i = 0; i < task->in.parent_count; i++) {
        const struct m_task *p = task->parents[i];
        if (m_is_tip(m, p) && (!by_agent || p->agent == task->agent)) return true;
    }
    return model_tips(m, by_agent ? task->agent : MODEL_AGENTS) < limit;
}

static enum wait_reason denied_by_edges(struct model *m, const struct m_task *task)
{
    enum task_status needed = m->settings.require_parent_output ? TASK_EXECUTED : TASK_EXECUTING;
    bool lacks_output = false, has_resource = false, crosses = false;
    for (uint32_t i = 0; i < task->in.parent_count; i++) {
        const struct m_task *p = task->parents[i];
        if (task->is_dropped[i]) continue;
        lacks_output |= p->status < needed;
        has_resource |= !m_is_confirmed(p) && task->in.edge_kinds[i] == EDGE_RESOURCE;
        crosses |= !m_is_confirmed(p) && p->agent != task->agent;
    }
    if (lacks_output) return WAIT_PARENT_OUTPUT;
    if (has_resource) return WAIT_DEPENDENCY_TYPE;
    return crosses && !m->settings.cross_agent_speculation ? WAIT_CROSS_AGENT : WAIT_NONE;
}

static bool can_pay(const struct model *m, const struct m_task *task)
{
    return model_uncovered(m, task->agent) == 0 && m_bond(m, task, task->depth) <= model_free(m, task->agent);
}

static bool is_below_limit(const struct model *m, const struct m_task *task)
{
    u128 locked = (u128)model_locked(m, task->agent) + m_bond(m, task, task->depth);
    return model_locks(m, task->agent) < (uint64_t)m->settings.max_locks &&
           locked <= (uint64_t)m->settings.max_stake_lamports;
}

enum wait_reason m_denial(struct model *m, struct m_task *task)
{
    const struct settings *s = &m->settings;
    if (!s->enabled || m->drain.is_on) return WAIT_DISABLED;
    if (!m_breaker_admits(m)) return WAIT_CIRCUIT_OPEN;
    if (task->in.rollout_bucket != ROLLOUT_ALWAYS && task->in.rollout_bucket >= s->rollout_bps)
        return WAIT_ROLLOUT_EXCLUDED;
    enum wait_reason denial = denied_by_edges(m, task);
    if (denial != WAIT_NONE) return denial;
    if (task->depth > s->max_depth) return WAIT_DEPTH_LIMIT;
    if (!has_branch(m, task)) return WAIT_BRANCH_LIMIT;
    if (m->now_ns < m->agents[task->agent].cooldown_ns) return WAIT_AGENT_COOLDOWN;
    if (!can_pay(m, task)) return WAIT_STAKE_INSUFFICIENT;
    if (!is_below_limit(m, task)) return WAIT_STAKE_LIMIT;
    if (task->in.claim_expires_ns != NEVER_NS && task->in.claim_expires_ns - m->now_ns <= s->claim_buffer_ns)
        return WAIT_CLAIM_WINDOW;
    if (model_speculative_active(m) >= (uint64_t)s->max_pending_operations) return WAIT_PENDING_LIMIT;
    if (!has_room_for_snapshot(m, task)) return WAIT_SNAPSHOT_LIMIT;
    if (!has_memory(m, task)) return WAIT_MEMORY_LIMIT;
    return model_count_proof(m, PROOF_QUEUED) < (uint64_t)s->queue_size ? WAIT_NONE : WAIT_PROOF_BACKPRESSURE;
}

static void start(struct model *m, struct m_task *task, uint64_t bond)
{
    task->since_ns = m->now_ns;
    task->depth_at_admission = task->depth;
    task->is_committed = task->is_aging = task->is_running = task->was_admitted = true;
    task->age_stamp = ++m->stamp;
    task->bond = 0;
    if (bond) m_lock(m, task, bond);
    m_wait(m, task, WAIT_NONE);
    m_status(m, task, TASK_EXECUTING, REASON_COUNT);
    struct effect *note = m_emit(m, NOTE_ADMITTED, task);
    note->u.admitted.bond_lamports = bond;
    note->u.admitted.snapshot_bytes = task->is_speculative ? task->in.snapshot_bytes : 0;
    note->u.admitted.depth = task->depth;
    note->u.admitted.is_speculative = task->is_speculative;
    m_emit(m, EFFECT_EXECUTE, task);
    if (!m->settings.require_parent_output) m_wake_children(m, task);
}

/* A tip that gets a child is none any more; parents are seen last to first. */
void m_extend_tips(struct model *m, const struct m_task *task)
{
    for (uint32_t i = task->in.parent_count; i-- > 0;) {
        const struct m_task *p = task->parents[i];
        if (m_is_tip(m, p)) m_freed(m, WAIT_BRANCH_LIMIT, p->agent);
    }
}

void m_admit(struct model *m, struct m_task *task)
{
    if (m_open_parents(task) == 0) {
        uint64_t bond = m->settings.bond_roots ? m_bond(m, task, 0) : 0;
        bool is_possible =
            can_pay(m, task) && is_below_limit(m, task) && m->now_ns >= m->agents[task->agent].cooldown_ns;
        m->normal++;
        start(m, task, is_possible ? bond : 0);
        return;
    }
    enum wait_reason denial = m_denial(m, task);
    if (denial != WAIT_NONE) {
        m_wait(m, task, denial);
        return;
    }
    m->speculative++;
    m_extend_tips(m, task);
    task->is_speculative = true;
    m_take_snapshot(m, task);
    m_breaker_admitted(m, task);
    start(m, task, m_bond(m, task, task->depth));
}

/* ---- money ---- */

void m_lock(struct model *m, struct m_task *task, uint64_t lamports)
{
    task->bond = lamports;
    task->is_committed = true;
    m->bonded += lamports;
}

void m_settle(struct model *m, struct m_task *task, uint64_t slashed, uint64_t treasury)
{
    if (!task->is_committed) return;
    task->is_committed = false;
    m->agents[task->agent].slashed += slashed;
    m->slashed += slashed;
    m->released += task->bond - slashed;
    m->treasury += treasury;
    if (task->is_uncovered) {
        task->is_uncovered = false;
        m_freed(m, WAIT_STAKE_INSUFFICIENT, task->agent);
    }
    if (task->bond == 0) return;
    struct effect *note = m_emit(m, NOTE_SETTLED, task);
    note->u.settled.released_lamports = task->bond - slashed;
    note->u.settled.slashed_lamports = slashed;
    note->u.settled.treasury_lamports = treasury;
    m_freed(m, WAIT_STAKE_INSUFFICIENT, task->agent);
    m_freed(m, WAIT_STAKE_LIMIT, task->agent);
}

/* Largest remainder over the victims that are not the slashed agent's own; returns what nobody takes. */
static uint64_t share(struct model *m, const struct m_task *root, const struct m_task *plan_root,
                      uint64_t pool)
{
    struct m_task *victims[MODEL_TASKS];
    uint64_t rest[MODEL_TASKS], whole = 0, given = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan_root->plan_count; i++) {
        struct m_task *t = plan_root->plan[i];
        if (t->status != TASK_ROLLED_BACK || t->is_root || t->agent == root->agent) continue;
        victims[count++] = t;
        whole += (uint64_t)(t->compute_ns / NS_PER_MS);
    }
    if (count == 0 || pool == 0) return pool;
    bool is_equal = whole == 0;
    if (is_equal) whole = count;
    for (uint32_t i = 0; i < count; i++) {
        u128 product = (u128)pool * (is_equal ? 1 : (uint64_t)(victims[i]->compute_ns / NS_PER_MS));
        rest[i] = (uint64_t)(product % whole);
        m->agents[victims[i]->agent].received += (uint64_t)(product / whole);
        given += (uint64_t)(product / whole);
        m_freed(m, WAIT_STAKE_INSUFFICIENT, victims[i]->agent);
    }
    bool has_more[MODEL_TASKS] = {false};
    for (; given < pool; given++) {
        uint32_t best = UINT32_MAX;
        for (uint32_t i = 0; i < count; i++) {
            if (has_more[i]) continue;
            if (best == UINT32_MAX || rest[i] > rest[best] ||
                (rest[i] == rest[best] && victims[i]->in.id < victims[best]->in.id))
                best = i;
        }
        has_more[best] = true;
        m->agents[victims[best]->agent].received++;
    }
    return 0;
}

uint64_t m_settle_root(struct model *m, struct m_task *task, struct m_task *plan_root)
{
    if (!task->is_committed) return 0;
    u128 product = (u128)task->bond * (uint64_t)m->settings.slash_bps * task->factor_bps;
    uint64_t slashed = (uint64_t)(product / (BPS_ONE * BPS_ONE));
    uint64_t treasury = (uint64_t)((u128)slashed * (uint64_t)m->settings.treasury_bps / BPS_ONE);
    treasury += share(m, task, plan_root, slashed - treasury);
    m_settle(m, task, slashed, treasury);
    if (slashed == 0) return 0;
    m->slash_events[task->reason]++;
    struct m_agent *agent = &m->agents[task->agent];
    agent->cooldown_ns = agent->cooldown_due_ns = m_after(m->now_ns, m->settings.cooldown_ns);
    return slashed;
}

/* ---- snapshots ---- */

void m_take_snapshot(struct model *m, struct m_task *task)
{
    (void)m;
    task->snapshot = SNAPSHOT_LIVE;
}

void m_free_snapshot(struct model *m, struct m_task *task)
{
    task->snapshot = SNAPSHOT_COLLECTED;
    m->bytes_freed += task->in.snapshot_bytes;
    m_freed(m, WAIT_SNAPSHOT_LIMIT, task->agent);
    m_freed(m, WAIT_MEMORY_LIMIT, MODEL_AGENTS);
}

void m_collect(struct model *m)
{
    for (;;) {
        struct m_task *first = NULL;
        EACH_TASK(m, t)
        {
            if (t->is_known && t->snapshot == SNAPSHOT_RELEASABLE &&
                (!first || t->queue_stamp < first->queue_stamp))
                first = t;
        }
        if (!first) return;
        m_free_snapshot(m, first);
    }
}
