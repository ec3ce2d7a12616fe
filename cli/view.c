/* cli/view.c: widths are those of the longest cell of a column; numbers stand to the right. */
#include "cli/view.h"
#include "base/duration.h"
#include "base/units.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MOST = 16, PATH_PARTS_MOST = 4 };

/* ---- one cell ---- */

/* The object that holds the last part of the path; false: something on the way is missing. */
static bool descend(struct json_node *node, const char *path, char last[LIMIT_NAME])
{
    const char *dot;
    while ((dot = strchr(path, '.'))) {
        char part[LIMIT_NAME];
        snprintf(part, sizeof part, "%.*s", (int)(dot - path), path);
        struct json_node inner;
        if (!json_has(node, part) || json_get_object(node, part, &inner, NULL) != OK) return false;
        *node = inner;
        path = dot + 1;
    }
    snprintf(last, LIMIT_NAME, "%s", path);
    return json_has(node, last);
}

static void print_number(char *out, double value)
{
    if (value == floor(value) && fabs(value) < 1e15)
        snprintf(out, CELL_BYTES_MOST, "%.0f", value);
    else
        snprintf(out, CELL_BYTES_MOST, "%.3f", value);
}

static void print_seconds(char *out, double seconds)
{
    char text[DURATION_TEXT_BYTES];
    bool is_span = seconds >= 0 && seconds < 9e9;
    duration_print_rounded(text, is_span ? (int64_t)(seconds * 1e9) : NEVER_NS);
    snprintf(out, CELL_BYTES_MOST, "%s", text);
}

static void print_amount(char *out, enum cell_kind kind, double value)
{
    switch (kind) {
    case CELL_SECONDS: print_seconds(out, value); break;
    case CELL_SOL: snprintf(out, CELL_BYTES_MOST, "%.9g SOL", value / (double)LAMPORTS_IN_SOL); break;
    case CELL_BYTES: snprintf(out, CELL_BYTES_MOST, "%.1f MB", value / (double)MIB); break;
    case CELL_PERCENT: snprintf(out, CELL_BYTES_MOST, "%.1f %%", 100 * value); break;
    default: print_number(out, value); break;
    }
}

static err print_count(const struct json_node *node, const char *key, char *out, struct diag *diag)
{
    struct json_node array;
    TRY(json_get_array(node, key, &array, diag));
    snprintf(out, CELL_BYTES_MOST, "%zu", json_count(&array));
    return OK;
}

err view_cell(const struct json_node *object, const struct column *column, char out[CELL_BYTES_MOST],
              struct diag *diag)
{
    char last[LIMIT_NAME];
    struct json_node node = *object;
    const char *text;
    double number;
    bool is_true;
    uint64_t whole;
    snprintf(out, CELL_BYTES_MOST, "-");
    if (!descend(&node, column->path, last)) return OK;
    err e = OK;
    if (column->kind == CELL_TEXT) {
        e = json_get_text(&node, last, &text, diag);
        if (e == OK) snprintf(out, CELL_BYTES_MOST, "%s", text);
        if (e == OK) err_make_one_line(out);
    } else if (column->kind == CELL_BOOL) {
        e = json_get_bool(&node, last, &is_true, diag);
        if (e == OK) snprintf(out, CELL_BYTES_MOST, "%s", is_true ? "yes" : "no");
    } else if (column->kind == CELL_COUNT) {
        e = print_count(&node, last, out, diag);
    } else if (json_get_u64(&node, last, &whole, NULL) == OK) {
        print_amount(out, column->kind, (double)whole);
    } else {
        e = json_get_number(&node, last, &number, diag);
        if (e == OK) print_amount(out, column->kind, number);
    }
    return e == OK ? OK : ERR_IO;
}

/* ---- tables ---- */

static size_t column_count(const struct column *columns)
{
    size_t count = 0;
    while (columns[count].title) count++;
    return count;
}

/* Characters, not bytes: the continuation bytes of UTF-8 take no room. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++) width += (*text & 0xc0) != 0x80;
    return width;
}

static void print_cell(FILE *out, const char *text, int width, bool is_right, bool is_last)
{
    int pad = width - width_of(text);
    fprintf(out, "%*s%s%*s%s", is_right ? pad : 0, "", text, is_right || is_last ? 0 : pad, "",
            is_last ? "\n" : "  ");
}

static void print_row(FILE *out, const struct column *columns, const int *widths,
                      char (*cells)[CELL_BYTES_MOST])
{
    size_t count = column_count(columns);
    for (size_t i = 0; i < count; i++) {
        bool is_right = columns[i].kind != CELL_TEXT && columns[i].kind != CELL_BOOL;
        print_cell(out, cells[i], widths[i], is_right, i + 1 == count);
    }
}

static err fill_row(const struct json_node *object, const struct column *columns,
                    char (*cells)[CELL_BYTES_MOST], struct diag *diag)
{
    for (size_t i = 0; columns[i].title; i++) TRY(view_cell(object, &columns[i], cells[i], diag));
    return OK;
}

err view_table(FILE *out, const struct json_node *array, const struct column *columns, const char *nothing,
               struct diag *diag)
{
    char cells[COLUMNS_MOST][CELL_BYTES_MOST];
    int widths[COLUMNS_MOST];
    size_t rows = json_count(array);
    if (rows == 0) {
        fprintf(out, "%s\n", nothing);
        return OK;
    }
    for (size_t i = 0; columns[i].title; i++) widths[i] = width_of(columns[i].title);
    for (size_t row = 0; row < rows; row++) {
        struct json_node object = json_item(array, row);
        TRY(fill_row(&object, columns, cells, diag));
        for (size_t i = 0; columns[i].title; i++)
            if (width_of(cells[i]) > widths[i]) widths[i] = width_of(cells[i]);
    }
    for (size_t i = 0; columns[i].title; i++) snprintf(cells[i], CELL_BYTES_MOST, "%s", columns[i].title);
    print_row(out, columns, widths, cells);
    for (size_t row = 0; row < rows; row++) {
        struct json_node object = json_item(array, row);
        TRY(fill_row(&object, columns, cells, diag));
        print_row(out, columns, widths, cells);
    }
    return OK;
}

err view_lines(FILE *out, const struct json_node *object, const struct column *lines, struct diag *diag)
{
    int width = 0;
    for (const struct column *line = lines; line->title; line++)
        if (width_of(line->title) > width) width = width_of(line->title);
    for (const struct column *line = lines; line->title; line++) {
        char cell[CELL_BYTES_MOST];
        TRY(view_cell(object, line, cell, diag));
        fprintf(out, "%-*s  %s\n", width, line->title, cell);
    }
    return OK;
}
