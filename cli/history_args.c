/* cli/history_args.c: the history opened and read, or the line that says what there is instead. */
#include "cli/history_args.h"
#include "base/nearest.h"

err history_args_open(const struct args *args, bool may_create, struct history **out, struct diag *diag)
{
    const struct history_options options = {args_text(args, "db"), may_create, HISTORY_PATIENCE_MS};
    return history_open(out, &options, diag);
}

static err refuse_nothing(struct history *history, const struct args *args, struct diag *diag)
{
    struct history_list all = {0};
    struct nearest nearest = {.wanted = args_text(args, "test") ? args_text(args, "test") : ""};
    TRY(history_read(history, &(struct history_query){0}, &all, diag));
    for (uint32_t i = 0; i < all.count; i++) nearest_offer(&nearest, all.entries[i].test);
    if (all.count == 0)
        diag_fail(diag, ERR_USAGE,
                  "%.128s holds no result yet, `agenc benchmark history add RESULT --db %.128s`",
                  args_text(args, "db"), args_text(args, "db"));
    else
        diag_fail(diag, ERR_USAGE, "--test %.64s: no result of it in %.128s, %s%.64s", nearest.wanted,
                  args_text(args, "db"), nearest.best ? "nearest is " : "there is ",
                  nearest.best ? nearest.best : all.entries[0].test);
    history_list_free(&all);
    return ERR_USAGE;
}

err history_args_read(const struct args *args, const char *metric, struct history_list *out,
                      struct diag *diag)
{
    struct history *history;
    struct history_list list = {0};
    const struct history_query query = {args_text(args, "test"), metric};
    TRY(history_args_open(args, false, &history, diag));
    err e = history_read(history, &query, &list, diag);
    if (e == OK && list.count == 0) e = refuse_nothing(history, args, diag);
    history_close(history);
    if (e == OK) *out = list;
    return e;
}
