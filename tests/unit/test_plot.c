/* tests/unit/test_plot.c: gnuplot draws, fails, is missing; nothing is left behind. */
#include "reports/plot.h"
#include "tests/lib/bench_fixture.h"
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

static char *folder;
static struct diag diag;

static void set_up(void)
{
    folder = fixture_folder();
    setenv("TMPDIR", folder, 1);
    diag.text[0] = '\0';
}

static void tear_down(void)
{
    fixture_remove(folder);
}

TestSuite(plot, .init = set_up, .fini = tear_down, .timeout = 30);

static const char LINE[] = "$d << EOD\n1 2\n2 4\n\n3 8\nEOD\n"
                           "set xlabel 'x' textcolor rgb soft\nset border lc rgb ink\n"
                           "plot $d u 1:2 w l lc rgb main t 'd'\n";

static char *svg_of(const char *commands)
{
    struct plot_batch *batch;
    struct file_bytes bytes;
    uint32_t image;
    cr_assert(eq(int, plot_open(&batch, 2, &diag), OK));
    fputs(commands, plot_begin(batch, PLOT_SVG, &image));
    cr_assert(eq(int, plot_run(batch, NULL, &diag), OK), "%s", diag.text);
    cr_assert(eq(int, plot_read(batch, image, &bytes, &diag), OK));
    plot_free(batch);
    return bytes.text;
}

Test(plot, many_pictures_of_both_forms_are_drawn_and_the_folder_goes)
{
    struct plot_batch *batch;
    uint32_t images[5];
    cr_assert(eq(int, plot_open(&batch, 2, &diag), OK));
    for (int i = 0; i < 5; i++) fputs(LINE, plot_begin(batch, i % 2 ? PLOT_PNG : PLOT_SVG, &images[i]));
    cr_assert(eq(int, plot_run(batch, NULL, &diag), OK), "%s", diag.text);
    for (int i = 0; i < 5; i++) {
        struct file_bytes bytes;
        cr_assert(eq(int, plot_read(batch, images[i], &bytes, &diag), OK));
        cr_assert(memcmp(bytes.text, i % 2 ? "\x89PNG" : "<?xml", 4) == 0);
        free(bytes.text);
    }
    plot_free(batch);
    cr_assert(eq(int, fixture_file_count(folder), 0));
}

Test(plot, the_same_script_gives_the_same_bytes)
{
    char *first = svg_of(LINE), *second = svg_of(LINE);
    cr_assert(eq(str, first, second));
    free(first);
    free(second);
}

Test(plot, a_page_gets_variables_prefixed_ids_and_no_address)
{
    char *svg = svg_of(LINE), *page;
    size_t size;
    FILE *out = open_memstream(&page, &size);
    plot_write_svg(out, &(struct plot_svg){svg, "t1-x", "a \"label\" <b>"});
    fclose(out);
    cr_assert(has(page, "aria-label=\"a &quot;label&quot; &lt;b&gt;\""));
    cr_assert(has(page, "var(--main)") && has(page, "var(--soft)"));
    cr_assert(has(page, "id=\"t1-x-gnuplot_canvas\""));
    cr_assert(lacks(page, "rgb(254") && lacks(page, "http") && lacks(page, "currentColor"));
    cr_assert(lacks(page, "id=\"gnuplot") && lacks(page, "<defs>"));
    free(page);
    free(svg);
}

Test(plot, the_shapes_of_points_are_found_in_a_page)
{
    char *svg = svg_of("plot '-' w p pt 7 lc rgb main\n1 2\n2 3\nEOD\n"), *page;
    size_t size;
    FILE *out = open_memstream(&page, &size);
    plot_write_svg(out, &(struct plot_svg){svg, "t1-x", "points"});
    fclose(out);
    cr_assert(has(page, "<defs>") && has(page, "id='t1-x-gpPt6'") && has(page, "href='#t1-x-gpPt6'"), "%s",
              page);
    cr_assert(lacks(page, "href='#gp"));
    free(page);
    free(svg);
}

static err run_one(const char *commands)
{
    struct plot_batch *batch;
    uint32_t image;
    cr_assert(eq(int, plot_open(&batch, 1, &diag), OK));
    fputs(commands, plot_begin(batch, PLOT_SVG, &image));
    err e = plot_run(batch, NULL, &diag);
    plot_free(batch);
    cr_assert(eq(int, fixture_file_count(folder), 0));
    return e;
}

Test(plot, a_failure_is_one_line_that_names_gnuplot_and_its_reason)
{
    cr_assert(eq(int, run_one("plot no_such_function(x)\n"), ERR_IO));
    cr_assert(has(diag.text, "gnuplot: failed with status 1") && has(diag.text, "no_such_function"));
    cr_assert(lacks(diag.text, "\n"));
}

Test(plot, without_gnuplot_the_line_says_what_to_install)
{
    setenv("PATH", folder, 1);
    cr_assert(eq(int, run_one(LINE), ERR_IO));
    cr_assert(has(diag.text, "gnuplot: not found") && has(diag.text, "apt-get install"));
}

Test(plot, a_temporary_folder_that_cannot_be_made_is_named)
{
    struct plot_batch *batch;
    setenv("TMPDIR", "/nowhere", 1);
    cr_assert(eq(int, plot_open(&batch, 1, &diag), ERR_IO));
    cr_assert(has(diag.text, "/nowhere/") && has(diag.text, "TMPDIR"));
}
