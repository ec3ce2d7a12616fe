/* sim/chain_compare.h: how near the empirical chain is to the mechanistic one that its tables are from.
 *
 * Both run from the same seed, so that their causes are the same and only what
 * follows from them differs; with another seed than the tables', what they tell
 * is put to the test. Latencies by quantiles, forks and losses by their shares.
 * Errors: those of sim/chain_survey.h. */
#pragma once
#include "sim/chain_survey.h"

enum { CHAIN_COMPARE_SHARES = 4 };
extern const double CHAIN_COMPARE_SHARE[CHAIN_COMPARE_SHARES]; /* p50, p90, p99, p99.9 */

struct chain_comparison {
    struct chain_survey mechanism, table;
};

/* order->profile is empirical; order->samples is not used. */
MUST_USE err chain_compare(struct chain_comparison *out, const struct chain_survey_order *order,
                           struct diag *diag);
void chain_compare_close(struct chain_comparison *comparison);

/* Markdown: a row a latency, and a row a share. Returns the largest difference of a median, as a share. */
double chain_compare_print(const struct chain_comparison *comparison, FILE *out);
