/* cli/cmd_config_validate.c: is this file fit to run with? */
#include "base/escape.h"
#include "cli/color.h"
#include "cli/command.h"
#include "cli/config_args.h"
#include <string.h>

static const struct flag FLAGS[] = {
    {.name = "config", .value = "FILE", .type = FLAG_FILE, .is_required = true, .help = "the file to check"},
    {.name = "strict",
     .type = FLAG_SWITCH,
     .help = "unknown keys are errors, so is the mock generator in production"},
    FLAG_OUTPUT_FORMAT,
    {0},
};

/* The lines that deployment looks for, in its order. */
static const struct tick {
    const char *key; /* NULL: the rules about feature flags */
    const char *claim;
} TICKS[] = {
    {"speculation.max_depth", "within range [1, 20]"},
    {"speculation.stake.slash_percentage", "within range [0.01, 0.5]"},
    {"speculation.proof.generator", "is valid"},
    {"speculation.limits.max_memory_mb", ">= 512"},
    {NULL, "Feature flag combinations are valid"},
};

/* A tick is for what was seen and good: not for the default that stands where reading broke off. */
static bool is_good(const struct config *config, const struct config_notes *notes, const char *key)
{
    if (notes->is_partial) return false;
    return key ? !config->origins[config_key_index(config_key_find(key))].was_refused
               : config_flags_agree(config);
}

static void print_ticks(const struct config *config, const struct config_notes *notes,
                        const struct args *args)
{
    struct color color = color_for(args->out, args->environment);
    for (size_t i = 0; i < sizeof TICKS / sizeof *TICKS; i++) {
        const char *key = TICKS[i].key;
        bool has_tick = is_good(config, notes, key);
        fprintf(args->out, "%s%s%s %s%s%s\n", has_tick ? color.good : color.bad, has_tick ? "✓" : "✗",
                color.plain, key ? key : "", key ? " " : "", TICKS[i].claim);
    }
}

static void print_json_notes(const struct config_notes *notes, bool is_error, FILE *out)
{
    const char *separator = "";
    for (uint32_t i = 0; i < notes->kept_count; i++) {
        if (notes->kept[i].is_error != is_error) continue;
        fprintf(out, "%s\n  ", separator);
        escape_json(out, notes->kept[i].text);
        separator = ",";
    }
}

static void print_json(const struct config_notes *notes, FILE *out)
{
    fprintf(out, "{\"valid\": %s, \"errors\": [", notes->error_count ? "false" : "true");
    print_json_notes(notes, true, out);
    fputs("], \"warnings\": [", out);
    print_json_notes(notes, false, out);
    fputs("]}\n", out);
}

static void print_verdict(const struct config *config, const struct config_notes *notes,
                          const struct args *args)
{
    if (args_wants_json(args)) {
        print_json(notes, args->out);
        return;
    }
    print_ticks(config, notes, args);
    if (notes->error_count || !args_is_quiet(args)) config_notes_print(notes, args->log);
    if (notes->error_count)
        fprintf(args->out, "Configuration invalid: %u error%s\n", notes->error_count,
                notes->error_count == 1 ? "" : "s");
    else
        fputs("Configuration valid!\n", args->out);
}

/* The file alone is judged; of the environment only the name of the place it is for. */
static err apply_place(struct config *config, const struct args *args, struct config_notes *notes,
                       struct diag *diag)
{
    for (char *const *variable = args->environment; *variable; variable++)
        if (strncmp(*variable, "AGENC_ENV=", 10) == 0)
            return config_apply_env(config, (char *const[]){*variable, NULL}, notes, diag);
    return OK;
}

static err run(struct args *args, struct diag *diag)
{
    struct config config;
    struct config_notes notes = {.is_strict = args_switch(args, "strict")};
    struct diag first = {0};
    config_init(&config);
    err e = config_load_file(&config, args_text(args, "config"), &notes, &first);
    if (e == ERR_IO || e == ERR_NOMEM) return diag_fail(diag, e, "%s", first.text);
    TRY(apply_place(&config, args, &notes, diag));
    err rules = config_check(&config, &notes, &first);
    print_verdict(&config, &notes, args);
    args->exit_status = e == OK && rules == OK ? STATUS_GOOD : STATUS_USAGE;
    return OK;
}

const struct command COMMAND_config_validate = {
    .group = "config",
    .name = "validate",
    .summary = "check a configuration file before anything runs with it",
    .flags = FLAGS,
    .description = "Checks every value against its type and range and the rules between keys, and names\n"
                   "each fault with file, line and column. Unknown keys are warnings, errors under\n"
                   "--strict. A file named prod.toml or …-prod.toml, or AGENC_ENV=prod, is for production.",
    .examples = "agenc config validate --config scenarios/config/prod.toml --strict\n"
                "agenc config validate --config my.toml --output json",
    .run = run,
};
