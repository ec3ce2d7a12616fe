/* cli/dispatch.h: from the words of a command line to a command's exit status. */
#pragma once
#include <stdio.h>

struct dispatch {
    int word_count; /* without the program's own name */
    char *const *words;
    char *const *environment;
    FILE *out, *log;
};

/* Prints what there is to print, errors as one line on `log`; whether `out` took it all is for main to check.
 */
int dispatch_run(const struct dispatch *dispatch);
