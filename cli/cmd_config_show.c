/* cli/cmd_config_show.c: what would be in force, and why. */
#include "cli/client.h"
#include "cli/config_args.h"
#include "cli/live_config.h"
#include <string.h>

static const struct flag FLAGS[] = {
    FLAG_CONFIG,
    {.name = "section",
     .value = "NAME",
     .type = FLAG_TEXT,
     .help = "keys of one section only: speculation.proof"},
    {.name = "sources", .type = FLAG_SWITCH, .help = "a third field: where the value came from"},
    FLAG_URL,
    FLAG_PATIENCE,
    FLAG_OUTPUT_FORMAT,
    {0},
};

/* ---- what a running service has in force ---- */

static bool is_in_section(const char *key, const char *section)
{
    size_t size = section ? strlen(section) : 0;
    return size == 0 || (strncmp(key, section, size) == 0 && key[size] == '.');
}

static err show_live(struct args *args, const struct json_node *root, struct diag *diag)
{
    struct live_key key;
    uint32_t cursor = 0;
    err e = OK;
    while (live_config_next(root, &cursor, &key, &e, diag))
        if (is_in_section(key.name, args_text(args, "section")))
            fprintf(args->out, args_switch(args, "sources") ? "%s %s %s\n" : "%s %s\n", key.name, key.value,
                    key.source);
    return e;
}

static err run(struct args *args, struct diag *diag)
{
    struct config config;
    struct config_view view = {.section = args_text(args, "section"),
                               .shows_sources = args_switch(args, "sources")};
    if (view.section && !config_section_exists(view.section))
        return diag_fail(diag, ERR_USAGE,
                         "--section: no key is in \"%.64s\"; sections are those of docs/CONFIG.md",
                         view.section);
    if (args_given(args, "url") && args_given(args, "config"))
        return diag_fail(diag, ERR_USAGE, "--url and --config: give one, a running service or a file");
    if (!args_given(args, "config") && client_is_addressed(args))
        return client_run(args, &(struct client_request){.path = "/admin/config"}, show_live, diag);
    TRY(config_from_args(&config, args, diag));
    if (!args_given(args, "config") && !args_is_quiet(args))
        fputs("agenc: these are the compiled defaults; --url URL (or AGENC_URL) asks a running service\n",
              args->log);
    if (args_wants_json(args))
        config_print_json(&config, &view, args->out);
    else
        config_print(&config, &view, args->out);
    return OK;
}

const struct command COMMAND_config_show = {
    .group = "config",
    .name = "show",
    .summary = "print the configuration that would be in force",
    .flags = FLAGS,
    .description = "One key and value a line, from the compiled defaults, the mode's preset, the file and\n"
                   "the AGENC_SPECULATION_* variables, the later over the earlier. JSON says for each key\n"
                   "where its value came from; --sources does the same for people. With --url, or\n"
                   "AGENC_URL or ADMIN_URL and no --config: what a running service has in force.",
    .examples = "agenc config show --section speculation\n"
                "agenc config show --config scenarios/config/prod.toml --sources\n"
                "agenc config show --url http://localhost:9090 --section speculation.proof\n"
                "AGENC_SPECULATION_MAX_DEPTH=5 agenc config show --output json",
    .run = run,
};
