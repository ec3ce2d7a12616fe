/* reports/history_trend.h: one metric over the results of a history: where it changed, on a page for people.
 *
 * A series is a test; its change points are those of reports/changepoint.h over the medians of its results in
 * order of time, at most the CHANGEPOINT_VALUES_MOST latest. Results whose median is not known are left out.
 * Nothing is judged: results that follow each other are more alike than chance would have it (one machine,
 * one day), and then change points are found too often.
 * Errors: ERR_NOMEM; ERR_USAGE no such metric; those of documents. */
#pragma once
#include "reports/changepoint.h"
#include "reports/comparison.h"
#include "reports/document.h"
#include "reports/history.h"

struct trend_metric {
    const char *name, *label;
    enum comparison_sense sense;
    enum metric_unit unit;
};
MUST_USE err trend_metric_find(struct trend_metric *out, const char *name, struct diag *diag);

enum { TREND_OTHERS_BYTES = 160 };
struct trend_change {
    uint32_t index; /* of the first entry after the change */
    double before, after, p;
    enum comparison_verdict verdict; /* better, worse or changed */
    char others[TREND_OTHERS_BYTES]; /* what else changed there: "load, commit a1 to b2"; "" for nothing */
};
struct trend {
    const struct history_entry *entries;
    uint32_t count;
    uint32_t known, first; /* entries with a median; the first of the latest that are looked at */
    struct trend_change changes[CHANGEPOINT_MOST];
    uint32_t change_count;
};
struct trends {
    const struct trend_metric *metric;
    struct trend *all; /* one a test, in the order of the list; ours */
    uint32_t count;
};
/* `list` was read with the metric and lives longer, as does `metric`. */
MUST_USE err trends_make(struct trends *out, const struct history_list *list,
                         const struct trend_metric *metric, struct diag *diag);
void trends_free(struct trends *trends); /* fine on a zeroed one */

MUST_USE err trends_write(const struct trends *trends, const struct document_options *options,
                          struct diag *diag);
/* A line a test, for a terminal. `scratch` is for its table. */
void trends_print(const struct trends *trends, FILE *out, struct grid *scratch);

/* "2026-11-21 12:00", UTC; "?" beyond the calendar. */
struct trend_time {
    char text[32];
};
struct trend_time trend_time(int64_t at_s);
