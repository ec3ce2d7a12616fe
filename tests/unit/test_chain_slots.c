/* tests/unit/test_chain_slots.c: the slots of the modelled chain against what was measured
 * of the real one (chain.md B and C), and against what must hold whatever the numbers. */
#include "base/units.h"
#include "sim/chain_slots.h"
#include "tests/lib/sample.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

TestSuite(chain_slots, .timeout = 60);

enum { SLOTS = 20000 };

static struct chain_profile profile_of(const char *name)
{
    struct chain_profile profile;
    struct diag diag = {0};
    cr_assert(chain_profile_load(&profile, "scenarios/chain", name, &diag) == OK, "%s", diag.text);
    return profile;
}

struct slot_figures {
    double mean_ms, skip_pct, abandoned_pct, interval_ms;
    struct sample confirm, processed, finalized;
};

static void figures_close(struct slot_figures *figures)
{
    sample_close(&figures->confirm);
    sample_close(&figures->processed);
    sample_close(&figures->finalized);
}

static struct slot_figures figures_of(const char *name, uint64_t seed)
{
    struct chain_profile profile = profile_of(name);
    struct chain_slots slots;
    struct slot_figures figures = {0};
    uint32_t skipped = 0, abandoned = 0;
    cr_assert(chain_slots_open(&slots, &profile, seed, 0) == OK);
    cr_assert(chain_slots_reach_slot(&slots, SLOTS - 1) == OK);
    figures.confirm = sample_open(SLOTS);
    figures.processed = sample_open(SLOTS);
    figures.finalized = sample_open(SLOTS);
    int64_t end_ns = slots.slots[SLOTS - 1].end_ns;
    uint32_t blocks = slots.slots[SLOTS - 1].height;
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct chain_slot slot = slots.slots[i];
        int64_t finalized_ns;
        skipped += slot.state == SLOT_SKIPPED;
        abandoned += slot.state == SLOT_ABANDONED;
        if (slot.state != SLOT_BLOCK) continue;
        cr_assert(chain_slots_finalized_ns(&slots, slot.height, &finalized_ns) == OK);
        sample_add(&figures.confirm, slot.confirmed_ns - slot.freeze_ns);
        sample_add(&figures.processed, slot.freeze_ns - slot.start_ns);
        sample_add(&figures.finalized, finalized_ns - slot.start_ns);
    }
    figures.mean_ms = (double)end_ns / SLOTS / 1e6;
    figures.interval_ms = (double)end_ns / blocks / 1e6;
    figures.skip_pct = 100.0 * (skipped + abandoned) / SLOTS;
    figures.abandoned_pct = 100.0 * abandoned / (SLOTS - skipped);
    chain_slots_close(&slots);
    return figures;
}

Test(chain_slots, mainnet_keeps_its_published_pace)
{
    struct slot_figures figures = figures_of("mainnet", 1);
    expect_near("V2 mean slot ms", figures.mean_ms, 214, 214 * .04);
    expect_near("V9 blockhash life s", figures.interval_ms * 150 / 1000, 32, 2);
    expect_near("skip %", figures.skip_pct, .30, .2);
    expect_near("abandoned %", figures.abandoned_pct, .22, .15);
    expect_near("V4 frozen to confirmed p50", sample_ms_at(&figures.confirm, .5), 149, 10);
    expect_near("frozen to confirmed p90", sample_ms_at(&figures.confirm, .9), 194, 10);
    expect_near("frozen to confirmed p99", sample_ms_at(&figures.confirm, .99), 228, 15);
    expect_near("start to processed p50", sample_ms_at(&figures.processed, .5), 277, 10);
    expect_near("start to processed p90", sample_ms_at(&figures.processed, .9), 357, 15);
    expect_near("start to finalized p50", sample_ms_at(&figures.finalized, .5), 7200, 200);
    figures_close(&figures);
}

Test(chain_slots, legacy400_keeps_its_published_pace)
{
    struct slot_figures figures = figures_of("mainnet-legacy400", 1);
    expect_near("V1 mean slot ms", figures.mean_ms, 407, 7 + 407 * .03);
    cr_expect(figures.skip_pct >= .05 && figures.skip_pct <= .6, "V3 skip %g %%", figures.skip_pct);
    expect_near("V4 frozen to confirmed p50", sample_ms_at(&figures.confirm, .5), 149, 149 * .25);
    expect_near("V9 blockhash life s", figures.interval_ms * 150 / 1000, 63, 3 + 63 * .03);
    expect_near("start to finalized p50", sample_ms_at(&figures.finalized, .5), 13300, 400);
    figures_close(&figures);
}

