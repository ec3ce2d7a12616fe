/* daemon/metrics_table.c: every family: name, type, labels, help, where its samples come from; and the other
 * names.
 *
 * docs/METRICS.md is written from it. A new metric is a row here, with a collector of metrics_own.h. */
#include "daemon/metrics_own.h"
#include <stddef.h>
#include <string.h>

#define STAT(field)         collect_stat, offsetof(struct engine_stats, field), PORT_ENGINE
#define REASONS(field)      collect_reasons, offsetof(struct engine_stats, field), PORT_ENGINE
#define SETTING(field)      collect_setting, offsetof(struct settings, field), PORT_ENGINE
#define BY(collector)       collector, 0, PORT_ENGINE
#define ENDED(status)       collect_ended, status, PORT_ENGINE
#define HIST(id)            collect_histogram, id, PORT_ENGINE
#define STATUS(kind, field) collect_status_##kind, offsetof(struct service_status, field), PORT_ENGINE
#define CHAIN(field)        collect_chain_number, offsetof(struct chain_view, field), PORT_ENGINE
#define PROCESS(id)         collect_process, id, PORT_ENGINE
#define COUNTER             METRIC_COUNTER
#define GAUGE               METRIC_GAUGE
#define BUCKETS             METRIC_HISTOGRAM

