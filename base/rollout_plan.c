/* base/rollout_plan.c: both tables of the deployment runbook, as data. */
#include "base/rollout_plan.h"
#include "base/assert.h"
#include <stddef.h>

enum sign { SIGN_ROLLBACK, SIGN_MEMORY_GROWTH, SIGN_PROOF_QUEUE, SIGN_GREEN_HOURS, SIGN_P1 };

/* The most severe first; a sign applies from `least` on. "Above 10 %" begins at 10.01 %. */
static const struct row {
    enum rollout_action action;
    enum sign sign;
    uint32_t least;
} ROWS[] = {
    {ROLLOUT_PREVIOUS_PHASE, SIGN_P1, 1},
    {ROLLOUT_HALT, SIGN_ROLLBACK, 1001},
    {ROLLOUT_PAUSE_SCALE, SIGN_PROOF_QUEUE, 8001},
    {ROLLOUT_PAUSE_MONITOR, SIGN_ROLLBACK, 500},
    {ROLLOUT_REDUCE_BRANCHES, SIGN_MEMORY_GROWTH, 2001},
    {ROLLOUT_ADVANCE, SIGN_GREEN_HOURS, 24},
};

static const struct rollout_phase PHASES[] = {
    {"canary", 100, 24, 500},   {"early_adopters", 500, 48, 300},
    {"expanding", 2500, 72, 0}, {"majority", 5000, 168, 0},
    {"full", 10000, 0, 0},
};

static uint32_t value_of(const struct rollout_signs *signs, enum sign sign)
{
    switch (sign) {
    case SIGN_ROLLBACK: return signs->rollback_bps;
    case SIGN_MEMORY_GROWTH: return signs->memory_growth_bps;
    case SIGN_PROOF_QUEUE: return signs->proof_queue_bps;
    case SIGN_GREEN_HOURS: return signs->green_hours;
    case SIGN_P1: return signs->has_p1;
    }
    return 0;
}

enum rollout_action rollout_decide(const struct rollout_signs *signs)
{
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (value_of(signs, ROWS[i].sign) >= ROWS[i].least) return ROWS[i].action;
    return ROLLOUT_STAY;
}

#define TEXT_(name, text) [name] = text,
static const char *const NAMES[] = {ROLLOUT_ACTIONS(TEXT_)};

const char *rollout_action_name(enum rollout_action action)
{
    return NAMES[action];
}

uint32_t rollout_phase_count(void)
{
    return sizeof PHASES / sizeof *PHASES;
}

const struct rollout_phase *rollout_phase_at(uint32_t index)
{
    ASSERT(index < rollout_phase_count());
    return &PHASES[index];
}
