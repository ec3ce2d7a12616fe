/* engine/waiting.c: who waits for what, and who is served first (semantics.md 14).
 *
 * One ordered queue for each (reason, agent) or (reason, engine): shallower
 * depth, smaller bond, tighter claim, submission. A queue is a pairing heap
 * through the task records: insertion O(1), removal O(log n) amortised. What
 * frees a unit marks its queue; at the end of the step each marked queue
 * serves its head until one is denied for the same reason. A head that is
 * denied for another reason moves on to that queue, so that the freed unit is
 * never left lying. */
#include "engine/state.h"

#define SCOPE3_(name, text, scope) [name] = scope,
static const unsigned char SCOPES[WAIT_REASON_COUNT] = {WAIT_REASONS(SCOPE3_)};

/* An agent's own queues, in the order of struct agent.wait_heads. */
static const unsigned char AGENT_QUEUE[WAIT_REASON_COUNT] = {
    [WAIT_BRANCH_LIMIT] = 0, [WAIT_AGENT_COOLDOWN] = 1, [WAIT_STAKE_INSUFFICIENT] = 2,
    [WAIT_STAKE_LIMIT] = 3,  [WAIT_SNAPSHOT_LIMIT] = 4,
};
static const unsigned char AGENT_REASON[AGENT_QUEUES] = {
    WAIT_BRANCH_LIMIT, WAIT_AGENT_COOLDOWN, WAIT_STAKE_INSUFFICIENT, WAIT_STAKE_LIMIT, WAIT_SNAPSHOT_LIMIT,
};

static bool is_of_agent(const struct engine *engine, enum wait_reason reason)
{
    if (SCOPES[reason] == QUEUE_SCOPED) return engine->settings.branch_scope == SCOPE_AGENT;
    return SCOPES[reason] == QUEUE_AGENT;
}

/* Queues have numbers: the engine's by reason, then AGENT_QUEUES for each agent. */
uint32_t waiting_queue_count(const struct engine_limits *limits)
{
    return (uint32_t)WAIT_REASON_COUNT + limits->agents * AGENT_QUEUES;
}

uint32_t waiting_queue_of(const struct engine *engine, enum wait_reason reason, uint32_t agent)
{
    if (!is_of_agent(engine, reason)) return (uint32_t)reason;
    return (uint32_t)WAIT_REASON_COUNT + agent * AGENT_QUEUES + AGENT_QUEUE[reason];
}

static uint32_t *head_of(struct engine *engine, uint32_t queue)
{
    if (queue < WAIT_REASON_COUNT) return &engine->wait_heads[queue];
    queue -= WAIT_REASON_COUNT;
    return &engine->agents[queue / AGENT_QUEUES].wait_heads[queue % AGENT_QUEUES];
}

uint32_t waiting_head(const struct engine *engine, uint32_t queue)
{
    if (queue < WAIT_REASON_COUNT) return engine->wait_heads[queue];
    queue -= WAIT_REASON_COUNT;
    return engine->agents[queue / AGENT_QUEUES].wait_heads[queue % AGENT_QUEUES];
}

static enum wait_reason reason_of(uint32_t queue)
{
    if (queue < WAIT_REASON_COUNT) return (enum wait_reason)queue;
    return (enum wait_reason)AGENT_REASON[(queue - WAIT_REASON_COUNT) % AGENT_QUEUES];
}

static bool served_before(const struct engine *engine, const struct task *a, const struct task *b)
{
    if (a->depth_now != b->depth_now) return a->depth_now < b->depth_now;
    if ((a->flags | b->flags) & TASK_BOND_GIVEN) { /* by the formula, equal depths ask equal bonds */
        uint64_t bond_a = bond_asked(engine, a, a->depth_now), bond_b = bond_asked(engine, b, b->depth_now);
        if (bond_a != bond_b) return bond_a < bond_b;
    }
    if (a->claim_expires_ns != b->claim_expires_ns) return a->claim_expires_ns < b->claim_expires_ns;
    ASSERT(a->seq != b->seq || a == b);
    return a->seq < b->seq;
}

