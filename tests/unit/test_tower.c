/* tests/unit/test_tower.c: votes bind for 2^n slots, stacked votes double that, the 32nd roots the first. */
#include "sim/tower.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(tower, thirty_two_votes_in_a_row_root_the_first_and_each_one_more_the_next)
{
    struct tower tower = {0};
    for (uint32_t slot = 100; slot < 131; slot++) {
        tower_expire(&tower, slot);
        cr_assert(eq(u32, tower_vote(&tower, slot, slot + 1000), TOWER_NO_ROOT));
    }
    cr_assert(eq(u8, tower.count, 31));
    tower_expire(&tower, 131);
    cr_assert(eq(u32, tower_vote(&tower, 131, 1131), 1100));
    tower_expire(&tower, 132);
    cr_assert(eq(u32, tower_vote(&tower, 132, 1132), 1101));
}

Test(tower, confirmations_count_what_is_stacked_on_a_vote)
{
    struct tower tower = {0};
    for (uint32_t slot = 0; slot < 4; slot++) tower_vote(&tower, slot, slot);
    for (uint8_t i = 0; i < 4; i++) cr_assert(eq(u8, tower.votes[i].confirmations, (uint8_t)(4 - i)));
}

Test(tower, a_vote_binds_to_the_last_slot_of_its_lockout)
{
    struct tower tower = {0};
    tower_vote(&tower, 10, 10); /* binds until 12 */
    tower_expire(&tower, 12);
    cr_assert(eq(u8, tower.count, 1));
    tower_expire(&tower, 13);
    cr_assert(eq(u8, tower.count, 0));
}

Test(tower, only_the_newest_expire_and_an_expired_one_doubles_nothing)
{
    struct tower tower = {0};
    tower_vote(&tower, 1, 1); /* then binds until 1 + 8 */
    tower_vote(&tower, 2, 2); /* until 2 + 4 */
    tower_vote(&tower, 3, 3); /* until 3 + 2 */
    tower_expire(&tower, 7);
    cr_assert(eq(u8, tower.count, 1));
    tower_vote(&tower, 7, 7);
    cr_assert(eq(u8, tower.votes[0].confirmations, 3)); /* two votes deep again: no more than it had */
    cr_assert(eq(u8, tower.votes[1].confirmations, 1));
}
