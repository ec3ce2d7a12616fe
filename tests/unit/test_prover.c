/* tests/unit/test_prover.c: capacities of semantics.md 4, noise, contention, organic failures. */
#include "base/sort.h"
#include "base/units.h"
#include "sim/prover.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(prover, .timeout = 20);

static struct prover_profile profile_of(const char *name)
{
    struct prover_profile profile;
    struct diag diag = {0};
    cr_assert(prover_profile_load(&profile, "scenarios/prover", name, &diag) == OK, "%s", diag.text);
    return profile;
}

Test(prover, every_shipped_profile_loads_and_takes_time)
{
    glob_t files;
    struct rng rng = rng_keyed(1, 0);
    const struct prover_batch batch = {.first_task = 1, .proofs = 1, .busy_workers = 1};
    cr_assert(eq(int, glob("scenarios/prover/*.toml", 0, NULL, &files), 0));
    cr_assert(files.gl_pathc >= 20);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct prover_profile profile = profile_of(files.gl_pathv[i]);
        cr_assert(profile.unit_ns > 0);
        cr_assert(prover_batch_ns(&profile, &rng, &batch) >= NS_PER_MS, "%s", files.gl_pathv[i]);
        prover_profile_close(&profile);
    }
    globfree(&files);
}

/* What a proof and the set-up of its batch take, by chain.md 6.4 and by hand. */
Test(prover, profiles_have_the_times_of_the_law)
{
    static const struct {
        const char *name;
        int64_t fixed_ns, unit_ns;
    } ROWS[] = {
        {"groth16-gpu", 15000000, 19660800},      /* .3 us * 2^16 */
        {"groth16-cpu", 3000000, 3892838400},     /* 22 us * 2^20 * .16875 */
        {"plonk", 15000000, 94371840},            /* 4.8 times as much */
        {"stark", 1000000000, 4628734400},        /* 2^20 * 2 us + 15 ms + .3 us * 2^23 */
        {"groth16-keyless", 3000000, 6632243200}, /* 22 us * 2^21 * .5 * .2875 */
        {"groth16-slow", 0, 30000000000},
        {"mock", 0, 1000000},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct prover_profile profile = profile_of(ROWS[i].name);
        cr_assert(eq(i64, profile.law.fixed_ns, ROWS[i].fixed_ns), "%s", ROWS[i].name);
        cr_assert(eq(i64, profile.unit_ns, ROWS[i].unit_ns), "%s", ROWS[i].name);
    }
}

Test(prover, capacity_is_that_of_the_semantics)
{
    struct prover_profile profile = profile_of("groth16-gpu");
    cr_assert(fabs(prover_capacity(&profile, 4, 10) - 189) < 1); /* compiled defaults */
    cr_assert(fabs(prover_capacity(&profile, 16, 20) - 16 * 20 / (.015 + 20 * .0196608)) < 1);
    profile = profile_of("groth16-cpu");
    /* eight threads a proof: four at once have two each, .16875 / .525 of the speed of one alone */
    double alone = prover_capacity(&profile, 1, 10);
    cr_assert(fabs(prover_capacity(&profile, 4, 10) / alone - 4 * .16875 / .525) < 1e-9);
    profile.cores = 4;
    cr_assert(fabs(prover_capacity(&profile, 4, 10) / alone - 4) < 1e-9);
}

Test(prover, time_grows_with_the_batch_and_with_crowding)
{
    struct rng rng = rng_keyed(1, 0);
    struct prover_profile profile = profile_of("groth16-cpu");
    profile.noise_sigma = 0;
    memset(profile.stretch_chances, 0, sizeof profile.stretch_chances);
    struct prover_batch batch = {.first_task = 5, .proofs = 10, .busy_workers = 1};
    int64_t alone_ns = prover_batch_ns(&profile, &rng, &batch);
    cr_assert(eq(i64, alone_ns, profile.law.fixed_ns + 10 * profile.unit_ns));
    batch.busy_workers = 4;
    double crowded_ns = (double)alone_ns * .525 / .16875;
    cr_assert(fabs((double)prover_batch_ns(&profile, &rng, &batch) - crowded_ns) < 2);
    batch.busy_workers = 32; /* a quarter of a thread each */
    crowded_ns = (double)alone_ns * 4 / .16875;
    cr_assert(fabs((double)prover_batch_ns(&profile, &rng, &batch) - crowded_ns) < 20);
    profile.cores = 0;
    cr_assert(eq(i64, prover_batch_ns(&profile, &rng, &batch), alone_ns));
}

