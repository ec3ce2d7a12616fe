/* chaos/watch_picture.c: the watch's own picture: which tasks there are, and who depends on whom. */
#include "chaos/watch_state.h"

/* ---- records ---- */

uint32_t picture_find(const struct watch *watch, uint64_t id)
{
    uint32_t index;
    if (id < watch->options.tasks_most) return watch->record_of_id[id] - 1; /* 0: NO_RECORD */
    return table_find(&watch->others, id, &index) ? index : NO_RECORD;
}

static bool name_record(struct watch *watch, uint64_t id, uint32_t index)
{
    if (id >= watch->options.tasks_most) return table_insert(&watch->others, id, index) == OK;
    watch->record_of_id[id] = index + 1;
    return true;
}

static void unname_record(struct watch *watch, uint64_t id)
{
    if (id < watch->options.tasks_most)
        watch->record_of_id[id] = 0;
    else
        (void)table_remove(&watch->others, id);
}

uint32_t picture_of_ref(const struct watch *watch, struct task_ref ref)
{
    if (ref.slot >= watch->limits_tasks) return NO_RECORD;
    uint32_t index = watch->record_of_slot[ref.slot] - 1;
    bool is_good = index != NO_RECORD && watch->records[index].generation == ref.generation;
    return is_good ? index : NO_RECORD;
}

static void bind(struct watch *watch, uint32_t index, struct task_ref ref)
{
    struct record *record = record_at(watch, index);
    if (ref.slot >= watch->limits_tasks) return;
    record->slot = ref.slot;
    record->generation = ref.generation;
    record->flags |= RECORD_BOUND;
    watch->record_of_slot[ref.slot] = index + 1;
}

uint32_t picture_of_effect(struct watch *watch, const struct effect *effect)
{
    uint32_t index = picture_of_ref(watch, effect->task);
    if (index != NO_RECORD && watch->records[index].id == effect->task_id) return index;
    index = picture_find(watch, effect->task_id);
    bool is_known = index != NO_RECORD;
    JUDGE(watch, S24, NO_RECORD, is_known, "%s about task %llu, which was never accepted",
          effect_kind_name(effect->kind), (unsigned long long)effect->task_id);
    if (!is_known) return NO_RECORD;
    bool is_new = !(watch->records[index].flags & RECORD_BOUND);
    JUDGE(watch, S11, index, is_new, "task %llu is named by reference %u:%u, was %u:%u",
          (unsigned long long)effect->task_id, effect->task.slot, effect->task.generation,
          watch->records[index].slot, watch->records[index].generation);
    bind(watch, index, effect->task);
    return index;
}

static uint32_t take_record(struct watch *watch)
{
    uint32_t index = watch->free_record;
    if (index == NO_RECORD)
        return watch->fresh_record < watch->record_room ? watch->fresh_record++ : NO_RECORD;
    watch->free_record = watch->records[index].plan_next;
    return index;
}

/* ---- edges ---- */

static uint32_t take_edge(struct watch *watch)
{
    uint32_t index = watch->free_edge;
    if (index == NO_RECORD) return watch->fresh_edge < watch->edge_room ? watch->fresh_edge++ : NO_RECORD;
    watch->free_edge = watch->edges[index].next_in;
    return index;
}

/* In front of both lists: their order decides nothing. */
static bool add_edge(struct watch *watch, uint32_t parent, uint32_t child, uint8_t kind)
{
    uint32_t index = take_edge(watch);
    if (index == NO_RECORD) return false;
    struct record *above = record_at(watch, parent), *below = record_at(watch, child);
    watch->edges[index] = (struct record_edge){.parent = parent,
                                               .child = child,
                                               .next_in = below->in_head,
                                               .next_out = above->out_head,
                                               .prev_out = NO_RECORD,
                                               .kind = kind};
    if (above->out_head != NO_RECORD) watch->edges[above->out_head].prev_out = index;
    below->in_head = above->out_head = index;
    watch->counts.edges++;
    return true;
}

static void unlink_from_parent(struct watch *watch, struct record_edge *edge)
{
    if (edge->parent == NO_RECORD) return;
    if (edge->prev_out == NO_RECORD)
        record_at(watch, edge->parent)->out_head = edge->next_out;
    else
        watch->edges[edge->prev_out].next_out = edge->next_out;
    if (edge->next_out != NO_RECORD) watch->edges[edge->next_out].prev_out = edge->prev_out;
}

bool picture_has_open_parent(struct watch *watch, const struct record *record)
{
    FOR_EACH_ABOVE(watch, record, edge)
    {
        if (!edge->is_dropped && !record_is_confirmed(record_at(watch, edge->parent))) return true;
    }
    return false;
}

/* ---- a task's coming and going ---- */

