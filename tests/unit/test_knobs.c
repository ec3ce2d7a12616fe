/* tests/unit/test_knobs.c: settings of a seed are its own, the same each time, and possible. */
#include "base/config.h"
#include "chaos/knobs.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

TestSuite(knobs, .timeout = 10);

static struct settings settings_of(uint64_t seed)
{
    static struct config config;
    struct knobs_load load;
    config_init(&config);
    struct settings settings = config.settings;
    knobs_turn(seed, &settings, &load);
    return settings;
}

Test(knobs, a_seed_turns_the_same_ones_each_time_and_another_seed_others)
{
    const struct settings first = settings_of(5), again = settings_of(5), other = settings_of(6);
    cr_assert(eq(int, memcmp(&first, &again, sizeof first), 0));
    cr_assert(ne(int, memcmp(&first, &other, sizeof first), 0));
}

Test(knobs, each_is_turned_in_about_one_seed_of_three)
{
    enum { SEEDS = 3000 };
    uint32_t depth = 0, locks = 0, retention = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const struct settings settings = settings_of(seed);
        depth += settings.max_depth != 3;
        locks += settings.max_locks != 100;
        retention += settings.retention_ns != 0;
    }
    cr_assert(depth > SEEDS / 4 && depth < SEEDS * 5 / 12, "%u", depth);
    cr_assert(locks > SEEDS / 4 && locks < SEEDS * 5 / 12, "%u", locks);
    cr_assert(retention > SEEDS / 4 && retention < SEEDS * 5 / 12, "%u", retention);
}

Test(knobs, none_contradicts_another)
{
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        const struct settings settings = settings_of(seed);
        cr_assert(lt(i64, settings.breaker_queue_close_bps, settings.breaker_queue_open_bps));
        if (settings.table_capacity)
            cr_assert(ge(i64, settings.table_capacity, settings.max_pending_operations));
    }
}
