/* chaos/watch_metrics.c: S21 metrics tell the truth. */
#include "chaos/watch_state.h"

typedef unsigned long long ull;

/* What the engine says, what was counted outside. */
#define SCALARS(X)                                                                                           \
    X(submitted, submitted)                                                                                  \
    X(speculative_admissions, admitted_speculatively)                                                        \
    X(normal_admissions, admitted_normally)                                                                  \
    X(proofs_ready, proofs_ready)                                                                            \
    X(batches, batches)                                                                                      \
    X(batched_proofs, batched_proofs)                                                                        \
    X(reverts, reverts)                                                                                      \
    X(pruned, pruned)                                                                                        \
    X(gc_runs, gc_runs)                                                                                      \
    X(settings_generation, settings)                                                                         \
    X(bonded_lamports, bonded)                                                                               \
    X(released_lamports, released)                                                                           \
    X(slashed_lamports, slashed)                                                                             \
    X(treasury_lamports, treasury)                                                                           \
    X(withdrawn_lamports, withdrawn)                                                                         \
    X(deposited_lamports, deposited)                                                                         \
    X(table_tasks, tasks)                                                                                    \
    X(operations, live)                                                                                      \
    X(pending_operations, active)                                                                            \
    X(speculative_active, active)                                                                            \
    X(tips, tips)                                                                                            \
    X(locked_lamports, locked)                                                                               \
    X(waiting, waiting)                                                                                      \
    X(uncovered, uncovered)                                                                                  \
    X(plans_running, plans_running)                                                                          \
    X(submitting, by_status[TASK_SUBMITTING])                                                                \
    X(breaker_state, breaker)                                                                                \
    X(draining, draining)
#define LISTS(X)                                                                                             \
    X(events, events, EVENT_KIND_COUNT)                                                                      \
    X(stale_events, stale_events, EVENT_KIND_COUNT)                                                          \
    X(ended, ended, TASK_STATUS_COUNT)                                                                       \
    X(rollbacks_by_reason, rollbacks_by_reason, REASON_COUNT)                                                \
    X(rollback_events, rollback_events, REASON_COUNT)                                                        \
    X(waits, waits, WAIT_REASON_COUNT)                                                                       \
    X(breaker_trips, trips, TRIGGER_COUNT)

static void judge_metric(struct watch *watch, const char *name, uint64_t theirs, uint64_t own)
{
    JUDGE(watch, S21, NO_RECORD, theirs == own, "%s is %llu, counted were %llu", name, (ull)theirs, (ull)own);
}

/* Counters never go back; these are the first fields of the statistics. */
static void judge_direction(struct watch *watch, const struct engine_stats *stats)
{
    const uint64_t *now = (const uint64_t *)stats, *before = (const uint64_t *)&watch->scraped;
    for (size_t i = 0; i < offsetof(struct engine_stats, table_tasks) / sizeof *now; i++)
        JUDGE(watch, S21, NO_RECORD, now[i] >= before[i], "counter %zu went back from %llu to %llu", i,
              (ull)before[i], (ull)now[i]);
    watch->scraped = *stats;
}

void metrics_compare(struct watch *watch, const struct engine *engine)
{
    const struct engine_stats *stats = engine_statistics(engine);
    const struct watched_counts *own = &watch->counts;
#define SCALAR_(field, counted) judge_metric(watch, #field, stats->field, (uint64_t)own->counted);
    SCALARS(SCALAR_)
#undef SCALAR_
#define LIST_(field, counted, count)                                                                         \
    for (int i = 0; i < count; i++) judge_metric(watch, #field, stats->field[i], own->counted[i]);
    LISTS(LIST_)
#undef LIST_
    judge_direction(watch, stats);
}

void watch_scraped(struct watch *watch, int64_t now_ns, const struct engine *engine)
{
    watch->now_ns = later(watch->now_ns, now_ns);
    metrics_compare(watch, engine);
}
