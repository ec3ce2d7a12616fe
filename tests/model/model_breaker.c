/* tests/model/model_breaker.c: the breaker from lists of what happened. */
#include "tests/model/model.h"

enum { LOOK, QUEUE_FULL, RETRY };

static void change(struct model *m, enum breaker_state to)
{
    struct m_breaker *b = &m->breaker;
    struct effect *note = m_emit(m, NOTE_BREAKER, NULL);
    note->u.breaker.from = b->state;
    note->u.breaker.to = b->state = to;
    note->u.breaker.trigger = b->trigger;
    note->u.breaker.value = b->value;
    note->u.breaker.threshold = b->threshold;
    note->u.breaker.retry_ns = b->retry_ns;
    for (uint32_t i = 0; i < m->task_count; i++) m->tasks[i].is_probe = false;
    b->probes_admitted = b->probes_confirmed = 0;
    if (to != BREAKER_OPEN) m_freed(m, WAIT_CIRCUIT_OPEN, MODEL_AGENTS);
}

static void open_for(struct model *m, enum breaker_trigger trigger, uint64_t value, uint64_t threshold)
{
    struct m_breaker *b = &m->breaker;
    b->trigger = trigger;
    b->value = value;
    b->threshold = threshold;
    b->opened_ns = m->now_ns;
    if (trigger != TRIGGER_PROBE_FAILED) b->cause = trigger;
    int64_t cooldown_ns = b->cause == TRIGGER_ROLLBACK_RATE ? m->settings.breaker_rate_cooldown_ns
                                                            : m->settings.breaker_consecutive_cooldown_ns;
    bool lasts = trigger == TRIGGER_MEMORY || trigger == TRIGGER_PROOF_QUEUE;
    b->retry_ns = lasts ? NEVER_NS : m_after(m->now_ns, cooldown_ns);
    b->due_ns[LOOK] = b->due_ns[QUEUE_FULL] = NEVER_NS;
    if (!lasts) b->due_ns[RETRY] = b->retry_ns;
    b->failure_count = 0;
    b->rate_seen_bps = 0;
    b->rate_since_ns = b->queue_since_ns = NEVER_NS;
    m->trips[trigger]++;
    change(m, BREAKER_OPEN);
}

static void trip(struct model *m, enum breaker_trigger trigger, uint64_t value, uint64_t threshold)
{
    if (m->breaker.state != BREAKER_OPEN) open_for(m, trigger, value, threshold);
}

static void close_all(struct model *m)
{
    struct m_breaker *b = &m->breaker;
    b->due_ns[LOOK] = b->due_ns[QUEUE_FULL] = b->due_ns[RETRY] = NEVER_NS;
    b->failure_count = b->counted_count = 0;
    b->rate_seen_bps = 0;
    b->rate_since_ns = b->queue_since_ns = b->retry_ns = b->opened_ns = NEVER_NS;
    change(m, BREAKER_CLOSED);
}

void m_breaker_init(struct model *m)
{
    struct m_breaker *b = &m->breaker;
    b->opened_ns = b->retry_ns = b->rate_since_ns = b->queue_since_ns = NEVER_NS;
    b->due_ns[LOOK] = b->due_ns[QUEUE_FULL] = b->due_ns[RETRY] = NEVER_NS;
}

void m_breaker_failure(struct model *m)
{
    struct m_breaker *b = &m->breaker;
    uint32_t wanted = (uint32_t)m->settings.breaker_consecutive;
    b->failures[b->failure_count++] = m->now_ns;
    if (b->failure_count < wanted) return;
    int64_t first_ns = b->failures[b->failure_count - wanted];
    if (m->now_ns - first_ns <= m->settings.breaker_consecutive_window_ns)
        trip(m, TRIGGER_CONSECUTIVE_FAILURES, b->failure_count, wanted);
}

/* ---- rate ---- */

static int64_t window_s(const struct model *m)
{
    return (m->settings.breaker_rate_window_ns + NS_PER_S - 1) / NS_PER_S;
}

uint64_t m_breaker_counted(const struct model *m, bool rollbacks)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < m->breaker.counted_count; i++)
        count += m->breaker.counted[i].is_rollback == rollbacks;
    return count;
}

