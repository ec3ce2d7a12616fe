/* sim/campaign_search.h: which trials a campaign tries: seed after seed, or guided by what was reached.
 *
 * Random: trial n is seed first + n with the schedule that belongs to it.
 * Guided: the same, but three of four trials, once something is known, take one that reached something new
 * and vary its schedule, its seed kept or not. Choices are keyed by (first seed, trial), so that a search is
 * a function of its options.
 *
 * Memory: ours, campaign_search_close. Errors: those of `draw`; ERR_NOMEM. */
#pragma once
#include "sim/campaign.h"

typedef err campaign_draw(const struct chaos_scenario *scenario, uint64_t seed, struct schedule *out,
                          enum swarm_kind *kind_out);

struct campaign_search_options {
    const struct chaos_scenario *scenario;
    uint64_t first_seed, seeds;
    bool is_guided;
    campaign_draw *draw; /* trial_schedule, or another for tests */
};

struct campaign_seed { /* that reached something new */
    uint64_t seed;
    enum swarm_kind kind;
    struct schedule schedule;
};

struct campaign_search {
    struct campaign_search_options options;
    struct campaign_seed *corpus;
    uint32_t corpus_count;
};

void campaign_search_begin(struct campaign_search *out, const struct campaign_search_options *options);
struct campaign_source campaign_search_source(struct campaign_search *search);
void campaign_search_close(struct campaign_search *search); /* fine on a zeroed one */
