/* sim/consensus_votes.c: what everybody makes of a block: receives, votes, confirms, roots. */
#include "sim/consensus_state.h"
#include <math.h>
#include <stdlib.h>

/* ---- the way of a block ---- */

/* Share of relays no farther than this way, then of nine draws at least five: the median. */
static double median_share(double share)
{
    static const double WAYS_TO_CHOOSE[RELAYS + 1] = {1, 9, 36, 84, 126, 126, 84, 36, 9, 1};
    double sum = 0;
    for (int near = RELAYS / 2 + 1; near <= RELAYS; near++) {
        double term = WAYS_TO_CHOOSE[near];
        for (int i = 0; i < RELAYS; i++) term *= i < near ? share : 1 - share;
        sum += term;
    }
    return sum;
}

static void fill_ways(struct consensus *consensus, enum region from, enum region to)
{
    int64_t *ways_ns = consensus->way_ns[from][to];
    double *shares = consensus->way_share[from][to], detour = consensus->profile->detour;
    for (int relay = 0; relay < REGIONS; relay++) {
        int64_t way_ns = geography_one_way_ns(from, (enum region)relay, detour) +
                         geography_one_way_ns((enum region)relay, to, detour);
        int at = relay;
        for (; at > 0 && ways_ns[at - 1] > way_ns; at--) {
            ways_ns[at] = ways_ns[at - 1];
            shares[at] = shares[at - 1];
        }
        ways_ns[at] = way_ns;
        shares[at] = REGION_STAKE[relay];
    }
    double sum = 0;
    for (int i = 0; i < REGIONS; i++) shares[i] = median_share(sum += shares[i]);
}

void consensus_ways(struct consensus *consensus)
{
    for (int from = 0; from < REGIONS; from++)
        for (int to = 0; to < REGIONS; to++) fill_ways(consensus, (enum region)from, (enum region)to);
}

/* ---- receiving ---- */

static enum region region_of(const struct consensus *consensus, uint32_t who)
{
    return who == consensus->count ? REGION_EU_CORE : (enum region)consensus->validators[who].region;
}

static int64_t way_to(const struct consensus *consensus, const struct block *block, uint32_t who)
{
    enum region from = region_of(consensus, block->leader), to = region_of(consensus, who);
    const double *shares = consensus->way_share[from][to];
    struct draw draw = draw_of(consensus, RNG_RECEIVE, block->slot, who, DRAW_WAY);
    double drawn = draw_unit(&draw);
    int relay = 0;
    while (relay < REGIONS - 1 && drawn > shares[relay]) relay++;
    draw = draw_of(consensus, RNG_RECEIVE, block->slot, who, DRAW_JITTER);
    return sample_lognormal_ns(&draw, consensus->way_ns[from][to][relay], consensus->profile->way_sigma);
}

/* When everybody, the RPC node too, has frozen a block whose last pieces left at sent_ns. */
void consensus_receive(struct consensus *consensus, uint32_t index, int64_t sent_ns)
{
    const struct chain_regime *regime = consensus->window.regime;
    struct block *block = &consensus->blocks[index];
    int64_t *frozen_ns = row(consensus, consensus->frozen_ns, index);
    const int64_t *parent_ns = row(consensus, consensus->frozen_ns, block->parent);
    struct draw draw = draw_of(consensus, RNG_SLOT, block->slot, 0, DRAW_COMMON);
    block->common = sample_lognormal(&draw, regime->common_sigma);
    for (uint32_t who = 0; who <= consensus->count; who++) {
        draw = draw_of(consensus, RNG_RECEIVE, block->slot, who, DRAW_REPLAY);
        double replay_ns = (double)sample_lognormal_ns(&draw, regime->replay_ns, regime->replay_sigma);
        double delay_ns = (double)way_to(consensus, block, who) + replay_ns * block->common;
        frozen_ns[who] = sent_ns + (int64_t)fmin(delay_ns, (double)DELAY_CAP_S * NS_PER_S);
        if (who == consensus->count) frozen_ns[who] += consensus->profile->rpc_hop_ns;
        if (who == block->leader) frozen_ns[who] = block->end_ns;
        if (frozen_ns[who] <= parent_ns[who]) frozen_ns[who] = parent_ns[who] + 1;
    }
    block->freeze_ns = frozen_ns[consensus->count];
}

