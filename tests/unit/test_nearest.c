/* tests/unit/test_nearest.c: the closest word is named, and none when none is close. */
#include "base/nearest.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(nearest, edits_are_counted)
{
    cr_assert(eq(u32, nearest_edits("kitten", "sitting"), 3));
    cr_assert(eq(u32, nearest_edits("", "abc"), 3));
    cr_assert(eq(u32, nearest_edits("abc", "abc"), 0));
    char long_word[200] = {[0 ... 198] = 'x'};
    cr_assert(eq(u32, nearest_edits(long_word, "a"), UINT32_MAX));
}

Test(nearest, the_closest_candidate_wins_and_the_first_of_equals)
{
    struct nearest nearest = {.wanted = "max_dept"};
    nearest_offer(&nearest, "mode");
    cr_assert(nearest.best == NULL);
    nearest_offer(&nearest, "max_depths");
    nearest_offer(&nearest, "max_depth");
    nearest_offer(&nearest, "max_debt");
    cr_assert(eq(str, (char *)nearest.best, "max_depth"));
}
