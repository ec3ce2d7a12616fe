/* tests/sim/test_consensus.c: what no chain may do, over tens of thousands of slots, forks and empty windows.
 */
#include "base/units.h"
#include "sim/consensus.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

TestSuite(consensus, .timeout = 120);

static struct chain_profile profile;
static struct chain_causes causes[3]; /* of the last chains */
static uint32_t opened;

static struct consensus *open_chain(const char *name, int64_t validators, uint64_t seed)
{
    struct diag diag = {0};
    struct consensus *consensus = NULL;
    cr_assert(chain_profile_load(&profile, "scenarios/chain", name, &diag) == OK, "%s", diag.text);
    profile.validators = validators;
    struct rng rng = rng_keyed(seed, 0);
    struct chain_causes *mine = &causes[opened++ % 3];
    chain_causes_close(mine);
    cr_assert(eq(int, chain_causes_open(mine, &profile, &rng), OK));
    cr_assert(eq(int, consensus_open(&consensus, mine), OK));
    return consensus;
}

struct tally {
    uint32_t blocks, skipped, lost, off_depth;
    int64_t end_ns;
};

/* Slots in order; processed, confirmed and finalized in order, each block after its parent. */
static struct tally walk(struct consensus *consensus, uint32_t slots)
{
    struct tally tally = {0};
    struct consensus_slot before = {0}, slot;
    int64_t final_before_ns = 0, final_ns, began_ns = 0;
    for (uint32_t i = 0; i < slots; i++) {
        cr_assert(eq(int, consensus_slot(consensus, i, &slot), OK));
        cr_assert(slot.start_ns >= began_ns && slot.end_ns > slot.start_ns, "slot %u", i);
        began_ns = slot.start_ns;
        tally.end_ns = slot.end_ns;
        tally.skipped += slot.state == CONSENSUS_SKIPPED;
        tally.lost += slot.state == CONSENSUS_LOST;
        if (slot.state != CONSENSUS_BLOCK) continue;
        tally.blocks++;
        cr_assert(eq(int, consensus_finalized_ns(consensus, i, &final_ns), OK));
        cr_assert(slot.freeze_ns > before.freeze_ns, "slot %u", i);
        cr_assert(slot.freeze_ns > slot.end_ns, "slot %u", i);
        cr_assert(slot.confirmed_ns >= slot.freeze_ns && slot.confirmed_ns >= before.confirmed_ns, "slot %u",
                  i);
        cr_assert(final_ns >= slot.confirmed_ns && final_ns >= final_before_ns, "slot %u", i);
        before = slot;
        final_before_ns = final_ns;
    }
    return tally;
}

Test(consensus, news_are_in_order_on_every_profile)
{
    const char *const NAMES[] = {"mainnet", "mainnet-legacy400", "congested", "devnet", "alpenglow"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        struct consensus *consensus = open_chain(NAMES[i], 200, 1 + i);
        struct tally tally = walk(consensus, 4000);
        cr_assert(tally.blocks + tally.skipped + tally.lost == 4000);
        consensus_free(consensus);
    }
}

/* The height of each block's finality: how many blocks stood on it when it was final. */
Test(consensus, a_block_is_final_when_thirty_two_or_three_stand_on_it)
{
    struct consensus *consensus = open_chain("mainnet", 100, 3);
    enum { SLOTS = 4000 };
    static int64_t freeze_ns[SLOTS], final_ns[SLOTS];
    uint32_t count = 0, within = 0;
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct consensus_slot slot;
        cr_assert(eq(int, consensus_slot(consensus, i, &slot), OK));
        if (slot.state != CONSENSUS_BLOCK) continue;
        cr_assert(eq(int, consensus_finalized_ns(consensus, i, &final_ns[count]), OK));
        freeze_ns[count++] = slot.freeze_ns;
    }
    for (uint32_t i = 0; i + 64 < count; i++) {
        uint32_t depth = 0;
        while (freeze_ns[i + depth] < final_ns[i]) depth++;
        depth--; /* the block that carried the last vote */
        cr_assert(depth >= 32, "block %u at depth %u", i, depth);
        within += depth <= 33;
    }
    /* Skipped windows let votes expire: those roots come a few blocks later. */
    cr_assert(within * 100 > (count - 64) * 90, "%u of %u", within, count - 64);
    consensus_free(consensus);
}

