/* tests/unit/test_rollout_plan.c: the decision matrix and the phases of a rollout. */
#include "base/rollout_plan.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static enum rollout_action decide(struct rollout_signs signs)
{
    return rollout_decide(&signs);
}

Test(rollout_plan, rollback_rate_pauses_from_five_per_cent_and_halts_above_ten)
{
    cr_assert(eq(int, decide((struct rollout_signs){.rollback_bps = 499}), ROLLOUT_STAY));
    cr_assert(eq(int, decide((struct rollout_signs){.rollback_bps = 500}), ROLLOUT_PAUSE_MONITOR));
    cr_assert(eq(int, decide((struct rollout_signs){.rollback_bps = 1000}), ROLLOUT_PAUSE_MONITOR));
    cr_assert(eq(int, decide((struct rollout_signs){.rollback_bps = 1001}), ROLLOUT_HALT));
}

Test(rollout_plan, each_other_sign_has_its_action)
{
    cr_assert(eq(int, decide((struct rollout_signs){.memory_growth_bps = 2000}), ROLLOUT_STAY));
    cr_assert(eq(int, decide((struct rollout_signs){.memory_growth_bps = 2001}), ROLLOUT_REDUCE_BRANCHES));
    cr_assert(eq(int, decide((struct rollout_signs){.proof_queue_bps = 8000}), ROLLOUT_STAY));
    cr_assert(eq(int, decide((struct rollout_signs){.proof_queue_bps = 8001}), ROLLOUT_PAUSE_SCALE));
    cr_assert(eq(int, decide((struct rollout_signs){.green_hours = 23}), ROLLOUT_STAY));
    cr_assert(eq(int, decide((struct rollout_signs){.green_hours = 24}), ROLLOUT_ADVANCE));
}

Test(rollout_plan, the_most_severe_sign_wins)
{
    struct rollout_signs signs = {.green_hours = 48, .rollback_bps = 600};
    cr_assert(eq(int, decide(signs), ROLLOUT_PAUSE_MONITOR));
    signs.rollback_bps = 1200;
    cr_assert(eq(int, decide(signs), ROLLOUT_HALT));
    signs.has_p1 = true;
    cr_assert(eq(int, decide(signs), ROLLOUT_PREVIOUS_PHASE));
    cr_assert(eq(str, (char *)rollout_action_name(decide(signs)), "previous_phase"));
}

Test(rollout_plan, phases_only_grow_and_the_last_is_for_good)
{
    for (uint32_t i = 1; i < rollout_phase_count(); i++) {
        cr_assert(gt(u32, rollout_phase_at(i)->share_bps, rollout_phase_at(i - 1)->share_bps));
        cr_assert(gt(u32, rollout_phase_at(i - 1)->hours, 0));
    }
    const struct rollout_phase *last = rollout_phase_at(rollout_phase_count() - 1);
    cr_assert(eq(u32, last->share_bps, 10000));
    cr_assert(eq(u32, last->hours, 0));
}
