/* reports/document.h: a document in Markdown and HTML with its plots, whole or not at all.
 *
 *   struct document document;
 *   err e = document_open(&document, &options, diag);      the files are opened before any work
 *   ... document_add(&document, &plot, diag) ...           each plot, in the order of its index
 *   if (e == OK) e = document_write(&document, write_body, context, diag);
 *   document_close(&document);                             whatever was not finished is gone
 *
 * The Markdown's images lie beside it, in a folder of its name and "_files"; the
 * page holds its own. Same calls and gnuplot, same bytes.
 * Errors: ERR_USAGE both outputs are the same file; ERR_IO an output cannot be written, gnuplot missing or
 * failed; ERR_LIMIT more than DOCUMENT_PLOTS_MOST plots; ERR_INTERRUPTED; ERR_NOMEM. */
#pragma once
#include "base/file.h"
#include "reports/plot.h"
#include "reports/render.h"
#include <signal.h>

enum { DOCUMENT_PLOTS_MOST = 2048, DOCUMENT_NAME_BYTES = 256, DOCUMENT_PATH_BYTES = 4096 };

struct document_options {
    const char *markdown_path;
    const char *html_path;             /* NULL: none */
    uint32_t workers;                  /* gnuplot processes at a time */
    const volatile sig_atomic_t *stop; /* not 0: give up; NULL: never */
};

struct document_plot {
    char name[DOCUMENT_NAME_BYTES]; /* of the image's file, without .png: letters, digits, - and _ */
    err (*write)(FILE *script, const void *with); /* commands and data, at once; OK or ERR_NOMEM */
    const void *with;
    uint32_t image[2]; /* by enum plot_form */
};

struct document {
    struct document_options options;
    struct file_writer markdown, html;
    char image_folder[DOCUMENT_PATH_BYTES];
    struct plot_batch *batch;
    struct document_plot *plots;
    uint32_t plot_count;
    bool has_made_folder;
    struct grid *grid;
};

/* One of the two while it is being written; `grid` is scratch for its tables. */
struct page {
    const struct renderer *renderer;
    FILE *out;
    struct grid *grid;
    const struct document *document; /* NULL: a terminal's, which has no plots */
};

MUST_USE err document_open(struct document *out, const struct document_options *options, struct diag *diag);
/* The plot's index is the number of those added before. It is copied. */
MUST_USE err document_add(struct document *document, const struct document_plot *plot, struct diag *diag);
MUST_USE err document_write(struct document *document,
                            err (*write_body)(const struct page *page, const void *context,
                                              struct diag *diag),
                            const void *context, struct diag *diag);
void document_close(struct document *document); /* fine on a zeroed one */

/* Shows a plot: figure says title, reading and label; prefix (of ids) and image are filled in here. */
MUST_USE err page_plot(const struct page *page, uint32_t index, const struct figure *figure,
                       struct diag *diag);
