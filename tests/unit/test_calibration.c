/* tests/unit/test_calibration.c: small tables whose answers are known, and profiles put together by key. */
#include "reports/calibration.h"
#include "reports/stats.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

TestSuite(calibration, .timeout = 60);

static struct calibration calibration;
static struct diag diag;

static const struct fit_estimate HALF = {0.5, {0.25, 0.75}};

static char *rewritten(const char *base, const char *dropped)
{
    static char text[4096];
    const struct calibration_rewriting how = {base, dropped};
    FILE *out = fmemopen(text, sizeof text, "w");
    calibration_rewrite(&calibration, &how, out);
    fclose(out);
    return text;
}

Test(calibration, keys_are_replaced_and_the_others_say_that_they_were_kept)
{
    calibration_add(&calibration, "slot.factor", "10 rows", HALF);
    cr_assert(eq(
        str, rewritten("# old\n[slot]\nfactor = 1.07 # measured\ntarget_ms = 200 # [P]\nplain = 3\n", NULL),
        "\n[slot]\nfactor = 0.5 # fitted: 95 % 0.25 .. 0.75; 10 rows\ntarget_ms = 200 # kept: [P]\n"
        "plain = 3 # kept\n"));
}

Test(calibration, new_keys_go_to_their_section_and_dropped_sections_go)
{
    calibration_add(&calibration, "batch.unit_ms", "10 rows", HALF);
    calibration_add(&calibration, "noise.sigma", "10 rows", HALF);
    cr_assert(eq(str, rewritten("[law]\nsize = 1\n[noise]\nother = 2\n", "law,cold"),
                 "[batch]\nunit_ms = 0.5 # fitted: 95 % 0.25 .. 0.75; 10 rows\n\n"
                 "\n[noise]\nother = 2 # kept\nsigma = 0.5 # fitted: 95 % 0.25 .. 0.75; 10 rows\n"));
}

/* A row of slots: 0 skipped .. 1 block are given by the text, b s a. */
static struct csv_table slots_of(const char *states, uint32_t repeats)
{
    struct csv_table table = {.row_count = (uint32_t)strlen(states) * repeats};
    for (int c = 0; c < SLOT_COLUMNS; c++) table.values[c] = calloc(table.row_count, sizeof(double));
    for (uint32_t i = 0; i < table.row_count; i++) {
        char state = states[i % strlen(states)];
        table.values[SLOT_NUMBER][i] = i;
        table.values[SLOT_START][i] = 200 * i;
        table.values[SLOT_END][i] = 200 * i + (i % 2 ? 198 : 202);
        table.values[SLOT_FROZEN][i] = table.values[SLOT_CONFIRMED][i] = table.values[SLOT_FINALIZED][i] =
            NAN;
        table.values[SLOT_STATE][i] = state == 'b'   ? CALIBRATE_BLOCK
                                      : state == 's' ? CALIBRATE_SKIPPED
                                                     : CALIBRATE_ABANDONED;
    }
    return table;
}

static const struct calibrate_chain_base BASE = {.target_ms = 200,
                                                 .factor = 1,
                                                 .same_leader = 1e-4,
                                                 .late_least_ms = 260,
                                                 .tick_ms = 25,
                                                 .retry_ms = 2000,
                                                 .path = "staked",
                                                 .accept_ms = 60,
                                                 .accept_sigma = 0.4,
                                                 .forward_ms = 30,
                                                 .forward_sigma = 0.5,
                                                 .is_pushed = true,
                                                 .has_weights = true};

/* One window of five is off; spans of 202 and 198 around 200: factor 1, and squares of 0.01 each, four over
 * three degrees: sigma sqrt(0.0004 / 3). Of each 20 slots, one run of one abandoned and one of two. */