const struct metrics_family METRICS_FAMILIES[] = {
    /* speculation */
    {"speculation_tasks_total", COUNTER, "", NEED_STATS, "tasks admitted as speculative",
     STAT(speculative_admissions)},
    {"speculation_active_tasks", GAUGE, "", NEED_STATS, "speculative tasks that are not terminal",
     STAT(speculative_active)},
    {"speculation_active_tasks_by_depth", GAUGE, "depth", NEED_STATS, "active tasks by unconfirmed ancestors",
     BY(collect_depths)},
    {"speculation_active_branches", GAUGE, "", NEED_STATS, "tips of the speculative forest", STAT(tips)},
    {"speculation_current_depth", GAUGE, "", NEED_STATS, "depth of the deepest active task",
     BY(collect_current_depth)},
    {"speculation_max_depth", GAUGE, "", NEED_STATS, "depth limit in force", SETTING(max_depth)},
    {"speculation_depth_histogram", BUCKETS, "", NEED_METRICS,
     "depth of speculative tasks at their admission", HIST(HISTOGRAM_DEPTH)},
    {"speculation_enabled", GAUGE, "", NEED_STATS,
     "1 while speculation is admitted: enabled, and the breaker not open", BY(collect_enabled)},
    {"speculation_auto_disabled", GAUGE, "", NEED_STATS,
     "1 from the breaker's opening until it is closed again", BY(collect_auto_disabled)},
    {"speculation_circuit_breaker_state", GAUGE, "", NEED_STATS, "0 closed, 1 half-open, 2 open",
     STAT(breaker_state)},
    {"speculation_circuit_breaker_trips_total", COUNTER, "trigger", NEED_STATS,
     "how often the breaker opened", BY(collect_trips)},
    {"speculation_waits_total", COUNTER, "reason", NEED_STATS, "times a task began to wait",
     BY(collect_waits)},
    {"speculation_health_score", GAUGE, "", NEED_METRICS, "0 to 1; above 0.8 good, below 0.5 critical",
     BY(collect_health)},
    {"speculation_integrity_checks_total", COUNTER, "result", NEED_METRICS,
     "integrity checks that ended, since the start", BY(collect_checks)},
    {"speculation_integrity_findings", GAUGE, "", NEED_METRICS, "what the last integrity check found",
     BY(collect_findings)},
    {"speculation_illegal_moves_total", COUNTER, "machine", NEED_STATS,
     "moves that a state machine refused: events too late to matter", BY(collect_illegal_moves)},
    /* operations */
    {"speculation_operations_total", COUNTER, "status, agent_id, operation_type", NEED_STATS,
     "operations by how they ended; pending: submitted", BY(collect_operations)},
    {"speculation_operations_rate", GAUGE, "", NEED_METRICS,
     "operations submitted a second, over five minutes", BY(collect_operations_rate)},
    {"speculation_pending_operations_count", GAUGE, "", NEED_STATS, "operations that are not terminal",
     STAT(operations)},
    {"speculation_pending_operations_limit", GAUGE, "", NEED_STATS, "limits.max_pending_operations",
     SETTING(max_pending_operations)},
    {"speculation_tasks_confirmed_total", COUNTER, "", NEED_STATS, "tasks confirmed at the gate level",
     ENDED(TASK_CONFIRMED)},
    {"speculation_tasks_failed_total", COUNTER, "", NEED_STATS, "tasks that failed", ENDED(TASK_FAILED)},
    {"speculation_timeouts_total", COUNTER, "reason", NEED_STATS,
     "tasks that failed because something took too long", BY(collect_timeouts)},
    {"speculation_errors_total", COUNTER, "error_type, severity", NEED_STATS, "what went wrong",
     BY(collect_errors)},
    {"speculation_e2e_latency_seconds", BUCKETS, "", NEED_METRICS,
     "from submission to the (speculative) result", HIST(HISTOGRAM_RESULT)},
    {"speculation_confirmation_latency_seconds", BUCKETS, "", NEED_METRICS,
     "from an operation's submission to its confirmation", HIST(HISTOGRAM_CONFIRMATION)},
    {"speculation_confirmation_latency_p99", GAUGE, "", NEED_METRICS,
     "seconds from sending a proof to the gate, 99th percentile of five minutes; NaN without any",
     BY(collect_confirmation_p99)},
    /* rollbacks */
    {"speculation_rollback_total", COUNTER, "reason", NEED_STATS,
     "speculative tasks rolled back; victims as ancestor_failed", REASONS(rollbacks_by_reason)},
    {"speculation_rollback_events_total", COUNTER, "reason", NEED_STATS,
     "cascades, by the reason of their root", REASONS(rollback_events)},
    {"speculation_rollback_rate", GAUGE, "", NEED_METRICS,
     "rolled back per speculative admission over five minutes, 0 to 1", BY(collect_rollback_rate)},
    {"speculation_rollback_latency_seconds", BUCKETS, "", NEED_METRICS,
     "from a cascade's beginning to its end", HIST(HISTOGRAM_ROLLBACK)},
    {"speculation_rollback_cascade_size", BUCKETS, "", NEED_METRICS, "tasks of a cascade, its root included",
     HIST(HISTOGRAM_CASCADE)},
    /* proofs */
    {"speculation_proof_generation_seconds", BUCKETS, "proof_type", NEED_METRICS,
     "from a batch's beginning to the proof", collect_proof_histogram, HISTOGRAM_PROOF, PORT_ENGINE},
    {"speculation_proof_queue_depth", GAUGE, "", NEED_STATS, "proofs queued, those in generation excluded",
     STAT(proof_queue_depth)},
    {"speculation_proof_queue_capacity", GAUGE, "", NEED_STATS, "speculation.proof.queue_size",
     SETTING(queue_size)},
    {"speculation_proof_batch_size", GAUGE, "", NEED_METRICS, "mean of the last 64 batches",
     BY(collect_batch_size)},
    {"speculation_proof_batch_size_hist", BUCKETS, "", NEED_METRICS, "proofs a batch", HIST(HISTOGRAM_BATCH)},
    {"speculation_proof_failures_total", COUNTER, "error_type", NEED_STATS,
     "attempts at a proof that failed, timed out or were rejected", BY(collect_proof_failures)},
    {"speculation_proof_worker_utilization", GAUGE, "", NEED_STATS, "busy workers, 0 to 1",
     BY(collect_worker_utilization)},
    {"solana_confirmation_seconds", BUCKETS, "level", NEED_METRICS,
     "from sending a proof's transaction to this level", BY(collect_chain_histogram)},
    /* memory */
    {"speculation_memory_usage_bytes", GAUGE, "component, or none for the total", NEED_STATS,
     "accounted memory", BY(collect_memory)},
    {"speculation_memory_limit_bytes", GAUGE, "", NEED_STATS, "limits.max_memory_mb in bytes",
     SETTING(max_memory_bytes)},
    {"speculation_state_snapshots_count", GAUGE, "", NEED_STATS, "snapshots held", STAT(snapshots)},
    {"speculation_gc_duration_seconds", BUCKETS, "", NEED_METRICS, "real time of a garbage collection",
     HIST(HISTOGRAM_GC)},
    {"speculation_gc_runs_total", COUNTER, "", NEED_STATS, "garbage collections", STAT(gc_runs)},
    {"speculation_gc_freed_bytes_total", COUNTER, "", NEED_STATS,
     "accounted bytes that garbage collections freed", STAT(gc_bytes_freed)},
    /* stake */
    {"speculation_stake_locked_lamports", GAUGE, "", NEED_STATS, "bonds not yet settled",
     STAT(locked_lamports)},
    {"speculation_stake_locked_per_agent", GAUGE, "agent_id", NEED_ENGINE, "the same by agent, in lamports",
     BY(collect_stake_per_agent)},
    {"speculation_stake_utilization", GAUGE, "", NEED_STATS, "locked of what the agents own, 0 to 1",
     BY(collect_stake_utilization)},
    {"speculation_stake_slashed_total", COUNTER, "reason", NEED_STATS, "slash events", REASONS(slash_events)},
    {"speculation_stake_slashed_lamports_total", COUNTER, "", NEED_STATS, "lamports slashed",
     STAT(slashed_lamports)},
    /* the service */
    {"speculation_p99_latency_ms", GAUGE, "", NEED_METRICS,
     "of answers over HTTP, 99th percentile of five minutes; NaN without any", BY(collect_request_p99)},
    {"agenc_http_requests_total", COUNTER, "route, code", NEED_METRICS, "requests answered",
     BY(collect_requests)},
    {"agenc_http_request_duration_seconds", BUCKETS, "", NEED_METRICS,
     "from a request's last byte to its answer", HIST(HISTOGRAM_REQUEST)},
    {"agenc_ready", GAUGE, "", NEED_SERVICE, "1 when the service takes requests", STATUS(flag, is_ready)},
    {"agenc_read_only", GAUGE, "", NEED_SERVICE, "1 while the event log cannot be written",
     STATUS(flag, is_read_only)},
    {"agenc_rebuilding", GAUGE, "", NEED_SERVICE, "1 while the state is rebuilt from the log",
     STATUS(flag, is_rebuilding)},
    {"agenc_log_records_total", COUNTER, "", NEED_SERVICE, "records of the event log",
     STATUS(number, records)},
    {"agenc_log_size_bytes", GAUGE, "", NEED_SERVICE, "size of the event log", STATUS(number, log_bytes)},
    {"agenc_log_segments", GAUGE, "", NEED_SERVICE, "files of the event log", STATUS(number, segments)},
    {"agenc_log_syncs_total", COUNTER, "", NEED_SERVICE, "times the log was synced to the disk",
     STATUS(number, syncs)},
    {"agenc_log_sync_last_seconds", GAUGE, "", NEED_SERVICE, "how long the last sync took",
     STATUS(seconds, sync_last_ns)},
    {"agenc_log_sync_max_seconds", GAUGE, "", NEED_SERVICE, "how long the slowest sync took",
     STATUS(seconds, sync_most_ns)},
    {"agenc_snapshots_total", COUNTER, "", NEED_SERVICE, "snapshots of the state written since the start",
     STATUS(number, snapshots)},
    {"agenc_recovered_events", GAUGE, "", NEED_SERVICE, "events replayed at the start",
     STATUS(number, recovered_events)},
    {"agenc_orders_waiting", GAUGE, "", NEED_SERVICE, "orders that are not on the disk yet",
     STATUS(number, orders_waiting)},
    {"agenc_answers_waiting", GAUGE, "", NEED_SERVICE, "requests that wait for their order",
     STATUS(number, answers_waiting)},
    {"agenc_chain_connected", GAUGE, "", NEED_CHAIN, "1 while the chain answers", BY(collect_chain_flag)},
    {"agenc_chain_slot", GAUGE, "level", NEED_CHAIN, "the chain's newest slot of this level",
     BY(collect_chain_slots)},
    {"agenc_chain_transactions_in_flight", GAUGE, "", NEED_CHAIN, "transactions sent and not yet confirmed",
     CHAIN(in_flight)},
    {"agenc_build_info", GAUGE, "version, commit", NEED_METRICS, "always 1", BY(collect_build)},
    {"process_cpu_seconds_total", COUNTER, "", NEED_METRICS, "processor time used", PROCESS(PROCESS_CPU)},
    {"process_start_time_seconds", GAUGE, "", NEED_METRICS, "when the process began, Unix time",
     PROCESS(PROCESS_START)},
    {"process_open_fds", GAUGE, "", NEED_METRICS, "open descriptors", PROCESS(PROCESS_OPEN_FDS)},
    {"process_max_fds", GAUGE, "", NEED_METRICS, "most descriptors that may be open",
     PROCESS(PROCESS_MAX_FDS)},
    {"process_resident_memory_bytes", GAUGE, "", NEED_METRICS, "resident memory", PROCESS(PROCESS_RESIDENT)},
    {"process_virtual_memory_bytes", GAUGE, "", NEED_METRICS, "virtual memory", PROCESS(PROCESS_VIRTUAL)},
    /* the proof workers' port */
    {"proof_queue_size", GAUGE, "", NEED_STATS, "proofs queued", collect_stat,
     offsetof(struct engine_stats, proof_queue_depth), PORT_WORKERS},
    {"proof_queue_capacity", GAUGE, "", NEED_STATS, "speculation.proof.queue_size", collect_setting,
     offsetof(struct settings, queue_size), PORT_WORKERS},
    {"proof_worker_active", GAUGE, "", NEED_STATS, "workers that generate proofs", collect_stat,
     offsetof(struct engine_stats, workers_busy), PORT_WORKERS},
    {"proof_worker_total", GAUGE, "", NEED_STATS, "workers there are", collect_setting,
     offsetof(struct settings, worker_threads), PORT_WORKERS},
    {"proof_worker_utilization", GAUGE, "", NEED_STATS, "active of total, 0 to 1", collect_worker_utilization,
     0, PORT_WORKERS},
    {"proof_worker_generating", GAUGE, "", NEED_STATS, "proofs in generation", collect_stat,
     offsetof(struct engine_stats, proofs_generating), PORT_WORKERS},
    {"proof_worker_batches_total", COUNTER, "", NEED_STATS, "batches begun", collect_stat,
     offsetof(struct engine_stats, batches), PORT_WORKERS},
    {"proof_worker_proofs_total", COUNTER, "", NEED_STATS, "proofs finished", collect_stat,
     offsetof(struct engine_stats, proofs_ready), PORT_WORKERS},
    {"proof_worker_retries_total", COUNTER, "", NEED_STATS, "attempts begun again", collect_stat,
     offsetof(struct engine_stats, proof_retries), PORT_WORKERS},
    {"proof_failures_total", COUNTER, "error_type", NEED_STATS,
     "attempts at a proof that failed, timed out or were rejected", collect_proof_failures, 0, PORT_WORKERS},
};
const uint32_t METRICS_FAMILY_COUNT = sizeof METRICS_FAMILIES / sizeof *METRICS_FAMILIES;

