/* sim/consensus.c: one slot after the other: who leads, on what the block is built, and what is decided. */
#include "base/fmath.h"
#include "base/pages.h"
#include "sim/consensus_state.h"
#include <math.h>
#include <stdlib.h>

/* ---- people ---- */

static enum region draw_region(struct draw *draw)
{
    double left = draw_unit(draw);
    int region = 0;
    for (; region < REGIONS - 1 && left >= REGION_STAKE[region]; region++) left -= REGION_STAKE[region];
    return (enum region)region;
}

uint64_t consensus_stake(const struct chain_profile *profile, uint32_t validator)
{
    double count = (double)profile->validators;
    double share =
        geography_stake_of_first(validator + 1, count) - geography_stake_of_first(validator, count);
    if (profile->stake_sigma <= 0) share = 1 / count;
    return 1 + (uint64_t)(1e12 * share);
}

static err people(struct consensus *consensus)
{
    uint64_t *stakes = calloc(consensus->count, sizeof *stakes);
    if (!stakes) return ERR_NOMEM;
    for (uint32_t i = 0; i < consensus->count; i++) {
        struct validator *validator = &consensus->validators[i];
        validator->stake = stakes[i] = consensus_stake(consensus->profile, i);
        consensus->stake += stakes[i];
        struct draw draw = draw_at(&consensus->rng, RNG_REGION, i, 0);
        validator->region = (uint8_t)draw_region(&draw);
        draw = draw_at(&consensus->rng, RNG_LEADER_SPEED, i, 0);
        validator->speed = sample_normal(&draw); /* in sigmas: the regime says how much one is */
    }
    err e = weighted_open(&consensus->leaders, stakes, consensus->count);
    free(stakes);
    return e;
}

/* ---- producing ---- */

static void window_begin(struct consensus *consensus)
{
    struct window *window = &consensus->window;
    uint32_t index = consensus->slot_count / WINDOW;
    window->is_busy = consensus->is_busy(consensus->context, consensus->clock_ns);
    window->regime = window->is_busy ? &consensus->profile->busy : &consensus->profile->calm;
    struct draw draw = draw_at(&consensus->rng, RNG_LEADERS, index, DRAW_LEADER);
    window->leader = weighted_draw(&consensus->leaders, &draw);
    draw = draw_at(&consensus->rng, RNG_LEADERS, index, DRAW_OFF);
    window->is_off = draw_chance(&draw, window->regime->off_chance);
}

static int64_t slot_span_ns(const struct consensus *consensus)
{
    const struct window *window = &consensus->window;
    const struct chain_regime *regime = window->regime;
    double target_ns = (double)regime->slot_target_ns, nominal_ns = target_ns * regime->slot_factor;
    if (window->is_off) return (int64_t)nominal_ns;
    struct draw draw = draw_at(&consensus->rng, RNG_SLOT, consensus->slot_count, DRAW_SPREAD);
    double speed = fmath_exp(regime->leader_sigma * consensus->validators[window->leader].speed);
    double span_ns = nominal_ns * speed * (1 + regime->slot_sigma * sample_normal(&draw));
    return (int64_t)fmin(fmax(span_ns, target_ns * LEAST_SLOT_PCT / 100), (double)NS_PER_DAY);
}

static int64_t lateness_ns(const struct consensus *consensus)
{
    const struct chain_regime *regime = consensus->window.regime;
    struct draw draw = draw_at(&consensus->rng, RNG_SLOT, consensus->slot_count, DRAW_LATE);
    if (!draw_chance(&draw, regime->late_chance)) return 0;
    draw = draw_at(&consensus->rng, RNG_SLOT, consensus->slot_count, DRAW_LATENESS);
    double late_ns = (double)regime->late_least_ns * sample_pareto(&draw, regime->late_exponent);
    return (int64_t)fmin(late_ns, LATE_CAP_SLOTS * (double)regime->slot_target_ns);
}

