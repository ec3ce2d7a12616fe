/* reports/comparison_chart.c: the table of a comparison's plots. The colour `other` is before, `main` after.
 */
#include "base/assert.h"
#include "reports/chart_style.h"
#include "reports/comparison_chart.h"

#define SEVERAL "set style fill transparent solid 0.22 noborder\n"

static const struct chart CHARTS[] = {
    {
        .name = "percentiles",
        .title = "Result latency by percentile, before and after",
        .reading =
            "How long agents wait for a result: at 99, one task in a hundred waits longer than the curve "
            "says. Thick: all runs together, with the 95 % interval of their order statistics; thin: "
            "runs. The curves stop where the sample cannot tell.",
        .nothing = "no data: no task was timed",
        .has_data = comparison_has_result,
        .write_data = comparison_write_percentiles,
        .commands = CHART_PERCENTILE_AXIS SEVERAL
        "plot $band_other u 1:2:3 w filledcurves fc rgb other notitle, "
        "$band_main u 1:2:3 w filledcurves fc rgb main notitle, "
        "$runs_other u 1:2 w l lc rgb other lw 0.5 notitle, $runs_main u 1:2 w l lc rgb main lw 0.5 notitle, "
        "$pooled_other u 1:2 w l lc rgb other lw 2.5 t 'before', "
        "$pooled_main u 1:2 w l lc rgb main lw 2.5 t 'after'\n",
    },
    {
        .name = "shift",
        .title = "Change of result latency at each percentile",
        .reading =
            "Below the line: sooner than before. Line: mean over runs of the ratio; band: 95 % for all "
            "percentiles together. Where the band leaves out 0, it is more than chance.",
        .nothing = "no data: too few tasks in a run",
        .has_data = comparison_has_shift,
        .write_data = comparison_write_shift,
        .commands = SEVERAL
        "set yrange [*:*]\n"
        "set xrange [0:118]\n"
        "set xtics ('5' 5, '25' 25, '50' 50, '75' 75, '90' 90, '99' 102, '99.9' 113)\n"
        "set xlabel 'percentile of tasks'\n"
        "set ylabel 'change in percent'\n"
        "set xzeroaxis lt 1 lc rgb soft lw 1.4\n"
        "unset key\n"
        "set tmargin 0.8\n"
        "plot $shift u 1:3:4 w filledcurves fc rgb main, $shift u 1:2 w lp pt 7 ps 0.7 lw 2 lc rgb main\n",
    },
    {
        .name = "effects",
        .title = "Change of the primary metrics, and of others that changed",
        .reading =
            "Dot: mean over runs of the ratio; bar: its 95 % interval; shaded: within 1 %, which counts "
            "as no difference. Blue is better, orange worse, grey undecided or without a better side. "
            "Bars stop at the border; the number is the dot's.",
        .nothing = "no data: no metric has values above 0 in every run",
        .has_data = comparison_has_effects,
        .write_data = comparison_write_effects,
        .commands =
            "set lmargin 27\n"
            "set rmargin 9\n"
            "set tmargin 0.5\n"
            "set grid noytics xtics lc rgb grid lt 1 dt solid lw 1\n"
            "set xrange [-x_end:x_end]\n"
            "set yrange [y_end:-0.6]\n"
            "set xtics x_step\n"
            "set ytics scale 0 textcolor rgb ink font ',10'\n"
            "set xlabel 'change in percent'\n"
            "set object 1 rect from -1, graph 0 to 1, graph 1 fc rgb shade fs solid 1 noborder behind\n"
            "set arrow 1 from 0, graph 0 to 0, graph 1 nohead lc rgb soft lw 1.2\n"
            "unset key\n"
            "COLOUR(k) = int(k) == 1 ? main : int(k) == 2 ? other : soft\n"
            "plot for [k=0:2] $effects u (int($5) == k ? $2 : NaN):0:3:4:ytic(1) w xerrorbars pt 7 ps 1 lw "
            "1.8 "
            "lc rgb COLOUR(k), $effects u (x_end):0:6 w labels left offset 0.6,0 font ',10' textcolor rgb "
            "soft\n",
    },
    {
        .name = "pairs",
        .title = "Result latency p99, run by run",
        .reading =
            "Each run before and after the change; runs that share a seed stand together, and a line "
            "joins them. Lines of one direction and length are an effect; one run that goes its own way, "
            "or a drift from left to right, would show here.",
        .nothing = "no data: some run has too few tasks",
        .has_data = comparison_has_pairs,
        .write_data = comparison_write_pairs,
        .commands = "set yrange [*:*]\n"
                    "set xrange [0:x_end]\n"
                    "set xtics 1, x_step\n"
                    "set xlabel 'run'\n"
                    "set ylabel 'seconds'\n"
                    "plot $joined u 1:2:(0):($3-$2) w vectors nohead lc rgb soft lw 1.4 notitle, "
                    "$before u 1:2 w p pt 7 ps 1.1 lc rgb other t 'before', "
                    "$after u 1:2 w p pt 7 ps 1.1 lc rgb main t 'after'\n",
    },
    {
        .name = "tails",
        .title = "Share of tasks that wait longer",
        .reading =
            "Above: the share of tasks that have their result by a time. Below: the share that waits "
            "longer, both axes logarithmic, for the rare long waits; a straight line down is a tail that "
            "never ends.",
        .nothing = "no data: no task was timed",
        .has_data = comparison_has_result,
        .write_data = comparison_write_tails,
        .commands = "set multiplot\n"
                    "set logscale x\n"
                    "set xrange [x_begin:x_end]\n"
                    "set format x ''\n"
                    "set bmargin at screen 0.60\n"
                    "set tmargin at screen 0.90\n"
                    "set yrange [0:100]\n"
                    "set ytics 50\n"
                    "set ylabel 'percent'\n"
                    "plot $ecdf_other u 1:2 w l lc rgb other lw 2 t 'before', "
                    "$ecdf_main u 1:2 w l lc rgb main lw 2 t 'after'\n"
                    "unset key\n"
                    "set format x '%g'\n"
                    "set xlabel 'seconds'\n"
                    "set bmargin at screen 0.20\n"
                    "set tmargin at screen 0.54\n"
                    "set logscale y\n"
                    "set yrange [y_begin:100]\n"
                    "set ytics 1e-4,10,100 format '%g'\n"
                    "set ylabel 'percent longer'\n"
                    "plot $ecdf_other u 1:(100-$2) w l lc rgb other lw 2, "
                    "$ecdf_main u 1:(100-$2) w l lc rgb main lw 2\n"
                    "unset multiplot\n",
    },
    {
        .name = "latency",
        .title = "Result latency over time, before and after",
        .reading = "p99 (solid) and p50 (dashed) of the tasks that arrived at each moment; line: median over "
                   "runs, band: lowest to highest run.",
        .is_over_time = true,
        .nothing = "no data: no task was timed",
        .has_data = comparison_has_latency,
        .write_data = comparison_write_latency,
        .commands = CHART_TIME_AXIS
        "set ylabel 'seconds'\n"
        "plot $p99_other @BAND fc rgb other notitle, $p99_main @BAND fc rgb main notitle, "
        "$p99_other @LINE lc rgb other t 'before', $p99_main @LINE lc rgb main t 'after', "
        "$p50_other @LINE lc rgb other dt (5,3) notitle, $p50_main @LINE lc rgb main dt (5,3) notitle\n",
    },
    {
        .name = "map",
        .title = "Where the waiting went, before and after",
        .reading = "When tasks arrived and how long they waited, left before, right after: the stronger the "
                   "colour, the more "
                   "tasks of a run for the height of the tile, both sides with the same shades. Solid p99, "
                   "dashed p50.",
        .is_over_time = true,
        .nothing = "no data: made by a version that kept no counts over time",
        .has_data = comparison_has_map,
        .write_data = comparison_write_map,
        .commands = CHART_TIME_AXIS CHART_MAP_STYLE
        "legend_at = 0.76\n"
        "legend_color = soft\n" CHART_MAP_LEGEND "set xtics x_step\n"
        "set multiplot\n"
        "set lmargin at screen 0.11\n"
        "set rmargin at screen 0.51\n"
        "set label 92 'before' at graph 0, graph 1.07 left textcolor rgb other\n"
        "set ylabel 'seconds'\n"
        "plot " CHART_MAP_EACH "$map_other" CHART_MAP_STEP "other, "
        "$p99_other @LINE lc rgb ink notitle, $p50_other @LINE lc rgb ink dt (5,3) notitle\n"
        "do for [k=90:90+map_steps-1] { unset object k }\n"
        "unset label 90\n"
        "unset label 91\n"
        "set lmargin at screen 0.56\n"
        "set rmargin at screen 0.96\n"
        "set label 92 'after' at graph 0, graph 1.07 left textcolor rgb main\n"
        "unset ylabel\n"
        "unset ytics\n"
        "plot " CHART_MAP_EACH "$map_main" CHART_MAP_STEP "main, "
        "$p99_main @LINE lc rgb ink notitle, $p50_main @LINE lc rgb ink dt (5,3) notitle\n"
        "unset multiplot\n",
    },
    {
        .name = "timeline",
        .title = "What the system held, before and after",
        .reading =
            "From above: speculative tasks not yet settled, tasks whose proof has not begun, locked stake "
            "in SOL; medians over runs.",
        .is_over_time = true,
        .nothing = "no data: shorter than two seconds",
        .has_data = comparison_has_series,
        .write_data = comparison_write_timeline,
        .commands = CHART_TIME_AXIS
        "set multiplot\n"
        "set xlabel ''\n"
        "set format x ''\n"
        "set bmargin at screen 0.68\n"
        "set tmargin at screen 0.90\n"
        "set ylabel 'active'\n"
        "set ytics active_step\n"
        "plot $active_other @LINE lc rgb other t 'before', $active_main @LINE lc rgb main t 'after'\n"
        "unset key\n"
        "set bmargin at screen 0.42\n"
        "set tmargin at screen 0.63\n"
        "set ylabel 'queue'\n"
        "set ytics queue_step\n"
        "plot $queue_other @LINE lc rgb other, $queue_main @LINE lc rgb main\n"
        "set format x\n"
        "set xlabel x_name\n"
        "set bmargin at screen 0.20\n"
        "set tmargin at screen 0.37\n"
        "set ylabel 'SOL'\n"
        "set ytics locked_step\n"
        "plot $locked_other @LINE lc rgb other, $locked_main @LINE lc rgb main\n"
        "unset multiplot\n",
    },
};
enum { CHART_COUNT = sizeof CHARTS / sizeof *CHARTS };

uint32_t comparison_chart_count(void)
{
    return CHART_COUNT;
}

const struct chart *comparison_chart_at(uint32_t index)
{
    ASSERT(index < CHART_COUNT);
    return &CHARTS[index];
}
