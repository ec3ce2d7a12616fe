/* sim/chaos_page.c: a run as a page: rates and tasks over time, bands of faults, marks of violations. */
#include "base/escape.h"
#include "base/units.h"
#include "reports/document.h"
#include "sim/chaos_story.h"
#include <inttypes.h>
#include <stdlib.h>

enum {
    WIDTH = 1080,
    HEIGHT = 190,
    LEFT = 52,
    RIGHT = 12,
    TOP = 22,
    BOTTOM = 24,
    BINS_MOST = 600,
    BAND_HEIGHT = 15,
    BANDS_MOST = 60,
    TABLE_MOST = 40,
    PAGE_TEXT_BYTES = 512,
};

/* What is drawn in one picture, one line each. */
struct line {
    const char *label, *color;
    double (*value)(const struct chaos_record_second *second);
};

static double admitted(const struct chaos_record_second *second)
{
    return second->admitted;
}
static double confirmed(const struct chaos_record_second *second)
{
    return second->confirmed;
}
static double rolled_back(const struct chaos_record_second *second)
{
    return second->rolled_back;
}
static double waiting(const struct chaos_record_second *second)
{
    return second->by_status[TASK_PENDING];
}
static double proving(const struct chaos_record_second *second)
{
    return second->by_status[TASK_PROOF_PENDING];
}
static double deferred(const struct chaos_record_second *second)
{
    return second->by_status[TASK_AWAITING_ANCESTORS];
}
static double sent(const struct chaos_record_second *second)
{
    return second->by_status[TASK_SUBMITTING] + second->by_status[TASK_CONFIRMING];
}

static const struct line RATES[] = {
    {"admitted", "soft", admitted}, {"confirmed", "main", confirmed}, {"rolled back", "other", rolled_back}};
static const struct line QUEUES[] = {{"waiting to start", "soft", waiting},
                                     {"waiting for a proof", "third", proving},
                                     {"waiting for ancestors", "fourth", deferred},
                                     {"sent to the chain", "main", sent}};

static const struct picture {
    const char *title, *unit;
    const struct line *lines;
    uint32_t count;
    bool is_rate; /* the mean of a bin; otherwise its most */
} PICTURES[] = {
    {"Tasks a second", "tasks/s", RATES, sizeof RATES / sizeof *RATES, true},
    {"Tasks that wait, at the end of each second", "tasks", QUEUES, sizeof QUEUES / sizeof *QUEUES, false},
};

/* ---- scales ---- */

struct canvas {
    const struct chaos_story *story;
    FILE *out;
    double seconds, most; /* of the axes */
    uint32_t bin_seconds, bin_count;
};

static double x_of(const struct canvas *canvas, double second)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * second / canvas->seconds;
}

static double y_of(const struct canvas *canvas, double value)
{
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / canvas->most);
}

static double bin_value(const struct canvas *canvas, const struct picture *picture, const struct line *line,
                        uint32_t bin)
{
    const struct chaos_record *record = canvas->story->record;
    double sum = 0, most = 0;
    uint32_t end = (bin + 1) * canvas->bin_seconds, count = 0;
    for (uint32_t second = bin * canvas->bin_seconds; second < end && second < record->second_count;
         second++) {
        double value = line->value(&record->seconds[second]);
        sum += value;
        if (value > most) most = value;
        count++;
    }
    return picture->is_rate && count ? sum / count : most;
}

static double most_of(const struct canvas *canvas, const struct picture *picture)
{
    double most = 1;
    for (uint32_t i = 0; i < picture->count; i++)
        for (uint32_t bin = 0; bin < canvas->bin_count; bin++) {
            double value = bin_value(canvas, picture, &picture->lines[i], bin);
            if (value > most) most = value;
        }
    return most;
}

/* ---- drawing ---- */

static void draw_text(const struct canvas *canvas, double x, double y, const char *anchor, const char *text)
{
    fprintf(canvas->out,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"11\" fill=\"var(--soft)\">", x, y,
            anchor);
    escape_html(canvas->out, text);
    fputs("</text>\n", canvas->out);
}

static double step_of(double end, uint32_t parts)
{
    double step = 1;
    static const double NEXT[] = {2, 2.5, 2};
    for (uint32_t i = 0; end / step > parts; i++) step *= NEXT[i % 3];
    return step;
}

static void draw_time_axis(const struct canvas *canvas, double bottom)
{
    bool is_minutes = canvas->seconds > 300;
    double unit = is_minutes ? 60 : 1, step = step_of(canvas->seconds / unit, 12);
    for (double at = 0; at * unit <= canvas->seconds; at += step) {
        char text[32];
        snprintf(text, sizeof text, "%g %s", at, is_minutes ? "min" : "s");
        draw_text(canvas, x_of(canvas, at * unit), bottom + 14, "middle", text);
    }
}

