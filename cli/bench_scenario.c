/* cli/bench_scenario.c: a scenario file is options, keys of the configuration and targets, each checked where
 * it stands. */
#include "base/decimal.h"
#include "cli/bench_args.h"
#include "cli/config_args.h"
#include <inttypes.h>
#include <string.h>

enum { SCENARIO_TEXT_BYTES = 64 * 1024 };

struct scenario_reading {
    struct bench_request *request;
    struct args *args;
    struct config_notes notes;
};

static const char *keep_text(struct bench_request *request, const char *text)
{
    char *copy = arena_array(&request->texts, strlen(text) + 1, 1);
    if (copy) strcpy(copy, text);
    return copy;
}

/* A value as it would be typed after the option. */
static const char *leaf_text(const struct toml_leaf *leaf, char out[DECIMAL_TEXT_BYTES])
{
    switch (leaf->type) {
    case TOML_INTEGER: snprintf(out, DECIMAL_TEXT_BYTES, "%" PRId64, leaf->integer); return out;
    case TOML_STRING:
    case TOML_FLOAT: return leaf->text;
    default: break;
    }
    return NULL;
}

/* Said before the work, as all that is wrong with a question. */
static err target_check(const char *text, struct diag *diag)
{
    struct bench_result *result;
    err e = bench_open(&result, 1, false);
    if (e != OK) return diag_fail(diag, e, "out of memory for a target");
    e = bench_add_target(result, text, diag);
    bench_free(result);
    return e;
}

static err take_target(struct scenario_reading *reading, const struct toml_leaf *leaf, struct diag *diag)
{
    struct bench_request *request = reading->request;
    char text[256];
    if (leaf->type != TOML_STRING)
        return diag_fail(diag, ERR_SYNTAX, "%s:%d:%d: %s wants a text like \"<5s\"", leaf->file, leaf->line,
                         leaf->column, leaf->path);
    if (request->target_count == BENCH_TARGETS_MOST)
        return diag_fail(diag, ERR_LIMIT, "%s:%d:%d: more than %d targets", leaf->file, leaf->line,
                         leaf->column, BENCH_TARGETS_MOST);
    struct diag why = {0};
    int size = snprintf(text, sizeof text, "%s%s", leaf->path + strlen("targets."), leaf->text);
    const char *kept = (size_t)size < sizeof text ? keep_text(request, text) : NULL;
    if (!kept) return diag_fail(diag, ERR_LIMIT, "%s:%d: too much text", leaf->file, leaf->line);
    err e = target_check(kept, &why);
    if (e != OK)
        return diag_fail(diag, e, "%s:%d:%d: %.400s", leaf->file, leaf->line, leaf->column, why.text);
    request->targets[request->target_count++] = kept;
    return OK;
}

/* Options that say what to do with the answer rather than what is asked belong to the command line, and keys
 * of the configuration stand in the file as such. */
static bool is_for_scenarios(const char *name)
{
    static const char *const NOT[] = {"output", "hlog",   "trace",           "jobs",    "quiet", "help",
                                      "set",    "config", "measure-latency", "scenario"};
    for (size_t i = 0; i < sizeof NOT / sizeof *NOT; i++)
        if (strcmp(name, NOT[i]) == 0) return false;
    return true;
}

static err take_option(struct scenario_reading *reading, const struct toml_leaf *leaf, struct diag *diag)
{
    char number[DECIMAL_TEXT_BYTES];
    const char *name = leaf->path + strlen("benchmark.");
    if (!is_for_scenarios(name))
        return diag_fail(diag, ERR_USAGE, "%s is for the command line, not for a scenario", name);
    if (strpbrk(name, "[.") || leaf->type == TOML_ARRAY)
        return diag_fail(diag, ERR_SYNTAX, "%.*s is %s, want a text or a number", (int)strcspn(name, "[."),
                         name, name[strcspn(name, "[.")] == '.' ? "a table" : "an array");
    if (leaf->type == TOML_BOOLEAN) return args_offer_switch(reading->args, name, leaf->boolean, diag);
    const char *text = leaf_text(leaf, number);
    if (!text)
        return diag_fail(diag, ERR_SYNTAX, "%s is %s, want a text or a number", name,
                         toml_type_name(leaf->type));
    const char *kept = keep_text(reading->request, text);
    if (!kept) return diag_fail(diag, ERR_LIMIT, "more than %d bytes of text", SCENARIO_TEXT_BYTES);
    return args_offer(reading->args, name, kept, diag);
}

/* [benchmark] and [targets] are tables; a number of that name, or an array, is no unknown key. */
static err section_check(const struct toml_leaf *leaf, struct diag *diag)
{
    static const char *const SECTIONS[] = {"benchmark", "targets"};
    size_t size = strcspn(leaf->path, ".[");
    for (size_t i = 0; i < sizeof SECTIONS / sizeof *SECTIONS; i++) {
        bool is_section = strlen(SECTIONS[i]) == size && strncmp(leaf->path, SECTIONS[i], size) == 0;
        if (is_section && leaf->path[size] != '.')
            return diag_fail(diag, ERR_SYNTAX, "%s:%d:%d: %s is %s, want a table: [%s]", leaf->file,
                             leaf->line, leaf->key_column, SECTIONS[i],
                             leaf->path[size] ? "an array" : toml_type_name(leaf->type), SECTIONS[i]);
    }
    return OK;
}

static err take_leaf(const struct toml_leaf *leaf, struct diag *diag, void *context)
{
    struct scenario_reading *reading = context;
    struct diag why = {0};
    TRY(section_check(leaf, diag));
    if (strncmp(leaf->path, "targets.", 8) == 0) return take_target(reading, leaf, diag);
    if (strncmp(leaf->path, "benchmark.", 10) != 0)
        return config_set_leaf(&reading->request->config, leaf, &reading->notes, diag);
    err e = take_option(reading, leaf, &why);
    if (e == OK) return OK;
    return diag_fail(diag, e, "%s:%d:%d: %s", leaf->file, leaf->line, leaf->column, why.text);
}

/* Layers, from below: compiled, the scenario's keys, --config, --set, the environment. */
err bench_scenario_read(struct bench_request *request, struct args *args, struct diag *diag)
{
    const char *path = args_text(args, "scenario");
    struct scenario_reading reading = {.request = request, .args = args};
    config_init(&request->config);
    if (!path) return OK;
    TRY(arena_open(&request->texts, SCENARIO_TEXT_BYTES));
    TRY(toml_read_file(path, take_leaf, &reading, diag));
    if (!args_is_quiet(args)) config_notes_print(&reading.notes, args->log);
    return OK;
}
