/* reports/chart_style.h: what plots look like, for tables of commands (reports/chart.h). */
#pragma once

/* Before every row's commands: one look. */
#define CHART_STYLE                                                                                          \
    "set border 3 lc rgb soft lw 1\n"                                                                        \
    "set tics nomirror out scale 0.5 textcolor rgb soft\n"                                                   \
    "set grid ytics noxtics lc rgb grid lt 1 dt solid lw 1\n"                                                \
    "set key tmargin left horizontal Left reverse samplen 1.4 textcolor rgb ink\n"                           \
    "set xlabel textcolor rgb soft\n"                                                                        \
    "set ylabel textcolor rgb soft\n"                                                                        \
    "set lmargin 9\n"                                                                                        \
    "set rmargin 2\n"                                                                                        \
    "set bmargin 3.4\n"                                                                                      \
    "set tmargin 2\n"                                                                                        \
    "set yrange [0:*]\n"                                                                                     \
    "set style fill solid 1 noborder\n"                                                                      \
    "BAND = 'u 1:2:4 w filledcurves'\n"                                                                      \
    "LINE = 'u 1:3 w l lw 2'\n"

/* gnuplot gives up on a plot without values unless it knows its range. */
#define CHART_NOTHING                                                                                        \
    "unset tics\n"                                                                                           \
    "unset key\n"                                                                                            \
    "set xrange [0:1]\n"                                                                                     \
    "set yrange [0:1]\n"                                                                                     \
    "set label '%s' at graph 0.5, 0.5 center textcolor rgb soft\n"                                           \
    "plot NaN notitle\n"

/* The x axis of a percentile plot is 1 / (1 - q): each step of ten is one more nine. */
#define CHART_PERCENTILE_AXIS                                                                                \
    "set logscale x\n"                                                                                       \
    "set xrange [1:x_end]\n"                                                                                 \
    "unset mxtics\n"                                                                                         \
    "set xtics ('0' 1, '50' 2, '75' 4, '90' 10, '95' 20, '99' 100, '99.9' 1e3, '99.99' 1e4, '99.999' 1e5)\n" \
    "set tmargin 3.2\n"                                                                                      \
    "set xlabel 'percentile of tasks'\n"                                                                     \
    "set ylabel 'seconds'\n"

/* The steps of a map (chart_write_maps): for `k` in CHART_MAP_STEPS, `$block` CHART_MAP_STEP. And their
 * legend, with the gnuplot variables legend_at (share of the width) and legend_color. */
#define CHART_MAP_STYLE "set style fill transparent solid 0.25 noborder\n"
#define CHART_MAP_EACH  "for [k=0:map_steps-1] "
#define CHART_MAP_STEP  " index k u 1:2:3 w filledcurves notitle fc rgb "
#define CHART_MAP_LEGEND                                                                                     \
    "do for [k=0:map_steps-1] { set object 90+k rect from screen legend_at+0.02*k, screen 0.945 to screen "  \
    "legend_at+0.1, screen 0.98 front fc rgb legend_color fs transparent solid 0.25 noborder }\n"            \
    "if (map_steps > 0) { set label 90 map_fewest at screen legend_at, screen 0.962 right offset -0.5,0 "    \
    "front font ',10' textcolor rgb soft; set label 91 map_largest at screen legend_at+0.1, screen 0.962 "   \
    "left offset 0.5,0 front font ',10' textcolor rgb soft }\n"

#define CHART_TIME_AXIS                                                                                      \
    "set style fill transparent solid 0.22 noborder\nset xrange [0:x_end]\nset xlabel x_name\n"
