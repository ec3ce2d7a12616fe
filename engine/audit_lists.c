/* engine/audit_lists.c: lists, wait queues, free lists.
 *
 * A doubly linked list whose every link is returned by its neighbour has no
 * loop, and a list whose members all belong there and are as many as there are
 * such tasks is complete. The same holds for the pairing heaps of the wait queues. */
#include "engine/audit.h"

static bool is_running_plan(const struct engine *engine, uint32_t root)
{
    for (int i = 0; i < LIMIT_RUNNING_PLANS; i++)
        if (engine->running[i].root == root) return true;
    return false;
}

bool audit_belongs(const struct audit *audit, uint32_t slot, enum audit_list list)
{
    const struct task *task = &audit->engine->tasks[slot];
    bool is_root = (task->flags & TASK_IN_PLAN) && task->plan.root == slot;
    switch (list) {
    case LIST_PROOF: return task->proof == PROOF_QUEUED;
    case LIST_BLOCKED: return task->proof == PROOF_BLOCKED;
    case LIST_READY: return task->proof == PROOF_READY;
    case LIST_RELEASABLE: return task->snapshot == SNAPSHOT_RELEASABLE;
    case LIST_PLANS: return is_root && !is_running_plan(audit->engine, slot);
    case LIST_AGE: return task->flags & TASK_AGING;
    case LISTS: break;
    }
    return false;
}

/* ---- lists ---- */

struct walk {
    const struct list *list;
    enum link_kind link;
    const char *name;
    uint32_t seen, last;
};

static void list_finding(struct audit *audit, const struct walk *walk, uint32_t slot, enum finding_kind kind)
{
    const struct task *task = audit_task(audit, slot);
    audit_report(
        audit, (struct finding){.kind = kind, .index = slot, .id = task ? task->id : 0, .what = walk->name});
}

/* The next member, NULL at the end or where the list is broken. */
static const struct task *walk_next(struct audit *audit, struct walk *walk, uint32_t *slot)
{
    uint32_t next =
        walk->last == NONE ? walk->list->head : audit->engine->tasks[walk->last].links[walk->link].next;
    if (next == NONE) {
        if (walk->list->tail != walk->last || walk->list->count != walk->seen)
            list_finding(audit, walk, NONE, FINDING_LIST);
        return NULL;
    }
    const struct task *task = audit_task(audit, next);
    if (!task || task->links[walk->link].prev != walk->last) {
        list_finding(audit, walk, next, FINDING_LIST);
        return NULL;
    }
    walk->seen++;
    walk->last = next;
    *slot = next;
    return task;
}

static void check_list(struct audit *audit, enum audit_list kind, const struct list *list,
                       enum link_kind link, const char *name)
{
    struct walk walk = {.list = list, .link = link, .name = name, .last = NONE};
    int64_t before_ns = INT64_MIN;
    uint32_t slot;
    for (const struct task *task; (task = walk_next(audit, &walk, &slot));) {
        if (!audit_belongs(audit, slot, kind)) list_finding(audit, &walk, slot, FINDING_MEMBERSHIP);
        if (kind == LIST_AGE && task->since_ns < before_ns) list_finding(audit, &walk, slot, FINDING_LIST);
        before_ns = task->since_ns;
    }
    audit_equal(audit, FINDING_MEMBERSHIP, NONE, name, walk.seen, audit->members[kind]);
}

static uint64_t clock_members(const struct audit *audit, enum clock_kind clock)
{
    uint64_t count = 0;
    for (uint32_t slot = 0; slot < audit->engine->fresh_task; slot++) {
        const struct task *task = audit_task(audit, slot);
        count += task && task->clock == clock;
    }
    return count;
}

static void check_clock(struct audit *audit, enum clock_kind clock, const char *name)
{
    struct walk walk = {
        .list = &audit->engine->clocks[clock], .link = LINK_CLOCK, .name = name, .last = NONE};
    int64_t before_ns = INT64_MIN;
    uint32_t slot;
    for (const struct task *task; (task = walk_next(audit, &walk, &slot));) {
        if (task->clock != clock) list_finding(audit, &walk, slot, FINDING_MEMBERSHIP);
        if (task->clock_ns < before_ns) list_finding(audit, &walk, slot, FINDING_LIST);
        before_ns = task->clock_ns;
    }
    audit_equal(audit, FINDING_MEMBERSHIP, NONE, name, walk.seen, clock_members(audit, clock));
}

void audit_lists(struct audit *audit)
{
    static const char *const CLOCKS[CLOCK_COUNT] = {
        [CLOCK_PROVING] = "clock of proving",
        [CLOCK_CONFIRMING] = "clock of confirming",
        [CLOCK_AWAITING] = "clock of awaiting",
        [CLOCK_FINAL] = "clock of the finished",
    };
    const struct engine *engine = audit->engine;
    for (int clock = 0; clock < CLOCK_COUNT; clock++)
        check_clock(audit, (enum clock_kind)clock, CLOCKS[clock]);
    check_list(audit, LIST_AGE, &engine->by_age, LINK_AGE, "by age");
    check_list(audit, LIST_PROOF, &engine->proof_queue, LINK_QUEUE, "proof queue");
    check_list(audit, LIST_BLOCKED, &engine->proof_blocked, LINK_QUEUE, "blocked proofs");
    check_list(audit, LIST_READY, &engine->ready, LINK_QUEUE, "ready proofs");
    check_list(audit, LIST_RELEASABLE, &engine->releasable, LINK_QUEUE, "releasable snapshots");
    check_list(audit, LIST_PLANS, &engine->plans, LINK_QUEUE, "waiting plans");
}

