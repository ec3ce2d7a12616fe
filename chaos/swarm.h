/* chaos/swarm.h: a random schedule for a seed, by the swarm rule of chaos.md 4.
 *
 * Each injector is in with a chance of one half, its intensity log-uniform between usual and most of its
 * row. One seed in ten has a single injector, one in twenty no fault at all (a control: an alarm there is a
 * false one), one in ten anything, and then only safety is asked for. Draws are keyed by (seed, injector), so
 * that a new injector moves no other one's faults.
 *
 * All of it lies within [from_ns, until_ns). Faults of one injector and target do not overlap. */
#pragma once
#include "chaos/schedule.h"

enum swarm_kind { SWARM_MIXED, SWARM_SINGLE, SWARM_CONTROL, SWARM_SAFETY, SWARM_KIND_COUNT };

struct swarm {
    int64_t from_ns, until_ns;
    uint32_t mean_faults; /* of a mixed seed */
    bool is_all_on;       /* for the ablation: every injector in every seed */
    const bool *excluded; /* by injector; NULL: none */
};

MUST_USE err swarm_draw(struct schedule *out, const struct swarm *swarm, uint64_t seed,
                        enum swarm_kind *kind_out);
const char *swarm_kind_name(enum swarm_kind kind);
