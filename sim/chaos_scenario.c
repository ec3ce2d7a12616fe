/* sim/chaos_scenario.c: a file of a scenario, key by key; what it refers to is loaded when all keys are
 * known. */
#include "sim/chaos_scenario.h"
#include "base/decimal.h"
#include "base/duration.h"
#include "base/nearest.h"
#include "sim/chaos_scenario_file.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const INVARIANT_IDS[INVARIANT_COUNT] = {
#define ID_(id, severity, title, exercised) #id,
    INVARIANTS(ID_)
#undef ID_
};

static const char *const STAGES[] = {"mix", "proof", "chain", NULL};

/* A file in the middle of being read. */
struct scenario_reading {
    struct chaos_scenario *out;
    char workload[SCENARIO_NAME_BYTES], config[SCENARIO_PATH_BYTES];
    int64_t duration_ns, claim_ttl_ns, snapshot_bytes, heal_ns, agents, executors, agent_stake, mean_faults;
    int64_t stage;
    double rate, cross_agent, failures;
    bool resubmits, is_swarm, is_all_on, safety_only;
    bool is_profile; /* of a load: [load], [[fault]] and keys of the configuration, nothing else */
    struct config_notes notes;
};

enum key_kind { KEY_TEXT, KEY_DURATION, KEY_COUNT, KEY_BYTES, KEY_NUMBER, KEY_SHARE, KEY_STAGE, KEY_SWITCH };

struct scenario_key {
    const char *path;
    enum key_kind kind;
    size_t offset, bytes; /* in scenario_reading, or of KEY_TEXT in chaos_scenario */
    int64_t min, max;
};

#define INTO(field) offsetof(struct scenario_reading, field)
#define TEXT(path, field)                                                                                    \
    {                                                                                                        \
        path, KEY_TEXT, offsetof(struct chaos_scenario, field), sizeof((struct chaos_scenario *)0)->field,   \
            0, 0                                                                                             \
    }
#define DURATION_MOST (400 * NS_PER_DAY)
enum { RATE_MOST = 10000, MEAN_MOST = 1000 };

static const struct scenario_key KEYS[] = {
    TEXT("id", head.id),
    TEXT("also", head.also),
    TEXT("name", head.name),
    TEXT("title", head.title),
    TEXT("about", head.about),
    {"load.workload", KEY_TEXT, 0, 0, 0, 0}, /* read before: the layers below come first */
    {"load.duration", KEY_DURATION, INTO(duration_ns), 0, NS_PER_S, DURATION_MOST},
    {"load.rate", KEY_NUMBER, INTO(rate), 0, 0, RATE_MOST},
    TEXT("load.pattern", texts.pattern),
    TEXT("load.arrivals", texts.arrivals),
    TEXT("load.depth", texts.depth),
    TEXT("load.shape", texts.shape),
    TEXT("load.execution", texts.execution),
    TEXT("load.edges", texts.edges),
    {"load.agents", KEY_COUNT, INTO(agents), 0, 1, LIMIT_AGENTS},
    {"load.executors", KEY_COUNT, INTO(executors), 0, 0, 100000},
    {"load.agent_stake", KEY_COUNT, INTO(agent_stake), 0, 0, INT64_MAX},
    {"load.cross_agent", KEY_SHARE, INTO(cross_agent), 0, 0, 1},
    {"load.snapshot", KEY_BYTES, INTO(snapshot_bytes), 0, 1, INT64_C(1) << 40},
    {"load.claim_ttl", KEY_DURATION, INTO(claim_ttl_ns), 0, NS_PER_MS, DURATION_MOST},
    {"load.inject_failures", KEY_SHARE, INTO(failures), 0, 0, 1},
    {"load.inject_stage", KEY_STAGE, INTO(stage), 0, 0, 0},
    {"load.resubmit", KEY_SWITCH, INTO(resubmits), 0, 0, 0},
    TEXT("run.chain", chain_name),
    TEXT("run.prover", prover_name),
    {"run.config", KEY_TEXT, 0, 0, 0, 0},
    {"run.heal", KEY_DURATION, INTO(heal_ns), 0, NS_PER_S, NS_PER_DAY},
    {"swarm.on", KEY_SWITCH, INTO(is_swarm), 0, 0, 0},
    {"swarm.all", KEY_SWITCH, INTO(is_all_on), 0, 0, 0},
    {"swarm.mean", KEY_COUNT, INTO(mean_faults), 0, 1, MEAN_MOST},
    TEXT("expect.needs", head.not_yet),
    {"expect.safety_only", KEY_SWITCH, INTO(safety_only), 0, 0, 0},
};
enum { KEY_COUNT_ALL = sizeof KEYS / sizeof *KEYS };

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* ---- one key ---- */

