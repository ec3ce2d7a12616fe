/* sim/chain_causes.c: the draws that both fidelities share. */
#include "sim/chain_causes.h"
#include "base/fmath.h"
#include "base/sample.h"
#include "base/units.h"
#include "sim/geography.h"
#include <math.h>
#include <stdlib.h>

enum {
    LEAST_SLOT_PCT = 70, /* floor of a slot, of its target (chain.md A.3) */
    DAYS_A_YEAR = 365,
    ALPENGLOW_TIMEOUT_MS = 400, /* and a slot (chain.md A.12) [C] */
};

/* What is drawn for a slot, a window or a halt: each its own place, so that none moves another. */
enum {
    DRAW_SPREAD = 0,
    DRAW_LATE = 16,
    DRAW_LATENESS = 17,
    DRAW_LEADER = 0,
    DRAW_OFF = 16,
    DRAW_GAP = 0,
    DRAW_DURATION = 16,
    DRAW_TAIL = 32,
};

uint64_t chain_causes_stake(const struct chain_profile *profile, uint32_t validator)
{
    double count = (double)profile->validators;
    double share =
        geography_stake_of_first(validator + 1, count) - geography_stake_of_first(validator, count);
    if (profile->stake_sigma <= 0) share = 1 / count;
    return 1 + (uint64_t)(1e12 * share);
}

double chain_causes_same_leader(const struct chain_profile *profile)
{
    double sum = 0, squares = 0;
    for (uint32_t i = 0; i < profile->validators; i++) {
        double stake = (double)chain_causes_stake(profile, i);
        sum += stake;
        squares += stake * stake;
    }
    return squares / (sum * sum);
}

static err people(struct chain_causes *causes)
{
    uint32_t count = (uint32_t)causes->profile->validators;
    uint64_t *stakes = calloc(count, sizeof *stakes);
    causes->speeds = calloc(count, sizeof *causes->speeds);
    if (!stakes || !causes->speeds) {
        free(stakes);
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct draw draw = draw_at(&causes->rng, RNG_LEADER_SPEED, i, 0);
        causes->speeds[i] = sample_normal(&draw);
        stakes[i] = chain_causes_stake(causes->profile, i);
    }
    err e = weighted_open(&causes->leaders, stakes, count);
    free(stakes);
    return e;
}

/* ---- weather ---- */

static bool is_busy(struct chain_causes *causes, int64_t at_ns)
{
    const struct chain_profile *profile = causes->profile;
    if (!profile->is_mixed) return false;
    while (causes->spell_until_ns <= at_ns) {
        causes->is_busy = causes->spell % 2 == 1; /* calm first */
        struct draw draw = draw_at(&causes->rng, RNG_REGIME, causes->spell++, 0);
        double mean_ns = (double)(causes->is_busy ? profile->mean_busy_ns : profile->mean_calm_ns);
        double spell_ns = fmin(mean_ns * sample_exponential(&draw), (double)(NEVER_NS / 2));
        causes->spell_until_ns = ns_after(causes->spell_until_ns, 1 + (int64_t)spell_ns);
    }
    return causes->is_busy;
}

/* ---- halts ---- */

static int64_t drawn_gap_ns(const struct chain_causes *causes)
{
    const struct chain_outage *outage = &causes->profile->outage;
    if (causes->halt_count == 0 && outage->start_ns > 0) return outage->start_ns;
    if (outage->rate_per_year <= 0) return NEVER_NS;
    struct draw draw = draw_at(&causes->rng, RNG_HALT, causes->halt_count, DRAW_GAP);
    double mean_ns = (double)NS_PER_DAY * DAYS_A_YEAR / outage->rate_per_year;
    return (int64_t)fmin(mean_ns * sample_exponential(&draw), (double)(NEVER_NS / 2));
}

static err next_halt(struct chain_causes *causes)
{
    const struct chain_outage *outage = &causes->profile->outage;
    const struct chain_regime *calm = &causes->profile->calm;
    uint32_t index = causes->halt_count;
    struct chain_halt *halts = realloc(causes->halts, (index + (size_t)1) * sizeof *halts);
    if (!halts) return ERR_NOMEM;
    causes->halts = halts;
    int64_t duration_ns = outage->duration_ns;
    struct draw draw = draw_at(&causes->rng, RNG_HALT, index, DRAW_DURATION);
    if (duration_ns <= 0)
        duration_ns = (int64_t)fmin((double)outage->median_ns * sample_lognormal(&draw, outage->sigma),
                                    1000.0 * NS_PER_DAY);
    draw = draw_at(&causes->rng, RNG_HALT, index, DRAW_TAIL);
    double slot_ns = (double)calm->slot_target_ns * calm->slot_factor;
    double tail_ns = slot_ns * (double)draw_below(&draw, (uint64_t)outage->tail_blocks + 1);
    int64_t after_ns = index ? halts[index - 1].until_ns : 0;
    int64_t gap_ns = drawn_gap_ns(causes), least_ns = index ? outage->recovery_ns : 1;
    struct chain_halt halt = {.from_ns = ns_after(after_ns, gap_ns > least_ns ? gap_ns : least_ns)};
    halt.until_ns = ns_after(halt.from_ns, duration_ns);
    halt.stall_ns = halt.from_ns - (int64_t)tail_ns;
    if (halt.stall_ns < after_ns) halt.stall_ns = after_ns;
    halts[causes->halt_count++] = halt;
    return OK;
}

static const struct chain_halt *last_halt(const struct chain_causes *causes)
{
    return causes->halt_count ? &causes->halts[causes->halt_count - 1] : NULL;
}