/* The pairing heap: `prev` is the left sibling, or the parent of a first child. */
static uint32_t meld(struct engine *engine, uint32_t a, uint32_t b)
{
    if (a == NONE) return b;
    if (b == NONE) return a;
    if (served_before(engine, task_at(engine, b), task_at(engine, a))) {
        uint32_t swapped = a;
        a = b;
        b = swapped;
    }
    struct task *winner = task_at(engine, a), *loser = task_at(engine, b);
    loser->wait.sibling = winner->wait.child;
    loser->wait.prev = a;
    if (winner->wait.child != NONE) task_at(engine, winner->wait.child)->wait.prev = b;
    winner->wait.child = b;
    winner->wait.sibling = winner->wait.prev = NONE;
    return a;
}

/* Two passes: pairs from left to right (stacked through `prev`), then all together from the right. */
static uint32_t meld_children(struct engine *engine, uint32_t first)
{
    uint32_t stack = NONE, all = NONE;
    while (first != NONE) {
        uint32_t second = task_at(engine, first)->wait.sibling;
        uint32_t rest = second == NONE ? NONE : task_at(engine, second)->wait.sibling;
        task_at(engine, first)->wait.sibling = task_at(engine, first)->wait.prev = NONE;
        if (second != NONE) task_at(engine, second)->wait.sibling = task_at(engine, second)->wait.prev = NONE;
        uint32_t pair = meld(engine, first, second);
        task_at(engine, pair)->wait.prev = stack;
        stack = pair;
        first = rest;
    }
    while (stack != NONE) {
        uint32_t below = task_at(engine, stack)->wait.prev;
        task_at(engine, stack)->wait.prev = NONE;
        all = meld(engine, all, stack);
        stack = below;
    }
    return all;
}

static void heap_unlink(struct engine *engine, uint32_t *head, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    uint32_t children = meld_children(engine, task->wait.child);
    if (*head == slot) {
        *head = children;
    } else {
        struct task *left = task_at(engine, task->wait.prev);
        if (left->wait.child == slot)
            left->wait.child = task->wait.sibling;
        else
            left->wait.sibling = task->wait.sibling;
        if (task->wait.sibling != NONE) task_at(engine, task->wait.sibling)->wait.prev = task->wait.prev;
        *head = meld(engine, *head, children);
    }
    task->wait.child = task->wait.sibling = task->wait.prev = NONE;
}

static void leave_queue(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    if (!(task->flags & TASK_IN_WAIT_QUEUE)) return;
    heap_unlink(engine,
                head_of(engine, waiting_queue_of(engine, (enum wait_reason)task->wait_reason, task->agent)),
                slot);
    task->flags &= (uint16_t)~TASK_IN_WAIT_QUEUE;
}

static void enter_queue(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    enum wait_reason reason = (enum wait_reason)task->wait_reason;
    if (SCOPES[reason] == QUEUE_NONE) return;
    uint32_t *head = head_of(engine, waiting_queue_of(engine, reason, task->agent));
    task->wait.child = task->wait.sibling = task->wait.prev = NONE;
    *head = meld(engine, *head, slot);
    task->flags |= TASK_IN_WAIT_QUEUE;
}

void waiting_set(struct engine *engine, uint32_t slot, enum wait_reason reason)
{
    struct task *task = task_at(engine, slot);
    enum wait_reason before = (enum wait_reason)task->wait_reason;
    if (before == reason) return;
    leave_queue(engine, slot);
    task->wait_reason = (uint8_t)reason;
    enter_queue(engine, slot);
    if (before == WAIT_NONE) engine->stats.waiting++;
    if (reason == WAIT_NONE) engine->stats.waiting--;
    if (reason != WAIT_NONE) engine->stats.waits[reason]++;
    struct effect *note = effect_push(engine, NOTE_WAIT, slot);
    note->u.wait.reason = reason;
    note->u.wait.before = before;
}