/* The leader of a new window waits for the block before it, but not for ever: then it builds beside it. */
static uint32_t hand_over(struct consensus *consensus)
{
    const struct window *window = &consensus->window;
    double slot_ns = (double)window->regime->slot_target_ns;
    int64_t grace_ns = (int64_t)(window->regime->fork_grace_slots * slot_ns);
    int64_t usual_ns = (int64_t)(slot_ns * HANDOVER_PCT / 100);
    uint32_t parent = consensus->tip;
    int64_t ready_ns = row(consensus, consensus->frozen_ns, parent)[window->leader] - usual_ns;
    if (consensus->profile->is_alpenglow) grace_ns = NS_PER_DAY; /* what is too late was skipped already */
    if (ready_ns <= consensus->clock_ns + grace_ns) {
        consensus->clock_ns = later(consensus->clock_ns, ready_ns);
        return parent;
    }
    consensus->clock_ns += grace_ns;
    while (row(consensus, consensus->frozen_ns, parent)[window->leader] > consensus->clock_ns)
        parent = consensus->blocks[parent].parent;
    consensus->contest = (struct contest){.is_on = true, .late = consensus->tip, .newcomer = NO_BLOCK};
    return parent;
}

static uint32_t block_new(struct consensus *consensus, uint32_t parent, int64_t end_ns)
{
    uint32_t index = consensus->block_count++;
    consensus->blocks[index] = (struct block){
        .end_ns = end_ns,
        .freeze_ns = NEVER_NS,
        .confirmed_ns = NEVER_NS,
        .finalized_ns = NEVER_NS,
        .slot = consensus->slot_count,
        .parent = parent,
        .height = consensus->blocks[parent].height + 1,
        .leader = consensus->window.leader,
    };
    int64_t *seen_ns = row(consensus, consensus->seen_ns, index);
    for (uint32_t who = 0; who <= consensus->count; who++) seen_ns[who] = NEVER_NS;
    return index;
}

static void build_on(struct consensus *consensus, uint32_t index)
{
    consensus->tip = index;
    consensus->chain[consensus->blocks[index].height] = index;
}

static void lose(struct consensus *consensus, uint32_t from, uint32_t until)
{
    for (; from != until; from = consensus->blocks[from].parent) {
        ASSERT(consensus->blocks[from].confirmed_ns == NEVER_NS); /* what was confirmed is never lost */
        consensus->blocks[from].is_lost = true;
    }
}

/* The newcomer's first block is there: whoever has more stake that froze it first, wins. */
static void judge(struct consensus *consensus, uint32_t newcomer)
{
    struct contest *contest = &consensus->contest;
    contest->newcomer = newcomer;
    uint64_t late_stake = 0;
    for (uint32_t who = 0; who < consensus->count; who++)
        if (consensus_froze_late_first(consensus, who)) late_stake += consensus->validators[who].stake;
    consensus_vote_pending(consensus); /* the late block's own voters, before the others */
    if (late_stake >= consensus->stake / 2) {
        int64_t known_ns = row(consensus, consensus->frozen_ns, contest->late)[consensus->window.leader];
        contest->over_ns = ns_after(known_ns, consensus->window.regime->gossip_ns);
        return;
    }
    lose(consensus, contest->late, consensus->blocks[newcomer].parent);
    build_on(consensus, newcomer);
    contest->is_on = false;
}

/* The parent of this slot's block. */
static uint32_t choose_parent(struct consensus *consensus, uint32_t last)
{
    struct contest *contest = &consensus->contest;
    bool is_first = consensus->slot_count % WINDOW == 0;
    if (contest->is_on && (is_first || consensus->clock_ns >= contest->over_ns)) contest->is_on = false;
    if (contest->is_on) return last; /* it does not know yet that its fork loses */
    return is_first ? hand_over(consensus) : consensus->tip;
}

