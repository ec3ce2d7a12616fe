/* tests/sim/test_campaign.c: campaigns of made-up runs: the same for any number of threads, guided ones
 * follow what is new, enumerations are whole. */
#include "base/units.h"
#include "sim/campaign_search.h"
#include "sim/systematic.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static struct chaos_scenario scenario = {
    .swarm = {.from_ns = 0, .until_ns = 600 * NS_PER_S, .mean_faults = 10}};

static err draw(const struct chaos_scenario *of, uint64_t seed, struct schedule *out,
                enum swarm_kind *kind_out)
{
    return swarm_draw(out, &of->swarm, seed, kind_out);
}

static bool has(const struct schedule *schedule, enum injector_id injector)
{
    for (uint32_t i = 0; i < schedule->count; i++)
        if (schedule->faults[i].injector == injector) return true;
    return false;
}

static void violate(struct trial_outcome *out, enum invariant invariant)
{
    struct violation *violation = &out->violations[out->kept++];
    *violation = (struct violation){.invariant = invariant, .reason = REASON_COUNT, .event = 3};
    out->violation_count++;
}

/* Fails when a chain halts beside a reorg (S04), and in seeds divisible by 50 (L02, twice). */
static err run_made_up(const struct trial_options *options, struct trial_outcome *out, struct diag *diag)
{
    (void)diag;
    memset(out, 0, sizeof *out);
    out->digest = options->seed * 31 + schedule_digest(options->schedule);
    out->events = 100 + options->seed % 7;
    out->end_ns = NS_PER_S;
    out->fired = options->schedule->count;
    for (uint32_t i = 0; i < options->schedule->count; i++) {
        out->counts[options->schedule->faults[i].injector].armed++;
        out->counts[options->schedule->faults[i].injector].fired++;
        if (options->coverage) coverage_fired(options->coverage, options->schedule->faults[i].injector);
    }
    for (int i = 0; i < INVARIANT_COUNT; i++)
        out->margins_ppm[i] = SCHEDULE_PPM_ONE - (uint32_t)options->seed % 1000;
    if (has(options->schedule, INJECT_CHAIN_HALT) && has(options->schedule, INJECT_CHAIN_REORG))
        violate(out, INVARIANT_S04);
    if (options->seed % 50 == 0) {
        violate(out, INVARIANT_L02);
        violate(out, INVARIANT_L02);
    }
    return OK;
}

static struct campaign run_search(const struct campaign_search_options *wanted, uint32_t threads, bool stops)
{
    struct campaign campaign;
    struct campaign_search search;
    struct diag diag = {0};
    campaign_begin(&campaign);
    campaign_search_begin(&search, wanted);
    const struct campaign_source source = campaign_search_source(&search);
    const struct campaign_options options = {.scenario = &scenario,
                                             .source = &source,
                                             .threads = threads,
                                             .stops_at_first = stops,
                                             .run = run_made_up};
    cr_assert(eq(int, campaign_go(&campaign, &options, &diag), OK), "%s", diag.text);
    campaign_search_close(&search);
    return campaign;
}

static const struct campaign_search_options RANDOM = {
    .scenario = &scenario, .first_seed = 1, .seeds = 1000, .draw = draw};

static void expect_same(const struct campaign *a, const struct campaign *b)
{
    cr_expect(eq(int, memcmp(&a->totals, &b->totals, sizeof a->totals), 0));
    cr_expect(eq(int, memcmp(a->coverage.bits, b->coverage.bits, sizeof a->coverage.bits), 0));
    cr_assert(eq(u32, a->finding_count, b->finding_count));
    for (uint32_t i = 0; i < a->finding_count; i++) {
        cr_expect(eq(u64, a->findings[i].fingerprint, b->findings[i].fingerprint));
        cr_expect(eq(u64, a->findings[i].seed, b->findings[i].seed));
        cr_expect(eq(u64, a->findings[i].digest, b->findings[i].digest));
        cr_expect(eq(u64, a->findings[i].trials, b->findings[i].trials));
    }
}

