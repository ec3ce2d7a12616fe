/* tests/unit/test_rollout.c: buckets are the published ones, and a share only ever grows. */
#include "base/rollout.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

TestSuite(rollout, .timeout = 10);

static uint32_t bucket_of(const char *format, int number)
{
    char key[32];
    snprintf(key, sizeof key, format, number);
    return rollout_bucket(key, strlen(key));
}

Test(rollout, buckets_are_the_published_ones)
{
    static const uint32_t BUCKETS[] = {5180, 7417, 34, 3271, 9191, 7306, 5649, 8540, 4523, 5827, 9896, 8252};
    for (int i = 0; i < 12; i++) cr_expect(eq(u32, bucket_of("agent-%03d", i + 1), BUCKETS[i]));
}

Test(rollout, shares_select_as_many_as_published)
{
    static const struct {
        uint64_t share_bps;
        int want;
    } CASES[] = {{0, 0}, {100, 91}, {500, 455}, {1000, 947}, {2500, 2476}, {5000, 5020}, {10000, 10000}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int count = 0;
        for (int agent = 0; agent < 10000; agent++)
            count += rollout_selects(bucket_of("agent-%d", agent), CASES[i].share_bps);
        cr_expect(eq(int, count, CASES[i].want));
    }
}
