/* sim/chain.c: the way of one transaction over the slots. */
#include "sim/chain.h"
#include "base/assert.h"
#include "base/sample.h"
#include "base/units.h"
#include "sim/chain_slots.h"
#include <math.h>
#include <stdlib.h>

enum { SENDINGS_MAX = 1000, ATTEMPTS_MAX = 4096 };

/* Places of the draws of one attempt; those of a sending repeat for each. */
enum {
    DRAW_REFUSE = 0,
    DRAW_ACCEPT = 16,
    DRAW_OBSERVE = 32, /* and two more, 16 apart: processed, confirmed, finalized */
    DRAW_SENDINGS = 256,
    DRAW_DROP = 0,
    DRAW_FORWARD = 16,
    DRAW_WAIT = 32,
    DRAW_SENDING = 64,
    DRAW_ATTEMPT = 1 << 16,
};
_Static_assert(DRAW_SENDINGS + SENDINGS_MAX * DRAW_SENDING <= DRAW_ATTEMPT, "attempts do not overlap");

struct chain {
    struct chain_profile profile;
    struct chain_slots slots;
    struct rng rng;
    enum chain_path path;
};

err chain_open(struct chain **out, const struct chain_options *options)
{
    struct chain *chain = calloc(1, sizeof *chain);
    if (!chain) return ERR_NOMEM;
    chain->profile = *options->profile;
    chain->path = options->path;
    chain->rng = rng_keyed(options->seed, options->replication);
    if (!chain->profile.is_fixed) {
        err e = chain_slots_open(&chain->slots, &chain->profile, options->seed, options->replication);
        if (e != OK) {
            free(chain);
            return e;
        }
    }
    *out = chain;
    return OK;
}

void chain_free(struct chain *chain)
{
    if (!chain) return;
    chain_slots_close(&chain->slots);
    free(chain);
}

/* -- one submission under way -- */

struct journey {
    struct chain *chain;
    const struct chain_request *request;
    const struct chain_path_profile *path; /* of the weather at submission */
    uint32_t last_height;                  /* the last that may still contain it */
    int64_t at_rpc_ns;
    struct chain_fate fate;
};

static struct draw journey_draw(const struct journey *journey, uint32_t place)
{
    return draw_at(&journey->chain->rng, RNG_TRANSACTION, journey->request->task,
                   journey->request->attempt * DRAW_ATTEMPT + place);
}

static int64_t journey_lognormal_ns(const struct journey *journey, uint32_t place, int64_t median_ns,
                                    double sigma)
{
    struct draw draw = journey_draw(journey, place);
    return sample_lognormal_ns(&draw, median_ns, sigma);
}

/* Where the transaction that reaches the leader now is executed: the wait counts slots,
 * the block is the first that exists from there on. */
static err block_for(struct journey *journey, uint32_t place, int64_t arrives_ns, uint32_t *slot)
{
    struct chain_slots *slots = &journey->chain->slots;
    struct draw draw = journey_draw(journey, place + DRAW_WAIT);
    TRY(chain_slots_reach_ns(slots, arrives_ns));
    const struct chain_path_profile *path =
        &chain_slots_regime(slots, arrives_ns)->path[journey->chain->path];
    uint32_t index = chain_slots_at(slots, arrives_ns);
    if (path->wait_mean_slots > 0) {
        const struct chain_slot *now = &slots->slots[index];
        double slot_ns = (double)(now->end_ns - now->start_ns);
        int64_t ready_ns =
            arrives_ns + (int64_t)(slot_ns * path->wait_mean_slots * sample_exponential(&draw));
        TRY(chain_slots_reach_ns(slots, ready_ns));
        index = chain_slots_at(slots, ready_ns);
    } else {
        double left = draw_unit(&draw) - path->wait_weights[0];
        for (uint32_t wait = 1; wait < CHAIN_WAITS && left >= 0; wait++, index++)
            left -= path->wait_weights[wait];
    }
    TRY(chain_slots_reach_slot(slots, index));
    if (slots->slots[index].end_ns <= arrives_ns)
        TRY(chain_slots_reach_slot(slots, ++index)); /* between two */
    for (; slots->slots[index].state == SLOT_SKIPPED; index++) TRY(chain_slots_reach_slot(slots, index + 1));
    *slot = index;
    return OK;
}

