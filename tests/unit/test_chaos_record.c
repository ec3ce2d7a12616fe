/* tests/unit/test_chaos_record.c: a record counts what it is told, and finds where two runs part. */
#include "sim/chaos_record.h"
#include "base/units.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static void step(struct chaos_record *record, int64_t now_ns, uint64_t digest)
{
    const struct event event = {.kind = EVENT_CONFIRMED, .now_ns = now_ns, .task = {3, 1}};
    chaos_record_event(record, &event, digest);
}

static void status(struct chaos_record *record, int64_t now_ns, enum task_status from, enum task_status to)
{
    struct effect effect = {.kind = NOTE_STATUS, .task = {3, 1}, .task_id = 77};
    effect.u.status.from = from;
    effect.u.status.to = to;
    chaos_record_effect(record, now_ns, &effect);
}

Test(chaos_record, the_first_difference_is_found_wherever_it_is)
{
    enum { EVENTS = 20 };
    for (uint64_t at = 0; at <= EVENTS; at++) {
        struct chaos_record a = {0}, b = {0};
        for (uint64_t i = 0; i < EVENTS; i++) {
            step(&a, (int64_t)i, i * 7);
            step(&b, (int64_t)i, i < at ? i * 7 : i * 7 + 1);
        }
        cr_expect(eq(u64, chaos_record_difference(&a, &b), at == EVENTS ? UINT64_MAX : at));
        chaos_record_close(&a);
        chaos_record_close(&b);
    }
}

Test(chaos_record, a_run_that_ends_earlier_differs_at_its_end)
{
    struct chaos_record a = {0}, b = {0};
    for (uint64_t i = 0; i < 5; i++) step(&a, 0, i);
    for (uint64_t i = 0; i < 3; i++) step(&b, 0, i);
    cr_expect(eq(u64, chaos_record_difference(&a, &b), 3));
    cr_expect(eq(u64, chaos_record_difference(&b, &a), 3));
    chaos_record_close(&a);
    chaos_record_close(&b);
}

Test(chaos_record, seconds_count_and_those_between_go_on_as_they_were)
{
    struct chaos_record record = {0};
    status(&record, 0, TASK_PENDING, TASK_PENDING);
    status(&record, NS_PER_S / 2, TASK_PENDING, TASK_EXECUTING);
    status(&record, 3 * NS_PER_S, TASK_EXECUTING, TASK_ROLLED_BACK);
    cr_assert(eq(u32, record.second_count, 4));
    cr_expect(eq(u32, record.seconds[0].by_status[TASK_EXECUTING], 1));
    cr_expect(eq(u32, record.seconds[0].by_status[TASK_PENDING], 0));
    cr_expect(eq(u32, record.seconds[2].by_status[TASK_EXECUTING], 1));
    cr_expect(eq(u32, record.seconds[3].by_status[TASK_EXECUTING], 0));
    cr_expect(eq(u32, record.seconds[3].rolled_back, 1));
    chaos_record_close(&record);
}

Test(chaos_record, events_know_the_task_that_they_are_about)
{
    struct chaos_record record = {0};
    step(&record, 0, 1);
    status(&record, 0, TASK_PENDING, TASK_PENDING);
    step(&record, 0, 2);
    cr_expect(eq(u64, record.events[0].task_id, 0));
    cr_expect(eq(u64, record.events[1].task_id, 77));
    const struct event tick = {.kind = EVENT_TICK, .task = {3, 1}};
    chaos_record_event(&record, &tick, 3);
    cr_expect(eq(u64, record.events[2].task_id, 0));
    chaos_record_close(&record);
}
