/* sim/chaos_scenario.c: the layers of a scenario: what is usual, a configuration, a load, its own keys; then
 * what it refers to. */
#include "base/duration.h"
#include "sim/chaos_scenario_file.h"
#include <stdio.h>
#include <string.h>

/* ---- layers ---- */

static err read_config(struct scenario_reading *reading, const char *folder, struct diag *diag)
{
    char beside[SCENARIO_PATH_BYTES], path[PROFILE_PATH_BYTES];
    if (!reading->config[0]) return OK;
    TRY(scenario_folder(folder, "../config", beside, diag));
    const struct profile_place place = {"configuration", beside, reading->config};
    TRY(profile_path(&place, path, diag));
    return config_load_file(&reading->out->config, path, &reading->notes, diag);
}

static err read_load(struct scenario_reading *reading, const char *folder, struct diag *diag)
{
    char beside[SCENARIO_PATH_BYTES], path[PROFILE_PATH_BYTES];
    if (!reading->workload[0]) return OK;
    TRY(scenario_folder(folder, "load", beside, diag));
    const struct profile_place place = {"load", beside, reading->workload};
    TRY(profile_path(&place, path, diag));
    reading->is_profile = true;
    TRY(toml_read_file(path, scenario_take_leaf, reading, diag));
    reading->is_profile = false;
    return schedule_settle(&reading->out->schedule, path, diag);
}

static void set_defaults(struct scenario_reading *reading)
{
    const struct workload_options usual = workload_defaults();
    struct chaos_scenario *out = reading->out;
    reading->notes.is_strict = true;
    reading->duration_ns = 10 * NS_PER_MIN; /* semantics.md 41 */
    reading->rate = 2;
    reading->agents = 50;
    reading->executors = 4;
    reading->agent_stake = -1;
    reading->cross_agent = usual.cross_agent;
    reading->snapshot_bytes = usual.snapshot_bytes;
    reading->mean_faults = 40;
    snprintf(out->texts.pattern, sizeof out->texts.pattern, "%s", usual.pattern);
    snprintf(out->texts.arrivals, sizeof out->texts.arrivals, "%s", usual.arrivals);
    snprintf(out->texts.depth, sizeof out->texts.depth, "%s", usual.depth);
    snprintf(out->texts.shape, sizeof out->texts.shape, "%s", usual.shape);
    snprintf(out->texts.execution, sizeof out->texts.execution, "%s", usual.execution);
    snprintf(out->texts.edges, sizeof out->texts.edges, "%s", usual.edges);
    snprintf(out->chain_name, sizeof out->chain_name, "mainnet");
    snprintf(out->prover_name, sizeof out->prover_name, "groth16-gpu");
}

static void fill_load(struct chaos_scenario *out, const struct scenario_reading *reading)
{
    struct workload_options *load = &out->load;
    *load = workload_defaults();
    load->duration_ns = reading->duration_ns;
    load->rate = reading->rate;
    load->pattern = out->texts.pattern;
    load->arrivals = out->texts.arrivals;
    load->depth = out->texts.depth;
    load->shape = out->texts.shape;
    load->execution = out->texts.execution;
    load->edges = out->texts.edges;
    load->agents = out->agents = (uint32_t)reading->agents;
    load->cross_agent = reading->cross_agent;
    load->failure_chance = reading->failures;
    load->failure_stage = (enum workload_stage)reading->stage;
    load->claim_ttl_ns = reading->claim_ttl_ns;
    load->snapshot_bytes = reading->snapshot_bytes;
    out->executor_slots = (uint32_t)reading->executors;
    out->resubmits = reading->resubmits;
}

static void turn_on(struct config *config, const char *name, int64_t *value, int64_t on)
{
    const struct config_key *key = config_key_find(name);
    if (config->origins[config_key_index(key)].source == CONFIG_COMPILED) *value = on;
}

