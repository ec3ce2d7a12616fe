/* sim/repro.c: keys by a table, tasks as a list, faults by chaos/schedule.h. */
#include "sim/repro.h"
#include "base/duration.h"
#include "base/escape.h"
#include "base/nearest.h"
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum repro_key_kind { KEY_TEXT, KEY_NUMBER, KEY_HEX, KEY_DURATION, KEY_KIND, KEY_TASKS_MOST };

#define AT(field) offsetof(struct repro, field), sizeof((struct repro *)0)->field
/* In the order in which they are written. */
static const struct repro_key {
    const char *name;
    enum repro_key_kind kind;
    bool is_required;
    size_t offset, size;
} KEYS[] = {
    {"version", KEY_TEXT, true, AT(version)},
    {"commit", KEY_TEXT, true, AT(commit)},
    {"scenario", KEY_TEXT, true, AT(scenario)},
    {"duration", KEY_DURATION, false, AT(duration_ns)},
    {"seed", KEY_NUMBER, true, AT(seed)},
    {"kind", KEY_KIND, true, AT(kind)},
    {"tasks_most", KEY_TASKS_MOST, false, AT(tasks_most)},
    {"digest", KEY_HEX, true, AT(digest)},
    {"events", KEY_NUMBER, true, AT(events)},
    {"fingerprint", KEY_HEX, true, AT(fingerprint)},
    {"violation", KEY_TEXT, true, AT(violation)},
};
enum { KEY_COUNT = sizeof KEYS / sizeof *KEYS };

struct reading {
    struct repro *repro;
    const char *version;
    bool is_given[KEY_COUNT];
};

void repro_close(struct repro *repro)
{
    schedule_close(&repro->schedule);
    free(repro->tasks);
    *repro = (struct repro){0};
}

/* ---- reading ---- */

static err fail(const struct toml_leaf *leaf, struct diag *diag, err code, const char *wanted)
{
    return diag_fail(diag, code, "%.256s:%d:%d: %.64s: %s", leaf->file, leaf->line, leaf->column, leaf->path,
                     wanted);
}

static err read_text(const struct toml_leaf *leaf, char *out, size_t size, struct diag *diag)
{
    if (leaf->type != TOML_STRING) return fail(leaf, diag, ERR_SYNTAX, "must be a text in quotes");
    if (strlen(leaf->text) >= size) return fail(leaf, diag, ERR_RANGE, "is too long");
    memcpy(out, leaf->text, strlen(leaf->text) + 1);
    return OK;
}

/* 64 bits: a number, or when TOML has none so large its digits as a text. */
static err read_number(const struct toml_leaf *leaf, int base, uint64_t *out, struct diag *diag)
{
    char *end = NULL;
    if (leaf->type == TOML_INTEGER && base == 10) {
        if (leaf->integer < 0) return fail(leaf, diag, ERR_RANGE, "must not be negative");
        *out = (uint64_t)leaf->integer;
        return OK;
    }
    bool is_hex = base == 16;
    if (leaf->type != TOML_STRING || (is_hex && strncmp(leaf->text, "0x", 2) != 0))
        return fail(leaf, diag, ERR_SYNTAX, is_hex ? "must be a text like \"0x1f\"" : "must be a number");
    errno = 0;
    *out = strtoull(leaf->text, &end, base);
    bool is_whole = leaf->text[0] >= '0' && leaf->text[0] <= '9' && *end == '\0' && errno == 0;
    return is_whole ? OK : fail(leaf, diag, ERR_SYNTAX, "is no number of 64 bits");
}

static err read_kind(const struct toml_leaf *leaf, enum swarm_kind *out, struct diag *diag)
{
    char name[32];
    TRY(read_text(leaf, name, sizeof name, diag));
    for (int kind = 0; kind < SWARM_KIND_COUNT; kind++)
        if (strcmp(swarm_kind_name((enum swarm_kind)kind), name) == 0) {
            *out = (enum swarm_kind)kind;
            return OK;
        }
    return fail(leaf, diag, ERR_SYNTAX, "is none of mixed, single, control, safety");
}

