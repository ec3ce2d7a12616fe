/* sim/chaos_scenario_file.h: where the files of scenarios are (sim/chaos_scenarios.c), for chaos_scenario.c.
 */
#pragma once
#include "sim/chaos_scenario.h"

/* "../chain", "load": from scenarios/chaos. */
MUST_USE err scenario_folder(const char *folder, const char *name, char out[SCENARIO_PATH_BYTES],
                             struct diag *diag);
/* The file that `name` means. ERR_USAGE none, with the nearest. */
MUST_USE err scenario_find(const char *folder, const char *name, char out[SCENARIO_PATH_BYTES],
                           struct diag *diag);
