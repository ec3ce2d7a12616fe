/* reports/bench.h: a benchmark's result: what was asked, every run, and what they say together.
 *
 * summary: medians over runs of the per-run figures and quantiles (semantics.md
 * 28), sums of counters, extremes of all runs (reports/run_fields.h); a latency's
 * count, mean, min and max are those of all runs together; summary.histograms are
 * the merged ones, spread.pooled their quantiles. Targets are judged on the summary. JSON: schema
 * "agenc.bench/1", docs/schemas/bench-1.json; a figure that an earlier tool did not write is read as NAN, a
 * counter by reason as 0, what the rest rests on must be there. Memory: an arena of the result's own holds
 * every text; bench_free gives all back. Errors: bench_write ERR_IO; bench_read ERR_IO, ERR_SYNTAX, ERR_RANGE
 * with file:line:column or the path of the field, ERR_NOMEM. */
#pragma once
#include "base/sha256.h"
#include "engine/engine.h"
#include "reports/result.h"
#include <stdio.h>

/* A name and a value as JSON wants it: text, whole number, number or boolean. */
enum bench_value_kind { BENCH_TEXT, BENCH_INTEGER, BENCH_NUMBER, BENCH_BOOLEAN };
struct bench_pair {
    const char *name;
    enum bench_value_kind kind;
    const char *text;
    int64_t integer; /* also of BENCH_BOOLEAN */
    double number;   /* also of BENCH_INTEGER */
};
struct bench_section {
    struct bench_pair *pairs; /* sorted by name when written */
    uint32_t count, capacity;
};

enum bench_target_sense { TARGET_AT_MOST, TARGET_AT_LEAST }; /* "<" and ">=" in text */
struct bench_target {
    const char *name;   /* "result.p99", "rollback_rate", "throughput_share": see bench_metric */
    const char *target; /* as people read it: "< 5 s" */
    enum bench_target_sense sense;
    double bound, value; /* in the metric's unit; value NAN: the sample cannot tell, a MISS or no data */
    bool pass;
};

/* What cannot be told from one run. */
struct bench_spread {
    double throughput_cv;                  /* share, over runs; NAN with one run */
    double rollback_rate_interval[2];      /* 95 %, Wilson, pooled counts */
    double latency_cv[LATENCY_KIND_COUNT]; /* of the per-run p50 */
    double latency_interval[LATENCY_KIND_COUNT][QUANTILE_COUNT]
                           [2]; /* 95 %, order statistics of the pooled sample; NAN: unsupported */
    struct latency pooled[LATENCY_KIND_COUNT];
};

/* From here on runs differ too much (the tuning guide's), and percentiles grow with the duration because the
 * provers are overloaded (semantics.md 4). Shares. */
#define BENCH_CV_MOST    0.10
#define BENCH_OVERLOADED 0.95

enum { BENCH_TARGETS_MOST = 32, BENCH_COMMAND_MOST = 520 };

struct bench_result {
    const char *name;              /* of the test: the output file's name without .json */
    const char *version, *commit;  /* of the tool */
    char digest[SHA256_HEX_BYTES]; /* SHA-256 of the file it was read from, in hex; "" when it was not. Not
                                      written */
    const char *command[BENCH_COMMAND_MOST];
    uint32_t command_count;
    uint64_t seed;
    uint32_t runs, agents;
    int64_t duration_ns, warmup_ns;
    struct bench_section config, workload, chain, prover, environment;
    struct run_metrics *per_run, *baseline; /* arrays of `runs`; baseline NULL without that arm */
    struct run_metrics summary, baseline_summary;
    struct bench_spread spread, baseline_spread;
    struct bench_target targets[BENCH_TARGETS_MOST];
    uint32_t target_count;
    uint64_t trajectory_hash; /* over the runs' hashes, in order */
    double wall_seconds;      /* of the whole, all cores */
    bool interrupted;
    struct engine_stats before, after; /* of the first run: at its start, at its last arrival. Not written */
    struct engine_memory memory_after;
    struct settings settings; /* Not written: config is its text */
    struct arena *texts;
};

/* An empty result for `runs` runs. ERR_NOMEM. */
MUST_USE err bench_open(struct bench_result **out, uint32_t runs, bool has_baseline);
void bench_free(struct bench_result *result); /* NULL is fine */

const char *bench_text(struct bench_result *result,
                       const char *text); /* a copy that lives as long; ASSERTs room */
/* "out/latency.json" is the test "latency", and so is the scenario "latency.toml". */
void bench_name_after(struct bench_result *result, const char *path);
void bench_put_text(struct bench_result *result, struct bench_section *section, const char *name,
                    const char *text);
void bench_put_integer(struct bench_result *result, struct bench_section *section, const char *name,
                       int64_t integer);
void bench_put_number(struct bench_result *result, struct bench_section *section, const char *name,
                      double number);
void bench_put_boolean(struct bench_result *result, struct bench_section *section, const char *name,
                       bool value);

const struct bench_pair *bench_get(const struct bench_section *section, const char *name); /* NULL: none */
double bench_number(const struct bench_section *section, const char *name); /* NAN: none, or no number */

/* The metric a target or comparison names, from the summary, in its unit; false when there is no such name.
 * Names: <latency>.<quantile|mean|min|max> in s, throughput (tasks/s), throughput_share (of offered),
 * rollback_rate (share), memory_per_active_task, memory_mean, memory_peak (bytes), ...: the table of
 * reports/run_fields.h, which also finds them in a single run. */
bool bench_metric(const struct bench_result *result, const char *name, double *out);
/* "result.p99<2s", "rollback_rate<5%", "throughput_share>=95%"; spaces are fine. A target is the text that
 * was given, judged by bench_summarise. ERR_SYNTAX, ERR_RANGE, ERR_LIMIT. */
MUST_USE err bench_add_target(struct bench_result *result, const char *text, struct diag *diag);
void bench_judge(struct bench_result *result); /* the targets' values and verdicts, from the summary */
MUST_USE err bench_add_default_targets(
    struct bench_result *result, struct diag *diag); /* of the tuning guide; after the workload is put */

/* What spread.rollback_rate_interval is about: all runs together, where summary.rollback_rate is the median
 * over runs. NAN without speculative tasks. */
double bench_pooled_rollback_rate(const struct run_metrics *summary);

/* No task of any run arrived in the time that is measured: no figure says anything, every target is "no
 * data", which is no pass. */
bool bench_is_empty(const struct bench_result *result);

/* Fills summary, spread, targets' values and the hash from the runs. Runs that an interrupt kept from
 * beginning (their metrics zeroed) are dropped, and the baseline arm with them when it is not complete.
 * ERR_NOMEM. */
MUST_USE err bench_summarise(struct bench_result *result);

MUST_USE err bench_write(const struct bench_result *result, const char *path, struct diag *diag);
MUST_USE err bench_read(struct bench_result **out, const char *path, struct diag *diag);

/* Names for what was offered and for what served it, equal when these are: of the workload with times and
 * agents; of configuration, chain and prover. */
void bench_load_digest(const struct bench_result *result, char out[SHA256_HEX_BYTES]);
void bench_settings_digest(const struct bench_result *result, char out[SHA256_HEX_BYTES]);

/* Per second of virtual time and latency kind, log 1.3 of HdrHistogram; tags are the kinds' names. */
MUST_USE err bench_write_hlog(const struct bench_result *result, const char *path, struct diag *diag);

/* The terminal's summary (product.md 6), and the percentile table of every latency. */
void bench_print(const struct bench_result *result, FILE *out, bool in_color);
void bench_print_latency(const struct bench_result *result, FILE *out);
