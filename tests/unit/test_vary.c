/* tests/unit/test_vary.c: a variation is a schedule, near the one that it is of. */
#include "chaos/vary.h"
#include "base/units.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { UNTIL_S = 600 };

static void add(struct schedule *schedule, enum injector_id injector, int64_t on_s, int64_t for_s)
{
    struct fault fault = fault_of(injector);
    fault.key = schedule->count + 1;
    fault.on_ns = on_s * NS_PER_S;
    fault.for_ns = for_s * NS_PER_S;
    cr_assert(eq(int, schedule_add(schedule, &fault), OK));
}

static struct schedule base_of_three(void)
{
    struct schedule schedule = {0};
    add(&schedule, INJECT_NETWORK_LATENCY, 10, 100);
    add(&schedule, INJECT_APP_PROOF_SLOW, 200, 60);
    add(&schedule, INJECT_PROCESS_CRASH, 300, 0);
    return schedule;
}

Test(vary, every_variation_is_a_schedule_and_most_are_new)
{
    struct schedule base = base_of_three(), donor = {0};
    uint32_t same = 0, shorter = 0, longer = 0;
    const struct rng rng = rng_keyed(1, 0);
    add(&donor, INJECT_CHAIN_HALT, 50, 20);
    add(&donor, INJECT_DISK_SLOW, 400, 20);
    const struct variation variation = {&base, &donor, 0, UNTIL_S * NS_PER_S};
    for (uint32_t i = 0; i < 2000; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, i, 0);
        struct schedule out = {0};
        cr_assert(eq(int, schedule_vary(&out, &variation, &draw), OK));
        cr_assert(eq(int, schedule_check(&out, "variation", NULL), OK));
        for (uint32_t at = 0; at < out.count; at++)
            cr_assert(le(i64, out.faults[at].on_ns + out.faults[at].for_ns, UNTIL_S * NS_PER_S));
        same += schedule_digest(&out) == schedule_digest(&base);
        shorter += out.count < base.count;
        longer += out.count > base.count;
        schedule_close(&out);
    }
    cr_expect(lt(u32, same, 500));
    cr_expect(gt(u32, shorter, 200));
    cr_expect(gt(u32, longer, 200));
    schedule_close(&base);
    schedule_close(&donor);
}

Test(vary, the_same_draws_make_the_same_schedule)
{
    struct schedule base = base_of_three(), one = {0}, two = {0};
    const struct rng rng = rng_keyed(7, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, 3, 0), again = draw;
    const struct variation variation = {&base, &base, 0, UNTIL_S * NS_PER_S};
    cr_assert(eq(int, schedule_vary(&one, &variation, &draw), OK));
    cr_assert(eq(int, schedule_vary(&two, &variation, &again), OK));
    cr_expect(eq(u64, schedule_digest(&one), schedule_digest(&two)));
    schedule_close(&base);
    schedule_close(&one);
    schedule_close(&two);
}

Test(vary, nothing_can_be_varied_too)
{
    struct schedule nothing = {0}, out = {0};
    const struct rng rng = rng_keyed(7, 0);
    const struct variation variation = {&nothing, &nothing, 0, 0};
    for (uint32_t i = 0; i < 100; i++) {
        struct draw draw = draw_at(&rng, RNG_TEST, i, 0);
        cr_assert(eq(int, schedule_vary(&out, &variation, &draw), OK));
        cr_expect(eq(u32, out.count, 0));
        schedule_close(&out);
    }
}
