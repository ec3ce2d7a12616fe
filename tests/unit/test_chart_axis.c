/* tests/unit/test_chart_axis.c: what is far away gets an axis on which the others stay apart. */
#include "reports/chart_axis.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

static char *written;

static void write_axis(struct chart_extent extent)
{
    size_t size_bytes;
    free(written);
    FILE *script = open_memstream(&written, &size_bytes);
    cr_assert(script != NULL);
    chart_write_log_axis(script, 'x', extent);
    cr_assert(fclose(script) == 0);
}

static void tear_down(void)
{
    free(written);
}

TestSuite(chart_axis, .fini = tear_down);

Test(chart_axis, labels_stand_at_one_two_and_five_within_half_the_least_and_twice_the_most)
{
    struct chart_extent extent = CHART_NO_EXTENT;
    chart_extent_add(&extent, 3);
    chart_extent_add(&extent, 60);
    chart_extent_add(&extent, 7);
    write_axis(extent);
    cr_expect(eq(str, written,
                 "set logscale x\nset xrange [1.5:120]\nunset mxtics\nset xtics (2, 5, 10, 20, 50, 100)\n"));
}

Test(chart_axis, what_is_not_above_zero_has_no_logarithm)
{
    struct chart_extent extent = CHART_NO_EXTENT;
    write_axis(extent);
    cr_expect(eq(str, written, ""));
    chart_extent_add(&extent, 0);
    chart_extent_add(&extent, 9);
    write_axis(extent);
    cr_expect(eq(str, written, ""));
}