static void fill_settings(struct chaos_scenario *out, const struct scenario_reading *reading)
{
    struct settings *settings = &out->config.settings;
    turn_on(&out->config, "speculation.enabled", &settings->enabled, 1);
    turn_on(&out->config, "speculation.features.rollout_percentage", &settings->rollout_bps,
            (int64_t)BPS_ONE);
    out->agent_stake_lamports =
        (uint64_t)(reading->agent_stake >= 0 ? reading->agent_stake : settings->max_stake_lamports);
    out->settle_ns = reading->heal_ns ? reading->heal_ns : 3 * settings->confirmation_timeout_ns; /* L04 */
}

/* A twentieth of the time without faults, a tenth left for what they have done. */
static void fill_swarm(struct chaos_scenario *out)
{
    out->swarm.from_ns = out->load.duration_ns / 20;
    out->swarm.until_ns = out->load.duration_ns / 10 * 9;
}

static bool has_safety_only(const struct schedule *schedule)
{
    for (uint32_t i = 0; i < schedule->count; i++)
        if (INJECTOR_TABLE[schedule->faults[i].injector].class == FAULT_SAFETY_ONLY) return true;
    return false;
}

static void fill_head(struct chaos_scenario *out)
{
    out->head.duration_ns = out->load.duration_ns;
    out->head.is_swarm = out->is_swarm;
    out->head.is_safety_only = out->invariants == INVARIANTS_SAFETY;
    for (uint32_t i = 0; i < out->schedule.count; i++)
        out->head.arms[out->schedule.faults[i].injector] = true;
}

static err check_armed(const struct chaos_scenario *scenario, struct diag *diag)
{
    const struct schedule *schedule = &scenario->schedule;
    char at[DURATION_TEXT_BYTES], lasts[DURATION_TEXT_BYTES];
    if (schedule->count == 0 && !scenario->is_swarm)
        return diag_fail(
            diag, ERR_USAGE,
            "%s arms no fault, so it would try nothing: add a [[fault]], or on = true in [swarm]",
            scenario->path);
    if (schedule->count == 0) return OK;
    const struct fault *last = &schedule->faults[schedule->count - 1];
    if (last->on_ns < scenario->load.duration_ns) return OK;
    duration_print(at, last->on_ns);
    duration_print(lasts, scenario->load.duration_ns);
    return diag_fail(diag, ERR_RANGE, "%s: %s begins at %s, when nothing arrives any more: the load lasts %s",
                     scenario->path, INJECTOR_TABLE[last->injector].name, at, lasts);
}

static err load_models(struct chaos_scenario *out, const char *folder, struct diag *diag)
{
    char beside[SCENARIO_PATH_BYTES];
    struct diag why = {0};
    TRY(scenario_folder(folder, "../chain", beside, diag));
    err e = chain_profile_load(&out->chain, beside, out->chain_name, &why);
    if (e != OK) return diag_fail(diag, e, "%s: run.chain: %.400s", out->path, why.text);
    TRY(scenario_folder(folder, "../prover", beside, diag));
    e = prover_profile_load(&out->prover, beside, out->prover_name, &why);
    if (e != OK) return diag_fail(diag, e, "%s: run.prover: %.400s", out->path, why.text);
    e = workload_check(&out->load, &why);
    return e == OK ? OK : diag_fail(diag, e, "%s: [load]: %.400s", out->path, why.text);
}

/* "trace:FILE" lies beside the scenario, wherever the program is started. */
static err find_trace(struct chaos_scenario *out, struct diag *diag)
{
    char file[sizeof out->texts.shape];
    const char *slash = strrchr(out->path, '/');
    bool is_found = strncmp(out->texts.shape, "trace:", 6) != 0 || out->texts.shape[6] == '/' || !slash;
    if (is_found) return OK;
    memcpy(file, out->texts.shape, sizeof file);
    int size = snprintf(out->texts.shape, sizeof out->texts.shape, "trace:%.*s/%s", (int)(slash - out->path),
                        out->path, file + 6);
    return size < (int)sizeof file
               ? OK
               : diag_fail(diag, ERR_RANGE, "%s: the path of its shape is too long", out->path);
}

