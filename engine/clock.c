/* engine/clock.c: what happens because time passes.
 *
 * A clock of constant duration needs no heap: whoever started first is due
 * first, so a list in order of start is enough, start and stop cost O(1), and
 * a hot change of the duration applies to everyone at once. Deadlines of their
 * own (claims, backoffs, cooldowns) live in a heap; the few rollbacks that run
 * keep theirs.
 *
 * Everything expires strictly after its duration: an outcome at its deadline
 * is in time (semantics.md 13, 25). */
#include "engine/state.h"

void list_append(struct engine *engine, struct list *list, enum link_kind kind, uint32_t slot)
{
    struct links *links = &task_at(engine, slot)->links[kind];
    *links = (struct links){.prev = list->tail, .next = NONE};
    if (list->tail == NONE)
        list->head = slot;
    else
        task_at(engine, list->tail)->links[kind].next = slot;
    list->tail = slot;
    list->count++;
}

void list_remove(struct engine *engine, struct list *list, enum link_kind kind, uint32_t slot)
{
    struct links links = task_at(engine, slot)->links[kind];
    ASSERT(list->count > 0);
    if (links.prev == NONE)
        list->head = links.next;
    else
        task_at(engine, links.prev)->links[kind].next = links.next;
    if (links.next == NONE)
        list->tail = links.prev;
    else
        task_at(engine, links.next)->links[kind].prev = links.prev;
    list->count--;
}

void clock_start(struct engine *engine, uint32_t slot, enum clock_kind clock)
{
    clock_stop(engine, slot);
    struct task *task = task_at(engine, slot);
    task->clock = (uint8_t)clock;
    task->clock_ns = engine->now_ns;
    list_append(engine, &engine->clocks[clock], LINK_CLOCK, slot);
}

void clock_stop(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    if (task->clock == CLOCK_STOPPED) return;
    list_remove(engine, &engine->clocks[task->clock], LINK_CLOCK, slot);
    task->clock = CLOCK_STOPPED;
}

uint32_t deadline_handle_count(const struct engine_limits *limits)
{
    return limits->tasks + limits->agents + 1 + BREAKER_DEADLINES;
}

/* A commitment outlives two confirmation timeouts, or one and a proof (engine.md 8.14). */
static int64_t commitment_life_ns(const struct settings *settings)
{
    int64_t proven = settings->proof_timeout_ns + settings->confirmation_timeout_ns;
    int64_t twice = 2 * settings->confirmation_timeout_ns;
    return proven > twice ? proven : twice;
}

static int64_t clock_span_ns(const struct engine *engine, enum clock_kind clock)
{
    return clock == CLOCK_PROVING ? engine->settings.proof_timeout_ns
                                  : engine->settings.confirmation_timeout_ns;
}

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* The first instant strictly after since + span. */
static int64_t expiry_ns(int64_t since_ns, int64_t span_ns)
{
    return ns_after(ns_after(since_ns, span_ns), 1);
}

/* Of those that there should be: fewer may be wanted than are still busy. */
static bool has_free_worker(const struct engine *engine)
{
    for (int64_t worker = 0; worker < engine->settings.worker_threads; worker++)
        if (!engine->worker_busy[worker]) return true;
    return false;
}

/* A free worker may wait a while for a full batch; this is when it stops waiting. */
static int64_t batch_deadline_ns(const struct engine *engine)
{
    const struct settings *settings = &engine->settings;
    uint32_t head = engine->proof_queue.head;
    if (settings->batch_timeout_ns == 0 || head == NONE) return NEVER_NS;
    if (!has_free_worker(engine)) return NEVER_NS;
    return ns_after(engine->tasks[head].clock_ns, settings->batch_timeout_ns);
}

int64_t engine_deadline_ns(const struct engine *engine)
{
    int64_t deadline_ns = batch_deadline_ns(engine), key_ns;
    for (int clock = 0; clock < CLOCK_FINAL; clock++) {
        uint32_t head = engine->clocks[clock].head;
        if (head == NONE) continue;
        int64_t span_ns = clock_span_ns(engine, (enum clock_kind)clock);
        deadline_ns = earlier(deadline_ns, expiry_ns(engine->tasks[head].clock_ns, span_ns));
    }
    if (engine->by_age.head != NONE) {
        const struct task *oldest = &engine->tasks[engine->by_age.head];
        deadline_ns =
            earlier(deadline_ns, expiry_ns(oldest->since_ns, commitment_life_ns(&engine->settings)));
    }
    if (engine->stats.plans_running) deadline_ns = earlier(deadline_ns, rollback_deadline_ns(engine));
    uint32_t handle;
    if (heap_top(&engine->deadlines, &handle, &key_ns)) deadline_ns = earlier(deadline_ns, key_ns);
    return deadline_ns;
}

static void clock_expire(struct engine *engine, uint32_t slot, enum clock_kind clock)
{
    if (clock == CLOCK_PROVING)
        proof_fail_attempt(engine, slot, true, 0);
    else
        deferral_give_up(engine, slot);
}

void task_deadline_set(struct engine *engine, uint32_t slot, int64_t backoff_ns)
{
    const struct task *task = task_at(engine, slot);
    bool has_claim = task->claim == CLAIM_CLAIMED;
    int64_t due_ns = earlier(backoff_ns, has_claim ? task->claim_expires_ns : NEVER_NS);
    if (due_ns == NEVER_NS)
        heap_remove(&engine->deadlines, slot);
    else
        heap_set(&engine->deadlines, slot, due_ns);
}

static void task_expire(struct engine *engine, uint32_t slot)
{
    const struct task *task = task_at(engine, slot);
    if (task->claim == CLAIM_CLAIMED && task->claim_expires_ns <= engine->now_ns) {
        rollback_root(engine, slot, MOVE_EXPIRE, REASON_CLAIM_EXPIRED);
        return;
    }
    task_deadline_set(engine, slot, NEVER_NS);
    backoff_over(engine, slot);
}

static void heap_expire(struct engine *engine, uint32_t handle)
{
    uint32_t tasks = engine->limits.tasks;
    heap_remove(&engine->deadlines, handle);
    if (handle < tasks) {
        task_expire(engine, handle);
    } else if (handle < tasks + engine->limits.agents) {
        waiting_freed(engine, WAIT_AGENT_COOLDOWN, handle - tasks);
    } else if (handle < deadline_handle(engine, DEADLINE_BREAKER, 0)) {
        drain_timeout(engine);
    } else {
        breaker_deadline(engine,
                         (enum breaker_deadline)(handle - deadline_handle(engine, DEADLINE_BREAKER, 0)));
    }
}

void clocks_tick(struct engine *engine)
{
    for (int clock = 0; clock < CLOCK_FINAL; clock++) {
        struct list *list = &engine->clocks[clock];
        int64_t span_ns = clock_span_ns(engine, (enum clock_kind)clock);
        while (list->head != NONE &&
               expiry_ns(task_at(engine, list->head)->clock_ns, span_ns) <= engine->now_ns)
            clock_expire(engine, list->head, (enum clock_kind)clock);
    }
    int64_t life_ns = commitment_life_ns(&engine->settings);
    while (engine->by_age.head != NONE &&
           expiry_ns(task_at(engine, engine->by_age.head)->since_ns, life_ns) <= engine->now_ns)
        rollback_root(engine, engine->by_age.head, MOVE_EXPIRE, REASON_COMMITMENT_EXPIRED);
    uint32_t handle;
    int64_t key_ns;
    while (heap_top(&engine->deadlines, &handle, &key_ns) && key_ns <= engine->now_ns)
        heap_expire(engine, handle);
    rollback_tick(engine);
}
