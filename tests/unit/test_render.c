/* tests/unit/test_render.c: the same table in two languages, and texts that would like to be markup. */
#include "reports/render.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <stdbool.h>
#include <string.h>

static bool has(const char *where, const char *part)
{
    return strstr(where, part) != NULL;
}

static bool lacks(const char *where, const char *part)
{
    return strstr(where, part) == NULL;
}

static struct grid *grid;
static FILE *out;
static char *text;
static size_t size;

static void set_up(void)
{
    grid = malloc(sizeof *grid);
    out = open_memstream(&text, &size);
}

static void tear_down(void)
{
    fclose(out);
    free(text);
    free(grid);
}

TestSuite(render, .init = set_up, .fini = tear_down, .timeout = 10);

static const char *written(void)
{
    fflush(out);
    return text;
}

static void fill(void)
{
    grid_begin(grid, "two \"tests\"");
    grid_add_column(grid, CELL_TEXT, "Test");
    grid_add_column(grid, CELL_NUMBER, "p99");
    grid_add(grid, CELL_LINK, "Deep chains (a|b)");
    grid_add(grid, CELL_PASS, "%d s", 3);
    grid_add(grid, CELL_CODE, "<script>");
    grid_add(grid, CELL_MISS, "%d s", 9);
}

Test(render, markdown_table)
{
    fill();
    RENDER_MARKDOWN.table(out, grid);
    cr_assert(eq(str, (char *)written(),
                 "| Test | p99 |\n|---|---:|\n"
                 "| [Deep chains (a\\|b)](#deep-chains-ab) | 3 s ✓ |\n"
                 "| &lt;script&gt; | **9 s ✗** |\n\n"));
}

Test(render, html_table)
{
    fill();
    RENDER_HTML.table(out, grid);
    cr_assert(has(written(), "aria-label=\"two &quot;tests&quot;\""));
    cr_assert(has(text, "<th scope=\"col\" class=\"n\">p99</th>"));
    cr_assert(has(text, "<td><a href=\"#deep-chains-ab\">Deep chains (a|b)</a></td>"));
    cr_assert(has(text, "<td class=\"n miss\">9 s"));
    cr_assert(has(text, "&lt;script&gt;") && lacks(text, "<script>"));
}

Test(render, a_table_without_rows_is_left_out)
{
    grid_begin(grid, "none");
    grid_add_column(grid, CELL_TEXT, "Test");
    RENDER_MARKDOWN.table(out, grid);
    RENDER_HTML.table(out, grid);
    cr_assert(eq(str, (char *)written(), ""));
}

Test(render, headings_and_links_agree_on_anchors)
{
    char slug[RENDER_SLUG_BYTES];
    render_slug(slug, "Deep chains (prod-eu): x_1!");
    cr_assert(eq(str, slug, "deep-chains-prod-eu-x_1"));
    RENDER_HTML.heading(out, 2, "Deep chains");
    cr_assert(eq(str, (char *)written(), "<h2 id=\"deep-chains\">Deep chains</h2>\n"));
}

Test(render, long_texts_are_cut_between_characters)
{
    char wide[512] = "x";
    for (int i = 0; i < 100; i++) strcat(wide, "\xe2\x82\xac");
    grid_begin(grid, "cut");
    grid_add_column(grid, CELL_TEXT, "Test");
    grid_add(grid, CELL_TEXT, "%s", wide);
    cr_assert(strlen(grid->cells[0].text) < GRID_TEXT_BYTES);
    cr_assert(eq(int, (strlen(grid->cells[0].text) - 4) % 3, 0));
    cr_assert(has(grid->cells[0].text, "\xe2\x82\xac..."));
}

Test(render, code_with_backticks_gets_a_longer_fence)
{
    RENDER_MARKDOWN.code(out, "a ```` b");
    cr_assert(eq(str, (char *)written(), "`````sh\na ```` b\n`````\n\n"));
}

Test(render, addresses_of_images_are_encoded)
{
    struct figure figure = {.title = "T", .reading = "R", .label = "\"L\"", .path = "a b\"_files/x%.png"};
    RENDER_MARKDOWN.figure(out, &figure);
    cr_assert(has(written(), "src=\"a%20b%22_files/x%25.png\" width=\"520\" alt=\"&quot;L&quot;\""), "%s",
              text);
}

Test(render, a_page_has_both_colour_schemes_paper_and_a_title)
{
    RENDER_HTML.begin(out, "A & B");
    RENDER_HTML.end(out);
    cr_assert(has(written(), "<title>A &amp; B</title>"));
    cr_assert(has(text, "prefers-color-scheme:dark") && has(text, "@media print"));
    cr_assert(lacks(text, "http") && lacks(text, "<script") && lacks(text, "url("));
}
