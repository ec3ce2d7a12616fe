/* cli/top_frame.c: lines into a buffer first, so that each can be cut to the screen. */
#include "cli/top_frame.h"
#include "cli/color.h"
#include "cli/scrape.h"
#include "cli/view.h"
#include "base/duration.h"
#include "base/units.h"
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 512, BAR_CELLS = 30, CONDITIONS_MOST = 12, DEPTHS_MOST = 10 };

struct frame {
    FILE *out;
    struct top_size size;
    unsigned rows; /* written */
    bool is_terminal;
    struct color color;
};

/* Cuts at the screen's width, by characters; the colour is outside of what is counted. */
static void line(struct frame *frame, const char *color, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void line(struct frame *frame, const char *color, const char *format, ...)
{
    char text[LINE_BYTES];
    va_list arguments;
    if (frame->is_terminal && frame->rows + 1 >= frame->size.rows) return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    unsigned width = 0;
    size_t bytes = 0;
    for (; text[bytes]; bytes++) {
        if ((text[bytes] & 0xc0) != 0x80) width++;
        if (width > frame->size.columns) break;
    }
    text[bytes] = '\0';
    fprintf(frame->out, "%s%s%s%s\n", color, text, *color ? frame->color.plain : "",
            frame->is_terminal ? "\033[K" : "");
    frame->rows++;
}

static double value_of(const struct top_view *view, const char *name)
{
    return scrape_value(view->metrics.text, name);
}

/* Of a counter, a second; NAN without an earlier look. */
static double rate_of(const struct top_view *now, const struct top_view *before, const char *name,
                      const char *label)
{
    double is = 0, was = 0;
    if (!before) return NAN;
    scrape_sum(now->metrics.text, name, label, &is);
    scrape_sum(before->metrics.text, name, label, &was);
    return (is - was) / ((double)(now->at_ns - before->at_ns) / 1e9);
}

static void number_text(char out[24], double value, const char *format)
{
    if (isfinite(value))
        snprintf(out, 24, format, value);
    else
        snprintf(out, 24, "-");
}

/* ---- parts ---- */

static void head(struct frame *frame, const struct json_node *status, struct diag *diag)
{
    static const struct column CELLS[] = {{"", "version", CELL_TEXT},
                                          {"", "status", CELL_TEXT},
                                          {"", "uptime_seconds", CELL_SECONDS},
                                          {"", "time_scale", CELL_NUMBER},
                                          {"", "time", CELL_TEXT}};
    char cells[5][CELL_BYTES_MOST];
    for (int i = 0; i < 5; i++)
        if (view_cell(status, &CELLS[i], cells[i], diag) != OK) snprintf(cells[i], CELL_BYTES_MOST, "?");
    bool is_good = strcmp(cells[1], "healthy") == 0;
    line(frame, is_good ? frame->color.good : frame->color.bad, "agenc %s  %s  up %s  time x%s  %s", cells[0],
         cells[1], cells[2], cells[3], cells[4]);
}

static void speculation(struct frame *frame, const struct json_node *status, struct diag *diag)
{
    static const struct column CELLS[] = {
        {"", "speculation.enabled", CELL_BOOL},     {"", "speculation.mode", CELL_TEXT},
        {"", "speculation.max_depth", CELL_NUMBER}, {"", "speculation.rollout_percentage", CELL_NUMBER},
        {"", "speculation.breaker", CELL_TEXT},     {"", "speculation.health_score", CELL_NUMBER},
        {"", "speculation.draining", CELL_BOOL}};
    char cells[7][CELL_BYTES_MOST];
    for (int i = 0; i < 7; i++)
        if (view_cell(status, &CELLS[i], cells[i], diag) != OK) snprintf(cells[i], CELL_BYTES_MOST, "?");
    line(frame, "", "speculation %s  mode %s  depth %s  rollout %s %%  breaker %s  health %s%s",
         strcmp(cells[0], "yes") == 0 ? "on" : "off", cells[1], cells[2], cells[3], cells[4], cells[5],
         strcmp(cells[6], "yes") == 0 ? "  DRAINING" : "");
}

static const struct rate_row {
    const char *words, *name, *label;
} RATES[] = {
    {"submitted", "speculation_operations_total", "status=\"pending\""},
    {"speculative", "speculation_tasks_total", NULL},
    {"confirmed", "speculation_operations_total", "status=\"confirmed\""},
    {"rolled back", "speculation_rollback_total", NULL},
    {"proofs", "speculation_proof_generation_seconds_count", NULL},
    {"requests", "agenc_http_requests_total", NULL},
};

static void rates(struct frame *frame, const struct top_view *now, const struct top_view *before)
{
    line(frame, "", "%s", "");
    line(frame, "", "%-13s %12s %12s", "RATES", "a second", "in all");
    for (size_t i = 0; i < sizeof RATES / sizeof *RATES; i++) {
        char rate[24], all[24];
        double total = NAN;
        if (!scrape_sum(now->metrics.text, RATES[i].name, RATES[i].label, &total)) total = NAN;
        number_text(rate, rate_of(now, before, RATES[i].name, RATES[i].label), "%.1f");
        number_text(all, total, "%.0f");
        line(frame, "", "%-13s %12s %12s", RATES[i].words, rate, all);
    }
}

static void bar(struct frame *frame, const char *words, double used, double limit, double scale,
                const char *unit)
{
    char cells[BAR_CELLS + 1], is[24], most[24];
    double share = limit > 0 && isfinite(used) ? used / limit : 0;
    int filled = (int)(BAR_CELLS * (share < 0 ? 0 : share > 1 ? 1 : share) + 0.5);
    memset(cells, '.', BAR_CELLS);
    memset(cells, '#', (size_t)filled);
    cells[BAR_CELLS] = '\0';
    number_text(is, used / scale, "%.4g");
    number_text(most, limit / scale, "%.4g");
    line(frame, share > 0.8 ? frame->color.bad : "", "%-13s [%s] %5.1f %%  %s / %s %s", words, cells,
         100 * share, is, most, unit);
}

static void queues(struct frame *frame, const struct top_view *now)
{
    line(frame, "", "%s", "");
    line(frame, "", "QUEUES AND LIMITS");
    bar(frame, "proof queue", value_of(now, "speculation_proof_queue_depth"),
        value_of(now, "speculation_proof_queue_capacity"), 1, "proofs");
    bar(frame, "workers", value_of(now, "speculation_proof_worker_utilization"), 1, 0.01, "% busy");
    bar(frame, "accounted mem", value_of(now, "speculation_memory_usage_bytes"),
        value_of(now, "speculation_memory_limit_bytes"), (double)MIB, "MB");
    bar(frame, "depth", value_of(now, "speculation_current_depth"), value_of(now, "speculation_max_depth"), 1,
        "levels");
    bar(frame, "stake", value_of(now, "speculation_stake_utilization"), 1, 0.01, "% locked");
}

static void depths(struct frame *frame, const struct top_view *now)
{
    char words[LINE_BYTES] = "";
    for (int depth = 0; depth <= DEPTHS_MOST; depth++) {
        char label[24];
        double tasks = 0;
        snprintf(label, sizeof label, "depth=\"%d\"", depth);
        if (!scrape_sum(now->metrics.text, "speculation_active_tasks_by_depth", label, &tasks) || tasks <= 0)
            continue;
        size_t used = strlen(words);
        snprintf(words + used, sizeof words - used, "  %d:%.0f", depth, tasks);
    }
    line(frame, "", "%s", "");
    line(frame, "", "ACTIVE        speculative %.0f  operations %.0f  branches %.0f  snapshots %.0f",
         value_of(now, "speculation_active_tasks"), value_of(now, "speculation_pending_operations_count"),
         value_of(now, "speculation_active_branches"), value_of(now, "speculation_state_snapshots_count"));
    line(frame, "", "by depth    %s", *words ? words : "  none");
    line(frame, "", "stake locked  %.9g SOL  slashed %.9g SOL",
         value_of(now, "speculation_stake_locked_lamports") / (double)LAMPORTS_IN_SOL,
         value_of(now, "speculation_stake_slashed_lamports_total") / (double)LAMPORTS_IN_SOL);
}

static void chain(struct frame *frame, const struct json_node *status, const struct top_view *now,
                  struct diag *diag)
{
    static const struct column CELLS[] = {{"", "chain.name", CELL_TEXT},
                                          {"", "chain.slot", CELL_NUMBER},
                                          {"", "chain.confirmed_slot", CELL_NUMBER}};
    char cells[3][CELL_BYTES_MOST], p99[24];
    for (int i = 0; i < 3; i++)
        if (view_cell(status, &CELLS[i], cells[i], diag) != OK) snprintf(cells[i], CELL_BYTES_MOST, "?");
    number_text(p99, value_of(now, "speculation_confirmation_latency_p99"), "%.2f s");
    line(frame, "", "chain         %s  slot %s  confirmed %s  p99 %s", cells[0], cells[1], cells[2], p99);
}

static void alerts(struct frame *frame, const struct top_view *now)
{
    struct condition found[CONDITIONS_MOST];
    unsigned count = conditions_find(now->metrics.text, found, CONDITIONS_MOST);
    line(frame, "", "%s", "");
    line(frame, count ? frame->color.bad : frame->color.good, "ALERTS        %s", count ? "" : "none");
    for (unsigned i = 0; i < count && i < CONDITIONS_MOST; i++)
        line(frame, found[i].level == CONDITION_INFO ? "" : frame->color.bad, "%-13s %s",
             condition_level_name(found[i].level), found[i].text);
}

void top_frame(struct args *args, const struct top_view *now, const struct top_view *before,
               struct top_size size, struct diag *diag)
{
    struct frame frame = {.out = args->out,
                          .size = size,
                          .is_terminal = isatty(fileno(args->out)),
                          .color = color_for(args->out, args->environment)};
    struct json_node status = json_root(now->status.json);
    head(&frame, &status, diag);
    speculation(&frame, &status, diag);
    alerts(&frame, now); /* first, so that the smallest screen shows them */
    rates(&frame, now, before);
    queues(&frame, now);
    depths(&frame, now);
    chain(&frame, &status, now, diag);
    if (frame.is_terminal) fputs("\033[J", args->out);
}