/* ---- voting ---- */

/* The block of this height below `block`, or `block` when it is not above it. What is not lost is one chain.
 */
static uint32_t ancestor_at(const struct consensus *consensus, uint32_t block, uint32_t height)
{
    const struct block *blocks = consensus->blocks;
    while (blocks[block].is_lost && blocks[block].height > height) block = blocks[block].parent;
    return blocks[block].height > height ? consensus->chain[height] : block;
}

static bool is_below(const struct consensus *consensus, uint32_t ancestor, uint32_t block)
{
    return ancestor_at(consensus, block, consensus->blocks[ancestor].height) == ancestor;
}

/* The lockout: is there a vote for another fork that still binds? The newest vote stands on all others. */
static bool is_locked_out(const struct consensus *consensus, const struct tower *tower, uint32_t index)
{
    return tower->count > 0 && !is_below(consensus, tower->votes[tower->count - 1].block, index);
}

/* The threshold: where the tower is eight deep, two thirds of the stake must have voted too. */
static bool meets_threshold(const struct consensus *consensus, const struct tower *tower)
{
    if (tower->count < THRESHOLD_DEPTH) return true;
    const struct block *deep = &consensus->blocks[tower->votes[tower->count - THRESHOLD_DEPTH].block];
    return deep->confirmed_ns != NEVER_NS || (u128)deep->weight * 3 > (u128)consensus->stake * 2;
}

/* The newest block on which both stand. */
static uint32_t fork_of(const struct consensus *consensus, uint32_t a, uint32_t b)
{
    while (!is_below(consensus, a, b)) a = consensus->blocks[a].parent;
    return a;
}

/* Stake whose newest votes are for other forks than that of `last`: neither below nor above it. */
static uint64_t stake_elsewhere(const struct consensus *consensus, uint32_t last)
{
    uint64_t stake = 0;
    for (uint32_t block = last; consensus->blocks[block].confirmed_ns == NEVER_NS;) {
        uint64_t here = consensus->blocks[block].weight;
        block = consensus->blocks[block].parent;
        stake += consensus->blocks[block].weight - consensus->blocks[block].own_stake - here;
    }
    return stake;
}

/* The switch rule: who voted elsewhere last, its lockout over or not, leaves only when 38 % of the stake have
 * left already. A fork below the last confirmed block has been left by two thirds. */
static bool may_switch(const struct consensus *consensus, uint32_t last, uint32_t index)
{
    if (last == NO_BLOCK || is_below(consensus, last, index)) return true;
    uint32_t fork = fork_of(consensus, last, index);
    if (consensus->blocks[fork].height + 1 < consensus->open_height) return true;
    return (u128)stake_elsewhere(consensus, last) * 100 >= (u128)consensus->stake * SWITCH_PCT;
}

/* Adds to the weight of a block and of those that it stands on, down to `above` or the last confirmed. */
static void weigh(struct consensus *consensus, uint32_t block, uint32_t above, uint64_t stake)
{
    for (; block != above; block = consensus->blocks[block].parent) {
        consensus->blocks[block].weight += stake;
        if (consensus->blocks[block].confirmed_ns != NEVER_NS) return;
    }
}

/* Of each validator only the newest vote counts. */
static void move_vote(struct consensus *consensus, uint32_t who, uint32_t to)
{
    struct validator *validator = &consensus->validators[who];
    uint32_t from = validator->last_vote, fork = NO_BLOCK;
    if (from != NO_BLOCK && to != NO_BLOCK) fork = fork_of(consensus, from, to);
    if (from != NO_BLOCK) {
        consensus->blocks[from].own_stake -= validator->stake;
        weigh(consensus, from, fork, -validator->stake);
    }
    if (to != NO_BLOCK) {
        consensus->blocks[to].own_stake += validator->stake;
        weigh(consensus, to, fork, validator->stake);
    }
    validator->last_vote = to;
}