static err read_duration(const struct toml_leaf *leaf, int64_t *out_ns, struct diag *diag)
{
    char text[DURATION_TEXT_BYTES];
    TRY(read_text(leaf, text, sizeof text, diag));
    if (duration_parse(text, out_ns, NULL) == OK && *out_ns > 0) return OK;
    return fail(leaf, diag, ERR_SYNTAX, "must be a duration like \"10m\"");
}

static err read_tasks_most(const struct toml_leaf *leaf, uint32_t *out, struct diag *diag)
{
    if (leaf->type != TOML_INTEGER || leaf->integer < 1 || leaf->integer > REPRO_TASKS_MOST)
        return fail(leaf, diag, ERR_RANGE, "must be a number of tasks, from 1");
    *out = (uint32_t)leaf->integer;
    return OK;
}

static err read_key(struct reading *reading, const struct repro_key *key, const struct toml_leaf *leaf,
                    struct diag *diag)
{
    void *out = (char *)reading->repro + key->offset;
    switch (key->kind) {
    case KEY_TEXT: return read_text(leaf, out, key->size, diag);
    case KEY_NUMBER: return read_number(leaf, 10, out, diag);
    case KEY_HEX: return read_number(leaf, 16, out, diag);
    case KEY_DURATION: return read_duration(leaf, out, diag);
    case KEY_KIND: return read_kind(leaf, out, diag);
    case KEY_TASKS_MOST: return read_tasks_most(leaf, out, diag);
    }
    return ERR_SYNTAX;
}

static err add_task(struct repro *repro, uint32_t id)
{
    if (repro->task_count == repro->task_capacity) {
        uint32_t capacity = repro->task_capacity ? 2 * repro->task_capacity : 16;
        uint32_t *grown = realloc(repro->tasks, capacity * sizeof *grown);
        if (!grown) return ERR_NOMEM;
        repro->tasks = grown;
        repro->task_capacity = capacity;
    }
    repro->tasks[repro->task_count++] = id;
    return OK;
}

static err read_task(struct repro *repro, const struct toml_leaf *leaf, struct diag *diag)
{
    repro->has_tasks = true;
    if (leaf->type == TOML_ARRAY) return OK; /* an empty one */
    uint32_t before = repro->task_count ? repro->tasks[repro->task_count - 1] : 0;
    bool is_right = leaf->type == TOML_INTEGER && leaf->integer > before && leaf->integer <= REPRO_TASKS_MOST;
    if (!is_right) return fail(leaf, diag, ERR_RANGE, "must be ids of tasks, from 1, rising");
    return add_task(repro, (uint32_t)leaf->integer);
}

static err refuse_key(const struct toml_leaf *leaf, struct diag *diag)
{
    struct nearest nearest = {.wanted = leaf->path};
    for (int i = 0; i < KEY_COUNT; i++) nearest_offer(&nearest, KEYS[i].name);
    return diag_fail(diag, ERR_USAGE, "%.256s:%d:%d: unknown key %.64s%s%s", leaf->file, leaf->line,
                     leaf->key_column, leaf->path, nearest.best ? "; did you mean " : "",
                     nearest.best ? nearest.best : "");
}

/* Another version may mean another thing by the same words: it is refused before anything else. */
static err check_version(const struct reading *reading, const struct toml_leaf *leaf, struct diag *diag)
{
    if (strcmp(reading->repro->version, reading->version) == 0) return OK;
    return diag_fail(diag, ERR_USAGE,
                     "%.256s:%d:%d: was written by version %.31s, this is %.31s: replay it with that one",
                     leaf->file, leaf->line, leaf->column, reading->repro->version, reading->version);
}

static err visit(const struct toml_leaf *leaf, struct diag *diag, void *context)
{
    struct reading *reading = context;
    bool is_fault = false;
    for (int i = 0; i < KEY_COUNT; i++) {
        if (strcmp(KEYS[i].name, leaf->path) != 0) continue;
        reading->is_given[i] = true;
        TRY(read_key(reading, &KEYS[i], leaf, diag));
        return i == 0 ? check_version(reading, leaf, diag) : OK;
    }
    bool is_task = strcmp(leaf->path, "tasks") == 0 || strncmp(leaf->path, "tasks[", 6) == 0;
    if (is_task) return read_task(reading->repro, leaf, diag);
    TRY(schedule_read_leaf(&reading->repro->schedule, leaf, &is_fault, diag));
    return is_fault ? OK : refuse_key(leaf, diag);
}

