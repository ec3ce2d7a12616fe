/* cli/history_args.h: the option that the three commands over a history share. */
#pragma once
#include "cli/flags.h"
#include "reports/history.h"

#define FLAG_HISTORY                                                                                         \
    {                                                                                                        \
        .name = "db", .value = "FILE", .type = FLAG_FILE, .is_required = true,                               \
        .help = "the history, a file of SQLite"                                                              \
    }

MUST_USE err history_args_open(const struct args *args, bool may_create, struct history **out,
                               struct diag *diag);
/* What --test names, or all of it; never empty. ERR_USAGE no such test, or nothing in it at all. */
MUST_USE err history_args_read(const struct args *args, const char *metric, struct history_list *out,
                               struct diag *diag);
