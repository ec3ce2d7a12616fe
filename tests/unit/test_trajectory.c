/* tests/unit/test_trajectory.c: the hash sees every field, the order and the seed. */
#include "sim/trajectory.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static uint64_t hash_of(const struct calendar_entry *first, const struct calendar_entry *second,
                        uint64_t seed)
{
    struct trajectory trajectory = trajectory_begin(seed);
    trajectory_event(&trajectory, first);
    trajectory_event(&trajectory, second);
    cr_assert(eq(u64, trajectory.event_count, 2));
    return trajectory.hash;
}

Test(trajectory, depends_on_every_field_on_the_order_and_on_the_seed)
{
    const struct calendar_entry a = {1, 2, 3, 4, 5, 6}, b = {2, 1, 3, 4, 5, 6};
    const struct calendar_entry changed[] = {{9, 2, 3, 4, 5, 6}, {1, 9, 3, 4, 5, 6}, {1, 2, 9, 4, 5, 6},
                                             {1, 2, 3, 9, 5, 6}, {1, 2, 3, 4, 9, 6}, {1, 2, 3, 4, 5, 9}};
    cr_assert(eq(u64, hash_of(&a, &b, 1), hash_of(&a, &b, 1)));
    cr_assert(ne(u64, hash_of(&a, &b, 1), hash_of(&b, &a, 1)));
    cr_assert(ne(u64, hash_of(&a, &b, 1), hash_of(&a, &b, 2)));
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++)
        cr_assert(ne(u64, hash_of(&changed[i], &b, 1), hash_of(&a, &b, 1)));
}

Test(trajectory, has_the_same_value_on_every_machine)
{
    struct trajectory trajectory = trajectory_begin(42);
    for (uint32_t i = 0; i < 1000; i++)
        trajectory_event(&trajectory, &(struct calendar_entry){i, UINT64_C(1) << i % 64, i, ~i, i * i, 7});
    cr_assert(eq(u64, trajectory.hash, UINT64_C(0xcf16bbc2b48a23cf)));
}
