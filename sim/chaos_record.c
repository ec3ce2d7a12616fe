/* sim/chaos_record.c: arrays that grow. */
#include "sim/chaos_record.h"
#include "base/units.h"
#include <stdlib.h>
#include <string.h>

enum { SECONDS_MOST = 1 << 22 };

void chaos_record_close(struct chaos_record *record)
{
    free(record->events);
    free(record->seconds);
    free(record->names);
    *record = (struct chaos_record){0};
}

/* Events of other kinds name no task: what stands there means nothing. */
static bool names_task(enum event_kind kind)
{
    bool is_outcome = kind >= EVENT_EXECUTED && kind <= EVENT_CLAIM_RENEWED && kind != EVENT_WORKER_FREE;
    return is_outcome || kind == EVENT_CANCEL || kind == EVENT_ROLLBACK || kind == EVENT_PROOF_RETRY;
}

static uint64_t id_of(const struct chaos_record *record, const struct event *event)
{
    if (event->kind == EVENT_SUBMIT) return event->u.submit.id;
    if (!names_task(event->kind) || event->task.slot >= record->name_capacity) return 0;
    const struct chaos_record_name *name = &record->names[event->task.slot];
    return name->generation == event->task.generation ? name->id : 0;
}

static void name_task(struct chaos_record *record, const struct effect *effect)
{
    uint32_t capacity = record->name_capacity ? record->name_capacity : 1024;
    while (capacity <= effect->task.slot) capacity *= 2;
    if (capacity > record->name_capacity) {
        struct chaos_record_name *grown = realloc(record->names, capacity * sizeof *grown);
        if (!grown) {
            record->is_short = true;
            return;
        }
        memset(grown + record->name_capacity, 0, (capacity - record->name_capacity) * sizeof *grown);
        record->names = grown;
        record->name_capacity = capacity;
    }
    record->names[effect->task.slot] = (struct chaos_record_name){effect->task.generation, effect->task_id};
}

void chaos_record_event(void *context, const struct event *event, uint64_t digest)
{
    struct chaos_record *record = context;
    if (record->event_count == record->event_capacity) {
        uint64_t capacity = record->event_capacity ? 2 * record->event_capacity : 4096;
        struct chaos_record_event *grown = realloc(record->events, capacity * sizeof *grown);
        if (!grown) {
            record->is_short = true;
            return;
        }
        record->events = grown;
        record->event_capacity = capacity;
    }
    record->events[record->event_count++] = (struct chaos_record_event){
        .now_ns = event->now_ns,
        .digest = digest,
        .task_id = id_of(record, event),
        .task = event->task,
        .attempt = event->attempt,
        .kind = event->kind,
    };
}

static bool has_room(struct chaos_record *record, uint32_t second)
{
    uint32_t capacity = record->second_capacity ? record->second_capacity : 1024;
    if (second < record->second_capacity) return true;
    if (second >= SECONDS_MOST) return false;
    while (capacity <= second) capacity *= 2;
    struct chaos_record_second *grown = realloc(record->seconds, capacity * sizeof *grown);
    if (!grown) return false;
    record->seconds = grown;
    record->second_capacity = capacity;
    return true;
}

/* Seconds in which nothing happened end as the one before them did. */
static struct chaos_record_second *second_at(struct chaos_record *record, int64_t now_ns)
{
    int64_t wanted = now_ns / NS_PER_S;
    if (wanted >= SECONDS_MOST || !has_room(record, (uint32_t)wanted)) {
        record->is_short = true;
        return NULL;
    }
    while (record->second_count <= (uint32_t)wanted) {
        struct chaos_record_second *second = &record->seconds[record->second_count++];
        *second = (struct chaos_record_second){0};
        memcpy(second->by_status, record->by_status, sizeof second->by_status);
    }
    return &record->seconds[wanted];
}

static void note_status(struct chaos_record *record, struct chaos_record_second *second,
                        const struct effect *effect)
{
    enum task_status from = effect->u.status.from, to = effect->u.status.to;
    second->confirmed += to == TASK_CONFIRMED && from != to;
    second->rolled_back += to == TASK_ROLLED_BACK;
    if (from == to)
        name_task(record, effect); /* it is born */
    else if (record->by_status[from] > 0)
        record->by_status[from]--;
    record->by_status[to]++;
    memcpy(second->by_status, record->by_status, sizeof second->by_status);
}

void chaos_record_effect(void *context, int64_t now_ns, const struct effect *effect)
{
    struct chaos_record *record = context;
    if (effect->kind != NOTE_STATUS && effect->kind != NOTE_ADMITTED) return;
    struct chaos_record_second *second = second_at(record, now_ns);
    if (!second) return;
    if (effect->kind == NOTE_STATUS)
        note_status(record, second, effect);
    else
        second->admitted++;
}

/* The digest covers everything before it: once it differs it stays different. */
uint64_t chaos_record_difference(const struct chaos_record *a, const struct chaos_record *b)
{
    uint64_t shorter = a->event_count < b->event_count ? a->event_count : b->event_count;
    uint64_t same = 0, end = shorter;
    while (same < end) {
        uint64_t middle = same + (end - same) / 2;
        if (a->events[middle].digest == b->events[middle].digest)
            same = middle + 1;
        else
            end = middle;
    }
    if (same < shorter) return same;
    return a->event_count == b->event_count ? UINT64_MAX : shorter;
}