static void forget_until(struct m_breaker *b, int64_t second)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < b->counted_count; i++)
        if (b->counted[i].second > second) b->counted[kept++] = b->counted[i];
    b->counted_count = kept;
}

static void look(struct model *m)
{
    struct m_breaker *b = &m->breaker;
    uint64_t admitted = m_breaker_counted(m, false), back = m_breaker_counted(m, true);
    bool is_above = b->state != BREAKER_OPEN && admitted >= (uint64_t)m->settings.breaker_rate_min_tasks &&
                    back * BPS_ONE > admitted * (uint64_t)m->settings.breaker_rate_bps;
    if (!is_above)
        b->rate_since_ns = NEVER_NS;
    else if (b->rate_since_ns == NEVER_NS)
        b->rate_since_ns = b->second * NS_PER_S;
    else if (b->second * NS_PER_S - b->rate_since_ns >= window_s(m) * NS_PER_S)
        b->rate_seen_bps = back * BPS_ONE / admitted;
}

static void roll(struct model *m)
{
    struct m_breaker *b = &m->breaker;
    int64_t now_s = m->now_ns / NS_PER_S;
    forget_until(b, b->second - window_s(m));
    while (b->second < now_s && b->counted_count > 0) {
        b->second++;
        look(m);
        forget_until(b, b->second - window_s(m));
    }
    if (b->second < now_s) b->rate_since_ns = NEVER_NS;
    b->second = now_s;
}

static void count(struct model *m, bool is_rollback)
{
    struct m_breaker *b = &m->breaker;
    roll(m);
    b->counted[b->counted_count].second = b->second;
    b->counted[b->counted_count++].is_rollback = is_rollback;
}

void m_breaker_rolled_back(struct model *m)
{
    count(m, true);
}

static bool could_be_above(const struct model *m)
{
    return m->breaker.state != BREAKER_OPEN &&
           m_breaker_counted(m, true) * BPS_ONE >
               (uint64_t)m->settings.breaker_rate_min_tasks * (uint64_t)m->settings.breaker_rate_bps;
}

static void watch_rate(struct model *m)
{
    struct m_breaker *b = &m->breaker;
    if (could_be_above(m)) roll(m);
    if (b->rate_seen_bps)
        trip(m, TRIGGER_ROLLBACK_RATE, b->rate_seen_bps, (uint64_t)m->settings.breaker_rate_bps);
    b->due_ns[LOOK] = could_be_above(m) ? (b->second + 1) * NS_PER_S : NEVER_NS;
}

/* ---- memory, queue, cascade ---- */

static int memory_against(struct model *m, int64_t bps)
{
    u128 limit = (u128)(uint64_t)m->settings.max_memory_bytes * (uint64_t)bps;
    if ((u128)model_memory(m) * BPS_ONE >= limit) m_collect(m);
    u128 used = (u128)model_memory(m) * BPS_ONE;
    return used < limit ? -1 : used > limit;
}

static void watch_memory(struct model *m)
{
    struct m_breaker *b = &m->breaker;
    if (memory_against(m, m->settings.breaker_memory_open_bps) <= 0)
        b->is_memory_excused = false;
    else if (!b->is_memory_excused)
        trip(m, TRIGGER_MEMORY,
             (uint64_t)((u128)model_memory(m) * BPS_ONE / (uint64_t)m->settings.max_memory_bytes),
             (uint64_t)m->settings.breaker_memory_open_bps);
}

static int queue_against(const struct model *m, int64_t bps)
{
    uint64_t used = (uint64_t)model_count_proof(m, PROOF_QUEUED) * BPS_ONE;
    uint64_t limit = (uint64_t)m->settings.queue_size * (uint64_t)bps;
    return used < limit ? -1 : used > limit;
}

static void trip_queue(struct model *m)
{
    uint64_t share =
        (uint64_t)model_count_proof(m, PROOF_QUEUED) * BPS_ONE / (uint64_t)m->settings.queue_size;
    trip(m, TRIGGER_PROOF_QUEUE, share, (uint64_t)m->settings.breaker_queue_open_bps);
}