Test(prover, noise_has_its_median_spread_and_stretches)
{
    enum { BATCHES = 40000 };
    static int64_t spans_ns[BATCHES];
    struct rng rng = rng_keyed(3, 0);
    struct prover_profile profile = profile_of("groth16-cpu");
    double plain_ns = (double)(profile.law.fixed_ns + profile.unit_ns);
    for (uint32_t i = 0; i < BATCHES; i++) {
        struct prover_batch batch = {.first_task = i, .proofs = 1, .busy_workers = 1};
        spans_ns[i] = prover_batch_ns(&profile, &rng, &batch);
    }
    sort_i64(spans_ns, BATCHES);
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

Test(prover, a_cold_batch_loads_its_key_once)
{
    struct rng rng = rng_keyed(1, 0);
    struct prover_profile profile = profile_of("groth16-gpu-cold");
    profile.noise_sigma = 0;
    struct prover_batch batch = {.first_task = 5, .proofs = 10, .busy_workers = 1};
    /* 15 + 196.608 warm, 250 + 600 ns * 2^16 for the key */
    cr_assert(eq(i64, prover_batch_ns(&profile, &rng, &batch), 211608000 + 289321600));
    cr_assert(fabs(prover_capacity(&profile, 1, 10) - 10 / .5009296) < 1e-9);
    profile.cold_chance = .25;
    uint32_t cold = 0;
    for (uint32_t task = 0; task < 10000; task++) {
        batch.first_task = task;
        cold += prover_batch_ns(&profile, &rng, &batch) > 400 * NS_PER_MS;
    }
    cr_assert(cold > 2350 && cold < 2650, "%u", cold);
}

Test(prover, a_worker_that_verifies_takes_the_time_and_hands_over_nothing_invalid)
{
    struct rng rng = rng_keyed(1, 0);
    struct prover_profile profile = profile_of("groth16-gpu");
    profile.noise_sigma = profile.verify_sigma = 0;
    profile.invalid_chance = 1;
    const struct prover_batch batch = {.first_task = 5, .proofs = 10, .busy_workers = 1};
    cr_assert(eq(i64, prover_batch_ns(&profile, &rng, &batch), 211608000));
    cr_assert(prover_is_invalid(&profile, &rng, 5, 0));
    profile.verify_by_worker = 1;
    cr_assert(eq(i64, prover_batch_ns(&profile, &rng, &batch), 211608000 + 11000000));
    cr_assert(not(prover_is_invalid(&profile, &rng, 5, 0)));
    cr_assert(fabs(prover_capacity(&profile, 1, 10) - 10 / .222608) < 1e-9);
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

static const char ALWAYS[] = "[noise]\nsigma = 0\nstretch_chances = [0, 0]\nstretch_factors = [1, 1]\n"
                             "[prover]\ncores = 0\n[organic]\ninvalid_chance = 0\n";

/* What loading a file of these lines says; empty when it loads. */
static const char *complaint(const char *lines)
{
    static struct diag diag;
    struct prover_profile profile;
    char path[] = "/tmp/agenc-prover-XXXXXX.toml";
    FILE *written = fdopen(mkstemps(path, 5), "w");
    fprintf(written, "%s%s", ALWAYS, lines);
    fclose(written);
    diag = (struct diag){0};
    err e = prover_profile_load(&profile, "scenarios/prover", path, &diag);
    unlink(path);
    cr_assert(e == OK || e == ERR_SYNTAX);
    return diag.text;
}

Test(prover, a_file_has_a_law_or_figures_and_its_groups_whole)
{
#define A_LAW                                                                                                \
    "[law]\nsize = 9\npoint_ns = 1\nfixed_ms = 1\ndensity = 1\ncurve_factor = 1\nsystem_factor = 1\n"        \
    "threads = 1\nserial_share = 0\n"
    static const struct {
        const char *lines, *complaint;
    } ROWS[] = {
        {"[batch]\nsetup_ms = 1\nunit_ms = 1\n", ""},
        {A_LAW, ""},
        {A_LAW "[batch]\nwidth = 4\n", ""},
        {"", "batch.setup_ms is missing"},
        {"[batch]\nsetup_ms = 1\n", "batch.unit_ms is missing"},
        {"[batch]\nwidth = 4\n", "law.size is missing"},
        {"[law]\nsize = 9\n", "law.point_ns is missing"},
        {A_LAW "[batch]\nunit_ms = 1\n", "it must be one of them"},
        {A_LAW "[cold]\nchance = 0.5\n", "cold.fixed_ms is missing"},
        {A_LAW "[recursion]\nwrap_size = 8\n", "recursion.compress_ms is missing"},
        {A_LAW "[verify]\nms = 8\n", "verify.sigma is missing"},
        {"[batch]\nsetup_ms = 1\nunit_ms = 1\n[cold]\nchance = 0\n", "it must be one of them"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const char *said = complaint(ROWS[i].lines);
        if (*ROWS[i].complaint)
            cr_assert(strstr(said, ROWS[i].complaint) != NULL, "%s: %s", ROWS[i].lines, said);
        else
            cr_assert(eq(str, (char *)said, ""));
    }
}
