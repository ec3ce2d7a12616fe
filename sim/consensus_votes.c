/* sim/consensus_votes.c: what everybody makes of a block: receives, votes, confirms, roots. */
#include "sim/consensus_state.h"
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
        frozen_ns[who] = sent_ns + way_to(consensus, block, who) + (int64_t)(replay_ns * block->common);
        if (who == consensus->count) frozen_ns[who] += consensus->profile->rpc_hop_ns;
        if (who == block->leader) frozen_ns[who] = block->end_ns;
        if (frozen_ns[who] <= parent_ns[who]) frozen_ns[who] = parent_ns[who] + 1;
    }
    block->freeze_ns = frozen_ns[consensus->count];
}

/* ---- voting ---- */

static uint32_t ancestor_at(const struct consensus *consensus, uint32_t block, uint32_t height)
{
    while (consensus->blocks[block].height > height) block = consensus->blocks[block].parent;
    return block;
}

/* Is there a vote for another fork? Whatever is not lost is one chain, so that only lost blocks need a look.
 */
static bool binds_elsewhere(const struct consensus *consensus, const struct tower *tower, uint32_t index)
{
    bool is_lost = consensus->blocks[index].is_lost;
    for (uint32_t i = 0; i < tower->count; i++) {
        uint32_t voted = tower->votes[i].block;
        if (!is_lost && !consensus->blocks[voted].is_lost) continue;
        if (ancestor_at(consensus, index, consensus->blocks[voted].height) != voted) return true;
    }
    return false;
}

/* Votes for other forks bind until their lockout is over; the switch rule (38 % must be on the other fork)
 * never does, because a fork is decided sooner. And most of the stake must be where the tower is eight deep.
 */
static bool may_vote(const struct consensus *consensus, const struct tower *tower, uint32_t index)
{
    if (binds_elsewhere(consensus, tower, index)) return false;
    if (tower->count < THRESHOLD_DEPTH) return true;
    const struct block *deep = &consensus->blocks[tower->votes[tower->count - THRESHOLD_DEPTH].block];
    return deep->confirmed_ns != NEVER_NS || deep->height + RECENT / 4 > consensus->blocks[index].height;
}

static void see_vote(struct consensus *consensus, uint32_t index, uint32_t validator, int64_t at_ns)
{
    for (; consensus->blocks[index].confirmed_ns == NEVER_NS; index = consensus->blocks[index].parent) {
        int64_t *seen_ns = &row(consensus, consensus->seen_ns, index)[validator];
        if (*seen_ns <= at_ns) return; /* and so for all above it */
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
    tower_expire(&validator->tower, block->slot);
    if (!may_vote(consensus, &validator->tower, index)) return;
    uint32_t root = tower_vote(&validator->tower, block->slot, index);
    if (root != TOWER_NO_ROOT) validator->rooted = consensus->blocks[root].height;
    int64_t cast_ns = row(consensus, consensus->frozen_ns, index)[who];
    if (cast_ns <= validator->last_vote_ns) cast_ns = validator->last_vote_ns + 1;
    validator->last_vote_ns = cast_ns;
    struct draw draw = draw_of(consensus, RNG_VOTE, block->slot, who, DRAW_GOSSIP);
    double gossip_ns = (double)sample_lognormal_ns(&draw, regime->gossip_ns, regime->gossip_sigma);
    int64_t way_ns =
        geography_one_way_ns(region_of(consensus, who), REGION_EU_CORE, consensus->profile->detour);
    see_vote(consensus, index, who, cast_ns + way_ns + (int64_t)(gossip_ns * block->common));
    land_later(consensus, block->slot, index, who);
}

/* Who does not vote is down for a while, not for a slot: its stake is missing, its tower does not thin out.
 */
static bool is_awake(const struct consensus *consensus, uint32_t slot, uint32_t who)
{
    struct draw draw = draw_of(consensus, RNG_VOTE, slot / DOWN_SLOTS * DOWN_SLOTS, who, DRAW_VOTES);
    return draw_chance(&draw, consensus->window.regime->participation);
}

/* In a contest each votes for the chain that it froze first. */
bool consensus_froze_late_first(const struct consensus *consensus, uint32_t who)
{
    const struct contest *contest = &consensus->contest;
    return row(consensus, consensus->frozen_ns, contest->late)[who] <=
           row(consensus, consensus->frozen_ns, contest->newcomer)[who];
}

static void vote_all(struct consensus *consensus, uint32_t index)
{
    const struct contest *contest = &consensus->contest;
    uint32_t slot = consensus->blocks[index].slot;
    bool is_contested = contest->is_on && contest->newcomer != NO_BLOCK;
    for (uint32_t who = 0; who < consensus->count; who++) {
        if (!is_awake(consensus, slot, who)) continue;
        if (is_contested && consensus_froze_late_first(consensus, who) != (index == contest->late)) continue;
        vote(consensus, index, who);
    }
}

void consensus_vote_pending(struct consensus *consensus)
{
    if (consensus->pending == NO_BLOCK || consensus->profile->is_alpenglow) return;
    vote_all(consensus, consensus->pending);
    consensus->pending = NO_BLOCK;
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
        bool is_final = (u128)block->rooted_stake * 3 >= (u128)consensus->stake * 2;
        if (!is_final || block->finalized_ns != NEVER_NS) continue;
        block->finalized_ns = later(seen_ns + consensus->profile->finality_tick_ns,
                                    consensus->blocks[block->parent].finalized_ns);
    }
}

/* What this slot's block carries; votes for which there is no block wait for the next. */
void consensus_land(struct consensus *consensus, uint32_t slot, uint32_t index)
{
    struct landings *due = &consensus->landings[slot % LANDING_RING];
    if (index == NO_BLOCK || consensus->blocks[index].is_lost) {
        struct landings *next = &consensus->landings[(slot + 1) % LANDING_RING];
        ASSERT(next->count + due->count <= next->room);
        for (uint32_t i = 0; i < due->count; i++) next->items[next->count++] = due->items[i];
    } else {
        int64_t seen_ns = consensus->blocks[index].freeze_ns;
        for (uint32_t i = 0; i < due->count; i++) {
            if (consensus->blocks[due->items[i].block].is_lost)
                continue; /* a vote for nothing this fork knows */
            see_vote(consensus, due->items[i].block, due->items[i].validator, seen_ns);
            root(consensus, &due->items[i], seen_ns);
        }
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
    final_ns = later(final_ns, consensus->blocks[block->parent].confirmed_ns);
    block->confirmed_ns = block->finalized_ns = final_ns;
    consensus->open_height = block->height + 1;
}
