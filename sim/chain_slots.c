/* sim/chain_slots.c: the table of slots, how it grows by counting votes, and who stands where in it. */
#include "sim/chain_slots.h"
#include "base/assert.h"
#include "base/pages.h"
#include "sim/consensus.h"
#include <stdlib.h>

enum { SLOTS_MAX = INT32_MAX };

err chain_slots_make_room(struct chain_slots *slots)
{
    if (slots->count + CHAIN_WINDOW <= slots->room) return OK;
    if (slots->room > SLOTS_MAX / 2) return ERR_LIMIT;
    uint32_t room = slots->room * 2;
    struct chain_slot *grown = realloc(slots->slots, room * sizeof *grown);
    if (!grown) return ERR_NOMEM;
    slots->slots = grown;
    uint32_t *heights = realloc(slots->by_height, (room + 1) * sizeof *heights);
    if (!heights) return ERR_NOMEM;
    slots->by_height = heights;
    uint32_t *finals = realloc(slots->drawn.finals, (room + 1) * sizeof *finals);
    if (!finals) return ERR_NOMEM;
    slots->drawn.finals = finals;
    slots->room = room;
    return OK;
}

/* -- by mechanism -- */

static const uint8_t STATES[] = {
    [CONSENSUS_SKIPPED] = SLOT_SKIPPED, [CONSENSUS_LOST] = SLOT_ABANDONED, [CONSENSUS_BLOCK] = SLOT_BLOCK};

static err grow_voted(struct chain_slots *slots)
{
    TRY(chain_slots_make_room(slots));
    for (int i = 0; i < CHAIN_WINDOW; i++) {
        struct consensus_slot made;
        TRY(consensus_slot(slots->consensus, slots->count, &made));
        if (made.state == CONSENSUS_BLOCK) slots->by_height[++slots->height_count] = slots->count;
        slots->slots[slots->count++] = (struct chain_slot){.start_ns = made.start_ns,
                                                           .end_ns = made.end_ns,
                                                           .freeze_ns = made.freeze_ns,
                                                           .confirmed_ns = made.confirmed_ns,
                                                           .reverted_ns = NEVER_NS,
                                                           .height = slots->height_count,
                                                           .state = STATES[made.state],
                                                           .is_busy = made.is_busy};
        slots->next_start_ns = made.end_ns;
    }
    return OK;
}

/* -- the handle -- */

static err allocate(struct chain_slots *slots)
{
    slots->slots = malloc(slots->room * sizeof *slots->slots);
    slots->by_height = calloc(slots->room + (size_t)1, sizeof *slots->by_height);
    slots->drawn.finals = calloc(slots->room + (size_t)1, sizeof *slots->drawn.finals);
    return slots->slots && slots->by_height && slots->drawn.finals ? OK : ERR_NOMEM;
}

err chain_slots_open(struct chain_slots *out, const struct chain_profile *profile, uint64_t seed,
                     uint32_t replication)
{
    ASSERT(!profile->is_fixed);
    *out = (struct chain_slots){.profile = profile,
                                .rng = rng_keyed(seed, replication),
                                .grow = chain_slots_grow_drawn,
                                .room = 1024};
    err e = allocate(out);
    if (e == OK) e = chain_causes_open(&out->causes, profile, &out->rng);
    if (e == OK && profile->fidelity == CHAIN_MECHANISTIC) {
        out->grow = grow_voted;
        e = consensus_open(&out->consensus, &out->causes);
    }
    if (e != OK) chain_slots_close(out);
    return e;
}

void chain_slots_close(struct chain_slots *slots)
{
    consensus_free(slots->consensus);
    chain_causes_close(&slots->causes);
    free(slots->drawn.finals);
    free(slots->by_height);
    free(slots->slots);
    *slots = (struct chain_slots){0};
}

const char *chain_slots_why(err e)
{
    if (e != ERR_LIMIT) return err_text(e);
    return "blocks are no longer confirmed or final: too little of the stake votes (validators.count, "
           "votes.participation), or slots run ahead of what validators have frozen (slot.target_ms, "
           "freeze.*, geography.*), or hardly any has a block (window.off_chance)";
}

err chain_slots_reach_slot(struct chain_slots *slots, uint32_t slot)
{
    while (slots->count <= slot) TRY(slots->grow(slots));
    return OK;
}