Test(calibration, of_slots_by_hand)
{
    struct csv_table table = slots_of("bbbbssssbabbbaabbbbb", 20);
    cr_assert(eq(int, calibrate_slots(&calibration, &table, &BASE, &diag), OK), "%s", diag.text);
    cr_assert(
        epsilon_eq(dbl, calibration_find(&calibration, "window.off_chance")->values[0].value, 0.2, 1e-12));
    cr_assert(epsilon_eq(dbl, calibration_find(&calibration, "slot.factor")->values[0].value, 1, 1e-4));
    cr_assert(epsilon_eq(dbl, calibration_find(&calibration, "slot.slot_sigma")->values[0].value,
                         sqrt(0.0004 / 3), 1e-6));
    const struct calibration_key *forks = calibration_find(&calibration, "fork.depth_weights");
    cr_assert(epsilon_eq(dbl, forks->values[0].value, 0.5, 1e-12));
    cr_assert(epsilon_eq(dbl, forks->values[1].value, 0.5, 1e-12));
    cr_assert(calibration_find(&calibration, "confirm.delay_ms") == NULL); /* no times: kept */
    csv_close(&table);
    calibration_close(&calibration);
}

/* Half of all refused; of the landed, one in ten took ten slots, which is one retry of 2 s: 1 drop in 11. */
Test(calibration, of_transactions_by_hand)
{
    enum { ROWS = 400 };
    struct csv_table table = {.form = 1, .row_count = ROWS};
    for (int c = 0; c < SENT_COLUMNS; c++) table.values[c] = calloc(ROWS, sizeof(double));
    for (uint32_t i = 0; i < ROWS; i++) {
        table.values[SENT_OUTCOME][i] = i % 2 ? CALIBRATE_LANDED : CALIBRATE_REFUSED;
        table.values[SENT_SLOTS][i] = i % 2 == 0 ? NAN : i % 20 == 1 ? 10 : 1;
        table.values[SENT_CONFIRMED][i] = table.values[SENT_FINALIZED][i] = 100 + i;
    }
    cr_assert(eq(int, calibrate_transactions(&calibration, &table, &BASE, &diag), OK));
    cr_assert(epsilon_eq(dbl, calibration_find(&calibration, "organic.transient_chance")->values[0].value,
                         0.5, 1e-12));
    cr_assert(epsilon_eq(dbl, calibration_find(&calibration, "path.staked.drop_chance")->values[0].value,
                         1.0 / 11, 1e-12));
    const struct calibration_key *weights = calibration_find(&calibration, "path.staked.wait_weights");
    cr_assert(gt(dbl, weights->values[0].value + weights->values[1].value, 0.95));
    csv_close(&table);
    calibration_close(&calibration);
}

/* In slots of 400 ms the fifth ends at the retry: to have waited four is not to have been dropped. */
Test(calibration, a_wait_as_long_as_a_retry_is_no_drop)
{
    enum { ROWS = 400 };
    struct csv_table table = {.form = 1, .row_count = ROWS};
    struct calibrate_chain_base slow = BASE;
    slow.target_ms = 400;
    for (int c = 0; c <= SENT_OUTCOME; c++) table.values[c] = calloc(ROWS, sizeof(double));
    table.values[SENT_SLOTS] = calloc(ROWS, sizeof(double));
    for (uint32_t i = 0; i < ROWS; i++) table.values[SENT_SLOTS][i] = 4; /* CALIBRATE_LANDED is 0 */
    cr_assert(eq(int, calibrate_transactions(&calibration, &table, &slow, &diag), OK), "%s", diag.text);
    const struct calibration_key *drop = calibration_find(&calibration, "path.staked.drop_chance");
    cr_assert(lt(dbl, drop->values[0].value, 1e-6));
    cr_assert(gt(dbl, drop->values[0].interval.high, 0.001), "none seen is not none ever");
    csv_close(&table);
    calibration_close(&calibration);
}

/* Confirmed 100 ms after freezing, give or take a fifth; one block in twenty was heard of late and takes 1
 * ms. */
