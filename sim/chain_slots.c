/* sim/chain_slots.c: windows of four slots, one after the other. */
#include "sim/chain_slots.h"
#include "base/assert.h"
#include "base/pages.h"
#include "base/units.h"
#include "sim/consensus.h"
#include <math.h>
#include <stdlib.h>

enum {
    SLOTS_MAX = INT32_MAX,
    LATE_CAP_SLOTS = 8,  /* [A] repair always has a block by then: bounds the tail of the Pareto */
    LEAST_SLOT_PCT = 70, /* floor of a slot, of its target (chain.md A.3) */
};

/* What is drawn for a slot or a window: each its own place, so that none moves another. */
enum {
    DRAW_SPREAD = 0,
    DRAW_LATE = 16,
    DRAW_LATENESS = 17,
    DRAW_PROPAGATION = 18,
    DRAW_REPLAY = 32,
    DRAW_CONFIRM = 48,
    DRAW_FINALITY = 64,
    DRAW_LEADER = 0,
    DRAW_OFF = 16,
};

static err stakes_open(struct chain_slots *slots)
{
    uint32_t count = (uint32_t)slots->profile->validators;
    uint64_t *stakes = calloc(count, sizeof *stakes);
    if (!stakes) return ERR_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        struct draw draw = draw_at(&slots->rng, RNG_STAKE, i, 0);
        stakes[i] = 1 + (uint64_t)(1e6 * sample_lognormal(&draw, slots->profile->stake_sigma));
    }
    err e = weighted_open(&slots->leaders, stakes, count);
    free(stakes);
    return e;
}

/* -- weather -- */

static void next_episode(struct chain_slots *slots)
{
    const struct chain_profile *profile = slots->profile;
    struct draw draw = draw_at(&slots->rng, RNG_REGIME, slots->episode++, 0);
    double calm_ns = (double)profile->busy_episode_ns * (1 - profile->busy_share) / profile->busy_share;
    calm_ns = fmin(calm_ns * sample_exponential(&draw), (double)(NEVER_NS / 2)); /* a share may be tiny */
    slots->busy_from_ns = ns_after(slots->busy_until_ns, (int64_t)calm_ns);
    slots->busy_until_ns = ns_after(slots->busy_from_ns, profile->busy_episode_ns);
}

static bool is_busy(struct chain_slots *slots, int64_t at_ns)
{
    if (slots->profile->busy_share <= 0) return false;
    while (slots->busy_until_ns <= at_ns) next_episode(slots);
    return at_ns >= slots->busy_from_ns;
}

/* -- one window -- */

struct window {
    const struct chain_regime *regime;
    uint32_t index;
    double leader_speed;
    bool is_off, is_busy, forks; /* forks: a block is so late that the next leader builds beside it */
};

static struct window window_begin(struct chain_slots *slots)
{
    struct window window = {.index = slots->count / CHAIN_WINDOW};
    window.is_busy = is_busy(slots, slots->next_start_ns);
    window.regime = window.is_busy ? &slots->profile->busy : &slots->profile->calm;
    struct draw draw = draw_at(&slots->rng, RNG_LEADERS, window.index, DRAW_LEADER);
    uint32_t leader = weighted_draw(&slots->leaders, &draw);
    draw = draw_at(&slots->rng, RNG_LEADERS, window.index, DRAW_OFF);
    window.is_off = draw_chance(&draw, window.regime->off_chance);
    draw = draw_at(&slots->rng, RNG_LEADER_SPEED, leader, 0);
    window.leader_speed = sample_lognormal(&draw, window.regime->leader_sigma);
    return window;
}

static struct draw slot_draw(const struct chain_slots *slots, uint32_t index)
{
    return draw_at(&slots->rng, RNG_SLOT, slots->count, index);
}

static int64_t slot_span_ns(const struct chain_slots *slots, const struct window *window)
{
    double target_ns = (double)window->regime->slot_target_ns,
           nominal_ns = target_ns * window->regime->slot_factor;
    if (window->is_off) return (int64_t)nominal_ns;
    struct draw draw = slot_draw(slots, DRAW_SPREAD);
    double span_ns =
        nominal_ns * window->leader_speed * (1 + window->regime->slot_sigma * sample_normal(&draw));
    return (int64_t)fmin(fmax(span_ns, target_ns * LEAST_SLOT_PCT / 100), (double)NS_PER_DAY);
}

