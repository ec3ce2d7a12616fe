/* chaos/watch_recovery.c: S18 what was acknowledged survives, S19 recovery is idempotent, S20 corruption is
 * detected, S23 admin actions are authorised. */
#include "chaos/watch_state.h"
#include "engine/compare.h"

typedef unsigned long long ull;

void watch_acknowledged(struct watch *watch, uint64_t task)
{
    uint32_t index = picture_find(watch, task);
    if (index != NO_RECORD) record_at(watch, index)->flags |= RECORD_ACKNOWLEDGED;
}

void watch_crashed(struct watch *watch, int64_t now_ns)
{
    watch->now_ns = later(watch->now_ns, now_ns);
    watch->heal_ns = later(watch->heal_ns, now_ns);
}

static void compare_task(struct watch *watch, uint32_t index, const struct engine *engine)
{
    const struct record *record = record_at(watch, index);
    struct task_ref ref;
    struct task_view view;
    bool is_there = engine_find(engine, record->id, &ref) && engine_task(engine, ref, &view) == OK;
    JUDGE(watch, S18, index, is_there, "task %llu, %s, is lost%s", (ull)record->id,
          task_status_name((enum task_status)record->status),
          record->flags & RECORD_ACKNOWLEDGED ? " although it was acknowledged" : "");
    if (!is_there) return;
    JUDGE(watch, S18, index, view.status == record->status, "task %llu was %s and is %s", (ull)record->id,
          task_status_name((enum task_status)record->status), task_status_name(view.status));
    bool is_bonded = record->flags & RECORD_BONDED;
    JUDGE(watch, S18, index, !is_bonded || view.bond_lamports == record->bond_lamports,
          "task %llu was bonded with %llu lamports and is with %llu", (ull)record->id,
          (ull)record->bond_lamports, (ull)view.bond_lamports);
}

static void compare_agents(struct watch *watch, const struct engine *engine)
{
    for (uint32_t i = 0; i < watch->agent_count; i++) {
        const struct watched_agent *own = &watch->agents[i];
        struct agent_view theirs = {0};
        if (i < engine_agent_count(engine)) theirs = engine_agent(engine, i);
        JUDGE(watch, S18, NO_RECORD,
              theirs.id == own->id && theirs.free == own->free && theirs.locked == own->locked,
              "agent %llu had %llu lamports free, %llu locked, and has %llu, %llu", (ull)own->id,
              (ull)own->free, (ull)own->locked, (ull)theirs.free, (ull)theirs.locked);
    }
}

void watch_recovered(struct watch *watch, int64_t now_ns, const struct engine *engine,
                     const struct engine *again)
{
    struct difference difference;
    watch->now_ns = later(watch->now_ns, now_ns);
    watch->heal_ns = later(watch->heal_ns, now_ns);
    for (uint32_t index = 0; index < watch->fresh_record; index++)
        if (record_at(watch, index)->flags & RECORD_BOUND) compare_task(watch, index, engine);
    uint64_t held = engine_statistics(engine)->table_tasks;
    JUDGE(watch, S18, NO_RECORD, held == watch->counts.tasks,
          "%llu tasks are there after the recovery, %llu were before", (ull)held, (ull)watch->counts.tasks);
    compare_agents(watch, engine);
    metrics_compare(watch, engine);
    if (!again) return;
    bool differs = engine_compare(engine, again, &difference);
    JUDGE(watch, S19, NO_RECORD, !differs, "recovered again, %s differs at %u", difference.what,
          difference.index);
}

void watch_lost(struct watch *watch, int64_t now_ns, bool was_spoiled)
{
    watch_damaged(watch, now_ns, true);
    JUDGE(watch, S18, NO_RECORD, was_spoiled,
          "%llu tasks are lost with a log that no fault of the disk has spoiled", (ull)watch->counts.tasks);
}

void watch_damaged(struct watch *watch, int64_t now_ns, bool was_noticed)
{
    watch->now_ns = later(watch->now_ns, now_ns);
    JUDGE(watch, S20, NO_RECORD, was_noticed, "%s", "damaged bytes were used");
}

void watch_admitted_request(struct watch *watch, int64_t now_ns, bool was_authorised, bool was_audited)
{
    watch->now_ns = later(watch->now_ns, now_ns);
    JUDGE(watch, S23, NO_RECORD, was_authorised && was_audited, "a request was let in %s token and %s",
          was_authorised ? "with its" : "without a", was_audited ? "audited" : "not audited");
}