static bool may_vote(struct consensus *consensus, uint32_t index, uint32_t who)
{
    struct validator *validator = &consensus->validators[who];
    tower_expire(&validator->tower, consensus->blocks[index].slot);
    return !is_locked_out(consensus, &validator->tower, index) &&
           meets_threshold(consensus, &validator->tower) &&
           may_switch(consensus, validator->last_vote, index);
}

static void see_vote(struct consensus *consensus, uint32_t index, uint32_t validator, int64_t at_ns)
{
    for (; consensus->blocks[index].confirmed_ns == NEVER_NS; index = consensus->blocks[index].parent) {
        int64_t *seen_ns = &row(consensus, consensus->seen_ns, index)[validator];
        if (*seen_ns <= at_ns) return; /* and so for all below it */
        *seen_ns = at_ns;
    }
}

static void land_later(struct consensus *consensus, uint32_t slot, uint32_t index, uint32_t who)
{
    struct draw draw = draw_of(consensus, RNG_VOTE, slot, who, DRAW_LANDING);
    double left = draw_unit(&draw);
    uint32_t after = left < 0.85 ? 1 : left < 0.98 ? 2 : 3; /* chain.md A.6 */
    struct landings *landings = &consensus->landings[(slot + after) % LANDING_RING];
    ASSERT(landings->count < landings->room);
    landings->items[landings->count++] =
        (struct landing){.validator = who, .block = index, .rooted = consensus->validators[who].rooted};
}

static void vote(struct consensus *consensus, uint32_t index, uint32_t who)
{
    const struct chain_regime *regime = consensus->window.regime;
    struct block *block = &consensus->blocks[index];
    struct validator *validator = &consensus->validators[who];
    if (!may_vote(consensus, index, who)) return;
    move_vote(consensus, who, index);
    uint32_t root = tower_vote(&validator->tower, block->slot, index);
    if (root != TOWER_NO_ROOT) validator->rooted = consensus->blocks[root].height;
    int64_t cast_ns = row(consensus, consensus->frozen_ns, index)[who];
    if (cast_ns <= validator->last_vote_ns) cast_ns = validator->last_vote_ns + 1;
    validator->last_vote_ns = cast_ns;
    struct draw draw = draw_of(consensus, RNG_VOTE, block->slot, who, DRAW_GOSSIP);
    double gossip_ns = (double)sample_lognormal_ns(&draw, regime->gossip_ns, regime->gossip_sigma);
    int64_t way_ns =
        geography_one_way_ns(region_of(consensus, who), REGION_EU_CORE, consensus->profile->detour);
    see_vote(consensus, index, who,
             cast_ns + way_ns + (int64_t)fmin(gossip_ns * block->common, (double)DELAY_CAP_S * NS_PER_S));
    land_later(consensus, block->slot, index, who);
}

/* Who does not vote is down for a while, not for a slot: its stake is missing, its tower does not thin out.
 */
static bool is_awake(const struct consensus *consensus, uint32_t slot, uint32_t who)
{
    struct draw draw = draw_of(consensus, RNG_VOTE, slot / DOWN_SLOTS * DOWN_SLOTS, who, DRAW_VOTES);
    return draw_chance(&draw, consensus->window.regime->participation);
}

/* Who has voted on the late fork stays there, asleep or not; of the others who is awake votes for the fork of
 * which it froze the first block first, if it may. */
enum side consensus_side(struct consensus *consensus, uint32_t who)
{
    const struct contest *contest = &consensus->contest;
    uint32_t last = consensus->validators[who].last_vote, height = consensus->blocks[contest->fork].height;
    if (last == contest->newcomer) return SIDE_NEWCOMER;
    if (last != NO_BLOCK && consensus->blocks[last].height > height &&
        is_below(consensus, last, contest->late))
        return SIDE_LATE;
    if (!is_awake(consensus, consensus->blocks[contest->newcomer].slot, who)) return SIDE_NONE;
    bool is_late = row(consensus, consensus->frozen_ns, contest->first)[who] <=
                   row(consensus, consensus->frozen_ns, contest->newcomer)[who];
    if (!may_vote(consensus, is_late ? contest->first : contest->newcomer, who)) return SIDE_NONE;
    return is_late ? SIDE_LATE : SIDE_NEWCOMER;
}

/* While two forks contest, each is voted for by its own; by the newcomer's until they too know who is
 * heavier. */
