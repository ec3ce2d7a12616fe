/* tests/unit/test_paired.c: paired and unpaired comparisons, signs and families, against R 4.2.2.
 * The figures are R's: wilcox.test(conf.int = TRUE), t.test, p.adjust, and all 2^10 choices of signs by a
 * loop. */
#include "reports/family.h"
#include "reports/paired.h"
#include "reports/signflip.h"
#include "reports/unpaired.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

TestSuite(paired, .timeout = 60);

static const double TEN[] = {0.031, -0.012, 0.055, 0.024, 0.047, -0.003, 0.018, 0.062, 0.009, 0.037};
static const double BEFORE[] = {1.10, 1.31, 0.97, 1.22, 1.18, 1.05, 1.27, 1.14};
static const double AFTER[] = {1.21, 1.36, 1.08, 1.44, 1.29, 1.33, 1.19, 1.41, 1.25};

static struct paired compare(const double *differences, uint32_t pairs)
{
    struct paired paired;
    const struct paired_sample sample = {differences, pairs, 0.95, 1};
    cr_assert(paired_compare(&paired, &sample) == OK);
    return paired;
}

Test(paired, ten_pairs_give_the_figures_of_r)
{
    struct paired ten = compare(TEN, 10);
    cr_assert(epsilon_eq(dbl, ten.flip_p, 0.01171875, 1e-12));
    cr_assert(ten.is_exact);
    cr_assert(epsilon_eq(dbl, ten.t_p, 0.00701683267041641, 1e-12));
    cr_assert(epsilon_eq(dbl, ten.mean, 0.0268, 1e-12));
    cr_assert(epsilon_eq(dbl, ten.deviation, 0.0244030963427003, 1e-12));
    cr_assert(epsilon_eq(dbl, ten.mean_limits.low, 0.00934307650418189, 1e-12));
    cr_assert(epsilon_eq(dbl, ten.mean_limits.high, 0.0442569234958181, 1e-12));
    cr_assert(epsilon_eq(dbl, ten.shift, 0.0275, 1e-12));
    cr_assert(epsilon_eq(dbl, ten.shift_limits.low, 0.009, 1e-12));
    cr_assert(epsilon_eq(dbl, ten.shift_limits.high, 0.046, 1e-12));
}

Test(paired, six_pairs_are_the_least_with_a_p_below_a_twentieth)
{
    const double up[] = {.02, .03, .01, .05, .04, .06};
    struct paired six = compare(up, 6), five = compare(up, 5);
    cr_assert(epsilon_eq(dbl, six.flip_p, 2.0 / 64, 1e-12));
    cr_assert(epsilon_eq(dbl, five.flip_p, 2.0 / 32, 1e-12));
    cr_assert(epsilon_eq(dbl, six.shift_limits.low, 0.01, 1e-12));
    cr_assert(epsilon_eq(dbl, six.shift_limits.high, 0.06, 1e-12));
    cr_assert(isnan(five.shift_limits.low)); /* no limit of five pairs holds with 95 % */
}

Test(paired, no_difference_at_all_is_a_p_of_one)
{
    const double same[8] = {0};
    struct paired paired = compare(same, 8);
    cr_assert(epsilon_eq(dbl, paired.flip_p, 1, 0));
    cr_assert(epsilon_eq(dbl, paired.t_p, 1, 0));
    cr_assert(epsilon_eq(dbl, paired.mean_limits.high, 0, 0));
    cr_assert(epsilon_eq(dbl, paired.detectable, 0, 0));
}

Test(paired, one_pair_tells_no_interval)
{
    struct paired one = compare(TEN, 1);
    cr_assert(epsilon_eq(dbl, one.mean, 0.031, 0));
    cr_assert(isnan(one.flip_p) && isnan(one.mean_limits.low) && isinf(one.detectable));
}