/* How late the block's last pieces come; marks the window when that starts a fork. */
static int64_t lateness_ns(const struct chain_slots *slots, struct window *window)
{
    const struct chain_regime *regime = window->regime;
    struct draw draw = slot_draw(slots, DRAW_LATE);
    if (!draw_chance(&draw, regime->late_chance)) return 0;
    draw = slot_draw(slots, DRAW_LATENESS);
    double target_ns = (double)regime->slot_target_ns;
    double late_ns = (double)regime->late_least_ns * sample_pareto(&draw, regime->late_exponent);
    if (late_ns > regime->fork_grace_slots * target_ns * regime->slot_factor) window->forks = true;
    return (int64_t)fmin(late_ns, LATE_CAP_SLOTS * target_ns);
}

static int64_t lognormal_ns(const struct chain_slots *slots, uint32_t index, int64_t median_ns, double sigma)
{
    struct draw draw = slot_draw(slots, index);
    return sample_lognormal_ns(&draw, median_ns, sigma);
}

static void block_add(struct chain_slots *slots, struct chain_slot *slot, const struct chain_regime *regime)
{
    const struct chain_slot *parent =
        slots->height_count ? &slots->slots[slots->by_height[slots->height_count]] : NULL;
    int64_t delay_ns = lognormal_ns(slots, DRAW_CONFIRM, regime->confirm_ns, regime->confirm_sigma);
    struct draw draw = slot_draw(slots, DRAW_FINALITY);
    slot->finalizes_late = draw_chance(&draw, slots->profile->finality_deeper_chance);
    /* Nobody replays a block before its parent, and votes for a block are votes for its ancestors. */
    if (parent && slot->freeze_ns <= parent->freeze_ns) slot->freeze_ns = parent->freeze_ns + 1;
    slot->confirmed_ns = slot->freeze_ns + delay_ns;
    if (parent && slot->confirmed_ns < parent->confirmed_ns) slot->confirmed_ns = parent->confirmed_ns;
    slots->by_height[++slots->height_count] = slots->count;
}

static void slot_add(struct chain_slots *slots, struct window *window)
{
    const struct chain_regime *regime = window->regime;
    int64_t start_ns = slots->next_start_ns, end_ns = start_ns + slot_span_ns(slots, window);
    struct chain_slot slot = {.start_ns = start_ns,
                              .end_ns = end_ns,
                              .freeze_ns = NEVER_NS,
                              .confirmed_ns = NEVER_NS,
                              .reverted_ns = NEVER_NS,
                              .state = SLOT_SKIPPED,
                              .is_busy = window->is_busy};
    int64_t late_ns = 0;
    if (!window->is_off) {
        late_ns = lateness_ns(slots, window);
        struct draw draw = slot_draw(slots, DRAW_PROPAGATION);
        double spread_ns = (double)(regime->propagation_max_ns - regime->propagation_min_ns);
        slot.freeze_ns = end_ns + late_ns + regime->propagation_min_ns +
                         (int64_t)(spread_ns * draw_unit(&draw)) +
                         lognormal_ns(slots, DRAW_REPLAY, regime->replay_ns, regime->replay_sigma);
        slot.state = slots->fork_depth ? SLOT_ABANDONED : SLOT_BLOCK;
        if (slots->fork_depth) slots->fork_depth--;
    }
    if (slot.state == SLOT_BLOCK) block_add(slots, &slot, regime);
    slot.height = slots->height_count;
    slots->slots[slots->count++] = slot;
    bool is_last = slots->count % CHAIN_WINDOW == 0;
    int64_t grace_ns = (int64_t)(regime->fork_grace_slots * (double)regime->slot_target_ns);
    slots->next_start_ns = end_ns + (!is_last ? 0 : late_ns < grace_ns ? late_ns : grace_ns);
}

