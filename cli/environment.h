/* cli/environment.h: variables of the environment that a command was given. */
#pragma once

/* `environment` as environ: "NAME=value" strings, NULL-terminated. NULL: not set. */
const char *environment_get(char *const *environment, const char *name);
