/* base/dist.c: the grammar is a table; a sample is a switch. */
#include "base/dist.h"
#include "base/assert.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/fmath.h"
#include "base/sort.h"
#include "base/units.h"
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARAMETER_BYTES = 64, VALUES_MAX = 1000000, FILE_BYTES_MAX = 64 << 20 };

/* What a parameter may be: a duration in ns, or a bare number. */
struct range {
    enum { NO_PARAMETER, DURATION, NUMBER } type;
    double least, most;
    const char *words;
};

#define ANY_TIME                                                                                             \
    {                                                                                                        \
        DURATION, 0, (double)NS_PER_DAY, "a duration of at most a day"                                       \
    }
#define SOME_TIME                                                                                            \
    {                                                                                                        \
        DURATION, 1, (double)NS_PER_DAY, "a duration from 1ns to a day"                                      \
    }

static const struct form {
    const char *name, *example;
    enum dist_kind kind;
    char separator;
    struct range ranges[2];
} FORMS[] = {
    {"fixed", "fixed:2s", DIST_FIXED, ':', {ANY_TIME}},
    {"uniform", "uniform:100ms-300ms", DIST_UNIFORM, '-', {ANY_TIME, ANY_TIME}},
    {"exponential", "exponential:100ms", DIST_EXPONENTIAL, ':', {SOME_TIME}},
    {"normal", "normal:1s:100ms", DIST_NORMAL, ':', {ANY_TIME, ANY_TIME}},
    {"lognormal",
     "lognormal:200ms:0.5",
     DIST_LOGNORMAL,
     ':',
     {SOME_TIME, {NUMBER, 0, 10, "a sigma from 0 to 10"}}},
    {"gamma",
     "gamma:1s:0.5",
     DIST_GAMMA,
     ':',
     {SOME_TIME, {NUMBER, 0.001, 10, "a coefficient of variation from 0.001 to 10"}}},
    {"pareto",
     "pareto:450ms:1.4",
     DIST_PARETO,
     ':',
     {SOME_TIME, {NUMBER, 0.1, 100, "an exponent from 0.1 to 100"}}},
};
enum { FORM_COUNT = sizeof FORMS / sizeof *FORMS };

static const char EMPIRICAL[] = "empirical:";

/* Digits with at most one point: neither sign, exponent, hex, nan nor inf. */
static bool read_number(const char *text, double *out)
{
    size_t length = strlen(text);
    if (length == 0 || strspn(text, "0123456789.") != length || text[length - 1] == '.') return false;
    char *end;
    double number = strtod(text, &end);
    if (*end || !isfinite(number)) return false;
    *out = number;
    return true;
}

static err parse_parameter(const struct range *range, const char *text, double *out, struct diag *diag)
{
    double value;
    if (range->type == DURATION) {
        int64_t ns;
        TRY(duration_parse(text, &ns, diag));
        value = (double)ns;
    } else if (!read_number(text, &value)) {
        return diag_fail(diag, ERR_SYNTAX, "\"%.64s\" is not %s", text, range->words);
    }
    if (value < range->least || value > range->most)
        return diag_fail(diag, ERR_RANGE, "\"%.64s\" is not %s", text, range->words);
    *out = value;
    return OK;
}

/* Cuts off the text up to the separator, or all of it for the last parameter. NULL: too long or missing. */
static const char *cut_parameter(const char *text, char separator, char out[PARAMETER_BYTES])
{
    const char *end = separator ? strchr(text, separator) : text + strlen(text);
    if (!end || end - text >= PARAMETER_BYTES) return NULL;
    memcpy(out, text, (size_t)(end - text));
    out[end - text] = 0;
    return *end ? end + 1 : end;
}

static err parse_parameters(const struct form *form, const char *text, struct dist *out, struct diag *diag)
{
    struct dist dist = {.kind = form->kind};
    double *values[2] = {&dist.a, &dist.b};
    bool has_second = form->ranges[1].type != NO_PARAMETER;
    for (int i = 0; i <= has_second; i++) {
        char parameter[PARAMETER_BYTES];
        text = cut_parameter(text, i < has_second ? form->separator : 0, parameter);
        if (!text)
            return diag_fail(diag, ERR_SYNTAX, "needs %s", has_second ? "two parameters" : "a parameter");
        TRY(parse_parameter(&form->ranges[i], parameter, values[i], diag));
    }
    if (dist.kind == DIST_UNIFORM && dist.a > dist.b)
        return diag_fail(diag, ERR_RANGE, "the first must not be above the second");
    *out = dist;
    return OK;
}

static err parse_line(char *line, int64_t *out, bool *is_value, struct diag *diag)
{
    line[strcspn(line, "#\r")] = 0;
    line += strspn(line, " \t");
    size_t length = strlen(line);
    while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t')) line[--length] = 0;
    *is_value = *line != 0;
    if (!*is_value) return OK;
    TRY(duration_parse(line, out, diag));
    return *out <= NS_PER_DAY ? OK : diag_fail(diag, ERR_RANGE, "\"%.64s\" is more than a day", line);
}

