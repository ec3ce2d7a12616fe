/* tests/unit/test_patience.c: what follows from the confirmation timeout. */
#include "base/patience.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(patience, warning_comes_at_nine_tenths)
{
    cr_assert(eq(i64, patience_warn_ns(30 * NS_PER_S), 27 * NS_PER_S));
    cr_assert(eq(i64, patience_warn_ns(5 * NS_PER_S), 4500 * NS_PER_MS));
}

Test(patience, nothing_is_pending_longer_than_two_timeouts)
{
    cr_assert(eq(i64, patience_age_ns(30 * NS_PER_S), 60 * NS_PER_S));
    cr_assert(eq(i64, patience_age_ns(INT64_MAX), NEVER_NS));
}
