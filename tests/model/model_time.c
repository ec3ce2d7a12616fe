/* tests/model/model_time.c: deadlines, found by looking at every record; and the step itself. */
#include "tests/model/model.h"

/* ---- what is due ---- */

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* The first instant after a span is over. */
static int64_t expiry(int64_t since_ns, int64_t span_ns)
{
    return m_after(m_after(since_ns, span_ns), 1);
}

static int64_t span_of(const struct model *m, enum m_clock clock)
{
    return clock == M_PROVING ? m->settings.proof_timeout_ns : m->settings.confirmation_timeout_ns;
}

static int64_t life_of(const struct model *m)
{
    const struct settings *s = &m->settings;
    int64_t with_proof_ns = s->proof_timeout_ns + s->confirmation_timeout_ns;
    int64_t twice_ns = 2 * s->confirmation_timeout_ns;
    return with_proof_ns > twice_ns ? with_proof_ns : twice_ns;
}

static struct m_task *first_on_clock(struct model *m, enum m_clock clock)
{
    struct m_task *first = NULL;
    EACH_TASK(m, t)
    if (t->is_known && t->clock == clock && (!first || t->clock_stamp < first->clock_stamp)) first = t;
    return first;
}

static struct m_task *oldest_commitment(struct model *m)
{
    struct m_task *first = NULL;
    EACH_TASK(m, t) if (t->is_known && t->is_aging && (!first || t->age_stamp < first->age_stamp)) first = t;
    return first;
}

/* Deadlines of their own, in the order in which those of one instant are dealt with. */
enum due_kind { DUE_TASK, DUE_COOLDOWN, DUE_DRAIN, DUE_BREAKER };
struct due {
    int64_t at_ns;
    enum due_kind kind;
    uint32_t index; /* slot of the task, agent, which */
    struct m_task *task;
};

static void consider(struct due *best, struct due due)
{
    bool is_earlier = due.at_ns < best->at_ns;
    if (due.at_ns == best->at_ns && due.kind != best->kind) is_earlier = due.kind < best->kind;
    if (due.at_ns == best->at_ns && due.kind == best->kind) is_earlier = due.index < best->index;
    if (due.at_ns != NEVER_NS && is_earlier) *best = due;
}

static struct due next_due(struct model *m)
{
    struct due best = {.at_ns = NEVER_NS};
    EACH_TASK(m, t)
    {
        if (!t->is_known) continue;
        consider(&best, (struct due){earlier(t->claim_due_ns, t->backoff_ns), DUE_TASK, t->slot, t});
    }
    for (uint32_t i = 0; i < m->agent_count; i++)
        consider(&best, (struct due){m->agents[i].cooldown_due_ns, DUE_COOLDOWN, i, NULL});
    consider(&best, (struct due){m->drain.due_ns, DUE_DRAIN, 0, NULL});
    for (uint32_t i = 0; i < 3; i++)
        consider(&best, (struct due){m->breaker.due_ns[i], DUE_BREAKER, i, NULL});
    return best;
}

static bool has_free_worker(const struct model *m)
{
    for (int64_t i = 0; i < m->settings.worker_threads; i++)
        if (!m->worker_busy[i]) return true;
    return false;
}

int64_t model_deadline_ns(const struct model *model)
{
    struct model *m = (struct model *)(uintptr_t)model; /* the helpers hand out records */
    int64_t at_ns = next_due(m).at_ns;
    const struct m_task *head = m_queue_head(m, PROOF_QUEUED), *task;
    if (head && m->settings.batch_timeout_ns && has_free_worker(m))
        at_ns = earlier(at_ns, m_after(head->clock_ns, m->settings.batch_timeout_ns));
    for (enum m_clock clock = M_PROVING; clock <= M_AWAITING; clock++)
        if ((task = first_on_clock(m, clock)))
            at_ns = earlier(at_ns, expiry(task->clock_ns, span_of(m, clock)));
    for (int i = 0; i < LIMIT_RUNNING_PLANS; i++)
        if (m->running[i].root) at_ns = earlier(at_ns, m->running[i].due_ns);
    if ((task = oldest_commitment(m))) at_ns = earlier(at_ns, expiry(task->since_ns, life_of(m)));
    return at_ns;
}

/* ---- a tick ---- */

static void expire(struct model *m, struct due due)
{
    switch (due.kind) {
    case DUE_TASK:
        if (due.task->claim_due_ns > m->now_ns) {
            m_backoff_over(m, due.task);
            break;
        }
        due.task->claim_due_ns = NEVER_NS;
        m_fail(m, due.task, TASK_EXPIRED, REASON_CLAIM_EXPIRED, m_factor(m, REASON_CLAIM_EXPIRED));
        break;
    case DUE_COOLDOWN:
        m->agents[due.index].cooldown_due_ns = NEVER_NS;
        m_freed(m, WAIT_AGENT_COOLDOWN, due.index);
        break;
    case DUE_DRAIN: m_drain_timeout(m); break;
    case DUE_BREAKER: m_breaker_due(m, (int)due.index); break;
    }
}

void m_tick(struct model *m)
{
    struct m_task *task;
    struct due due;
    for (enum m_clock clock = M_PROVING; clock <= M_AWAITING; clock++)
        while ((task = first_on_clock(m, clock)) && expiry(task->clock_ns, span_of(m, clock)) <= m->now_ns) {
            if (clock == M_PROVING)
                m_proof_timeout(m, task);
            else
                m_give_up(m, task);
        }
    while ((task = oldest_commitment(m)) && expiry(task->since_ns, life_of(m)) <= m->now_ns)
        m_fail(m, task, TASK_EXPIRED, REASON_COMMITMENT_EXPIRED, m_factor(m, REASON_COMMITMENT_EXPIRED));
    while ((due = next_due(m)).at_ns <= m->now_ns) expire(m, due);
    for (uint32_t i = 0; i < LIMIT_RUNNING_PLANS; i++)
        while (m->running[i].root && m->running[i].due_ns <= m->now_ns) {
            m->running[i].root->plan[m->running[i].turn]->is_running = false;
            m_carry_on(m, i);
        }
}