static err wrong_type(const struct toml_leaf *leaf, const char *wanted, struct diag *diag)
{
    return diag_fail(diag, ERR_SYNTAX, "%s:%d:%d: %s is %s, want %s", leaf->file, leaf->line, leaf->column,
                     leaf->path, toml_type_name(leaf->type), wanted);
}

static err out_of_range(const struct toml_leaf *leaf, const char *range, struct diag *diag)
{
    return diag_fail(diag, ERR_RANGE, "%s:%d:%d: %s is out of range, want %s", leaf->file, leaf->line,
                     leaf->column, leaf->path, range);
}

static err take_text(const struct toml_leaf *leaf, char *out, size_t bytes, struct diag *diag)
{
    char range[64];
    if (leaf->type != TOML_STRING) return wrong_type(leaf, "a text in quotes", diag);
    snprintf(range, sizeof range, "a text of at most %zu bytes", bytes - 1);
    if (strlen(leaf->text) >= bytes) return out_of_range(leaf, range, diag);
    memcpy(out, leaf->text, strlen(leaf->text) + 1);
    return OK;
}

static err take_duration(const struct scenario_key *key, const struct toml_leaf *leaf, int64_t *out,
                         struct diag *diag)
{
    char range[96], least[DURATION_TEXT_BYTES], most[DURATION_TEXT_BYTES];
    struct diag why = {0};
    int64_t read = 0;
    if (leaf->type != TOML_STRING) return wrong_type(leaf, "a duration like \"10m\"", diag);
    err e = duration_parse(leaf->text, &read, &why);
    if (e != OK)
        return diag_fail(diag, e, "%s:%d:%d: %s: %.300s", leaf->file, leaf->line, leaf->column, leaf->path,
                         why.text);
    duration_print(least, key->min);
    duration_print(most, key->max);
    snprintf(range, sizeof range, "%s to %s", least, most);
    if (read < key->min || read > key->max) return out_of_range(leaf, range, diag);
    *out = read;
    return OK;
}

static err take_whole(const struct scenario_key *key, const struct toml_leaf *leaf, int64_t *out,
                      struct diag *diag)
{
    char range[96];
    struct diag why = {0};
    int64_t read = leaf->integer;
    if (key->kind == KEY_BYTES && leaf->type == TOML_STRING) {
        err e = size_parse(leaf->text, &read, &why);
        if (e != OK)
            return diag_fail(diag, e, "%s:%d:%d: %s: %.300s", leaf->file, leaf->line, leaf->column,
                             leaf->path, why.text);
    } else if (leaf->type != TOML_INTEGER)
        return wrong_type(leaf, "a whole number", diag);
    snprintf(range, sizeof range, "%" PRId64 " to %" PRId64, key->min, key->max);
    if (read < key->min || read > key->max) return out_of_range(leaf, range, diag);
    *out = read;
    return OK;
}

static err take_number(const struct scenario_key *key, const struct toml_leaf *leaf, double *out,
                       struct diag *diag)
{
    char range[96];
    if (leaf->type != TOML_INTEGER && leaf->type != TOML_FLOAT) return wrong_type(leaf, "a number", diag);
    double read = leaf->type == TOML_INTEGER ? (double)leaf->integer : leaf->number;
    bool is_above = key->kind == KEY_SHARE ? read >= (double)key->min : read > (double)key->min;
    snprintf(range, sizeof range, "%s%" PRId64 " to %" PRId64, key->kind == KEY_SHARE ? "" : "above ",
             key->min, key->max);
    if (!is_above || read > (double)key->max) return out_of_range(leaf, range, diag);
    *out = read;
    return OK;
}

static err take_stage(const struct toml_leaf *leaf, int64_t *out, struct diag *diag)
{
    if (leaf->type != TOML_STRING) return wrong_type(leaf, "a text in quotes", diag);
    for (int i = 0; STAGES[i]; i++)
        if (strcmp(STAGES[i], leaf->text) == 0) {
            *out = i;
            return OK;
        }
    return out_of_range(leaf, "\"mix\", \"proof\" or \"chain\"", diag);
}

