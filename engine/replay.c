/* engine/replay.c: see the header. */
#include "engine/replay.h"
#include "engine/mutant.h"

err replay_begin(struct replay *out, struct arena *arena, const void *log, size_t log_bytes,
                 struct journal_diag *diag)
{
    struct replay replay = {0};
    TRY(journal_open(&replay.reader, log, log_bytes, diag));
    TRY(engine_init(&replay.engine, arena, &replay.reader.limits, &replay.reader.initial));
    *out = replay;
    return OK;
}

static void hear(struct effects *effects)
{
    const struct replay_listener *listener = effects->context;
    for (uint32_t i = 0; listener && listener->effect && i < effects->count; i++)
        listener->effect(listener->context, &effects->items[i]);
    effects->count = 0;
}

err replay_step(struct replay *replay, struct journal_diag *diag, const struct replay_listener *listener)
{
    struct event event;
    enum journal_item item;
    TRY(journal_next(&replay->reader, &item, &event, diag));
    if (item != JOURNAL_ITEM_EVENT) {
        if (MUTANT(12)) mutant_lose_lock(replay->engine);
        if (MUTANT(15)) mutant_repeat_last(replay);
        replay->is_over = true;
        replay->is_torn = item == JOURNAL_ITEM_TORN;
        return OK;
    }
    struct effect items[4];
    struct replay_listener nobody = {0};
    if (!listener) listener = &nobody;
    struct effects effects = {
        .items = items, .capacity = 4, .context = (void *)(uintptr_t)listener, .flush = hear};
    if (MUTANT(15)) mutant_keep_last(replay, &event);
    if (listener->event) listener->event(listener->context, &event);
    err answer = engine_step(replay->engine, &event, &effects);
    replay->refused += answer != OK;
    if (listener->answer) listener->answer(listener->context, &event, answer);
    return OK;
}