Test(campaign, results_do_not_depend_on_threads)
{
    for (int guided = 0; guided < 2; guided++) {
        struct campaign_search_options wanted = RANDOM;
        wanted.is_guided = guided;
        struct campaign one = run_search(&wanted, 1, false), five = run_search(&wanted, 5, false);
        cr_expect(eq(u64, one.totals.trials, 1000));
        expect_same(&one, &five);
        campaign_close(&one);
        campaign_close(&five);
    }
}

Test(campaign, a_kind_of_failure_is_kept_once_and_counted_by_trials)
{
    struct campaign campaign = run_search(&RANDOM, 2, false);
    cr_assert(eq(u32, campaign.finding_count, 2));
    for (uint32_t i = 0; i < 2; i++) {
        const struct campaign_finding *finding = &campaign.findings[i];
        bool is_liveness = finding->violation.invariant == INVARIANT_L02;
        if (is_liveness) cr_expect(eq(u64, finding->trials, 20));
        if (is_liveness) cr_expect(eq(u64, finding->seed, 50));
        if (!is_liveness) cr_expect(has(&finding->schedule, INJECT_CHAIN_HALT));
    }
    campaign_close(&campaign);
}

Test(campaign, it_can_end_with_the_first_failure)
{
    struct campaign campaign = run_search(&RANDOM, 3, true), all = run_search(&RANDOM, 3, false);
    cr_expect(eq(u64, campaign.totals.failing, 1));
    cr_expect(eq(u64, campaign.totals.trials, campaign.findings[0].number + 1));
    cr_expect(eq(u64, campaign.findings[0].fingerprint, all.findings[0].fingerprint));
    campaign_close(&campaign);
    campaign_close(&all);
}

Test(campaign, two_parts_make_one_whole)
{
    struct campaign_search_options part = RANDOM;
    struct campaign whole = run_search(&RANDOM, 2, false), parts;
    campaign_begin(&parts);
    for (int i = 0; i < 2; i++) {
        struct campaign_search search;
        part.first_seed = i ? 301 : 1;
        part.seeds = i ? 700 : 300;
        campaign_search_begin(&search, &part);
        const struct campaign_source source = campaign_search_source(&search);
        const struct campaign_options options = {
            .scenario = &scenario, .source = &source, .threads = 2, .run = run_made_up};
        cr_assert(eq(int, campaign_go(&parts, &options, NULL), OK));
        campaign_search_close(&search);
    }
    expect_same(&whole, &parts);
    campaign_close(&whole);
    campaign_close(&parts);
}

static volatile sig_atomic_t stop;

static err run_then_stop(const struct trial_options *options, struct trial_outcome *out, struct diag *diag)
{
    err e = run_made_up(options, out, diag);
    if (options->seed == 200) stop = 1;
    if (options->seed > 200) out->interrupted = true;
    return e;
}

Test(campaign, an_interruption_keeps_what_was_judged)
{
    struct campaign campaign;
    struct campaign_search search;
    campaign_begin(&campaign);
    campaign_search_begin(&search, &RANDOM);
    const struct campaign_source source = campaign_search_source(&search);
    const struct campaign_options options = {
        .scenario = &scenario, .source = &source, .threads = 1, .run = run_then_stop, .stop = &stop};
    cr_assert(eq(int, campaign_go(&campaign, &options, NULL), OK));
    cr_expect(campaign.is_interrupted);
    cr_expect(eq(u64, campaign.totals.trials, 200));
    campaign_search_close(&search);
    campaign_close(&campaign);
}

static err run_badly(const struct trial_options *options, struct trial_outcome *out, struct diag *diag)
{
    TRY(run_made_up(options, out, diag));
    return options->seed < 70 ? OK : diag_fail(diag, ERR_LIMIT, "seed %u is bad", (unsigned)options->seed);
}

