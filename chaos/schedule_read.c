/* chaos/schedule_read.c: [[fault]] tables. Their keys come in any order: an entry is read when it is whole.
 */
#include "base/decimal.h"
#include "base/duration.h"
#include "base/nearest.h"
#include "chaos/fault_value.h"
#include "chaos/registry.h"
#include "chaos/schedule_parts.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MOST = 16, KEY_BYTES = 32, TEXT_BYTES = 96 };

struct entry_key {
    char name[KEY_BYTES], text[TEXT_BYTES];
    enum toml_type type;
    int line, column, key_column;
};

/* One table of the file, as far as it has been seen. */
struct schedule_reading {
    char file[256];
    uint32_t index; /* of the table */
    uint32_t count;
    struct entry_key keys[KEYS_MOST];
};

/* What an entry says besides its parameters. */
static const char *const COMMON[] = {"id", "at", "for", "target", "p", "key", "repeat", "apart"};
enum { COMMON_COUNT = sizeof COMMON / sizeof *COMMON };

void schedule_reading_free(struct schedule_reading *reading)
{
    free(reading);
}

/* ---- one entry ---- */

static err key_fail(const struct schedule_reading *reading, const struct entry_key *key, struct diag *diag,
                    const struct diag *why, err e)
{
    return diag_fail(diag, e, "%s:%d:%d: %.400s", reading->file, key->line, key->column, why->text);
}

static const struct entry_key *key_named(const struct schedule_reading *reading, const char *name)
{
    for (uint32_t i = 0; i < reading->count; i++)
        if (strcmp(reading->keys[i].name, name) == 0) return &reading->keys[i];
    return NULL;
}

static err want_text(const struct entry_key *key, struct diag *why)
{
    if (key->type == TOML_STRING) return OK;
    return diag_fail(why, ERR_SYNTAX, "%s is %s, want a text in quotes", key->name,
                     toml_type_name(key->type));
}

static err want_number(const struct entry_key *key, struct diag *why)
{
    if (key->type == TOML_INTEGER || key->type == TOML_FLOAT) return OK;
    return diag_fail(why, ERR_SYNTAX, "%s is %s, want a number", key->name, toml_type_name(key->type));
}

static err read_duration(const struct entry_key *key, int64_t *out, struct diag *why)
{
    struct diag cause = {0};
    TRY(want_text(key, why));
    if (key->text[0] == '-')
        return diag_fail(why, ERR_RANGE, "%s = \"%s\": a fault cannot %s", key->name, key->text,
                         strcmp(key->name, "for") == 0 ? "end before it begins" : "begin before the run");
    err e = duration_parse(key->text, out, &cause);
    return e == OK ? OK : diag_fail(why, e, "%s: %.300s", key->name, cause.text);
}

static err read_whole(const struct entry_key *key, int64_t max, int64_t *out, struct diag *why)
{
    TRY(want_number(key, why));
    if (decimal_parse(key->text, 0, out) != OK || *out < 1 || *out > max)
        return diag_fail(why, ERR_RANGE, "%s = %s is out of range, want a whole number from 1 to %" PRId64,
                         key->name, key->text, max);
    return OK;
}

static err read_target(const struct entry_key *key, struct fault *fault, struct diag *why)
{
    struct nearest nearest = {.wanted = key->text};
    TRY(want_text(key, why));
    for (int i = 0; i < CHAOS_TARGET_COUNT; i++) {
        const char *name = chaos_target_name((enum chaos_target)i);
        if (strcmp(name, key->text) == 0) {
            fault->target = (enum chaos_target)i;
            return OK;
        }
        nearest_offer(&nearest, name);
    }
    return diag_fail(why, ERR_RANGE,
                     "no target \"%.40s\"%s%s; there are any, executor, proof_generator, chain, storage, "
                     "scheduler, ledger, admin",
                     key->text, nearest.best ? ", nearest is " : "", nearest.best ? nearest.best : "");
}

static err read_chance(const struct entry_key *key, struct fault *fault, struct diag *why)
{
    int64_t ppm;
    TRY(want_number(key, why));
    if (decimal_parse(key->text, 6, &ppm) != OK || ppm < 1 || ppm > SCHEDULE_PPM_ONE)
        return diag_fail(why, ERR_RANGE,
                         "p = %s is out of range, want a chance above 0 and at most 1, to six decimals",
                         key->text);
    fault->chance_ppm = (uint32_t)ppm;
    return OK;
}

