/* loadgen/pattern.c: a list of straight pieces, and the integral over it. */
#include "loadgen/pattern.h"
#include "base/assert.h"
#include "base/duration.h"
#include "base/limits.h"
#include "loadgen/text.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OPTION "--rate-pattern"

enum { SINE_PIECES = 64, GUESS_NS = 64 };
static const double RATE_MAX = 1e6;

/* -- pieces -- */

struct builder {
    const struct pattern_options *options;
    struct pattern pattern;
    uint32_t room;
    struct diag *diag;
};

/* tasks/s to nano-jobs/s */
static uint64_t job_rate(const struct builder *builder, double tasks_per_s)
{
    return (uint64_t)floor(tasks_per_s / builder->options->tasks_per_job * 1e9 + 0.5);
}

/* Twice the integral over the first `span_ns` of a piece, exactly, but for the floor of the slope's part. */
static u128 piece_work(const struct pattern_piece *piece, int64_t span_ns)
{
    uint64_t length = (uint64_t)(piece->end_ns - piece->begin_ns), span = (uint64_t)span_ns;
    u128 level = (u128)piece->begin_rate * span * 2;
    if (piece->begin_rate == piece->end_rate) return level;
    bool is_rising = piece->end_rate > piece->begin_rate;
    uint64_t change = is_rising ? piece->end_rate - piece->begin_rate : piece->begin_rate - piece->end_rate;
    /* change * span^2 / length does not fit 128 bits for a day at a high rate: divide in between. */
    u128 product = (u128)change * span;
    u128 slope = product / length * span + product % length * span / length;
    return is_rising ? level + slope : level - slope;
}

static err add_piece(struct builder *builder, struct pattern_piece piece)
{
    struct pattern *pattern = &builder->pattern;
    if (piece.begin_ns >= pattern->duration_ns || piece.begin_ns == piece.end_ns) return OK;
    if (pattern->count == builder->room) {
        if (builder->room == LIMIT_PATTERN_PIECES)
            return diag_fail(builder->diag, ERR_LIMIT, "%s: '%s' has more than %d pieces in this duration",
                             OPTION, builder->options->text, LIMIT_PATTERN_PIECES);
        builder->room = builder->room ? builder->room * 2 : 64;
        struct pattern_piece *grown = realloc(pattern->pieces, builder->room * sizeof *grown);
        if (!grown) return ERR_NOMEM;
        pattern->pieces = grown;
    }
    pattern->pieces[pattern->count++] = piece;
    return OK;
}

static err add_level(struct builder *builder, int64_t begin_ns, int64_t end_ns, double tasks_per_s)
{
    uint64_t rate = job_rate(builder, tasks_per_s);
    return add_piece(builder, (struct pattern_piece){begin_ns, end_ns, rate, rate, 0});
}

/* Cuts the last piece at the end of the duration and sums up. */
static err finish(struct builder *builder)
{
    struct pattern *pattern = &builder->pattern;
    u128 work = 0;
    for (uint32_t i = 0; i < pattern->count; i++) {
        struct pattern_piece *piece = &pattern->pieces[i];
        if (piece->end_ns > pattern->duration_ns) {
            double share =
                (double)(pattern->duration_ns - piece->begin_ns) / (double)(piece->end_ns - piece->begin_ns);
            double change = ((double)piece->end_rate - (double)piece->begin_rate) * share;
            piece->end_rate = (uint64_t)floor((double)piece->begin_rate + change + 0.5);
            piece->end_ns = pattern->duration_ns;
        }
        piece->work_before = work;
        work += piece_work(piece, piece->end_ns - piece->begin_ns);
    }
    if (work > 0) return OK;
    return diag_fail(builder->diag, ERR_RANGE, "%s: '%s' offers nothing within the duration", OPTION,
                     builder->options->text);
}

/* -- grammar -- */

static err syntax(struct builder *builder, const char *form)
{
    return diag_fail(builder->diag, ERR_SYNTAX, "%s: '%s' is malformed; it must be %s", OPTION,
                     builder->options->text, form);
}

static err read_time(struct builder *builder, const char *text, int64_t *out_ns)
{
    struct diag why = {0};
    err e = duration_parse(text, out_ns, &why);
    return e == OK ? OK : diag_fail(builder->diag, e, "%s: %.400s", OPTION, why.text);
}

