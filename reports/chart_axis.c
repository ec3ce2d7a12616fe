/* reports/chart_axis.c: extents, and a logarithmic axis with labels that people count in. */
#include "reports/chart_axis.h"

void chart_extent_add(struct chart_extent *extent, double value)
{
    extent->low = fmin(extent->low, value);
    extent->high = fmax(extent->high, value);
}

void chart_write_log_axis(FILE *script, char axis, struct chart_extent extent)
{
    if (!(extent.low > 0) || !(extent.high >= extent.low)) return;
    double low = extent.low / 2, high = extent.high * 2;
    const char *between = "";
    fprintf(script, "set logscale %c\nset %crange [%.5g:%.5g]\nunset m%ctics\nset %ctics (", axis, axis, low,
            high, axis, axis);
    for (double decade = 1e-4; decade < 1e9; decade *= 10)
        for (int step = 1; step <= 5; step += step == 1 ? 1 : 3) {
            if (decade * step < low || decade * step > high) continue;
            fprintf(script, "%s%.4g", between, decade * step);
            between = ", ";
        }
    fputs(")\n", script);
}