static uint32_t produce(struct consensus *consensus, int64_t *end_ns)
{
    uint32_t parent = choose_parent(consensus, consensus->block_count - 1);
    *end_ns = consensus->clock_ns + slot_span_ns(consensus);
    if (consensus->contest.is_on == false) consensus_vote_pending(consensus);
    uint32_t index = block_new(consensus, parent, *end_ns);
    int64_t late_ns = lateness_ns(consensus);
    consensus_receive(consensus, index, *end_ns + late_ns);
    struct contest *contest = &consensus->contest;
    int64_t patience_ns = consensus->window.regime->slot_target_ns + ALPENGLOW_TIMEOUT_MS * NS_PER_MS;
    if (consensus->profile->is_alpenglow && late_ns > patience_ns) { /* certified as skipped */
        consensus->blocks[index].is_lost = true;
        return index;
    }
    if (contest->is_on && contest->newcomer == NO_BLOCK) judge(consensus, index);
    if (contest->is_on)
        consensus->blocks[index].is_lost = true;
    else
        build_on(consensus, index);
    consensus_vote_pending(consensus);
    consensus->pending = index;
    return index;
}

static err make_room(struct consensus *consensus)
{
    if (consensus->slot_count < consensus->slot_room) return OK;
    if (consensus->slot_room > UINT32_MAX / 4) return ERR_LIMIT;
    uint32_t room = consensus->slot_room * 2;
    struct slot *slots = realloc(consensus->slots, room * sizeof *slots);
    if (slots) consensus->slots = slots;
    struct block *blocks = realloc(consensus->blocks, (room + 1) * sizeof *blocks);
    if (blocks) consensus->blocks = blocks;
    uint32_t *chain = realloc(consensus->chain, (room + 1) * sizeof *chain);
    if (chain) consensus->chain = chain;
    if (!slots || !blocks || !chain) return ERR_NOMEM;
    consensus->slot_room = room;
    return OK;
}

static err advance(struct consensus *consensus)
{
    TRY(make_room(consensus));
    if (consensus->blocks[consensus->tip].height >= consensus->open_height + RECENT / 2) return ERR_LIMIT;
    uint32_t slot = consensus->slot_count, index = NO_BLOCK;
    if (slot % WINDOW == 0) window_begin(consensus);
    int64_t start_ns = consensus->clock_ns, end_ns;
    if (consensus->window.is_off) {
        consensus_vote_pending(consensus);
        consensus->contest.is_on = false;
        end_ns = start_ns + slot_span_ns(consensus);
    } else {
        index = produce(consensus, &end_ns);
        start_ns = consensus->clock_ns;
    }
    consensus->slots[consensus->slot_count++] = (struct slot){
        .start_ns = start_ns, .end_ns = end_ns, .block = index, .is_busy = consensus->window.is_busy};
    consensus->clock_ns = end_ns;
    if (slot >= FATE_SLOTS)
        consensus_land(consensus, slot - FATE_SLOTS, consensus->slots[slot - FATE_SLOTS].block);
    bool is_block = index != NO_BLOCK && !consensus->blocks[index].is_lost;
    if (consensus->profile->is_alpenglow && is_block) consensus_finalize_at_once(consensus, index);
    if (!consensus->profile->is_alpenglow) consensus_confirm(consensus);
    return OK;
}

/* ---- the handle ---- */

static void genesis(struct consensus *consensus)
{
    size_t cells = (size_t)RECENT * (consensus->count + 1);
    for (size_t i = 0; i < cells; i++) consensus->frozen_ns[i] = 0;
    consensus->blocks[0] = (struct block){0};
    consensus->chain[0] = 0;
    consensus->block_count = consensus->open_height = 1;
    consensus->pending = NO_BLOCK;
    consensus_ways(consensus);
}

static bool allocate(struct consensus *consensus)
{
    uint32_t people = consensus->count;
    size_t cells = (size_t)RECENT * (people + 1);
    bool is_whole = true;
    consensus->validators = calloc(people, sizeof *consensus->validators);
    consensus->ranked = calloc(people, sizeof *consensus->ranked);
    consensus->frozen_ns = calloc(cells, sizeof *consensus->frozen_ns);
    consensus->seen_ns = calloc(cells, sizeof *consensus->seen_ns);
    consensus->slots = calloc(consensus->slot_room, sizeof *consensus->slots);
    consensus->blocks = calloc(consensus->slot_room + 1, sizeof *consensus->blocks);
    consensus->chain = calloc(consensus->slot_room + 1, sizeof *consensus->chain);
    for (int i = 0; i < LANDING_RING; i++) {
        struct landings *landings = &consensus->landings[i];
        landings->room = people * 2 * LANDING_RING;
        landings->items = calloc(landings->room, sizeof *landings->items);
        is_whole = is_whole && landings->items;
    }
    return is_whole && consensus->validators && consensus->ranked && consensus->frozen_ns &&
           consensus->seen_ns && consensus->slots && consensus->blocks && consensus->chain;
}