Test(paired, sums_that_tie_are_ties_whatever_their_order)
{
    /* .1 + .2 - .3 is no exact 0 in doubles: as far from 0 as what was seen, it must count. */
    const double tie[] = {.1, .2, .3, .1, .2, .3, -.6};
    struct paired paired = compare(tie, 7);
    uint32_t hits = 0;
    static const int TENTHS[] = {1, 2, 3, 1, 2, 3, -6};
    for (uint32_t choice = 0; choice < 128; choice++) {
        int sum = 0;
        for (int i = 0; i < 7; i++) sum += choice >> i & 1 ? -TENTHS[i] : TENTHS[i];
        hits += sum >= 6 || sum <= -6;
    }
    cr_assert(epsilon_eq(dbl, paired.flip_p, hits / 128.0, 1e-12));
}

Test(paired, many_pairs_are_drawn_and_close_to_the_normal)
{
    double many[60];
    for (int i = 0; i < 60; i++) many[i] = 0.01 * ((i * 37 % 60) - 22);
    struct paired paired = compare(many, 60);
    cr_assert(not(paired.is_exact));
    cr_assert(epsilon_eq(dbl, paired.flip_p, paired.t_p, 0.004));
    struct paired again = compare(many, 60);
    cr_assert(epsilon_eq(dbl, paired.flip_p, again.flip_p, 0));
}

Test(paired, limits_on_one_side_are_students)
{
    struct paired ten = compare(TEN, 10);
    double error = ten.deviation / sqrt(10);
    cr_assert(epsilon_eq(dbl, paired_lower(&ten, 0.05), ten.mean - 1.833113 * error, 1e-7));
    cr_assert(epsilon_eq(dbl, paired_upper(&ten, 0.05), ten.mean + 1.833113 * error, 1e-7));
}

Test(paired, pairs_for_five_percent_are_those_of_the_table)
{
    const double effect = log(1.05);
    cr_assert(eq(u32, paired_pairs_for(0.042, effect, 0.95), 8));
    cr_assert(eq(u32, paired_pairs_for(0.085, effect, 0.95), 26));
    cr_assert(eq(u32, paired_pairs_for(0.127, effect, 0.95), 56));
}

Test(paired, detectable_effect_is_that_of_its_formula)
{
    struct paired ten = compare(TEN, 10);
    cr_assert(epsilon_eq(dbl, ten.detectable, (2.262157 + 0.883404) * ten.deviation / sqrt(10), 1e-6));
}

/* Both measures at once: by hand over all choices, the larger t against each. */
Test(paired, a_family_pays_for_every_look)
{
    double differences[20];
    for (int i = 0; i < 10; i++) {
        differences[i] = TEN[i];
        differences[10 + i] = TEN[i] * (i % 3 == 0 ? -1 : 1);
    }
    struct signflip_answer answer;
    const struct signflip_question question = {differences, 2, 10, 0.95, 1};
    cr_assert(signflip(&answer, &question) == OK);
    double root[2] = {0}, seen[2] = {0};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < 10; i++) {
            root[k] += differences[10 * k + i] * differences[10 * k + i];
            seen[k] += differences[10 * k + i];
        }
    uint32_t hits[2] = {0};
    for (uint32_t choice = 0; choice < 1024; choice++) {
        double most = 0;
        for (int k = 0; k < 2; k++) {
            double sum = 0;
            for (int i = 0; i < 10; i++) sum += (choice >> i & 1 ? -1 : 1) * differences[10 * k + i];
            most = fmax(most, fabs(sum) / sqrt(root[k]));
        }
        for (int k = 0; k < 2; k++) hits[k] += most >= fabs(seen[k]) / sqrt(root[k]) - 1e-9;
    }
    for (int k = 0; k < 2; k++) {
        cr_assert(epsilon_eq(dbl, answer.family_p[k], hits[k] / 1024.0, 1e-12));
        cr_assert(answer.family_p[k] >= answer.p[k]);
    }
    cr_assert(answer.critical_t > 2.262157, "a band for two is wider than an interval for one");
    cr_assert(answer.critical_t < 4);
}

Test(paired, too_few_pairs_have_no_band)
{
    struct signflip_answer answer;
    const double up[] = {1, 1, 1, 1};
    const struct signflip_question question = {up, 1, 4, 0.95, 1};
    cr_assert(signflip(&answer, &question) == OK);
    cr_assert(isinf(answer.critical_t));
}

