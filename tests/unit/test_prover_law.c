/* tests/unit/test_prover_law.c: the law against figures worked out by hand from chain.md 6.4. */
#include "base/units.h"
#include "sim/prover_law.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

TestSuite(prover_law, .timeout = 20);

/* 22 us a point on one thread, eight threads: 22 us * .16875 = 3.7125 us a point */
static struct prover_law gnark(int64_t size)
{
    return (struct prover_law){
        .size = size,
        .point_ns = 22000,
        .fixed_ns = 3 * NS_PER_MS,
        .density = 1,
        .curve_factor = 1,
        .system_factor = 1,
        .threads = 8,
        .serial_share = .05,
        .width = 1,
    };
}

Test(prover_law, the_domain_is_the_next_power_of_two)
{
    cr_assert(eq(i64, law_domain(1), 1));
    cr_assert(eq(i64, law_domain(2), 2));
    cr_assert(eq(i64, law_domain(3), 4));
    cr_assert(eq(i64, law_domain(65536), 65536));
    cr_assert(eq(i64, law_domain(65537), 131072));
    cr_assert(eq(i64, law_domain(1000000), 1048576));
    cr_assert(eq(i64, law_domain(INT64_C(1) << 62), INT64_C(1) << 62));
}

Test(prover_law, speed_up_is_amdahls)
{
    cr_assert(law_speedup(1, .05) == 1);
    cr_assert(fabs(law_speedup(8, .05) - 5.925926) < 1e-6); /* 1 / (.05 + .95 / 8) */
    cr_assert(fabs(law_speedup(16, .05) - 9.142857) < 1e-6);
    cr_assert(fabs(law_speedup(32, .05) - 12.549020) < 1e-6);
    cr_assert(fabs(law_speedup(1e9, .05) - 20) < 1e-6);
    cr_assert(law_speedup(64, 0) == 64);
    cr_assert(law_speedup(.25, .05) == .25); /* a quarter of a thread's time */
}

Test(prover_law, time_follows_the_domain_and_not_the_constraints)
{
    struct prover_law law = gnark(100000);
    cr_assert(eq(i64, law_proof_ns(&law), 486604800)); /* 131072 * 3712.5 */
    law.size = 131072;
    cr_assert(eq(i64, law_proof_ns(&law), 486604800));
    law.size = 131073;
    cr_assert(eq(i64, law_proof_ns(&law), 973209600));
}

Test(prover_law, density_curve_and_system_multiply)
{
    struct prover_law law = gnark(100000);
    law.density = .5, law.curve_factor = 3, law.system_factor = 4.8;
    cr_assert(eq(i64, law_proof_ns(&law), 3503554560)); /* 486604800 * 7.2 */
}

Test(prover_law, a_wrap_is_a_groth16_over_the_proof)
{
    struct prover_law law = {
        .size = 1000000, .point_ns = 2000, .fixed_ns = NS_PER_S, .threads = 1, .width = 1};
    law.density = law.curve_factor = law.system_factor = 1;
    cr_assert(eq(i64, law_proof_ns(&law), 2097152000));
    law.compress_ns = 5 * NS_PER_S;
    law.recursion_ns = 15 * NS_PER_MS;
    law.recursion_point_ns = 300;
    cr_assert(eq(i64, law_proof_ns(&law), 7097152000)); /* nothing to wrap */
    law.wrap_size = 5000000;
    cr_assert(eq(i64, law_proof_ns(&law), 9628734400)); /* + 15 ms + 300 * 8388608 */
}

Test(prover_law, a_batch_pays_its_fixed_part_once)
{
    struct prover_law law = gnark(100000);
    cr_assert(law_batch_ns(&law, 100, 1) == 3000100);
    cr_assert(law_batch_ns(&law, 100, 10) == 3001000);
    law.width = 4;
    cr_assert(law_batch_ns(&law, 100, 10) == 3000250);
    cr_assert(law_batch_ns(&law, 100, 3) == 3000100); /* three at once are no faster than one */
}

Test(prover_law, aggregation_is_one_more_groth16_from_two_proofs_on)
{
    struct prover_law law = gnark(100000);
    cr_assert(eq(i64, law_aggregate_ns(&law, 5), 0)); /* Groth16 has none of its own */
    law.aggregate_size = 262144;
    law.recursion_ns = 3 * NS_PER_MS;
    law.recursion_point_ns = 22000;
    cr_assert(eq(i64, law_aggregate_ns(&law, 1), 0));
    cr_assert(eq(i64, law_aggregate_ns(&law, 2), 1949419200)); /* 3 ms + 2^19 * 3712.5 */
    cr_assert(eq(i64, law_aggregate_ns(&law, 5), 7788676800)); /* 5 * 2^18 pads to 2^21 */
    cr_assert(law_batch_ns(&law, 100, 5) == 7791677300);
}

Test(prover_law, loading_the_key_grows_with_the_domain)
{
    struct prover_law law = gnark(2000000);
    cr_assert(eq(i64, law_load_ns(&law), 0));
    law.load_fixed_ns = 250 * NS_PER_MS;
    law.load_point_ns = 600;
    cr_assert(eq(i64, law_load_ns(&law), 1508291200)); /* 250 ms + 600 * 2^21 */
}

Test(prover_law, a_crowd_slows_every_proof_but_less_than_by_its_number)
{
    struct prover_law law = gnark(100000);
    cr_assert(law_crowding(&law, 1, 1) == 1);
    cr_assert(law_crowding(&law, 4, 4) == 1);
    cr_assert(fabs(law_crowding(&law, 1, 2) - 1.703704) < 1e-6);   /* .2875 / .16875: four threads each */
    cr_assert(fabs(law_crowding(&law, 1, 8) - 5.925926) < 1e-6);   /* one thread each */
    cr_assert(fabs(law_crowding(&law, 1, 16) - 11.851852) < 1e-6); /* half of one */
    for (uint32_t workers = 2; workers <= 32; workers++) {
        cr_assert(law_crowding(&law, 1, workers) > law_crowding(&law, 1, workers - 1));
        cr_assert(law_crowding(&law, 1, workers) < workers);
    }
    law.threads = 1;
    cr_assert(law_crowding(&law, 3, 12) == 4); /* a device serves one after the other */
}

Test(prover_law, what_is_beyond_a_day_is_a_day)
{
    struct prover_law law = gnark(INT64_C(1) << 40);
    law.load_point_ns = 1e9;
    law.aggregate_size = INT64_C(1) << 24;
    law.recursion_point_ns = 1e9;
    cr_assert(eq(i64, law_proof_ns(&law), NS_PER_DAY));
    cr_assert(eq(i64, law_load_ns(&law), NS_PER_DAY));
    cr_assert(eq(i64, law_aggregate_ns(&law, 1000000), NS_PER_DAY));
}