static void watch_queue(struct model *m)
{
    struct m_breaker *b = &m->breaker;
    if (queue_against(m, m->settings.breaker_queue_open_bps) <= 0) {
        b->queue_since_ns = b->due_ns[QUEUE_FULL] = NEVER_NS;
        return;
    }
    if (b->queue_since_ns == NEVER_NS) b->queue_since_ns = m->now_ns;
    int64_t end_ns = b->queue_since_ns + m->settings.breaker_queue_window_ns;
    if (end_ns < m->now_ns)
        trip_queue(m);
    else
        b->due_ns[QUEUE_FULL] = end_ns;
}

void m_breaker_cascade(struct model *m, uint32_t size)
{
    uint64_t most = (uint64_t)m->settings.rollback_max_cascade_size;
    if (size <= most) return;
    m->overruns++;
    trip(m, TRIGGER_CASCADE_SIZE, size, most);
}

/* ---- recovery ---- */

static bool may_recover(struct model *m)
{
    struct m_breaker *b = &m->breaker;
    if (b->retry_ns != NEVER_NS && m->now_ns < b->retry_ns) return false;
    if (b->cause == TRIGGER_MEMORY) return memory_against(m, m->settings.breaker_memory_close_bps) < 0;
    if (b->cause == TRIGGER_PROOF_QUEUE) return queue_against(m, m->settings.breaker_queue_close_bps) < 0;
    return true;
}

static void half_open(struct model *m)
{
    m->breaker.retry_ns = m->breaker.due_ns[RETRY] = NEVER_NS;
    change(m, BREAKER_HALF_OPEN);
}

bool m_breaker_admits(const struct model *m)
{
    const struct m_breaker *b = &m->breaker;
    if (b->state == BREAKER_HALF_OPEN)
        return b->probes_admitted < (uint64_t)m->settings.breaker_half_open_probes;
    return b->state == BREAKER_CLOSED;
}

void m_breaker_admitted(struct model *m, struct m_task *task)
{
    count(m, false);
    if (m->breaker.state != BREAKER_HALF_OPEN) return;
    task->is_probe = true;
    m->breaker.probes_admitted++;
}

void m_breaker_confirmed(struct model *m, struct m_task *task)
{
    m->breaker.failure_count = 0;
    m->breaker.probes_confirmed += task->is_probe;
    task->is_probe = false;
}

void m_breaker_ended(struct model *m, struct m_task *task)
{
    if (task->is_probe) open_for(m, TRIGGER_PROBE_FAILED, 1, 0);
}

void m_breaker_watch(struct model *m)
{
    struct m_breaker *b = &m->breaker;
    if (b->state == BREAKER_OPEN && may_recover(m)) half_open(m);
    if (b->state != BREAKER_OPEN) watch_memory(m);
    if (b->state != BREAKER_OPEN) watch_queue(m);
    if (b->state != BREAKER_OPEN) watch_rate(m);
    bool have_passed = b->probes_confirmed == b->probes_admitted &&
                       b->probes_confirmed >= (uint64_t)m->settings.breaker_half_open_probes;
    if (b->state == BREAKER_HALF_OPEN && have_passed) close_all(m);
}

void m_breaker_due(struct model *m, int which)
{
    m->breaker.due_ns[which] = NEVER_NS;
    if (which == LOOK) roll(m);
    if (which == QUEUE_FULL && queue_against(m, m->settings.breaker_queue_open_bps) > 0) trip_queue(m);
}

void m_breaker_reset(struct model *m)
{
    if (m->breaker.state == BREAKER_CLOSED) return;
    m->breaker.is_memory_excused = true;
    close_all(m);
}

err m_breaker_enable(struct model *m, bool is_forced)
{
    if (m->breaker.state == BREAKER_CLOSED) return OK;
    if (is_forced) {
        m_breaker_reset(m);
        return OK;
    }
    if (m->breaker.state == BREAKER_HALF_OPEN) return OK;
    if (!may_recover(m)) return ERR_CONFLICT;
    half_open(m);
    return OK;
}
