/* engine/health.h: one number for how well it goes (engine.md 2.12).
 *
 * Each component is 1 up to its warning level, falls to 0.5 at its critical
 * level and to 0 at twice that, or at 100 % where it cannot go beyond. The
 * score is 0.6 of the worst and 0.4 of the mean; above 0.8 it is good, below
 * 0.5 critical. Speculation that an operator turned off does not lower it.
 * Units: basis points (10,000 = 1), rounded down. Plain inputs, no state:
 * the one function that owns the rule. */
#pragma once
#include "engine/machines.h"

enum health_component {
    HEALTH_ROLLBACK_RATE,
    HEALTH_CONFIRMATION,
    HEALTH_PROOF_QUEUE,
    HEALTH_MEMORY,
    HEALTH_STAKE,
    HEALTH_BREAKER,
    HEALTH_COMPONENTS
};

struct health_inputs {
    uint64_t rollback_rate_bps;                      /* tasks rolled back per speculative admission */
    uint64_t confirmation_p99_ms;                    /* from submission to the gate */
    uint64_t proof_queue_bps, memory_bps, stake_bps; /* in use of what there is */
    enum breaker_state breaker;
};

enum health_band { HEALTH_GOOD, HEALTH_WARNING, HEALTH_CRITICAL };

struct health {
    uint32_t component_bps[HEALTH_COMPONENTS], score_bps;
    enum health_band band;
};

struct health health_score(const struct health_inputs *inputs);
const char *health_component_name(enum health_component component);
const char *health_band_name(enum health_band band);