/* When the fork of an abandoned slot is known to be lost: the first block after it is frozen. */
static err lost_ns(struct chain_slots *slots, uint32_t slot, int64_t *out)
{
    uint32_t next = slots->slots[slot].height + 1;
    TRY(chain_slots_reach_height(slots, next));
    *out = slots->slots[slots->by_height[next]].freeze_ns;
    return OK;
}

static err expire(struct journey *journey)
{
    struct chain_slots *slots = &journey->chain->slots;
    struct chain_fate *fate = &journey->fate;
    TRY(chain_slots_reach_height(slots, journey->last_height + 1));
    fate->verdict = CHAIN_EXPIRES;
    /* Confirmed, not merely processed: only then can no other fork still take it. */
    fate->expired_ns = slots->slots[slots->by_height[journey->last_height + 1]].confirmed_ns;
    if (fate->expired_ns < fate->accepted_ns) fate->expired_ns = fate->accepted_ns;
    return OK;
}

static int64_t observe_ns(const struct journey *journey, uint32_t which, int64_t at_ns)
{
    const struct chain_path_profile *path = journey->path;
    if (path->poll_ns <= 0) {
        int64_t delay_ns =
            journey_lognormal_ns(journey, DRAW_OBSERVE + 16 * which, path->push_ns, path->push_sigma);
        return at_ns + delay_ns;
    }
    /* Polls begin at the answer to the submission; each takes a round trip of its own. */
    int64_t accepted_ns = journey->fate.accepted_ns, after_ns = at_ns > accepted_ns ? at_ns - accepted_ns : 0;
    int64_t polls = (after_ns + path->poll_ns - 1) / path->poll_ns;
    return accepted_ns + polls * path->poll_ns +
           journey_lognormal_ns(journey, DRAW_OBSERVE + 16 * which, path->push_ns, path->push_sigma);
}

static err land(struct journey *journey, uint32_t index)
{
    struct chain_slots *slots = &journey->chain->slots;
    struct chain_fate *fate = &journey->fate;
    int64_t finalized_ns;
    TRY(chain_slots_finalized_ns(slots, slots->slots[index].height, &finalized_ns));
    const struct chain_slot *slot = &slots->slots[index];
    int64_t at_ns[] = {slot->freeze_ns, slot->confirmed_ns, finalized_ns}, earliest_ns = fate->accepted_ns;
    for (uint32_t i = 0; i < 3; i++) {
        at_ns[i] = observe_ns(journey, i, at_ns[i]);
        if (at_ns[i] < earliest_ns) at_ns[i] = earliest_ns; /* news arrive in order */
        earliest_ns = at_ns[i];
    }
    fate->verdict = CHAIN_LANDS;
    fate->slot = index;
    fate->processed_ns = at_ns[0];
    fate->confirmed_ns = at_ns[1];
    fate->finalized_ns = at_ns[2];
    return OK;
}

/* One forwarding at *send_ns. *over: the fate is known. Else nothing is sent again before *send_ns. */
static err send(struct journey *journey, uint32_t place, int64_t *send_ns, bool *over)
{
    struct chain_slots *slots = &journey->chain->slots;
    TRY(chain_slots_reach_ns(slots, *send_ns));
    *over = chain_slots_height_at(slots, *send_ns) >= journey->last_height;
    if (*over) return expire(journey);
    const struct chain_path_profile *path = &chain_slots_regime(slots, *send_ns)->path[journey->chain->path];
    struct draw draw = journey_draw(journey, place + DRAW_DROP);
    const struct chain_halt *halt = chain_causes_halt_at(&slots->causes, *send_ns);
    journey->fate.sendings++;
    if (halt) { /* there is no leader to send it to */
        *send_ns = halt->until_ns;
        return OK;
    }
    if (draw_chance(&draw, path->drop_chance)) return OK;
    uint32_t slot;
    int64_t arrives_ns =
        *send_ns + journey_lognormal_ns(journey, place + DRAW_FORWARD, path->forward_ns, path->forward_sigma);
    TRY(block_for(journey, place, arrives_ns, &slot));
    *over = slots->slots[slot].state == SLOT_BLOCK || slots->slots[slot].height >= journey->last_height;
    if (*over) {
        bool fits =
            slots->slots[slot].state == SLOT_BLOCK && slots->slots[slot].height <= journey->last_height;
        return fits ? land(journey, slot) : expire(journey);
    }
    journey->fate.forks_met++;
    return lost_ns(slots, slot, send_ns);
}

