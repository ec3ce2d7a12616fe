/* sim/chain_causes.h: what happens to a chain whoever votes: leaders, pace, lateness, weather, halts.
 *
 * Both fidelities start here and make the same draws: who leads a window, whether
 * it is empty, how long its slots take, how late a block's last pieces leave. What
 * follows from that (when a block is frozen, confirmed, final, or lost) is counted
 * by sim/consensus.h or drawn from its tables.
 * Weather: a profile may switch between two, after spells of exponential length.
 * Halts: no slot begins from from_ns until until_ns. What stands on the last
 * confirmed block by then, from stall_ns on, is dropped by the restart; no slot
 * counts, so that no blockhash ages. Before a halt blocks come ever later, after
 * it slots are longer and windows empty for a while.
 * Source: chain.md A and B. Threads: one at a time. */
#pragma once
#include "base/chain_terms.h"
#include "base/rng.h"
#include "base/weighted.h"
#include "sim/chain_profile.h"

struct chain_halt {
    int64_t stall_ns, from_ns, until_ns;
    uint32_t dropped; /* blocks, of those made so far */
};

struct chain_window {
    const struct chain_regime *regime;
    uint32_t leader;
    double pace; /* of this leader now, over the mean */
    double late_chance;
    bool is_off, is_busy;
};

enum chain_stage {
    CHAIN_RUNS,
    CHAIN_UNHEARD, /* too few vote: the restart will drop what is built */
    CHAIN_STANDS,  /* nothing is built */
};

struct chain_causes {
    const struct chain_profile *profile; /* borrowed */
    struct rng rng;
    struct weighted leaders; /* by stake */
    double *speeds;          /* of their slots, in sigmas: the regime says how much one is */
    uint32_t spell;
    bool is_busy;
    int64_t spell_until_ns;
    struct chain_halt *halts; /* past ones, and the present or next */
    uint32_t halt_count;
};

MUST_USE err chain_causes_open(struct chain_causes *out, const struct chain_profile *profile,
                               const struct rng *rng);
void chain_causes_close(struct chain_causes *causes); /* fine on a zeroed one */

/* at_ns, or the restart when the chain stands then. */
int64_t chain_causes_resume_ns(const struct chain_causes *causes, int64_t at_ns);
/* The window of this index, which begins at at_ns; windows are asked for in order, each as often as wanted.
 */
MUST_USE err chain_causes_window(struct chain_causes *causes, uint32_t index, int64_t at_ns,
                                 struct chain_window *out);
/* Once a slot, in order. */
enum chain_stage chain_causes_stage(struct chain_causes *causes, int64_t at_ns);
int64_t chain_causes_span_ns(const struct chain_causes *causes, const struct chain_window *window,
                             uint32_t slot);
int64_t chain_causes_late_ns(const struct chain_causes *causes, const struct chain_window *window,
                             uint32_t slot);
/* Alpenglow: a block whose last pieces leave so late is certified as skipped. Never true of a tower. */
bool chain_causes_times_out(const struct chain_causes *causes, const struct chain_window *window,
                            int64_t late_ns);

/* The halt that at_ns falls into, or NULL. at_ns has been reached. */
const struct chain_halt *chain_causes_halt_at(const struct chain_causes *causes, int64_t at_ns);
/* The validator's stake, largest first, in no unit: shares matter. */
uint64_t chain_causes_stake(const struct chain_profile *profile, uint32_t validator);
double chain_causes_same_leader(const struct chain_profile *profile); /* chance that two windows have one */