Test(calibration, blocks_heard_of_late_do_not_widen_the_law_of_confirmation)
{
    struct csv_table table = slots_of("b", 2000);
    for (uint32_t i = 0; i < table.row_count; i++) {
        double share = (i * 7919 % table.row_count + 0.5) / table.row_count;
        double delay = i % 20 == 7 ? 1 : 100 * exp(0.2 * stats_normal_quantile(share));
        table.values[SLOT_FROZEN][i] = table.values[SLOT_END][i] + 50;
        table.values[SLOT_CONFIRMED][i] = table.values[SLOT_FROZEN][i] + delay;
        table.values[SLOT_FINALIZED][i] = NAN;
    }
    cr_assert(eq(int, calibrate_slots(&calibration, &table, &BASE, &diag), OK), "%s", diag.text);
    double sigma = calibration_find(&calibration, "confirm.sigma")->values[0].value;
    cr_assert(sigma > 0.18 && sigma < 0.28, "%g", sigma);
    csv_close(&table);
    calibration_close(&calibration);
}

/* Jobs of two tasks, a second apart by turns 0.9 and 1.1 s: 2 tasks a second. */
Test(calibration, of_a_workload_by_hand)
{
    enum { ROWS = 101 };
    struct csv_table table = {.row_count = ROWS};
    for (int c = 0; c < WORK_COLUMNS; c++) table.values[c] = calloc(ROWS, sizeof(double));
    for (uint32_t i = 0; i < ROWS; i++) {
        table.values[WORK_ARRIVAL][i] = 1000.0 * i - (i % 2 ? 100 : 0);
        table.values[WORK_EXECUTION][i] = 250;
        table.values[WORK_DEPTH][i] = 1;
    }
    cr_assert(eq(int, calibrate_workload(&calibration, &table, &diag), OK));
    cr_assert(eq(str, (char *)calibration_find(&calibration, "benchmark.rate")->text, "2.000000"));
    cr_assert(
        eq(str, (char *)calibration_find(&calibration, "benchmark.execution")->text, "\"fixed:250000us\""));
    cr_assert(
        eq(str, (char *)calibration_find(&calibration, "benchmark.depth-distribution")->text, "\"fixed:1\""));
    /* Nothing is as regular as this by chance: gamma with a CV of about 0.1. */
    cr_assert(
        eq(int, strncmp(calibration_find(&calibration, "benchmark.arrivals")->text, "\"gamma:0.1", 10), 0));
    csv_close(&table);
    calibration_close(&calibration);
}

/* Sizes 1 and 2 that take 30 and 50 ms but for 1 % either way: set-up 10, unit 20. */
Test(calibration, of_batches_by_hand)
{
    enum { ROWS = 400 };
    const struct calibrate_prover_base base = {{0, 0}, {1, 1}};
    struct csv_table table = {.row_count = ROWS};
    for (int c = 0; c < PROVER_COLUMNS; c++) table.values[c] = calloc(ROWS, sizeof(double));
    for (uint32_t i = 0; i < ROWS; i++) {
        double noise = 0.01 * ((i / 2) % 11 - 5.0) / 5;
        table.values[PROVER_BATCH][i] = 1 + i % 2;
        table.values[PROVER_MS][i] = (i % 2 ? 50 : 30) * exp(noise);
        table.values[PROVER_VERIFY][i] = NAN;
        table.values[PROVER_OUTCOME][i] = i % 4 == 0;
    }
    cr_assert(eq(int, calibrate_prover(&calibration, &table, &base, &diag), OK), "%s", diag.text);
    cr_assert(epsilon_eq(dbl, calibration_find(&calibration, "batch.setup_ms")->values[0].value, 10, 0.1));
    cr_assert(epsilon_eq(dbl, calibration_find(&calibration, "batch.unit_ms")->values[0].value, 20, 0.1));
    cr_assert(epsilon_eq(dbl, calibration_find(&calibration, "noise.sigma")->values[0].value, 0.0063, 2e-4));
    cr_assert(eq(dbl, calibration_find(&calibration, "noise.stretch_chances")->values[0].value, 0));
    cr_assert(epsilon_eq(dbl, calibration_find(&calibration, "organic.invalid_chance")->values[0].value, 0.25,
                         1e-12));
    csv_close(&table);
    calibration_close(&calibration);
}
