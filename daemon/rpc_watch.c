/* daemon/rpc_watch.c: levels climb, blocks are lost, blockhashes expire. */
#include "daemon/rpc_watch.h"
#include <string.h>

static void lose(struct watch *watch, struct watch_news *news)
{
    news->lost = watch->level;
    news->lost_slot = watch->slot;
    watch->level = LEVEL_NONE;
    watch->slot = 0;
    watch->misses = 0;
    watch->has_failed = false;
}

static void see_nothing(struct watch *watch, const struct watch_view *view, struct watch_news *news)
{
    if (watch->level == LEVEL_NONE) {
        news->has_expired = watch->gone_slot && view->has_history && view->context_slot >= watch->gone_slot;
        return;
    }
    if (view->context_slot < watch->seen_context) return;
    watch->misses++;
    if (watch->level >= LEVEL_CONFIRMED && watch->misses < WATCH_MISSES_CONFIRMED) return;
    lose(watch, news);
}

static void see_status(struct watch *watch, const struct watch_view *view, struct watch_news *news)
{
    const struct rpc_status *status = view->status;
    bool has_moved = watch->level != LEVEL_NONE && status->slot != watch->slot;
    if (has_moved && view->context_slot < watch->seen_context) return;
    if (has_moved) lose(watch, news);
    watch->misses = 0;
    if (view->context_slot > watch->seen_context) watch->seen_context = view->context_slot;
    watch->slot = status->slot;
    watch->has_failed = status->has_failed;
    memcpy(watch->error, status->error, sizeof watch->error);
    news->from = news->to = watch->level;
    if (status->level <= watch->level) return; /* a node that is not so far yet */
    news->to = watch->level = status->level;
}

struct watch_news watch_see(struct watch *watch, const struct watch_view *view)
{
    struct watch_news news = {0};
    if (view->status->level == LEVEL_NONE)
        see_nothing(watch, view, &news);
    else
        see_status(watch, view, &news);
    return news;
}