/* A duration above zero. */
static err read_span(struct builder *builder, const char *text, int64_t *out_ns)
{
    err e = read_time(builder, text, out_ns);
    if (e != OK || *out_ns > 0) return e;
    return diag_fail(builder->diag, ERR_RANGE, "%s: '%s' has a duration of zero; it must be above", OPTION,
                     builder->options->text);
}

static err read_rate(struct builder *builder, const char *text, double *out)
{
    return text_number(text, &(struct text_bounds){OPTION " (tasks/s)", 0, RATE_MAX}, out, builder->diag);
}

static err parse_constant(struct builder *builder, char *rest)
{
    if (rest) return syntax(builder, "constant (the rate itself is --rate)");
    return add_level(builder, 0, builder->pattern.duration_ns, builder->options->base_rate);
}

static err add_bursts(struct builder *builder, double factor)
{
    struct pattern *pattern = &builder->pattern;
    double base = builder->options->base_rate;
    int64_t calm_from_ns = 0, begin_ns = pattern->burst_first_ns;
    while (begin_ns < pattern->duration_ns) {
        int64_t end_ns = ns_after(begin_ns, pattern->burst_ns);
        TRY(add_level(builder, calm_from_ns, begin_ns, base));
        TRY(add_level(builder, begin_ns, end_ns, base * factor));
        pattern->burst_count++;
        calm_from_ns = end_ns;
        begin_ns = ns_after(begin_ns, pattern->burst_every_ns);
    }
    return calm_from_ns < pattern->duration_ns ? add_level(builder, calm_from_ns, pattern->duration_ns, base)
                                               : OK;
}

static err parse_burst(struct builder *builder, char *rest)
{
    static const char FORM[] = "burst:10x:30s:every:2m (ten times the rate for 30 s in every 2 m)";
    struct pattern *pattern = &builder->pattern;
    char *length = rest ? text_cut(rest, ':') : NULL;
    char *every = length ? text_cut(length, ':') : NULL;
    char *period = every ? text_cut(every, ':') : NULL;
    double factor;
    if (!period || strcmp(every, "every") != 0) return syntax(builder, FORM);
    size_t size = strlen(rest);
    if (size < 2 || rest[size - 1] != 'x') return syntax(builder, FORM);
    rest[size - 1] = 0;
    TRY(text_number(rest, &(struct text_bounds){OPTION " burst factor", 0, 1000}, &factor, builder->diag));
    TRY(read_span(builder, length, &pattern->burst_ns));
    TRY(read_span(builder, period, &pattern->burst_every_ns));
    if (pattern->burst_ns > pattern->burst_every_ns)
        return diag_fail(builder->diag, ERR_RANGE,
                         "%s: '%s' has bursts longer than their period; they must be shorter", OPTION,
                         builder->options->text);
    pattern->burst_first_ns = pattern->burst_every_ns / 2;
    return add_bursts(builder, factor);
}

static err parse_ramp(struct builder *builder, char *rest)
{
    char *to = rest ? text_cut(rest, '-') : NULL;
    double from_rate, to_rate;
    if (!to) return syntax(builder, "ramp:A-B, from A to B tasks/s over the duration");
    TRY(read_rate(builder, rest, &from_rate));
    TRY(read_rate(builder, to, &to_rate));
    return add_piece(builder,
                     (struct pattern_piece){0, builder->pattern.duration_ns, job_rate(builder, from_rate),
                                            job_rate(builder, to_rate), 0});
}

/* The next step of a list: the one before it ends here. */
static err add_step(struct builder *builder, int64_t at_ns, double tasks_per_s)
{
    struct pattern *pattern = &builder->pattern;
    if (pattern->count == 0 && at_ns != 0)
        return diag_fail(builder->diag, ERR_RANGE, "%s: the first step must be at 0s", OPTION);
    if (pattern->count > 0) {
        struct pattern_piece *last = &pattern->pieces[pattern->count - 1];
        if (at_ns <= last->begin_ns)
            return diag_fail(builder->diag, ERR_RANGE, "%s: the times of steps must ascend", OPTION);
        last->end_ns = at_ns;
    }
    return add_level(builder, at_ns, NEVER_NS, tasks_per_s);
}

