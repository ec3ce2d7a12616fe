/* engine/audit_graph.c: a task and its parents, a task and its children. */
#include "engine/audit.h"

/* ---- parents ---- */

static void check_order(struct audit *audit, uint32_t slot, const struct task *parent)
{
    const struct task *task = &audit->engine->tasks[slot];
    if (parent->seq >= task->seq) audit_task_finding(audit, FINDING_CYCLE, slot, "parent");
}

/* What may stand above a task, through an edge that counts. */
static void check_parent(struct audit *audit, uint32_t slot, const struct task *parent)
{
    const struct task *task = &audit->engine->tasks[slot];
    bool is_blocked = task->flags & TASK_IN_PLAN;
    bool is_open = !task_status_is_confirmed((enum task_status)parent->status);
    bool is_dying = parent->status > TASK_FINALIZED || (parent->flags & TASK_IN_PLAN);
    bool went_out = task->status >= TASK_SUBMITTING && task->status <= TASK_FINALIZED;
    if (is_live(task) && !is_blocked && is_dying) audit_task_finding(audit, FINDING_ORPHAN, slot, "parent");
    if (went_out && !is_blocked && is_open) audit_task_finding(audit, FINDING_EARLY_PROOF, slot, "parent");
    if (task->status == TASK_FINALIZED && parent->status == TASK_CONFIRMED)
        audit_task_finding(audit, FINDING_EARLY_FINALITY, slot, "parent");
}

struct above {
    uint32_t edges, unconfirmed, depth;
};

static bool see_parent(struct audit *audit, uint32_t slot, const struct edge *edge, struct above *above)
{
    const struct task *parent = audit_task(audit, edge_parent(edge));
    if (!parent || edge->child != slot) {
        audit_task_finding(audit, FINDING_DANGLING_EDGE, slot, parent ? "child" : "parent");
        return false;
    }
    above->edges++;
    check_order(audit, slot, parent);
    if (edge_is_dropped(edge)) return true;
    check_parent(audit, slot, parent);
    if (task_status_is_confirmed((enum task_status)parent->status)) return true;
    above->unconfirmed++;
    if (parent->depth_now + 1u > above->depth) above->depth = parent->depth_now + 1u;
    return true;
}

/* False when the list cannot be followed. */
static bool see_parents(struct audit *audit, uint32_t slot, struct above *above)
{
    const struct task *task = &audit->engine->tasks[slot];
    for (uint32_t index = task->in_head; index != NONE;) {
        const struct edge *edge = audit_edge(audit, index);
        if (!edge) {
            audit_task_finding(audit, FINDING_DANGLING_EDGE, slot, "in-list");
            return false;
        }
        if (above->edges == task->parent_count) {
            audit_task_finding(audit, FINDING_EDGES, slot, "parents");
            return false;
        }
        if (!see_parent(audit, slot, edge, above)) return false;
        index = edge->next_in;
    }
    return true;
}

void audit_parents(struct audit *audit, uint32_t slot)
{
    const struct task *task = &audit->engine->tasks[slot];
    struct above above = {0};
    bool is_whole = see_parents(audit, slot, &above);
    audit->in_edges += above.edges;
    audit->findings->checked += above.edges;
    /* Whoever is settled is not told about its parents any more. */
    if (!is_whole || (task->flags & TASK_DETACHED)) return;
    audit_equal(audit, FINDING_UNCONFIRMED_PARENTS, slot, "unconfirmed_parents", task->unconfirmed_parents,
                above.unconfirmed);
    uint32_t depth = above.depth < UINT16_MAX ? above.depth : UINT16_MAX;
    if (is_live(task) && !(task->flags & TASK_IN_PLAN))
        audit_equal(audit, FINDING_DEPTH, slot, "depth_now", task->depth_now, depth);
}

/* ---- children ---- */

struct below {
    uint32_t edges, dead, live, speculative, last;
    uint64_t seq;
};

static bool see_child(struct audit *audit, uint32_t slot, const struct edge *edge, struct below *below)
{
    if (edge_parent(edge) != slot) {
        audit_task_finding(audit, FINDING_DANGLING_EDGE, slot, "out-list");
        return false;
    }
    below->edges++;
    if (edge->child == NONE) {
        below->dead++;
        return true;
    }
    const struct task *child = audit_task(audit, edge->child);
    if (!child) {
        audit_task_finding(audit, FINDING_DANGLING_EDGE, slot, "child");
        return false;
    }
    if (child->seq < below->seq) audit_task_finding(audit, FINDING_EDGES, slot, "order of children");
    below->seq = child->seq;
    below->live += !(child->flags & TASK_DETACHED);
    below->speculative += is_speculative_active(child);
    return true;
}

static bool see_children(struct audit *audit, uint32_t slot, struct below *below)
{
    const struct task *task = &audit->engine->tasks[slot];
    for (uint32_t index = task->out_head; index != NONE;) {
        const struct edge *edge = audit_edge(audit, index);
        if (!edge || below->edges == task->out_count || below->edges == audit->engine->limits.edges) {
            audit_task_finding(audit, edge ? FINDING_EDGES : FINDING_DANGLING_EDGE, slot, "out-list");
            return false;
        }
        if (!see_child(audit, slot, edge, below)) return false;
        below->last = index;
        index = edge->next_out;
    }
    return true;
}

void audit_children(struct audit *audit, uint32_t slot)
{
    const struct task *task = &audit->engine->tasks[slot];
    struct below below = {.last = NONE};
    bool is_whole = see_children(audit, slot, &below);
    audit->counted.edges += below.edges;
    audit->findings->checked += below.edges;
    if (audit->in_edges >= below.edges - below.dead)
        audit->in_edges -= below.edges - below.dead;
    else
        audit_task_finding(audit, FINDING_EDGES, slot, "children that do not know it");
    if (!is_whole) return;
    audit_equal(audit, FINDING_EDGES, slot, "out_count", task->out_count, below.edges);
    audit_equal(audit, FINDING_EDGES, slot, "out_dead", task->out_dead, below.dead);
    audit_equal(audit, FINDING_EDGES, slot, "out_tail", task->out_tail, below.last);
    audit_equal(audit, FINDING_LIVE_CHILDREN, slot, "live_children", task->live_children, below.live);
    audit_equal(audit, FINDING_SPECULATIVE_CHILDREN, slot, "speculative_children", task->speculative_children,
                below.speculative);
}
