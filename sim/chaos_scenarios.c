/* sim/chaos_scenarios.c: the folder of scenarios: what there is, and which file a name means. */
#include "base/nearest.h"
#include "sim/chaos_scenario_file.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCENARIOS_MOST = 512 };

static bool ends_in_toml(const char *name)
{
    size_t size = strlen(name);
    return size > 5 && strcmp(name + size - 5, ".toml") == 0;
}

err scenario_folder(const char *folder, const char *name, char out[SCENARIO_PATH_BYTES], struct diag *diag)
{
    int size = snprintf(out, SCENARIO_PATH_BYTES, "%s/%s", folder, name);
    if (size < SCENARIO_PATH_BYTES) return OK;
    return diag_fail(diag, ERR_USAGE, "the path of %s is longer than %d bytes", name,
                     SCENARIO_PATH_BYTES - 1);
}

/* ---- heads ---- */

static void keep(const struct toml_leaf *leaf, char *out, size_t bytes)
{
    snprintf(out, bytes, "%s", leaf->text);
}

/* A name alone; whatever is wrong with the file is said when it is loaded. */
static err take_name(const struct toml_leaf *leaf, struct diag *diag, void *context)
{
    struct chaos_scenario_head *head = context;
    (void)diag;
    if (leaf->type != TOML_STRING) return OK;
    if (strcmp(leaf->path, "id") == 0) keep(leaf, head->id, sizeof head->id);
    if (strcmp(leaf->path, "also") == 0) keep(leaf, head->also, sizeof head->also);
    if (strcmp(leaf->path, "name") == 0) keep(leaf, head->name, sizeof head->name);
    return OK;
}

/* Numbers first, then letters: 007 before C1. */
static int compare(const void *a, const void *b)
{
    const struct chaos_scenario_head *left = a, *right = b;
    const char *left_id = left->id[0] ? left->id : "~", *right_id = right->id[0] ? right->id : "~";
    int order = strcmp(left_id, right_id);
    return order ? order : strcmp(left->name, right->name);
}

static err take_entry(const char *folder, const char *file, struct chaos_scenario_head *head,
                      struct diag *diag)
{
    memset(head, 0, sizeof *head);
    int size = snprintf(head->path, sizeof head->path, "%s/%s", folder, file);
    if ((size_t)size >= sizeof head->path)
        return diag_fail(diag, ERR_USAGE, "the path of %s is longer than %d bytes", file,
                         SCENARIO_PATH_BYTES - 1);
    TRY(toml_read_file(head->path, take_name, head, diag));
    if (!head->name[0]) snprintf(head->name, sizeof head->name, "%.*s", (int)strlen(file) - 5, file);
    return OK;
}

static err take_folder(const char *folder, DIR *entries, struct chaos_scenario_head *heads, uint32_t *count,
                       struct diag *diag)
{
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (!ends_in_toml(entry->d_name) || entry->d_name[0] == '.') continue;
        if (*count == SCENARIOS_MOST)
            return diag_fail(diag, ERR_LIMIT, "%s holds more than %d scenarios", folder, SCENARIOS_MOST);
        TRY(take_entry(folder, entry->d_name, &heads[(*count)++], diag));
    }
    qsort(heads, *count, sizeof *heads, compare);
    return OK;
}

static err names_of(const char *folder, struct chaos_scenario_head **out, uint32_t *count, struct diag *diag)
{
    struct chaos_scenario_head *heads = calloc(SCENARIOS_MOST, sizeof *heads);
    if (!heads) return diag_fail(diag, ERR_NOMEM, "out of memory for the scenarios");
    DIR *entries = opendir(folder);
    *count = 0;
    err e = entries ? take_folder(folder, entries, heads, count, diag)
                    : diag_fail(diag, ERR_IO, "%s: no such folder of scenarios", folder);
    if (entries) closedir(entries);
    if (e != OK)
        free(heads);
    else
        *out = heads;
    return e;
}

/* ---- by name ---- */

static bool is_named(const struct chaos_scenario_head *head, const char *name)
{
    return strcmp(head->name, name) == 0 || (head->id[0] && strcasecmp(head->id, name) == 0) ||
           (head->also[0] && strcasecmp(head->also, name) == 0);
}

static err refuse(const struct chaos_scenario_head *heads, uint32_t count, const char *name,
                  struct diag *diag)
{
    struct nearest nearest = {.wanted = name};
    for (uint32_t i = 0; i < count; i++) {
        nearest_offer(&nearest, heads[i].name);
        if (heads[i].id[0]) nearest_offer(&nearest, heads[i].id);
    }
    return diag_fail(diag, ERR_USAGE, "no scenario \"%.60s\"%s%s; `agenc chaos list scenarios` has them all",
                     name, nearest.best ? ", nearest is " : "", nearest.best ? nearest.best : "");
}

err scenario_find(const char *folder, const char *name, char out[SCENARIO_PATH_BYTES], struct diag *diag)
{
    struct chaos_scenario_head *heads;
    uint32_t count, i = 0;
    if (ends_in_toml(name)) {
        if (strlen(name) >= SCENARIO_PATH_BYTES)
            return diag_fail(diag, ERR_USAGE, "the path of the scenario is longer than %d bytes",
                             SCENARIO_PATH_BYTES - 1);
        memcpy(out, name, strlen(name) + 1);
        return access(name, R_OK) == 0 ? OK : diag_fail(diag, ERR_IO, "%s: cannot be read", name);
    }
    TRY(names_of(folder, &heads, &count, diag));
    while (i < count && !is_named(&heads[i], name)) i++;
    err e = i < count ? OK : refuse(heads, count, name, diag);
    if (e == OK) memcpy(out, heads[i].path, sizeof heads[i].path);
    free(heads);
    return e;
}

/* ---- all of them ---- */

err chaos_scenario_list(const char *folder, struct chaos_scenario_head **out, uint32_t *count,
                        struct diag *diag)
{
    struct chaos_scenario_head *heads;
    uint32_t found;
    TRY(names_of(folder, &heads, &found, diag));
    struct chaos_scenario *scenario = malloc(sizeof *scenario);
    err e = scenario ? OK : diag_fail(diag, ERR_NOMEM, "out of memory for a scenario");
    for (uint32_t i = 0; i < found && e == OK; i++) {
        e = chaos_scenario_load(scenario, folder, heads[i].path, diag);
        if (e != OK) continue;
        heads[i] = scenario->head;
        chaos_scenario_close(scenario);
    }
    free(scenario);
    if (e != OK) {
        free(heads);
        return e;
    }
    *out = heads;
    *count = found;
    return OK;
}