static void draw_value_axis(const struct canvas *canvas)
{
    double step = step_of(canvas->most, 4);
    for (double value = 0; value <= canvas->most; value += step) {
        char text[32];
        snprintf(text, sizeof text, "%g", value);
        fprintf(canvas->out, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"var(--grid)\"/>\n",
                LEFT, WIDTH - RIGHT, y_of(canvas, value), y_of(canvas, value));
        draw_text(canvas, LEFT - 6, y_of(canvas, value) + 4, "end", text);
    }
}

static double seconds_of(int64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

static double end_of(const struct canvas *canvas, const struct fault *fault)
{
    int64_t healed_ns = canvas->story->outcome->healed_ns, over_ns = fault->on_ns + fault->for_ns;
    double end = seconds_of(healed_ns > 0 && healed_ns < over_ns ? healed_ns : over_ns);
    return end < canvas->seconds ? end : canvas->seconds;
}

static void draw_bands(const struct canvas *canvas)
{
    const struct schedule *schedule = canvas->story->schedule;
    for (uint32_t i = 0; i < schedule->count; i++) {
        const struct fault *fault = &schedule->faults[i];
        double from = x_of(canvas, seconds_of(fault->on_ns)), until = x_of(canvas, end_of(canvas, fault));
        if (seconds_of(fault->on_ns) > canvas->seconds) continue;
        fprintf(canvas->out,
                "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"var(--event)\" "
                "opacity=\"0.45\"/>\n",
                from, TOP, until - from < 1 ? 1 : until - from, HEIGHT - TOP - BOTTOM);
    }
}

static void draw_marks(const struct canvas *canvas, double top, double bottom)
{
    const struct trial_outcome *outcome = canvas->story->outcome;
    for (uint32_t i = 0; i < outcome->kept; i++) {
        const struct violation *violation = &outcome->violations[i];
        double x = x_of(canvas, seconds_of(violation->now_ns));
        fprintf(canvas->out,
                "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.0f\" y2=\"%.0f\" stroke=\"var(--bad)\" "
                "stroke-width=\"1.5\"><title>",
                x, x, top, bottom);
        escape_html(canvas->out, INVARIANT_TABLE[violation->invariant].id);
        fputs("</title></line>\n", canvas->out);
        bool is_first = i == 0 || outcome->violations[i - 1].invariant != violation->invariant;
        if (is_first) draw_text(canvas, x + 3, top - 3, "start", INVARIANT_TABLE[violation->invariant].id);
    }
}

static void draw_line(const struct canvas *canvas, const struct picture *picture, const struct line *line)
{
    fprintf(canvas->out, "<polyline fill=\"none\" stroke=\"var(--%s)\" stroke-width=\"1.6\" points=\"",
            line->color);
    for (uint32_t bin = 0; bin < canvas->bin_count; bin++)
        fprintf(canvas->out, "%.1f,%.1f ", x_of(canvas, (bin + 0.5) * canvas->bin_seconds),
                y_of(canvas, bin_value(canvas, picture, line, bin)));
    fputs("\"/>\n", canvas->out);
}

static void draw_legend(const struct canvas *canvas, const struct picture *picture)
{
    double x = LEFT;
    for (uint32_t i = 0; i < picture->count; i++) {
        fprintf(canvas->out, "<rect x=\"%.0f\" y=\"4\" width=\"14\" height=\"4\" fill=\"var(--%s)\"/>\n", x,
                picture->lines[i].color);
        draw_text(canvas, x + 19, 10, "start", picture->lines[i].label);
        x += 150;
    }
}

static void begin_svg(const struct canvas *canvas, double height, const char *label)
{
    fprintf(canvas->out,
            "<div class=\"scroll\"><svg viewBox=\"0 0 %d %.0f\" width=\"%d\" role=\"img\" aria-label=\"",
            WIDTH, height, WIDTH);
    escape_html(canvas->out, label);
    fputs("\">\n", canvas->out);
}

static void draw_picture(struct canvas *canvas, const struct picture *picture)
{
    canvas->most = most_of(canvas, picture);
    RENDER_HTML.heading(canvas->out, 2, picture->title);
    begin_svg(canvas, HEIGHT, picture->title);
    draw_bands(canvas);
    draw_value_axis(canvas);
    draw_time_axis(canvas, HEIGHT - BOTTOM);
    for (uint32_t i = 0; i < picture->count; i++) draw_line(canvas, picture, &picture->lines[i]);
    draw_marks(canvas, TOP, HEIGHT - BOTTOM);
    draw_legend(canvas, picture);
    fputs("</svg></div>\n", canvas->out);
}

/* One band a fault, in order of time, under its name. */
static void draw_faults(struct canvas *canvas)
{
    const struct schedule *schedule = canvas->story->schedule;
    uint32_t count = schedule->count < BANDS_MOST ? schedule->count : BANDS_MOST;
    double bottom = TOP + (double)count * BAND_HEIGHT;
    RENDER_HTML.heading(canvas->out, 2, "Faults");
    begin_svg(canvas, bottom + BOTTOM, "when which fault was armed");
    for (uint32_t i = 0; i < count; i++) {
        const struct fault *fault = &schedule->faults[i];
        double y = TOP + (double)i * BAND_HEIGHT, from = x_of(canvas, seconds_of(fault->on_ns));
        double until = x_of(canvas, end_of(canvas, fault));
        bool is_right = from > WIDTH * 0.7;
        if (seconds_of(fault->on_ns) > canvas->seconds) continue;
        fprintf(canvas->out,
                "<rect x=\"%.1f\" y=\"%.0f\" width=\"%.1f\" height=\"%d\" fill=\"var(--event)\"/>\n", from, y,
                until - from < 2 ? 2 : until - from, BAND_HEIGHT - 3);
        draw_text(canvas, is_right ? from - 4 : from + 4, y + 10, is_right ? "end" : "start",
                  INJECTOR_TABLE[fault->injector].name);
    }
    draw_time_axis(canvas, bottom);
    draw_marks(canvas, TOP, bottom);
    fputs("</svg></div>\n", canvas->out);
    if (count < schedule->count)
        RENDER_HTML.paragraph(canvas->out, "Later faults are left out of the picture.");
}

/* ---- words ---- */

static void write_violations(const struct chaos_story *story, struct grid *grid, FILE *out)
{
    static const char *const COLUMNS[] = {"Invariant", "At", "Event", "Task", "What"};
    char at[CHAOS_TIME_BYTES];
    grid_begin(grid, "Violations");
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++)
        grid_add_column(grid, CELL_TEXT, COLUMNS[i]);
    for (uint32_t i = 0; i < story->outcome->kept && i < TABLE_MOST; i++) {
        const struct violation *violation = &story->outcome->violations[i];
        chaos_time_print(violation->now_ns, at);
        grid_add(grid, CELL_TEXT, "%s %s", INVARIANT_TABLE[violation->invariant].id,
                 INVARIANT_TABLE[violation->invariant].title);
        grid_add(grid, CELL_NUMBER, "%s", at);
        grid_add(grid, CELL_NUMBER, "%" PRIu64 " %s", violation->event, violation_kind_name(violation));
        grid_add(grid, CELL_NUMBER, "%" PRIu64, violation->task);
        grid_add(grid, CELL_TEXT, "%s", violation->text);
    }
    RENDER_HTML.table(out, grid);
}

