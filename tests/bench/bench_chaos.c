/* tests/bench/bench_chaos.c: what chaos costs: events, seeds and virtual time a second of processor time.
 *
 * Everything on one thread, in processor time, so that neighbours do not count; setting a trial up, drawing
 * its schedule and judging it are in it. The same seeds with and without the watch tell what the invariants
 * cost. Prints "name value unit goal" lines; a goal with > is a least value. */
#include "sim/campaign_search.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SEEDS = 120, KEPT_BYTES = 1 << 30, MAPPED_BYTES = 32 << 20 };

static void must(err e, const struct diag *diag)
{
    if (e == OK) return;
    fprintf(stderr, "bench_chaos: %s: %s\n", err_text(e), diag->text);
    exit(1);
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / (double)NS_PER_S;
}

static bool is_unwatched;

static err run_maybe_watched(const struct trial_options *options, struct trial_outcome *out,
                             struct diag *diag)
{
    struct trial_options wanted = *options;
    wanted.is_unwatched = is_unwatched;
    wanted.judges_pairs = false; /* more runs: not what one costs */
    return trial_run(&wanted, out, diag);
}

/* A control of every seed: what the engine and its watch do without any fault. */
static err draw_nothing(const struct chaos_scenario *scenario, uint64_t seed, struct schedule *out,
                        enum swarm_kind *kind_out)
{
    (void)scenario;
    (void)seed;
    *out = (struct schedule){0};
    *kind_out = SWARM_CONTROL;
    return OK;
}

struct measured {
    double seconds;
    struct campaign_totals totals;
};

static struct measured measure(struct chaos_scenario *scenario, campaign_draw *draw, uint32_t seeds)
{
    struct campaign campaign;
    struct campaign_search search;
    struct measured out;
    struct diag diag = {0};
    campaign_begin(&campaign);
    campaign_search_begin(&search, &(struct campaign_search_options){
                                       .scenario = scenario, .first_seed = 1, .seeds = seeds, .draw = draw});
    const struct campaign_source source = campaign_search_source(&search);
    const struct campaign_options options = {
        .scenario = scenario, .source = &source, .threads = 1, .run = run_maybe_watched};
    double began = cpu_seconds();
    must(campaign_go(&campaign, &options, &diag), &diag);
    out.seconds = cpu_seconds() - began;
    out.totals = campaign.totals;
    campaign_search_close(&search);
    campaign_close(&campaign);
    return out;
}

static double rate(const struct measured *measured)
{
    return (double)measured->totals.events / measured->seconds / 1e6;
}

static double compression(const struct measured *measured)
{
    return (double)measured->totals.virtual_ns / (double)NS_PER_S / measured->seconds;
}

int main(void)
{
    struct chaos_scenario *scenario = calloc(1, sizeof *scenario);
    struct diag diag = {0};
    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES); /* as the campaign command does */
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    must(scenario ? chaos_scenario_load(scenario, "scenarios/chaos", "swarm", &diag) : ERR_NOMEM, &diag);
    const struct measured swarm = measure(scenario, trial_schedule, SEEDS);
    is_unwatched = true;
    const struct measured unwatched = measure(scenario, trial_schedule, SEEDS);
    const struct measured bare = measure(scenario, draw_nothing, SEEDS);
    is_unwatched = false;
    const struct measured clean = measure(scenario, draw_nothing, SEEDS);
    must(chaos_scenario_resize(scenario, 0, 10, &diag), &diag);
    const struct measured busy = measure(scenario, trial_schedule, SEEDS / 5);
    const struct measured calm = measure(scenario, draw_nothing, SEEDS / 5);
    printf("chaos.events_all_invariants %.2f M/s >1\n", rate(&clean));
    printf("chaos.events_unwatched %.2f M/s >1\n", rate(&bare));
    printf("chaos.checker_overhead %.0f %% 30\n", 100 * (1 - bare.seconds / clean.seconds));
    printf("chaos.events_with_faults %.2f M/s >1\n", rate(&swarm));
    printf("chaos.checker_overhead_with_faults %.0f %% 30\n", 100 * (1 - unwatched.seconds / swarm.seconds));
    printf("chaos.seeds_a_minute %.0f seeds >2000\n", 60 * SEEDS / swarm.seconds);
    printf("chaos.median_faults_fired %.0f faults >20\n", (double)campaign_median_fired(&swarm.totals));
    printf("chaos.compression_10_tasks_a_second %.0f x >10000\n", compression(&calm));
    printf("chaos.compression_with_faults %.0f x >10000\n", compression(&busy));
    printf("chaos.years_a_cpu_hour %.1f years >2\n", compression(&busy) / (24 * 365.25));
    chaos_scenario_close(scenario);
    free(scenario);
    return 0;
}