/* `text` is cut up. dist->values has room for a value a line. */
static err parse_lines(struct dist *dist, char *text, const char *path, struct diag *diag)
{
    for (int line_number = 1; *text; line_number++) {
        size_t length = strcspn(text, "\n");
        char *next = text + length + (text[length] != 0);
        text[length] = 0;
        bool is_value;
        struct diag cause = {0};
        err failure = parse_line(text, &dist->values[dist->value_count], &is_value, &cause);
        if (failure != OK) return diag_fail(diag, failure, "%.256s:%d: %s", path, line_number, cause.text);
        dist->value_count += is_value;
        text = next;
    }
    if (dist->value_count == 0)
        return diag_fail(diag, ERR_SYNTAX, "%.256s: no durations; write one a line, as in 250ms", path);
    sort_i64(dist->values, dist->value_count);
    return OK;
}

static err parse_file(struct dist *out, const char *path, struct diag *diag)
{
    struct file_bytes file;
    TRY(file_read(path, FILE_BYTES_MAX, &file, diag));
    struct dist dist = {.kind = DIST_EMPIRICAL};
    size_t line_count = 1;
    for (const char *at = file.text; *at; at++) line_count += *at == '\n';
    err result = OK;
    if (strlen(file.text) != file.size_bytes)
        result = diag_fail(diag, ERR_SYNTAX, "%.256s: not a text file", path);
    else if (line_count > VALUES_MAX)
        result = diag_fail(diag, ERR_LIMIT, "%.256s: %zu lines, at most %d", path, line_count, VALUES_MAX);
    else if (!(dist.values = malloc(line_count * sizeof *dist.values)))
        result = diag_fail(diag, ERR_NOMEM, "%.256s: out of memory", path);
    if (result == OK) result = parse_lines(&dist, file.text, path, diag);
    free(file.text);
    if (result != OK)
        dist_close(&dist);
    else
        *out = dist;
    return result;
}

static const struct form *find_form(const char *text)
{
    for (int i = 0; i < FORM_COUNT; i++) {
        size_t length = strlen(FORMS[i].name);
        if (strncmp(text, FORMS[i].name, length) == 0 && text[length] == ':') return &FORMS[i];
    }
    return NULL;
}

err dist_parse(struct dist *out, const char *text, struct diag *diag)
{
    size_t prefix = strlen(EMPIRICAL);
    if (strncmp(text, EMPIRICAL, prefix) == 0) return parse_file(out, text + prefix, diag);
    const struct form *form = find_form(text);
    if (!form)
        return diag_fail(diag, ERR_SYNTAX,
                         "\"%.64s\" is not a distribution; write fixed:2s, uniform:100ms-300ms, "
                         "exponential:100ms, normal:1s:100ms, lognormal:200ms:0.5, gamma:1s:0.5, "
                         "pareto:450ms:1.4 or empirical:FILE",
                         text);
    struct diag cause = {0};
    err failure = parse_parameters(form, strchr(text, ':') + 1, out, &cause);
    if (failure == OK) return OK;
    return diag_fail(diag, failure, "distribution \"%.64s\": %s; write for example %s", text, cause.text,
                     form->example);
}

void dist_close(struct dist *dist)
{
    free(dist->values);
    dist->values = NULL;
    dist->value_count = 0;
}

static double sample(const struct dist *dist, struct draw *draw)
{
    double square = dist->b * dist->b;
    switch (dist->kind) {
    case DIST_FIXED: return dist->a;
    case DIST_UNIFORM: return dist->a + (double)draw_below(draw, (uint64_t)(dist->b - dist->a) + 1);
    case DIST_EXPONENTIAL: return dist->a * sample_exponential(draw);
    case DIST_NORMAL: return dist->a + dist->b * sample_normal(draw);
    case DIST_LOGNORMAL: return dist->a * sample_lognormal(draw, dist->b);
    case DIST_GAMMA: return dist->a * square * sample_gamma(draw, 1 / square);
    case DIST_PARETO: return dist->a * sample_pareto(draw, dist->b);
    case DIST_EMPIRICAL: return (double)dist->values[draw_below(draw, dist->value_count)];
    }
    ASSERT(!"a distribution of unknown kind");
}

int64_t dist_sample_ns(const struct dist *dist, struct draw *draw)
{
    double ns = sample(dist, draw);
    if (ns <= 0) return 0;
    return ns < (double)NS_PER_DAY ? (int64_t)(ns + 0.5) : NS_PER_DAY;
}

/* E min(X, day): the integral of (least / x)^exponent from least to a day, and least itself. */
static double pareto_mean(double least, double exponent)
{
    double reach = (double)NS_PER_DAY / least;
    if (exponent == 1) return least * (1 + fmath_log(reach));
    return least * (1 + (fmath_pow(reach, 1 - exponent) - 1) / (1 - exponent));
}

static double values_mean(const struct dist *dist)
{
    double sum = 0;
    for (uint32_t i = 0; i < dist->value_count; i++) sum += (double)dist->values[i];
    return sum / dist->value_count;
}

double dist_mean_ns(const struct dist *dist)
{
    double mean = dist->a; /* fixed, exponential, normal, gamma */
    if (dist->kind == DIST_UNIFORM) mean = (dist->a + dist->b) / 2;
    if (dist->kind == DIST_LOGNORMAL) mean = dist->a * fmath_exp(dist->b * dist->b / 2);
    if (dist->kind == DIST_PARETO) mean = pareto_mean(dist->a, dist->b);
    if (dist->kind == DIST_EMPIRICAL) mean = values_mean(dist);
    return mean < (double)NS_PER_DAY ? mean : (double)NS_PER_DAY;
}
