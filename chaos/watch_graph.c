/* chaos/watch_graph.c: S01 no orphan, S02 proofs in order, S05 no cycle, S07 leaves first, S08 depth, and the
 * tips by which S16 counts branches. */
#include "chaos/watch_state.h"

/* A search deeper than any depth that is allowed says no more than "too deep". */
enum { LEVELS_MOST = 4 * LIMIT_DEPTH };

static unsigned long long id_of(struct watch *watch, uint32_t index)
{
    return record_at(watch, index)->id;
}

/* ---- S05 ---- */

static bool is_older(struct watch *watch, uint64_t parent_id, uint32_t child)
{
    uint32_t parent = picture_find(watch, parent_id);
    return parent != NO_RECORD && record_at(watch, parent)->seq < record_at(watch, child)->seq;
}

/* Below something dead it must have been cancelled in the same breath: S01. */
static void judge_newborn(struct watch *watch, uint32_t index)
{
    const struct record *record = record_at(watch, index);
    bool is_orphan = false;
    FOR_EACH_ABOVE(watch, record, edge)
    {
        if (edge->is_dropped) continue;
        const struct record *parent = record_at(watch, edge->parent);
        is_orphan = is_orphan || status_is_dead(parent->status) || (parent->flags & RECORD_DOOMED);
    }
    if (is_orphan)
        JUDGE(watch, S01, index, record->status == TASK_CANCELLED,
              "task %llu was accepted below a dead parent and is %s", id_of(watch, index),
              task_status_name((enum task_status)record->status));
}

void graph_submitted(struct watch *watch, uint32_t index, err answer)
{
    const struct event_submit *submit = &watch->event->u.submit;
    if (answer != OK) return;
    JUDGE(watch, S05, index, index != NO_RECORD, "task %llu was accepted, but it is known or does not fit",
          (unsigned long long)submit->id);
    if (index == NO_RECORD) return;
    for (uint32_t i = 0; i < submit->parent_count && i < LIMIT_PARENTS; i++)
        JUDGE(watch, S05, index, is_older(watch, submit->parents[i], index),
              "task %llu was accepted below %llu, which is not older", id_of(watch, index),
              (unsigned long long)submit->parents[i]);
    judge_newborn(watch, index);
}

/* ---- S08 ---- */

/* 0 without unconfirmed parents, else one more than the deepest of them; each record once a search. */
static uint32_t depth_of(struct watch *watch, uint32_t index, uint32_t level)
{
    struct record *record = record_at(watch, index);
    if (record->visited == watch->mark || level > LEVELS_MOST) return record->memo;
    record->visited = watch->mark;
    record->memo = 0; /* what a cycle would find */
    uint32_t depth = 0;
    FOR_EACH_ABOVE(watch, record, edge)
    {
        if (edge->is_dropped || record_is_confirmed(record_at(watch, edge->parent))) continue;
        uint32_t above = 1 + depth_of(watch, edge->parent, level + 1);
        if (above > depth) depth = above;
    }
    record->memo = depth;
    return depth;
}

static void judge_depth(struct watch *watch, uint32_t index, const struct effect *effect)
{
    uint32_t depth = effect->u.admitted.depth;
    watch->mark++;
    uint32_t right = depth_of(watch, index, 0);
    JUDGE(watch, S08, index, depth == right, "task %llu was admitted at depth %u, it is %u deep",
          id_of(watch, index), depth, right);
    if (!effect->u.admitted.is_speculative) return;
    uint64_t limit = (uint64_t)watch->settings.max_depth;
    JUDGE(watch, S08, index, right <= limit, "task %llu was admitted at depth %u, the limit is %llu",
          id_of(watch, index), right, (unsigned long long)limit);
    watch_near(watch, INVARIANT_S08, right, limit);
}

/* ---- S01, S02, and the part of S16 that lies in edges ---- */

void graph_admitted(struct watch *watch, uint32_t index, const struct effect *effect)
{
    const struct record *record = record_at(watch, index);
    bool has_open = false;
    FOR_EACH_ABOVE(watch, record, edge)
    {
        if (edge->is_dropped) continue;
        const struct record *parent = record_at(watch, edge->parent);
        JUDGE(watch, S01, index, !status_is_dead(parent->status), "task %llu starts below %llu, which is %s",
              id_of(watch, index), (unsigned long long)parent->id,
              task_status_name((enum task_status)parent->status));
        if (record_is_confirmed(parent)) continue;
        has_open = true;
        bool may_read = watch->settings.cross_agent_speculation || parent->agent == record->agent;
        JUDGE(watch, S16, index, may_read,
              "task %llu of agent %u starts on what %llu of agent %u has written", id_of(watch, index),
              record->agent, (unsigned long long)parent->id, parent->agent);
    }
    JUDGE(watch, S01, index, !(record->flags & RECORD_DOOMED), "task %llu starts below a failure",
          id_of(watch, index));
    JUDGE(watch, S01, index, has_open == effect->u.admitted.is_speculative,
          "task %llu starts %s with%s an unconfirmed parent", id_of(watch, index),
          effect->u.admitted.is_speculative ? "speculatively" : "normally", has_open ? "" : "out");
    judge_depth(watch, index, effect);
}

