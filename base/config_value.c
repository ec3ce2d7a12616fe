/* base/config_value.c: what a row of the key table means: find, read, write, describe. */
#include "base/assert.h"
#include "base/config_table.h"
#include "base/decimal.h"
#include "base/nearest.h"
#include "base/units.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* places: decimals of one step; factor: held value of one step. */
static const struct {
    const char *name;
    int places;
    int64_t factor;
} TYPES[] = {
    [CONFIG_BOOL] = {"true or false", 0, 1},
    [CONFIG_ENUM] = {"name", 0, 1},
    [CONFIG_INTEGER] = {"integer", 0, 1},
    [CONFIG_MILLISECONDS] = {"milliseconds", 0, NS_PER_MS},
    [CONFIG_SHARE] = {"share", 4, 1},
    [CONFIG_PERCENT] = {"percentage", 2, 1},
    [CONFIG_MEGABYTES] = {"megabytes", 0, MIB},
    [CONFIG_LAMPORTS] = {"lamports", 0, 1},
    [CONFIG_TEXT] = {"text", 0, 0},
    [CONFIG_LIST] = {"list of names", 0, 0},
};

static const char *const BOOL_NAMES[] = {"false", "true", NULL};

uint32_t config_key_count(void)
{
    return CONFIG_KEY_COUNT;
}

const struct config_key *config_key_at(uint32_t index)
{
    ASSERT(index < CONFIG_KEY_COUNT);
    return &CONFIG_KEYS[index];
}

uint32_t config_key_index(const struct config_key *key)
{
    return (uint32_t)(key - CONFIG_KEYS);
}

const struct config_key *config_key_find(const char *name)
{
    for (uint32_t i = 0; i < CONFIG_KEY_COUNT; i++)
        if (strcmp(CONFIG_KEYS[i].name, name) == 0) return &CONFIG_KEYS[i];
    return NULL;
}

/* A name that lacks its first parts ("proof.queue_size") is nearer than any misspelling. */
static bool ends_with_part(const char *name, const char *tail)
{
    size_t name_size = strlen(name), tail_size = strlen(tail);
    return tail_size && name_size > tail_size && name[name_size - tail_size - 1] == '.' &&
           strcmp(name + name_size - tail_size, tail) == 0;
}

const char *config_key_nearest(const char *name)
{
    struct nearest nearest = {.wanted = name};
    for (uint32_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        if (ends_with_part(CONFIG_KEYS[i].name, name)) return CONFIG_KEYS[i].name;
        nearest_offer(&nearest, CONFIG_KEYS[i].name);
    }
    return nearest.best;
}

bool config_key_is_text(const struct config_key *key)
{
    return key->type == CONFIG_TEXT || key->type == CONFIG_LIST;
}

int64_t config_key_number(const struct config_key *key, const struct settings *settings)
{
    int64_t value;
    ASSERT(!config_key_is_text(key));
    memcpy(&value, (const char *)settings + key->offset, sizeof value);
    return value;
}

const char *config_key_text(const struct config_key *key, const struct settings *settings)
{
    ASSERT(config_key_is_text(key));
    return (const char *)settings + key->offset;
}

const char *config_type_name(enum config_type type)
{
    return TYPES[type].name;
}

static const char *const *names_of(const struct config_key *key)
{
    return key->type == CONFIG_BOOL ? BOOL_NAMES : key->choices;
}

static void write_choices(const struct config_key *key, char out[CONFIG_TEXT_BYTES])
{
    size_t used = (size_t)snprintf(out, CONFIG_TEXT_BYTES, "one of ");
    for (uint32_t i = 0; key->choices[i]; i++)
        used +=
            (size_t)snprintf(out + used, CONFIG_TEXT_BYTES - used, "%s%s", i ? ", " : "", key->choices[i]);
}

void config_key_range(const struct config_key *key, char out[CONFIG_TEXT_BYTES])
{
    char low[DECIMAL_TEXT_BYTES], high[DECIMAL_TEXT_BYTES];
    if (key->type == CONFIG_ENUM) {
        write_choices(key, out);
    } else if (key->type == CONFIG_BOOL) {
        snprintf(out, CONFIG_TEXT_BYTES, "true or false");
    } else if (config_key_is_text(key)) {
        snprintf(out, CONFIG_TEXT_BYTES, "%s, at most %zu bytes without spaces and quotes",
                 key->type == CONFIG_LIST ? "names, comma separated" : "text", key->text_bytes - 1);
    } else {
        decimal_write(low, key->min, TYPES[key->type].places);
        decimal_write(high, key->max, TYPES[key->type].places);
        snprintf(out, CONFIG_TEXT_BYTES, "%s..%s%s%s", low, high, *key->unit ? " " : "", key->unit);
    }
}

