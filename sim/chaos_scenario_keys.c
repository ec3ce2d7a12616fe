/* sim/chaos_scenario_keys.c: every key of a scenario is a row; faults and configuration go to those who know
 * them. */
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

err scenario_take_leaf(const struct toml_leaf *leaf, struct diag *diag, void *context)
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

err scenario_take_reference(const struct toml_leaf *leaf, struct diag *diag, void *context)
{
    struct scenario_reading *reading = context;
    if (strcmp(leaf->path, "load.workload") == 0)
        return take_text(leaf, reading->workload, sizeof reading->workload, diag);
    if (strcmp(leaf->path, "run.config") == 0)
        return take_text(leaf, reading->config, sizeof reading->config, diag);
    return OK;
}
