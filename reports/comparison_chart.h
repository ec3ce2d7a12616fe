/* reports/comparison_chart.h: the plots of one test before and after a change.
 *
 * Rows as in reports/chart.h; the subject is a struct comparison_test. */
#pragma once
#include "reports/chart_data.h"
#include "reports/comparison.h"

uint32_t comparison_chart_count(void);
const struct chart *comparison_chart_at(uint32_t index);

/* Data of the rows; see comparison_chart.c. */
bool comparison_has_result(const void *test);
bool comparison_has_shift(const void *test);
bool comparison_has_effects(const void *test);
bool comparison_has_pairs(const void *test);
bool comparison_has_latency(const void *test);
bool comparison_has_map(const void *test);
bool comparison_has_series(const void *test);
err comparison_write_percentiles(FILE *script, const void *test);
err comparison_write_shift(FILE *script, const void *test);
err comparison_write_effects(FILE *script, const void *test);
err comparison_write_pairs(FILE *script, const void *test);
err comparison_write_tails(FILE *script, const void *test);
err comparison_write_latency(FILE *script, const void *test);
err comparison_write_map(FILE *script, const void *test);
err comparison_write_timeline(FILE *script, const void *test);
