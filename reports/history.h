/* reports/history.h: results over time, in a file of SQLite.
 *
 *   struct history *history;
 *   TRY(history_open(&history, &options, diag));
 *   err e = history_lock(history, diag);                  waits for other writers
 *   ... history_add(history, &record, &is_new, diag) ...   any number of results
 *   if (e == OK) e = history_commit(history, diag);
 *   history_close(history);                                 what was not committed is gone
 *
 * A result is its file: the same bytes under the same name of a test are kept once. Kept are who measured
 * what for how long, digests of load and settings, and of each metric (run_metric_name) the values of all
 * runs and their median; NULL where a run could not tell, and then the median is NULL too. Tables: result,
 * metric (name, median), value (run, value); `PRAGMA user_version` is the version of the form, and older
 * files are brought up to date when they are opened. Write-ahead log: readers do not wait. What may not be
 * written can be read all the same. The only user of SQLite. Threads: none; processes: any number. Errors:
 * ERR_IO the file cannot be opened, read or written, or others hold it longer than patience_ms; ERR_SYNTAX it
 * is no history, a damaged one, or a newer tool's; ERR_RANGE a result that says nothing; ERR_LIMIT a name too
 * long; ERR_NOMEM. */
#pragma once
#include "base/limits.h"
#include "reports/bench.h"

enum { HISTORY_VERSION = 2, HISTORY_PATIENCE_MS = 5000, HISTORY_TEST_BYTES = 256 };

struct history;

struct history_options {
    const char *path;
    bool may_create;
    uint32_t patience_ms;
};
MUST_USE err history_open(struct history **out, const struct history_options *options, struct diag *diag);
void history_close(struct history *history); /* NULL is fine */

struct history_record {
    const struct bench_result *result; /* that was read from a file */
    const char *test;                  /* name of the series it continues */
    const char *label;                 /* NULL: none */
    int64_t at_s;                      /* since 1970, UTC */
};
/* One line of fewer than LIMIT_NAME bytes; NULL is fine. ERR_SYNTAX, ERR_LIMIT. */
MUST_USE err history_check_label(const char *label, struct diag *diag);
MUST_USE err history_lock(struct history *history, struct diag *diag);
/* *is_new false: it was there already, and nothing is changed. */
MUST_USE err history_add(struct history *history, const struct history_record *record, bool *is_new,
                         struct diag *diag);
MUST_USE err history_commit(struct history *history, struct diag *diag);

struct history_entry {
    int64_t id, at_s, duration_ns;
    uint64_t seed;
    uint32_t runs;
    /* Control characters are '?'; label "" when there is none. */
    char test[HISTORY_TEST_BYTES], label[LIMIT_NAME], version[LIMIT_NAME], commit[LIMIT_NAME];
    char trajectory_hash[17], load[SHA256_HEX_BYTES], settings[SHA256_HEX_BYTES];
    double lowest, median, highest; /* of the query's metric, over runs; NAN: not known */
};
struct history_list {
    struct history_entry *entries; /* by test, then time; ours */
    uint32_t count;
};
struct history_query {
    const char *test;   /* NULL: all */
    const char *metric; /* NULL: none */
};
MUST_USE err history_read(struct history *history, const struct history_query *query,
                          struct history_list *out, struct diag *diag);
void history_list_free(struct history_list *list); /* fine on a zeroed one */
