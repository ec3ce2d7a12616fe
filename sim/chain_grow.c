/* sim/chain_grow.c: windows whose consequences are drawn, from tables (empirical) or from laws (fitted). */
#include "base/sample.h"
#include "base/units.h"
#include "sim/chain_slots.h"

/* What is drawn for a slot or a window, beyond its causes: each its own place. */
enum {
    DRAW_PROPAGATION = 18,
    DRAW_REPLAY = 32,
    DRAW_CONFIRM = 48,
    DRAW_FINALITY = 64,
    DRAW_HANDOVER = 32,
};

static struct draw slot_draw(const struct chain_slots *slots, uint32_t slot, uint32_t place)
{
    return draw_at(&slots->rng, RNG_SLOT, slot, place);
}

static uint32_t share_of(struct draw draw)
{
    return (uint32_t)(draw_u64(&draw) >> 32);
}

static bool is_fitted(const struct chain_slots *slots)
{
    return slots->profile->fidelity == CHAIN_FITTED;
}

/* -- blocks -- */

struct delays {
    int64_t freeze_ns, confirm_ns; /* after the last piece was sent; after that */
};

static int64_t lognormal_ns(const struct chain_slots *slots, uint32_t place, int64_t median_ns, double sigma)
{
    struct draw draw = slot_draw(slots, slots->count, place);
    return sample_lognormal_ns(&draw, median_ns, sigma);
}

static struct delays by_law(const struct chain_slots *slots)
{
    const struct chain_regime *regime = slots->drawn.window.regime;
    struct draw draw = slot_draw(slots, slots->count, DRAW_PROPAGATION);
    double spread_ns = (double)(regime->propagation_max_ns - regime->propagation_min_ns);
    return (struct delays){
        .freeze_ns = regime->propagation_min_ns + (int64_t)(spread_ns * draw_unit(&draw)) +
                     lognormal_ns(slots, DRAW_REPLAY, regime->replay_ns, regime->replay_sigma),
        .confirm_ns = lognormal_ns(slots, DRAW_CONFIRM, regime->confirm_ns, regime->confirm_sigma),
    };
}

static struct delays by_table(const struct chain_slots *slots)
{
    const struct chain_table *table = &slots->drawn.window.regime->table;
    uint32_t freeze = share_of(slot_draw(slots, slots->count, DRAW_REPLAY)),
             confirm = share_of(slot_draw(slots, slots->count, DRAW_CONFIRM));
    uint32_t octile = freeze / (UINT32_MAX / CHAIN_FREEZE_BINS + 1);
    return (struct delays){
        .freeze_ns = chain_table_quantile_ns(table->freeze_us, freeze),
        .confirm_ns = chain_table_quantile_ns(table->confirm_us[octile], confirm),
    };
}

static void block_add(struct chain_slots *slots, struct chain_slot *slot, int64_t delay_ns)
{
    const struct chain_slot *parent =
        slots->height_count ? &slots->slots[slots->by_height[slots->height_count]] : NULL;
    /* Nobody replays a block before its parent, and votes for a block are votes for its ancestors. */
    if (parent && slot->freeze_ns <= parent->freeze_ns) slot->freeze_ns = parent->freeze_ns + 1;
    slot->confirmed_ns = slot->freeze_ns + delay_ns;
    if (parent && slot->confirmed_ns < parent->confirmed_ns) slot->confirmed_ns = parent->confirmed_ns;
    slots->by_height[++slots->height_count] = slots->count;
}

static bool is_lost(struct chain_slots *slots, enum chain_stage stage, int64_t late_ns)
{
    struct chain_drawn *drawn = &slots->drawn;
    if (stage == CHAIN_UNHEARD) return true;
    if (!drawn->losses) return chain_causes_times_out(&slots->causes, &drawn->window, late_ns);
    drawn->losses--;
    return true;
}

