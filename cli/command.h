/* cli/command.h: what a command is. Each lives in one file, cli/cmd_<group>_<name>.c:
 *
 *     static const struct flag FLAGS[] = {
 *         {.name = "rate", .value = "N", .type = FLAG_RATE, .fallback = "50", .help = "tasks a second"},
 *         {0}};
 *     static err run(struct args *args, struct diag *diag) { … }
 *     const struct command COMMAND_benchmark_speculation = {
 *         .group = "benchmark", .name = "speculation", .summary = "measure …", .flags = FLAGS, .run = run,
 * …};
 *
 * and one row in COMMAND_TABLE (cli/commands.h). Nothing else: dispatch, help,
 * completion, man page and the tests find it there.
 *
 * run() prints results on args->out, the rest on args->log. An error is
 * returned with its line in the diag; the exit status follows from it. An
 * outcome that is no error (a gate that regressed) sets args->exit_status. */
#pragma once
#include "cli/flags.h"

/* Exit statuses (product.md 5). Those of errors are in base/err.h. */
#define EXIT_TABLE(X)                                                                                        \
    X(STATUS_GOOD, 0, "good")                                                                                \
    X(STATUS_FAILED, 1, "the operation failed")                                                              \
    X(STATUS_USAGE, 2, "usage or configuration")                                                             \
    X(STATUS_IO, 3, "input or output")                                                                       \
    X(STATUS_GENERATOR, 4, "the load generator, not the system, was the limit")                              \
    X(STATUS_SAFETY, 10, "a safety invariant was violated")                                                  \
    X(STATUS_LIVENESS, 11, "liveness was violated")                                                          \
    X(STATUS_REGRESSED, 12, "the gate found a regression")                                                   \
    X(STATUS_INCONCLUSIVE, 13, "the gate could not decide")                                                  \
    X(STATUS_VOID, 14, "the measurement is void")                                                            \
    X(STATUS_TIMED_OUT, 124, "the wait timed out")

enum exit_status {
#define X(name, code, text) name = (code),
    EXIT_TABLE(X)
#undef X
};

enum { COMMAND_EXITS_MOST = 6 };

struct command {
    const char *group, *name; /* name "": the group is the command (`agenc serve`) */
    const char *summary;      /* one line, no full stop */
    const char *operands;     /* as in the usage line: "BEFORE AFTER"; NULL: none */
    uint32_t operand_min, operand_max;
    const struct flag *flags;          /* ends with {0}; NULL: none */
    const char *description;           /* what it does and what to know, in lines of at most 80 */
    const char *formats;               /* of the files that options name, in lines; NULL: none */
    const char *examples;              /* a command a line, at least one */
    uint8_t exits[COMMAND_EXITS_MOST]; /* statuses beyond 0 to 3 that it may end with */
    bool is_hidden;                    /* works, but no help lists it */
    err (*run)(struct args *args, struct diag *diag);
};

/* For the flag tables of commands that print. */
extern const char *const OUTPUT_FORMATS[];
#define FLAG_OUTPUT_FORMAT                                                                                   \
    {                                                                                                        \
        .name = "output", .value = "FORMAT", .type = FLAG_CHOICE, .choices = OUTPUT_FORMATS,                 \
        .fallback = "table", .help = "table, for people, or json"                                            \
    }
#define FLAG_JOBS                                                                                            \
    {                                                                                                        \
        .name = "jobs", .value = "N", .type = FLAG_INTEGER, .min = 1, .max = 256,                            \
        .help = "threads; default one a core. No result depends on it"                                       \
    }
