/* sim/chaos_record.h: what a trial did, as it is run once more: events by number, rates by second.
 *
 * Give chaos_record_event and chaos_record_effect to a trial as `seen` and `noted`, with the record as
 * context. Memory: ours, chaos_record_close; what does not fit for want of memory is left out, is_short says
 * so. Threads: none. */
#pragma once
#include "engine/event.h"
#include <stdbool.h>
#include <stdint.h>

/* One stepped event, and the trajectory with it. */
struct chaos_record_event {
    int64_t now_ns;
    uint64_t digest;
    uint64_t task_id; /* 0: none, or one that the engine did not know */
    struct task_ref task;
    uint32_t attempt;
    enum event_kind kind;
};

/* Counts within a second, and how many tasks had which status at its end. */
struct chaos_record_second {
    uint32_t admitted, confirmed, rolled_back;
    uint32_t by_status[TASK_STATUS_COUNT];
};

struct chaos_record_name {
    uint32_t generation;
    uint64_t id;
};

struct chaos_record {
    struct chaos_record_name *names; /* of tasks, by slot */
    uint32_t name_capacity;
    struct chaos_record_event *events;
    uint64_t event_count, event_capacity;
    struct chaos_record_second *seconds;
    uint32_t second_count, second_capacity;
    uint32_t by_status[TASK_STATUS_COUNT]; /* now */
    bool is_short;
};

void chaos_record_event(void *context, const struct event *event, uint64_t digest);
void chaos_record_effect(void *context, int64_t now_ns, const struct effect *effect);
void chaos_record_close(struct chaos_record *record); /* fine on a zeroed one */

/* The place of the first event at which they differ, from 0; UINT64_MAX: they are the same run. A run that
 * ends earlier differs there. */
uint64_t chaos_record_difference(const struct chaos_record *a, const struct chaos_record *b);