static void judge_order(struct watch *watch, uint32_t index, const char *what)
{
    const struct record *record = record_at(watch, index);
    uint64_t open = 0;
    FOR_EACH_ABOVE(watch, record, edge)
    {
        const struct record *parent = edge->is_dropped ? NULL : record_at(watch, edge->parent);
        if (parent && !record_is_confirmed(parent)) open = parent->id;
    }
    JUDGE(watch, S02, index, open == 0, "task %llu was %s before its parent %llu was confirmed",
          id_of(watch, index), what, (unsigned long long)open);
}

void graph_worked(struct watch *watch, uint32_t index)
{
    const struct record *record = record_at(watch, index);
    bool may_work = !(record->flags & RECORD_DOOMED) && !record_is_over(record);
    JUDGE(watch, S01, index, may_work, "work is asked for task %llu, which is %s%s", id_of(watch, index),
          task_status_name((enum task_status)record->status),
          record->flags & RECORD_DOOMED ? ", below a failure" : "");
}

void graph_sent(struct watch *watch, uint32_t index)
{
    bool asks_for_finality = watch->event && watch->event->kind == EVENT_RESUME &&
                             record_at(watch, index)->status == TASK_CONFIRMED;
    if (asks_for_finality) return;
    graph_worked(watch, index);
    judge_order(watch, index, "sent");
}

/* ---- what a failure takes with it ---- */

static void doom(struct watch *watch, uint32_t index, uint32_t root)
{
    struct record *record = record_at(watch, index);
    if (record_is_over(record) || (record->flags & RECORD_DOOMED)) return;
    picture_leave_queues(watch, record);
    record->flags |= RECORD_DOOMED;
    if (record->flags & RECORD_LOOSE) return; /* perhaps another rollback had it first */
    record->blocked_by = root;
    if (root != NO_RECORD) record_at(watch, root)->blocked_left++;
}

static void doom_children(struct watch *watch, uint32_t index)
{
    FOR_EACH_BELOW(watch, record_at(watch, index), edge)
    {
        if (!edge->is_dropped) doom(watch, edge->child, NO_RECORD);
    }
}

/* Live tasks below the root that its rollback reaches, into scratch; they carry the mark. */
static uint32_t reach(struct watch *watch, uint32_t root, bool only_readers)
{
    uint32_t count = 0;
    record_at(watch, root)->visited = ++watch->mark;
    for (uint32_t done = 0, from = root;; from = watch->scratch[done++]) {
        FOR_EACH_BELOW(watch, record_at(watch, from), edge)
        {
            struct record *child = record_at(watch, edge->child);
            bool is_reached = !edge->is_dropped && (!only_readers || edge->kind == EDGE_DATA);
            if (!is_reached || child->visited == watch->mark || record_is_over(child)) continue;
            child->visited = watch->mark;
            watch->scratch[count++] = edge->child;
        }
        if (done == count) return count;
    }
}

/* A selective rollback spares whoever read nothing of it: those edges count no more. */
static void drop_spared(struct watch *watch, uint32_t from)
{
    FOR_EACH_BELOW(watch, record_at(watch, from), edge)
    {
        const struct record *child = record_at(watch, edge->child);
        if (child->visited != watch->mark && !record_is_over(child)) edge->is_dropped = true;
    }
}

/* A checkpoint rollback also takes what is above the root, as far as snapshots reach, with all that is below:
 * any of these may be blocked. */
static void loosen(struct watch *watch, uint32_t root)
{
    uint32_t count = 0;
    watch->scratch[count++] = root;
    record_at(watch, root)->visited = ++watch->mark;
    for (uint32_t done = 0; done < count; done++) {
        FOR_EACH_ABOVE(watch, record_at(watch, watch->scratch[done]), edge)
        {
            struct record *parent = edge->is_dropped ? NULL : record_at(watch, edge->parent);
            if (!parent || record_is_over(parent) || parent->visited == watch->mark) continue;
            parent->visited = watch->mark;
            watch->scratch[count++] = edge->parent;
        }
    }
    for (uint32_t done = 0; done < count; done++) {
        struct record *record = record_at(watch, watch->scratch[done]);
        record->flags |= RECORD_LOOSE;
        picture_leave_queues(watch, record);
        FOR_EACH_BELOW(watch, record, edge)
        {
            struct record *child = record_at(watch, edge->child);
            if (edge->is_dropped || record_is_over(child) || child->visited == watch->mark) continue;
            child->visited = watch->mark;
            watch->scratch[count++] = edge->child;
        }
    }
}

