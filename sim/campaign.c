/* sim/campaign.c: generations: made, run, judged. */
#include "sim/campaign.h"
#include "sim/pool.h"
#include <stdlib.h>
#include <string.h>

struct generation {
    const struct campaign_options *options;
    struct campaign_trial *trials; /* CAMPAIGN_GENERATION of them */
    uint32_t count;
    bool is_last;
};

void campaign_begin(struct campaign *campaign)
{
    *campaign = (struct campaign){0};
    for (int i = 0; i < INVARIANT_COUNT; i++) campaign->totals.margins_ppm[i] = SCHEDULE_PPM_ONE;
}

void campaign_close(struct campaign *campaign)
{
    for (uint32_t i = 0; i < campaign->finding_count; i++) schedule_close(&campaign->findings[i].schedule);
    free(campaign->findings);
    campaign->findings = NULL;
    campaign->finding_count = 0;
}

/* ---- one trial ---- */

/* Rules that only a comparison can judge cost as much again as the trial, three times. */
enum { PAIRS_EVERY = 16 };

static void run_one(void *context, uint32_t index)
{
    const struct generation *generation = context;
    const struct campaign_options *options = generation->options;
    struct campaign_trial *trial = &generation->trials[index];
    const struct trial_options wanted = {
        .scenario = options->scenario,
        .seed = trial->seed,
        .schedule = &trial->schedule,
        .kind = trial->kind,
        .judges_pairs = (trial->seed ^ schedule_digest(&trial->schedule)) % PAIRS_EVERY == 0,
        .coverage = options->is_uncovered ? NULL : &trial->coverage,
        .stop = options->stop,
    };
    trial->error = options->run(&wanted, &trial->outcome, &trial->diag);
}

/* ---- what came of it ---- */

enum { BINS_EXACT = 64, BINS_OCTAVE = 32, OCTAVE_EXACT = 6 };

static uint32_t bin_of(uint64_t fired)
{
    if (fired < BINS_EXACT) return (uint32_t)fired;
    uint32_t octave = 63 - (uint32_t)__builtin_clzll(fired), shift = octave - OCTAVE_EXACT + 1;
    uint32_t bin =
        BINS_EXACT + (octave - OCTAVE_EXACT) * BINS_OCTAVE + (uint32_t)(fired >> shift) - BINS_OCTAVE;
    return bin < CAMPAIGN_FIRED_BINS ? bin : CAMPAIGN_FIRED_BINS - 1;
}

/* The least number that the bin takes. */
static uint64_t least_of(uint32_t bin)
{
    if (bin < BINS_EXACT) return bin;
    uint32_t octave = (bin - BINS_EXACT) / BINS_OCTAVE, place = (bin - BINS_EXACT) % BINS_OCTAVE;
    return (uint64_t)(BINS_OCTAVE + place) << (octave + 1);
}

void campaign_total_add(struct campaign_totals *into, const struct trial_outcome *outcome,
                        enum swarm_kind kind)
{
    bool fails = outcome->violation_count > 0;
    into->trials++;
    into->failing += fails;
    into->violations += outcome->violation_count;
    into->events += outcome->events;
    into->tasks += outcome->tasks;
    into->confirmed += outcome->confirmed;
    into->rolled_back += outcome->rolled_back;
    into->crashes += outcome->crashes;
    into->lost += outcome->is_lost;
    into->fired += outcome->fired;
    into->virtual_ns += (uint64_t)outcome->end_ns;
    into->digest = (into->digest ^ outcome->digest) * UINT64_C(0x9e3779b97f4a7c15);
    into->digest ^= into->digest >> 29;
    into->goodput += outcome->goodput;
    into->goodput_control += outcome->goodput_control;
    into->recovered += outcome->recovered;
    into->recovered_control += outcome->recovered_control;
    into->kinds[kind]++;
    into->failing_controls += fails && kind == SWARM_CONTROL;
    into->trials_by_fired[bin_of(outcome->fired)]++;
    for (int i = 0; i < INJECTOR_COUNT; i++) {
        into->counts[i].armed += outcome->counts[i].armed;
        into->counts[i].reached += outcome->counts[i].reached;
        into->counts[i].fired += outcome->counts[i].fired;
    }
    for (int i = 0; i < INVARIANT_COUNT; i++) {
        into->checks[i] += outcome->checks[i];
        if (outcome->margins_ppm[i] < into->margins_ppm[i]) into->margins_ppm[i] = outcome->margins_ppm[i];
    }
}

static bool is_share(uint64_t part, uint64_t whole, uint64_t percent)
{
    enum { TASKS_LEAST = 1000 };
    return whole < TASKS_LEAST || part * 100 >= whole * percent;
}

bool campaign_goodput_holds(const struct campaign_totals *totals)
{
    return is_share(totals->goodput, totals->goodput_control, TRIAL_GOODPUT_PERCENT);
}

uint64_t campaign_median_fired(const struct campaign_totals *totals)
{
    uint64_t below = 0;
    uint32_t bin = 0;
    while (bin + 1 < CAMPAIGN_FIRED_BINS && 2 * (below + totals->trials_by_fired[bin]) <= totals->trials)
        below += totals->trials_by_fired[bin++];
    return least_of(bin);
}