err consensus_open(struct consensus **out, const struct chain_profile *profile, const struct rng *rng,
                   consensus_weather *is_busy, void *context)
{
    struct consensus *consensus = calloc(1, sizeof *consensus);
    if (!consensus) return ERR_NOMEM;
    consensus->profile = profile;
    consensus->rng = *rng;
    consensus->is_busy = is_busy;
    consensus->context = context;
    consensus->count = (uint32_t)profile->validators;
    consensus->slot_room = 1024;
    err e = allocate(consensus) ? people(consensus) : ERR_NOMEM;
    if (e != OK) {
        consensus_free(consensus);
        return e;
    }
    genesis(consensus);
    *out = consensus;
    return OK;
}

void consensus_free(struct consensus *consensus)
{
    if (!consensus) return;
    weighted_close(&consensus->leaders);
    for (int i = 0; i < LANDING_RING; i++) free(consensus->landings[i].items);
    free(consensus->validators);
    free(consensus->ranked);
    free(consensus->frozen_ns);
    free(consensus->seen_ns);
    free(consensus->slots);
    free(consensus->blocks);
    free(consensus->chain);
    free(consensus);
}

static const struct block *block_of(const struct consensus *consensus, uint32_t slot)
{
    uint32_t block = consensus->slots[slot].block;
    return block == NO_BLOCK ? NULL : &consensus->blocks[block];
}

static bool is_decided(const struct consensus *consensus, uint32_t slot)
{
    if (slot >= consensus->slot_count) return false;
    const struct block *block = block_of(consensus, slot);
    return !block || block->is_lost || block->confirmed_ns != NEVER_NS;
}

err consensus_slot(struct consensus *consensus, uint32_t slot, struct consensus_slot *out)
{
    while (!is_decided(consensus, slot)) TRY(advance(consensus));
    const struct slot *made = &consensus->slots[slot];
    const struct block *block = block_of(consensus, slot);
    *out = (struct consensus_slot){
        .start_ns = made->start_ns,
        .end_ns = made->end_ns,
        .freeze_ns = block ? block->freeze_ns : NEVER_NS,
        .confirmed_ns = block && !block->is_lost ? block->confirmed_ns : NEVER_NS,
        .state = !block           ? CONSENSUS_SKIPPED
                 : block->is_lost ? CONSENSUS_LOST
                                  : CONSENSUS_BLOCK,
        .is_busy = made->is_busy,
    };
    return OK;
}

err consensus_finalized_ns(struct consensus *consensus, uint32_t slot, int64_t *out)
{
    while (slot >= consensus->slot_count) TRY(advance(consensus));
    ASSERT(consensus->slots[slot].block != NO_BLOCK);
    while (block_of(consensus, slot)->finalized_ns == NEVER_NS) TRY(advance(consensus));
    *out = block_of(consensus, slot)->finalized_ns;
    return OK;
}

void consensus_forget(struct consensus *consensus, uint32_t below)
{
    if (below <= TOWER_SLOTS) return;
    uint32_t slot = below - TOWER_SLOTS;
    while (slot > 0 && consensus->slots[slot].block == NO_BLOCK) slot--;
    uint32_t block = consensus->slots[slot].block;
    if (block == NO_BLOCK) return;
    pages_release(consensus->chain, consensus->blocks[block].height * sizeof *consensus->chain);
    pages_release(consensus->blocks, block * sizeof *consensus->blocks);
    pages_release(consensus->slots, slot * sizeof *consensus->slots);
}
