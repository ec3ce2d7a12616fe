/* reports/bench_order.c: entries of an enumeration in the order of their names.
 *
 * The rank of an entry is the number of names before its own: a dozen entries need no more. */
#include "base/assert.h"
#include "reports/bench_own.h"
#include <string.h>

struct names {
    uint32_t first, count;
    const char *(*name)(uint32_t index);
};

static uint32_t at_rank(const struct names *names, uint32_t rank)
{
    for (uint32_t i = names->first; i < names->count; i++) {
        uint32_t before = 0;
        for (uint32_t other = names->first; other < names->count; other++)
            before += strcmp(names->name(other), names->name(i)) < 0;
        if (before == rank) return i;
    }
    ASSERT(!"names differ");
    return names->first;
}

static const char *latency_name(uint32_t index)
{
    return latency_kind_name((enum latency_kind)index);
}

static const char *series_text(uint32_t index)
{
    return series_name((enum series_kind)index);
}

enum latency_kind bench_latency_by_name(uint32_t rank)
{
    const struct names names = {0, LATENCY_KIND_COUNT, latency_name};
    return (enum latency_kind)at_rank(&names, rank);
}

enum series_kind bench_series_by_name(uint32_t rank)
{
    const struct names names = {0, SERIES_COUNT, series_text};
    return (enum series_kind)at_rank(&names, rank);
}

uint32_t bench_list_by_name(const struct run_list *list, uint32_t rank)
{
    const struct names names = {list->first, list->count, list->name};
    return at_rank(&names, rank);
}