static struct campaign_finding *find(const struct campaign *campaign, uint64_t fingerprint)
{
    for (uint32_t i = 0; i < campaign->finding_count; i++)
        if (campaign->findings[i].fingerprint == fingerprint) return &campaign->findings[i];
    return NULL;
}

static err add_finding(struct campaign *campaign, const struct campaign_trial *trial, uint32_t place)
{
    const struct violation *violation = &trial->outcome.violations[place];
    struct campaign_finding *grown = campaign->findings;
    uint32_t count = campaign->finding_count;
    if (count == CAMPAIGN_FINDINGS_MOST) {
        campaign->findings_left_out++;
        return OK;
    }
    if ((count & (count - 1)) == 0) grown = realloc(grown, (count ? 2 * count : 1) * sizeof *grown);
    if (!grown) return ERR_NOMEM;
    campaign->findings = grown;
    grown[count] = (struct campaign_finding){.fingerprint = violation_fingerprint(violation),
                                             .number = trial->number,
                                             .seed = trial->seed,
                                             .digest = trial->outcome.digest,
                                             .events = trial->outcome.events,
                                             .kind = trial->kind,
                                             .violation = *violation,
                                             .task_count = trial->outcome.task_count};
    TRY(schedule_copy(&grown[count].schedule, &trial->schedule));
    campaign->finding_count++;
    return OK;
}

/* A trial counts once for each kind of failure, however often it shows. */
static err take_findings(struct campaign *campaign, const struct campaign_trial *trial)
{
    for (uint32_t i = 0; i < trial->outcome.kept; i++) {
        uint64_t fingerprint = violation_fingerprint(&trial->outcome.violations[i]);
        bool is_again = false;
        for (uint32_t before = 0; before < i && !is_again; before++)
            is_again = violation_fingerprint(&trial->outcome.violations[before]) == fingerprint;
        if (is_again) continue;
        if (!find(campaign, fingerprint)) TRY(add_finding(campaign, trial, i));
        struct campaign_finding *finding = find(campaign, fingerprint);
        if (finding) finding->trials++;
    }
    return OK;
}

/* ---- generations ---- */

static bool is_stopped(const struct campaign_options *options)
{
    return options->stop && *options->stop;
}

static err make(struct generation *generation, uint64_t first, struct diag *diag)
{
    const struct campaign_source *source = generation->options->source;
    bool is_end = false;
    for (generation->count = 0; generation->count < CAMPAIGN_GENERATION; generation->count++) {
        struct campaign_trial *trial = &generation->trials[generation->count];
        schedule_close(&trial->schedule);
        memset(trial, 0, sizeof *trial);
        trial->number = first + generation->count;
        TRY(source->make(source->context, trial, &is_end, diag));
        if (is_end) break;
    }
    generation->is_last = is_end;
    return OK;
}

static err judge_one(struct campaign *campaign, struct generation *generation, struct campaign_trial *trial,
                     struct diag *diag)
{
    const struct campaign_options *options = generation->options;
    bool is_cut = trial->error == ERR_INTERRUPTED || (trial->error == OK && trial->outcome.interrupted);
    if (is_cut) {
        campaign->is_interrupted = generation->is_last = true;
        return OK;
    }
    if (trial->error != OK) return diag_fail(diag, trial->error, "%s", trial->diag.text);
    trial->news = coverage_join(&campaign->coverage, &trial->coverage);
    campaign_total_add(&campaign->totals, &trial->outcome, trial->kind);
    TRY(take_findings(campaign, trial));
    if (options->stops_at_first && trial->outcome.violation_count > 0) generation->is_last = true;
    bool is_end = false;
    if (options->source->judge) TRY(options->source->judge(options->source->context, trial, &is_end));
    generation->is_last |= is_end;
    return OK;
}

/* What comes behind the end does not count, whether it has run or not. */
static err judge(struct campaign *campaign, struct generation *generation, struct diag *diag)
{
    bool was_last = generation->is_last;
    generation->is_last = false;
    for (uint32_t i = 0; i < generation->count && !generation->is_last; i++)
        TRY(judge_one(campaign, generation, &generation->trials[i], diag));
    generation->is_last |= was_last;
    return OK;
}

static err go(struct campaign *campaign, struct generation *generation, struct diag *diag)
{
    const struct campaign_options *options = generation->options;
    for (uint64_t first = 0; !generation->is_last; first += CAMPAIGN_GENERATION) {
        TRY(make(generation, first, diag));
        pool_run(options->threads, generation->count, run_one, generation);
        TRY(judge(campaign, generation, diag));
        if (options->told) options->told(options->context, campaign);
        if (!generation->is_last && is_stopped(options))
            campaign->is_interrupted = generation->is_last = true;
    }
    return OK;
}

err campaign_go(struct campaign *campaign, const struct campaign_options *options, struct diag *diag)
{
    struct generation generation = {.options = options};
    generation.trials = calloc(CAMPAIGN_GENERATION, sizeof *generation.trials);
    if (!generation.trials)
        return diag_fail(diag, ERR_NOMEM, "out of memory for %d trials", CAMPAIGN_GENERATION);
    err e = go(campaign, &generation, diag);
    for (uint32_t i = 0; i < CAMPAIGN_GENERATION; i++) schedule_close(&generation.trials[i].schedule);
    free(generation.trials);
    return e == ERR_NOMEM ? diag_fail(diag, e, "out of memory for a campaign") : e;
}
