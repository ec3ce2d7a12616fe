/* reports/chart.c: the table of plots. */
#include "reports/chart.h"
#include "base/assert.h"
#include "reports/chart_style.h"

static const struct chart CHARTS[] = {
    {
        .name = "percentiles",
        .title = "Result latency by percentile",
        .reading = "How long agents wait for a result: at 99, one task in a hundred waits longer than the "
                   "curve says. Thick: all runs together; thin: runs; short bars: targets. The curves "
                   "stop where the sample cannot tell.",
        .nothing = "no data: no task was timed",
        .has_data = chart_has_result,
        .write_data = chart_write_result,
        .commands = CHART_PERCENTILE_AXIS
        "plot $runs_other u 1:2 w l lc rgb other lw 0.6 notitle, "
        "$runs_main u 1:2 w l lc rgb main lw 0.6 notitle, "
        "$pooled_other u 1:2 w l lc rgb other lw 2.5 t 'no speculation', "
        "$pooled_main u 1:2 w l lc rgb main lw 2.5 t 'speculation', "
        "$targets u ($1/1.3):2:($1*0.53):(0) w vectors nohead lc rgb ink lw 3 t 'target'\n",
    },
    {
        .name = "commitment",
        .title = "Confirmed and finalized latency by percentile",
        .reading = "From the intended arrival until the chain has confirmed (solid) and finalized (dashed) "
                   "the task, all runs together. Speculation moves these little: proofs and "
                   "confirmations still follow one another.",
        .nothing = "no data: no task was timed",
        .has_data = chart_has_commitment,
        .write_data = chart_write_commitment,
        .commands = CHART_PERCENTILE_AXIS
        "plot $finalized_other u 1:2 w l lc rgb other lw 2 dt (6,3) t 'finalized, none', "
        "$finalized_main u 1:2 w l lc rgb main lw 2 dt (6,3) t 'finalized', "
        "$confirmed_other u 1:2 w l lc rgb other lw 2 t 'confirmed, none', "
        "$confirmed_main u 1:2 w l lc rgb main lw 2 t 'confirmed'\n",
    },
    {
        .name = "latency",
        .title = "Result latency over time",
        .reading = "When tasks arrived and how long they waited, all runs together: the stronger the colour, "
                   "the more "
                   "tasks for the height of the tile, each shade the same factor more. Lines: p50 and p99 of "
                   "the tasks that arrived at each moment, median over runs. A second cloud is another way "
                   "through the system; a cloud that climbs is a queue that grows.",
        .is_over_time = true,
        .nothing = "no data: no task was timed",
        .has_data = chart_has_latency,
        .write_data = chart_write_latency,
        .commands = CHART_TIME_AXIS CHART_MAP_STYLE
        "legend_at = 0.72\n"
        "legend_color = main\n" CHART_MAP_LEGEND "set ylabel 'seconds'\n"
        "plot " CHART_MAP_EACH "$map" CHART_MAP_STEP "main, "
        "$p99 @LINE lc rgb ink t 'p99', $p50 @LINE lc rgb ink dt (5,3) t 'p50'\n",
    },
    {
        .name = "flow",
        .title = "Tasks offered, confirmed and rolled back over time",
        .reading = "Confirmed follows offered by the time to confirm; a gap that grows is a backlog. Line: "
                   "median over runs, band: lowest to highest run.",
        .is_over_time = true,
        .nothing = "no data: shorter than two seconds",
        .has_data = chart_has_series,
        .write_data = chart_write_flow,
        .commands = CHART_TIME_AXIS
        "set ylabel 'tasks per second'\n"
        "plot $confirmed @BAND fc rgb main notitle, $offered u 1:3 w l lc rgb soft lw 1.6 dt (4,2) t "
        "'offered', "
        "$confirmed @LINE lc rgb main t 'confirmed', $rolled_back @LINE lc rgb fourth t 'rolled back'\n",
    },
    {
        .name = "backlog",
        .title = "Work in progress over time",
        .reading = "Backlog: tasks waiting, queued, awaiting ancestors or being submitted; proof queue: "
                   "tasks whose proof has not begun. Flat is healthy, growth means the load is too high.",
        .is_over_time = true,
        .nothing = "no data: shorter than two seconds",
        .has_data = chart_has_series,
        .write_data = chart_write_backlog,
        .commands = CHART_TIME_AXIS
        "set ylabel 'tasks'\n"
        "plot $backlog @BAND fc rgb main notitle, $queue @BAND fc rgb third notitle, "
        "$backlog @LINE lc rgb main t 'backlog', $queue @LINE lc rgb third t 'proof queue'\n",
    },
    {
        .name = "memory",
        .title = "Memory held and speculative tasks active over time",
        .reading = "Above: bytes held for tasks that are not finalized; below: speculative tasks not yet "
                   "settled. The two should rise and fall together.",
        .is_over_time = true,
        .nothing = "no data: shorter than two seconds",
        .has_data = chart_has_series,
        .write_data = chart_write_memory,
        .commands = CHART_TIME_AXIS "set multiplot\n"
                                    "unset key\n"
                                    "set xlabel ''\n"
                                    "set format x ''\n"
                                    "set tmargin at screen 0.97\n"
                                    "set bmargin at screen 0.62\n"
                                    "set ylabel memory_unit\n"
                                    "set ytics memory_step\n"
                                    "plot $memory @BAND fc rgb third notitle, $memory @LINE lc rgb third\n"
                                    "set format x\n"
                                    "set tmargin at screen 0.54\n"
                                    "set bmargin at screen 0.19\n"
                                    "set xlabel x_name\n"
                                    "set ylabel 'active tasks'\n"
                                    "set ytics active_step\n"
                                    "plot $active @BAND fc rgb main notitle, $active @LINE lc rgb main\n"
                                    "unset multiplot\n",
    },
    {
        .name = "depth",
        .title = "Depth at admission",
        .reading = "Unconfirmed ancestors that speculative tasks had when they were admitted, all runs. "
                   "A bar at the configured limit that towers over its neighbours says the limit binds.",
        .nothing = "no data: no task ran speculatively",
        .has_data = chart_has_depth,
        .write_data = chart_write_depth,
        .commands = "set xrange [x_begin:x_end]\n"
                    "set tmargin 0.5\n"
                    "set xtics 1\n"
                    "set xlabel 'unconfirmed ancestors'\n"
                    "set ylabel 'percent of speculative tasks'\n"
                    "unset key\n"
                    "plot $depths u 1:2:(0.72) w boxes fc rgb main\n",
    },
    {
        .name = "waits",
        .title = "Why tasks waited",
        .reading = "Time held for each reason, summed over the tasks of all runs, and how many tasks it "
                   "held. The longest coloured bar is the limit to look at first; grey is waiting for the "
                   "task's own parents to execute, which no setting frees.",
        .nothing = "no data: no task was held",
        .has_data = chart_has_waits,
        .write_data = chart_write_waits,
        .commands = "set lmargin 26\n"
                    "set tmargin 0.5\n"
                    "set grid noytics xtics lc rgb grid lt 1 dt solid lw 1\n"
                    "set xrange [0:x_end]\n"
                    "set yrange [y_end:-0.6]\n"
                    "set xtics x_step\n"
                    "set xlabel x_name\n"
                    "set ytics scale 0 textcolor rgb ink\n"
                    "unset key\n"
                    "plot $waits u (0):0:(0):(int($4) ? 0 : $2):($0-0.32):($0+0.32):ytic(1) w boxxyerror fc "
                    "rgb main, "
                    "'' u (0):0:(0):(int($4) ? $2 : 0):($0-0.32):($0+0.32) w boxxyerror fc rgb soft, "
                    "'' u 2:0:3 w labels left offset 0.6,0 textcolor rgb soft\n",
    },
};

enum { CHART_COUNT = sizeof CHARTS / sizeof *CHARTS };

uint32_t chart_count(void)
{
    return CHART_COUNT;
}

const struct chart *chart_at(uint32_t index)
{
    ASSERT(index < CHART_COUNT);
    return &CHARTS[index];
}

err chart_write(FILE *script, const struct chart *chart, const void *subject)
{
    fputs(CHART_STYLE, script);
    if (!chart->has_data(subject)) {
        fprintf(script, CHART_NOTHING, chart->nothing);
        return OK;
    }
    TRY(chart->write_data(script, subject));
    fputs(chart->commands, script);
    return OK;
}

err chart_draw(FILE *script, const void *with)
{
    const struct chart_drawing *drawing = with;
    return chart_write(script, drawing->chart, drawing->subject);
}
