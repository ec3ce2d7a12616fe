/* reports/render.c: what renderers share: tables and anchors. */
#include "reports/render.h"
#include "base/assert.h"
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

void grid_begin(struct grid *grid, const char *caption)
{
    grid->caption = caption;
    grid->column_count = grid->cell_count = 0;
}

/* A text that was cut must not end within a character. */
static void mark_cut(char text[GRID_TEXT_BYTES])
{
    size_t end = GRID_TEXT_BYTES - 4;
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80) end--;
    memcpy(text + end, "...", 4);
}

void grid_add_column(struct grid *grid, enum cell_kind kind, const char *title)
{
    ASSERT(grid->column_count < GRID_COLUMNS_MOST);
    ASSERT(grid->cell_count == 0);
    struct cell *column = &grid->columns[grid->column_count++];
    column->kind = kind;
    if (snprintf(column->text, sizeof column->text, "%s", title) >= GRID_TEXT_BYTES) mark_cut(column->text);
}

void grid_add(struct grid *grid, enum cell_kind kind, const char *format, ...)
{
    va_list arguments;
    ASSERT(grid->cell_count < GRID_CELLS_MOST);
    struct cell *cell = &grid->cells[grid->cell_count++];
    cell->kind = kind;
    va_start(arguments, format);
    int size = vsnprintf(cell->text, sizeof cell->text, format, arguments);
    va_end(arguments);
    if (size >= GRID_TEXT_BYTES) mark_cut(cell->text);
}

uint32_t grid_row_count(const struct grid *grid)
{
    ASSERT(grid->column_count > 0);
    ASSERT(grid->cell_count % grid->column_count == 0);
    return grid->cell_count / grid->column_count;
}

void render_slug(char out[RENDER_SLUG_BYTES], const char *heading)
{
    size_t used = 0;
    for (const unsigned char *at = (const unsigned char *)heading; *at && used + 1 < RENDER_SLUG_BYTES;
         at++) {
        if (*at == ' ')
            out[used++] = '-';
        else if (isalnum(*at) || *at == '-' || *at == '_')
            out[used++] = (char)tolower(*at);
    }
    out[used] = '\0';
}