void config_key_environment(const struct config_key *key, char out[CONFIG_TEXT_BYTES])
{
    size_t used = (size_t)snprintf(out, CONFIG_TEXT_BYTES, "AGENC_%s", key->name);
    for (size_t i = 0; i < used; i++) out[i] = out[i] == '.' ? '_' : (char)toupper((unsigned char)out[i]);
}

void config_key_write(const struct config_key *key, const struct settings *settings,
                      char out[CONFIG_TEXT_BYTES])
{
    if (config_key_is_text(key)) {
        snprintf(out, CONFIG_TEXT_BYTES, "%s", config_key_text(key, settings));
        return;
    }
    int64_t value = config_key_number(key, settings);
    char digits[DECIMAL_TEXT_BYTES];
    decimal_write(digits, value / TYPES[key->type].factor, TYPES[key->type].places);
    snprintf(out, CONFIG_TEXT_BYTES, "%s", names_of(key) ? names_of(key)[value] : digits);
}

static err refuse(const struct config_key *key, const char *text, err code, struct diag *diag)
{
    char range[CONFIG_TEXT_BYTES];
    config_key_range(key, range);
    return diag_fail(diag, code, "%s: \"%.60s\" is not %s%s", key->name, text,
                     names_of(key) || config_key_is_text(key) ? "" : "in ", range);
}

/* Steps of a written number or name, within the key's range. */
static err read_steps(const struct config_key *key, const char *text, int64_t *steps, struct diag *diag)
{
    char range[CONFIG_TEXT_BYTES];
    if (names_of(key)) {
        for (int64_t i = 0; names_of(key)[i]; i++) {
            if (strcmp(names_of(key)[i], text) != 0) continue;
            *steps = i;
            return OK;
        }
        return refuse(key, text, ERR_RANGE, diag);
    }
    int64_t read;
    int places = TYPES[key->type].places;
    err e = decimal_parse(text, places, &read);
    config_key_range(key, range);
    if (e == ERR_SYNTAX)
        return diag_fail(diag, e, "%s: \"%.60s\" is not a number, want %s", key->name, text, range);
    if (e == ERR_RANGE && places)
        return diag_fail(diag, e, "%s: %.60s is finer than %d decimals or too large, want %s", key->name,
                         text, places, range);
    if (e != OK) return diag_fail(diag, e, "%s: %.60s is not a whole number in %s", key->name, text, range);
    if (read < key->min || read > key->max)
        return diag_fail(diag, ERR_RANGE, "%s: %.60s is not in %s", key->name, text, range);
    *steps = read;
    return OK;
}

static bool is_word_text(const char *text, bool is_list)
{
    for (const char *at = text; *at; at++) {
        bool is_comma = *at == ',';
        if (*at <= ' ' || *at > '~' || *at == '"' || *at == '\\') return false;
        if (is_comma && (!is_list || at == text || at[1] == ',' || at[1] == '\0')) return false;
    }
    return is_list || *text;
}

err config_key_read(const struct config_key *key, struct settings *settings, const char *text,
                    struct diag *diag)
{
    char *place = (char *)settings + key->offset;
    if (config_key_is_text(key)) {
        if (strlen(text) >= key->text_bytes || !is_word_text(text, key->type == CONFIG_LIST))
            return refuse(key, text, ERR_RANGE, diag);
        memset(place, 0, key->text_bytes);
        memcpy(place, text, strlen(text));
        return OK;
    }
    int64_t steps = 0;
    TRY(read_steps(key, text, &steps, diag));
    int64_t value = steps * TYPES[key->type].factor;
    memcpy(place, &value, sizeof value);
    return OK;
}

void config_key_reset(const struct config_key *key, struct settings *settings)
{
    char *place = (char *)settings + key->offset;
    if (config_key_is_text(key)) {
        memset(place, 0, key->text_bytes);
        memcpy(place, key->text_fallback, strlen(key->text_fallback));
        return;
    }
    int64_t value = key->fallback * TYPES[key->type].factor;
    memcpy(place, &value, sizeof value);
}
