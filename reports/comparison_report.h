/* reports/comparison_report.h: the tuning report: what was changed, what it did, whether to keep it.
 *
 * Sections as the tuning guide has them: change, figures before and after,
 * impacts on both sides, net assessment, the way back as a command,
 * recommendation, raw data. Inputs are result files, or folders of them as
 * `benchmark report` reads them; tests are matched by name.
 * Same files, options and gnuplot, same bytes; whole or not at all.
 * Errors: those of reading results, of comparison_make and of documents. */
#pragma once
#include "reports/change.h"
#include "reports/comparison.h"

struct comparison_options {
    const char *before_path, *after_path;
    const char *markdown_path, *html_path, *json_path; /* the last two NULL: none */
    /* What people say about the change; NULL: not said. date: "2026-11-21". */
    const char *change_id, *parameter, *reason, *author, *date;
    const char *follow_up; /* a date */
    FILE *terminal;        /* gets verdict and the primary metrics; NULL: none */
    FILE *log;             /* gets warnings; NULL: none */
    uint32_t workers;
    const volatile sig_atomic_t *stop;
};

struct comparison_outcome {
    uint32_t tests, better, worse, same, inconclusive;
    uint32_t figures;     /* primary ones of all tests; those not counted above have no values */
    uint32_t fewest_runs; /* that are compared, of any test and side */
    uint32_t targets_lost;
    bool is_identical;
    enum net_assessment net;
};
MUST_USE err comparison_report(const struct comparison_options *options, struct comparison_outcome *out,
                               struct diag *diag);

/* The parts below are for comparison_*.c and tests. */

struct comparison_paper {
    const struct comparison_options *options;
    const struct comparison *comparison;
    struct comparison_outcome outcome;
};
struct comparison_outcome comparison_judge(const struct comparison *comparison);
MUST_USE err comparison_write_page(const struct page *page, const void *paper, struct diag *diag);
MUST_USE err comparison_write_json(const struct comparison_paper *paper, const char *path, struct diag *diag);
void comparison_write_verdict(const struct page *page, const struct comparison_paper *paper);
void comparison_write_primary(const struct page *page, const struct comparison_test *test);
void comparison_write_metrics(const struct page *page, const struct comparison_test *test);
void comparison_write_change(const struct page *page, const struct comparison_paper *paper);
void comparison_write_analysis(const struct page *page, const struct comparison_paper *paper);
MUST_USE err comparison_write_way_back(const struct page *page, const struct comparison_paper *paper,
                                       struct diag *diag);
void comparison_write_recommendation(const struct page *page, const struct comparison_paper *paper);

/* "-12.3 %", "+0.4 s": an effect as people read it, and with its interval. */
struct report_number comparison_effect_text(const struct comparison_row *row, double on_scale);
struct report_value comparison_change_text(const struct comparison_row *row);
