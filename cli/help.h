/* cli/help.h: help at every level, printed from the command table. */
#pragma once
#include "cli/command.h"

void help_overview(FILE *out); /* agenc --help */
/* agenc config --help; `word` "" or the first of two of a name: agenc benchmark history --help */
void help_group(const char *group, const char *word, FILE *out);
void help_command(const struct command *command, FILE *out); /* agenc config show --help */

/* "agenc config validate --config FILE [options]", for help and man page. */
void help_usage(const struct command *command, FILE *out);
const char *help_exit_text(int status);

/* The value's name, default and bounds of a flag in words: "N, default 50". */
enum { HELP_LABEL_BYTES = 64 };
void help_flag_label(const struct flag *flag, char out[HELP_LABEL_BYTES]); /* "--rate N" */
void help_flag_text(const struct flag *flag, FILE *out);
