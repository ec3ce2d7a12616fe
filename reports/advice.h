/* reports/advice.h: what the tuning guide would do about a result, each piece with what it was seen in.
 *
 * The rules of engine.md 2.13 as a table, evaluated on the summary, the settings
 * and the series. Rules about the same setting stand in the order of how much
 * they matter, and only the first that applies speaks: what must be lowered for
 * safety is not raised for comfort. Advice is where to look, not what was
 * proven: `benchmark compare` says whether it helped.
 * Errors: none; what a result does not hold is no reason to speak. */
#pragma once
#include "reports/bench.h"

enum { ADVICE_MOST = 16, ADVICE_TEXT_BYTES = 200, ADVICE_SETTING_BYTES = 96 };

struct advice {
    const char *key;                    /* of the configuration */
    char setting[ADVICE_SETTING_BYTES]; /* "speculation.max_depth=4": to try it with --set */
    char action[ADVICE_TEXT_BYTES];     /* "lower speculation.max_depth from 5 to 4" */
    char evidence[ADVICE_TEXT_BYTES]; /* "12.3 % of speculative tasks were rolled back, the guide allows 10 %"
                                       */
};

/* How many; in the order of the table. */
uint32_t advice_of(const struct bench_result *result, struct advice out[ADVICE_MOST]);
