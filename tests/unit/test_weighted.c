/* tests/unit/test_weighted.c: indices come up in proportion to their weights, exactly where that can be seen.
 */
#include "base/weighted.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <gsl/gsl_cdf.h>

enum { COUNT = 8, DRAWS = 400000 };

static struct weighted weighted;
static struct draw draw;

static void set_up(void)
{
    struct rng rng = rng_keyed(21, 0);
    draw = draw_at(&rng, RNG_TEST, 0, 0);
}

static void tear_down(void)
{
    weighted_close(&weighted);
    weighted_close(&weighted);
}

TestSuite(weighted, .init = set_up, .fini = tear_down, .timeout = 10);

Test(weighted, frequencies_follow_weights)
{
    static const uint64_t WEIGHTS[COUNT] = {5, 1, 100, 30, 30, 2, 60, 11};
    double observed[COUNT] = {0}, total = 239, chi_square = 0;
    cr_assert(eq(int, weighted_open(&weighted, WEIGHTS, COUNT), OK));
    for (int i = 0; i < DRAWS; i++) observed[weighted_draw(&weighted, &draw)]++;
    for (int i = 0; i < COUNT; i++) {
        double expected = DRAWS * (double)WEIGHTS[i] / total;
        chi_square += (observed[i] - expected) * (observed[i] - expected) / expected;
    }
    cr_assert(gt(dbl, gsl_cdf_chisq_Q(chi_square, COUNT - 1), 0.001), "%.2f", chi_square);
}

/* What each index receives from the columns, out of count * 2^64, is its share to the last bits. */
Test(weighted, columns_add_up_to_the_weights)
{
    enum { MANY = 1000 };
    static uint64_t weights[MANY];
    static double received[MANY];
    double total = 0;
    for (int i = 0; i < MANY; i++) total += (double)(weights[i] = draw_u64(&draw) >> (20 + i % 40));
    cr_assert(eq(int, weighted_open(&weighted, weights, MANY), OK));
    for (int i = 0; i < MANY; i++) {
        double own = weighted.alias[i] == (uint32_t)i ? 1 : (double)weighted.keep[i] * 0x1p-64;
        received[i] += own;
        received[weighted.alias[i]] += 1 - own;
    }
    for (int i = 0; i < MANY; i++)
        cr_assert(lt(dbl, fabs(received[i] / MANY - (double)weights[i] / total), 1e-14), "index %d", i);
}

Test(weighted, zero_weights_never_come_up)
{
    static const uint64_t WEIGHTS[] = {0, 7, 0, 9, 0};
    cr_assert(eq(int, weighted_open(&weighted, WEIGHTS, 5), OK));
    for (int i = 0; i < 20000; i++) cr_assert(eq(u32, weighted_draw(&weighted, &draw) % 2, 1));
}

Test(weighted, one_of_all_stake_is_fine)
{
    static const uint64_t WEIGHTS[] = {UINT64_MAX};
    cr_assert(eq(int, weighted_open(&weighted, WEIGHTS, 1), OK));
    for (int i = 0; i < 100; i++) cr_assert(eq(u32, weighted_draw(&weighted, &draw), 0));
}

Test(weighted, useless_weights_are_refused)
{
    static const uint64_t ZEROS[3] = {0}, LARGE[2] = {UINT64_MAX, 1};
    cr_assert(eq(int, weighted_open(&weighted, ZEROS, 3), ERR_RANGE));
    cr_assert(eq(int, weighted_open(&weighted, ZEROS, 0), ERR_RANGE));
    cr_assert(eq(int, weighted_open(&weighted, LARGE, 2), ERR_RANGE));
    cr_assert(eq(ptr, weighted.alias, NULL));
}
