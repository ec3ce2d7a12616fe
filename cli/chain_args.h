/* cli/chain_args.h: the flags that name a chain: --profile and --set. */
#pragma once
#include "cli/command.h"
#include "sim/chain_profile.h"

#define CHAIN_ARGS_FLAGS                                                                                     \
    {.name = "profile",                                                                                      \
     .value = "PROFILE",                                                                                     \
     .type = FLAG_TEXT,                                                                                      \
     .fallback = "mainnet",                                                                                  \
     .help = "a name in scenarios/chain or a .toml file"},                                                   \
    {                                                                                                        \
        .name = "set", .value = "KEY=VALUE", .type = FLAG_TEXT, .is_repeatable = true,                       \
        .help = "a parameter of the profile, as in its file; docs/CHAIN.md lists them"                       \
    }

/* last: one more assignment, after the user's; NULL: none. */
MUST_USE err chain_args_load(const struct args *args, const char *last, struct chain_profile *out,
                             struct diag *diag);