void waiting_rekey(struct engine *engine, uint32_t slot, uint32_t depth, int64_t claim_expires_ns)
{
    bool is_queued = task_at(engine, slot)->flags & TASK_IN_WAIT_QUEUE;
    if (is_queued) leave_queue(engine, slot);
    task_at(engine, slot)->depth_now = (uint16_t)depth;
    task_at(engine, slot)->claim_expires_ns = claim_expires_ns;
    if (is_queued) enter_queue(engine, slot);
}

void waiting_freed(struct engine *engine, enum wait_reason reason, uint32_t agent)
{
    if (engine->stats.waiting == 0) return;
    uint32_t queue = waiting_queue_of(engine, reason, agent);
    if (*head_of(engine, queue) == NONE || engine->dirty_flags[queue]) return;
    engine->dirty_flags[queue] = 1;
    uint32_t capacity = waiting_queue_count(&engine->limits);
    engine->dirty_queues[(engine->dirty_first + engine->dirty_count++) % capacity] = queue;
}

static void serve_queue(struct engine *engine, uint32_t queue)
{
    enum wait_reason reason = reason_of(queue);
    uint32_t *head = head_of(engine, queue);
    while (*head != NONE) {
        uint32_t slot = *head;
        ASSERT(task_at(engine, slot)->unconfirmed_parents > 0);
        enum wait_reason denial = admission_check(engine, slot);
        if (denial == reason) return;
        if (denial == WAIT_NONE)
            admission_try(engine, slot);
        else
            waiting_set(engine, slot, denial);
    }
}

void waiting_wake(struct engine *engine)
{
    uint32_t capacity = waiting_queue_count(&engine->limits);
    while (engine->dirty_count > 0) {
        uint32_t queue = engine->dirty_queues[engine->dirty_first];
        engine->dirty_first = (engine->dirty_first + 1) % capacity;
        engine->dirty_count--;
        engine->dirty_flags[queue] = 0;
        serve_queue(engine, queue);
    }
}

/* Empties a queue into the scratch array in its order. */
static uint32_t drain_queue(struct engine *engine, uint32_t queue, uint32_t count)
{
    uint32_t *head = head_of(engine, queue);
    while (*head != NONE) {
        uint32_t slot = *head;
        engine->scratch[count++] = slot;
        heap_unlink(engine, head, slot);
        task_at(engine, slot)->flags &= (uint16_t)~TASK_IN_WAIT_QUEUE;
    }
    return count;
}

/* They leave in the order of the rules by which they stood, and are tried by the new ones. */
void waiting_wake_all(struct engine *engine, const struct settings *next)
{
    uint32_t queues = (uint32_t)WAIT_REASON_COUNT + engine->agent_count * AGENT_QUEUES, count = 0;
    for (uint32_t queue = 0; queue < queues; queue++) count = drain_queue(engine, queue, count);
    engine->settings = *next;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = engine->scratch[i];
        enum wait_reason reason = (enum wait_reason)task_at(engine, slot)->wait_reason;
        admission_try(engine, slot);
        const struct task *task = task_at(engine, slot);
        bool stays = task->status == TASK_PENDING && task->wait_reason == (uint8_t)reason;
        if (stays) enter_queue(engine, slot);
    }
}

void waiting_wake_children(struct engine *engine, uint32_t slot)
{
    FOR_EACH_CHILD(engine, task_at(engine, slot), edge)
    {
        const struct task *child = task_at(engine, edge->child);
        if (child->status == TASK_PENDING && child->wait_reason == WAIT_PARENT_OUTPUT &&
            !(child->flags & TASK_IN_PLAN))
            admission_try(engine, edge->child);
    }
}
