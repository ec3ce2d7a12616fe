/* tests/unit/test_change.c: percentages that do not lose their digits, and the balance of a change. */
#include "reports/change.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

Test(change, percent_divides_last)
{
    cr_assert(eq(dbl, change_percent(85, 82), -3.5));
    cr_assert(eq(dbl, change_percent(6.2, 4.8), -22.6));
    cr_assert(eq(dbl, change_percent(12, 4), -66.7));
    cr_assert(eq(dbl, change_percent(-10, -5), 50.0)); /* up is up */
    cr_assert(eq(dbl, change_percent(1000, 1001), 0.1));
}

Test(change, there_is_no_percentage_of_nothing)
{
    cr_assert(isnan(change_percent(0, 5)));
    cr_assert(isnan(change_percent(NAN, 5)));
    cr_assert(isnan(change_percent(5, INFINITY)));
}

Test(change, verdict_knows_the_direction)
{
    const struct change_metric *throughput = change_metric_find("throughput");
    const struct change_metric *memory = change_metric_find("memory_gb");
    cr_assert(throughput && memory && !change_metric_find("colour"));
    cr_assert(eq(int, change_verdict(throughput, 85, 82), CHANGE_WORSE));
    cr_assert(eq(int, change_verdict(throughput, 82, 85), CHANGE_BETTER));
    cr_assert(eq(int, change_verdict(memory, 6.2, 4.8), CHANGE_BETTER));
    cr_assert(eq(int, change_verdict(memory, 4.8, 6.2), CHANGE_WORSE));
    cr_assert(eq(int, change_verdict(memory, 100000, 100001), CHANGE_NONE));
    cr_assert(eq(int, change_verdict(memory, 0, 1), CHANGE_UNKNOWN));
}

Test(change, net_assessment_weighs_better_against_worse)
{
    static const enum change_verdict VERDICTS[] = {CHANGE_BETTER, CHANGE_WORSE, CHANGE_BETTER,
                                                   CHANGE_UNKNOWN};
    cr_assert(eq(int, change_net(VERDICTS, 4), NET_POSITIVE));
    cr_assert(eq(int, change_net(VERDICTS, 2), NET_NEUTRAL));
    cr_assert(eq(int, change_net(VERDICTS + 1, 1), NET_NEGATIVE));
    cr_assert(eq(str, (char *)net_assessment_name(NET_POSITIVE), "POSITIVE"));
}