/* Everything of the file itself. */
static err read_file(struct scenario_reading *reading, const char *folder, struct diag *diag)
{
    struct chaos_scenario *out = reading->out;
    config_init(&out->config);
    set_defaults(reading);
    TRY(toml_read_file(out->path, scenario_take_reference, reading, diag));
    TRY(read_config(reading, folder, diag));
    TRY(read_load(reading, folder, diag));
    TRY(toml_read_file(out->path, scenario_take_leaf, reading, diag));
    TRY(schedule_settle(&out->schedule, out->path, diag));
    TRY(find_trace(out, diag));
    struct diag why = {0};
    err e = config_check(&out->config, &reading->notes, &why);
    if (e != OK) return diag_fail(diag, e, "%s: %.480s", out->path, why.text);
    fill_load(out, reading);
    fill_settings(out, reading);
    out->is_swarm = reading->is_swarm;
    out->swarm =
        (struct swarm){.mean_faults = (uint32_t)reading->mean_faults, .is_all_on = reading->is_all_on};
    fill_swarm(out);
    bool is_safety = reading->safety_only || has_safety_only(&out->schedule);
    out->invariants = is_safety ? INVARIANTS_SAFETY : INVARIANTS_ALL;
    fill_head(out);
    return check_armed(out, diag);
}

err chaos_scenario_load(struct chaos_scenario *out, const char *folder, const char *name, struct diag *diag)
{
    struct scenario_reading reading = {.out = out};
    memset(out, 0, sizeof *out);
    out->name = out->head.name;
    out->path = out->head.path;
    err e = scenario_find(folder, name, out->head.path, diag);
    if (e == OK) e = read_file(&reading, folder, diag);
    if (e == OK && !out->head.name[0]) e = diag_fail(diag, ERR_SYNTAX, "%s has no name = \"...\"", out->path);
    if (e == OK) e = load_models(out, folder, diag);
    if (e != OK) chaos_scenario_close(out);
    return e;
}

void chaos_scenario_close(struct chaos_scenario *scenario)
{
    schedule_close(&scenario->schedule);
    prover_profile_close(&scenario->prover);
    memset(scenario, 0, sizeof *scenario);
}

/* ---- options ---- */

static err drop_late(struct chaos_scenario *scenario, int64_t duration_ns, struct diag *diag)
{
    struct schedule *schedule = &scenario->schedule;
    char first[DURATION_TEXT_BYTES], lasts[DURATION_TEXT_BYTES];
    while (schedule->count && schedule->faults[schedule->count - 1].on_ns >= duration_ns) schedule->count--;
    if (schedule->count > 0 || scenario->is_swarm) return OK;
    duration_print(first, schedule->faults[0].on_ns); /* still there, though no longer counted */
    duration_print(lasts, duration_ns);
    return diag_fail(diag, ERR_USAGE, "%s: its first fault begins at %s, a load of %s would meet none",
                     scenario->path, first, lasts);
}

err chaos_scenario_resize(struct chaos_scenario *scenario, int64_t duration_ns, double rate,
                          struct diag *diag)
{
    struct diag why = {0};
    if (duration_ns > 0 && duration_ns < NS_PER_S)
        return diag_fail(diag, ERR_RANGE, "--duration: tasks must arrive for at least 1s");
    if (duration_ns > 0) {
        scenario->load.duration_ns = duration_ns;
        TRY(drop_late(scenario, duration_ns, diag));
        fill_swarm(scenario);
    }
    if (rate > 0) scenario->load.rate = rate;
    err e = workload_check(&scenario->load, &why);
    if (e != OK) return diag_fail(diag, e, "%s: %.400s", scenario->path, why.text);
    return check_armed(scenario, diag);
}
