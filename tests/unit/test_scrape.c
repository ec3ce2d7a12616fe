/* tests/unit/test_scrape.c: figures are found by their whole name, and thresholds are those of the ladder. */
#include "cli/scrape.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

static const char TEXT[] = "# HELP speculation_active_tasks how many\n"
                           "speculation_active_tasks 7\n"
                           "speculation_active_tasks_by_depth{depth=\"1\"} 5\n"
                           "speculation_rollback_total{reason=\"manual\"} 3\n"
                           "speculation_rollback_total{reason=\"proof_failed\"} 4.5\n"
                           "speculation_memory_usage_bytes 96\n"
                           "speculation_memory_usage_bytes{component=\"other\"} 96\n"
                           "speculation_memory_limit_bytes 100\n"
                           "speculation_proof_queue_depth 81\n"
                           "speculation_proof_queue_capacity 100\n"
                           "speculation_confirmation_latency_p99 NaN\n"
                           "speculation_enabled 0";

Test(scrape, finds_a_name_and_nothing_that_begins_like_it)
{
    double sum;
    cr_assert(epsilon_eq(dbl, scrape_value(TEXT, "speculation_active_tasks"), 7, 0));
    cr_assert(isnan(scrape_value(TEXT, "speculation_active")));
    cr_assert(scrape_sum(TEXT, "speculation_rollback_total", NULL, &sum));
    cr_assert(epsilon_eq(dbl, sum, 7.5, 0));
    cr_assert(scrape_sum(TEXT, "speculation_rollback_total", "reason=\"manual\"", &sum));
    cr_assert(epsilon_eq(dbl, sum, 3, 0));
    cr_assert(epsilon_eq(dbl, scrape_value(TEXT, "speculation_memory_usage_bytes"), 96, 0));
    cr_assert(not(scrape_sum(TEXT, "speculation_rollback_total", "reason=\"none\"", &sum)));
}

Test(scrape, conditions_come_the_worst_first_and_no_figure_is_no_condition)
{
    struct condition found[8];
    cr_assert(eq(uint, conditions_find(TEXT, found, 8), 3));
    cr_assert(eq(int, found[0].level, CONDITION_CRITICAL));
    cr_assert(eq(str, found[0].text, "memory at 96 % (critical above 95 %)"));
    cr_assert(eq(int, found[1].level, CONDITION_WARNING));
    cr_assert(eq(str, found[1].text, "proof queue at 81 % (warning above 80 %)"));
    cr_assert(eq(int, found[2].level, CONDITION_INFO));
    cr_assert(eq(uint, conditions_find(TEXT, found, 1), 3));
    cr_assert(eq(uint, conditions_find("", found, 8), 0));
}
