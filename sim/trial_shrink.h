/* sim/trial_shrink.h: a failing trial made small: chaos/shrink.h over trials.
 *
 * Errors: those of shrink and of trials, with a line. */
#pragma once
#include "chaos/shrink.h"
#include "sim/campaign.h"

struct trial_shrink {
    const struct trial_options *trial; /* that fails; its hooks are not called */
    uint32_t task_count;
    uint64_t fingerprint;
    uint32_t replays_most;
    campaign_run *run;
};

MUST_USE err trial_shrink(struct shrunk *out, const struct trial_shrink *order, struct diag *diag);
