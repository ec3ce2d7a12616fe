/* engine/tips.c: parallel branches, counted as the tips of the speculative forest (engine.md 2.3).
 *
 * A tip is an active speculative task without an active speculative child.
 * Extending a tip adds none, a second child adds one, a join of k removes k-1.
 * The limit is asked at admission only, for the agent that is admitted
 * (semantics.md 19) or for the whole engine. */
#include "engine/state.h"

static bool is_tip(const struct task *task)
{
    return task->branch == BRANCH_OPEN;
}

static void count_tip(struct engine *engine, const struct task *task, int change)
{
    engine->agents[task->agent].tips += (uint32_t)change;
    engine->stats.tips += (uint64_t)(int64_t)change;
    if (change < 0) waiting_freed(engine, WAIT_BRANCH_LIMIT, task->agent);
}

void tips_enter(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    uint32_t joined = 0;
    FOR_EACH_PARENT(engine, task, edge)
    {
        joined += is_tip(task_at(engine, edge_parent(edge)));
    }
    FOR_EACH_PARENT(engine, task, edge)
    {
        struct task *parent = task_at(engine, edge_parent(edge));
        parent->speculative_children++;
        if (!is_tip(parent)) continue;
        move_must(MACHINE_BRANCH, &parent->branch, joined > 1 ? BRANCHES_MERGE : BRANCHES_EXTEND);
        count_tip(engine, parent, -1);
    }
    /* A task that a reorg reopened may have active children already. */
    bool has_children = task->speculative_children > 0;
    move_must(MACHINE_BRANCH, &task->branch, has_children ? BRANCHES_PASS : BRANCHES_OPEN);
    if (!has_children) count_tip(engine, task, +1);
}

/* Called after the status became terminal. */
void tips_leave(struct engine *engine, uint32_t slot)
{
    struct task *task = task_at(engine, slot);
    bool is_confirmed = task_status_is_confirmed((enum task_status)task->status);
    bool is_counted = !(MUTANT(21) && task->proof == PROOF_CANCELLED);
    if (is_tip(task) && is_counted) count_tip(engine, task, -1);
    move_must(MACHINE_BRANCH, &task->branch, is_confirmed ? BRANCHES_CLOSE : BRANCHES_ABANDON);
    FOR_EACH_PARENT(engine, task, edge)
    {
        struct task *parent = task_at(engine, edge_parent(edge));
        ASSERT(parent->speculative_children > 0);
        parent->speculative_children--;
        bool has_tip_again = parent->speculative_children == 0 &&
                             (parent->branch == BRANCH_EXTENDED || parent->branch == BRANCH_MERGED);
        if (!has_tip_again) continue;
        move_must(MACHINE_BRANCH, &parent->branch, BRANCHES_RETURN);
        count_tip(engine, parent, +1);
    }
}

bool tips_allow(const struct engine *engine, uint32_t slot)
{
    const struct settings *settings = &engine->settings;
    const struct task *task = &engine->tasks[slot];
    bool by_agent = settings->branch_scope == SCOPE_AGENT;
    uint64_t tips = by_agent ? engine->agents[task->agent].tips : engine->stats.tips;
    uint64_t limit = settings->parallel_speculation ? (uint64_t)settings->max_parallel_branches : 1;
    uint64_t extended = 0;
    FOR_EACH_PARENT(engine, task, edge)
    {
        const struct task *parent = &engine->tasks[edge_parent(edge)];
        if (is_tip(parent) && (!by_agent || parent->agent == task->agent)) extended++;
    }
    return extended > 0 || tips + 1 <= limit;
}
