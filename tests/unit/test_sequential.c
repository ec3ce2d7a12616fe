/* tests/unit/test_sequential.c: the plan spends what it may, and no more. Vectors: tables of O'Brien and
 * Fleming's test (Jennison and Turnbull, "Group Sequential Methods", table 2.3), and R's pmvnorm. */
#include "reports/sequential.h"
#include "reports/stats.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(sequential, a_single_look_spends_everything)
{
    const uint32_t pairs[] = {30};
    double alphas[1];
    sequential_plan(pairs, 1, 0.05, alphas);
    cr_expect(epsilon_eq(dbl, alphas[0], 0.05, 1e-6));
}

/* The last look's critical z for equal steps: 2.004 of three, 2.024 of four, 2.040 of five. */
Test(sequential, equal_steps_have_the_published_constants)
{
    static const double PUBLISHED[] = {1.960, 1.977, 2.004, 2.024, 2.040};
    for (uint32_t count = 1; count <= 5; count++) {
        uint32_t pairs[5];
        double alphas[5];
        for (uint32_t k = 0; k < count; k++) pairs[k] = 10 * (k + 1);
        sequential_plan(pairs, count, 0.05, alphas);
        cr_expect(epsilon_eq(dbl, -stats_normal_quantile(alphas[count - 1] / 2), PUBLISHED[count - 1], 6e-4),
                  "%u looks", count);
    }
}

Test(sequential, looks_at_ten_twenty_and_thirty_pairs_spend_what_the_literature_says)
{
    const uint32_t pairs[] = {10, 20, 30};
    double alphas[3];
    sequential_plan(pairs, 3, 0.05, alphas);
    cr_expect(epsilon_eq(dbl, alphas[0], 0.00052, 1e-5));
    cr_expect(epsilon_eq(dbl, alphas[1], 0.0141, 1e-4));
    cr_expect(epsilon_eq(dbl, alphas[2], 0.0451, 1e-4));
}

Test(sequential, unequal_steps_spend_less_early)
{
    const uint32_t pairs[] = {6, 30};
    double alphas[2];
    sequential_plan(pairs, 2, 0.05, alphas);
    cr_expect(lt(dbl, alphas[0], 2e-5));
    cr_expect(gt(dbl, alphas[1], 0.0499));
}
