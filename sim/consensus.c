/* sim/consensus.c: one slot after the other: who leads, on what the block is built, and what is decided. */
#include "base/pages.h"
#include "sim/consensus_state.h"
#include <stdlib.h>
#include <string.h>

/* ---- people ---- */

static enum region draw_region(struct draw *draw)
{
    double left = draw_unit(draw);
    int region = 0;
    for (; region < REGIONS - 1 && left >= REGION_STAKE[region]; region++) left -= REGION_STAKE[region];
    return (enum region)region;
}

static void people(struct consensus *consensus)
{
    for (uint32_t i = 0; i < consensus->count; i++) {
        struct validator *validator = &consensus->validators[i];
        struct draw draw = draw_at(&consensus->rng, RNG_REGION, i, 0);
        validator->stake = chain_causes_stake(consensus->profile, i);
        validator->region = (uint8_t)draw_region(&draw);
        validator->last_vote = NO_BLOCK;
        validator->carried_slot = UINT32_MAX;
        consensus->stake += validator->stake;
    }
}

/* ---- producing ---- */

static bool is_open(const struct consensus *consensus, uint32_t block)
{
    return consensus->blocks[block].confirmed_ns == NEVER_NS;
}

/* The leader of a new window waits for the block before it, but not for ever: then it builds beside it. What
 * is confirmed it waits for however long: a block beside that could only lose. */
static uint32_t hand_over(struct consensus *consensus)
{
    const struct chain_window *window = &consensus->window;
    double slot_ns = (double)window->regime->slot_target_ns;
    int64_t grace_ns = (int64_t)(window->regime->fork_grace_slots * slot_ns);
    int64_t usual_ns = (int64_t)(slot_ns * HANDOVER_PCT / 100);
    uint32_t parent = consensus->tip, first = parent, leader = window->leader;
    int64_t ready_ns = row(consensus, consensus->frozen_ns, parent)[leader] - usual_ns;
    if (consensus->profile->is_alpenglow) grace_ns = NS_PER_DAY; /* what is too late was skipped already */
    if (ready_ns <= consensus->clock_ns + grace_ns) {
        consensus->clock_ns = later(consensus->clock_ns, ready_ns);
        return parent;
    }
    int64_t latest_ns = consensus->clock_ns + grace_ns;
    while (is_open(consensus, parent) && row(consensus, consensus->frozen_ns, parent)[leader] > latest_ns)
        first = parent, parent = consensus->blocks[parent].parent;
    consensus->clock_ns = later(latest_ns, row(consensus, consensus->frozen_ns, parent)[leader]);
    if (parent == consensus->tip) return parent;
    consensus->contest = (struct contest){
        .is_on = true, .fork = parent, .first = first, .late = consensus->tip, .newcomer = NO_BLOCK};
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
        ASSERT(is_open(consensus, from)); /* what was confirmed is never lost */
        consensus->blocks[from].is_lost = true;
    }
}

/* The newcomer's first block is there: the fork with more votes is the heavier from now on, and keeps what it
 * has, for who has voted is locked out of the other. */
