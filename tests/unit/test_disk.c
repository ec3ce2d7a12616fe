/* tests/unit/test_disk.c: what is synced survives, what is not may, and what fails says so. */
#include "chaos/registry.h"
#include "sim/disk.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

TestSuite(disk, .timeout = 10);

static struct schedule schedule;
static struct faults *faults;
static struct disk disk;

static void arm(enum injector_id injector, const int64_t *params)
{
    struct fault fault = fault_of(injector);
    fault.for_ns = NS_PER_MIN;
    fault.chance_ppm = SCHEDULE_PPM_ONE;
    fault.key = 1;
    if (params) memcpy(fault.params, params, sizeof fault.params);
    cr_assert(eq(int, schedule_add(&schedule, &fault), OK));
    const struct faults_options options = {.schedule = &schedule, .seed = 7};
    cr_assert(eq(int, faults_open(&faults, &options), OK));
    const struct fault *due;
    struct occasion_deed deed;
    while (faults_advance(faults, 0, &due, &deed)) continue;
    disk.faults = faults;
}

static void tear_down(void)
{
    disk_close(&disk);
    faults_free(faults);
    schedule_close(&schedule);
}

static void put(const char *text)
{
    cr_assert(eq(int, disk_append(&disk, 1, text, strlen(text)), OK));
}

static void sync(void)
{
    int64_t delay_ns;
    cr_assert(eq(int, disk_sync(&disk, 1, &delay_ns), OK));
}

static bool holds(const char *text)
{
    return disk.size == strlen(text) && memcmp(disk.bytes, text, disk.size) == 0;
}

Test(disk, without_faults_everything_stays, .fini = tear_down)
{
    bool was_flipped;
    put("abc");
    sync();
    put("de");
    disk_crash(&disk, 2);
    cr_assert(eq(int, disk_open_again(&disk, 3, &was_flipped), OK));
    cr_assert(not(was_flipped));
    cr_assert(holds("abcde"));
}

Test(disk, a_crash_takes_what_was_not_synced_and_nothing_else, .fini = tear_down)
{
    arm(INJECT_DISK_LOSE_UNSYNCED, NULL);
    put("abc");
    sync();
    put("de");
    disk_crash(&disk, 2);
    cr_assert(holds("abc"));
}

Test(disk, a_torn_write_leaves_a_beginning, .fini = tear_down)
{
    arm(INJECT_DISK_TORN, (int64_t[FAULT_PARAMS]){1});
    put("abc");
    sync();
    put("0123456789012345678901234567890123456789");
    disk_crash(&disk, 2);
    cr_assert(ge(sz, disk.size, 3));
    cr_assert(lt(sz, disk.size, 43));
    cr_assert(eq(int, memcmp(disk.bytes, "abc0123456789012345678901234567890123456789", disk.size), 0));
}

Test(disk, a_failed_sync_forgets_its_pages_and_takes_nothing_more, .fini = tear_down)
{
    int64_t delay_ns;
    bool was_flipped;
    arm(INJECT_DISK_FSYNC_FAIL, (int64_t[FAULT_PARAMS]){1});
    put("abc");
    cr_assert(eq(int, disk_sync(&disk, 1, &delay_ns), ERR_IO));
    cr_assert(eq(int, disk_append(&disk, 1, "x", 1), ERR_CONFLICT));
    cr_assert(eq(int, disk_sync(&disk, 1, &delay_ns), ERR_CONFLICT));
    cr_assert(eq(int, disk_open_again(&disk, 2, &was_flipped), OK));
    cr_assert(eq(sz, disk.size, 0));
}

Test(disk, a_full_one_takes_nothing_of_a_write_that_does_not_fit, .fini = tear_down)
{
    arm(INJECT_DISK_ENOSPC, (int64_t[FAULT_PARAMS]){4});
    put("abc");
    cr_assert(eq(int, disk_append(&disk, 1, "defg", 4), ERR_IO));
    cr_assert(holds("abc"));
}

Test(disk, a_read_only_one_writes_nothing, .fini = tear_down)
{
    arm(INJECT_DISK_ROFS, NULL);
    cr_assert(eq(int, disk_append(&disk, 1, "a", 1), ERR_IO));
    cr_assert(eq(sz, disk.size, 0));
}

Test(disk, a_bit_that_turned_over_is_told_when_the_file_is_opened, .fini = tear_down)
{
    bool was_flipped;
    arm(INJECT_DISK_BITFLIP, NULL);
    put("abcdefgh");
    sync();
    cr_assert(eq(int, disk_open_again(&disk, 2, &was_flipped), OK));
    cr_assert(was_flipped);
    int differing = 0;
    for (int i = 0; i < 8; i++) differing += __builtin_popcount(disk.bytes[i] ^ (unsigned char)"abcdefgh"[i]);
    cr_assert(eq(int, differing, 1));
}

Test(disk, a_write_that_goes_astray_spoils_what_was_there, .fini = tear_down)
{
    arm(INJECT_DISK_MISDIRECT, NULL);
    put("abcd");
    sync();
    put("efgh");
    cr_assert(eq(int, memcmp(disk.bytes, "efgh\0\0\0\0", 8), 0));
}

Test(disk, a_slow_one_says_how_long_it_took, .fini = tear_down)
{
    int64_t delay_ns = 0;
    arm(INJECT_DISK_SLOW, (int64_t[FAULT_PARAMS]){5 * NS_PER_MS});
    put("a");
    cr_assert(eq(int, disk_sync(&disk, 1, &delay_ns), OK));
    cr_assert(eq(i64, delay_ns, 5 * NS_PER_MS));
}