static err read_common(const struct entry_key *key, struct fault *fault, struct diag *why)
{
    int64_t number = 0;
    if (strcmp(key->name, "at") == 0) return read_duration(key, &fault->on_ns, why);
    if (strcmp(key->name, "target") == 0) return read_target(key, fault, why);
    if (strcmp(key->name, "p") == 0) return read_chance(key, fault, why);
    if (strcmp(key->name, "for") == 0) {
        TRY(read_duration(key, &fault->for_ns, why));
        if (fault->for_ns > 0) return OK;
        return diag_fail(why, ERR_RANGE, "for = \"%s\": a fault must last longer than nothing", key->text);
    }
    if (strcmp(key->name, "key") == 0) {
        TRY(read_whole(key, UINT32_MAX, &number, why));
        fault->key = (uint32_t)number;
    }
    return OK;
}

static bool is_common(const char *name)
{
    for (int i = 0; i < COMMON_COUNT; i++)
        if (strcmp(COMMON[i], name) == 0) return true;
    return false;
}

/* Durations and words are texts, the rest are numbers; words that look like numbers may be such. */
static err want_kind(const struct injector_param *param, const struct entry_key *key, struct diag *why)
{
    bool is_number = key->type == TOML_INTEGER || key->type == TOML_FLOAT;
    switch (param->kind) {
    case PARAM_DURATION:
    case PARAM_SIGNED: return want_text(key, why);
    case PARAM_COUNT:
    case PARAM_SHARE:
    case PARAM_FACTOR: return want_number(key, why);
    case PARAM_BYTES:
        if (key->type == TOML_STRING || key->type == TOML_INTEGER) return OK;
        break;
    case PARAM_WORD:
        if (key->type == TOML_STRING || key->type == TOML_BOOLEAN || is_number) return OK;
        break;
    }
    return diag_fail(why, ERR_SYNTAX, "%s is %s, want %s", key->name, toml_type_name(key->type),
                     param->kind == PARAM_BYTES ? "a size like \"64KB\"" : "a word");
}

static err unknown_param(const struct injector *injector, const struct entry_key *key, struct diag *why)
{
    struct nearest nearest = {.wanted = key->name};
    char known[128] = "";
    size_t used = 0;
    for (int i = 0; i < COMMON_COUNT; i++) nearest_offer(&nearest, COMMON[i]);
    for (int i = 0; i < FAULT_PARAMS && injector->params[i].name; i++) {
        nearest_offer(&nearest, injector->params[i].name);
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 injector->params[i].name);
    }
    if (nearest.best)
        return diag_fail(why, ERR_SYNTAX, "%s has no parameter %s; did you mean %s?", injector->name,
                         key->name, nearest.best);
    return diag_fail(why, ERR_SYNTAX, "%s has no parameter %s; it takes %s", injector->name, key->name,
                     known[0] ? known : "none");
}

static err read_param(const struct entry_key *key, struct fault *fault, struct diag *why)
{
    const struct injector *injector = &INJECTOR_TABLE[fault->injector];
    struct diag cause = {0};
    for (uint32_t i = 0; i < injector_param_count(fault->injector); i++) {
        const struct injector_param *param = &injector->params[i];
        if (strcmp(param->name, key->name) != 0) continue;
        TRY(want_kind(param, key, why));
        err e = fault_value_parse(param, key->text, &fault->params[i], &cause);
        return e == OK ? OK : diag_fail(why, e, "%s of %s: %.300s", key->name, injector->name, cause.text);
    }
    return unknown_param(injector, key, why);
}

/* ---- how often ---- */

struct repetition {
    int64_t times, apart_ns;
};

static err read_repetition(const struct schedule_reading *reading, const struct fault *fault,
                           struct repetition *out, struct diag *why)
{
    const struct entry_key *repeat = key_named(reading, "repeat"), *apart = key_named(reading, "apart");
    *out = (struct repetition){.times = 1};
    if (!repeat && !apart) return OK;
    if (!repeat || !apart)
        return diag_fail(why, ERR_SYNTAX, "%s wants %s beside it", repeat ? "repeat" : "apart",
                         repeat ? "apart = \"5m\"" : "repeat = 2");
    TRY(read_whole(repeat, SCHEDULE_FAULTS_MOST, &out->times, why));
    TRY(read_duration(apart, &out->apart_ns, why));
    if (fault->key)
        return diag_fail(why, ERR_RANGE,
                         "key and repeat do not go together: each fault has a key of its own");
    if (out->apart_ns == 0 || out->apart_ns > NS_PER_DAY)
        return diag_fail(why, ERR_RANGE, "apart = \"%s\" is out of range, want above 0 and at most 1d",
                         apart->text);
    return OK;
}

static err add_entry(struct schedule *schedule, struct fault fault, const struct repetition *repetition,
                     struct diag *why)
{
    for (int64_t i = 0; i < repetition->times; i++) {
        err e = schedule_add(schedule, &fault);
        if (e == ERR_LIMIT)
            return diag_fail(why, e, "more than %d faults in one schedule", SCHEDULE_FAULTS_MOST);
        if (e != OK) return e;
        fault.on_ns = ns_after(fault.on_ns, repetition->apart_ns);
    }
    return OK;
}

