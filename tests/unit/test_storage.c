/* tests/unit/test_storage.c: 2,000 MB are restored in a second. */
#include "base/units.h"
#include "sim/storage.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(storage, restores_two_thousand_megabytes_a_second)
{
    cr_assert(eq(i64, storage_restore_ns(UINT64_C(2000000000)), NS_PER_S));
    cr_assert(eq(i64, storage_restore_ns(8000000), 4 * NS_PER_MS));
    cr_assert(eq(i64, storage_restore_ns(0), 0));
    cr_assert(eq(i64, storage_restore_ns(3), 2));
    cr_assert(lt(i64, storage_restore_ns(UINT64_MAX), NEVER_NS));
}