static void write_verdict(const struct chaos_story *story, FILE *out)
{
    const struct trial_outcome *outcome = story->outcome;
    char text[PAGE_TEXT_BYTES];
    snprintf(text, sizeof text,
             "%" PRIu64 " tasks, %" PRIu64 " confirmed, %" PRIu64 " rolled back; %" PRIu64
             " faults fired, %" PRIu64 " crashes; %" PRIu64 " violations",
             outcome->tasks, outcome->confirmed, outcome->rolled_back, outcome->fired, outcome->crashes,
             outcome->violation_count);
    const struct verdict verdict = {outcome->violation_count ? TONE_BAD : TONE_GOOD,
                                    outcome->violation_count ? "VIOLATED" : "HELD", text};
    RENDER_HTML.verdict(out, &verdict);
}

err chaos_story_write_page(const struct chaos_story *story, FILE *out)
{
    struct grid *grid = malloc(sizeof *grid);
    struct canvas canvas = {.story = story, .out = out};
    uint32_t seconds = story->record->second_count;
    if (!grid) return ERR_NOMEM;
    canvas.seconds = seconds_of(story->outcome->end_ns);
    if (canvas.seconds < seconds) canvas.seconds = seconds;
    if (canvas.seconds < 1) canvas.seconds = 1;
    canvas.bin_seconds = 1 + seconds / BINS_MOST;
    canvas.bin_count = (seconds + canvas.bin_seconds - 1) / canvas.bin_seconds;
    RENDER_HTML.begin(out, story->title);
    write_verdict(story, out);
    write_violations(story, grid, out);
    for (size_t i = 0; i < sizeof PICTURES / sizeof *PICTURES; i++) draw_picture(&canvas, &PICTURES[i]);
    draw_faults(&canvas);
    RENDER_HTML.heading(out, 2, "Again");
    RENDER_HTML.code(out, story->command);
    RENDER_HTML.end(out);
    free(grid);
    return OK;
}
