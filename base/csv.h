/* base/csv.h: tables of numbers as people export them, read strictly.
 *
 * The caller says which forms a file may have; a form is a list of columns, and
 * the file's is the one whose first column its header names. Columns may stand
 * in any order, one that is not needed may be missing, none may stand twice and
 * none may be unknown. Fields are apart by commas; one may stand in quotes, which
 * then holds neither quotes nor line ends. Lines end with LF or CRLF; a mark of
 * UTF-8 (BOM) before the header is passed over; empty lines are refused.
 * Numbers are finite, 0 .. CSV_NUMBER_MOST, with a decimal point.
 * Memory: the columns are the table's, until csv_close.
 * Errors, with file:line:column (characters, from 1) and what would be right:
 * ERR_SYNTAX, ERR_RANGE; ERR_LIMIT beyond CSV_ROWS_MOST rows; ERR_NOMEM; of a file
 * ERR_IO. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CSV_COLUMNS_MOST = 16, CSV_ROWS_MOST = 10000000, CSV_BYTES_MOST = 1 << 30 };
#define CSV_NUMBER_MOST 1e15

enum csv_kind {
    CSV_NUMBER,
    CSV_COUNT, /* a whole number */
    CSV_WORD,  /* one of `words`: stored as its index */
};

struct csv_column {
    const char *name;
    enum csv_kind kind;
    bool is_needed, may_be_empty;
    const char *const *words; /* ends with NULL */
};

struct csv_form {
    const char *name; /* "slots", for messages */
    const struct csv_column *columns;
    uint32_t column_count; /* 1 .. CSV_COLUMNS_MOST */
};

struct csv_text {
    const char *name; /* of the file, for messages */
    const char *bytes;
    size_t size_bytes;
    uint32_t lines_before; /* of the file, for messages */
};

struct csv_table {
    const char *file;                     /* its name, borrowed; NULL: from no file */
    uint32_t form, row_count, first_line; /* of the file; a row is a line */
    double *values[CSV_COLUMNS_MOST];     /* by column of the form; NULL: not in the file. NAN: empty */
};

struct csv_forms {
    const struct csv_form *forms;
    uint32_t count;
};

MUST_USE err csv_read(const struct csv_text *text, const struct csv_forms *forms, struct csv_table *out,
                      struct diag *diag);
/* ERR_RANGE with the row's file:line, for those who find sense missing in what was read; rows from 0. */
MUST_USE err csv_refuse_row(const struct csv_table *table, uint32_t row, struct diag *diag,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));
void csv_close(struct csv_table *table); /* fine on a zeroed one */
