/* reports/plot_svg.c: gnuplot's SVG made fit for a page: no frame, no definitions, no colours of its own. */
#include "reports/plot.h"
#include "base/escape.h"
#include <stdbool.h>
#include <string.h>

static const char *const COLOR_NAMES[] = {
#define X(name, light, dark) #name,
    PLOT_COLORS(X)
#undef X
};

enum { COLOR_COUNT = sizeof COLOR_NAMES / sizeof *COLOR_NAMES };

static bool begins(const char *at, const char *text)
{
    return strncmp(at, text, strlen(text)) == 0;
}

/* "rgb(254,   0,  12)" is colour 12; returns what it took of the text, 0 when it is no mark. */
static size_t write_color(FILE *out, const char *at)
{
    int green = -1, blue = -1, used = 0;
    if (sscanf(at, "rgb(254,%d,%d)%n", &green, &blue, &used) != 2 || used == 0) return 0;
    if (green != 0 || blue < 0 || blue >= COLOR_COUNT) return 0;
    fprintf(out, "var(--%s)", COLOR_NAMES[blue]);
    return (size_t)used;
}

/* What each stretch of gnuplot's text becomes; NULL: the prefix of ids goes in between. */
static const struct rule {
    const char *from, *to;
    bool takes_prefix;
} RULES[] = {
    {" stroke=\"currentColor\"", "", false},
    {" color=\"black\"", "", false},
    {" color=\"white\"", "", false},
    {" color=\"gray\"", "", false},
    {" stroke-linecap=\"butt\"", "", false},
    {" stroke-linejoin=\"miter\"", " stroke-linejoin=\"round\"", false},
    {" font-family=\"sans-serif\"", "", false},
    {" class=\"gridline\"", "", false},
    {"xlink:href='#", "href='#", true},
    {"id=\"", "id=\"", true},
    {"id='", "id='", true},
    {"url(#", "url(#", true},
    {"\t", "", false},
};

static size_t write_ruled(FILE *out, const char *at, const char *prefix)
{
    for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++) {
        if (!begins(at, RULES[i].from)) continue;
        fputs(RULES[i].to, out);
        if (RULES[i].takes_prefix) fprintf(out, "%s-", prefix);
        return strlen(RULES[i].from);
    }
    return 0;
}

/* "<g …>\n</g>\n" draws nothing, and there are hundreds of them. */
static size_t empty_group(const char *at)
{
    if (!begins(at, "<g ")) return 0;
    const char *end = strchr(at, '>');
    return end && begins(end + 1, "\n</g>\n") ? (size_t)(end + 7 - at) : 0;
}

/* From the opening of `element` to its end; 0 when it does not open here. */
static size_t whole_element(const char *at, const char *open, const char *close)
{
    if (!begins(at, open)) return 0;
    const char *end = strstr(at, close);
    return end ? (size_t)(end - at) + strlen(close) : 0;
}

/* The shapes of points, when no point is drawn. */
static size_t unused_shapes(const char *at)
{
    size_t size = whole_element(at, "<defs>", "</defs>\n");
    return size && strstr(at + size, "#gp") ? 0 : size;
}

static size_t dropped(const char *at)
{
    size_t size = empty_group(at);
    if (size == 0) size = whole_element(at, "<title>", "</title>");
    return size ? size : unused_shapes(at);
}

static void write_body(FILE *out, const char *body, const char *prefix)
{
    const char *at = body;
    while (*at) {
        size_t used = dropped(at);
        if (used == 0) used = write_color(out, at);
        if (used == 0) used = write_ruled(out, at, prefix);
        if (used == 0) {
            fputc(*at, out);
            used = 1;
        }
        at += used;
    }
}

void plot_write_svg(FILE *out, const struct plot_svg *plot)
{
    const char *body = strstr(plot->svg, "<g id=\"gnuplot_canvas\"");
    fprintf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", PLOT_WIDTH, PLOT_HEIGHT);
    escape_html(out, plot->label);
    fputs("\">\n", out);
    if (body) write_body(out, body, plot->prefix);
    if (!body) fputs("</svg>\n", out);
}