static void fill(struct chain_slots *slots, struct chain_slot *slot, enum chain_stage stage)
{
    struct chain_drawn *drawn = &slots->drawn;
    const struct chain_regime *regime = drawn->window.regime;
    int64_t late_ns = chain_causes_late_ns(&slots->causes, &drawn->window, slots->count);
    double grace_ns = regime->fork_grace_slots * (double)regime->slot_target_ns;
    struct delays delays = is_fitted(slots) ? by_law(slots) : by_table(slots);
    slot->freeze_ns = slot->end_ns + late_ns + delays.freeze_ns;
    slot->state = is_lost(slots, stage, late_ns) ? SLOT_ABANDONED : SLOT_BLOCK;
    if ((double)late_ns > grace_ns * regime->slot_factor) drawn->meets_fork = true;
    drawn->wait_ns = late_ns < (int64_t)grace_ns ? late_ns : (int64_t)grace_ns;
    if (slot->state != SLOT_BLOCK) return;
    block_add(slots, slot, delays.confirm_ns);
    if (slot->end_ns + late_ns > drawn->sent_ns) drawn->sent_ns = slot->end_ns + late_ns;
}

static void slot_add(struct chain_slots *slots)
{
    const struct chain_window *window = &slots->drawn.window;
    int64_t start_ns = chain_causes_resume_ns(&slots->causes, slots->next_start_ns);
    enum chain_stage stage = chain_causes_stage(&slots->causes, start_ns);
    struct chain_slot slot = {.start_ns = start_ns,
                              .freeze_ns = NEVER_NS,
                              .confirmed_ns = NEVER_NS,
                              .reverted_ns = NEVER_NS,
                              .state = SLOT_SKIPPED,
                              .is_busy = window->is_busy};
    slot.end_ns = start_ns + chain_causes_span_ns(&slots->causes, window, slots->count);
    slots->drawn.wait_ns = 0;
    if (!window->is_off && stage != CHAIN_STANDS) fill(slots, &slot, stage);
    slot.height = slots->height_count;
    slots->drawn.sent_by_ns[slots->count % CHAIN_WINDOW] = slots->drawn.sent_ns;
    slots->slots[slots->count++] = slot;
    slots->next_start_ns = slot.end_ns;
}

/* -- windows -- */

static uint32_t fitted_depth(const struct chain_slots *slots, uint32_t window)
{
    struct draw draw = draw_at(&slots->rng, RNG_FORK, window, 0);
    double left = draw_unit(&draw);
    for (uint32_t depth = 1; depth < CHAIN_FORK_DEPTHS; depth++) {
        left -= slots->drawn.window.regime->fork_weights[depth - 1];
        if (left < 0) return depth;
    }
    return CHAIN_FORK_DEPTHS;
}

/* A fork that an empty window met is over, for nobody builds on it. */
static void meet_fitted(struct chain_slots *slots, uint32_t window)
{
    struct chain_drawn *drawn = &slots->drawn;
    drawn->losses = drawn->meets_fork && !drawn->window.is_off ? fitted_depth(slots, window) : 0;
    drawn->meets_fork = false;
}

/* The last blocks of the window before, as far back as they are not frozen at the newcomer by now. */
static void lose_late(struct chain_slots *slots, int64_t freeze_ns)
{
    const struct chain_drawn *drawn = &slots->drawn;
    for (uint32_t i = CHAIN_WINDOW; i-- > 0;) {
        struct chain_slot *slot = &slots->slots[slots->count - CHAIN_WINDOW + i];
        bool is_last = i == CHAIN_WINDOW - 1;
        if (slot->state != SLOT_BLOCK) return;
        if (!is_last && drawn->sent_by_ns[i] + freeze_ns <= slots->next_start_ns) return;
        slot->state = SLOT_ABANDONED;
        slot->confirmed_ns = NEVER_NS;
        slots->height_count--;
        for (uint32_t j = slots->count - CHAIN_WINDOW + i; j < slots->count; j++) slots->slots[j].height--;
    }
}

/* How long the leader waits for what is still on its way, and which blocks it costs that it does not wait for
 * ever. */
