/* tests/unit/test_race.c: who stays in the race, and who is not beaten by anybody. */
#include "reports/race.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

Test(race, the_better_half_stays_and_constraints_come_before_the_objective)
{
    const struct race_entry entries[] = {
        {0.5, 1, 2, 0}, {0, 9, 2, 0}, {0, 8, 2, 0}, {0.1, 1, 2, 0}, {0, 7, 2, 0}};
    bool is_in[] = {true, true, true, true, true};
    cr_expect(eq(u32, race_halve(entries, 5, is_in), 3));
    const bool want[] = {false, true, true, false, true};
    for (int i = 0; i < 5; i++) cr_expect(eq(int, is_in[i], want[i]), "entry %d", i);
    cr_expect(eq(u32, race_halve(entries, 5, is_in), 2));
    cr_expect(not(is_in[1]));
}

Test(race, what_cannot_be_told_loses_and_ties_go_to_the_earlier)
{
    const struct race_entry entries[] = {{INFINITY, NAN, 2, 0}, {0, 5, 2, 0}, {0, 5, 2, 0}, {0, NAN, 2, 0}};
    bool is_in[] = {true, true, true, true};
    race_halve(entries, 4, is_in);
    cr_expect(is_in[1] && is_in[2] && !is_in[0] && !is_in[3]);
    race_halve(entries, 4, is_in);
    cr_expect(is_in[1] && !is_in[2]);
}

Test(race, the_budget_covers_all_rungs)
{
    cr_expect(eq(u32, race_size(128, 256), 16)); /* 16 x 2, 8 x 4, 4 x 8, 2 x 16 */
    cr_expect(eq(u32, race_size(127, 256), 15));
    cr_expect(eq(u32, race_size(1, 256), 4));
    cr_expect(eq(u32, race_size(10000, 12), 12));
}

Test(race, the_front_is_what_nothing_dominates)
{
    const double values[][RACE_CRITERIA_MOST] = {{1, 5}, {2, 4}, {2, 5}, {3, 1}, {3, 1}, {0, NAN}};
    const bool want[] = {true, true, false, true, true, false};
    bool is_front[6];
    race_front(values, 6, 2, is_front);
    for (int i = 0; i < 6; i++) cr_expect(eq(int, is_front[i], want[i]), "point %d", i);
}
