/* cli/sweep.h: `benchmark speculation --sweep`: a design of benchmarks, their response, and what is written.
 */
#pragma once
#include "cli/flags.h"

bool sweep_is_wanted(const struct args *args);
/* In place of a single benchmark. */
MUST_USE err sweep_run(struct args *args, struct diag *diag);