static bool is_for(struct consensus *consensus, uint32_t index, uint32_t who)
{
    const struct contest *contest = &consensus->contest;
    if (!contest->is_on || consensus->blocks[index].height <= consensus->blocks[contest->fork].height)
        return true;
    if (index <= contest->late) return consensus_side(consensus, who) == SIDE_LATE;
    if (index == contest->newcomer) return consensus_side(consensus, who) == SIDE_NEWCOMER;
    return consensus->validators[who].last_vote == consensus->blocks[index].parent &&
           row(consensus, consensus->frozen_ns, index)[who] < contest->over_ns;
}

static void vote_all(struct consensus *consensus, uint32_t index)
{
    uint32_t slot = consensus->blocks[index].slot;
    for (uint32_t who = 0; who < consensus->count; who++)
        if (is_awake(consensus, slot, who) && is_for(consensus, index, who)) vote(consensus, index, who);
}

void consensus_restart_towers(struct consensus *consensus)
{
    for (uint32_t who = 0; who < consensus->count; who++) {
        struct validator *validator = &consensus->validators[who];
        struct tower *tower = &validator->tower;
        while (tower->count && consensus->blocks[tower->votes[tower->count - 1].block].is_lost)
            tower->count--;
        if (validator->last_vote != NO_BLOCK && consensus->blocks[validator->last_vote].is_lost)
            move_vote(consensus, who, tower->count ? tower->votes[tower->count - 1].block : NO_BLOCK);
    }
}

void consensus_vote_pending(struct consensus *consensus)
{
    bool is_voted = !consensus->profile->is_alpenglow;
    for (uint32_t i = 0; is_voted && i < consensus->pending_count; i++)
        vote_all(consensus, consensus->pending[i]);
    consensus->pending_count = 0;
}

/* ---- confirmation and finality, as the RPC node sees them ---- */

static int by_time(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;
    if (left->at_ns != right->at_ns) return left->at_ns < right->at_ns ? -1 : 1;
    return (left->stake > right->stake) - (left->stake < right->stake);
}

/* The first time at which more than this share (in thirtieths) of the stake has been seen; NEVER_NS: not yet.
 */
static int64_t share_seen_ns(struct consensus *consensus, const int64_t *seen_ns, uint32_t thirtieths)
{
    for (uint32_t who = 0; who < consensus->count; who++)
        consensus->ranked[who] =
            (struct ranked){.at_ns = seen_ns[who], .stake = consensus->validators[who].stake};
    qsort(consensus->ranked, consensus->count, sizeof *consensus->ranked, by_time);
    u128 sum = 0;
    for (uint32_t i = 0; i < consensus->count; i++) {
        sum += consensus->ranked[i].stake;
        if (sum * 30 > (u128)consensus->stake * thirtieths) return consensus->ranked[i].at_ns;
    }
    return NEVER_NS;
}

void consensus_confirm(struct consensus *consensus, uint32_t settled)
{
    uint32_t top = consensus->blocks[consensus->tip].height;
    while (consensus->open_height + settled <= top) {
        uint32_t index = consensus->chain[consensus->open_height];
        struct block *block = &consensus->blocks[index];
        int64_t at_ns = share_seen_ns(consensus, row(consensus, consensus->seen_ns, index), 20);
        if (at_ns == NEVER_NS) return;
        at_ns = later(at_ns, block->freeze_ns);
        block->confirmed_ns = later(at_ns, consensus->blocks[block->parent].confirmed_ns);
        consensus->open_height++;
    }
}

/* A vote of this validator on chain says what it has rooted. */
static void root(struct consensus *consensus, const struct landing *landing, int64_t seen_ns)
{
    struct validator *validator = &consensus->validators[landing->validator];
    while (validator->rooted_on_chain < landing->rooted) {
        struct block *block = &consensus->blocks[consensus->chain[++validator->rooted_on_chain]];
        block->rooted_stake += validator->stake;
        bool is_final = (u128)block->rooted_stake * 3 > (u128)consensus->stake * 2;
        if (!is_final || block->finalized_ns != NEVER_NS) continue;
        int64_t final_ns = later(seen_ns + consensus->profile->finality_tick_ns,
                                 consensus->blocks[block->parent].finalized_ns);
        /* Confirmed may be later than these votes, which were carried over after it was told. */
        block->finalized_ns =
            block->confirmed_ns == NEVER_NS ? final_ns : later(final_ns, block->confirmed_ns);
    }
}

