/* cli/progress.h: one line on stderr that says how far a long command is.
 *
 * Shown only on a terminal and without --quiet; redrawn at most ten times a
 * second, so that it may be called as often as is convenient. */
#pragma once
#include "cli/flags.h"

struct progress {
    FILE *out; /* NULL: not shown */
    const char *label;
    uint64_t total;
    int64_t drawn_ns; /* monotonic time of the last drawing; 0: none yet */
};

void progress_begin(struct progress *out, const struct args *args, const char *label, uint64_t total);
void progress_show(struct progress *progress, uint64_t done);
void progress_end(struct progress *progress); /* wipes the line */

/* The line itself: "label [#####.....]  50 %". done beyond total counts as total. */
enum { PROGRESS_TEXT_BYTES = 128 };
void progress_write(const struct progress *progress, uint64_t done, char out[PROGRESS_TEXT_BYTES]);
