/* cli/config_args.h: the configuration that a command's flags and environment ask for. */
#pragma once
#include "base/config.h"
#include "cli/flags.h"

/* Rows for a command's flag table. */
#define FLAG_CONFIG                                                                                          \
    {                                                                                                        \
        .name = "config", .value = "FILE", .type = FLAG_FILE,                                                \
        .help = "engine configuration (TOML); without it the compiled defaults"                              \
    }
#define FLAG_SET                                                                                             \
    {                                                                                                        \
        .name = "set", .value = "KEY=VALUE", .type = FLAG_TEXT, .is_repeatable = true,                       \
        .help = "set one configuration key, on top of the file"                                              \
    }

/* --config and --set as far as the command has them, AGENC_* variables, then the rules between
 * keys. Warnings go to args->log; the first error into the diag. */
MUST_USE err config_from_args(struct config *out, const struct args *args, struct diag *diag);
/* The same on top of what is in `config` already; left as it was on failure. */
MUST_USE err config_from_args_onto(struct config *config, const struct args *args, struct diag *diag);

/* Notes from `first` on, one line each, "warning: " before what is none of the errors. */
void config_notes_print(const struct config_notes *notes, FILE *out);
