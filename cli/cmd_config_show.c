/* cli/cmd_config_show.c: what would be in force, and why. */
#include "cli/command.h"
#include "cli/config_args.h"

static const struct flag FLAGS[] = {
    FLAG_CONFIG,
    {.name = "section",
     .value = "NAME",
     .type = FLAG_TEXT,
     .help = "keys of one section only: speculation.proof"},
    {.name = "sources", .type = FLAG_SWITCH, .help = "a third field: where the value came from"},
    FLAG_OUTPUT_FORMAT,
    {0},
};

static err run(struct args *args, struct diag *diag)
{
    struct config config;
    struct config_view view = {.section = args_text(args, "section"),
                               .shows_sources = args_switch(args, "sources")};
    if (view.section && !config_section_exists(view.section))
        return diag_fail(diag, ERR_USAGE,
                         "--section: no key is in \"%.64s\"; sections are those of docs/CONFIG.md",
                         view.section);
    TRY(config_from_args(&config, args, diag));
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
                   "where its value came from; --sources does the same for people.",
    .examples = "agenc config show --section speculation\n"
                "agenc config show --config scenarios/config/prod.toml --sources\n"
                "AGENC_SPECULATION_MAX_DEPTH=5 agenc config show --output json",
    .run = run,
};