/* Parents that are unknown are left out here: S05 says so once the engine has accepted the task. */
static bool add_edges(struct watch *watch, uint32_t index, const struct event_submit *submit)
{
    bool has_room = true;
    for (uint32_t i = 0; i < submit->parent_count && i < LIMIT_PARENTS; i++) {
        uint32_t parent = picture_find(watch, submit->parents[i]);
        if (parent == NO_RECORD || parent == index) continue;
        has_room = add_edge(watch, parent, index, submit->edge_kinds[i]) && has_room;
    }
    return has_room;
}

uint32_t picture_add(struct watch *watch, const struct event_submit *submit)
{
    uint32_t agent = picture_agent(watch, submit->agent_id);
    uint32_t index = agent == NO_RECORD ? NO_RECORD : take_record(watch);
    if (index == NO_RECORD) return NO_RECORD;
    *record_at(watch, index) = (struct record){
        .id = submit->id,
        .seq = ++watch->seq,
        .bond_lamports = submit->bond_lamports,
        .claim_expires_ns = submit->claim_expires_ns,
        .since_ns = watch->now_ns,
        .progress_ns = watch->now_ns,
        .key_ns = NEVER_NS,
        .agent = agent,
        .in_head = NO_RECORD,
        .out_head = NO_RECORD,
        .blocked_by = NO_RECORD,
        .plan_owner = NO_RECORD,
        .plan_head = NO_RECORD,
        .plan_next = NO_RECORD,
        .factor_bps = UINT32_MAX,
        .flags = submit->bond_lamports ? RECORD_GIVEN_BOND : 0,
        .rollout_bucket = (uint16_t)submit->rollout_bucket,
        .status = TASK_PENDING,
        .reason = REASON_COUNT,
    };
    watch->counts.tasks++;
    watch->counts.live++;
    watch->counts.by_status[TASK_PENDING]++;
    bool has_room = name_record(watch, submit->id, index) && add_edges(watch, index, submit);
    if (has_room) return index;
    picture_forget(watch, index);
    return NO_RECORD;
}

static void forget_edges(struct watch *watch, struct record *record)
{
    for (uint32_t at = record->in_head, next; at != NO_RECORD; at = next) {
        struct record_edge *edge = &watch->edges[at];
        next = edge->next_in;
        if (edge->parent != NO_RECORD) watch->counts.edges--;
        unlink_from_parent(watch, edge);
        edge->next_in = watch->free_edge;
        watch->free_edge = at;
    }
    FOR_EACH_BELOW(watch, record, edge)
    {
        edge->parent = NO_RECORD;
        edge->is_dropped = true;
        watch->counts.edges--;
    }
}

void picture_forget(struct watch *watch, uint32_t index)
{
    struct record *record = record_at(watch, index);
    forget_edges(watch, record);
    unname_record(watch, record->id);
    if (record->flags & RECORD_BOUND) watch->record_of_slot[record->slot] = 0;
    picture_leave_queues(watch, record);
    watch->counts.tasks--;
    watch->counts.by_status[record->status]--;
    if (!record_is_over(record)) watch->counts.live--;
    time_forget(watch, index);
    record->plan_next = watch->free_record;
    record->flags = 0;
    watch->free_record = index;
}

/* ---- agents ---- */

uint32_t picture_agent(struct watch *watch, uint64_t id)
{
    uint32_t index;
    if (table_find(&watch->agent_of_id, id, &index)) return index;
    if (watch->agent_count == watch->agent_room) return NO_RECORD;
    index = watch->agent_count++;
    err is_new = table_insert(&watch->agent_of_id, id, index);
    ASSERT(is_new == OK);
    watch->agents[index] = (struct watched_agent){.id = id, .cooldown_until_ns = INT64_MIN};
    watch->agent_is_new = true;
    return index;
}

void picture_touch(struct watch *watch, uint32_t agent)
{
    if (watch->agents[agent].touched == watch->event_number) return;
    watch->agents[agent].touched = watch->event_number;
    if (watch->touched_count < TOUCHED_MOST) watch->touched[watch->touched_count] = agent;
    watch->touched_count++;
}

void picture_await(struct watch *watch, uint32_t record)
{
    if (watch->pending_count < PENDING_MOST) watch->pending[watch->pending_count] = record;
    watch->pending_count++;
}

/* It holds no submission slot and no place in the proof queue any more. */
void picture_leave_queues(struct watch *watch, struct record *record)
{
    if (!(record->flags & RECORD_QUEUES)) return;
    if (record->flags & RECORD_SENDING) watch->counts.sending--;
    if (record->flags & RECORD_QUEUED) watch->counts.queued_at_least--;
    record->flags &= ~(uint32_t)RECORD_QUEUES;
}
