/* engine/graph.c: who depends on whom, and how deep that is.
 *
 * A parent's out-list is in order of submission (children are appended), a
 * child's in-list in the order of its submission's parents. A task's
 * submission number is a topological order: parents exist before children.
 * Depth counts unconfirmed ancestors on the longest path (engine.md 2.2). */
#include "engine/state.h"

static uint32_t edge_take(struct engine *engine)
{
    uint32_t index = engine->free_edge;
    if (index == NONE) return engine->fresh_edge++;
    engine->free_edge = engine->edges[index].next_out;
    return index;
}

static void edge_give(struct engine *engine, uint32_t index)
{
    engine->edges[index].next_out = engine->free_edge;
    engine->free_edge = index;
    engine->stats.edges--;
}

uint32_t graph_edges_left(const struct engine *engine)
{
    return engine->limits.edges - (uint32_t)engine->stats.edges;
}

static void edge_add(struct engine *engine, uint32_t parent_slot, uint32_t child_slot, enum edge_kind kind)
{
    uint32_t index = edge_take(engine);
    struct task *parent = task_at(engine, parent_slot), *child = task_at(engine, child_slot);
    engine->edges[index] = (struct edge){
        .parent_and_kind = parent_slot | (uint32_t)kind << EDGE_KIND_SHIFT,
        .child = child_slot,
        .next_out = NONE,
        .next_in = child->in_head,
    };
    child->in_head = index;
    if (parent->out_tail == NONE)
        parent->out_head = index;
    else
        engine->edges[parent->out_tail].next_out = index;
    parent->out_tail = index;
    parent->out_count++;
    parent->live_children++;
    engine->stats.edges++;
}

void graph_add(struct engine *engine, uint32_t slot, const struct event_submit *submit,
               const uint32_t *parent_slots)
{
    ASSERT(graph_edges_left(engine) >= submit->parent_count);
    struct task *task = task_at(engine, slot);
    task->parent_count = (uint8_t)submit->parent_count;
    for (uint32_t i = 0; i < submit->parent_count; i++) {
        enum task_status status = (enum task_status)task_at(engine, parent_slots[i])->status;
        edge_add(engine, parent_slots[i], slot, (enum edge_kind)submit->edge_kinds[i]);
        if (!task_status_is_confirmed(status)) task->unconfirmed_parents++;
    }
    task->depth_now = (uint16_t)graph_depth(engine, slot);
}

/* Unlinks edges whose child is gone; a hub with many short-lived children stays small. */
static void sweep_dead_edges(struct engine *engine, struct task *parent)
{
    uint32_t *link = &parent->out_head, last = NONE;
    while (*link != NONE) {
        struct edge *edge = &engine->edges[*link];
        if (edge->child == NONE) {
            uint32_t dead = *link;
            *link = edge->next_out;
            edge_give(engine, dead);
        } else {
            last = *link;
            link = &edge->next_out;
        }
    }
    parent->out_tail = last;
    parent->out_count -= parent->out_dead;
    parent->out_dead = 0;
}

static void remove_from_in_list(struct engine *engine, uint32_t child_slot, uint32_t index)
{
    uint32_t *link = &task_at(engine, child_slot)->in_head;
    while (*link != index) {
        ASSERT(*link != NONE);
        link = &engine->edges[*link].next_in;
    }
    *link = engine->edges[index].next_in;
}

void graph_remove(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    for (uint32_t index = task->in_head; index != NONE; index = engine->edges[index].next_in) {
        struct task *parent = task_at(engine, edge_parent(&engine->edges[index]));
        engine->edges[index].child = NONE;
        parent->out_dead++;
    }
    /* Sweeping gives edges back, which reuses next_out only: the in-list stays walkable. */
    for (uint32_t index = task->in_head, next; index != NONE; index = next) {
        next = engine->edges[index].next_in;
        struct task *parent = task_at(engine, edge_parent(&engine->edges[index]));
        if (2 * parent->out_dead > parent->out_count) sweep_dead_edges(engine, parent);
    }
    for (uint32_t index = task->out_head, next; index != NONE; index = next) {
        next = engine->edges[index].next_out;
        if (engine->edges[index].child != NONE)
            remove_from_in_list(engine, engine->edges[index].child, index);
        edge_give(engine, index);
    }
    task->in_head = task->out_head = task->out_tail = NONE;
    task->out_count = task->out_dead = 0;
}

uint32_t graph_depth(const struct engine *engine, uint32_t slot)
{
    const struct task *task = &engine->tasks[slot];
    uint32_t depth = 0;
    if (task->unconfirmed_parents == 0) return 0;
    FOR_EACH_PARENT(engine, task, edge)
    {
        const struct task *parent = &engine->tasks[edge_parent(edge)];
        bool is_open = !task_status_is_confirmed((enum task_status)parent->status);
        if (is_open && !edge_is_dropped(edge) && parent->depth_now + 1u > depth)
            depth = parent->depth_now + 1u;
    }
    return depth < UINT16_MAX ? depth : UINT16_MAX;
}

/* A number that no record carries: each traversal has its own, and when they run out all are wiped. */
uint32_t graph_mark(struct engine *engine)
{
    if (engine->visit_mark == UINT32_MAX) {
        for (uint32_t slot = 0; slot < engine->fresh_task; slot++) task_at(engine, slot)->visited = 0;
        engine->visit_mark = 0;
    }
    return ++engine->visit_mark;
}

/* Children that this traversal has not seen join what it found; tells whether paths may meet in them. */
static bool find_children(struct engine *engine, uint32_t slot, uint32_t *count)
{
    bool has_joins = false;
    FOR_EACH_CHILD(engine, task_at(engine, slot), edge)
    {
        struct task *child = task_at(engine, edge->child);
        if (child->visited == engine->visit_mark || (child->flags & TASK_DETACHED)) continue;
        child->visited = engine->visit_mark;
        has_joins = has_joins || child->parent_count > 1;
        engine->scratch[(*count)++] = edge->child;
    }
    return has_joins;
}

uint32_t graph_descendants(struct engine *engine, uint32_t slot)
{
    uint32_t count = 0;
    graph_mark(engine);
    bool has_joins = find_children(engine, slot, &count);
    for (uint32_t done = 0; done < count; done++)
        if (find_children(engine, engine->scratch[done], &count)) has_joins = true;
    /* Breadth first is a topological order of a tree; where paths join, submission order is one. */
    if (has_joins) slots_sort(engine, engine->scratch, count, ORDER_SUBMISSION);
    return count;
}

uint32_t graph_closure(struct engine *engine, uint32_t count)
{
    for (uint32_t done = 0; done < count; done++) find_children(engine, engine->scratch[done], &count);
    slots_sort(engine, engine->scratch, count, ORDER_SUBMISSION);
    return count;
}
