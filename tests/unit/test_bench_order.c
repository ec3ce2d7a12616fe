/* tests/unit/test_bench_order.c: ranks by name meet every entry once, in order. */
#include "reports/bench_own.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <string.h>

TestSuite(bench_order, .timeout = 10);

Test(bench_order, names_rise_strictly)
{
    for (uint32_t rank = 1; rank < LATENCY_KIND_COUNT; rank++)
        cr_assert(lt(int,
                     strcmp(latency_kind_name(bench_latency_by_name(rank - 1)),
                            latency_kind_name(bench_latency_by_name(rank))),
                     0));
    for (uint32_t rank = 1; rank < SERIES_COUNT; rank++)
        cr_assert(lt(
            int, strcmp(series_name(bench_series_by_name(rank - 1)), series_name(bench_series_by_name(rank))),
            0));
}

Test(bench_order, lists_leave_out_what_means_none)
{
    for (uint32_t i = 0; i < run_list_count(); i++) {
        const struct run_list *list = run_list_at(i);
        for (uint32_t rank = 0; rank < list->count - list->first; rank++) {
            uint32_t entry = bench_list_by_name(list, rank);
            cr_assert(entry >= list->first && entry < list->count);
            if (rank > 0)
                cr_assert(
                    lt(int, strcmp(list->name(bench_list_by_name(list, rank - 1)), list->name(entry)), 0));
        }
    }
}

Test(bench_order, a_rank_beyond_the_last_is_a_bug, .signal = SIGABRT)
{
    bench_latency_by_name(LATENCY_KIND_COUNT);
}