static err travel(struct journey *journey)
{
    int64_t retry_ns = journey->chain->profile.retry_ns, due_ns = journey->at_rpc_ns;
    bool over = false;
    for (uint32_t i = 0; i < SENDINGS_MAX && !over; i++) {
        int64_t free_ns = due_ns;
        TRY(send(journey, DRAW_SENDINGS + i * DRAW_SENDING, &free_ns, &over));
        /* The RPC node looks at what is still missing every retry_ns. */
        due_ns += retry_ns * (1 + (free_ns > due_ns ? (free_ns - due_ns) / retry_ns : 0));
    }
    return over ? OK : expire(journey);
}

static struct chain_fate fate_fixed(const struct chain_profile *profile, int64_t now_ns)
{
    int64_t confirmed_ns = ns_after(now_ns, profile->fixed_confirm_ns);
    return (struct chain_fate){.verdict = CHAIN_LANDS,
                               .accepted_ns = now_ns,
                               .processed_ns = confirmed_ns,
                               .confirmed_ns = confirmed_ns,
                               .finalized_ns = ns_after(confirmed_ns, profile->fixed_finalize_ns),
                               .expired_ns = NEVER_NS,
                               .reverted_ns = NEVER_NS,
                               .sendings = 1};
}

static err journey_begin(struct journey *journey)
{
    struct chain_slots *slots = &journey->chain->slots;
    int64_t now_ns = journey->request->now_ns;
    TRY(chain_slots_reach_ns(slots, now_ns));
    journey->path = &chain_slots_regime(slots, now_ns)->path[journey->chain->path];
    /* The blockhash is that of the newest confirmed block. */
    journey->last_height =
        chain_slots_height_at(slots, now_ns) + (uint32_t)journey->chain->profile.blockhash_blocks;
    int64_t answer_ns =
        journey_lognormal_ns(journey, DRAW_ACCEPT, journey->path->accept_ns, journey->path->accept_sigma);
    journey->at_rpc_ns = now_ns + answer_ns / 2;
    journey->fate = (struct chain_fate){.verdict = CHAIN_REFUSED,
                                        .accepted_ns = now_ns + answer_ns,
                                        .processed_ns = NEVER_NS,
                                        .confirmed_ns = NEVER_NS,
                                        .finalized_ns = NEVER_NS,
                                        .expired_ns = NEVER_NS,
                                        .reverted_ns = NEVER_NS,
                                        .submit_slot = chain_slots_at(slots, now_ns)};
    return OK;
}

err chain_submit(struct chain *chain, const struct chain_request *request, struct chain_fate *out)
{
    ASSERT(request->now_ns >= 0);
    ASSERT(request->attempt < ATTEMPTS_MAX);
    if (chain->profile.is_fixed) {
        *out = fate_fixed(&chain->profile, request->now_ns);
        return OK;
    }
    struct journey journey = {.chain = chain, .request = request};
    TRY(journey_begin(&journey));
    struct draw draw = journey_draw(&journey, DRAW_REFUSE);
    if (!draw_chance(&draw, chain->profile.transient_chance)) TRY(travel(&journey));
    *out = journey.fate;
    return OK;
}

bool chain_rejects(const struct chain *chain, uint64_t rejection_draw)
{
    return ldexp((double)(rejection_draw >> 11), -53) < chain->profile.rejected_chance;
}

void chain_stats(const struct chain *chain, struct chain_stats *out)
{
    const struct chain_slots *slots = &chain->slots;
    *out = (struct chain_stats){.slots = slots->count, .blocks = slots->height_count};
    for (uint32_t i = 0; i < slots->count; i++) {
        out->skipped += slots->slots[i].state == SLOT_SKIPPED;
        out->abandoned += slots->slots[i].state == SLOT_ABANDONED;
    }
    if (slots->count) out->span_ns = slots->slots[slots->count - 1].end_ns;
}
