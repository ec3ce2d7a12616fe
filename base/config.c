/* base/config.c: the layers, and what fills the gaps between them. */
#include "base/config.h"
#include "base/decimal.h"
#include "base/limits.h"
#include "base/nearest.h"
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum { TABLE_PER_PENDING = 4 }; /* semantics.md 20 */

/* One value on its way in; `where` opens the error line ("f.toml:3:5: ", "AGENC_X: "). */
struct assignment {
    const struct config_key *key;
    const char *text, *where;
    struct config_origin origin;
};

void config_note(struct config_notes *notes, bool is_error, const char *format, ...)
{
    if (!notes) return;
    *(is_error ? &notes->error_count : &notes->warning_count) += 1;
    if (notes->kept_count == CONFIG_NOTES_KEPT) return;
    struct config_note *note = &notes->kept[notes->kept_count++];
    note->is_error = is_error;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(note->text, sizeof note->text, format, arguments);
    va_end(arguments);
    err_make_one_line(note->text);
}

/* Notes an error and hands it to the diag. */
static err fault(struct config_notes *notes, struct diag *diag, err code, const char *text)
{
    config_note(notes, true, "%s", text);
    return diag_fail(diag, code, "%s", text);
}

static struct config_origin *origin_of(struct config *config, const char *name)
{
    return &config->origins[config_key_index(config_key_find(name))];
}

static void fill(struct config *config, const char *name, int64_t *place, int64_t value)
{
    struct config_origin *origin = origin_of(config, name);
    if (origin->source > CONFIG_PRESET && !origin->is_filled) return;
    if (!origin->is_filled) origin->source = CONFIG_PRESET;
    *place = value;
}

/* Where no layer has spoken, the mode and the other keys decide. */
static void fill_gaps(struct config *config)
{
    static const struct {
        int64_t depth, branches;
    } PRESETS[] = {[MODE_CONSERVATIVE] = {3, 2},
                   [MODE_BALANCED] = {5, 4},
                   [MODE_AGGRESSIVE] = {10, 8},
                   [MODE_CUSTOM] = {5, 4}};
    struct settings *settings = &config->settings;
    fill(config, "speculation.max_depth", &settings->max_depth, PRESETS[settings->mode].depth);
    fill(config, "speculation.max_parallel_branches", &settings->max_parallel_branches,
         PRESETS[settings->mode].branches);
    fill(config, "speculation.limits.table_capacity", &settings->table_capacity,
         TABLE_PER_PENDING * settings->max_pending_operations);
}

void config_init(struct config *out)
{
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < config_key_count(); i++) config_key_reset(config_key_at(i), &out->settings);
    fill_gaps(out);
}

static void note_shadowed(const struct config *config, const struct assignment *assignment,
                          struct config_notes *notes)
{
    char name[CONFIG_TEXT_BYTES], value[CONFIG_TEXT_BYTES];
    config_key_environment(assignment->key, name);
    config_key_write(assignment->key, &config->settings, value);
    config_note(notes, false, "%s%s is shadowed by %s; %.64s is in force", assignment->where,
                assignment->key->name, name, value);
}

/* A value that a higher layer hides is checked all the same. */
static err assign(struct config *config, const struct assignment *assignment, struct config_notes *notes,
                  struct diag *diag)
{
    struct config_origin *origin = &config->origins[config_key_index(assignment->key)];
    struct settings trial = config->settings;
    struct diag why = {0};
    char line[sizeof why.text + CONFIG_PATH_BYTES + 32];
    err e = config_key_read(assignment->key, &trial, assignment->text, &why);
    if (e != OK) {
        origin->was_refused = 1;
        snprintf(line, sizeof line, "%s%s", assignment->where, why.text);
        return fault(notes, diag, e, line);
    }
    if (origin->source > assignment->origin.source) {
        if (assignment->origin.source == CONFIG_SET) note_shadowed(config, assignment, notes);
        return OK;
    }
    uint8_t was_refused = origin->was_refused;
    config->settings = trial;
    *origin = assignment->origin;
    origin->was_refused = was_refused;
    origin->is_filled = assignment->key->fills_at_zero && config_key_number(assignment->key, &trial) == 0;
    fill_gaps(config);
    return OK;
}