static struct unpaired compare_arms(const double *before, uint32_t n, const double *after, uint32_t m)
{
    struct unpaired unpaired;
    const struct unpaired_sample sample = {before, after, n, m, 0.95};
    cr_assert(unpaired_compare(&unpaired, &sample) == OK);
    return unpaired;
}

Test(paired, unpaired_arms_give_the_figures_of_r)
{
    struct unpaired arms = compare_arms(BEFORE, 8, AFTER, 9);
    cr_assert(arms.is_exact);
    cr_assert(epsilon_eq(dbl, arms.rank_p, 0.046400658165364, 1e-12));
    cr_assert(epsilon_eq(dbl, arms.shift, 0.135, 1e-12));
    cr_assert(epsilon_eq(dbl, arms.shift_limits.low, 0.01, 1e-12));
    cr_assert(epsilon_eq(dbl, arms.shift_limits.high, 0.26, 1e-12));
    cr_assert(epsilon_eq(dbl, arms.t_p, 0.0342142144932493, 1e-10));
    cr_assert(epsilon_eq(dbl, arms.difference_limits.low, 0.0110247340060053, 1e-10));
    cr_assert(epsilon_eq(dbl, arms.difference_limits.high, 0.247864154882884, 1e-10));
    cr_assert(epsilon_eq(dbl, arms.superiority, 1 - 57.0 / 72, 1e-12));
}

Test(paired, ties_are_corrected_for_as_in_r)
{
    double before[8], after[9];
    for (int i = 0; i < 8; i++) before[i] = round(BEFORE[i] * 10) / 10;
    for (int i = 0; i < 9; i++) after[i] = round(AFTER[i] * 10) / 10;
    /* R rounds 1.05 to 1.0 and 1.25 to 1.2: halves to even. */
    before[5] = 1.0;
    after[8] = 1.2;
    struct unpaired arms = compare_arms(before, 8, after, 9);
    cr_assert(not(arms.is_exact));
    cr_assert(epsilon_eq(dbl, arms.rank_p, 0.0544922737639008, 1e-10));
}

Test(paired, arms_of_one_value_each_tell_nothing)
{
    struct unpaired arms = compare_arms(BEFORE, 1, AFTER, 1);
    cr_assert(epsilon_eq(dbl, arms.rank_p, 1, 1e-12));
    cr_assert(isnan(arms.t_p) && isnan(arms.shift_limits.low));
}

Test(paired, constant_arms_are_alike_or_not)
{
    const double same[] = {2, 2, 2, 2}, other[] = {3, 3, 3, 3};
    cr_assert(epsilon_eq(dbl, compare_arms(same, 4, same, 4).rank_p, 1, 0));
    cr_assert(epsilon_eq(dbl, compare_arms(same, 4, same, 4).t_p, 1, 0));
    cr_assert(epsilon_eq(dbl, compare_arms(same, 4, other, 4).t_p, 0, 0));
}

Test(paired, adjusted_p_values_are_those_of_r)
{
    const double p[] = {.001, .04, .03, .005, .5, .012};
    const double holm[] = {.006, .09, .09, .025, .5, .048}, bh[] = {.006, .048, .045, .015, .5, .024};
    double adjusted[6];
    family_holm(p, 6, adjusted);
    for (int i = 0; i < 6; i++) cr_assert(epsilon_eq(dbl, adjusted[i], holm[i], 1e-12));
    family_benjamini_hochberg(p, 6, adjusted);
    for (int i = 0; i < 6; i++) cr_assert(epsilon_eq(dbl, adjusted[i], bh[i], 1e-12));
}

Test(paired, what_was_not_tested_costs_nothing)
{
    const double p[] = {.01, NAN, .02};
    double adjusted[3];
    family_holm(p, 3, adjusted);
    cr_assert(epsilon_eq(dbl, adjusted[0], .02, 1e-12));
    cr_assert(isnan(adjusted[1]));
    cr_assert(epsilon_eq(dbl, adjusted[2], .02, 1e-12));
}
