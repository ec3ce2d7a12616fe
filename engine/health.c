/* engine/health.c: a table of levels, straight lines between them, one weighted mean. */
#include "engine/health.h"

enum {
    ONE = 10000,
    HALF = ONE / 2,
    WORST_SHARE = 6,
    MEAN_SHARE = 4,
    GOOD_ABOVE = 8000,
    CRITICAL_BELOW = HALF
};

/* Where a component begins to fall, where it is at one half, and where nothing is left of it. */
static const struct level {
    const char *name;
    uint32_t warning, critical, end;
} LEVELS[HEALTH_COMPONENTS] = {
    [HEALTH_ROLLBACK_RATE] = {"rollback_rate", 500, 1500, 3000},
    [HEALTH_CONFIRMATION] = {"confirmation_p99", 30000, 60000, 120000}, /* ms */
    [HEALTH_PROOF_QUEUE] = {"proof_queue", 5000, 8000, ONE},
    [HEALTH_MEMORY] = {"memory", 8000, 9500, ONE},
    [HEALTH_STAKE] = {"stake_utilisation", 8000, 9500, ONE},
    [HEALTH_BREAKER] = {"circuit_breaker", 0, 0, 0}, /* by its state */
};

static const uint32_t OF_BREAKER[BREAKER_STATE_COUNT] = {
    [BREAKER_CLOSED] = ONE,
    [BREAKER_HALF_OPEN] = HALF,
    [BREAKER_OPEN] = 0,
};

static const char *const BAND_NAMES[] = {
    [HEALTH_GOOD] = "good", [HEALTH_WARNING] = "warning", [HEALTH_CRITICAL] = "critical"};

static uint32_t on_line(const struct level *level, uint64_t value)
{
    if (value <= level->warning) return ONE;
    if (value >= level->end) return 0;
    if (value <= level->critical)
        return HALF + (uint32_t)(HALF * (level->critical - value) / (level->critical - level->warning));
    return (uint32_t)(HALF * (level->end - value) / (level->end - level->critical));
}

static enum health_band band_of(uint32_t score_bps)
{
    if (score_bps > GOOD_ABOVE) return HEALTH_GOOD;
    return score_bps < CRITICAL_BELOW ? HEALTH_CRITICAL : HEALTH_WARNING;
}

struct health health_score(const struct health_inputs *inputs)
{
    const uint64_t values[HEALTH_BREAKER] = {
        [HEALTH_ROLLBACK_RATE] = inputs->rollback_rate_bps,
        [HEALTH_CONFIRMATION] = inputs->confirmation_p99_ms,
        [HEALTH_PROOF_QUEUE] = inputs->proof_queue_bps,
        [HEALTH_MEMORY] = inputs->memory_bps,
        [HEALTH_STAKE] = inputs->stake_bps,
    };
    struct health health = {0};
    uint32_t least = health.component_bps[HEALTH_BREAKER] = OF_BREAKER[inputs->breaker], sum = least;
    for (int i = 0; i < HEALTH_BREAKER; i++) {
        uint32_t component = health.component_bps[i] = on_line(&LEVELS[i], values[i]);
        sum += component;
        if (component < least) least = component;
    }
    /* One rounding: 0.6 min + 0.4 sum / n over the common denominator 10 n. */
    health.score_bps = (WORST_SHARE * least * HEALTH_COMPONENTS + MEAN_SHARE * sum) /
                       ((WORST_SHARE + MEAN_SHARE) * HEALTH_COMPONENTS);
    health.band = band_of(health.score_bps);
    return health;
}

const char *health_component_name(enum health_component component)
{
    return LEVELS[component].name;
}

const char *health_band_name(enum health_band band)
{
    return BAND_NAMES[band];
}
