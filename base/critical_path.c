/* base/critical_path.c: one pass forward for the finish times, one back along the latest parents. */
#include "base/critical_path.h"

struct finish {
    int64_t at[LIMIT_SHAPE_NODES];
    uint32_t latest_parent[LIMIT_SHAPE_NODES]; /* itself: it has none */
};

static err finish_task(const struct path_task *tasks, uint32_t index, struct finish *finish)
{
    const struct path_task *task = &tasks[index];
    int64_t ready = 0;
    uint32_t latest = index;
    if (task->duration < 0 || task->parent_count > LIMIT_PARENTS) return ERR_RANGE;
    for (uint32_t i = 0; i < task->parent_count; i++) {
        uint32_t parent = task->parents[i];
        if (parent >= index) return ERR_RANGE;
        if (latest != index && finish->at[parent] <= ready) continue;
        ready = finish->at[parent];
        latest = parent;
    }
    finish->latest_parent[index] = latest;
    return __builtin_add_overflow(ready, task->duration, &finish->at[index]) ? ERR_RANGE : OK;
}

static void walk_back(const struct finish *finish, uint32_t last, struct critical_path *out)
{
    uint32_t count = 1;
    for (uint32_t at = last; finish->latest_parent[at] != at; at = finish->latest_parent[at]) count++;
    out->count = count;
    for (uint32_t at = last; count-- > 0; at = finish->latest_parent[at]) out->tasks[count] = at;
}

err critical_path_of(const struct path_task *tasks, uint32_t count, struct critical_path *out)
{
    struct finish finish;
    uint32_t last = 0;
    int64_t total = 0;
    if (count > LIMIT_SHAPE_NODES) return ERR_LIMIT;
    for (uint32_t i = 0; i < count; i++) {
        TRY(finish_task(tasks, i, &finish));
        if (__builtin_add_overflow(total, tasks[i].duration, &total)) return ERR_RANGE;
        if (finish.at[i] > finish.at[last]) last = i;
    }
    *out = (struct critical_path){.total = total};
    if (count == 0) return OK;
    out->length = finish.at[last];
    walk_back(&finish, last, out);
    return OK;
}