static err end_entry(struct schedule *schedule, struct schedule_reading *reading, struct diag *diag)
{
    const struct entry_key *id = key_named(reading, "id"), *at = &reading->keys[0];
    struct repetition repetition;
    struct fault fault;
    enum injector_id injector;
    struct diag why = {0};
    err e = id ? want_text(id, &why)
               : diag_fail(&why, ERR_SYNTAX, "a [[fault]] needs an id, as in id = \"network.drop\"");
    if (e == OK) e = injector_find(id->text, &injector, &why);
    if (e != OK) return key_fail(reading, id ? id : at, diag, &why, e);
    fault = fault_of(injector);
    for (uint32_t i = 0; i < reading->count && e == OK; i++) {
        at = &reading->keys[i];
        e = is_common(at->name) ? read_common(at, &fault, &why) : read_param(at, &fault, &why);
    }
    if (e != OK) return key_fail(reading, at, diag, &why, e);
    if (!key_named(reading, "at"))
        e = diag_fail(&why, ERR_SYNTAX, "%s needs an \"at\": when it begins", INJECTOR_TABLE[injector].name);
    if (e == OK) e = fault_check(&fault, &why);
    if (e == OK) e = read_repetition(reading, &fault, &repetition, &why);
    if (e == OK) e = add_entry(schedule, fault, &repetition, &why);
    return e == OK ? OK : key_fail(reading, id, diag, &why, e);
}

err schedule_reading_end(struct schedule *schedule, struct diag *diag)
{
    if (!schedule->reading) return OK;
    err e = end_entry(schedule, schedule->reading, diag);
    schedule_reading_free(schedule->reading);
    schedule->reading = NULL;
    return e;
}

/* ---- leaves ---- */

static err leaf_fail(const struct toml_leaf *leaf, struct diag *diag, const char *what)
{
    return diag_fail(diag, ERR_SYNTAX, "%s:%d:%d: %.100s %s", leaf->file, leaf->line, leaf->key_column,
                     leaf->path, what);
}

/* "fault[3].at": 3, and where "at" begins. */
static err read_path(const struct toml_leaf *leaf, uint32_t *index, const char **name, struct diag *diag)
{
    char *end;
    if (leaf->path[5] != '[') return leaf_fail(leaf, diag, "is no list: faults are written as [[fault]]");
    *index = (uint32_t)strtoul(leaf->path + 6, &end, 10);
    if (end[0] != ']' || end[1] != '.')
        return leaf_fail(leaf, diag, "is no table: faults are written as [[fault]]");
    *name = end + 2;
    if (strpbrk(*name, ".[") || leaf->type == TOML_ARRAY || leaf->type == TOML_DATE)
        return leaf_fail(leaf, diag, "is none of a text, a number, true or false");
    return OK;
}

static err keep_key(struct schedule_reading *reading, const struct toml_leaf *leaf, const char *name,
                    struct diag *diag)
{
    struct entry_key *key = &reading->keys[reading->count];
    if (reading->count == KEYS_MOST || strlen(name) >= KEY_BYTES)
        return leaf_fail(leaf, diag, "is no parameter of any fault");
    *key = (struct entry_key){
        .type = leaf->type, .line = leaf->line, .column = leaf->column, .key_column = leaf->key_column};
    snprintf(key->name, sizeof key->name, "%s", name);
    int size = leaf->type == TOML_INTEGER ? snprintf(key->text, TEXT_BYTES, "%" PRId64, leaf->integer)
               : leaf->type == TOML_BOOLEAN
                   ? snprintf(key->text, TEXT_BYTES, "%s", leaf->boolean ? "true" : "false")
                   : snprintf(key->text, TEXT_BYTES, "%s", leaf->text);
    if (size >= TEXT_BYTES) return leaf_fail(leaf, diag, "is too long");
    reading->count++;
    return OK;
}

err schedule_read_leaf(struct schedule *schedule, const struct toml_leaf *leaf, bool *is_mine,
                       struct diag *diag)
{
    uint32_t index = 0;
    const char *name = NULL;
    *is_mine = strncmp(leaf->path, "fault", 5) == 0 && strchr(".[", leaf->path[5]); /* its end, too */
    if (!*is_mine) return OK;
    TRY(read_path(leaf, &index, &name, diag));
    if (schedule->reading && schedule->reading->index != index) TRY(schedule_reading_end(schedule, diag));
    if (!schedule->reading) {
        schedule->reading = calloc(1, sizeof *schedule->reading);
        if (!schedule->reading) return ERR_NOMEM;
        schedule->reading->index = index;
        snprintf(schedule->reading->file, sizeof schedule->reading->file, "%s", leaf->file);
    }
    return keep_key(schedule->reading, leaf, name, diag);
}
