/* tests/unit/test_swarm.c: the swarm rule, counted over many seeds. */
#include "chaos/registry.h"
#include "chaos/swarm.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

TestSuite(swarm, .timeout = 60);

enum { SEEDS = 2000 };

static const struct swarm USUAL = {.from_ns = 10 * NS_PER_S, .until_ns = 9 * NS_PER_MIN, .mean_faults = 80};

static bool has(const struct schedule *schedule, enum injector_id injector)
{
    for (uint32_t i = 0; i < schedule->count; i++)
        if (schedule->faults[i].injector == injector) return true;
    return false;
}

static bool is_safety_only(const struct schedule *schedule)
{
    for (uint32_t i = 0; i < schedule->count; i++)
        if (INJECTOR_TABLE[schedule->faults[i].injector].class == FAULT_SAFETY_ONLY) return true;
    return false;
}

/* Binomial: within four standard deviations of SEEDS * share / 1000. */
static void check_share(uint32_t count, uint32_t of, uint32_t share)
{
    double expected = of * (share / 1000.0), sd4 = 4 * __builtin_sqrt(expected * (1 - share / 1000.0));
    cr_assert(count > expected - sd4 && count < expected + sd4, "%u of %u, want %g", count, of, expected);
}

Test(swarm, seeds_are_single_control_and_safety_in_their_shares_and_mixed_otherwise)
{
    uint32_t kinds[SWARM_KIND_COUNT] = {0}, with[INJECTOR_COUNT] = {0}, faults = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct schedule schedule;
        enum swarm_kind kind;
        cr_assert(eq(int, swarm_draw(&schedule, &USUAL, seed, &kind), OK));
        kinds[kind]++;
        if (kind == SWARM_CONTROL) cr_assert(eq(u32, schedule.count, 0));
        if (kind == SWARM_SINGLE)
            for (uint32_t i = 1; i < schedule.count; i++)
                cr_assert(schedule.faults[i].injector == schedule.faults[0].injector);
        if (kind != SWARM_SAFETY) cr_assert(not(is_safety_only(&schedule)));
        if (kind == SWARM_MIXED) faults += schedule.count;
        for (uint32_t i = 0; i < INJECTOR_COUNT && kind == SWARM_MIXED; i++)
            with[i] += has(&schedule, (enum injector_id)i);
        schedule_close(&schedule);
    }
    check_share(kinds[SWARM_SINGLE], SEEDS, 100);
    check_share(kinds[SWARM_CONTROL], SEEDS, 50);
    check_share(kinds[SWARM_SAFETY], SEEDS, 100);
    for (uint32_t i = 0; i < INJECTOR_COUNT; i++)
        if (INJECTOR_TABLE[i].class == FAULT_HEALABLE) check_share(with[i], kinds[SWARM_MIXED], 500);
    cr_assert(faults > 60 * kinds[SWARM_MIXED] && faults < 100 * kinds[SWARM_MIXED], "%u", faults);
}

Test(swarm, faults_lie_within_their_time_and_are_what_a_file_could_say)
{
    for (uint64_t seed = 1; seed <= SEEDS / 4; seed++) {
        struct schedule schedule;
        enum swarm_kind kind;
        struct diag diag = {0};
        cr_assert(eq(int, swarm_draw(&schedule, &USUAL, seed, &kind), OK));
        cr_assert(eq(int, schedule_check(&schedule, "drawn", &diag), OK), "%s", diag.text);
        for (uint32_t i = 0; i < schedule.count; i++) cr_assert(schedule.faults[i].on_ns >= USUAL.from_ns);
        cr_assert(schedule_end_ns(&schedule) <= USUAL.until_ns);
        schedule_close(&schedule);
    }
}

Test(swarm, an_injector_left_out_moves_no_other_ones_faults)
{
    bool excluded[INJECTOR_COUNT] = {[INJECT_CHAIN_HALT] = true};
    struct swarm without = USUAL;
    without.excluded = excluded;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct schedule all, rest;
        enum swarm_kind kind, same;
        uint32_t at = 0;
        cr_assert(eq(int, swarm_draw(&all, &USUAL, seed, &kind), OK));
        cr_assert(eq(int, swarm_draw(&rest, &without, seed, &same), OK));
        cr_assert(eq(int, kind, same));
        for (uint32_t i = 0; i < all.count && kind != SWARM_SINGLE; i++) {
            if (all.faults[i].injector == INJECT_CHAIN_HALT) continue;
            struct schedule one = {.faults = &all.faults[i], .count = 1},
                            other = {.faults = &rest.faults[at++], .count = 1};
            cr_assert(eq(u64, schedule_digest(&one), schedule_digest(&other)));
        }
        cr_assert(not(has(&rest, INJECT_CHAIN_HALT)));
        schedule_close(&all);
        schedule_close(&rest);
    }
}

Test(swarm, with_all_on_every_healable_injector_is_in_every_seed)
{
    struct swarm all_on = USUAL;
    struct schedule schedule;
    enum swarm_kind kind;
    all_on.is_all_on = true;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        cr_assert(eq(int, swarm_draw(&schedule, &all_on, seed, &kind), OK));
        for (uint32_t i = 0; i < INJECTOR_COUNT; i++)
            cr_assert(
                eq(int, has(&schedule, (enum injector_id)i), INJECTOR_TABLE[i].class == FAULT_HEALABLE));
        schedule_close(&schedule);
    }
}

/* Over many seeds both ends of its range are come near to, and the middle is the geometric one. */
Test(swarm, intensities_are_spread_log_uniformly)
{
    const struct injector_param *param = &INJECTOR_TABLE[INJECT_DATA_DELAY].params[0];
    uint32_t count = 0, below = 0;
    int64_t least = param->most, most = param->usual;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct schedule schedule;
        enum swarm_kind kind;
        cr_assert(eq(int, swarm_draw(&schedule, &USUAL, seed, &kind), OK));
        for (uint32_t i = 0; i < schedule.count; i++) {
            if (schedule.faults[i].injector != INJECT_DATA_DELAY) continue;
            int64_t value = schedule.faults[i].params[0];
            count++;
            below += value / param->usual * value < param->most;
            if (value < least) least = value;
            if (value > most) most = value;
        }
        schedule_close(&schedule);
    }
    check_share(below, count, 500);
    cr_assert(least < param->usual * 11 / 10 && most > param->most / 10 * 9);
}
