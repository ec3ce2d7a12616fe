/* tests/unit/test_rng.c: draws are Philox's, addressed exactly, and uniform. */
#include "base/rng.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <gsl/gsl_cdf.h>
#include <signal.h>

TestSuite(rng, .timeout = 20);

/* Random123's known answers for philox4x32-10. */
Test(rng, philox_gives_the_published_answers)
{
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } CASES[] = {
        {{0}, {0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
         {UINT32_MAX, UINT32_MAX},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint32_t out[4];
        rng_philox(CASES[i].counter, CASES[i].key, out);
        for (int word = 0; word < 4; word++) cr_assert(eq(u32, out[word], CASES[i].want[word]));
    }
}

Test(rng, address_maps_to_counter_words)
{
    struct rng rng = {.key = {0xa4093822, 0x299f31d0}};
    uint64_t entity = UINT64_C(0x85a308d3243f6a88);
    uint32_t counter[4] = {0x243f6a88, 0x85a308d3, RNG_SLOT, 21}, out[4];
    rng_philox(counter, rng.key, out);
    cr_assert(eq(u64, rng_u64(&rng, RNG_SLOT, entity, 42), out[0] | (uint64_t)out[1] << 32));
    cr_assert(eq(u64, rng_u64(&rng, RNG_SLOT, entity, 43), out[2] | (uint64_t)out[3] << 32));
}

/* Golden: these numbers are part of every result ever published. */
Test(rng, first_draws_never_change)
{
    struct rng rng = rng_keyed(42, 0);
    cr_expect(eq(u64, rng_u64(&rng, RNG_TEST, 0, 0), UINT64_C(0x11dfa237d9769037)));
    cr_expect(eq(u64, rng_u64(&rng, RNG_TEST, 7, 1), UINT64_C(0xfaebb2d97572a7a4)));
    rng = rng_keyed(42, 1);
    cr_expect(eq(u64, rng_u64(&rng, RNG_TEST, 0, 0), UINT64_C(0x435ad917b429ecc1)));
    rng = rng_keyed(0, 0);
    cr_expect(eq(u64, rng_u64(&rng, RNG_ARRIVALS, 0, 0), UINT64_C(0xa52a06f98ccd2a86)));
}

Test(rng, cursor_reads_what_the_address_holds)
{
    struct rng rng = rng_keyed(1, 2);
    for (uint32_t start = 0; start < 4; start++) {
        struct draw draw = draw_at(&rng, RNG_TEST, 99, start);
        for (uint32_t i = start; i < start + 10; i++)
            cr_assert(eq(u64, draw_u64(&draw), rng_u64(&rng, RNG_TEST, 99, i)));
    }
}

Test(rng, below_covers_its_range_uniformly)
{
    enum { FACES = 37, DRAWS = 100000 };
    struct rng rng = rng_keyed(3, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
    double observed[FACES] = {0}, chi_square = 0, expected = (double)DRAWS / FACES;
    for (int i = 0; i < DRAWS; i++) {
        uint64_t face = draw_below(&draw, FACES);
        cr_assert(lt(u64, face, FACES));
        observed[face]++;
    }
    for (int i = 0; i < FACES; i++)
        chi_square += (observed[i] - expected) * (observed[i] - expected) / expected;
    cr_assert(gt(dbl, gsl_cdf_chisq_Q(chi_square, FACES - 1), 0.001));
    cr_assert(eq(u64, draw_below(&draw, 1), 0));
}

/* A bound of 3/4 of 2^64: without rejection the lower third would come twice as often as the upper. */
Test(rng, below_rejects_what_would_bias)
{
    struct rng rng = rng_keyed(4, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
    uint64_t bound = UINT64_C(3) << 62;
    int thirds[3] = {0};
    for (int i = 0; i < 30000; i++) thirds[draw_below(&draw, bound) >> 62]++;
    for (int i = 0; i < 3; i++) cr_assert(le(dbl, fabs(thirds[i] - 10000.0), 300));
    cr_assert(gt(u32, draw.index, 35000), "a quarter of the draws is drawn again");
}

Test(rng, below_zero_is_a_bug, .signal = SIGABRT)
{
    struct rng rng = rng_keyed(4, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
    draw_below(&draw, 0);
}

Test(rng, unit_stays_inside_and_is_uniform)
{
    enum { BINS = 50, DRAWS = 100000 };
    struct rng rng = rng_keyed(5, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
    double observed[BINS] = {0}, chi_square = 0, expected = (double)DRAWS / BINS;
    for (int i = 0; i < DRAWS; i++) {
        double unit = draw_unit(&draw);
        cr_assert(unit > 0 && unit < 1);
        observed[(int)(unit * BINS)]++;
    }
    for (int i = 0; i < BINS; i++)
        chi_square += (observed[i] - expected) * (observed[i] - expected) / expected;
    cr_assert(gt(dbl, gsl_cdf_chisq_Q(chi_square, BINS - 1), 0.001));
}

Test(rng, unit_touches_neither_end)
{
    struct draw lowest = {.has_spare = true, .spare = 0}, highest = {.has_spare = true, .spare = UINT64_MAX};
    cr_assert(eq(dbl, draw_unit(&lowest), 0x1p-53));
    cr_assert(eq(dbl, draw_unit(&highest), 1 - 0x1p-53));
}

Test(rng, chances_hold_at_the_ends_and_in_the_middle)
{
    struct rng rng = rng_keyed(6, 0);
    struct draw draw = draw_at(&rng, RNG_TEST, 0, 0);
    int bps_hits = 0, hits = 0;
    for (int i = 0; i < 20000; i++) {
        cr_assert(not(draw_chance_bps(&draw, 0)));
        cr_assert(draw_chance_bps(&draw, 10000));
        cr_assert(not(draw_chance(&draw, 0)));
        cr_assert(draw_chance(&draw, 1));
        bps_hits += draw_chance_bps(&draw, 2500);
        hits += draw_chance(&draw, 0.25);
    }
    cr_assert(le(dbl, fabs(bps_hits - 5000.0), 250));
    cr_assert(le(dbl, fabs(hits - 5000.0), 250));
}

Test(rng, a_higher_chance_keeps_every_hit_of_a_lower)
{
    struct rng rng = rng_keyed(8, 0);
    for (uint64_t entity = 0; entity < 1000; entity++) {
        struct draw low = draw_at(&rng, RNG_TEST, entity, 0), high = low;
        bool low_hit = draw_chance_bps(&low, 500), high_hit = draw_chance_bps(&high, 1000);
        cr_assert(le(int, low_hit, high_hit));
    }
}

Test(rng, seeds_and_replications_give_different_keys)
{
    struct rng a = rng_keyed(1, 0), b = rng_keyed(0, 1), c = rng_keyed(1, 1);
    cr_assert(a.key[0] != b.key[0] && a.key[0] != c.key[0] && b.key[0] != c.key[0]);
}