/* ERR_USAGE under strict, a warning otherwise. */
static err unknown_key(const char *where, const char *name, struct config_notes *notes, struct diag *diag)
{
    char line[CONFIG_TEXT_BYTES + CONFIG_PATH_BYTES];
    const char *nearest = config_key_nearest(name);
    snprintf(line, sizeof line, "%s%.128s is not a configuration key%s%s%s", where, name,
             nearest ? ", nearest is " : " (docs/CONFIG.md lists them)", nearest ? nearest : "", "");
    if (!notes || notes->is_strict) return fault(notes, diag, ERR_USAGE, line);
    config_note(notes, false, "%s", line);
    return OK;
}

/* --- files --- */

static bool takes(const struct config_key *key, enum toml_type type)
{
    switch (key->type) {
    case CONFIG_BOOL: return type == TOML_BOOLEAN;
    case CONFIG_SHARE:
    case CONFIG_PERCENT: return type == TOML_INTEGER || type == TOML_FLOAT;
    case CONFIG_ENUM:
    case CONFIG_TEXT: return type == TOML_STRING;
    case CONFIG_LIST: return type == TOML_STRING || type == TOML_ARRAY;
    default: return type == TOML_INTEGER;
    }
}

static const char *wanted(const struct config_key *key, char range[CONFIG_TEXT_BYTES])
{
    config_key_range(key, range);
    return range;
}

/* The value as text; `number` is room for an integer's digits. */
static const char *leaf_text(const struct toml_leaf *leaf, char number[DECIMAL_TEXT_BYTES])
{
    if (leaf->type == TOML_BOOLEAN) return leaf->boolean ? "true" : "false";
    if (leaf->type == TOML_ARRAY) return "";
    if (leaf->type != TOML_INTEGER) return leaf->text;
    snprintf(number, DECIMAL_TEXT_BYTES, "%" PRId64, leaf->integer);
    return number;
}

/* "list[2]" -> the key of "list" and 2; -1 when the path has no index. */
static const struct config_key *find_leaf_key(const char *path, int *element)
{
    char name[CONFIG_TEXT_BYTES];
    const char *bracket = strchr(path, '[');
    *element = -1;
    if (!bracket) return config_key_find(path);
    if ((size_t)(bracket - path) >= sizeof name || sscanf(bracket, "[%d]", element) != 1) return NULL;
    snprintf(name, sizeof name, "%.*s", (int)(bracket - path), path);
    const struct config_key *key = config_key_find(name);
    return key && key->type == CONFIG_LIST && strchr(bracket + 1, '[') == NULL ? key : NULL;
}

static uint8_t file_index(struct config *config, const char *path)
{
    for (uint32_t i = 0; i < config->file_count; i++)
        if (strncmp(config->files[i], path, CONFIG_PATH_BYTES - 1) == 0) return (uint8_t)i;
    if (config->file_count < CONFIG_FILES_MOST)
        snprintf(config->files[config->file_count++], CONFIG_PATH_BYTES, "%s", path);
    return (uint8_t)(config->file_count - 1);
}

static err wrong_type(struct config *config, const struct config_key *key, const struct toml_leaf *leaf,
                      char line[CONFIG_TEXT_BYTES])
{
    char range[CONFIG_TEXT_BYTES];
    config->origins[config_key_index(key)].was_refused = 1;
    snprintf(line, CONFIG_TEXT_BYTES, "%.200s:%d:%d: %s is %s, want %.120s", leaf->file, leaf->line,
             leaf->column, key->name, toml_type_name(leaf->type), wanted(key, range));
    return ERR_SYNTAX;
}

