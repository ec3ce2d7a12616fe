/* engine/region.c: what a failure takes with it: three policies (engine.md 2.9).
 *
 *   cascade     every live descendant.
 *   selective   those that read the output of something undone: a DATA edge leads from it. Who came
 *               only after it (ORDER, RESOURCE) is spared and its edge dropped, because what was
 *               undone is never tried again under its id.
 *   checkpoint  everything above the root up to the nearest checkpoint on each path, or to the confirmed
 *               frontier, and every live descendant of all that. */
#include "engine/state.h"

static bool reads_from_region(const struct engine *engine, const struct task *task)
{
    FOR_EACH_PARENT(engine, task, edge)
    {
        bool is_member = engine->tasks[edge_parent(edge)].visited == engine->visit_mark;
        if (is_member && edge_kind(edge) == EDGE_DATA) return true;
    }
    return false;
}

static void drop_edges_from_region(struct engine *engine, struct task *task)
{
    for (uint32_t index = task->in_head; index != NONE; index = engine->edges[index].next_in) {
        struct edge *edge = &engine->edges[index];
        uint32_t parent = edge_parent(edge);
        if (edge_is_dropped(edge) || engine->tasks[parent].visited != engine->visit_mark) continue;
        edge->parent_and_kind = parent | (uint32_t)EDGE_DROPPED << EDGE_KIND_SHIFT;
        ASSERT(task->unconfirmed_parents > 0);
        task->unconfirmed_parents--;
    }
}

static struct region selective_region(struct engine *engine, uint32_t root)
{
    uint32_t found = graph_descendants(engine, root), last = NONE;
    struct region region = {.count = 0, .spared = NONE};
    task_at(engine, root)->visited = graph_mark(engine);
    for (uint32_t i = 0; i < found; i++) {
        uint32_t slot = engine->scratch[i];
        struct task *task = task_at(engine, slot);
        if (reads_from_region(engine, task)) {
            task->visited = engine->visit_mark;
            engine->scratch[region.count++] = slot;
            continue;
        }
        drop_edges_from_region(engine, task);
        if (task->flags & TASK_IN_PLAN) continue; /* its next is of that plan */
        task->plan.next = NONE;
        if (last == NONE)
            region.spared = slot;
        else
            task_at(engine, last)->plan.next = slot;
        last = slot;
    }
    return region;
}

static bool is_above_checkpoint(const struct engine *engine, const struct task *task)
{
    if (!is_live(task)) return false;
    ASSERT(!(task->flags & TASK_IN_PLAN)); /* what is below a plan is in it, or its edge was dropped */
    return !snapshot_is_checkpoint(&engine->settings, task);
}

static struct region checkpoint_region(struct engine *engine, uint32_t root)
{
    uint32_t *found = engine->scratch, count = 0;
    task_at(engine, root)->visited = graph_mark(engine);
    found[count++] = root;
    for (uint32_t done = 0; done < count; done++) {
        FOR_EACH_PARENT(engine, task_at(engine, found[done]), edge)
        {
            struct task *parent = task_at(engine, edge_parent(edge));
            bool is_new = !edge_is_dropped(edge) && parent->visited != engine->visit_mark;
            if (!is_new || !is_above_checkpoint(engine, parent)) continue;
            parent->visited = engine->visit_mark;
            found[count++] = edge_parent(edge);
        }
    }
    uint32_t all = graph_closure(engine, count), kept = 0;
    for (uint32_t i = 0; i < all; i++)
        if (found[i] != root) found[kept++] = found[i];
    return (struct region){.count = kept, .spared = NONE};
}

struct region rollback_region(struct engine *engine, uint32_t root)
{
    switch ((enum rollback_policy)engine->settings.rollback_policy) {
    case ROLLBACK_SELECTIVE: return selective_region(engine, root);
    case ROLLBACK_CHECKPOINT: return checkpoint_region(engine, root);
    case ROLLBACK_CASCADE: break;
    }
    uint32_t count = graph_descendants(engine, root);
    if (MUTANT(3)) count = mutant_skip_second_paths(engine, root, count);
    return (struct region){.count = count, .spared = NONE};
}
