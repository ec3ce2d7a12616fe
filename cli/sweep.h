/* cli/sweep.h: `benchmark speculation --sweep`: a design of benchmarks, their response, and what is written.
 *
 * Memory: args stay the caller's; nothing outlives the call but files.
 * Errors: ERR_USAGE a factor or option that makes no sense, before anything runs; those of points_run, of
 * files and of documents. ERR_INTERRUPTED: results of whole points stay. */
#pragma once
#include "cli/flags.h"

bool sweep_is_wanted(const struct args *args);
/* In place of a single benchmark. */
MUST_USE err sweep_run(struct args *args, struct diag *diag);
