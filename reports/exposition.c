/* reports/exposition.c: a line a figure. */
#include "reports/exposition.h"
#include <inttypes.h>

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
