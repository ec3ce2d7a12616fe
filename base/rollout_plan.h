/* base/rollout_plan.h: the phases of a rollout, and what to do next.
 *
 * Phases and matrix are the deployment runbook's (engine.md 5.6). The decision
 * is a table of signs; where several apply the most severe wins. Shares are
 * basis points. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* In order of severity, the mildest first; the text is for JSON and reports. */
#define ROLLOUT_ACTIONS(X)                                                                                   \
    X(ROLLOUT_STAY, "stay")                                                                                  \
    X(ROLLOUT_ADVANCE, "advance")                                                                            \
    X(ROLLOUT_REDUCE_BRANCHES, "reduce_max_parallel_branches")                                               \
    X(ROLLOUT_PAUSE_MONITOR, "pause_monitor")                                                                \
    X(ROLLOUT_PAUSE_SCALE, "pause_scale_workers")                                                            \
    X(ROLLOUT_HALT, "halt_investigate")                                                                      \
    X(ROLLOUT_PREVIOUS_PHASE, "previous_phase")

#define NAME_(name, text) name,
enum rollout_action { ROLLOUT_ACTIONS(NAME_) ROLLOUT_ACTION_COUNT };
#undef NAME_

struct rollout_signs {
    uint32_t rollback_bps;
    uint32_t memory_growth_bps; /* an hour */
    uint32_t proof_queue_bps;   /* of its capacity */
    uint32_t green_hours;       /* all metrics were green for so long */
    bool has_p1;                /* an alert of the highest severity */
};

enum rollout_action rollout_decide(const struct rollout_signs *signs);
const char *rollout_action_name(enum rollout_action action);

struct rollout_phase {
    const char *name;
    uint32_t share_bps;
    uint32_t hours;             /* to stay in it; 0: for good */
    uint32_t rollback_most_bps; /* to leave it; 0: the matrix alone decides */
};

uint32_t rollout_phase_count(void);
const struct rollout_phase *rollout_phase_at(uint32_t index); /* index < count */
