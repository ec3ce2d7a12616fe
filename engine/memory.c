/* engine/memory.c: accounted bytes, snapshots, garbage.
 *
 * One snapshot a speculative task, taken at admission; releasable once the
 * task is finalized or rolled back and restored; gone when collected, by
 * EVENT_GC or on demand when an admission would otherwise be denied
 * (semantics.md 7). Finished tasks stay in the table for the retention, then
 * are pruned unless a live child still refers to them. */
#include "engine/state.h"

enum {
    COMMITMENT_BYTES = 256, /* ledger entry of a task in the table */
    PRESSURE_BPS = 8000,    /* above this share, no new branch (engine.md 2.10) */
};

struct engine_memory engine_memory_usage(const struct engine *engine)
{
    const struct engine_stats *stats = &engine->stats;
    struct engine_memory memory = {
        .state_snapshots = stats->snapshot_bytes,
        .pending_operations = stats->operations * ENGINE_OPERATION_BYTES,
        .proof_cache = stats->proof_cache_entries * ENGINE_PROOF_BYTES,
        .other = stats->table_tasks * COMMITMENT_BYTES,
    };
    memory.total = memory.state_snapshots + memory.pending_operations + memory.proof_cache + memory.other;
    return memory;
}

void snapshot_take(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    move_must(MACHINE_SNAPSHOT, &task->snapshot, SNAP_TAKE);
    engine->stats.snapshots++;
    engine->stats.snapshot_bytes += task->snapshot_bytes;
    engine->stats.live_snapshot_bytes += task->snapshot_bytes;
    engine->agents[task->agent].snapshots++;
}

void snapshot_release(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    if (!is_restorable(task)) return;
    move_must(MACHINE_SNAPSHOT, &task->snapshot, SNAP_RELEASE);
    list_append(engine, &engine->releasable, LINK_QUEUE, slot);
    engine->stats.live_snapshot_bytes -= task->snapshot_bytes;
    /* Whoever is short of room can have it: the denied checks collect on demand. */
    waiting_freed(engine, WAIT_SNAPSHOT_LIMIT, task->agent);
    waiting_freed(engine, WAIT_MEMORY_LIMIT, 0);
}

void snapshot_pin(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    if (task->snapshot == SNAPSHOT_LIVE) move_must(MACHINE_SNAPSHOT, &task->snapshot, SNAP_PIN);
}

static void free_bytes(struct engine *engine, uint32_t slot)
{
    const struct task *task = task_at(engine, slot);
    engine->stats.snapshots--;
    engine->stats.snapshot_bytes -= task->snapshot_bytes;
    engine->stats.gc_bytes_freed += task->snapshot_bytes;
    engine->agents[task->agent].snapshots--;
    waiting_freed(engine, WAIT_SNAPSHOT_LIMIT, task->agent);
    waiting_freed(engine, WAIT_MEMORY_LIMIT, 0);
}

void snapshot_drop(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    move_must(MACHINE_SNAPSHOT, &task->snapshot, SNAP_DROP);
    engine->stats.live_snapshot_bytes -= task->snapshot_bytes;
    free_bytes(engine, slot);
}

void snapshot_collect(struct engine *engine, uint32_t slot)
{
    move_must(MACHINE_SNAPSHOT, &task_at(engine, slot)->snapshot, SNAP_COLLECT);
    list_remove(engine, &engine->releasable, LINK_QUEUE, slot);
    free_bytes(engine, slot);
}

void snapshots_collect(struct engine *engine)
{
    while (engine->releasable.head != NONE) snapshot_collect(engine, engine->releasable.head);
}

/* Every checkpoint_interval levels from the first speculative one on, and wherever branches join. */
bool snapshot_is_checkpoint(const struct settings *settings, const struct task *task)
{
    if (!is_restorable(task)) return false;
    if (task->parent_count > 1) return true;
    ASSERT(task->depth_at_admission > 0); /* only speculative work holds a snapshot */
    return (task->depth_at_admission - 1u) % (uint32_t)settings->checkpoint_interval == 0;
}

