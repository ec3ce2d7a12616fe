/* cli/cmd_config_docs.c: docs/CONFIG.md and scenarios/config/default.toml, written from the key table, and
 * docs/METRICS.md from that of the metrics, docs/openapi.json from the routes. */
#include "base/config.h"
#include "base/version.h"
#include "cli/command.h"
#include "daemon/metrics.h"
#include "daemon/openapi.h"

static const char *const FORMATS[] = {"markdown", "toml", "metrics", "openapi", NULL};
static void write_openapi(FILE *out)
{
    openapi_write(out, version_number());
}

static void (*const WRITERS[])(FILE *out) = {config_print_markdown, config_print_toml, metrics_write_docs,
                                             write_openapi};

static const struct flag FLAGS[] = {
    {.name = "format",
     .value = "FORMAT",
     .type = FLAG_CHOICE,
     .choices = FORMATS,
     .fallback = "markdown",
     .help = "markdown for the reference, toml for a file with every key, metrics for the metrics, openapi "
             "for the routes of the service"},
    {0},
};

static err run(struct args *args, struct diag *diag)
{
    (void)diag;
    WRITERS[args_integer(args, "format")](args->out);
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
