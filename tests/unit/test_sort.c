/* tests/unit/test_sort.c: every kind of number comes out ascending, none lost. */
#include "base/sort.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdint.h>

Test(sort, numbers_ascend_whatever_their_distance)
{
    double doubles[] = {2.5, -1e300, 2.5, 1e300, 0};
    int64_t wide[] = {INT64_MAX, INT64_MIN, 0, -1, 1};
    uint32_t counts[] = {UINT32_MAX, 0, 7, 7, 1};
    sort_doubles(doubles, 5);
    sort_i64(wide, 5);
    sort_u32(counts, 5);
    for (int i = 1; i < 5; i++)
        cr_assert(doubles[i - 1] <= doubles[i] && wide[i - 1] <= wide[i] && counts[i - 1] <= counts[i]);
    cr_assert(doubles[0] == -1e300 && doubles[4] == 1e300 && wide[0] == INT64_MIN && counts[4] == UINT32_MAX);
}

Test(sort, nothing_is_sorted_without_an_array)
{
    sort_doubles(NULL, 0);
    sort_i64(NULL, 0);
    sort_u32(NULL, 0);
}
