/* sim/profile_keys.c: a table of parameters meets a stream of TOML leaves. */
#include "sim/profile_keys.h"
#include "base/assert.h"
#include "base/nearest.h"
#include "base/toml.h"
#include "base/units.h"
#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECTIONS_BYTES = 256 };

struct reader {
    const struct profile_table *table;
    char *out;
    uint32_t seen[PROFILE_KEYS_MAX]; /* values given of each row */
};

static size_t section_size(const char *path)
{
    return strcspn(path, ".");
}

/* The first row whose section, or whose own name, is the last word of `path`: chain.validators means
 * validators.count. NULL: none. */
static const char *row_with_word(const struct profile_table *table, const char *path)
{
    const char *dot = strrchr(path, '.'), *word = dot ? dot + 1 : path;
    for (uint32_t i = 0; i < table->count; i++) {
        const char *row = table->keys[i].path, *name = strrchr(row, '.');
        bool is_section = section_size(row) == strlen(word) && strncmp(row, word, strlen(word)) == 0;
        if (is_section || strcmp(name ? name + 1 : row, word) == 0) return row;
    }
    return NULL;
}

static void list_sections(const struct profile_table *table, char out[SECTIONS_BYTES])
{
    size_t used = 0;
    for (uint32_t i = 0; i < table->count && used < SECTIONS_BYTES; i++) {
        const char *path = table->keys[i].path;
        size_t size = section_size(path);
        uint32_t first = 0;
        while (strncmp(table->keys[first].path, path, size + 1) != 0) first++;
        if (first < i) continue;
        used += (size_t)snprintf(out + used, SECTIONS_BYTES - used, "%s%.*s", i ? ", " : "", (int)size, path);
    }
}

static err unknown_key(const struct toml_leaf *leaf, const struct profile_table *table, struct diag *diag)
{
    struct nearest nearest = {.wanted = leaf->path};
    char sections[SECTIONS_BYTES];
    for (uint32_t i = 0; i < table->count; i++) nearest_offer(&nearest, table->keys[i].path);
    const char *near = nearest.best ? nearest.best : row_with_word(table, leaf->path);
    if (!near) list_sections(table, sections);
    return diag_fail(diag, ERR_SYNTAX, "%s:%d:%d: unknown key %s; %s %s", leaf->file, leaf->line,
                     leaf->key_column, leaf->path, near ? "did you mean" : "its section must be one of",
                     near ? near : sections);
}

/* "path" of a row, or "path[3]" of a row of more than three elements. */
static bool names_row(const struct profile_key *key, const char *path, uint32_t *element)
{
    size_t size = strlen(key->path);
    *element = 0;
    if (strncmp(path, key->path, size) != 0) return false;
    if (key->elements == 0) return path[size] == 0;
    if (path[size] != '[') return false;
    *element = (uint32_t)strtoul(path + size + 1, NULL, 10);
    return *element < key->elements;
}

static err store_name(const struct toml_leaf *leaf, char *out, struct diag *diag)
{
    if (leaf->type != TOML_STRING)
        return diag_fail(diag, ERR_SYNTAX, "%s:%d:%d: %s is %s; it must be a string", leaf->file, leaf->line,
                         leaf->column, leaf->path, toml_type_name(leaf->type));
    if (strlen(leaf->text) >= PROFILE_NAME_BYTES)
        return diag_fail(diag, ERR_RANGE, "%s:%d:%d: %s is longer than %d bytes", leaf->file, leaf->line,
                         leaf->column, leaf->path, PROFILE_NAME_BYTES - 1);
    memcpy(out, leaf->text, strlen(leaf->text) + 1);
    return OK;
}

static void store_number(const struct profile_key *key, double written, char *out)
{
    if (key->unit == PROFILE_NUMBER) {
        *(double *)(void *)out = written;
    } else {
        double scale = key->unit == PROFILE_MS ? (double)NS_PER_MS : 1;
        *(int64_t *)(void *)out = (int64_t)floor(written * scale + 0.5);
    }
}

static err store(const struct profile_key *key, const struct toml_leaf *leaf, char *out, struct diag *diag)
{
    if (key->unit == PROFILE_NAME) return store_name(leaf, out, diag);
    bool is_number = leaf->type == TOML_INTEGER || (leaf->type == TOML_FLOAT && key->unit != PROFILE_COUNT);
    if (!is_number)
        return diag_fail(diag, ERR_SYNTAX, "%s:%d:%d: %s is %s; it must be a %snumber", leaf->file,
                         leaf->line, leaf->column, leaf->path, toml_type_name(leaf->type),
                         key->unit == PROFILE_COUNT ? "whole " : "");
    double written = leaf->type == TOML_INTEGER ? (double)leaf->integer : leaf->number;
    if (!(written >= key->min && written <= key->max))
        return diag_fail(diag, ERR_RANGE, "%s:%d:%d: %s = %g is not in %g .. %g", leaf->file, leaf->line,
                         leaf->column, leaf->path, written, key->min, key->max);
    store_number(key, written, out);
    return OK;
}

