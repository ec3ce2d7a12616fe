/* loadgen/depth.c: the four ways to draw a depth. */
#include "loadgen/depth.h"
#include "base/dist.h"
#include "loadgen/text.h"
#include <string.h>

static const struct text_bounds BOUNDS = {"--depth-distribution", 0, DEPTH_MAX};

static err parse_uniform(struct depth *out, char *rest, struct diag *diag)
{
    char *most = text_cut(rest, '-');
    if (!most)
        return diag_fail(diag, ERR_SYNTAX, "%s: 'uniform:%s' has no upper end; it must be uniform:LOW-HIGH",
                         BOUNDS.what, rest);
    TRY(text_count(rest, &BOUNDS, &out->least, diag));
    TRY(text_count(most, &BOUNDS, &out->most, diag));
    if (out->least <= out->most) return OK;
    return diag_fail(diag, ERR_RANGE, "%s: uniform:%u-%u is upside down; it must be uniform:%u-%u",
                     BOUNDS.what, out->least, out->most, out->most, out->least);
}

static err parse_fixed(struct depth *out, char *rest, struct diag *diag)
{
    TRY(text_count(rest, &BOUNDS, &out->least, diag));
    out->most = out->least;
    return OK;
}

static err parse_geometric(struct depth *out, char *rest, struct diag *diag)
{
    return text_number(rest, &(struct text_bounds){"--depth-distribution geometric:p", 0.01, 1}, &out->chance,
                       diag);
}

static err parse_empirical(struct depth *out, char *rest, struct diag *diag)
{
    struct text_lines lines;
    uint32_t value;
    err e = OK;
    TRY(text_lines_open(&lines, BOUNDS.what, rest, diag));
    for (char *line; e == OK && (line = text_lines_next(&lines));) {
        char place[TEXT_PLACE_BYTES];
        text_lines_place(&lines, place);
        e = text_count(line, &(struct text_bounds){place, BOUNDS.min, BOUNDS.max}, &value, diag);
        if (e != OK) break;
        out->counts[value]++;
        out->count++;
    }
    text_lines_close(&lines);
    if (e == OK && out->count == 0)
        return diag_fail(diag, ERR_SYNTAX, "%s: %s has no depths; it must have one a line", BOUNDS.what,
                         rest);
    return e;
}

static const struct {
    const char *name;
    enum depth_kind kind;
    err (*parse)(struct depth *out, char *rest, struct diag *diag);
} KINDS[] = {{"uniform", DEPTH_UNIFORM, parse_uniform},
             {"fixed", DEPTH_FIXED, parse_fixed},
             {"geometric", DEPTH_GEOMETRIC, parse_geometric},
             {"empirical", DEPTH_EMPIRICAL, parse_empirical}};

err depth_parse(struct depth *out, const char *text, struct diag *diag)
{
    char copy[512];
    if (strlen(text) >= sizeof copy) return diag_fail(diag, ERR_SYNTAX, "%s: too long", BOUNDS.what);
    memcpy(copy, text, strlen(text) + 1);
    char *rest = text_cut(copy, ':');
    for (size_t i = 0; rest && i < sizeof KINDS / sizeof *KINDS; i++) {
        if (strcmp(copy, KINDS[i].name) != 0) continue;
        struct depth depth = {.kind = KINDS[i].kind};
        TRY(KINDS[i].parse(&depth, rest, diag));
        *out = depth;
        return OK;
    }
    return diag_fail(diag, ERR_SYNTAX,
                     "%s: '%s' is none of uniform:LOW-HIGH, fixed:D, geometric:P, empirical:FILE",
                     BOUNDS.what, text);
}

uint32_t depth_draw(const struct depth *depth, struct draw *draw)
{
    if (depth->kind == DEPTH_GEOMETRIC) {
        uint64_t failures = sample_geometric(draw, depth->chance);
        return failures < DEPTH_MAX ? (uint32_t)failures + 1 : DEPTH_MAX;
    }
    if (depth->kind == DEPTH_EMPIRICAL) {
        uint64_t left = draw_below(draw, depth->count);
        uint32_t value = 0;
        while (left >= depth->counts[value]) left -= depth->counts[value++];
        return value;
    }
    return depth->least + (uint32_t)draw_below(draw, depth->most - depth->least + 1);
}

double depth_chance(const struct depth *depth, uint32_t value)
{
    if (value > DEPTH_MAX) return 0;
    if (depth->kind == DEPTH_EMPIRICAL) return (double)depth->counts[value] / (double)depth->count;
    if (depth->kind == DEPTH_GEOMETRIC) {
        if (value == 0) return 0;
        double beyond = 1; /* chance of at least `value` */
        for (uint32_t i = 1; i < value; i++) beyond *= 1 - depth->chance;
        return value == DEPTH_MAX ? beyond : beyond * depth->chance;
    }
    bool is_inside = value >= depth->least && value <= depth->most;
    return is_inside ? 1.0 / (depth->most - depth->least + 1) : 0;
}

double depth_mean(const struct depth *depth)
{
    double mean = 0;
    for (uint32_t value = 1; value <= DEPTH_MAX; value++) mean += value * depth_chance(depth, value);
    return mean;
}
