/* cli/cmd_config_docs.c: docs/CONFIG.md and scenarios/config/default.toml, written from the key table. */
#include "base/config.h"
#include "cli/command.h"

static const char *const FORMATS[] = {"markdown", "toml", NULL};

static const struct flag FLAGS[] = {
    {.name = "format",
     .value = "FORMAT",
     .type = FLAG_CHOICE,
     .choices = FORMATS,
     .fallback = "markdown",
     .help = "markdown for the reference, toml for a file with every key"},
    {0},
};

static err run(struct args *args, struct diag *diag)
{
    (void)diag;
    if (args_integer(args, "format") == 0)
        config_print_markdown(args->out);
    else
        config_print_toml(args->out);
    return OK;
}

const struct command COMMAND_config_docs = {
    .group = "config",
    .name = "docs",
    .summary = "print the reference of all keys",
    .flags = FLAGS,
    .description = "What `make docs` writes.",
    .examples = "agenc config docs --format toml",
    .is_hidden = true,
    .run = run,
};
