/* sim/trial.c: puts a trial together from its parts, runs it, and says what came of it. */
#include "sim/trial.h"
#include "chaos/knobs.h"
#include "sim/hazards.h"
#include <stdlib.h>
#include <string.h>

/* What a trial owns while it runs. */
struct stage {
    struct settings settings; /* the scenario's, or with a swarm the seed's own */
    int64_t settle_ns;
    struct workload *workload;
    struct chain *chain;
    struct watch *watch;
};

static void close_stage(struct stage *stage)
{
    watch_free(stage->watch);
    chain_free(stage->chain);
    workload_free(stage->workload);
}

static err open_watch(struct stage *stage, const struct trial_options *options)
{
    const struct chaos_scenario *scenario = options->scenario;
    const struct settings *settings = &stage->settings;
    bool is_safety_only = options->kind == SWARM_SAFETY || scenario->invariants == INVARIANTS_SAFETY;
    const struct watch_options watching = {
        .settings = settings,
        .limits = engine_limits_for(settings, scenario->agents),
        .tasks_most = (uint64_t)stage->workload->task_count * (scenario->resubmits ? 2 : 1),
        .tasks_room = stage->workload->task_count * (scenario->resubmits ? 2 : 1) + 1,
        .is_live_checked = !is_safety_only,
        .settle_ns = stage->settle_ns,
    };
    if (options->is_unwatched) return OK;
    return watch_open(&stage->watch, &watching);
}

/* A gate that waits for finality makes a chain of tasks wait for it once a task. */
static int64_t settle_of(const struct stage *stage, const struct chaos_scenario *scenario)
{
    enum { FINAL_TASKS = 4 };
    return stage->settings.gate_level == GATE_FINALIZED ? FINAL_TASKS * scenario->settle_ns
                                                        : scenario->settle_ns;
}

static err open_stage(struct stage *stage, const struct trial_options *options, struct diag *diag)
{
    const struct chaos_scenario *scenario = options->scenario;
    struct workload_options load = scenario->load;
    struct knobs_load turned = {0};
    stage->settings = scenario->config.settings;
    if (scenario->is_swarm) knobs_turn(options->seed, &stage->settings, &turned);
    stage->settle_ns = settle_of(stage, scenario);
    load.seed = options->seed;
    load.agents = scenario->agents;
    if (turned.edges) load.edges = turned.edges;
    if (turned.cross_agent_bps) load.cross_agent = (double)turned.cross_agent_bps / (double)BPS_ONE;
    if (turned.claim_ttl_ns) load.claim_ttl_ns = turned.claim_ttl_ns;
    TRY(workload_open(&stage->workload, &load, diag));
    const struct chain_options chain = {
        .profile = &scenario->chain, .path = CHAIN_STAKED, .seed = options->seed};
    err e = chain_open(&stage->chain, &chain);
    if (e == OK) e = open_watch(stage, options);
    return e == OK ? OK : diag_fail(diag, e, "out of memory for a trial");
}

static void keep_violations(const struct watch *watch, struct trial_outcome *out)
{
    out->violation_count = watch_violation_count(watch);
    for (uint32_t i = 0; i < WATCH_VIOLATIONS_KEPT && i < out->violation_count; i++)
        out->violations[out->kept++] = *watch_violation(watch, i);
    for (int i = 0; i < INVARIANT_COUNT; i++) {
        out->checks[i] = watch_checks(watch, (enum invariant)i);
        out->margins_ppm[i] = watch_margin_ppm(watch, (enum invariant)i);
    }
}

static void keep_run(const struct sim_outcome *run, const struct hazards_outcome *hazards,
                     struct trial_outcome *out)
{
    const struct engine_stats *stats = &run->last;
    out->digest = run->metrics.trajectory_hash;
    out->events = run->metrics.events;
    memcpy(out->counts, hazards->counts, sizeof out->counts);
    for (int i = 0; i < INJECTOR_COUNT; i++) out->fired += hazards->counts[i].fired;
    out->tasks = stats->submitted;
    out->confirmed = stats->ended[TASK_CONFIRMED] - stats->reverts; /* what a reorg reopened ends once more */
    out->rolled_back = stats->ended[TASK_ROLLED_BACK];
    out->failed = stats->ended[TASK_FAILED];
    out->cancelled = stats->ended[TASK_CANCELLED];
    out->expired = stats->ended[TASK_EXPIRED];
    for (int why = 0; why < REFUSAL_COUNT; why++) out->refused += stats->refused[why];
    out->crashes = hazards->crashes + hazards->crashes_in_recovery;
    out->healed_ns = hazards->healed_ns;
    out->end_ns = run->end_ns;
    out->is_lost = hazards->is_lost;
    out->interrupted = run->interrupted;
}

/* What the watch cannot report by itself. */
static void add_violation(struct trial_outcome *out, enum invariant rule, const char *text)
{
    struct violation violation = {.invariant = rule,
                                  .now_ns = out->end_ns,
                                  .event = out->events,
                                  .kind = EVENT_KIND_COUNT,
                                  .reason = REASON_COUNT};
    snprintf(violation.text, sizeof violation.text, "%s", text);
    out->violation_count++;
    if (out->kept < WATCH_VIOLATIONS_KEPT) out->violations[out->kept++] = violation;
}

