/* tests/unit/test_sizing.c: the guide's examples come out as the guide has them. */
#include "base/sizing.h"
#include "base/units.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct sizing size_for(int64_t rate, int64_t timeout_ms, int64_t proof_s)
{
    return sizing_of(&(struct sizing_load){.rate_millionths = rate * 1000000,
                                           .proof_time_ns = proof_s * NS_PER_S,
                                           .confirmation_timeout_ns = timeout_ms * NS_PER_MS,
                                           .depth = 1,
                                           .branches = 1});
}

Test(sizing, memory_is_rounded_to_a_power_of_two)
{
    static const struct {
        int64_t branches, pending, cache_mb, base_kb, memory_mb, round_mb;
    } CASES[] = {
        {4, 10000, 512, 1322000, 1586, 2048},
        {2, 50000, 1000, 1450000, 1740, 2048},
        {16, 75000, 1024, 4299000, 5158, 8192},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct sizing sizing = sizing_of(&(struct sizing_load){.branches = CASES[i].branches,
                                                               .state_mb = 200,
                                                               .pending = CASES[i].pending,
                                                               .proof_cache_mb = CASES[i].cache_mb});
        cr_assert(eq(i64, sizing.memory_base_kb, CASES[i].base_kb));
        cr_assert(eq(i64, sizing.memory_mb, CASES[i].memory_mb));
        cr_assert(eq(i64, sizing.memory_round_mb, CASES[i].round_mb));
    }
}

Test(sizing, snapshots_follow_depth_and_branches)
{
    static const int64_t CASES[][3] = {{5, 4, 50},   {3, 2, 15},   {2, 2, 10}, {8, 8, 160},
                                       {5, 16, 200}, {10, 8, 200}, {1, 1, 3}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct sizing sizing =
            sizing_of(&(struct sizing_load){.depth = CASES[i][0], .branches = CASES[i][1]});
        cr_assert(eq(i64, sizing.snapshots, CASES[i][2]));
    }
}

Test(sizing, load_sets_pending_queue_and_collection)
{
    static const int64_t GC[][2] = {{60000, 15000}, {30000, 7500},  {15000, 5000},
                                    {90000, 22500}, {45000, 11250}, {5000, 5000}};
    cr_assert(eq(i64, size_for(100, 60000, 30).pending, 12000));
    cr_assert(eq(i64, size_for(100, 60000, 30).queue_size, 9000));
    cr_assert(eq(i64, size_for(200, 60000, 30).queue_size, 18000));
    cr_assert(eq(i64, sizing_clamp(18000, "speculation.proof.queue_size"), 10000));
    cr_assert(eq(i64, sizing_clamp(3, "speculation.proof.queue_size"), 100));
    cr_assert(eq(i64, sizing_clamp(9000, "speculation.proof.queue_size"), 9000));
    for (size_t i = 0; i < sizeof GC / sizeof *GC; i++)
        cr_assert(eq(i64, size_for(1, GC[i][0], 1).gc_interval_ms, GC[i][1]));
    cr_assert(eq(i64, sizing_confirmation_timeout_ns(15 * NS_PER_S), 30 * NS_PER_S));
    cr_assert(eq(i64, sizing_confirmation_timeout_ns(INT64_MAX), INT64_MAX));
}

Test(sizing, fractions_are_rounded_up_and_nothing_wraps)
{
    struct sizing sizing =
        sizing_of(&(struct sizing_load){.rate_millionths = 500001, .confirmation_timeout_ns = NS_PER_S});
    cr_assert(eq(i64, sizing.pending, 2));
    sizing = sizing_of(&(struct sizing_load){
        .rate_millionths = 1000000000000, .confirmation_timeout_ns = INT64_MAX, .proof_time_ns = INT64_MAX});
    cr_assert(sizing.pending > 0 && sizing.queue_size > 0);
}
