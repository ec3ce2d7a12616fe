/* reports/plot.h: pictures, drawn by gnuplot as a child process.
 *
 *   struct plot_batch *batch;
 *   TRY(plot_open(&batch, workers, diag));
 *   FILE *script = plot_begin(batch, PLOT_SVG, &image);    commands and data of one picture
 *   ...                                                    more pictures
 *   err e = plot_run(batch, NULL, diag);                   all of them, on `workers` processes
 *   if (e == OK) e = plot_read(batch, image, &bytes, diag);
 *   plot_free(batch);                                      the private folder goes too
 *
 * A script draws with the names of PLOT_COLORS, so that one template serves
 * both forms: PNG at twice its size on white, for Markdown; SVG on nothing,
 * whose colours plot_write_svg turns into the CSS variables of the page, for
 * light and dark. Scripts must not contain text from outside: gnuplot's
 * strings can run commands.
 * Same script and gnuplot, same bytes.
 * Errors: ERR_IO gnuplot is missing, fails or takes longer than PLOT_TIME_MAX_S,
 * with a line that names it; or the temporary folder cannot be had (TMPDIR). ERR_NOMEM.
 * Threads: none. */
#pragma once
#include "base/err.h"
#include "base/file.h"
#include <signal.h>
#include <stdint.h>
#include <stdio.h>

enum {
    PLOT_WIDTH = 520, /* of SVG, in CSS pixels: legible on a telephone as well */
    PLOT_HEIGHT = 310,
    PLOT_IMAGES_MOST = 4096,
    PLOT_WORKERS_MOST = 16,
    PLOT_TIME_MAX_S = 60, /* of a whole batch */
};

enum plot_form { PLOT_SVG, PLOT_PNG };

/* Name in scripts and CSS (there --name), colour in PNG and on light pages, colour on dark pages. The
 * series' colours are told apart by people with any kind of colour vision (after Okabe and Ito). */
#define PLOT_COLORS(X)                                                                                       \
    X(ink, "#1f2328", "#e6edf3")   /* text */                                                                \
    X(soft, "#59636e", "#9aa6b2")  /* axes, lesser text */                                                   \
    X(grid, "#e3e7eb", "#2c333c")  /* grid */                                                                \
    X(shade, "#eaedf1", "#242b34") /* what is not measured: warm-up, drain */                                \
    X(event, "#fbeac6", "#4a3a17") /* bursts, injected faults */                                             \
    X(main, "#0969b8", "#58b1f5")  /* with speculation */                                                    \
    X(other, "#c4560a", "#f09a4b") /* without */                                                             \
    X(third, "#0a8a66", "#3ecf9f")                                                                           \
    X(fourth, "#a23b84", "#e08ac6")

struct plot_batch;

MUST_USE err plot_open(struct plot_batch **out, uint32_t workers, struct diag *diag);
void plot_free(struct plot_batch *batch); /* NULL is fine */

/* The stream is the batch's. Write errors are kept for plot_run. At most PLOT_IMAGES_MOST (asserted). */
FILE *plot_begin(struct plot_batch *batch, enum plot_form form, uint32_t *image_out);
/* Once. `stop`: not 0: children are ended, ERR_INTERRUPTED; NULL: never. */
MUST_USE err plot_run(struct plot_batch *batch, const volatile sig_atomic_t *stop, struct diag *diag);
MUST_USE err plot_read(const struct plot_batch *batch, uint32_t image, struct file_bytes *out,
                       struct diag *diag);

/* The drawing without its frame, as an <svg> for a page of HTML: ids begin with `prefix`, colours are
 * variables, `label` (any text) is what a screen reader says. */
struct plot_svg {
    const char *svg, *prefix, *label;
};
void plot_write_svg(FILE *out, const struct plot_svg *plot);