Test(consensus, late_blocks_fork_and_the_loser_is_never_confirmed)
{
    struct consensus *consensus = open_chain("congested", 250, 5);
    struct tally tally = walk(consensus, 6000); /* asserts inside that nothing confirmed is lost */
    cr_assert(tally.lost > 20, "%u", tally.lost);
    cr_assert(tally.lost * 10 < 6000);
    consensus_free(consensus);
}

Test(consensus, one_validator_alone_confirms_what_it_makes)
{
    struct consensus *consensus = open_chain("localnet", 1, 1);
    struct tally tally = walk(consensus, 500);
    cr_assert(eq(u32, tally.blocks, 500));
    cr_assert(eq(i64, tally.end_ns, 500 * 400 * NS_PER_MS));
    consensus_free(consensus);
}

Test(consensus, without_two_thirds_of_the_votes_nothing_is_decided)
{
    struct consensus *consensus = open_chain("mainnet", 50, 1);
    profile.calm.participation = 0; /* of the stake, for good */
    struct consensus_slot slot;
    cr_assert(eq(int, consensus_slot(consensus, 0, &slot), ERR_LIMIT));
    consensus_free(consensus);
}

/* Of forty the first has more than a third of the stake: while it is down nothing is confirmed. */
Test(consensus, a_chain_without_two_thirds_for_a_while_goes_on_and_confirms_it_all_later)
{
    const char *const NAMES[] = {"mainnet", "alpenglow"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        struct consensus *consensus = open_chain(NAMES[i], 40, 1);
        struct consensus_slot slot;
        int64_t longest_ns = 0;
        profile.calm.participation = 0.75;
        for (uint32_t at = 0; at < 20000; at++) {
            cr_assert(eq(int, consensus_slot(consensus, at, &slot), OK));
            if (slot.state != CONSENSUS_BLOCK) continue;
            int64_t waited_ns = slot.confirmed_ns - slot.freeze_ns;
            if (waited_ns > longest_ns) longest_ns = waited_ns;
        }
        cr_assert(longest_ns > 60 * NS_PER_S, "%g s", (double)longest_ns / NS_PER_S);
        consensus_free(consensus);
    }
}

/* ---- any allowed parameters ---- */

static const struct range {
    const char *key;
    double least, most;
} RANGES[] = {
    {"slot.target_ms", 20, 10000},    {"slot.factor", 0.1, 10},
    {"slot.leader_sigma", 0, 3},      {"slot.slot_sigma", 0, 3},
    {"validators.count", 1, 60},      {"validators.stake_sigma", 0, 3},
    {"window.off_chance", 0, 0.5},    {"late.chance", 0, 1},
    {"late.least_ms", 0, 600000},     {"late.exponent", 0.1, 10},
    {"fork.grace_slots", 0, 100},     {"freeze.replay_ms", 0, 2000},
    {"freeze.replay_sigma", 0, 3},    {"freeze.common_sigma", 0, 3},
    {"votes.participation", 0.75, 1}, {"votes.gossip_ms", 0, 600000},
    {"votes.gossip_sigma", 0, 3},     {"geography.detour", 0, 10},
    {"geography.jitter_sigma", 0, 3}, {"geography.rpc_hop_ms", 0, 600000},
};
enum { RANGE_COUNT = sizeof RANGES / sizeof *RANGES, SETS = 6, SET_BYTES = 64 };

/* A bound, or anything between: small values as often as large ones. */
static double any_value(const struct range *range, struct draw *draw)
{
    double kind = draw_unit(draw), at = draw_unit(draw);
    if (kind < 0.2) return range->least;
    if (kind < 0.4) return range->most;
    return range->least + (range->most - range->least) * at * at * at;
}

