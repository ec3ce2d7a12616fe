/* reports/chart_axis.h: axes that show the few far away without squeezing the many. No errors. */
#pragma once
#include <math.h>
#include <stdio.h>

/* From the least to the most of what is drawn. */
struct chart_extent {
    double low, high;
};
#define CHART_NO_EXTENT                                                                                      \
    {                                                                                                        \
        INFINITY, -INFINITY                                                                                  \
    }
void chart_extent_add(struct chart_extent *extent, double value);
/* Logarithmic `axis`, 'x' or 'y', from half the least to twice the most, with labels at 1, 2 and 5; nothing
 * when not all is above 0. */
void chart_write_log_axis(FILE *script, char axis, struct chart_extent extent);