Test(campaign, the_first_error_in_order_is_told)
{
    struct campaign campaign;
    struct campaign_search search;
    struct diag diag = {0};
    campaign_begin(&campaign);
    campaign_search_begin(&search, &RANDOM);
    const struct campaign_source source = campaign_search_source(&search);
    const struct campaign_options options = {
        .scenario = &scenario, .source = &source, .threads = 4, .run = run_badly};
    cr_expect(eq(int, campaign_go(&campaign, &options, &diag), ERR_LIMIT));
    cr_expect(eq(str, diag.text, "seed 70 is bad"));
    campaign_search_close(&search);
    campaign_close(&campaign);
}

enum { DEPTH = 4, TRIALS_MOST = 10000 };

/* A fault of the injector that begins in the given fifth of the time. */
static bool has_at(const struct schedule *schedule, enum injector_id injector, uint32_t fifth)
{
    for (uint32_t i = 0; i < schedule->count; i++)
        if (schedule->faults[i].injector == injector &&
            (uint32_t)(5 * schedule->faults[i].on_ns / scenario.swarm.until_ns) == fifth)
            return true;
    return false;
}

/* A run that gets one step further with each fault that comes at its time. */
static err run_deep(const struct trial_options *options, struct trial_outcome *out, struct diag *diag)
{
    static const enum injector_id DEEP[DEPTH] = {INJECT_DISK_TORN, INJECT_CHAIN_HALT, INJECT_NET_FLAP,
                                                 INJECT_APP_PROOF_SLOW};
    uint32_t together = 0;
    (void)diag;
    memset(out, 0, sizeof *out);
    while (together < DEPTH && has_at(options->schedule, DEEP[together], together)) together++;
    for (uint32_t i = 0; i < together; i++) coverage_fired(options->coverage, i);
    if (together == DEPTH) violate(out, INVARIANT_S01);
    return OK;
}

static uint64_t trials_until_found(bool is_guided, uint64_t first_seed)
{
    struct campaign_search_options wanted = RANDOM;
    struct campaign campaign;
    struct campaign_search search;
    wanted.is_guided = is_guided;
    wanted.first_seed = first_seed;
    wanted.seeds = TRIALS_MOST;
    campaign_begin(&campaign);
    campaign_search_begin(&search, &wanted);
    const struct campaign_source source = campaign_search_source(&search);
    const struct campaign_options options = {
        .scenario = &scenario, .source = &source, .threads = 2, .stops_at_first = true, .run = run_deep};
    cr_assert(eq(int, campaign_go(&campaign, &options, NULL), OK));
    uint64_t trials = campaign.totals.trials;
    campaign_search_close(&search);
    campaign_close(&campaign);
    return trials;
}

Test(campaign, guided_search_gets_where_random_seeds_hardly_come)
{
    uint64_t random = 0, guided = 0;
    for (uint64_t base = 0; base < 5; base++) {
        random += trials_until_found(false, 1 + base * 100000);
        guided += trials_until_found(true, 1 + base * 100000);
    }
    cr_expect(lt(u64, 2 * guided, random), "guided %lu, random %lu", guided, random);
}

Test(campaign, the_median_of_faults_is_exact_when_small_and_near_when_large)
{
    static struct campaign_totals totals;
    struct trial_outcome *outcome = calloc(1, sizeof *outcome);
    for (uint64_t fired = 0; fired < 2000000; fired = fired * 9 / 8 + 1) {
        memset(&totals, 0, sizeof totals);
        outcome->fired = fired;
        campaign_total_add(&totals, outcome, SWARM_MIXED);
        uint64_t median = campaign_median_fired(&totals);
        if (fired < 64) cr_expect(eq(u64, median, fired));
        cr_expect(le(u64, median, fired));
        cr_expect(ge(u64, median + fired / 32, fired));
    }
    free(outcome);
}

/* ---- enumerations ---- */

static struct {
    uint64_t digests[40000];
    uint32_t count;
    uint64_t untouched_from; /* the count from which a fault finds nothing to do */
} seen;

static err remember(void *context, const struct campaign_trial *trial, bool *is_end)
{
    struct campaign_source *source = context;
    seen.digests[seen.count++] = schedule_digest(&trial->schedule);
    return source->judge(source->context, trial, is_end);
}

static err make_through(void *context, struct campaign_trial *trial, bool *is_end, struct diag *diag)
{
    struct campaign_source *source = context;
    return source->make(source->context, trial, is_end, diag);
}