static void any_sets(char texts[SETS][SET_BYTES], const char *sets[SETS + 2], const struct rng *rng,
                     uint32_t round)
{
    for (uint32_t i = 0; i < SETS; i++) {
        struct draw draw = draw_at(rng, RNG_SLOT, round, i * 16);
        const struct range *range = &RANGES[draw_below(&draw, RANGE_COUNT)];
        double value = any_value(range, &draw);
        bool is_whole = range->most >= 60 && range->most != 100;
        snprintf(texts[i], SET_BYTES, is_whole ? "%s=%.0f" : "%s=%.4f", range->key, value);
        sets[i] = texts[i];
    }
    sets[SETS] = "chain.fidelity=mechanistic";
    sets[SETS + 1] = NULL;
}

/* Few validators, few slots, many parameters: news in order, or one clear error. */
static err short_walk(const struct chain_profile *any, uint64_t seed)
{
    struct rng rng = rng_keyed(seed, 0);
    struct chain_causes mine = {0};
    struct consensus *consensus = NULL;
    struct consensus_slot slot;
    int64_t before_ns = 0, final_ns;
    cr_assert(eq(int, chain_causes_open(&mine, any, &rng), OK));
    cr_assert(eq(int, consensus_open(&consensus, &mine), OK));
    err e = OK;
    for (uint32_t i = 0; i < 2000 && e == OK; i++) {
        e = consensus_slot(consensus, i, &slot);
        if (e != OK || slot.state != CONSENSUS_BLOCK) continue;
        cr_assert(slot.confirmed_ns >= slot.freeze_ns && slot.confirmed_ns >= before_ns, "slot %u", i);
        before_ns = slot.confirmed_ns;
        e = consensus_finalized_ns(consensus, i, &final_ns);
        if (e == OK) cr_assert(final_ns >= slot.confirmed_ns, "slot %u", i);
    }
    consensus_free(consensus);
    chain_causes_close(&mine);
    return e;
}

Test(consensus, any_allowed_parameters_give_a_chain_or_say_that_it_cannot_keep_up)
{
    const char *const NAMES[] = {"mainnet", "congested", "alpenglow"};
    enum { ROUNDS = 240 };
    struct rng rng = rng_keyed(11, 0);
    uint32_t limits = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        char texts[SETS][SET_BYTES];
        const char *sets[SETS + 2];
        struct diag diag = {0};
        struct chain_profile any;
        any_sets(texts, sets, &rng, round);
        err e = chain_profile_load_with(&any, "scenarios/chain", NAMES[round % 3], sets, &diag);
        cr_assert(eq(int, e, OK), "%s", diag.text);
        if (any.validators > 60) any.validators = 60;

        e = short_walk(&any, round);
        cr_assert(e == OK || e == ERR_LIMIT, "round %u", round);
        limits += e == ERR_LIMIT;
    }
    cr_assert(limits * 10 <= ROUNDS, "%u of %d", limits, ROUNDS);
}

Test(consensus, the_same_seed_gives_the_same_chain_and_another_another)
{
    struct consensus *one = open_chain("mainnet", 30, 7), *two = open_chain("mainnet", 30, 7),
                     *other = open_chain("mainnet", 30, 8);
    struct consensus_slot a, b, c;
    cr_assert(eq(int, consensus_slot(two, 400, &b), OK)); /* asked in another order */
    cr_assert(eq(int, consensus_slot(one, 100, &a), OK));
    cr_assert(eq(int, consensus_slot(one, 400, &a), OK));
    cr_assert(eq(int, consensus_slot(other, 400, &c), OK));
    cr_assert(a.start_ns == b.start_ns && a.freeze_ns == b.freeze_ns && a.confirmed_ns == b.confirmed_ns);
    cr_assert(a.start_ns != c.start_ns);
    consensus_free(one);
    consensus_free(two);
    consensus_free(other);
}
