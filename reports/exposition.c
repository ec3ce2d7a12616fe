/* reports/exposition.c: rows of (name, type, help, where the number stands). */
#include "reports/exposition.h"
#include <inttypes.h>
#include <stddef.h>

enum origin { OF_STATS, OF_MEMORY, OF_SETTINGS };

struct metric {
    const char *name, *type, *help;
    enum origin origin;
    size_t offset;
};

#define STAT(field)    OF_STATS, offsetof(struct engine_stats, field)
#define MEMORY(field)  OF_MEMORY, offsetof(struct engine_memory, field)
#define SETTING(field) OF_SETTINGS, offsetof(struct settings, field)

static const struct metric METRICS[] = {
    {"speculation_tasks_total", "counter", "tasks admitted as speculative", STAT(speculative_admissions)},
    {"speculation_active_tasks", "gauge", "speculative tasks that are not terminal",
     STAT(speculative_active)},
    {"speculation_active_branches", "gauge", "tips of the speculative forest", STAT(tips)},
    {"speculation_pending_operations_count", "gauge", "operations that are not terminal", STAT(operations)},
    {"speculation_memory_usage_bytes", "gauge", "accounted memory", MEMORY(total)},
    {"speculation_memory_limit_bytes", "gauge", "limits.max_memory_mb in bytes", SETTING(max_memory_bytes)},
    {"speculation_state_snapshots_count", "gauge", "snapshots held", STAT(snapshots)},
    {"speculation_proof_queue_depth", "gauge", "proofs queued, those in generation excluded",
     STAT(proof_queue_depth)},
    {"speculation_proof_queue_capacity", "gauge", "proof.queue_size", SETTING(queue_size)},
    {"speculation_stake_locked_lamports", "gauge", "bonds not yet settled", STAT(locked_lamports)},
    {"speculation_stake_slashed_lamports_total", "counter", "lamports slashed", STAT(slashed_lamports)},
    {"speculation_max_depth", "gauge", "depth limit in force", SETTING(max_depth)},
    {"speculation_enabled", "gauge", "1 while speculation is admitted", SETTING(enabled)},
};

static uint64_t read_metric(const struct exposition *exposition, const struct metric *metric)
{
    const char *base[] = {
        [OF_STATS] = (const char *)exposition->stats,
        [OF_MEMORY] = (const char *)&exposition->memory,
        [OF_SETTINGS] = (const char *)exposition->settings,
    };
    return *(const uint64_t *)(const void *)(base[metric->origin] + metric->offset);
}

static void open_family(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_reasons(FILE *out, const char *name, const char *help, const uint64_t *counts)
{
    open_family(out, name, "counter", help);
    for (int reason = 0; reason < REASON_COUNT; reason++)
        fprintf(out, "%s{reason=\"%s\"} %" PRIu64 "\n", name,
                rollback_reason_name((enum rollback_reason)reason), counts[reason]);
}

static void write_operations(FILE *out, const struct engine_stats *stats)
{
    static const enum task_status ENDS[] = {TASK_CONFIRMED, TASK_FAILED, TASK_ROLLED_BACK, TASK_CANCELLED,
                                            TASK_EXPIRED};
    open_family(out, "speculation_operations_total", "counter",
                "operations by how they ended; pending: submitted");
    fprintf(out, "speculation_operations_total{status=\"pending\"} %" PRIu64 "\n", stats->submitted);
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++)
        fprintf(out, "speculation_operations_total{status=\"%s\"} %" PRIu64 "\n", task_status_name(ENDS[i]),
                stats->ended[ENDS[i]]);
}

static void write_depths(FILE *out, const struct engine_stats *stats)
{
    uint32_t deepest = 0;
    open_family(out, "speculation_active_tasks_by_depth", "gauge", "active tasks by unconfirmed ancestors");
    for (uint32_t depth = 0; depth <= LIMIT_DEPTH; depth++) {
        fprintf(out, "speculation_active_tasks_by_depth{depth=\"%u\"} %" PRIu64 "\n", depth,
                stats->active_by_depth[depth]);
        if (stats->active_by_depth[depth]) deepest = depth;
    }
    open_family(out, "speculation_current_depth", "gauge", "deepest active task");
    fprintf(out, "speculation_current_depth %u\n", deepest);
}

void exposition_write(const struct exposition *exposition, FILE *out)
{
    const struct engine_stats *stats = exposition->stats;
    for (size_t i = 0; i < sizeof METRICS / sizeof *METRICS; i++) {
        open_family(out, METRICS[i].name, METRICS[i].type, METRICS[i].help);
        fprintf(out, "%s %" PRIu64 "\n", METRICS[i].name, read_metric(exposition, &METRICS[i]));
    }
    write_reasons(out, "speculation_rollback_total", "speculative tasks rolled back",
                  stats->rollbacks_by_reason);
    write_reasons(out, "speculation_rollback_events_total", "cascades", stats->rollback_events);
    write_reasons(out, "speculation_stake_slashed_total", "slash events", stats->slash_events);
    write_operations(out, stats);
    write_depths(out, stats);
}

void exposition_write_status(const struct exposition *exposition, FILE *out)
{
    const struct engine_stats *stats = exposition->stats;
    const struct settings *settings = exposition->settings;
    uint64_t rolled_back = 0;
    for (int reason = 0; reason < REASON_COUNT; reason++) rolled_back += stats->rollbacks_by_reason[reason];
    fprintf(out, "speculation         %s\n", settings->enabled ? "enabled" : "disabled");
    fprintf(out, "rollout             %g %%\n", (double)settings->rollout_bps / 100);
    fprintf(out, "active tasks        %" PRIu64 " in %" PRIu64 " branches\n", stats->speculative_active,
            stats->tips);
    fprintf(out,
            "operations          %" PRIu64 " not terminal, %" PRIu64 " of them speculative (limit %" PRId64
            ")\n",
            stats->operations, stats->pending_operations, settings->max_pending_operations);
    fprintf(out, "pending rollbacks   %" PRIu64 "\n", stats->plans_waiting + stats->plans_running);
    fprintf(out, "rolled back so far  %" PRIu64 " of %" PRIu64 " speculative tasks\n", rolled_back,
            stats->speculative_admissions);
    fprintf(out, "proof queue         %" PRIu64 "/%" PRId64 "\n", stats->proof_queue_depth,
            settings->queue_size);
    fprintf(out, "memory              %" PRIu64 " of %" PRIu64 " MB\n", exposition->memory.total / MIB,
            (uint64_t)settings->max_memory_bytes / MIB);
    fprintf(out, "stake locked        %" PRIu64 " lamports\n", stats->locked_lamports);
}