static err parse_step(struct builder *builder, char *rest)
{
    static const char FORM[] = "step:RATE@TIME,... as in step:50@0s,100@60s";
    if (!rest) return syntax(builder, FORM);
    for (char *next; rest; rest = next) {
        double rate;
        int64_t at_ns;
        next = text_cut(rest, ',');
        char *at = text_cut(rest, '@');
        if (!at) return syntax(builder, FORM);
        TRY(read_rate(builder, rest, &rate));
        TRY(read_time(builder, at, &at_ns));
        TRY(add_step(builder, at_ns, rate));
    }
    return OK;
}

/* sin(2 pi i / 64), by its series: libm's own is not the same everywhere. */
static double sine_at(uint32_t i)
{
    uint32_t quarter = SINE_PIECES / 4, phase = i % (2 * quarter);
    double x = 6.283185307179586 * (phase <= quarter ? phase : 2 * quarter - phase) / SINE_PIECES;
    double term = x, sum = x;
    for (int n = 3; n <= 19; n += 2) {
        term *= -x * x / (n * (n - 1));
        sum += term;
    }
    return i % SINE_PIECES < 2 * quarter ? sum : -sum;
}

static err add_sine(struct builder *builder, double amplitude, int64_t period_ns)
{
    double base = builder->options->base_rate;
    for (int64_t first_ns = 0; first_ns < builder->pattern.duration_ns;
         first_ns = ns_after(first_ns, period_ns)) {
        for (uint32_t i = 0; i < SINE_PIECES; i++) {
            struct pattern_piece piece = {
                .begin_ns = first_ns + (int64_t)((u128)period_ns * i / SINE_PIECES),
                .end_ns = first_ns + (int64_t)((u128)period_ns * (i + 1) / SINE_PIECES),
                .begin_rate = job_rate(builder, base * (1 + amplitude * sine_at(i))),
                .end_rate = job_rate(builder, base * (1 + amplitude * sine_at(i + 1)))};
            TRY(add_piece(builder, piece));
        }
    }
    return OK;
}

static err parse_sine(struct builder *builder, char *rest)
{
    static const char FORM[] = "sine:AMPLITUDE%:PERIOD as in sine:50%:60s";
    char *period = rest ? text_cut(rest, ':') : NULL;
    double percent;
    int64_t period_ns;
    size_t size = rest ? strlen(rest) : 0;
    if (!period || size < 2 || rest[size - 1] != '%') return syntax(builder, FORM);
    rest[size - 1] = 0;
    TRY(text_number(rest, &(struct text_bounds){OPTION " amplitude (%)", 0, 100}, &percent, builder->diag));
    TRY(read_span(builder, period, &period_ns));
    if (period_ns < NS_PER_MS || period_ns > 365 * NS_PER_DAY)
        return diag_fail(builder->diag, ERR_RANGE, "%s: the period of a sine must be in 1ms .. 365d", OPTION);
    return add_sine(builder, percent / 100, period_ns);
}

/* "60s 100" */
static err read_trace_line(struct builder *builder, char *line)
{
    double rate;
    int64_t at_ns;
    char *written = text_cut(line, ' ');
    if (!written)
        return diag_fail(builder->diag, ERR_SYNTAX, "'%s' must be \"AT RATE\", such as \"60s 100\"", line);
    TRY(duration_parse(line, &at_ns, builder->diag));
    TRY(read_rate(builder, written + strspn(written, " \t"), &rate));
    return add_step(builder, at_ns, rate);
}

static err parse_trace(struct builder *builder, char *rest)
{
    struct text_lines lines;
    struct diag *diag = builder->diag, why = {0};
    char place[TEXT_PLACE_BYTES];
    if (!rest) return syntax(builder, "trace:FILE, a file of lines \"AT RATE\" such as \"60s 100\"");
    TRY(text_lines_open(&lines, OPTION, rest, diag));
    err e = OK;
    builder->diag = &why;
    for (char *line; e == OK && (line = text_lines_next(&lines));) e = read_trace_line(builder, line);
    builder->diag = diag;
    text_lines_place(&lines, place);
    text_lines_close(&lines);
    return e == OK ? OK : diag_fail(diag, e, "%s: %.400s", place, why.text);
}