void graph_rollback_begins(struct watch *watch, uint32_t index)
{
    bool is_selective = watch->settings.rollback_policy == ROLLBACK_SELECTIVE;
    struct record *root = record_at(watch, index);
    if (watch->settings.rollback_policy == ROLLBACK_CHECKPOINT) loosen(watch, index);
    uint32_t count = is_selective ? 0 : reach(watch, index, false);
    if (is_selective) {
        time_progress_below(watch, index); /* whoever is spared waits for less */
        count = reach(watch, index, true);
        drop_spared(watch, index);
        for (uint32_t i = 0; i < count; i++) drop_spared(watch, watch->scratch[i]);
    }
    doom(watch, index, NO_RECORD);
    root->flags |= RECORD_ROOT;
    for (uint32_t i = 0; i < count; i++) doom(watch, watch->scratch[i], index);
}

void graph_rollback_ends(struct watch *watch, uint32_t index)
{
    const struct record *root = record_at(watch, index);
    JUDGE(watch, S01, index, status_is_dead(root->status), "the rollback of task %llu ends, which is %s",
          id_of(watch, index), task_status_name((enum task_status)root->status));
    JUDGE(watch, S01, index, root->blocked_left == 0,
          "the rollback of task %llu ends, %u of those that it blocked live on", id_of(watch, index),
          root->blocked_left);
    doom_children(watch, index);
}

/* S07: within a rollback, whoever is below has had its turn. */
void graph_turn(struct watch *watch, uint32_t index, const struct effect *effect)
{
    struct record *record = record_at(watch, index);
    uint32_t owner = picture_find(watch, effect->u.undone.root_id);
    record->flags |= RECORD_UNDONE;
    record->plan_owner = owner;
    FOR_EACH_ABOVE(watch, record, edge)
    {
        const struct record *parent = edge->is_dropped ? NULL : record_at(watch, edge->parent);
        bool is_above = parent && (parent->flags & RECORD_UNDONE) && parent->plan_owner == owner;
        JUDGE(watch, S07, index, !is_above, "task %llu has its turn after its parent %llu",
              id_of(watch, index), (unsigned long long)(parent ? parent->id : 0));
    }
    if (owner == NO_RECORD) return;
    record->wasted_ns = effect->u.undone.wasted_ns;
    record->plan_next = record_at(watch, owner)->plan_head;
    record_at(watch, owner)->plan_head = index;
}

/* ---- statuses ---- */

static const uint32_t MAY_END =
    1u << TASK_FAILED | 1u << TASK_EXPIRED | 1u << TASK_CANCELLED | 1u << TASK_ROLLED_BACK;

void graph_status(struct watch *watch, uint32_t index, enum task_status from)
{
    struct record *record = record_at(watch, index);
    bool is_end = MAY_END >> record->status & 1;
    JUDGE(watch, S01, index, is_end || !(record->flags & RECORD_DOOMED),
          "task %llu went from %s to %s below a failure", id_of(watch, index), task_status_name(from),
          task_status_name((enum task_status)record->status));
    if (record->status == TASK_CONFIRMED) judge_order(watch, index, "confirmed");
    if (record->status == TASK_ROLLED_BACK) doom_children(watch, index);
    bool has_ended = record_is_over(record) && !task_status_is_terminal(from);
    if (has_ended && record->blocked_by != NO_RECORD) record_at(watch, record->blocked_by)->blocked_left--;
    bool was_active = record->flags & RECORD_ACTIVE, is_active = was_active;
    if (has_ended) is_active = false;
    if (task_status_is_terminal(from) && !record_is_over(record))
        is_active = record->flags & RECORD_SPECULATIVE;
    if (was_active != is_active) graph_active(watch, index, is_active);
}

/* ---- tips: active speculative tasks without an active child ---- */

static void count_tip(struct watch *watch, const struct record *record, uint32_t change)
{
    watch->agents[record->agent].tips += change;
    watch->counts.tips += (uint64_t)(int64_t)(int32_t)change;
    if (change != 1) picture_touch(watch, record->agent);
}

void graph_active(struct watch *watch, uint32_t index, bool is_active)
{
    struct record *record = record_at(watch, index);
    uint32_t change = is_active ? 1 : UINT32_MAX;
    record->flags ^= RECORD_ACTIVE;
    watch->counts.active += (uint64_t)(int64_t)(int32_t)change;
    if (record->active_children == 0) count_tip(watch, record, change);
    FOR_EACH_ABOVE(watch, record, edge)
    {
        if (edge->parent == NO_RECORD) continue;
        struct record *parent = record_at(watch, edge->parent);
        bool had = parent->active_children > 0;
        parent->active_children += change;
        bool has = parent->active_children > 0;
        if (had != has && (parent->flags & RECORD_ACTIVE)) count_tip(watch, parent, has ? UINT32_MAX : 1);
    }
}