int64_t chain_causes_resume_ns(const struct chain_causes *causes, int64_t at_ns)
{
    const struct chain_halt *halt = last_halt(causes);
    return halt && at_ns >= halt->from_ns && at_ns < halt->until_ns ? halt->until_ns : at_ns;
}

enum chain_stage chain_causes_stage(struct chain_causes *causes, int64_t at_ns)
{
    if (!causes->halt_count) return CHAIN_RUNS;
    struct chain_halt *halt = &causes->halts[causes->halt_count - 1];
    if (at_ns < halt->stall_ns || at_ns >= halt->until_ns) return CHAIN_RUNS;
    if (at_ns >= halt->from_ns || halt->dropped >= (uint64_t)causes->profile->outage.tail_blocks)
        return CHAIN_STANDS;
    halt->dropped++;
    return CHAIN_UNHEARD;
}

const struct chain_halt *chain_causes_halt_at(const struct chain_causes *causes, int64_t at_ns)
{
    for (uint32_t i = causes->halt_count; i-- > 0;) {
        const struct chain_halt *halt = &causes->halts[i];
        if (at_ns >= halt->until_ns) return NULL;
        if (at_ns >= halt->from_ns) return halt;
    }
    return NULL;
}

/* Blocks come ever later towards a halt; after it slots are long and windows often empty. */
static void trouble(const struct chain_causes *causes, int64_t at_ns, struct chain_window *window,
                    double *off_chance)
{
    const struct chain_outage *outage = &causes->profile->outage;
    const struct chain_halt *halt = last_halt(causes);
    int64_t left_ns = halt->from_ns - at_ns;
    if (left_ns < outage->ramp_ns) {
        double share = 1 - (double)left_ns / (double)outage->ramp_ns;
        window->late_chance = fmax(window->late_chance, outage->ramp_late_chance * fmin(share, 1));
    }
    if (causes->halt_count < 2 || at_ns - halt[-1].until_ns >= outage->recovery_ns) return;
    window->pace *= outage->recovery_factor;
    *off_chance = fmax(*off_chance, outage->recovery_off_chance);
}

/* ---- windows and slots ---- */

err chain_causes_window(struct chain_causes *causes, uint32_t index, int64_t at_ns, struct chain_window *out)
{
    struct chain_window window = {.is_busy = is_busy(causes, at_ns)};
    const struct chain_regime *regime = window.is_busy ? &causes->profile->busy : &causes->profile->calm;
    struct draw draw = draw_at(&causes->rng, RNG_LEADERS, index, DRAW_LEADER);
    double off_chance = regime->off_chance;
    window.regime = regime;
    window.leader = weighted_draw(&causes->leaders, &draw);
    window.pace = 1;
    window.late_chance = regime->late_chance;
    if (causes->profile->has_outage) {
        while (last_halt(causes)->until_ns <= at_ns) TRY(next_halt(causes));
        trouble(causes, at_ns, &window, &off_chance);
    }
    draw = draw_at(&causes->rng, RNG_LEADERS, index, DRAW_OFF);
    window.is_off = draw_chance(&draw, off_chance);
    *out = window;
    return OK;
}

int64_t chain_causes_span_ns(const struct chain_causes *causes, const struct chain_window *window,
                             uint32_t slot)
{
    const struct chain_regime *regime = window->regime;
    double target_ns = (double)regime->slot_target_ns,
           nominal_ns = target_ns * regime->slot_factor * window->pace;
    if (window->is_off) return (int64_t)nominal_ns;
    struct draw draw = draw_at(&causes->rng, RNG_SLOT, slot, DRAW_SPREAD);
    double speed = fmath_exp(regime->leader_sigma * causes->speeds[window->leader]);
    double span_ns = nominal_ns * speed * (1 + regime->slot_sigma * sample_normal(&draw));
    return (int64_t)fmin(fmax(span_ns, target_ns * LEAST_SLOT_PCT / 100), (double)NS_PER_DAY);
}

int64_t chain_causes_late_ns(const struct chain_causes *causes, const struct chain_window *window,
                             uint32_t slot)
{
    const struct chain_regime *regime = window->regime;
    struct draw draw = draw_at(&causes->rng, RNG_SLOT, slot, DRAW_LATE);
    if (!draw_chance(&draw, window->late_chance)) return 0;
    draw = draw_at(&causes->rng, RNG_SLOT, slot, DRAW_LATENESS);
    double late_ns = (double)regime->late_least_ns * sample_pareto(&draw, regime->late_exponent);
    return (int64_t)fmin(late_ns, CHAIN_LATE_CAP_SLOTS * (double)regime->slot_target_ns);
}

bool chain_causes_times_out(const struct chain_causes *causes, const struct chain_window *window,
                            int64_t late_ns)
{
    return causes->profile->is_alpenglow &&
           late_ns > window->regime->slot_target_ns + ALPENGLOW_TIMEOUT_MS * NS_PER_MS;
}

/* ---- the handle ---- */

err chain_causes_open(struct chain_causes *out, const struct chain_profile *profile, const struct rng *rng)
{
    struct chain_causes causes = {.profile = profile, .rng = *rng};
    err e = people(&causes);
    if (e == OK && profile->has_outage) e = next_halt(&causes);
    if (e != OK)
        chain_causes_close(&causes);
    else
        *out = causes;
    return e;
}

void chain_causes_close(struct chain_causes *causes)
{
    weighted_close(&causes->leaders);
    free(causes->speeds);
    free(causes->halts);
    *causes = (struct chain_causes){0};
}
