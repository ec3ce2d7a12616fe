/* cli/fill.h: a template filled with what a running service says.
 *
 * {{name}} stands for a figure of the service (cli/fill.c lists them), or for what the caller gives under
 * that name; what nobody knows stays as [name], for a person. A name that is neither live nor said to be a
 * person's ({{?name}}) is an error with file and line. */
#pragma once
#include "cli/client.h"

/* Writes the filled text on args->out. ERR_IO the file, the service; ERR_SYNTAX a name. --fill NAME=VALUE. */
MUST_USE err fill_template(struct args *args, const char *path, struct diag *diag);
void fill_list_names(FILE *out);
