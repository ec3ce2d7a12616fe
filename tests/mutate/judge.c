/* tests/mutate/judge.c: is this engine still right? The quickest judges there are, one after the other, for
 * ci/mutate: random histories before the watch and the naive judge, with integrity checks and a replay of the
 * log, then a few seeds of the campaign. Says by what it was found out; exit status 1 when it was. */
#include "engine/compare.h"
#include "engine/integrity.h"
#include "engine/replay.h"
#include "sim/trial.h"
#include "tests/lib/history.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { HISTORIES = 240, STEPS = 360, CHECK_EVERY = 64, TRIALS = 12 };

static int found_by(const char *who, const char *what)
{
    printf("%s: %s\n", who, what);
    return 1;
}

static bool is_whole(const struct history *history, void *scratch, size_t bytes)
{
    struct finding items[4];
    struct findings findings = {.items = items, .capacity = 4};
    const struct engine_check check = {.level = CHECK_FULL, .scratch = scratch, .scratch_bytes = bytes};
    return engine_check(history->engine, &check, &findings) == OK && findings.count == 0;
}

static bool replays(const struct history *history)
{
    struct arena arena;
    struct replay replay;
    struct journal_diag diag;
    struct difference difference;
    if (arena_open(&arena, engine_memory_bytes(&history->limits)) != OK) return false;
    err e = replay_begin(&replay, &arena, history->log.bytes, history->log.used, &diag);
    while (e == OK && !replay.is_over) e = replay_step(&replay, &diag, NULL);
    bool is_same = e == OK && !engine_compare(history->engine, replay.engine, &difference);
    arena_close(&arena);
    return is_same;
}

static int judge_history(struct history *history, const struct shadow *shadow, void *scratch, size_t bytes)
{
    for (int step = 0; step < STEPS; step++) {
        history_step(history);
        if (shadow->broken) return found_by("naive judge", shadow->broken);
        const struct violation *violation = watch_violation(history->watch, 0);
        if (violation) return found_by("watch", INVARIANT_TABLE[violation->invariant].id);
        if (step % CHECK_EVERY == 0 && !is_whole(history, scratch, bytes))
            return found_by("integrity", "a finding");
    }
    watch_scraped(history->watch, history->now_ns, history->engine);
    if (watch_violation_count(history->watch)) return found_by("watch", "S21");
    return replays(history) ? 0 : found_by("replay", "another state");
}

static int judge_histories(void)
{
    struct shadow *shadow = malloc(sizeof *shadow);
    int status = shadow ? 0 : 2;
    for (uint64_t seed = 1; status == 0 && seed <= HISTORIES; seed++) {
        struct history *history = history_watched(seed, shadow);
        size_t bytes = engine_check_bytes(history->engine);
        void *scratch = malloc(bytes);
        status = scratch ? judge_history(history, shadow, scratch, bytes) : 2;
        free(scratch);
        history_free(history);
    }
    free(shadow);
    return status;
}

static int judge_trial(const struct chaos_scenario *scenario, uint64_t seed, struct trial_outcome *outcome)
{
    struct schedule schedule = {0};
    struct diag diag = {0};
    enum swarm_kind kind;
    if (trial_schedule(scenario, seed, &schedule, &kind) != OK) return 2;
    const struct trial_options options = {
        .scenario = scenario, .seed = seed, .schedule = &schedule, .kind = kind};
    *outcome = (struct trial_outcome){0};
    err e = trial_run(&options, outcome, &diag);
    schedule_close(&schedule);
    if (e != OK) return found_by("campaign", diag.text);
    if (outcome->violation_count == 0) return 0;
    return found_by("campaign", INVARIANT_TABLE[outcome->violations[0].invariant].id);
}

static int judge_trials(void)
{
    struct chaos_scenario scenario = {0};
    struct diag diag = {0};
    struct trial_outcome *outcome = malloc(sizeof *outcome);
    int status = outcome && chaos_scenario_load(&scenario, "scenarios/chaos", "swarm", &diag) == OK ? 0 : 2;
    for (uint64_t seed = 1; status == 0 && seed <= TRIALS; seed++)
        status = judge_trial(&scenario, seed, outcome);
    chaos_scenario_close(&scenario);
    free(outcome);
    return status;
}

int main(void)
{
    int status = judge_histories();
    if (status == 0) status = judge_trials();
    if (status == 2) fputs("the judge itself could not run\n", stderr);
    return status;
}
