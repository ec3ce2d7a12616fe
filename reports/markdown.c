/* reports/markdown.c: the report in GitHub's Markdown, with images beside it. */
#include "base/escape.h"
#include "reports/render.h"
#include <ctype.h>
#include <string.h>

static void begin(FILE *out, const char *title)
{
    fputs("# ", out);
    escape_markdown(out, title);
    fputs("\n\n", out);
}

static void heading(FILE *out, int level, const char *text)
{
    fprintf(out, "%.*s ", level, "####");
    escape_markdown(out, text);
    fputs("\n\n", out);
}

static void paragraph(FILE *out, const char *text)
{
    escape_markdown(out, text);
    fputs("\n\n", out);
}

static void verdict(FILE *out, const struct verdict *verdict)
{
    fprintf(out, "> **%s** ", verdict->word);
    escape_markdown(out, verdict->text);
    fputs("\n\n", out);
}

/* A fence longer than any run of backticks inside. */
static int fence_of(const char *text)
{
    size_t longest = 2;
    for (const char *at = text; *at; at++) {
        size_t run = strspn(at, "`");
        if (run > longest) longest = run;
        if (run) at += run - 1;
    }
    return (int)longest + 1;
}

static void fence(FILE *out, int size)
{
    for (int i = 0; i < size; i++) fputc('`', out);
}

static void code(FILE *out, const char *text)
{
    int size = fence_of(text);
    fence(out, size);
    fprintf(out, "sh\n%s\n", text);
    fence(out, size);
    fputs("\n\n", out);
}

/* Bytes of a target of a link: percent-encoded but for what is plain. */
static void write_address(FILE *out, const char *path)
{
    for (const unsigned char *at = (const unsigned char *)path; *at; at++)
        if (isalnum(*at) || strchr("-._~/", *at))
            fputc(*at, out);
        else
            fprintf(out, "%%%02X", *at);
}

static void cell(FILE *out, const struct cell *cell)
{
    char slug[RENDER_SLUG_BYTES];
    fputs(cell->kind == CELL_LINK ? "[" : cell->kind == CELL_MISS ? "**" : "", out);
    escape_markdown(out, cell->text);
    if (cell->kind == CELL_PASS) fputs(" ✓", out);
    if (cell->kind == CELL_MISS) fputs(" ✗**", out);
    if (cell->kind != CELL_LINK) return;
    render_slug(slug, cell->text);
    fputs("](#", out);
    write_address(out, slug);
    fputc(')', out);
}

static void row(FILE *out, const struct cell *cells, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        fputs("| ", out);
        cell(out, &cells[i]);
        fputc(' ', out);
    }
    fputs("|\n", out);
}

static void title_row(FILE *out, const struct grid *grid)
{
    for (uint32_t i = 0; i < grid->column_count; i++) {
        fputs("| ", out);
        escape_markdown(out, grid->columns[i].text);
        fputc(' ', out);
    }
    fputs("|\n", out);
}

static void table(FILE *out, const struct grid *grid)
{
    uint32_t rows = grid_row_count(grid);
    if (rows == 0) return;
    title_row(out, grid);
    for (uint32_t i = 0; i < grid->column_count; i++)
        fputs(grid->columns[i].kind == CELL_NUMBER ? "|---:" : "|---", out);
    fputs("|\n", out);
    for (uint32_t i = 0; i < rows; i++) row(out, &grid->cells[i * grid->column_count], grid->column_count);
    fputc('\n', out);
}

static void nothing(FILE *out)
{
    (void)out;
}

static void figure(FILE *out, const struct figure *figure)
{
    fputs("**", out);
    escape_markdown(out, figure->title);
    fputs("**\n\n<img src=\"", out);
    write_address(out, figure->path);
    fprintf(out, "\" width=\"%d\" alt=\"", PLOT_WIDTH);
    escape_html(out, figure->label);
    fputs("\">\n\n", out);
    paragraph(out, figure->reading);
}

static void fold_begin(FILE *out, const char *summary)
{
    fputs("<details><summary>", out);
    escape_html(out, summary);
    fputs("</summary>\n\n", out);
}

static void fold_end(FILE *out)
{
    fputs("</details>\n\n", out);
}

const struct renderer RENDER_MARKDOWN = {
    .name = "Markdown",
    .form = PLOT_PNG,
    .begin = begin,
    .heading = heading,
    .paragraph = paragraph,
    .verdict = verdict,
    .table = table,
    .code = code,
    .figures_begin = nothing,
    .figure = figure,
    .figures_end = nothing,
    .fold_begin = fold_begin,
    .fold_end = fold_end,
    .end = nothing,
};
