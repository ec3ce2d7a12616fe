/* engine/replay.c: see the header. */
#include "engine/replay.h"

err replay_begin(struct replay *out, struct arena *arena, const void *log, size_t log_bytes,
                 struct journal_diag *diag)
{
    struct replay replay = {0};
    TRY(journal_open(&replay.reader, log, log_bytes, diag));
    TRY(engine_init(&replay.engine, arena, &replay.reader.limits, &replay.reader.initial));
    *out = replay;
    return OK;
}

static void forget(struct effects *effects)
{
    effects->count = 0;
}

err replay_step(struct replay *replay, struct journal_diag *diag,
                void (*seen)(void *context, const struct event *event, err answer), void *context)
{
    struct event event;
    enum journal_item item;
    TRY(journal_next(&replay->reader, &item, &event, diag));
    if (item != JOURNAL_ITEM_EVENT) {
        replay->is_over = true;
        replay->is_torn = item == JOURNAL_ITEM_TORN;
        return OK;
    }
    struct effect unheard[4];
    struct effects effects = {.items = unheard, .capacity = 4, .flush = forget};
    err answer = engine_step(replay->engine, &event, &effects);
    replay->refused += answer != OK;
    if (seen) seen(context, &event, answer);
    return OK;
}