const struct metrics_alias METRICS_ALIASES[] = {
    {"speculation_tasks_scheduled_total", "speculation_tasks_total", false},
    {"agenc_speculation_executions_total", "speculation_tasks_total", false},
    {"speculation_tasks_rolled_back_total", "speculation_rollback_total", false},
    {"speculation_rollbacks_total", "speculation_rollback_events_total", false},
    {"speculation_memory_bytes", "speculation_memory_usage_bytes", true},
    {"speculation_proof_queue_size", "speculation_proof_queue_depth", false},
    {"speculation_pending_proofs", "speculation_proof_queue_depth", false},
    {"speculation_proof_queue_size_max", "speculation_proof_queue_capacity", false},
    {"speculation_stake_locked_total", "speculation_stake_locked_lamports", false},
    {"speculation_locked_stake_lamports", "speculation_stake_locked_lamports", false},
    {"speculation_stake_at_risk_lamports", "speculation_stake_locked_lamports", false},
    {"speculation_active_commitments", "speculation_active_tasks", false},
    {"speculation_tasks_in_flight", "speculation_active_tasks", false},
    {"speculation_max_depth_current", "speculation_current_depth", false},
    {"speculation_depth_current", "speculation_current_depth", false},
    {"speculation_chain_depth", "speculation_depth_histogram", false},
};
const uint32_t METRICS_ALIAS_COUNT = sizeof METRICS_ALIASES / sizeof *METRICS_ALIASES;

const struct metrics_family *metrics_family(const char *name)
{
    for (uint32_t i = 0; i < METRICS_FAMILY_COUNT; i++)
        if (!strcmp(METRICS_FAMILIES[i].name, name)) return &METRICS_FAMILIES[i];
    return NULL;
}
