/* loadgen/text.h: private to loadgen: the small pieces its grammars are made of.
 *
 * Numbers are plain decimals (base/decimal.h), so nan, inf, hex and trailing
 * letters are errors. Errors: ERR_SYNTAX, ERR_RANGE, ERR_IO, ERR_NOMEM; the line
 * names `what` (the option or key) and what would be right. */
#pragma once
#include "base/err.h"
#include <stdint.h>

struct text_bounds {
    const char *what;
    double min, max;
};

MUST_USE err text_number(const char *text, const struct text_bounds *bounds, double *out, struct diag *diag);
MUST_USE err text_count(const char *text, const struct text_bounds *bounds, uint32_t *out, struct diag *diag);

/* "root=.3,chain=.7": each name at most once, absent ones 0, together 1. */
struct text_share {
    const char *name;
    double *share; /* where it goes; all are written, on failure too */
};
struct text_share_set {
    const char *what;
    const struct text_share *shares;
    uint32_t count;
};
MUST_USE err text_shares(const struct text_share_set *set, const char *text, struct diag *diag);

/* Cuts text at the first `mark`: returns what follows, NULL when there is none. */
char *text_cut(char *text, char mark);

/* A file of lines: `#` begins a comment, blank lines are skipped, ends are trimmed. */
struct text_lines {
    char *content, *next; /* content: ours */
    const char *path;     /* borrowed */
    uint32_t line;        /* of the last line given */
};
MUST_USE err text_lines_open(struct text_lines *out, const char *what, const char *path, struct diag *diag);
/* "file:12": where the last line given stands. */
enum { TEXT_PLACE_BYTES = 300 };
void text_lines_place(const struct text_lines *lines, char out[TEXT_PLACE_BYTES]);
void text_lines_close(struct text_lines *lines);
char *text_lines_next(struct text_lines *lines); /* NULL at the end; may be cut up */
