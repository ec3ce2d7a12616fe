/* reports/render.h: a document written once, in several languages.
 *
 * A report is said through these few operations; a renderer knows how its
 * language spells them. Every text is plain text from anywhere: the renderer
 * escapes it. Write errors stay in the stream, for file_commit.
 * Same calls, same bytes. */
#pragma once
#include "reports/plot.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    GRID_COLUMNS_MOST = 16,
    GRID_CELLS_MOST = 1536,
    GRID_TEXT_BYTES = 200, /* of a cell; longer ones end in "..." */
    RENDER_SLUG_BYTES = 160,
};

enum cell_kind {
    CELL_TEXT,
    CELL_NUMBER, /* to the right, digits of equal width */
    CELL_PASS,   /* a number that meets its target */
    CELL_MISS,
    CELL_CODE,
    CELL_LINK, /* to the heading of the same text */
};

struct cell {
    enum cell_kind kind;
    char text[GRID_TEXT_BYTES];
};

/* A table: columns first, then cells, row after row. */
struct grid {
    const char *caption; /* for those who cannot see it */
    struct cell columns[GRID_COLUMNS_MOST], cells[GRID_CELLS_MOST];
    uint32_t column_count, cell_count;
};
void grid_begin(struct grid *grid, const char *caption);
void grid_add_column(struct grid *grid, enum cell_kind kind, const char *title);
/* More than fit are a bug: asserted. */
void grid_add(struct grid *grid, enum cell_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
uint32_t grid_row_count(const struct grid *grid); /* asserts that the last row is full */

enum verdict_tone { TONE_GOOD, TONE_BAD, TONE_OPEN };
struct verdict {
    enum verdict_tone tone;
    const char *word, *text; /* the word is ours, in capitals */
};

struct figure {
    const char *title, *reading, *label; /* label: for those who cannot see it */
    const char *svg, *prefix;            /* of plot_write_svg, for renderers of PLOT_SVG */
    const char *path;                    /* of the image, relative to the document, for those of PLOT_PNG */
};

struct renderer {
    const char *name;
    enum plot_form form; /* of figures */
    void (*begin)(FILE *out, const char *title);
    void (*heading)(FILE *out, int level, const char *text); /* level 2 or 3; 2 can be linked to */
    void (*paragraph)(FILE *out, const char *text);
    void (*verdict)(FILE *out, const struct verdict *verdict);
    void (*table)(FILE *out, const struct grid *grid); /* nothing when it has no rows */
    void (*code)(FILE *out, const char *text);
    void (*figures_begin)(FILE *out);
    void (*figure)(FILE *out, const struct figure *figure);
    void (*figures_end)(FILE *out);
    void (*fold_begin)(FILE *out, const char *summary); /* shown on demand */
    void (*fold_end)(FILE *out);
    void (*end)(FILE *out);
};

extern const struct renderer RENDER_MARKDOWN, RENDER_HTML,
    RENDER_TEXT; /* the last: no figures, for a terminal */

/* The anchor of a heading, as GitHub makes it: lower case, spaces as '-', other punctuation left out. */
void render_slug(char out[RENDER_SLUG_BYTES], const char *heading);
