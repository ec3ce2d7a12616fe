/* cli/main.c: the process around the commands. A result that could not be written is not a success. */
#include "base/err.h"
#include "chaos/mutants.h"
#include "cli/dispatch.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct dispatch dispatch = {.word_count = argc > 0 ? argc - 1 : 0,
                                .words = argv + 1,
                                .environment = environ,
                                .out = stdout,
                                .log = stderr};
    struct diag diag = {0};
    if (mutants_begin(getenv("AGENC_MUTANT"), &diag) != OK) {
        fprintf(stderr, "agenc: %s\n", diag.text);
        return err_exit_status(ERR_USAGE);
    }
    int status = dispatch_run(&dispatch);
    int had_failed = ferror(stdout);
    if (fclose(stdout) != 0 || had_failed) {
        fprintf(stderr, "agenc: stdout: %s\n", errno ? strerror(errno) : "could not be written");
        return err_exit_status(ERR_IO);
    }
    return status;
}
