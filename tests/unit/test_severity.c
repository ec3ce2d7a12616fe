/* tests/unit/test_severity.c: the bands of the incident runbook, and which of two signs wins. */
#include "base/severity.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static enum severity of_rollback(uint32_t bps)
{
    return severity_of(&(struct incident_signs){.rollback_bps = bps});
}

Test(severity, rollback_rate_has_three_bands)
{
    cr_assert(eq(int, of_rollback(5001), SEVERITY_P1));
    cr_assert(eq(int, of_rollback(5000), SEVERITY_P2));
    cr_assert(eq(int, of_rollback(2500), SEVERITY_P2));
    cr_assert(eq(int, of_rollback(2499), SEVERITY_P3));
    cr_assert(eq(int, of_rollback(1000), SEVERITY_P3));
    cr_assert(eq(int, of_rollback(999), SEVERITY_NONE));
}

Test(severity, other_signs_have_their_level)
{
    cr_assert(eq(int, severity_of(&(struct incident_signs){.is_auto_disabled = true}), SEVERITY_P2));
    cr_assert(eq(int, severity_of(&(struct incident_signs){.proof_capacity_bps = 9001}), SEVERITY_P2));
    cr_assert(eq(int, severity_of(&(struct incident_signs){.proof_capacity_bps = 9000}), SEVERITY_NONE));
    cr_assert(eq(int, severity_of(&(struct incident_signs){.is_corrupt = true}), SEVERITY_P1));
}

Test(severity, the_most_severe_sign_wins)
{
    struct incident_signs signs = {.rollback_bps = 1500, .is_auto_disabled = true};
    cr_assert(eq(int, severity_of(&signs), SEVERITY_P2));
    signs.is_corrupt = true;
    cr_assert(eq(int, severity_of(&signs), SEVERITY_P1));
    cr_assert(eq(str, (char *)severity_name(severity_of(&signs)), "P1"));
}
