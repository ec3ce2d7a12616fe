/* tests/unit/test_proof_time.c: the estimator looks at the last hundred proofs and no others. */
#include "base/proof_time.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(proof_time, without_proofs_it_is_half_a_minute)
{
    struct proof_time seen = {.count = 0};
    cr_assert(eq(i64, proof_time_p90_ns(&seen), INT64_C(30000000000)));
}

Test(proof_time, is_the_value_at_nine_tenths_of_the_sorted_times)
{
    struct proof_time seen = {.count = 0};
    for (int64_t time_ns = 10; time_ns > 0; time_ns--) proof_time_add(&seen, time_ns); /* falling */
    cr_assert(eq(i64, proof_time_p90_ns(&seen), 10));
    for (int64_t time_ns = 11; time_ns <= 20; time_ns++) proof_time_add(&seen, time_ns);
    cr_assert(eq(i64, proof_time_p90_ns(&seen), 19));
}

Test(proof_time, forgets_what_is_older_than_a_hundred_proofs)
{
    struct proof_time seen = {.count = 0};
    for (int64_t i = 0; i < 100; i++) proof_time_add(&seen, 1000000);
    for (int64_t time_ns = 1; time_ns <= 100; time_ns++) proof_time_add(&seen, time_ns);
    cr_assert(eq(i64, proof_time_p90_ns(&seen), 91));
}