static void meet_tabulated(struct chain_slots *slots, uint32_t window)
{
    struct chain_drawn *drawn = &slots->drawn;
    const struct chain_regime *regime = drawn->window.regime;
    drawn->losses = 0;
    if (drawn->window.is_off) return;
    uint32_t row = chain_table_overhang(drawn->sent_ns - slots->next_start_ns, regime->slot_target_ns);
    uint32_t wait = share_of(draw_at(&slots->rng, RNG_LEADERS, window, DRAW_HANDOVER)),
             share = share_of(draw_at(&slots->rng, RNG_FORK, window, 0));
    uint32_t lost = !slots->count ? 0 : chain_table_pick(regime->table.lost[row], CHAIN_LOSSES, share);
    slots->next_start_ns += chain_table_quantile_ns(regime->table.handover_us[row], wait);
    if (lost <= CHAIN_WINDOW)
        drawn->losses = lost;
    else
        lose_late(slots, regime->table.freeze_us[CHAIN_QUANTILES / 2] * NS_PER_US);
}

/* Before anybody sees the window that ends here: its last blocks may lose to the next. */
static err window_begin(struct chain_slots *slots)
{
    uint32_t window = slots->count / CHAIN_WINDOW;
    if (is_fitted(slots)) slots->next_start_ns += slots->drawn.wait_ns;
    slots->next_start_ns = chain_causes_resume_ns(&slots->causes, slots->next_start_ns);
    TRY(chain_causes_window(&slots->causes, window, slots->next_start_ns, &slots->drawn.window));
    if (is_fitted(slots))
        meet_fitted(slots, window);
    else
        meet_tabulated(slots, window);
    slots->drawn.is_begun = true;
    return OK;
}

err chain_slots_grow_drawn(struct chain_slots *slots)
{
    TRY(chain_slots_make_room(slots));
    if (!slots->drawn.is_begun) TRY(window_begin(slots));
    for (int i = 0; i < CHAIN_WINDOW; i++) slot_add(slots);
    return window_begin(slots);
}

/* -- finality -- */

static err drawn_depth(struct chain_slots *slots, uint32_t height, uint32_t *out)
{
    uint32_t slot = slots->by_height[height];
    struct draw draw = slot_draw(slots, slot, DRAW_FINALITY);
    if (is_fitted(slots)) {
        bool is_deeper = draw_chance(&draw, slots->profile->finality_deeper_chance);
        *out = (uint32_t)slots->profile->finality_blocks + is_deeper;
        return OK;
    }
    TRY(chain_slots_reach_height(slots, height + CHAIN_FINAL_DEPTH));
    uint32_t span = slots->by_height[height + CHAIN_FINAL_DEPTH] - slot;
    const struct chain_regime *regime =
        slots->slots[slot].is_busy ? &slots->profile->busy : &slots->profile->calm;
    *out =
        CHAIN_FINAL_DEPTH + chain_table_pick(regime->table.depth[chain_table_gap(span - CHAIN_FINAL_DEPTH)],
                                             CHAIN_DEPTHS, share_of(draw));
    return OK;
}

err chain_slots_drawn_final_ns(struct chain_slots *slots, uint32_t height, int64_t *out)
{
    struct chain_drawn *drawn = &slots->drawn;
    if (slots->profile->is_alpenglow) { /* confirmed is final */
        *out = slots->slots[slots->by_height[height]].confirmed_ns;
        return OK;
    }
    while (drawn->final_count < height) { /* in order: no block is final before its parent */
        uint32_t next = drawn->final_count + 1, depth;
        TRY(drawn_depth(slots, next, &depth));
        uint32_t before = drawn->finals[drawn->final_count];
        drawn->finals[next] = next + depth > before ? next + depth : before;
        drawn->final_count = next;
    }
    TRY(chain_slots_reach_height(slots, drawn->finals[height]));
    *out = slots->slots[slots->by_height[drawn->finals[height]]].freeze_ns + slots->profile->finality_tick_ns;
    return OK;
}
