/* reports/report.h: the report of a folder of benchmark results, in Markdown and HTML.
 *
 * Every *.json in the folder is a result (reports/bench.h) and so is every one
 * in its subfolders, whose names then stand beside the tests: prod/latency.json
 * against low-latency/latency.json. Links to folders are not followed, and
 * results deeper down are warned of. The five tests of the tuning guide come
 * first, under their titles; others follow by name.
 * The Markdown's images lie beside it, in a folder of its name and "_files".
 * Same files and gnuplot, same bytes. Documents are written whole or not at all.
 * Errors: ERR_IO folder cannot be read or holds no result, a *.json is no regular file, output cannot be
 * written, gnuplot missing or failed; ERR_SYNTAX, ERR_RANGE a file that is no
 * result, by its name: none is left out in silence; ERR_LIMIT more than
 * REPORT_TESTS_MOST; ERR_USAGE an output would overwrite the other or a result;
 * ERR_INTERRUPTED; ERR_NOMEM. Whatever fails, files and folders of this call are gone. */
#pragma once
#include "reports/bench.h"
#include "reports/chart.h"
#include "reports/document.h"
#include <signal.h>

enum { REPORT_TESTS_MOST = 128, REPORT_TITLE_BYTES = 128, REPORT_TEXT_BYTES = 1536 };

struct report_options {
    const char *input_folder, *markdown_path;
    const char *html_path;             /* NULL: none */
    const char *const *other_outputs;  /* ends with NULL; NULL: none */
    FILE *terminal;                    /* gets verdict, headline rows and where the report is; NULL: none */
    FILE *log;                         /* gets warnings; NULL: none */
    uint32_t workers;                  /* gnuplot processes at a time */
    bool is_figures_only;              /* samples are given back as soon as a result is read */
    const volatile sig_atomic_t *stop; /* not 0: give up; NULL: never */
};

/* What came out, for the terminal. */
struct report_outcome {
    uint32_t tests, tests_missed, targets, targets_missed;
    uint32_t tests_empty; /* without data: their targets are not counted */
};
MUST_USE err report_create(const struct report_options *options, struct report_outcome *out,
                           struct diag *diag);

/* The parts below are for report_*.c and tests. */

struct report_test {
    char *group; /* name of the subfolder; "" for the folder itself; ours */
    struct bench_result *result;
    char title[REPORT_TITLE_BYTES];
    char file_name[REPORT_TITLE_BYTES]; /* where images begin: letters, digits, - and _ */
    const char *question;               /* what the test asks; NULL for a test of the user's own */
    uint32_t rank;                      /* in the suite */
    uint32_t first_plot;                /* in the document; the others follow */
};

struct report_inputs {
    const struct report_options *options; /* the caller's */
    struct report_test *tests;
    uint32_t count;
    bool has_groups;
};
MUST_USE err report_inputs_read(struct report_inputs *out, const struct report_options *options,
                                struct diag *diag);
/* The same, and of a file that options->input_folder names the one result. */
MUST_USE err report_inputs_read_path(struct report_inputs *out, const struct report_options *options,
                                     struct diag *diag);
/* Takes a result: titles, rank. The result is the inputs' even on failure. ERR_NOMEM, ERR_LIMIT. */
MUST_USE err report_inputs_add(struct report_inputs *inputs, const char *group, struct bench_result *result,
                               struct diag *diag);
void report_inputs_keep(struct report_inputs *inputs, uint32_t index); /* closes all others */
void report_inputs_sort(struct report_inputs *inputs);
void report_inputs_close(struct report_inputs *inputs); /* fine on a zeroed one */
struct report_outcome report_judge(const struct report_inputs *inputs);

/* `inputs`: struct report_inputs. */
MUST_USE err report_write_page(const struct page *page, const void *inputs, struct diag *diag);
void report_write_verdict(const struct page *page, const struct report_inputs *inputs); /* report_verdict.c */
MUST_USE err report_write_test(const struct page *page, const struct report_test *test,
                               struct diag *diag); /* report_test.c */
MUST_USE err report_write_details(const struct page *page, const struct report_test *test,
                                  struct diag *diag); /* report_details.c */

/* report_command.c */
void report_print_word(FILE *out, const char *word); /* a space and the word, quoted for a shell */
MUST_USE err report_write_reproduction(const struct page *page, const struct bench_result *result,
                                       struct diag *diag);

/* Numbers as people read them: metric_write in a struct of its own. */
struct report_number {
    char text[48];
};
/* The text of a setting, whatever its kind; "none" of NULL. */
struct report_value {
    char text[GRID_TEXT_BYTES];
};
struct report_value report_value(const struct bench_pair *pair);
struct report_number report_metric(const struct run_metrics *metrics, const char *name);
struct report_number report_duration(int64_t ns);
struct report_number report_count(uint64_t count);  /* 29,134 */
struct report_number report_sol(uint64_t lamports); /* 0.001234567: exact, without unit */
/* printf at the end of `text`, which has REPORT_TEXT_BYTES; what does not fit is cut. */
void report_say(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
