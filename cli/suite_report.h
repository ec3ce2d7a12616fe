/* cli/suite_report.h: what the suite leaves beside its results. */
#pragma once
#include "cli/flags.h"
#include "reports/bench.h"

enum { SUITE_PATH_BYTES = 1024 }; /* of any file in the folder; longer folders are refused before */

/* FOLDER/pre_status.txt, pre_metrics.txt (before the first test), post_status.txt, post_metrics.txt (at the
 * last arrival of the last test): the state of the first run's engine. */
MUST_USE err suite_write_states(const char *folder, struct bench_result *const *results, uint32_t count,
                                struct diag *diag);
