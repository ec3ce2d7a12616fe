/* tests/unit/test_prover.c: capacities of semantics.md 4, noise, contention, organic failures. */
#include "base/units.h"
#include "sim/prover.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

TestSuite(prover, .timeout = 20);

static struct prover_profile profile_of(const char *name)
{
    struct prover_profile profile;
    struct diag diag = {0};
    cr_assert(prover_profile_load(&profile, "scenarios/prover", name, &diag) == OK, "%s", diag.text);
    return profile;
}

Test(prover, every_shipped_profile_loads)
{
    static const char *NAMES[] = {"groth16-gpu", "groth16-cpu", "groth16-slow", "plonk", "stark", "mock"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        struct prover_profile profile = profile_of(NAMES[i]);
        cr_assert(profile.unit_ns > 0);
        prover_profile_close(&profile);
    }
}

Test(prover, capacity_is_that_of_the_semantics)
{
    struct prover_profile profile = profile_of("groth16-gpu");
    cr_assert(fabs(prover_capacity(&profile, 4, 10) - 189) < 1); /* compiled defaults */
    cr_assert(fabs(prover_capacity(&profile, 16, 20) - 16 * 20 / (.015 + 20 * .0196608)) < 1);
    profile = profile_of("groth16-cpu");
    cr_assert(fabs(prover_capacity(&profile, 4, 10) - prover_capacity(&profile, 1, 10)) < 1e-9);
}

Test(prover, time_grows_with_the_batch_and_with_crowding)
{
    struct rng rng = rng_keyed(1, 0);
    struct prover_profile profile = profile_of("groth16-cpu");
    profile.noise_sigma = 0;
    memset(profile.stretch_chances, 0, sizeof profile.stretch_chances);
    struct prover_batch batch = {.first_task = 5, .proofs = 10, .busy_workers = 1};
    int64_t alone_ns = prover_batch_ns(&profile, &rng, &batch);
    cr_assert(eq(i64, alone_ns, profile.setup_ns + 10 * profile.unit_ns));
    batch.busy_workers = 4;
    cr_assert(eq(i64, prover_batch_ns(&profile, &rng, &batch), 4 * alone_ns));
    profile.cores = 0;
    cr_assert(eq(i64, prover_batch_ns(&profile, &rng, &batch), alone_ns));
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

Test(prover, noise_has_its_median_spread_and_stretches)
{
    enum { BATCHES = 40000 };
    static int64_t spans_ns[BATCHES];
    struct rng rng = rng_keyed(3, 0);
    struct prover_profile profile = profile_of("groth16-cpu");
    double plain_ns = (double)(profile.setup_ns + profile.unit_ns);
    for (uint32_t i = 0; i < BATCHES; i++) {
        struct prover_batch batch = {.first_task = i, .proofs = 1, .busy_workers = 1};
        spans_ns[i] = prover_batch_ns(&profile, &rng, &batch);
    }
    qsort(spans_ns, BATCHES, sizeof *spans_ns, by_value);
    cr_assert(fabs((double)spans_ns[BATCHES / 2] / plain_ns - 1.003) < .01);
    cr_assert(fabs((double)spans_ns[BATCHES / 10] / plain_ns - exp(-.06 * 1.25)) < .01);
    uint32_t stretched = 0, tripled = 0;
    for (uint32_t i = 0; i < BATCHES; i++) {
        stretched += (double)spans_ns[i] > 1.27 * plain_ns;
        tripled += (double)spans_ns[i] > 2.3 * plain_ns;
    }
    cr_assert(fabs(stretched / (double)BATCHES - .035) < .004);
    cr_assert(fabs(tripled / (double)BATCHES - .005) < .0015);
}

Test(prover, noise_is_keyed_by_task_and_attempt)
{
    struct rng rng = rng_keyed(1, 0);
    struct prover_profile profile = profile_of("groth16-gpu");
    struct prover_batch batch = {.first_task = 9, .proofs = 3, .busy_workers = 2}, again = batch;
    cr_assert(eq(i64, prover_batch_ns(&profile, &rng, &batch), prover_batch_ns(&profile, &rng, &again)));
    again.attempt = 1;
    cr_assert(ne(i64, prover_batch_ns(&profile, &rng, &batch), prover_batch_ns(&profile, &rng, &again)));
    again = batch, again.first_task = 10;
    cr_assert(ne(i64, prover_batch_ns(&profile, &rng, &batch), prover_batch_ns(&profile, &rng, &again)));
}

Test(prover, a_distribution_is_the_time_of_a_batch_of_any_size)
{
    struct rng rng = rng_keyed(1, 0);
    struct prover_profile profile = profile_of("fixed:500ms");
    for (uint32_t k = 1; k <= 100; k += 33) {
        struct prover_batch batch = {.first_task = k, .proofs = k, .busy_workers = 9};
        cr_assert(eq(i64, prover_batch_ns(&profile, &rng, &batch), 500 * NS_PER_MS));
        cr_assert(not(prover_is_invalid(&profile, &rng, k, 0)));
    }
    profile = profile_of("exponential:100ms");
    double sum_ns = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        struct prover_batch batch = {.first_task = i, .proofs = 10, .busy_workers = 1};
        sum_ns += (double)prover_batch_ns(&profile, &rng, &batch);
    }
    cr_assert(fabs(sum_ns / 20000 / 1e8 - 1) < .03);
    prover_profile_close(&profile);
}

Test(prover, invalid_proofs_are_as_rare_as_the_profile_says)
{
    struct rng rng = rng_keyed(1, 0);
    struct prover_profile profile = profile_of("groth16-gpu");
    uint32_t invalid = 0;
    for (uint32_t task = 0; task < 400000; task++) invalid += prover_is_invalid(&profile, &rng, task, 0);
    cr_assert(invalid > 15 && invalid < 75, "%u", invalid); /* 40 expected */
}

Test(prover, a_wrong_name_or_file_is_refused)
{
    struct prover_profile profile;
    struct diag diag = {0};
    cr_assert(eq(int, prover_profile_load(&profile, "scenarios/prover", "groth16-gpo", &diag), ERR_USAGE));
    cr_assert(strstr(diag.text, "did you mean groth16-gpu") != NULL, "%s", diag.text);
    diag.text[0] = 0;
    cr_assert(eq(int, prover_profile_load(&profile, "scenarios/prover", "fixed:fast", &diag), ERR_SYNTAX));
    diag.text[0] = 0;
    cr_assert(eq(int, prover_profile_load(&profile, "x", "scenarios/chain/mainnet.toml", &diag), ERR_SYNTAX));
    cr_assert(strstr(diag.text, "unknown key") != NULL, "%s", diag.text);
}
