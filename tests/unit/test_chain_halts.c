/* tests/unit/test_chain_halts.c: what a halt does to slots and transactions, drawn and by counting votes. */
#include "base/units.h"
#include "sim/chain.h"
#include "sim/chain_slots.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

TestSuite(chain_halts, .timeout = 60);

enum { FIRST_S = 120, LAST_S = 720, SLOTS = 4000 };

static struct chain_profile profile_of(const char *fidelity)
{
    const char *const SETS[] = {"outage.duration_ms=600000", fidelity, NULL};
    struct chain_profile profile;
    struct diag diag = {0};
    cr_assert(eq(int, chain_profile_load_with(&profile, "scenarios/chain", "outage", SETS, &diag), OK), "%s",
              diag.text);
    profile.validators = 150; /* of the mechanism; a table does not ask */
    return profile;
}

static void check_slots(const char *fidelity)
{
    struct chain_profile profile = profile_of(fidelity);
    struct chain_slots slots;
    uint32_t last = 0, dropped = 0, off = 0, after = 0;
    cr_assert(chain_slots_open(&slots, &profile, 1, 0) == OK);
    cr_assert(chain_slots_reach_slot(&slots, SLOTS) == OK);
    for (uint32_t i = 0; i < SLOTS; i++) {
        const struct chain_slot *slot = &slots.slots[i];
        cr_assert(slot->start_ns < FIRST_S * NS_PER_S || slot->start_ns >= LAST_S * NS_PER_S, "slot %u", i);
        if (slot->start_ns < FIRST_S * NS_PER_S) last = i;
        if (slot->start_ns < LAST_S * NS_PER_S) continue;
        after++;
        off += slot->state == SLOT_SKIPPED;
    }
    /* What was built last was processed, and is lost; what stood below is confirmed before the halt. */
    const struct chain_halt *halt = chain_causes_halt_at(&slots.causes, (FIRST_S + 1) * NS_PER_S);
    cr_assert(halt != NULL && halt->dropped > 0);
    for (uint32_t i = last; slots.slots[i].state != SLOT_BLOCK; i--)
        dropped += slots.slots[i].state == SLOT_ABANDONED;
    cr_assert(dropped >= halt->dropped && dropped <= halt->dropped + 2 * CHAIN_WINDOW, "%u, %u", dropped,
              halt->dropped);
    cr_assert(slots.slots[slots.by_height[slots.slots[last].height]].confirmed_ns < FIRST_S * NS_PER_S);
    cr_assert(slots.slots[last + 1].start_ns == LAST_S * NS_PER_S ||
              slots.slots[last + 1].state == SLOT_BLOCK);
    cr_assert(off * 100 > after * 5 && off * 100 < after * 15, "%u of %u", off, after);
    cr_assert(chain_causes_halt_at(&slots.causes, (LAST_S + 1) * NS_PER_S) == NULL);
    chain_slots_close(&slots);
}

Test(chain_halts, no_slot_begins_and_the_unconfirmed_tail_is_dropped_when_drawn)
{
    check_slots("chain.fidelity=empirical");
}

Test(chain_halts, no_slot_begins_and_the_unconfirmed_tail_is_dropped_when_votes_are_counted)
{
    check_slots("chain.fidelity=mechanistic");
}

static void check_transaction(const char *fidelity)
{
    struct chain_profile profile = profile_of(fidelity);
    profile.transient_chance = 0;
    for (int path = 0; path < CHAIN_PATHS; path++) profile.calm.path[path].drop_chance = 0;
    const struct chain_options options = {.profile = &profile, .path = CHAIN_STAKED, .seed = 1};
    struct chain *chain;
    cr_assert(chain_open(&chain, &options) == OK);
    for (uint64_t task = 1; task < 50; task++) {
        /* Ten minutes are many lives of a blockhash by the clock, but none by blocks. */
        const struct chain_request request = {.now_ns = (FIRST_S + 1 + (int64_t)task) * NS_PER_S,
                                              .task = task};
        struct chain_fate fate;
        cr_assert(chain_submit(chain, &request, &fate) == OK);
        cr_assert(eq(int, fate.verdict, CHAIN_LANDS));
        cr_assert(fate.processed_ns > LAST_S * NS_PER_S && fate.processed_ns < (LAST_S + 20) * NS_PER_S);
    }
    chain_free(chain);
}

Test(chain_halts, a_transaction_sent_in_a_halt_lands_after_the_restart)
{
    check_transaction("chain.fidelity=empirical");
    check_transaction("chain.fidelity=mechanistic");
}