err chain_slots_reach_height(struct chain_slots *slots, uint32_t height)
{
    while (slots->height_count < height) TRY(slots->grow(slots));
    return OK;
}

err chain_slots_reach_ns(struct chain_slots *slots, int64_t at_ns)
{
    while (slots->next_start_ns <= at_ns) TRY(slots->grow(slots));
    return OK;
}

/* What is forgotten reads as zeros, which are earlier than everything: searches by time still find their way.
 */
void chain_slots_forget(struct chain_slots *slots, uint32_t below)
{
    ASSERT(below < slots->count);
    uint32_t height = slots->slots[below].height;
    if (slots->drawn.final_count < height) { /* nobody has asked, and nobody will */
        slots->drawn.finals[height] = 0;
        slots->drawn.final_count = height;
    }
    pages_release(slots->by_height, height * sizeof *slots->by_height);
    pages_release(slots->drawn.finals, height * sizeof *slots->drawn.finals);
    pages_release(slots->slots, below * sizeof *slots->slots);
    if (slots->consensus) consensus_forget(slots->consensus, below);
}

/* Slots and heights are almost evenly spaced in time, so a search starts where an even spacing would have it
 * and doubles its step until it has the place between two known ones. */
struct bracket {
    uint32_t low, high;
};

static struct bracket bracket_around(uint32_t guess, uint32_t step)
{
    return (struct bracket){.low = guess > step ? guess - step : 0, .high = guess + step};
}

static uint32_t even_guess(const struct chain_slots *slots, int64_t at_ns, uint32_t count)
{
    return (uint32_t)((u128)at_ns * count / (uint64_t)slots->next_start_ns);
}

uint32_t chain_slots_at(const struct chain_slots *slots, int64_t at_ns)
{
    ASSERT(at_ns >= 0 && at_ns < slots->next_start_ns);
    uint32_t guess = even_guess(slots, at_ns, slots->count), step = 4;
    struct bracket in = bracket_around(guess, step); /* low has begun, high has not */
    while ((in.low > 0 && slots->slots[in.low].start_ns > at_ns) ||
           (in.high < slots->count && slots->slots[in.high].start_ns <= at_ns))
        in = bracket_around(guess, step *= 2);
    if (in.high > slots->count) in.high = slots->count;
    while (in.high - in.low > 1) {
        uint32_t middle = in.low + (in.high - in.low) / 2;
        *(slots->slots[middle].start_ns <= at_ns ? &in.low : &in.high) = middle;
    }
    return in.low;
}

static bool is_confirmed_by(const struct chain_slots *slots, uint32_t height, int64_t at_ns)
{
    return slots->slots[slots->by_height[height]].confirmed_ns <= at_ns;
}

uint32_t chain_slots_height_at(const struct chain_slots *slots, int64_t at_ns)
{
    ASSERT(at_ns < slots->next_start_ns);
    uint32_t guess = even_guess(slots, at_ns, slots->height_count), step = 4;
    struct bracket in = bracket_around(guess, step); /* low is confirmed, high is not */
    while ((in.low > 0 && !is_confirmed_by(slots, in.low, at_ns)) ||
           (in.high <= slots->height_count && is_confirmed_by(slots, in.high, at_ns)))
        in = bracket_around(guess, step *= 2);
    if (in.high > slots->height_count + 1) in.high = slots->height_count + 1;
    while (in.high - in.low > 1) {
        uint32_t middle = in.low + (in.high - in.low) / 2;
        *(is_confirmed_by(slots, middle, at_ns) ? &in.low : &in.high) = middle;
    }
    return in.low;
}

err chain_slots_finalized_ns(struct chain_slots *slots, uint32_t height, int64_t *out)
{
    ASSERT(height >= 1 && height <= slots->height_count);
    if (slots->consensus) return consensus_finalized_ns(slots->consensus, slots->by_height[height], out);
    return chain_slots_drawn_final_ns(slots, height, out);
}

const struct chain_regime *chain_slots_regime(const struct chain_slots *slots, int64_t at_ns)
{
    const struct chain_slot *slot = &slots->slots[chain_slots_at(slots, at_ns)];
    return slot->is_busy ? &slots->profile->busy : &slots->profile->calm;
}
