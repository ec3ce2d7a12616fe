/* reports/html.c: the report as one page of HTML: nothing outside it, nothing that runs. */
#include "base/escape.h"
#include "reports/html_style.h"
#include "reports/render.h"

#include <string.h>
#include <stdlib.h>

static void write_colors(FILE *out)
{
    fputs(":root{color-scheme:light dark;", out);
#define X(name, light, dark) fputs("--" #name ":" light ";", out);
    PLOT_COLORS(X)
#undef X
    fputs(HTML_LIGHT "}\n@media (prefers-color-scheme:dark){:root{", out);
#define X(name, light, dark) fputs("--" #name ":" dark ";", out);
    PLOT_COLORS(X)
#undef X
    fputs(HTML_DARK "}}\n", out);
    /* Paper is white, whatever the screen was. */
    fputs("@media print{:root{", out);
#define X(name, light, dark) fputs("--" #name ":" light ";", out);
    PLOT_COLORS(X)
#undef X
    fputs(HTML_LIGHT "}}\n", out);
}

static void begin(FILE *out, const char *title)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
          out);
    escape_html(out, title);
    fputs("</title>\n<style>\n", out);
    write_colors(out);
    fputs(HTML_STYLE "</style>\n</head>\n<body>\n<main>\n<h1>", out);
    escape_html(out, title);
    fputs("</h1>\n", out);
}

static void heading(FILE *out, int level, const char *text)
{
    char slug[RENDER_SLUG_BYTES];
    render_slug(slug, text);
    if (level == 2)
        fprintf(out, "<h2 id=\"%s\">", slug);
    else
        fprintf(out, "<h%d>", level);
    escape_html(out, text);
    fprintf(out, "</h%d>\n", level);
}

static void paragraph(FILE *out, const char *text)
{
    fputs("<p>", out);
    escape_html(out, text);
    fputs("</p>\n", out);
}

static void verdict(FILE *out, const struct verdict *verdict)
{
    static const char *const CLASSES[] = {"pass", "miss", "open"}, *const MARKS[] = {"✓", "✗", "?"};
    fprintf(out, "<p class=\"verdict %s\"><strong>%s ", CLASSES[verdict->tone], MARKS[verdict->tone]);
    escape_html(out, verdict->word);
    fputs("</strong> ", out);
    escape_html(out, verdict->text);
    fputs("</p>\n", out);
}

static void code(FILE *out, const char *text)
{
    fputs("<pre tabindex=\"0\"><code>", out);
    /* Line breaks are what a block of code is for; escaped they would be spaces. */
    for (size_t size; *text; text += size) {
        size = strcspn(text, "\n");
        char *line = strndup(text, size);
        if (line) escape_html(out, line);
        free(line);
        if (text[size] == '\n') {
            fputc('\n', out);
            size++;
        }
    }
    fputs("</code></pre>\n", out);
}

/* How a cell opens and closes, by kind. */
static const struct form {
    const char *open, *close;
} FORMS[] = {
    [CELL_TEXT] = {"<td>", "</td>"},
    [CELL_NUMBER] = {"<td class=\"n\">", "</td>"},
    [CELL_PASS] = {"<td class=\"n pass\">", " <span aria-label=\"pass\">✓</span></td>"},
    [CELL_MISS] = {"<td class=\"n miss\">", " <span aria-label=\"miss\">✗</span></td>"},
    [CELL_CODE] = {"<td><code>", "</code></td>"},
    [CELL_LINK] = {"<td><a href=\"#", "</a></td>"},
};

static void cell(FILE *out, const struct cell *cell)
{
    char slug[RENDER_SLUG_BYTES];
    fputs(FORMS[cell->kind].open, out);
    if (cell->kind == CELL_LINK) {
        render_slug(slug, cell->text);
        fprintf(out, "%s\">", slug);
    }
    escape_html(out, cell->text);
    fputs(FORMS[cell->kind].close, out);
}

static void table(FILE *out, const struct grid *grid)
{
    uint32_t rows = grid_row_count(grid);
    if (rows == 0) return;
    fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"", out);
    escape_html(out, grid->caption);
    fputs("\"><table>\n<thead><tr>", out);
    for (uint32_t i = 0; i < grid->column_count; i++) {
        fputs(grid->columns[i].kind == CELL_NUMBER ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">",
              out);
        escape_html(out, grid->columns[i].text);
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (uint32_t i = 0; i < rows; i++) {
        fputs("<tr>", out);
        for (uint32_t j = 0; j < grid->column_count; j++) cell(out, &grid->cells[i * grid->column_count + j]);
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

static void figures_begin(FILE *out)
{
    fputs("<div class=\"figures\">\n", out);
}

static void figure(FILE *out, const struct figure *figure)
{
    fputs("<figure>\n<h4>", out);
    escape_html(out, figure->title);
    fputs("</h4>\n", out);
    plot_write_svg(out, &(struct plot_svg){figure->svg, figure->prefix, figure->label});
    fputs("<figcaption>", out);
    escape_html(out, figure->reading);
    fputs("</figcaption>\n</figure>\n", out);
}

static void close_block(FILE *out)
{
    fputs("</div>\n", out);
}

static void fold_begin(FILE *out, const char *summary)
{
    fputs("<details><summary>", out);
    escape_html(out, summary);
    fputs("</summary>\n", out);
}

static void fold_end(FILE *out)
{
    fputs("</details>\n", out);
}

static void end(FILE *out)
{
    fputs("</main>\n</body>\n</html>\n", out);
}

const struct renderer RENDER_HTML = {
    .name = "HTML",
    .form = PLOT_SVG,
    .begin = begin,
    .heading = heading,
    .paragraph = paragraph,
    .verdict = verdict,
    .table = table,
    .code = code,
    .figures_begin = figures_begin,
    .figure = figure,
    .figures_end = close_block,
    .fold_begin = fold_begin,
    .fold_end = fold_end,
    .end = end,
};
