/* sim/chain_tabulate.c: walks a chain by mechanism beside its causes. */
#include "sim/chain_tabulate.h"
#include "base/units.h"
#include "sim/chain_slots.h"
#include <stdlib.h>
#include <string.h>

enum { AHEAD_SLOTS = 256, LEAST_SLOTS = 5000 };

struct delay {
    int64_t freeze_us, confirm_us; /* confirm: -1 not known */
};

struct walk {
    struct chain_slots slots;
    struct chain_causes causes; /* its own, for the same draws */
    struct chain_table *table;
    struct delay *delays;
    int64_t *waits_us[CHAIN_OVERHANGS];
    uint32_t delay_count, wait_count[CHAIN_OVERHANGS], room;
    int64_t sent_ns, freeze_before_ns, confirmed_before_ns;
};

/* ---- what is seen ---- */

static int64_t late_ns(struct walk *walk, const struct chain_window *window, uint32_t slot)
{
    return chain_causes_late_ns(&walk->causes, window, slot);
}

/* A block that waits for its parent, to be frozen or to be confirmed, says nothing about its own delay; the
 * empirical chain makes it wait again. */
static void see_delays(struct walk *walk, const struct chain_slot *slot, int64_t sent_ns)
{
    bool has_waited = slot->confirmed_ns == walk->confirmed_before_ns;
    int64_t confirm_us = has_waited ? -1 : (slot->confirmed_ns - slot->freeze_ns) / NS_PER_US;
    if (slot->freeze_ns != walk->freeze_before_ns + 1)
        walk->delays[walk->delay_count++] =
            (struct delay){.freeze_us = (slot->freeze_ns - sent_ns) / NS_PER_US, .confirm_us = confirm_us};
    walk->freeze_before_ns = slot->freeze_ns;
    walk->confirmed_before_ns = slot->confirmed_ns;
}

static err see_depth(struct walk *walk, uint32_t slot)
{
    struct chain_slots *slots = &walk->slots;
    uint32_t height = slots->slots[slot].height, depth = 0;
    int64_t final_ns;
    TRY(chain_slots_finalized_ns(slots, height, &final_ns));
    final_ns -= slots->profile->finality_tick_ns;
    TRY(chain_slots_reach_height(slots, height + CHAIN_FINAL_DEPTH + CHAIN_DEPTHS));
    const uint32_t *last = &slots->by_height[height + CHAIN_FINAL_DEPTH];
    while (depth + 1 < CHAIN_DEPTHS && slots->slots[last[depth]].freeze_ns < final_ns) depth++;
    walk->table->depth[chain_table_gap(last[0] - slot - CHAIN_FINAL_DEPTH)][depth]++;
    return OK;
}

/* Blocks in a row that are lost to a fork, from this slot on; step -1: up to it. */
static uint32_t lost_run(struct walk *walk, uint32_t slot, int step, const struct chain_window *window)
{
    uint32_t count = 0;
    for (; count < CHAIN_WINDOW; count++, slot += (uint32_t)step) {
        bool is_lost = walk->slots.slots[slot].state == SLOT_ABANDONED &&
                       !chain_causes_times_out(&walk->causes, window, late_ns(walk, window, slot));
        if (!is_lost) break;
    }
    return count;
}

/* What the late blocks before this window cost: `tail` of them are lost, or the first of its own. */
static uint32_t see_handover(struct walk *walk, const struct chain_window *window, uint32_t first,
                             uint32_t tail)
{
    const struct chain_slot *slot = &walk->slots.slots[first];
    int64_t before_ns = first ? slot[-1].end_ns : 0;
    uint32_t row = chain_table_overhang(walk->sent_ns - before_ns, window->regime->slot_target_ns);
    uint32_t lost = tail ? CHAIN_LOSSES - 1 : row ? lost_run(walk, first, 1, window) : 0;
    walk->waits_us[row][walk->wait_count[row]++] = (slot->start_ns - before_ns) / NS_PER_US;
    walk->table->lost[row][lost]++;
    return tail ? 0 : lost;
}

static err see_window(struct walk *walk, uint32_t first, uint32_t *tail)
{
    struct chain_window window;
    TRY(chain_causes_window(&walk->causes, first / CHAIN_WINDOW, walk->slots.slots[first].start_ns, &window));
    if (window.is_off) return OK;
    uint32_t lost = see_handover(walk, &window, first, *tail);
    *tail = lost == CHAIN_WINDOW ? 0 : lost_run(walk, first + CHAIN_WINDOW - 1, -1, &window);
    for (uint32_t i = first; i < first + CHAIN_WINDOW; i++) {
        const struct chain_slot slot = walk->slots.slots[i]; /* a copy: the table grows */
        int64_t sent_ns = slot.end_ns + late_ns(walk, &window, i);
        bool is_tip = slot.state == SLOT_BLOCK || i + *tail >= first + CHAIN_WINDOW;
        if (is_tip && slot.state != SLOT_SKIPPED && sent_ns > walk->sent_ns) walk->sent_ns = sent_ns;
        if (slot.state != SLOT_BLOCK) continue;
        see_delays(walk, &slot, sent_ns);
        if (!walk->slots.profile->is_alpenglow) TRY(see_depth(walk, i));
    }
    return OK;
}

/* ---- tables of what was seen ---- */