static const struct {
    const char *name;
    err (*parse)(struct builder *builder, char *rest);
} KINDS[] = {{"constant", parse_constant}, {"burst", parse_burst}, {"ramp", parse_ramp},
             {"step", parse_step},         {"sine", parse_sine},   {"trace", parse_trace}};

static err parse_text(struct builder *builder, char *text)
{
    char *rest = text_cut(text, ':');
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (strcmp(text, KINDS[i].name) == 0) return KINDS[i].parse(builder, rest);
    return diag_fail(builder->diag, ERR_SYNTAX,
                     "%s: '%s' is none of constant, burst:10x:30s:every:2m, ramp:A-B, step:R@T,..., "
                     "sine:50%%:60s, trace:FILE",
                     OPTION, builder->options->text);
}

err pattern_parse(struct pattern *out, const struct pattern_options *options, struct diag *diag)
{
    struct builder builder = {.options = options, .pattern.duration_ns = options->duration_ns, .diag = diag};
    if (!(options->base_rate >= 0.001 && options->base_rate <= RATE_MAX))
        return diag_fail(diag, ERR_RANGE, "--rate %g is out of range; it must be in 0.001 .. %g tasks/s",
                         options->base_rate, RATE_MAX);
    if (options->duration_ns <= 0 || options->duration_ns > 365 * NS_PER_DAY)
        return diag_fail(diag, ERR_RANGE, "--duration is out of range; it must be above 0 and at most 365d");
    ASSERT(options->tasks_per_job >= 1);
    char *copy = strdup(options->text);
    if (!copy) return ERR_NOMEM;
    err e = parse_text(&builder, copy);
    free(copy);
    if (e == OK) e = finish(&builder);
    if (e != OK) {
        pattern_close(&builder.pattern);
        return e;
    }
    *out = builder.pattern;
    return OK;
}

void pattern_close(struct pattern *pattern)
{
    free(pattern->pieces);
    *pattern = (struct pattern){0};
}

/* -- the inverse -- */

u128 pattern_work(const struct pattern *pattern)
{
    const struct pattern_piece *last = &pattern->pieces[pattern->count - 1];
    return last->work_before + piece_work(last, last->end_ns - last->begin_ns);
}

/* Where a slope reaches `work`, about: the stable form of the quadratic's root. */
static int64_t slope_guess(const struct pattern_piece *piece, u128 work)
{
    double length = (double)(piece->end_ns - piece->begin_ns), wanted = (double)work;
    double level = (double)piece->begin_rate, change = (double)piece->end_rate - level;
    double root = level * level + change * wanted / length;
    double span = wanted / (level + sqrt(root > 0 ? root : 0));
    return span >= 0 && span < length ? (int64_t)span : (int64_t)length;
}

/* The least span with piece_work >= work, by bisection; the guess only narrows where to look. */
static int64_t slope_span(const struct pattern_piece *piece, u128 work)
{
    int64_t length = piece->end_ns - piece->begin_ns, guess = slope_guess(piece, work);
    int64_t low = guess > GUESS_NS ? guess - GUESS_NS : -1,
            high = guess < length - GUESS_NS ? guess + GUESS_NS : length;
    if (low >= 0 && piece_work(piece, low) >= work) low = -1;
    if (piece_work(piece, high) < work) high = length;
    while (high - low > 1) { /* low: not yet; high: reached */
        int64_t middle = low + (high - low) / 2;
        *(piece_work(piece, middle) >= work ? &high : &low) = middle;
    }
    return high;
}

int64_t pattern_at(const struct pattern *pattern, u128 work, uint32_t *piece)
{
    const struct pattern_piece *pieces = pattern->pieces;
    ASSERT(work < pattern_work(pattern));
    while (*piece + 1 < pattern->count && pieces[*piece + 1].work_before < work) (*piece)++;
    const struct pattern_piece *here = &pieces[*piece];
    u128 left = work - here->work_before;
    if (left == 0) return here->begin_ns;
    if (here->begin_rate != here->end_rate) return here->begin_ns + slope_span(here, left);
    u128 speed = (u128)here->begin_rate * 2;
    return here->begin_ns + (int64_t)((left + speed - 1) / speed);
}

double pattern_mean_rate(const struct pattern *pattern)
{
    double jobs = (double)pattern_work(pattern) / (double)PATTERN_JOB_WORK;
    return jobs / ((double)pattern->duration_ns / 1e9);
}
