/* tests/lib/bench_fixture.h: a result with every field filled, without a simulation behind it. */
#pragma once
#include "reports/bench.h"

enum { FIXTURE_VALUES = 4000, FIXTURE_SERIES = 5 };

/* Run r differs from run 0 in every figure; sums of tasks and money hold. Not yet summarised. */
struct bench_result *bench_fixture_runs(uint32_t runs, bool has_baseline);
/* The same with default targets, summarised. */
struct bench_result *bench_fixture(uint32_t runs, bool has_baseline);

/* An empty folder of this test's own; the file `name` in it; free() both. */
char *fixture_folder(void);
char *fixture_path(const char *folder, const char *name);
/* The files in it; the folder and all in it is removed by fixture_remove, which frees it too. */
int fixture_file_count(const char *folder);
void fixture_remove(char *folder);