static int by_us(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int by_freeze(const void *a, const void *b)
{
    const struct delay *left = a, *right = b;
    int order = by_us(&left->freeze_us, &right->freeze_us);
    return order ? order : by_us(&left->confirm_us, &right->confirm_us);
}

static void quantiles(int64_t *us, uint32_t count, int64_t out[CHAIN_QUANTILES])
{
    qsort(us, count, sizeof *us, by_us);
    for (int i = 0; i < CHAIN_QUANTILES; i++)
        out[i] = us[(uint64_t)CHAIN_QUANTILE_RANKS[i] * (count - 1) / CHAIN_RANKS];
}

static void tabulate_delays(struct walk *walk)
{
    uint32_t count = walk->delay_count;
    int64_t *us = walk->waits_us[0]; /* as large, and done with */
    qsort(walk->delays, count, sizeof *walk->delays, by_freeze);
    for (uint32_t i = 0; i < count; i++) us[i] = walk->delays[i].freeze_us;
    quantiles(us, count, walk->table->freeze_us);
    for (uint32_t bin = 0; bin < CHAIN_FREEZE_BINS; bin++) {
        uint32_t from = (uint32_t)((uint64_t)count * bin / CHAIN_FREEZE_BINS),
                 until = (uint32_t)((uint64_t)count * (bin + 1) / CHAIN_FREEZE_BINS), known = 0;
        for (uint32_t i = from; i < until; i++)
            if (walk->delays[i].confirm_us >= 0) us[known++] = walk->delays[i].confirm_us;
        if (known) quantiles(us, known, walk->table->confirm_us[bin]);
    }
}

static bool is_empty(const int64_t *counts, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        if (counts[i]) return false;
    return true;
}

/* A condition that never came up gets what the one before it has: a little less of the same. */
static void tabulate_rest(struct walk *walk)
{
    struct chain_table *table = walk->table;
    for (uint32_t row = 0; row < CHAIN_OVERHANGS; row++) {
        if (walk->wait_count[row])
            quantiles(walk->waits_us[row], walk->wait_count[row], table->handover_us[row]);
        else if (row)
            memcpy(table->handover_us[row], table->handover_us[row - 1], sizeof table->handover_us[row]);
        if (row && is_empty(table->lost[row], CHAIN_LOSSES))
            memcpy(table->lost[row], table->lost[row - 1], sizeof table->lost[row]);
    }
    for (uint32_t row = 1; row < CHAIN_GAPS; row++)
        if (is_empty(table->depth[row], CHAIN_DEPTHS))
            memcpy(table->depth[row], table->depth[row - 1], sizeof table->depth[row]);
}

/* ---- the walk ---- */

static bool allocate(struct walk *walk, uint32_t slots)
{
    walk->room = slots + CHAIN_TABULATED_RUNS * CHAIN_WINDOW;
    walk->delays = malloc(walk->room * sizeof *walk->delays);
    bool is_whole = walk->delays;
    for (int i = 0; i < CHAIN_OVERHANGS; i++) {
        walk->waits_us[i] = malloc(walk->room * sizeof *walk->waits_us[i]);
        is_whole = is_whole && walk->waits_us[i];
    }
    return is_whole;
}

static void walk_close(struct walk *walk)
{
    for (int i = 0; i < CHAIN_OVERHANGS; i++) free(walk->waits_us[i]);
    free(walk->delays);
}

static err walk_slots(struct walk *walk, uint32_t slots)
{
    uint32_t tail = 0;
    walk->sent_ns = walk->freeze_before_ns = walk->confirmed_before_ns = 0;
    TRY(chain_slots_reach_slot(&walk->slots, slots + AHEAD_SLOTS));
    for (uint32_t i = 0; i < slots; i += CHAIN_WINDOW) TRY(see_window(walk, i, &tail));
    return OK;
}

static err walk_run(struct walk *walk, const struct chain_profile *profile, uint64_t seed, uint32_t slots)
{
    struct rng rng = rng_keyed(seed, 0);
    TRY(chain_causes_open(&walk->causes, profile, &rng));
    err e = chain_slots_open(&walk->slots, profile, seed, 0);
    if (e == OK) {
        e = walk_slots(walk, slots);
        chain_slots_close(&walk->slots);
    }
    chain_causes_close(&walk->causes);
    return e;
}

static err walk_all(struct walk *walk, const struct chain_tabulation *order)
{
    struct chain_profile profile = *order->profile;
    profile.fidelity = CHAIN_MECHANISTIC;
    profile.has_outage = false;
    if (!allocate(walk, order->slots)) return ERR_NOMEM;
    for (uint32_t i = 0; i < CHAIN_TABULATED_RUNS; i++)
        TRY(walk_run(walk, &profile, order->seed + i, order->slots / CHAIN_TABULATED_RUNS));
    if (profile.is_alpenglow) walk->table->depth[0][0] = 1; /* not used: confirmed is final */
    tabulate_rest(walk); /* before the delays, which need the room of the waits */
    tabulate_delays(walk);
    return OK;
}

err chain_tabulate(struct chain_table *out, const struct chain_tabulation *order, struct diag *diag)
{
    struct chain_table table = {0};
    struct walk walk = {.table = &table};
    if (order->profile->is_fixed || order->profile->is_mixed)
        return diag_fail(diag, ERR_RANGE,
                         "%s has no table of its own: tabulate the profiles that it is made of",
                         order->profile->name);
    if (order->slots < LEAST_SLOTS)
        return diag_fail(diag, ERR_RANGE, "%u slots tell too little: at least %d", order->slots, LEAST_SLOTS);
    err e = walk_all(&walk, order);
    walk_close(&walk);
    if (e == OK) *out = table;
    return e == OK ? OK : diag_fail(diag, e, "%s: %s", order->profile->name, chain_slots_why(e));
}