static err run_counted(const struct trial_options *options, struct trial_outcome *out, struct diag *diag)
{
    TRY(run_made_up(options, out, diag));
    const struct fault *fault = &options->schedule->faults[0];
    memset(out->counts, 0, sizeof out->counts);
    out->violation_count = out->kept = 0;
    for (int i = 0; i < FAULT_PARAMS; i++) {
        const char *name = INJECTOR_TABLE[fault->injector].params[i].name;
        bool counts = name && (strcmp(name, "event") == 0 || strcmp(name, "record") == 0 ||
                               strcmp(name, "n") == 0 || strcmp(name, "nth") == 0);
        if (!counts) continue;
        bool is_touched = (uint64_t)fault->params[i] < seen.untouched_from;
        out->counts[fault->injector].fired = is_touched;
        out->crashes = 1 + is_touched;
    }
    return OK;
}

static struct systematic enumerate(enum systematic_family family, campaign_run *run,
                                   struct campaign *campaign)
{
    struct systematic systematic;
    systematic_begin(&systematic, family, 1, 60 * NS_PER_S);
    struct campaign_source inner = systematic_source(&systematic);
    const struct campaign_source source = {&inner, make_through, remember};
    const struct campaign_options options = {
        .scenario = &scenario, .source = &source, .threads = 2, .run = run};
    seen.count = 0;
    campaign_begin(campaign);
    cr_assert(eq(int, campaign_go(campaign, &options, NULL), OK));
    return systematic;
}

static int compare(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

static uint32_t count_of_different(void)
{
    uint32_t count = seen.count > 0;
    qsort(seen.digests, seen.count, sizeof *seen.digests, compare);
    for (uint32_t i = 1; i < seen.count; i++) count += seen.digests[i] != seen.digests[i - 1];
    return count;
}

Test(systematic, one_fault_is_every_target_at_every_moment_once)
{
    struct campaign campaign;
    uint32_t expected = 0;
    for (int i = 0; i < INJECTOR_COUNT; i++)
        expected += 8 * (uint32_t)__builtin_popcount(INJECTOR_TABLE[i].targets);
    struct systematic systematic = enumerate(SYSTEMATIC_ONE, run_made_up, &campaign);
    cr_expect(systematic.is_done);
    cr_expect(eq(u64, campaign.totals.trials, expected));
    cr_expect(eq(u32, count_of_different(), expected));
    for (int i = 0; i < INJECTOR_COUNT; i++) cr_expect(gt(u64, campaign.totals.counts[i].armed, 0));
    campaign_close(&campaign);
}

/* Three moments each: of one injector with itself only the pairs that do not overlap. */
Test(systematic, two_faults_are_every_pair_of_injectors)
{
    struct campaign campaign;
    struct systematic systematic = enumerate(SYSTEMATIC_TWO, run_made_up, &campaign);
    uint32_t between = INJECTOR_COUNT * (INJECTOR_COUNT - 1) / 2 * 9;
    cr_expect(systematic.is_done);
    cr_expect(gt(u64, campaign.totals.trials, between));
    cr_expect(le(u64, campaign.totals.trials, between + INJECTOR_COUNT * 6));
    cr_expect(eq(u32, count_of_different(), seen.count));
    cr_expect(gt(u32, campaign.finding_count, 0)); /* a halt beside a reorg */
    campaign_close(&campaign);
}

Test(systematic, counts_go_on_until_a_run_is_not_touched)
{
    struct campaign campaign;
    for (int family = SYSTEMATIC_CRASH; family < SYSTEMATIC_FAMILY_COUNT; family++) {
        seen.untouched_from = 150 + (uint64_t)family;
        struct systematic systematic = enumerate((enum systematic_family)family, run_counted, &campaign);
        cr_expect(systematic.is_done);
        cr_expect(eq(u64, systematic.touched, seen.untouched_from - 1));
        cr_expect(eq(u64, campaign.totals.trials, seen.untouched_from));
        campaign_close(&campaign);
    }
}
