/* reports/text.c: the report's operations on a terminal: aligned columns, no colours, no figures. */
#include "reports/render.h"
#include <string.h>

enum { TEXT_WIDTH = 100, GAP = 2 };

static void begin(FILE *out, const char *title)
{
    fprintf(out, "%s\n\n", title);
}

static void heading(FILE *out, int level, const char *text)
{
    (void)level;
    fprintf(out, "%s\n", text);
}

/* Broken at spaces before TEXT_WIDTH. */
static void paragraph(FILE *out, const char *text)
{
    size_t column = 0;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column && column + 1 + word > TEXT_WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        column += (size_t)fprintf(out, "%s%.*s", column ? " " : "", (int)word, text);
        text += word + strspn(text + word, " ");
    }
    fputc('\n', out);
}

static void verdict(FILE *out, const struct verdict *verdict)
{
    fprintf(out, "%s  %s\n", verdict->word, verdict->text);
}

static const char *mark(const struct cell *cell)
{
    return cell->kind == CELL_PASS ? " ✓" : cell->kind == CELL_MISS ? " ✗" : "";
}

/* Columns on a terminal: every byte that does not continue a UTF-8 character. */
static int width_of(const struct cell *cell)
{
    int width = *mark(cell) ? 2 : 0;
    for (const char *at = cell->text; *at; at++) width += (*at & 0xc0) != 0x80;
    return width;
}

static void pad(FILE *out, int spaces)
{
    if (spaces > 0) fprintf(out, "%*s", spaces, "");
}

static void row(FILE *out, const struct cell *cells, const int *widths, const struct grid *grid)
{
    for (uint32_t i = 0; i < grid->column_count; i++) {
        int space = widths[i] - width_of(&cells[i]);
        bool is_right = grid->columns[i].kind == CELL_NUMBER;
        pad(out, (i ? GAP : 0) + (is_right ? space : 0));
        fprintf(out, "%s%s", cells[i].text, mark(&cells[i]));
        if (!is_right && i + 1 < grid->column_count) pad(out, space);
    }
    fputc('\n', out);
}

static void table(FILE *out, const struct grid *grid)
{
    int widths[GRID_COLUMNS_MOST];
    uint32_t rows = grid_row_count(grid);
    if (rows == 0) return;
    for (uint32_t i = 0; i < grid->column_count; i++) {
        widths[i] = width_of(&grid->columns[i]);
        for (uint32_t j = i; j < grid->cell_count; j += grid->column_count)
            if (width_of(&grid->cells[j]) > widths[i]) widths[i] = width_of(&grid->cells[j]);
    }
    row(out, grid->columns, widths, grid);
    for (uint32_t i = 0; i < rows; i++) row(out, &grid->cells[i * grid->column_count], widths, grid);
}

static void code(FILE *out, const char *text)
{
    fprintf(out, "    %s\n", text);
}

static void nothing(FILE *out)
{
    (void)out;
}

static void no_figure(FILE *out, const struct figure *figure)
{
    (void)out;
    (void)figure;
}

const struct renderer RENDER_TEXT = {
    .name = "text",
    .form = PLOT_PNG,
    .begin = begin,
    .heading = heading,
    .paragraph = paragraph,
    .verdict = verdict,
    .table = table,
    .code = code,
    .figures_begin = nothing,
    .figure = no_figure,
    .figures_end = nothing,
    .fold_begin = begin,
    .fold_end = nothing,
    .end = nothing,
};