err config_set_leaf(struct config *config, const struct toml_leaf *leaf, struct config_notes *notes,
                    struct diag *diag)
{
    int element;
    char where[CONFIG_PATH_BYTES + 32], number[DECIMAL_TEXT_BYTES], joined[2 * CONFIG_TEXT_BYTES];
    char line[CONFIG_TEXT_BYTES];
    const struct config_key *key = find_leaf_key(leaf->path, &element);
    snprintf(where, sizeof where, "%.255s:%d:%d: ", leaf->file, leaf->line,
             key ? leaf->column : leaf->key_column);
    struct diag why = {0};
    if (!key && config_refuse_misplaced(config, leaf, &why) != OK)
        return fault(notes, diag, ERR_SYNTAX, why.text);
    if (!key) return unknown_key(where, leaf->path, notes, diag);
    if (!takes(key, leaf->type) || (element >= 0 && leaf->type != TOML_STRING))
        return fault(notes, diag, wrong_type(config, key, leaf, line), line);
    struct assignment assignment = {.key = key,
                                    .text = leaf_text(leaf, number),
                                    .where = where,
                                    .origin = {.source = CONFIG_FILE,
                                               .file = file_index(config, leaf->file),
                                               .line = leaf->line,
                                               .column = leaf->column}};
    if (element > 0) {
        snprintf(joined, sizeof joined, "%s,%s", config_key_text(key, &config->settings), assignment.text);
        assignment.text = joined;
    }
    return assign(config, &assignment, notes, diag);
}

struct loading {
    struct config *config;
    struct config_notes *notes;
    struct diag first;
    err worst;
};

/* Goes on after a fault, so that one run names them all. */
static err load_leaf(const struct toml_leaf *leaf, struct diag *diag, void *context)
{
    struct loading *loading = context;
    (void)diag;
    err e = config_set_leaf(loading->config, leaf, loading->notes, &loading->first);
    if (loading->worst == OK) loading->worst = e;
    return OK;
}

/* "…/speculation-prod.toml" -> "prod". AGENC_ENV overrules it. */
static void name_environment(struct config *config, const char *path)
{
    static const char *const NAMES[] = {"prod", "staging", "dev"};
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    size_t size = strlen(base), suffix = strlen(".toml");
    if (size <= suffix || strcmp(base + size - suffix, ".toml") != 0) return;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        size_t name_size = strlen(NAMES[i]), stem = size - suffix;
        bool ends = stem >= name_size && strncmp(base + stem - name_size, NAMES[i], name_size) == 0;
        if (ends && (stem == name_size || strchr("-_.", base[stem - name_size - 1])))
            snprintf(config->environment, sizeof config->environment, "%s", NAMES[i]);
    }
}

err config_load_file(struct config *config, const char *path, struct config_notes *notes, struct diag *diag)
{
    struct loading loading = {.config = config, .notes = notes};
    if (config->file_count == CONFIG_FILES_MOST)
        return diag_fail(diag, ERR_LIMIT, "%s: at most %d configuration files", path, CONFIG_FILES_MOST);
    file_index(config, path);
    name_environment(config, path);
    struct diag why = {0};
    err e = toml_read_file(path, load_leaf, &loading, &why);
    if (e != OK && notes) notes->is_partial = true;
    if (e != OK) return fault(notes, diag, e, why.text);
    return loading.worst == OK ? OK : diag_fail(diag, loading.worst, "%s", loading.first.text);
}

/* --- environment and set --- */

static const struct config_key *find_environment_key(const char *variable, size_t name_size)
{
    char name[CONFIG_TEXT_BYTES];
    for (uint32_t i = 0; i < config_key_count(); i++) {
        config_key_environment(config_key_at(i), name);
        if (strlen(name) == name_size && strncmp(name, variable, name_size) == 0) return config_key_at(i);
    }
    return NULL;
}

static err unknown_variable(const char *name, struct config_notes *notes, struct diag *diag)
{
    char known[CONFIG_TEXT_BYTES], best[CONFIG_TEXT_BYTES] = "", line[2 * CONFIG_TEXT_BYTES];
    struct nearest nearest = {.wanted = name};
    for (uint32_t i = 0; i < config_key_count(); i++) {
        const char *before = nearest.best;
        config_key_environment(config_key_at(i), known);
        nearest_offer(&nearest, known);
        if (nearest.best == before) continue;
        memcpy(best, known, sizeof best);
        nearest.best = best;
    }
    snprintf(line, sizeof line, "environment: %.128s sets no configuration key%s%.120s", name,
             *best ? ", nearest is " : " (docs/CONFIG.md lists them)", best);
    if (!notes || notes->is_strict) return fault(notes, diag, ERR_USAGE, line);
    config_note(notes, false, "%s", line);
    return OK;
}

