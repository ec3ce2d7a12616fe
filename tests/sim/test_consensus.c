/* tests/sim/test_consensus.c: what no chain may do, over tens of thousands of slots, forks and empty windows.
 */
#include "base/units.h"
#include "sim/consensus.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

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
    profile.calm.participation = 0.5; /* of the stake, for a while */
    struct consensus_slot slot;
    cr_assert(eq(int, consensus_slot(consensus, 0, &slot), ERR_LIMIT));
    consensus_free(consensus);
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
