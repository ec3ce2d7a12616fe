/* tests/unit/test_scrape.c: figures are found by their whole name, and thresholds are those of the ladder. */
#include "cli/scrape.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char TEXT[] = "# HELP speculation_active_tasks how many\n"
                           "speculation_active_tasks 7\n"
                           "speculation_active_tasks_by_depth{depth=\"1\"} 5\n"
                           "speculation_rollback_total{reason=\"manual\"} 3\n"
                           "speculation_rollback_total{reason=\"proof_failed\"} 4.5\n"
                           "speculation_memory_usage_bytes 96\n"
                           "speculation_memory_usage_bytes{component=\"other\"} 96\n"
                           "speculation_memory_limit_bytes 100\n"
                           "speculation_proof_queue_depth 86\n"
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
    cr_assert(eq(str, found[1].text, "proof queue at 86 % (warning above 85 %)"));
    cr_assert(eq(int, found[2].level, CONDITION_INFO));
    cr_assert(eq(uint, conditions_find(TEXT, found, 1), 3));
    cr_assert(eq(uint, conditions_find("", found, 8), 0));
}

/* ---- the ladder that alerts and panels are written from ---- */

static double ladder(const char *name)
{
    FILE *file = fopen("ops/prometheus/thresholds.txt", "r");
    cr_assert(ne(ptr, file, NULL));
    char line[256], word[64];
    double value = NAN, read;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "%63s %lf", word, &read) == 2 && strcmp(word, name) == 0) value = read;
    fclose(file);
    cr_assert(isfinite(value), "%s", name);
    return value;
}

static int level_at(const char *metric, const char *limit, double value)
{
    char text[256];
    struct condition found[4];
    snprintf(text, sizeof text, "%s %.9g\n%s 1\n", metric, value, limit ? limit : "none");
    return conditions_find(text, found, 4) ? (int)found[0].level : -1;
}

Test(scrape, a_condition_begins_where_the_alert_of_its_level_does)
{
    static const struct {
        const char *name, *metric, *limit;
        int level;
    } ROWS[] = {
        {"rollback_elevated", "speculation_rollback_rate", NULL, CONDITION_WARNING},
        {"rollback_high", "speculation_rollback_rate", NULL, CONDITION_CRITICAL},
        {"queue_high", "speculation_proof_queue_depth", "speculation_proof_queue_capacity",
         CONDITION_WARNING},
        {"queue_page", "speculation_proof_queue_depth", "speculation_proof_queue_capacity",
         CONDITION_CRITICAL},
        {"memory_high", "speculation_memory_usage_bytes", "speculation_memory_limit_bytes",
         CONDITION_WARNING},
        {"memory_page", "speculation_memory_usage_bytes", "speculation_memory_limit_bytes",
         CONDITION_CRITICAL},
        {"stake_high", "speculation_stake_utilization", NULL, CONDITION_WARNING},
        {"depth_near", "speculation_current_depth", "speculation_max_depth", CONDITION_WARNING},
        {"confirmation_p99_s", "speculation_confirmation_latency_p99", NULL, CONDITION_CRITICAL},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        double value = ladder(ROWS[i].name);
        cr_assert(eq(int, level_at(ROWS[i].metric, ROWS[i].limit, value * 1.001), ROWS[i].level), "%s",
                  ROWS[i].name);
        cr_assert(lt(int, level_at(ROWS[i].metric, ROWS[i].limit, value), ROWS[i].level), "%s", ROWS[i].name);
    }
}