/* It decides what is refused in production: a misspelt name must not pass for another place. */
static void take_environment(struct config *config, const char *name, struct config_notes *notes)
{
    static const char *const NAMES[] = {"", "prod", "production", "staging", "dev"};
    bool is_known = false;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        is_known = is_known || strcmp(name, NAMES[i]) == 0;
    if (!is_known) config_note(notes, false, "AGENC_ENV: \"%.64s\" is none of prod, staging, dev", name);
    snprintf(config->environment, sizeof config->environment, "%s", name);
}

/* One "NAME=value"; names that do not open with AGENC_SPECULATION_ are not ours to judge. */
static err apply_variable(struct config *config, const char *variable, struct config_notes *notes,
                          struct diag *diag)
{
    static const char OURS[] = "AGENC_SPECULATION_", PROFILE[] = "AGENC_ENV=";
    const char *equals = strchr(variable, '=');
    char where[CONFIG_TEXT_BYTES];
    if (strncmp(variable, PROFILE, sizeof PROFILE - 1) == 0) take_environment(config, equals + 1, notes);
    if (!equals || strncmp(variable, OURS, sizeof OURS - 1) != 0) return OK;
    const struct config_key *key = find_environment_key(variable, (size_t)(equals - variable));
    if (!key) {
        snprintf(where, sizeof where, "%.*s", (int)(equals - variable), variable);
        return unknown_variable(where, notes, diag);
    }
    snprintf(where, sizeof where, "%.*s: ", (int)(equals - variable), variable);
    struct assignment assignment = {
        .key = key, .text = equals + 1, .where = where, .origin = {.source = CONFIG_ENVIRONMENT}};
    return assign(config, &assignment, notes, diag);
}

err config_apply_env(struct config *config, char *const *environment, struct config_notes *notes,
                     struct diag *diag)
{
    err worst = OK;
    for (; *environment; environment++) {
        err e = apply_variable(config, *environment, notes, diag);
        if (worst == OK) worst = e;
    }
    return worst;
}

err config_set_text(struct config *config, const char *text, struct config_notes *notes, struct diag *diag)
{
    char name[LIMIT_NAME + 1], line[CONFIG_TEXT_BYTES];
    const char *equals = strchr(text, '=');
    if (!equals || (size_t)(equals - text) > LIMIT_NAME) {
        snprintf(line, sizeof line, "--set: \"%.128s\" is not KEY=VALUE", text);
        return fault(notes, diag, ERR_USAGE, line);
    }
    snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    struct assignment assignment = {.key = config_key_find(name),
                                    .text = equals + 1,
                                    .where = "--set: ",
                                    .origin = {.source = CONFIG_SET}};
    if (!assignment.key) {
        /* Typed by hand and now: never only a warning. */
        struct config_notes strict = {.is_strict = true};
        struct diag why = {0};
        err e = unknown_key("--set: ", name, &strict, &why);
        return fault(notes, diag, e, why.text);
    }
    return assign(config, &assignment, notes, diag);
}

void config_origin_text(const struct config *config, const struct config_key *key,
                        char out[CONFIG_TEXT_BYTES])
{
    const struct config_origin *origin = &config->origins[config_key_index(key)];
    switch ((enum config_source)origin->source) {
    case CONFIG_COMPILED: snprintf(out, CONFIG_TEXT_BYTES, "compiled"); return;
    case CONFIG_PRESET: snprintf(out, CONFIG_TEXT_BYTES, "preset"); return;
    case CONFIG_SET: snprintf(out, CONFIG_TEXT_BYTES, origin->is_hot ? "api" : "set"); return;
    case CONFIG_ENVIRONMENT: config_key_environment(key, out); return;
    case CONFIG_FILE:
        snprintf(out, CONFIG_TEXT_BYTES, "%s:%d:%d", config->files[origin->file], origin->line,
                 origin->column);
        return;
    }
}