static void judge(struct consensus *consensus, uint32_t newcomer)
{
    struct contest *contest = &consensus->contest;
    uint64_t stakes[SIDE_NEWCOMER + 1] = {0};
    contest->newcomer = newcomer;
    for (uint32_t who = 0; who < consensus->count; who++)
        stakes[consensus_side(consensus, who)] += consensus->validators[who].stake;
    consensus_vote_pending(consensus);                /* the late block's own voters, before the others */
    if (stakes[SIDE_LATE] >= stakes[SIDE_NEWCOMER]) { /* of equals the earlier slot */
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
    bool is_first = consensus->slot_count % CHAIN_WINDOW == 0;
    if (contest->is_on && (is_first || consensus->clock_ns >= contest->over_ns)) {
        consensus_vote_pending(consensus); /* by those of its own side */
        contest->is_on = false;
    }
    if (contest->is_on) return last; /* it does not know yet that its fork loses */
    return is_first ? hand_over(consensus) : consensus->tip;
}

/* The slot's block, whose slot takes span_ns. */
static uint32_t produce(struct consensus *consensus, int64_t span_ns)
{
    struct contest *contest = &consensus->contest;
    uint32_t parent = choose_parent(consensus, consensus->block_count - 1);
    bool is_first = consensus->slot_count % CHAIN_WINDOW == 0;
    int64_t end_ns = consensus->clock_ns + span_ns;
    if (is_first && !contest->is_on) consensus_vote_pending(consensus);
    uint32_t index = block_new(consensus, parent, end_ns);
    int64_t late_ns = chain_causes_late_ns(consensus->causes, &consensus->window, consensus->slot_count);
    consensus_receive(consensus, index, end_ns + late_ns);
    if (chain_causes_times_out(consensus->causes, &consensus->window, late_ns)) {
        consensus->blocks[index].is_lost = true;
        return index;
    }
    if (contest->is_on && contest->newcomer == NO_BLOCK) judge(consensus, index);
    if (contest->is_on)
        consensus->blocks[index].is_lost = true;
    else
        build_on(consensus, index);
    consensus->pending[consensus->pending_count++] = index;
    return index;
}

/* Nothing that follows is voted for: all votes that there will be are in. What they do not confirm is above
 * the block that a restart begins from. */
static void settle(struct consensus *consensus)
{
    consensus_vote_pending(consensus);
    consensus->contest.is_on = false;
    if (!consensus->profile->is_alpenglow) consensus_confirm(consensus, 0);
    while (is_open(consensus, consensus->tip)) {
        consensus->blocks[consensus->tip].is_lost = true;
        consensus->tip = consensus->blocks[consensus->tip].parent;
    }
    consensus_restart_towers(consensus);
}

/* On top of what is there, for nobody. */
static uint32_t produce_unheard(struct consensus *consensus, int64_t span_ns)
{
    uint32_t parent = consensus->unheard == NO_BLOCK ? consensus->tip : consensus->unheard;
    int64_t end_ns = consensus->clock_ns + span_ns;
    uint32_t index = block_new(consensus, parent, end_ns);
    consensus->blocks[index].is_lost = true;
    int64_t late_ns = chain_causes_late_ns(consensus->causes, &consensus->window, consensus->slot_count);
    consensus_receive(consensus, index, end_ns + late_ns);
    return consensus->unheard = index;
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

/* A table with twice the rows, those in use where they are looked for then; NULL: no memory. */
static int64_t *grown(const struct consensus *consensus, int64_t *table)
{
    size_t cells = consensus->count + (size_t)1, rows = consensus->rows;
    int64_t *twice = malloc(2 * rows * cells * sizeof *twice);
    if (!twice) return NULL;
    for (uint32_t half = 0; half < 2; half++)
        memcpy(twice + half * rows * cells, table, rows * cells * sizeof *table);
    free(table);
    return twice;
}

/* Rows for the last confirmed block, all since, and a new one. */
static err make_rows(struct consensus *consensus)
{
    uint32_t open = consensus->block_count - consensus->chain[consensus->open_height - 1];
    if (open < consensus->rows) return OK;
    size_t cells = (size_t)consensus->rows * 2 * (consensus->count + 1);
    if (open >= STALL_BLOCKS || cells > STALL_CELLS) return ERR_LIMIT;
    int64_t *frozen_ns = grown(consensus, consensus->frozen_ns);
    if (frozen_ns) consensus->frozen_ns = frozen_ns;
    int64_t *seen_ns = frozen_ns ? grown(consensus, consensus->seen_ns) : NULL;
    if (!seen_ns) return ERR_NOMEM;
    consensus->seen_ns = seen_ns;
    consensus->rows *= 2;
    return OK;
}

/* NO_BLOCK when the slot stays empty. */
static uint32_t fill(struct consensus *consensus, int64_t span_ns)
{
    enum chain_stage stage = chain_causes_stage(consensus->causes, consensus->clock_ns);
    if (stage != CHAIN_RUNS) settle(consensus);
    if (stage == CHAIN_RUNS) consensus->unheard = NO_BLOCK;
    if (consensus->window.is_off || stage == CHAIN_STANDS) {
        consensus_vote_pending(consensus);
        consensus->contest.is_on = false;
        return NO_BLOCK;
    }
    return stage == CHAIN_UNHEARD ? produce_unheard(consensus, span_ns) : produce(consensus, span_ns);
}

static err begin_slot(struct consensus *consensus)
{
    uint32_t slot = consensus->slot_count;
    consensus->clock_ns = chain_causes_resume_ns(consensus->causes, consensus->clock_ns);
    if (slot % CHAIN_WINDOW) return OK;
    return chain_causes_window(consensus->causes, slot / CHAIN_WINDOW, consensus->clock_ns,
                               &consensus->window);
}

static err advance(struct consensus *consensus)
{
    TRY(make_room(consensus));
    TRY(make_rows(consensus));
    uint32_t slot = consensus->slot_count;
    TRY(begin_slot(consensus));
    int64_t span_ns = chain_causes_span_ns(consensus->causes, &consensus->window, slot);
    uint32_t index = fill(consensus, span_ns);
    int64_t start_ns = consensus->clock_ns; /* its leader may have waited */
    consensus->slots[consensus->slot_count++] = (struct slot){.start_ns = start_ns,
                                                              .end_ns = start_ns + span_ns,
                                                              .block = index,
                                                              .is_busy = consensus->window.is_busy};
    consensus->clock_ns = start_ns + span_ns;
    if (slot >= FATE_SLOTS)
        consensus_land(consensus, slot - FATE_SLOTS, consensus->slots[slot - FATE_SLOTS].block);
    bool is_block = index != NO_BLOCK && !consensus->blocks[index].is_lost;
    if (consensus->profile->is_alpenglow && is_block) consensus_finalize_at_once(consensus, index);
    if (!consensus->profile->is_alpenglow) consensus_confirm(consensus, SETTLED_BLOCKS);
    return OK;
}

/* ---- the handle ---- */

static void genesis(struct consensus *consensus)
{
    size_t cells = (size_t)consensus->rows * (consensus->count + 1);
    for (size_t i = 0; i < cells; i++) consensus->frozen_ns[i] = 0;
    consensus->blocks[0] = (struct block){0};
    consensus->chain[0] = 0;
    consensus->block_count = consensus->open_height = 1;
    consensus->unheard = NO_BLOCK;
    consensus_ways(consensus);
}

static bool allocate(struct consensus *consensus)
{
    uint32_t people = consensus->count;
    size_t cells = (size_t)consensus->rows * (people + 1);
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

err consensus_open(struct consensus **out, struct chain_causes *causes)
{
    struct consensus *consensus = calloc(1, sizeof *consensus);
    if (!consensus) return ERR_NOMEM;
    consensus->causes = causes;
    consensus->profile = causes->profile;
    consensus->rng = causes->rng;
    consensus->count = (uint32_t)causes->profile->validators;
    consensus->slot_room = 1024;
    consensus->rows = ROWS_AT_FIRST;
    if (!allocate(consensus)) {
        consensus_free(consensus);
        return ERR_NOMEM;
    }
    people(consensus);
    genesis(consensus);
    *out = consensus;
    return OK;
}

void consensus_free(struct consensus *consensus)
{
    if (!consensus) return;
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
    while (block_of(consensus, slot)->finalized_ns == NEVER_NS) {
        if (consensus->slot_count - slot > TOWER_SLOTS) return ERR_LIMIT;
        TRY(advance(consensus));
    }
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