/* ---- wait queues ---- */

static bool is_served_before(const struct engine *engine, const struct task *a, const struct task *b)
{
    if (a->depth_now != b->depth_now) return a->depth_now < b->depth_now;
    uint64_t bond_a = bond_asked(engine, a, a->depth_now), bond_b = bond_asked(engine, b, b->depth_now);
    if (bond_a != bond_b) return bond_a < bond_b;
    if (a->claim_expires_ns != b->claim_expires_ns) return a->claim_expires_ns < b->claim_expires_ns;
    return a->seq < b->seq;
}

static bool queue_finding(struct audit *audit, uint32_t slot, const char *what)
{
    audit_report(audit, (struct finding){.kind = FINDING_WAIT_QUEUE, .index = slot, .what = what});
    return false;
}

static bool is_waiter(struct audit *audit, uint32_t slot, uint32_t queue)
{
    const struct engine *engine = audit->engine;
    const struct task *task = audit_task(audit, slot);
    if (!task) return queue_finding(audit, slot, "link");
    bool is_here = (task->flags & TASK_IN_WAIT_QUEUE) && task->wait_reason < WAIT_REASON_COUNT &&
                   task->agent < engine->agent_count &&
                   waiting_queue_of(engine, (enum wait_reason)task->wait_reason, task->agent) == queue;
    return is_here || queue_finding(audit, slot, "membership");
}

/* All children of a waiter: linked both ways, in this queue, served after it. */
static bool check_waiters_below(struct audit *audit, uint32_t slot, uint32_t queue, uint64_t *seen)
{
    const struct task *tasks = audit->engine->tasks;
    for (uint32_t child = tasks[slot].wait.child, left = slot; child != NONE;) {
        if (!is_waiter(audit, child, queue)) return false;
        if (tasks[child].wait.prev != left) return queue_finding(audit, child, "link");
        if (is_served_before(audit->engine, &tasks[child], &tasks[slot]))
            return queue_finding(audit, child, "order");
        if (++*seen > audit->engine->limits.tasks) return queue_finding(audit, child, "loop");
        left = child;
        child = tasks[child].wait.sibling;
    }
    return true;
}

/* The waiter to look at after `slot` and everything below it; NONE after the last. */
static uint32_t waiter_beside(const struct task *tasks, uint32_t slot, uint32_t head)
{
    while (slot != head) {
        if (tasks[slot].wait.sibling != NONE) return tasks[slot].wait.sibling;
        uint32_t left = tasks[slot].wait.prev;
        for (; tasks[left].wait.child != slot; left = tasks[left].wait.prev) slot = left;
        slot = left;
    }
    return NONE;
}

static void check_queue(struct audit *audit, uint32_t queue, uint64_t *seen)
{
    const struct task *tasks = audit->engine->tasks;
    uint32_t head = waiting_head(audit->engine, queue);
    if (head == NONE || !is_waiter(audit, head, queue)) return;
    ++*seen;
    if (tasks[head].wait.prev != NONE || tasks[head].wait.sibling != NONE) {
        queue_finding(audit, head, "head");
        return;
    }
    for (uint32_t slot = head; slot != NONE;) {
        if (!check_waiters_below(audit, slot, queue, seen)) return;
        slot = tasks[slot].wait.child != NONE ? tasks[slot].wait.child : waiter_beside(tasks, slot, head);
    }
}

void audit_wait_queues(struct audit *audit)
{
    const struct engine *engine = audit->engine;
    uint32_t queues = (uint32_t)WAIT_REASON_COUNT + engine->agent_count * AGENT_QUEUES;
    uint64_t seen = 0;
    for (uint32_t queue = 0; queue < queues; queue++) check_queue(audit, queue, &seen);
    audit_equal(audit, FINDING_WAIT_QUEUE, NONE, "waiters", seen, audit->queued);
    audit_equal(audit, FINDING_WAIT_QUEUE, NONE, "queues left to wake", engine->dirty_count, 0);
}

/* ---- free lists ---- */

static uint64_t free_tasks(const struct engine *engine)
{
    uint64_t count = 0;
    uint32_t slot = engine->free_task;
    for (; slot < engine->fresh_task && count <= engine->fresh_task; count++) {
        if (engine->tasks[slot].flags & TASK_USED) break;
        slot = engine->tasks[slot].links[LINK_QUEUE].next;
    }
    return slot == NONE ? count : UINT64_MAX;
}

static uint64_t free_edges(const struct engine *engine)
{
    uint64_t count = 0;
    uint32_t index = engine->free_edge;
    for (; index < engine->fresh_edge && count <= engine->fresh_edge; count++)
        index = engine->edges[index].next_out;
    return index == NONE ? count : UINT64_MAX;
}

void audit_free_lists(struct audit *audit)
{
    const struct engine *engine = audit->engine;
    audit_equal(audit, FINDING_FREE_LIST, NONE, "tasks", free_tasks(engine),
                engine->fresh_task - audit->counted.table_tasks);
    audit_equal(audit, FINDING_FREE_LIST, NONE, "edges", free_edges(engine),
                engine->fresh_edge - audit->counted.edges);
}
