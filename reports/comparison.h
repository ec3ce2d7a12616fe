/* reports/comparison.h: results before and after a change, metric by metric.
 *
 * The unit is a run. Runs of both arms with the same seed and number saw the same
 * arrivals, executions, proofs, chain and failures: they are pairs, and what
 * differs within a pair is the change (paired.h). Arms of different seeds are
 * compared by ranks (unpaired.h) and labelled so.
 * Effects are ratios, exp(mean of ln(after / before)) - 1, where every value is
 * above 0; else differences in the metric's unit, and so are intervals.
 * Verdicts, at 95 %: no difference when the interval of the mean lies within
 * COMPARISON_MARGIN; better or worse when p, adjusted for the family, is below
 * 0.05; else inconclusive. The primary metrics of all tests are one family, by
 * the largest t of all choices of signs when their pairs are the same, else by
 * Holm; the others are exploratory, by Benjamini and Hochberg. Arms that agree
 * in every run do so exactly: no difference, however few runs.
 * Source: statistics.md 4. Same results, same bytes. Errors: ERR_NOMEM; ERR_RANGE results that measured
 * different things, with the first difference; ERR_USAGE no test in both. */
#pragma once
#include "reports/family.h"
#include "reports/paired.h"
#include "reports/report.h"
#include "reports/run_fields.h"
#include "reports/signflip.h"
#include "reports/unpaired.h"

enum { COMPARISON_METRICS_MOST = 32, COMPARISON_SHIFTS = 21, COMPARISON_SEED = 1 };
_Static_assert((int)REPORT_TESTS_MOST *(int)COMPARISON_METRICS_MOST <= (int)FAMILY_MOST &&
                   (int)FAMILY_MOST <= (int)SIGNFLIP_MEASURES_MOST,
               "a family has room for all metrics of all tests");
#define COMPARISON_MARGIN     0.01
#define COMPARISON_CONFIDENCE 0.95

enum comparison_sense { LOWER_IS_BETTER, HIGHER_IS_BETTER, NEITHER_IS_BETTER };
struct comparison_metric {
    const char *name, *label; /* as run_metric_find knows it; as people do */
    enum comparison_sense sense;
    bool is_primary;
};
uint32_t comparison_metric_count(void);
const struct comparison_metric *comparison_metric_at(uint32_t index);
const struct comparison_metric *comparison_metric_find(const char *name); /* NULL: none */

enum comparison_verdict {
    VERDICT_BETTER,
    VERDICT_WORSE,
    VERDICT_CHANGED, /* more than chance, of a metric that has no better side */
    VERDICT_SAME,
    VERDICT_INCONCLUSIVE,
    VERDICT_LOST,      /* every run before has a value, some run after has none: too few tasks finish */
    VERDICT_NO_VALUES, /* else: some run has none */
};
const char *comparison_verdict_name(enum comparison_verdict verdict); /* "No difference" */

struct comparison_row {
    const struct comparison_metric *metric;
    enum metric_unit unit;
    uint32_t pairs;         /* 0 unpaired */
    double *before, *after; /* of each pair, or of each run of an arm; ours */
    double *differences;    /* of each pair, on the scale; NULL unpaired; ours */
    double median_before, median_after;
    bool is_ratio, is_identical;
    double mean, deviation; /* on the scale: logarithms of ratios; deviation NAN unpaired */
    double error, degrees; /* standard error of the mean, and the degrees of freedom that has; NAN: one run */
    struct interval limits; /* of the mean, on the scale */
    double shift;           /* Hodges-Lehmann, on the scale */
    struct interval shift_limits;
    double p, adjusted_p;
    double detectable, superiority; /* on the scale; the latter NAN when paired */
    enum comparison_verdict verdict;
};
/* Lost or never there: there is nothing to estimate. */
bool comparison_has_none(const struct comparison_row *row);
/* From the scale to what people read: a relative effect, or a difference in the unit. */
double comparison_effect(const struct comparison_row *row, double on_scale);

/* How much the arms differ at each percentile of the result latency: ln(after / before), band for all
 * together. Count 0: some run is too small. */
struct comparison_shift {
    uint32_t count;
    double shares[COMPARISON_SHIFTS], mean[COMPARISON_SHIFTS];
    struct interval limits[COMPARISON_SHIFTS];
};

struct comparison_test {
    const char *title, *file_name;
    const struct bench_result *before, *after;
    bool is_paired;
    uint32_t pairs;                   /* 0 unpaired */
    uint32_t before_runs, after_runs; /* that are compared: the first ones */
    struct comparison_row rows[COMPARISON_METRICS_MOST];
    struct comparison_shift shift;
    uint32_t first_plot; /* in the document */
};

/* A setting that differs. Texts are the results'. */
struct comparison_change {
    const char *section; /* "config", "chain", "prover", "supply", "build" */
    const char *name;
    const struct bench_pair *before, *after; /* NULL: not there */
    uint32_t order;                          /* of being found */
};

struct comparison {
    struct comparison_test *tests;
    uint32_t count;
    struct comparison_change *changes; /* between the first test's results, and others' not yet listed */
    uint32_t change_count;
    bool is_joint; /* the family's p are by the largest t, not Holm's */
    bool is_exact; /* p counts all choices of signs */
    bool is_identical;
    uint32_t left_out_before, left_out_after; /* tests without a partner */
    uint32_t runs_left_out;                   /* without a partner, in the tests that are compared */
};

/* `before` and `after` live longer. A single result on each side is compared whatever its name. */
MUST_USE err comparison_make(struct comparison *out, const struct report_inputs *before,
                             const struct report_inputs *after, struct diag *diag);
void comparison_free(struct comparison *comparison); /* fine on a zeroed one */

/* How many primary metrics of all tests have this verdict. */
uint32_t comparison_count(const struct comparison *comparison, enum comparison_verdict verdict);
/* All primary figures of all tests. */
uint32_t comparison_figures(const struct comparison *comparison);
/* Targets that were met before and are missed after. */
uint32_t comparison_targets_lost(const struct comparison *comparison);
const struct bench_target *comparison_target_like(const struct bench_result *result,
                                                  const struct bench_target *target); /* NULL: none */
/* Runs that the widest undecided primary metric would need to show `effect` (a share); 0: none undecided. */
uint32_t comparison_runs_for(const struct comparison *comparison, double effect);

/* comparison_pair.c: what is compared with what. ERR_RANGE as above. */
MUST_USE err comparison_match(struct comparison *out, const struct report_inputs *before,
                              const struct report_inputs *after, struct diag *diag);

/* A run's own interval of a quantile, ns: order statistics of its tasks. False: too few tasks. */
bool comparison_run_limits(const struct run_metrics *run, enum latency_kind kind,
                           enum latency_quantile quantile, struct interval *out);

/* comparison_row.c, comparison_shift.c. ERR_NOMEM. Adjusted p and verdicts are comparison.c's. */
MUST_USE err comparison_row_open(struct comparison_row *row, const struct comparison_test *test,
                                 const struct comparison_metric *metric);
MUST_USE err comparison_shift_make(struct comparison_test *test);
