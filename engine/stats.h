/* engine/stats.h: plain counters and gauges, read by anyone, written by the engine alone. */
#pragma once
#include "engine/event.h"

struct engine_stats {
    /* counters */
    uint64_t events[EVENT_KIND_COUNT], stale_events[EVENT_KIND_COUNT];
    uint64_t illegal_moves[MACHINE_COUNT]; /* refused by the machine's table */
    uint64_t submitted, refused[REFUSAL_COUNT];
    uint64_t waits[WAIT_REASON_COUNT]; /* times a task began to wait */
    uint64_t speculative_admissions, normal_admissions;
    uint64_t ended[TASK_STATUS_COUNT];          /* tasks that reached this terminal status */
    uint64_t rollbacks_by_reason[REASON_COUNT]; /* victims plus speculative roots (semantics.md 30) */
    uint64_t rollback_events[REASON_COUNT];
    uint64_t slash_events[REASON_COUNT];
    uint64_t proofs_ready, proof_failures, proof_timeouts, proof_retries, queue_full;
    uint64_t batches, batched_proofs;
    uint64_t tx_retries;
    uint64_t reverts; /* confirmed tasks that a reorg reopened */
    uint64_t breaker_trips[TRIGGER_COUNT];
    uint64_t cascade_overruns; /* cascades larger than max_cascade_size: rolled back whole all the same */
    uint64_t stuck_locks_released, settings_generation;
    uint64_t gc_runs, gc_bytes_freed, pruned;
    uint64_t bonded_lamports, released_lamports, slashed_lamports; /* ever; locked = the rest */
    uint64_t treasury_lamports, withdrawn_lamports, deposited_lamports;
    /* gauges */
    uint64_t table_tasks, edges, operations, pending_operations, speculative_active, tips,
        active_by_depth[LIMIT_DEPTH + 2];
    uint64_t live_tasks, live_snapshot_bytes, live_proofs; /* of tasks not yet finalized or undone */
    uint64_t snapshots, snapshot_bytes, proof_cache_entries, locked_lamports;
    uint64_t proof_queue_depth, proofs_generating, awaiting, submitting, submissions_in_flight;
    uint64_t waiting, workers_busy, plans_waiting, plans_running;
    uint64_t uncovered;               /* reopened tasks whose agent could not bond them again */
    uint64_t breaker_state, draining; /* enum breaker_state; 0 or 1 */
    uint64_t gc_last_bytes, gc_last_snapshots, gc_last_tasks;
    int64_t gc_last_ns;
};