static err take_key(struct scenario_reading *reading, const struct scenario_key *key,
                    const struct toml_leaf *leaf, struct diag *diag)
{
    void *at = (char *)reading + key->offset;
    switch (key->kind) {
    case KEY_TEXT: /* one that was read before has no room */
        return key->bytes ? take_text(leaf, (char *)reading->out + key->offset, key->bytes, diag) : OK;
    case KEY_DURATION: return take_duration(key, leaf, at, diag);
    case KEY_COUNT:
    case KEY_BYTES: return take_whole(key, leaf, at, diag);
    case KEY_NUMBER:
    case KEY_SHARE: return take_number(key, leaf, at, diag);
    case KEY_STAGE: return take_stage(leaf, at, diag);
    case KEY_SWITCH:
        if (leaf->type != TOML_BOOLEAN) return wrong_type(leaf, "true or false", diag);
        *(bool *)at = leaf->boolean;
        return OK;
    }
    return OK;
}

static err take_invariant(struct scenario_reading *reading, const struct toml_leaf *leaf, struct diag *diag)
{
    struct nearest nearest = {.wanted = leaf->type == TOML_STRING ? leaf->text : ""};
    if (leaf->type != TOML_STRING) return wrong_type(leaf, "a list like [\"S18\", \"L04\"]", diag);
    for (int i = 0; i < INVARIANT_COUNT; i++) {
        if (strcmp(INVARIANT_IDS[i], leaf->text) == 0) {
            reading->out->head.is_about[i] = true;
            return OK;
        }
        nearest_offer(&nearest, INVARIANT_IDS[i]);
    }
    return diag_fail(diag, ERR_USAGE, "%s:%d:%d: no invariant \"%.40s\"%s%s; `agenc chaos list` has them all",
                     leaf->file, leaf->line, leaf->column, leaf->text, nearest.best ? ", nearest is " : "",
                     nearest.best ? nearest.best : "");
}

static bool is_of_load(const char *path)
{
    return begins(path, "load.") && strcmp(path, "load.workload") != 0;
}

static err unknown_key(const struct toml_leaf *leaf, struct diag *diag)
{
    struct nearest nearest = {.wanted = leaf->path};
    for (int i = 0; i < KEY_COUNT_ALL; i++) nearest_offer(&nearest, KEYS[i].path);
    return diag_fail(diag, ERR_SYNTAX, "%s:%d:%d: no key %.100s in a scenario%s%s", leaf->file, leaf->line,
                     leaf->key_column, leaf->path, nearest.best ? ", nearest is " : "",
                     nearest.best ? nearest.best : "");
}

static err take_leaf(const struct toml_leaf *leaf, struct diag *diag, void *context)
{
    struct scenario_reading *reading = context;
    bool is_fault;
    TRY(schedule_read_leaf(&reading->out->schedule, leaf, &is_fault, diag));
    if (is_fault) return OK;
    for (int i = 0; i < KEY_COUNT_ALL; i++) {
        if (strcmp(KEYS[i].path, leaf->path) != 0) continue;
        if (reading->is_profile && !is_of_load(leaf->path))
            return diag_fail(diag, ERR_SYNTAX, "%s:%d:%d: %s is none of a load's keys", leaf->file,
                             leaf->line, leaf->key_column, leaf->path);
        return take_key(reading, &KEYS[i], leaf, diag);
    }
    if (begins(leaf->path, "expect.invariants")) return take_invariant(reading, leaf, diag);
    if (config_key_find(leaf->path) || begins(leaf->path, "speculation"))
        return config_set_leaf(&reading->out->config, leaf, &reading->notes, diag);
    return unknown_key(leaf, diag);
}

/* ---- layers ---- */

static err take_reference(const struct toml_leaf *leaf, struct diag *diag, void *context)
{
    struct scenario_reading *reading = context;
    if (strcmp(leaf->path, "load.workload") == 0)
        return take_text(leaf, reading->workload, sizeof reading->workload, diag);
    if (strcmp(leaf->path, "run.config") == 0)
        return take_text(leaf, reading->config, sizeof reading->config, diag);
    return OK;
}

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
    TRY(toml_read_file(path, take_leaf, reading, diag));
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
    TRY(toml_read_file(out->path, take_reference, reading, diag));
    TRY(read_config(reading, folder, diag));
    TRY(read_load(reading, folder, diag));
    TRY(toml_read_file(out->path, take_leaf, reading, diag));
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
