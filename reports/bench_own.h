/* reports/bench_own.h: what the files of bench.h share among themselves. */
#pragma once
#include "base/json.h"
#include "reports/bench.h"
#include "reports/run_fields.h"

#define BENCH_SCHEMA "agenc.bench/1"

/* bench_open with room for this much text (each one takes up to 64 bytes more). */
MUST_USE err bench_open_room(struct bench_result **out, uint32_t runs, bool has_baseline, size_t text_bytes);

/* The rank-th by name: JSON's keys are sorted, enumerations are not. */
enum latency_kind bench_latency_by_name(uint32_t rank);
enum series_kind bench_series_by_name(uint32_t rank);
uint32_t bench_list_by_name(const struct run_list *list, uint32_t rank); /* from list->first on */

/* reports/bench_read_run.c. Out-parameters belong to a result that is freed on failure. */
MUST_USE err bench_read_run(const struct json_node *run, struct run_metrics *out, struct diag *diag);
MUST_USE err bench_read_summary(const struct json_node *view, struct run_metrics *out,
                                struct bench_spread *spread, struct diag *diag);
/* `exact`: count, min, max and mean, which the encoded text rounds. */
MUST_USE err bench_read_histograms(const struct json_node *view, struct run_metrics *out,
                                   const struct latency exact[LATENCY_KIND_COUNT], struct diag *diag);
MUST_USE err bench_read_hash(const struct json_node *node, uint64_t *out, struct diag *diag);