static uint32_t fork_depth(const struct chain_slots *slots, const struct window *window)
{
    struct draw draw = draw_at(&slots->rng, RNG_FORK, window->index, 0);
    double left = draw_unit(&draw);
    for (uint32_t depth = 1; depth < CHAIN_FORK_DEPTHS; depth++) {
        left -= window->regime->fork_weights[depth - 1];
        if (left < 0) return depth;
    }
    return CHAIN_FORK_DEPTHS;
}

static err room_for_window(struct chain_slots *slots)
{
    if (slots->count + CHAIN_WINDOW <= slots->room) return OK;
    if (slots->room > SLOTS_MAX / 2) return ERR_LIMIT;
    uint32_t room = slots->room * 2;
    struct chain_slot *grown = realloc(slots->slots, room * sizeof *grown);
    if (!grown) return ERR_NOMEM;
    slots->slots = grown;
    uint32_t *heights = realloc(slots->by_height, (room + 1) * sizeof *heights);
    if (!heights) return ERR_NOMEM;
    slots->by_height = heights;
    slots->room = room;
    return OK;
}

static err grow_drawn(struct chain_slots *slots)
{
    TRY(room_for_window(slots));
    struct window window = window_begin(slots);
    for (int i = 0; i < CHAIN_WINDOW; i++) slot_add(slots, &window);
    /* The newcomer loses: its first blocks stand beside the late one's fork. A fork that an
     * empty window met is over, for nobody builds on it. */
    slots->fork_depth = window.forks ? fork_depth(slots, &window) : 0;
    return OK;
}

/* -- by mechanism -- */

static bool weather(void *context, int64_t at_ns)
{
    return is_busy(context, at_ns);
}

static const uint8_t STATES[] = {
    [CONSENSUS_SKIPPED] = SLOT_SKIPPED, [CONSENSUS_LOST] = SLOT_ABANDONED, [CONSENSUS_BLOCK] = SLOT_BLOCK};

static err grow_voted(struct chain_slots *slots)
{
    TRY(room_for_window(slots));
    for (int i = 0; i < CHAIN_WINDOW; i++) {
        struct consensus_slot made;
        TRY(consensus_slot(slots->consensus, slots->count, &made));
        if (made.state == CONSENSUS_BLOCK) slots->by_height[++slots->height_count] = slots->count;
        slots->slots[slots->count++] = (struct chain_slot){.start_ns = made.start_ns,
                                                           .end_ns = made.end_ns,
                                                           .freeze_ns = made.freeze_ns,
                                                           .confirmed_ns = made.confirmed_ns,
                                                           .reverted_ns = NEVER_NS,
                                                           .height = slots->height_count,
                                                           .state = STATES[made.state],
                                                           .is_busy = made.is_busy};
        slots->next_start_ns = made.end_ns;
    }
    return OK;
}

/* -- the table -- */

err chain_slots_open(struct chain_slots *out, const struct chain_profile *profile, uint64_t seed,
                     uint32_t replication)
{
    struct chain_slots slots = {
        .profile = profile, .rng = rng_keyed(seed, replication), .grow = grow_drawn, .room = 1024};
    ASSERT(!profile->is_fixed);
    if (profile->is_mechanistic) slots.grow = grow_voted;
    slots.slots = malloc(slots.room * sizeof *slots.slots);
    slots.by_height = malloc((slots.room + 1) * sizeof *slots.by_height);
    err e = slots.slots && slots.by_height ? stakes_open(&slots) : ERR_NOMEM;
    if (e == OK && profile->is_mechanistic)
        e = consensus_open(&slots.consensus, profile, &slots.rng, weather, out);
    if (e != OK) {
        chain_slots_close(&slots);
        return e;
    }
    slots.by_height[0] = 0;
    *out = slots;
    return OK;
}

void chain_slots_close(struct chain_slots *slots)
{
    weighted_close(&slots->leaders);
    consensus_free(slots->consensus);
    free(slots->by_height);
    free(slots->slots);
    *slots = (struct chain_slots){0};
}

err chain_slots_reach_slot(struct chain_slots *slots, uint32_t slot)
{
    while (slots->count <= slot) TRY(slots->grow(slots));
    return OK;
}