static err visit(const struct toml_leaf *leaf, struct diag *diag, void *context)
{
    struct reader *reader = context;
    for (uint32_t i = 0; i < reader->table->count; i++) {
        const struct profile_key *key = &reader->table->keys[i];
        uint32_t element;
        if (!names_row(key, leaf->path, &element)) continue;
        reader->seen[i]++;
        return store(key, leaf, reader->out + key->offset + element * sizeof(int64_t), diag);
    }
    return unknown_key(leaf, reader->table, diag);
}

err profile_read(struct profile_file *file, void *out, struct diag *diag)
{
    const struct profile_table *table = file->table;
    struct reader reader = {.table = table, .out = out};
    ASSERT(table->count <= PROFILE_KEYS_MAX);
    TRY(file->text ? toml_read_text(file->path, file->text, visit, &reader, diag)
                   : toml_read_file(file->path, visit, &reader, diag));
    u128 given = 0;
    for (uint32_t i = 0; i < table->count; i++) {
        uint32_t wanted = table->keys[i].elements ? table->keys[i].elements : 1;
        if (reader.seen[i] == wanted)
            given |= (u128)1 << i;
        else if (reader.seen[i])
            return diag_fail(diag, ERR_SYNTAX, "%s: %s has %u elements; it must have %u", file->path,
                             table->keys[i].path, reader.seen[i], wanted);
    }
    file->given = given;
    return OK;
}

err profile_set(const struct profile_table *table, void *out, const char *assignment, struct diag *diag)
{
    char text[2 * PROFILE_PATH_BYTES];
    const char *equals = strchr(assignment, '=');
    if (!equals || strlen(assignment) >= PROFILE_PATH_BYTES)
        return diag_fail(diag, ERR_SYNTAX, "--set %.64s: write key=value", assignment);
    bool is_number = strchr("+-.0123456789[", equals[1]) != NULL;
    const char *quote = is_number ? "" : "\"";
    snprintf(text, sizeof text, "%.*s = %s%s%s\n", (int)(equals - assignment), assignment, quote, equals + 1,
             quote);
    struct reader reader = {.table = table, .out = out};
    return toml_read_text("--set", text, visit, &reader, diag);
}

err profile_require(const struct profile_file *file, u128 wanted, struct diag *diag)
{
    u128 missing = wanted & ~file->given;
    if (!missing) return OK;
    uint32_t first = 0;
    while (!(missing >> first & 1)) first++;
    return diag_fail(diag, ERR_SYNTAX, "%s: %s is missing; a profile gives every parameter", file->path,
                     file->table->keys[first].path);
}

static bool ends_in_toml(const char *name)
{
    size_t size = strlen(name);
    return size > 5 && strcmp(name + size - 5, ".toml") == 0;
}

/* The nearest name among the folder's files; empty when nothing is near. */
static void nearest_file(const struct profile_place *place, char out[PROFILE_NAME_BYTES])
{
    struct nearest nearest = {.wanted = place->name};
    out[0] = 0;
    DIR *folder = opendir(place->folder);
    if (!folder) return;
    for (struct dirent *file; (file = readdir(folder));) {
        char name[PROFILE_NAME_BYTES];
        size_t size = strlen(file->d_name);
        if (!ends_in_toml(file->d_name) || size - 5 >= sizeof name) continue;
        memcpy(name, file->d_name, size - 5);
        name[size - 5] = 0;
        const char *before = nearest.best;
        nearest_offer(&nearest, name);
        if (nearest.best == before) continue;
        memcpy(out, name, sizeof name); /* the directory's own copy does not last */
        nearest.best = out;
    }
    closedir(folder);
}

err profile_path(const struct profile_place *place, char out[PROFILE_PATH_BYTES], struct diag *diag)
{
    bool is_path = ends_in_toml(place->name);
    if (!is_path && strchr(place->name, '/'))
        return diag_fail(diag, ERR_USAGE, "no %s profile %s: the path of one must end in .toml", place->what,
                         place->name);
    int size = is_path ? snprintf(out, PROFILE_PATH_BYTES, "%s", place->name)
                       : snprintf(out, PROFILE_PATH_BYTES, "%s/%s.toml", place->folder, place->name);
    if (size >= PROFILE_PATH_BYTES)
        return diag_fail(diag, ERR_USAGE, "the path of a %s profile is longer than %d bytes", place->what,
                         PROFILE_PATH_BYTES - 1);
    if (access(out, R_OK) == 0) return OK;
    char nearest[PROFILE_NAME_BYTES];
    nearest_file(place, nearest);
    return diag_fail(diag, ERR_USAGE, "no %s profile %s (looked for %s)%s%s", place->what, place->name, out,
                     nearest[0] ? "; did you mean " : "; it must be a file in that folder, or a path to one",
                     nearest);
}