Test(chain_slots, congested_is_as_slow_as_reported)
{
    struct slot_figures figures = figures_of("congested", 1);
    expect_near("mean slot ms", figures.mean_ms, 430, 25);
    expect_near("skip %", figures.skip_pct, 4, 1);
    expect_near("abandoned %", figures.abandoned_pct, 1.9, .6);
    expect_near("frozen to confirmed p50", sample_ms_at(&figures.confirm, .5), 339, 25);
    expect_near("start to processed p90", sample_ms_at(&figures.processed, .9), 762, 90);
    expect_near("start to finalized p50", sample_ms_at(&figures.finalized, .5), 14600, 1500);
    figures_close(&figures);
}

Test(chain_slots, slots_keep_their_laws)
{
    /* V6 and V11: order of processed, confirmed, finalized; heights without gaps; at least 32 deep. */
    struct chain_profile profile = profile_of("congested");
    struct chain_slots slots;
    int64_t frozen_ns = 0, confirmed_ns = 0, final_ns = 0;
    uint32_t height = 0;
    cr_assert(chain_slots_open(&slots, &profile, 3, 0) == OK);
    cr_assert(chain_slots_reach_slot(&slots, SLOTS - 1) == OK);
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct chain_slot slot = slots.slots[i];
        cr_assert(slot.start_ns < slot.end_ns && (i == 0 || slot.start_ns >= slots.slots[i - 1].end_ns));
        cr_assert(eq(u32, chain_slots_at(&slots, slot.start_ns), i));
        cr_assert(eq(i64, slot.reverted_ns, NEVER_NS));
        if (slot.state != SLOT_BLOCK) {
            cr_assert(eq(u32, slot.height, height));
            continue;
        }
        int64_t finalized_ns, at_32_ns, at_64_ns;
        cr_assert(eq(u32, slot.height, ++height));
        cr_assert(slot.freeze_ns > frozen_ns && slot.freeze_ns > slot.end_ns);
        cr_assert(slot.confirmed_ns >= confirmed_ns && slot.confirmed_ns >= slot.freeze_ns);
        cr_assert(chain_slots_finalized_ns(&slots, height, &finalized_ns) == OK);
        cr_assert(chain_slots_reach_height(&slots, height + 64) == OK);
        at_32_ns = slots.slots[slots.by_height[height + 32]].freeze_ns + 25 * NS_PER_MS;
        at_64_ns = slots.slots[slots.by_height[height + 64]].freeze_ns + 25 * NS_PER_MS;
        cr_assert(finalized_ns >= at_32_ns && finalized_ns < at_64_ns && finalized_ns >= final_ns);
        cr_assert(finalized_ns > slot.confirmed_ns);
        final_ns = finalized_ns;
        frozen_ns = slot.freeze_ns;
        confirmed_ns = slot.confirmed_ns;
    }
    chain_slots_close(&slots);
}

Test(chain_slots, does_not_depend_on_how_far_it_was_grown_first)
{
    struct chain_profile profile = profile_of("mainnet-mixed");
    struct chain_slots steps, leap;
    cr_assert(chain_slots_open(&steps, &profile, 5, 2) == OK);
    cr_assert(chain_slots_open(&leap, &profile, 5, 2) == OK);
    cr_assert(chain_slots_reach_slot(&leap, 5000) == OK);
    for (uint32_t i = 0; i <= 5000; i += 37) cr_assert(chain_slots_reach_slot(&steps, i) == OK);
    for (uint32_t i = 0; i < steps.count && i < leap.count; i++) {
        cr_assert(eq(i64, steps.slots[i].freeze_ns, leap.slots[i].freeze_ns));
        cr_assert(eq(i64, steps.slots[i].confirmed_ns, leap.slots[i].confirmed_ns));
    }
    chain_slots_close(&steps);
    chain_slots_close(&leap);
}

Test(chain_slots, mixed_is_busy_for_a_twentieth_of_the_time)
{
    struct chain_profile profile = profile_of("mainnet-mixed");
    int64_t busy_ns = 0, all_ns = 0;
    cr_assert(eq(i64, profile.busy.slot_target_ns, profile.calm.slot_target_ns));
    for (uint64_t seed = 1; seed <= 4; seed++) { /* spells are few: 300 s from one busy one to the next */
        struct chain_slots slots;
        cr_assert(chain_slots_open(&slots, &profile, seed, 0) == OK);
        cr_assert(chain_slots_reach_slot(&slots, 1000000) == OK);
        for (uint32_t i = 0; i < slots.count; i++)
            if (slots.slots[i].is_busy) busy_ns += slots.slots[i].end_ns - slots.slots[i].start_ns;
        all_ns += slots.next_start_ns;
        chain_slots_close(&slots);
    }
    expect_near("busy share", (double)busy_ns / (double)all_ns, .05, .006);
}