err chain_slots_reach_height(struct chain_slots *slots, uint32_t height)
{
    while (slots->height_count < height) TRY(slots->grow(slots));
    return OK;
}

err chain_slots_reach_ns(struct chain_slots *slots, int64_t at_ns)
{
    while (slots->next_start_ns <= at_ns) TRY(slots->grow(slots));
    return OK;
}

/* What is forgotten reads as zeros, which are earlier than everything: searches by time still find their way.
 */
void chain_slots_forget(struct chain_slots *slots, uint32_t below)
{
    ASSERT(below < slots->count);
    pages_release(slots->by_height, slots->slots[below].height * sizeof *slots->by_height);
    pages_release(slots->slots, below * sizeof *slots->slots);
    if (slots->consensus) consensus_forget(slots->consensus, below);
}

/* Slots and heights are almost evenly spaced in time, so a search starts where an even spacing would have it
 * and doubles its step until it has the place between two known ones. */
struct bracket {
    uint32_t low, high;
};

static struct bracket bracket_around(uint32_t guess, uint32_t step)
{
    return (struct bracket){.low = guess > step ? guess - step : 0, .high = guess + step};
}

static uint32_t even_guess(const struct chain_slots *slots, int64_t at_ns, uint32_t count)
{
    return (uint32_t)((u128)at_ns * count / (uint64_t)slots->next_start_ns);
}

uint32_t chain_slots_at(const struct chain_slots *slots, int64_t at_ns)
{
    ASSERT(at_ns >= 0 && at_ns < slots->next_start_ns);
    uint32_t guess = even_guess(slots, at_ns, slots->count), step = 4;
    struct bracket in = bracket_around(guess, step); /* low has begun, high has not */
    while ((in.low > 0 && slots->slots[in.low].start_ns > at_ns) ||
           (in.high < slots->count && slots->slots[in.high].start_ns <= at_ns))
        in = bracket_around(guess, step *= 2);
    if (in.high > slots->count) in.high = slots->count;
    while (in.high - in.low > 1) {
        uint32_t middle = in.low + (in.high - in.low) / 2;
        *(slots->slots[middle].start_ns <= at_ns ? &in.low : &in.high) = middle;
    }
    return in.low;
}

static bool is_confirmed_by(const struct chain_slots *slots, uint32_t height, int64_t at_ns)
{
    return slots->slots[slots->by_height[height]].confirmed_ns <= at_ns;
}

uint32_t chain_slots_height_at(const struct chain_slots *slots, int64_t at_ns)
{
    ASSERT(at_ns < slots->next_start_ns);
    uint32_t guess = even_guess(slots, at_ns, slots->height_count), step = 4;
    struct bracket in = bracket_around(guess, step); /* low is confirmed, high is not */
    while ((in.low > 0 && !is_confirmed_by(slots, in.low, at_ns)) ||
           (in.high <= slots->height_count && is_confirmed_by(slots, in.high, at_ns)))
        in = bracket_around(guess, step *= 2);
    if (in.high > slots->height_count + 1) in.high = slots->height_count + 1;
    while (in.high - in.low > 1) {
        uint32_t middle = in.low + (in.high - in.low) / 2;
        *(is_confirmed_by(slots, middle, at_ns) ? &in.low : &in.high) = middle;
    }
    return in.low;
}

err chain_slots_finalized_ns(struct chain_slots *slots, uint32_t height, int64_t *out)
{
    ASSERT(height >= 1 && height <= slots->height_count);
    if (slots->consensus) return consensus_finalized_ns(slots->consensus, slots->by_height[height], out);
    uint32_t later =
        (uint32_t)slots->profile->finality_blocks + slots->slots[slots->by_height[height]].finalizes_late;
    TRY(chain_slots_reach_height(slots, height + later));
    *out = slots->slots[slots->by_height[height + later]].freeze_ns + slots->profile->finality_tick_ns;
    return OK;
}

const struct chain_regime *chain_slots_regime(const struct chain_slots *slots, int64_t at_ns)
{
    const struct chain_slot *slot = &slots->slots[chain_slots_at(slots, at_ns)];
    return slot->is_busy ? &slots->profile->busy : &slots->profile->calm;
}