/* Every event must have been seen: a hook that is passed by judges nothing. */
static void count_events(struct trial_outcome *out, const struct watch *watch)
{
    char text[VIOLATION_TEXT_BYTES];
    if (out->crashes > 0 || watch_events(watch) == out->events) return;
    snprintf(text, sizeof text, "the watch saw %llu of %llu events", (unsigned long long)watch_events(watch),
             (unsigned long long)out->events);
    add_violation(out, INVARIANT_S21, text);
}

static err run_stage(struct stage *stage, const struct trial_options *options, struct trial_outcome *out,
                     struct diag *diag)
{
    const struct chaos_scenario *scenario = options->scenario;
    struct sim_outcome run;
    struct hazards_outcome met = {0};
    const struct hazards_options hazards = {
        .schedule = options->schedule,
        .watch = stage->watch,
        .coverage = options->coverage,
        .dropped = options->dropped,
        .tasks_most = options->tasks_most,
        .heal_ns = scenario->load.duration_ns,
        .until_ns = options->until_ns,
        .log = options->log,
        .fingerprint = options->fingerprint,
        .seen = options->seen,
        .noted = options->noted,
        .context = options->context,
    };
    const struct sim_options simulated = {
        .settings = &stage->settings,
        .workload = stage->workload,
        .chain = stage->chain,
        .prover = &scenario->prover,
        .agents = scenario->agents,
        .executor_slots = scenario->executor_slots,
        .agent_stake_lamports = scenario->agent_stake_lamports,
        .duration_ns = scenario->load.duration_ns,
        .resubmits = scenario->resubmits,
        .settle_ns = stage->settle_ns,
        .seed = options->seed,
        .trace = options->trace,
        .stop = options->stop,
        .hazards = &hazards,
        .hazards_outcome = &met,
    };
    TRY(sim_run(&simulated, &run, diag));
    keep_run(&run, &met, out);
    if (stage->watch) {
        keep_violations(stage->watch, out);
        if (!met.broken[0]) count_events(out, stage->watch);
    }
    if (met.broken[0]) add_violation(out, INVARIANT_S11, met.broken);
    sim_outcome_close(&run);
    return OK;
}

err trial_run(const struct trial_options *options, struct trial_outcome *out, struct diag *diag)
{
    struct stage stage = {0};
    memset(out, 0, sizeof *out);
    if (options->coverage) coverage_begin(options->coverage);
    err e = open_stage(&stage, options, diag);
    if (e == OK) {
        out->task_count = stage.workload->task_count * (options->scenario->resubmits ? 2 : 1);
        e = run_stage(&stage, options, out, diag);
    }
    close_stage(&stage);
    return e == OK && options->judges_pairs ? trial_judge_pairs(options, out, diag) : e;
}

/* ---- schedules ---- */

/* Keys that are drawn are far above those of files; this keeps them apart by whatever is added to them. */
enum { SWARM_KEYS = 1000, KEYS_MOST = 1 << 24 };

static bool overlaps(const struct schedule *schedule, const struct fault *fault)
{
    for (uint32_t i = 0; i < schedule->count; i++)
        if (faults_overlap(&schedule->faults[i], fault)) return true;
    return false;
}

/* The last of them goes on until everything is healed: something must be left for the heal to end. No load is
 * held back until then. */
static void stretch(struct fault *fault, int64_t heal_ns)
{
    int64_t left_ns = heal_ns - fault->on_ns;
    if (INJECTOR_TABLE[fault->injector].occasion == OCCASION_ARRIVAL) return;
    if (fault->for_ns > 0 && fault->for_ns <= left_ns) fault->for_ns = left_ns + NS_PER_MIN;
}

/* What the scenario says goes before what is drawn. */
static err add_drawn(struct schedule *out, const struct chaos_scenario *scenario,
                     const struct schedule *drawn)
{
    for (uint32_t i = 0; i < drawn->count; i++) {
        struct fault fault = drawn->faults[i];
        fault.key += SWARM_KEYS;
        ASSERT(fault.key < KEYS_MOST); /* what an address of draws has room for */
        if (i + 1 == drawn->count) stretch(&fault, scenario->load.duration_ns);
        if (!overlaps(&scenario->schedule, &fault)) TRY(schedule_add(out, &fault));
    }
    return OK;
}

err trial_schedule(const struct chaos_scenario *scenario, uint64_t seed, struct schedule *out,
                   enum swarm_kind *kind_out)
{
    struct schedule made = {0}, drawn = {0};
    enum swarm_kind kind = SWARM_MIXED;
    struct diag diag = {0};
    err e = schedule_copy(&made, &scenario->schedule);
    if (e == OK && scenario->is_swarm) e = swarm_draw(&drawn, &scenario->swarm, seed, &kind);
    if (e == OK) e = add_drawn(&made, scenario, &drawn);
    if (e == OK) e = schedule_settle(&made, scenario->path, &diag);
    schedule_close(&drawn);
    if (e != OK) {
        schedule_close(&made);
        return e;
    }
    *out = made;
    *kind_out = kind;
    return OK;
}