/* Of each validator the newest vote that is for something waits for the next block: its tower holds the
 * others.
 */
static void carry_over(struct consensus *consensus, uint32_t slot)
{
    const struct landings *due = &consensus->landings[slot % LANDING_RING];
    struct landings *next = &consensus->landings[(slot + 1) % LANDING_RING];
    for (uint32_t i = due->count; i-- > 0;) {
        struct validator *validator = &consensus->validators[due->items[i].validator];
        if (consensus->blocks[due->items[i].block].is_lost || validator->carried_slot == slot) continue;
        validator->carried_slot = slot;
        ASSERT(next->count < next->room); /* three blocks' votes and these */
        next->items[next->count++] = due->items[i];
    }
}

/* What this slot's block carries; votes for which there is no block wait for the next. */
void consensus_land(struct consensus *consensus, uint32_t slot, uint32_t index)
{
    struct landings *due = &consensus->landings[slot % LANDING_RING];
    if (index == NO_BLOCK || consensus->blocks[index].is_lost) {
        carry_over(consensus, slot);
        due->count = 0;
        return;
    }
    int64_t seen_ns = consensus->blocks[index].freeze_ns;
    for (uint32_t i = 0; i < due->count; i++) {
        if (consensus->blocks[due->items[i].block].is_lost) continue; /* for nothing this fork knows */
        see_vote(consensus, due->items[i].block, due->items[i].validator, seen_ns);
        root(consensus, &due->items[i], seen_ns);
    }
    due->count = 0;
}

/* ---- Alpenglow ---- */

/* Final at the RPC node with 80 % of the stake in one round; or, when every region has seen 60 %, with 60 %
 * of the second. */
void consensus_finalize_at_once(struct consensus *consensus, uint32_t index)
{
    struct block *block = &consensus->blocks[index];
    const int64_t *frozen_ns = row(consensus, consensus->frozen_ns, index);
    int64_t *seen_ns = row(consensus, consensus->seen_ns, index), notarized_ns[REGIONS];
    double detour = consensus->profile->detour;
    for (int region = REGIONS; region >= 0; region--) { /* the RPC node's view last, and kept */
        enum region at = region ? (enum region)(region - 1) : REGION_EU_CORE;
        for (uint32_t who = 0; who < consensus->count; who++)
            seen_ns[who] = !is_awake(consensus, block->slot, who)
                               ? NEVER_NS
                               : frozen_ns[who] + ALPENGLOW_HOP_MS * NS_PER_MS +
                                     geography_one_way_ns(region_of(consensus, who), at, detour);
        if (region) notarized_ns[region - 1] = share_seen_ns(consensus, seen_ns, 18);
    }
    int64_t fast_ns = share_seen_ns(consensus, seen_ns, 24);
    for (uint32_t who = 0; who < consensus->count; who++) {
        int64_t notar_ns = notarized_ns[region_of(consensus, who)];
        if (seen_ns[who] == NEVER_NS) continue;
        seen_ns[who] = notar_ns == NEVER_NS
                           ? NEVER_NS
                           : later(frozen_ns[who], notar_ns) + ALPENGLOW_HOP_MS * NS_PER_MS +
                                 geography_one_way_ns(region_of(consensus, who), REGION_EU_CORE, detour);
    }
    int64_t slow_ns = share_seen_ns(consensus, seen_ns, 18), final_ns = fast_ns < slow_ns ? fast_ns : slow_ns;
    if (final_ns == NEVER_NS) return;
    final_ns = later(final_ns, block->freeze_ns);
    final_ns = later(final_ns, consensus->blocks[consensus->chain[consensus->open_height - 1]].confirmed_ns);
    for (; block->confirmed_ns == NEVER_NS; block = &consensus->blocks[block->parent])
        block->confirmed_ns = block->finalized_ns =
            final_ns; /* with those before it that had too few votes */
    consensus->open_height = consensus->blocks[index].height + 1;
}