err repro_read(struct repro *out, const char *path, const char *version, struct diag *diag)
{
    struct repro repro = {0};
    struct reading reading = {.repro = &repro, .version = version};
    err e = toml_read_file(path, visit, &reading, diag);
    if (e == OK) e = schedule_settle(&repro.schedule, path, diag);
    for (int i = 0; i < KEY_COUNT && e == OK; i++)
        if (KEYS[i].is_required && !reading.is_given[i])
            e = diag_fail(diag, ERR_SYNTAX,
                          "%.256s: no key \"%s\": is it a repro.toml of agenc chaos campaign?", path,
                          KEYS[i].name);
    if (e != OK)
        repro_close(&repro);
    else
        *out = repro;
    return e;
}

/* ---- writing ---- */

static void write_key(const struct repro *repro, const struct repro_key *key, FILE *out)
{
    const void *at = (const char *)repro + key->offset;
    char duration[DURATION_TEXT_BYTES];
    uint64_t number = 0;
    if (key->kind == KEY_NUMBER || key->kind == KEY_HEX) memcpy(&number, at, sizeof number);
    fprintf(out, "%s = ", key->name);
    switch (key->kind) {
    case KEY_TEXT: escape_json(out, at); break;
    case KEY_NUMBER: fprintf(out, number > INT64_MAX ? "\"%" PRIu64 "\"" : "%" PRIu64, number); break;
    case KEY_HEX: fprintf(out, "\"0x%016" PRIx64 "\"", number); break;
    case KEY_DURATION:
        duration_print(duration, repro->duration_ns);
        fprintf(out, "\"%s\"", duration);
        break;
    case KEY_KIND: fprintf(out, "\"%s\"", swarm_kind_name(repro->kind)); break;
    case KEY_TASKS_MOST: fprintf(out, "%" PRIu32, repro->tasks_most); break;
    }
    fputc('\n', out);
}

void repro_write(const struct repro *repro, FILE *out)
{
    for (int i = 0; i < KEY_COUNT; i++) {
        bool is_left_out = (KEYS[i].kind == KEY_DURATION && repro->duration_ns == 0) ||
                           (KEYS[i].kind == KEY_TASKS_MOST && repro->tasks_most == 0);
        if (!is_left_out) write_key(repro, &KEYS[i], out);
    }
    if (repro->has_tasks) {
        fputs("tasks = [", out);
        for (uint32_t i = 0; i < repro->task_count; i++)
            fprintf(out, "%s%" PRIu32, i ? ", " : "", repro->tasks[i]);
        fputs("]\n", out);
    }
    fputc('\n', out);
    schedule_print(&repro->schedule, out);
}

/* ---- tasks ---- */

err repro_dropped(const struct repro *repro, uint32_t task_count, bool **out)
{
    *out = NULL;
    if (!repro->has_tasks) return OK;
    bool *dropped = malloc((size_t)task_count + 1);
    if (!dropped) return ERR_NOMEM;
    memset(dropped, true, (size_t)task_count + 1);
    for (uint32_t i = 0; i < repro->task_count; i++)
        if (repro->tasks[i] <= task_count) dropped[repro->tasks[i]] = false;
    *out = dropped;
    return OK;
}

err repro_set_dropped(struct repro *repro, const bool *dropped, uint32_t task_count, uint32_t tasks_most)
{
    uint32_t last = tasks_most ? tasks_most : task_count;
    repro->tasks_most = tasks_most;
    repro->task_count = 0;
    repro->has_tasks = false;
    for (uint32_t id = 1; dropped && id <= last && !repro->has_tasks; id++) repro->has_tasks = dropped[id];
    for (uint32_t id = 1; repro->has_tasks && id <= last; id++)
        if (!dropped[id]) TRY(add_task(repro, id));
    return OK;
}
