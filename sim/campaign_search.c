/* sim/campaign_search.c: seeds in order; in a guided search three of four are variations. */
#include "sim/campaign_search.h"
#include "chaos/vary.h"
#include <stdlib.h>

enum { VARIED_BPS = 7500, KEEPS_SEED_BPS = 5000, NEWEST_BPS = 5000, NEWEST = 3 };

void campaign_search_begin(struct campaign_search *out, const struct campaign_search_options *options)
{
    *out = (struct campaign_search){.options = *options};
}

void campaign_search_close(struct campaign_search *search)
{
    for (uint32_t i = 0; i < search->corpus_count; i++) schedule_close(&search->corpus[i].schedule);
    free(search->corpus);
    search->corpus = NULL;
    search->corpus_count = 0;
}

/* Half of the time one of the last few: what they reached has been followed least. */
static const struct campaign_seed *pick(const struct campaign_search *search, struct draw *draw)
{
    uint32_t count = search->corpus_count;
    bool is_new = draw_chance_bps(draw, NEWEST_BPS) && count > NEWEST;
    uint32_t among = is_new ? NEWEST : count;
    return &search->corpus[count - 1 - (uint32_t)draw_below(draw, among)];
}

static bool destroys(const struct schedule *schedule)
{
    for (uint32_t i = 0; i < schedule->count; i++)
        if (INJECTOR_TABLE[schedule->faults[i].injector].class == FAULT_SAFETY_ONLY) return true;
    return false;
}

static enum swarm_kind kind_of(const struct schedule *schedule, enum swarm_kind a, enum swarm_kind b)
{
    if (a == SWARM_SAFETY || b == SWARM_SAFETY || destroys(schedule)) return SWARM_SAFETY;
    return schedule->count == 0 ? SWARM_CONTROL : SWARM_MIXED;
}

/* The fresh schedule of the trial's own seed is the other donor, when the corpus has none. */
static err vary(const struct campaign_search *search, struct campaign_trial *trial, struct draw *draw)
{
    const struct campaign_seed *base = pick(search, draw);
    struct campaign_seed fresh = {trial->seed, trial->kind, trial->schedule};
    const struct campaign_seed *donor = draw_chance_bps(draw, 5000) ? &fresh : pick(search, draw);
    const struct variation variation = {&base->schedule, &donor->schedule,
                                        search->options.scenario->swarm.from_ns,
                                        search->options.scenario->swarm.until_ns};
    struct schedule made = {0};
    TRY(schedule_vary(&made, &variation, draw));
    trial->kind = kind_of(&made, base->kind, donor->kind);
    if (draw_chance_bps(draw, KEEPS_SEED_BPS)) trial->seed = base->seed;
    schedule_close(&trial->schedule);
    trial->schedule = made;
    return OK;
}

static err make(void *context, struct campaign_trial *trial, bool *is_end, struct diag *diag)
{
    const struct campaign_search *search = context;
    const struct campaign_search_options *options = &search->options;
    const struct rng rng = rng_keyed(options->first_seed, 0);
    struct draw draw = draw_at(&rng, RNG_CAMPAIGN, trial->number, 0);
    *is_end = trial->number >= options->seeds;
    if (*is_end) return OK;
    trial->seed = options->first_seed + trial->number;
    err e = options->draw(options->scenario, trial->seed, &trial->schedule, &trial->kind);
    if (e == OK && options->is_guided && search->corpus_count > 0 && draw_chance_bps(&draw, VARIED_BPS))
        e = vary(search, trial, &draw);
    return e == OK ? OK : diag_fail(diag, e, "no schedule for seed %llu", (unsigned long long)trial->seed);
}

static err judge(void *context, const struct campaign_trial *trial, bool *is_end)
{
    struct campaign_search *search = context;
    uint32_t count = search->corpus_count;
    *is_end = false;
    if (!search->options.is_guided || trial->news == 0) return OK;
    if ((count & (count - 1)) == 0) {
        struct campaign_seed *grown =
            realloc(search->corpus, (count ? 2 * (size_t)count : 1) * sizeof *search->corpus);
        if (!grown) return ERR_NOMEM;
        search->corpus = grown;
    }
    search->corpus[count] = (struct campaign_seed){.seed = trial->seed, .kind = trial->kind};
    TRY(schedule_copy(&search->corpus[count].schedule, &trial->schedule));
    search->corpus_count++;
    return OK;
}

struct campaign_source campaign_search_source(struct campaign_search *search)
{
    return (struct campaign_source){.context = search, .make = make, .judge = judge};
}
