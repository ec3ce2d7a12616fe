/* tests/unit/test_apportion.c: parts sum to the whole, whatever the weights. */
#include "base/apportion.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(apportion, parts_sum_to_the_whole)
{
    static const uint64_t WEIGHTS[] = {1, 1, 1};
    uint64_t parts[3];
    for (uint64_t whole = 0; whole < 50; whole++) {
        apportion(whole, WEIGHTS, 3, parts);
        cr_assert(eq(u64, parts[0] + parts[1] + parts[2], whole));
        cr_assert(ge(u64, parts[0], parts[1])); /* what is left goes to the earlier part */
        cr_assert(ge(u64, parts[1], parts[2]));
    }
}

Test(apportion, the_largest_remainder_gets_what_is_left)
{
    static const uint64_t WEIGHTS[] = {10, 45, 45};
    uint64_t parts[3];
    apportion(11, WEIGHTS, 3, parts); /* 1.1, 4.95, 4.95 */
    cr_assert(eq(u64, parts[0], 1));
    cr_assert(eq(u64, parts[1], 5));
    cr_assert(eq(u64, parts[2], 5));
}

Test(apportion, without_weights_nobody_gets_anything)
{
    static const uint64_t WEIGHTS[] = {0, 0};
    uint64_t parts[2] = {7, 7};
    apportion(100, WEIGHTS, 2, parts);
    cr_assert(eq(u64, parts[0] + parts[1], 0));
}

Test(apportion, large_wholes_do_not_wrap)
{
    static const uint64_t WEIGHTS[] = {UINT64_MAX / 2, UINT64_MAX / 2 + 1};
    uint64_t parts[2];
    apportion(UINT64_MAX, WEIGHTS, 2, parts);
    cr_assert(eq(u64, parts[0] + parts[1], UINT64_MAX));
}
