/* cli/view.h: JSON as people read it: tables of arrays, lines of objects.
 *
 * A column (or a line) names a field by its path from the object: "stake.locked". What is missing or null is
 * "-"; of another type than the column's is a lie of the server, and said so (ERR_IO). */
#pragma once
#include "base/json.h"

enum cell_kind {
    CELL_TEXT,
    CELL_NUMBER,  /* whole, or with at most three decimals */
    CELL_SECONDS, /* as 431 ms, 13.62 s, 21.3 min */
    CELL_SOL,     /* of lamports */
    CELL_BYTES,   /* as MB */
    CELL_PERCENT, /* of a share of one */
    CELL_BOOL,    /* yes, no */
    CELL_COUNT,   /* how many elements an array has */
};

struct column {
    const char *title, *path;
    enum cell_kind kind;
};

/* Columns end with {0}. An empty array prints `nothing`. */
MUST_USE err view_table(FILE *out, const struct json_node *array, const struct column *columns,
                        const char *nothing, struct diag *diag);
MUST_USE err view_lines(FILE *out, const struct json_node *object, const struct column *lines,
                        struct diag *diag);

enum { CELL_BYTES_MOST = 160 };
MUST_USE err view_cell(const struct json_node *object, const struct column *column, char out[CELL_BYTES_MOST],
                       struct diag *diag);
