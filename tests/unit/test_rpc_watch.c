/* tests/unit/test_rpc_watch.c: what is believed of a signature, view after view. */
#include "daemon/rpc_watch.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(rpc_watch, .timeout = 5);

static struct watch watch;
static struct watch_news news;

static void see(enum rpc_level level, uint64_t slot, uint64_t context)
{
    const struct rpc_status status = {.level = level, .slot = slot};
    news = watch_see(&watch, &(struct watch_view){&status, context, false});
}

Test(rpc_watch, levels_are_news_once_and_none_is_left_out)
{
    see(LEVEL_NONE, 0, 10);
    cr_assert(news.to == LEVEL_NONE && news.lost == LEVEL_NONE);
    see(LEVEL_PROCESSED, 11, 12);
    cr_assert(news.from == LEVEL_NONE && news.to == LEVEL_PROCESSED);
    see(LEVEL_PROCESSED, 11, 13);
    cr_assert(news.from == news.to);
    see(LEVEL_FINALIZED, 11, 50);
    cr_assert(news.from == LEVEL_PROCESSED && news.to == LEVEL_FINALIZED);
}

Test(rpc_watch, a_node_that_is_not_so_far_takes_no_level_back)
{
    see(LEVEL_CONFIRMED, 11, 14);
    see(LEVEL_PROCESSED, 11, 15);
    cr_assert(news.lost == LEVEL_NONE && news.from == news.to && watch.level == LEVEL_CONFIRMED);
    see(LEVEL_NONE, 0, 13);
    cr_assert(news.lost == LEVEL_NONE && watch.misses == 0, "a view from before proves nothing");
}

Test(rpc_watch, a_processed_one_that_a_newer_view_has_nowhere_is_lost)
{
    see(LEVEL_PROCESSED, 11, 12);
    see(LEVEL_NONE, 0, 12);
    cr_assert(news.lost == LEVEL_PROCESSED && news.lost_slot == 11);
    see(LEVEL_NONE, 0, 13);
    cr_assert(news.lost == LEVEL_NONE, "only once");
    see(LEVEL_PROCESSED, 15, 16);
    cr_assert(news.from == LEVEL_NONE && news.to == LEVEL_PROCESSED);
}

Test(rpc_watch, a_confirmed_one_is_lost_when_two_views_in_a_row_say_so)
{
    see(LEVEL_CONFIRMED, 11, 12);
    see(LEVEL_NONE, 0, 13);
    cr_assert(news.lost == LEVEL_NONE);
    see(LEVEL_CONFIRMED, 11, 14);
    see(LEVEL_NONE, 0, 15);
    cr_assert(news.lost == LEVEL_NONE, "not in a row");
    see(LEVEL_NONE, 0, 16);
    cr_assert(news.lost == LEVEL_CONFIRMED);
}

Test(rpc_watch, another_slot_is_a_loss_and_a_new_way)
{
    see(LEVEL_CONFIRMED, 11, 12);
    see(LEVEL_PROCESSED, 9, 11);
    cr_assert(news.lost == LEVEL_NONE && watch.slot == 11, "a view from before proves nothing");
    see(LEVEL_PROCESSED, 13, 14);
    cr_assert(news.lost == LEVEL_CONFIRMED && news.lost_slot == 11);
    cr_assert(news.from == LEVEL_NONE && news.to == LEVEL_PROCESSED && watch.slot == 13);
}

Test(rpc_watch, expiry_needs_a_later_view_that_searched_history)
{
    const struct rpc_status none = {.level = LEVEL_NONE};
    see(LEVEL_NONE, 0, 1000);
    cr_assert(!news.has_expired, "nobody said that the blockhash is too old");
    watch.gone_slot = 100;
    see(LEVEL_NONE, 0, 200);
    cr_assert(!news.has_expired, "a cache is not the history");
    cr_assert(!watch_see(&watch, &(struct watch_view){&none, 99, true}).has_expired);
    cr_assert(watch_see(&watch, &(struct watch_view){&none, 100, true}).has_expired);
}