void proof_cache_add(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    uint64_t capacity = (uint64_t)engine->settings.proof_cache_bytes / ENGINE_PROOF_BYTES;
    if ((task->flags & TASK_PROOF_CACHED) || engine->stats.proof_cache_entries >= capacity) return;
    task->flags |= TASK_PROOF_CACHED;
    engine->stats.proof_cache_entries++;
    engine->stats.live_proofs++;
}

static void task_prune(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    ASSERT(!holds_snapshot(task));
    effect_push(engine, NOTE_PRUNED, slot);
    clock_stop(engine, slot);
    graph_remove(engine, slot);
    bool was_there = table_remove(&engine->task_of_id, task->id);
    ASSERT(was_there);
    if (task->flags & TASK_PROOF_CACHED) engine->stats.proof_cache_entries--;
    task->flags = 0;
    task->generation++;
    task->links[LINK_QUEUE].next = engine->free_task;
    engine->free_task = slot;
    engine->stats.table_tasks--;
    engine->stats.pruned++;
}

/* Confirmed but not final, and of no rollback: only a reorg would want it. */
static void drop_confirmed(struct engine *engine)
{
    for (uint32_t slot = 0; slot < engine->fresh_task; slot++) {
        const struct task *task = task_at(engine, slot);
        if (task->status == TASK_CONFIRMED && task->snapshot == SNAPSHOT_LIVE) snapshot_drop(engine, slot);
    }
}

void memory_gc(struct engine *engine, bool is_forced)
{
    const struct settings *settings = &engine->settings;
    uint64_t bytes_before = engine->stats.snapshot_bytes, snapshots_before = engine->stats.snapshots;
    uint64_t pruned_before = engine->stats.pruned;
    snapshots_collect(engine);
    if (is_forced) drop_confirmed(engine);
    int64_t retention_ns =
        settings->retention_ns ? settings->retention_ns : settings->confirmation_timeout_ns;
    for (uint32_t slot = engine->clocks[CLOCK_FINAL].head, next; slot != NONE; slot = next) {
        const struct task *task = task_at(engine, slot);
        next = task->links[LINK_CLOCK].next;
        if (ns_after(task->clock_ns, retention_ns) > engine->now_ns) break;
        if (task->live_children == 0 && !(task->flags & TASK_IN_PLAN)) task_prune(engine, slot);
    }
    struct engine_stats *stats = &engine->stats;
    stats->gc_runs++;
    stats->gc_last_ns = engine->now_ns;
    stats->gc_last_bytes = bytes_before - stats->snapshot_bytes;
    stats->gc_last_snapshots = snapshots_before - stats->snapshots;
    stats->gc_last_tasks = stats->pruned - pruned_before;
    struct effect *note = effect_push(engine, NOTE_GC, NONE);
    note->u.gc.bytes_freed = stats->gc_last_bytes;
    note->u.gc.snapshots = (uint32_t)stats->gc_last_snapshots;
    note->u.gc.tasks = (uint32_t)stats->gc_last_tasks;
}

static bool fits(const struct engine *engine, uint32_t slot)
{
    const struct task *task = &engine->tasks[slot];
    uint64_t limit = (uint64_t)engine->settings.max_memory_bytes, projected;
    if (!u64_add(engine_memory_usage(engine).total, task->snapshot_bytes, &projected)) return false;
    /* Under pressure a branch may still grow, but none may open: tips_allow has said that it extends one
     * when its parents' tips would go down by it. */
    if (projected <= bps_of(limit, PRESSURE_BPS)) return true;
    if (projected > limit) return false;
    FOR_EACH_PARENT(engine, task, edge)
    {
        const struct task *parent = &engine->tasks[edge_parent(edge)];
        if (parent->branch == BRANCH_OPEN) return true;
    }
    return false;
}

bool memory_allows(struct engine *engine, uint32_t slot)
{
    if (fits(engine, slot)) return true;
    if (engine->releasable.head == NONE) return false;
    snapshots_collect(engine);
    return fits(engine, slot);
}
