/* loadgen/text.c: numbers, shares and lines. */
#include "loadgen/text.h"
#include "base/decimal.h"
#include "base/file.h"
#include "base/limits.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 9, SHARES_BYTES = 256 };

err text_number(const char *text, const struct text_bounds *bounds, double *out, struct diag *diag)
{
    int64_t steps;
    err e = decimal_parse(text, PLACES, &steps);
    if (e == ERR_SYNTAX)
        return diag_fail(diag, e, "%s: '%s' is not a number; it must be in %g .. %g", bounds->what, text,
                         bounds->min, bounds->max);
    double number = (double)steps / 1e9;
    if (e != OK || !(number >= bounds->min && number <= bounds->max))
        return diag_fail(diag, ERR_RANGE, "%s: %s is out of range; it must be in %g .. %g", bounds->what,
                         text, bounds->min, bounds->max);
    *out = number;
    return OK;
}

err text_count(const char *text, const struct text_bounds *bounds, uint32_t *out, struct diag *diag)
{
    int64_t count;
    err e = decimal_parse(text, 0, &count);
    if (e == ERR_SYNTAX)
        return diag_fail(diag, e, "%s: '%s' is not a whole number; it must be in %g .. %g", bounds->what,
                         text, bounds->min, bounds->max);
    if (e != OK || !((double)count >= bounds->min && (double)count <= bounds->max))
        return diag_fail(diag, ERR_RANGE, "%s: %s is out of range; it must be a whole number in %g .. %g",
                         bounds->what, text, bounds->min, bounds->max);
    *out = (uint32_t)count;
    return OK;
}

char *text_cut(char *text, char mark)
{
    char *at = strchr(text, mark);
    if (!at) return NULL;
    *at = 0;
    return at + 1;
}

/* -- shares -- */

static void shares_form(const struct text_share_set *set, char out[SHARES_BYTES])
{
    size_t filled = 0;
    out[0] = 0;
    for (uint32_t i = 0; i < set->count && filled < SHARES_BYTES; i++)
        filled += (size_t)snprintf(out + filled, SHARES_BYTES - filled, "%s%s=SHARE", i ? "," : "",
                                   set->shares[i].name);
}

static err share_read(const struct text_share_set *set, char *part, struct diag *diag)
{
    const struct text_bounds bounds = {set->what, 0, 1};
    char form[SHARES_BYTES];
    char *value = text_cut(part, '=');
    for (uint32_t i = 0; value && i < set->count; i++) {
        const struct text_share *share = &set->shares[i];
        if (strcmp(part, share->name) != 0) continue;
        if (*share->share >= 0) return diag_fail(diag, ERR_SYNTAX, "%s: %s is given twice", set->what, part);
        return text_number(value, &bounds, share->share, diag);
    }
    shares_form(set, form);
    return diag_fail(diag, ERR_SYNTAX, "%s: '%s' is none of %s", set->what, part, form);
}

err text_shares(const struct text_share_set *set, const char *text, struct diag *diag)
{
    char copy[SHARES_BYTES];
    if (strlen(text) >= sizeof copy) return diag_fail(diag, ERR_SYNTAX, "%s: too long", set->what);
    memcpy(copy, text, strlen(text) + 1);
    for (uint32_t i = 0; i < set->count; i++) *set->shares[i].share = -1; /* not yet given */
    for (char *part = copy, *next; part; part = next) {
        next = text_cut(part, ',');
        TRY(share_read(set, part, diag));
    }
    double sum = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        if (*set->shares[i].share < 0) *set->shares[i].share = 0;
        sum += *set->shares[i].share;
    }
    if (sum > 1 - 1e-6 && sum < 1 + 1e-6) return OK;
    return diag_fail(diag, ERR_RANGE, "%s: the shares of '%s' sum to %g; they must sum to 1", set->what, text,
                     sum);
}

/* -- lines -- */

err text_lines_open(struct text_lines *out, const char *what, const char *path, struct diag *diag)
{
    struct file_bytes file;
    struct diag why = {0};
    err e = file_read(path, LIMIT_TRACE_BYTES, &file, &why);
    if (e != OK) return diag_fail(diag, e == ERR_LIMIT ? ERR_IO : e, "%s: %.400s", what, why.text);
    if (strlen(file.text) != file.size_bytes) {
        free(file.text);
        return diag_fail(diag, ERR_IO, "%s: %.256s is not a text file", what, path);
    }
    *out = (struct text_lines){.path = path, .content = file.text, .next = file.text};
    return OK;
}

void text_lines_place(const struct text_lines *lines, char out[TEXT_PLACE_BYTES])
{
    snprintf(out, TEXT_PLACE_BYTES, "%.256s:%u", lines->path, lines->line);
}

void text_lines_close(struct text_lines *lines)
{
    free(lines->content);
    *lines = (struct text_lines){0};
}

static char *trimmed(char *line)
{
    (void)text_cut(line, '#');
    line += strspn(line, " \t\r");
    size_t size = strlen(line);
    while (size > 0 && strchr(" \t\r", line[size - 1])) line[--size] = 0;
    return line;
}

char *text_lines_next(struct text_lines *lines)
{
    while (lines->next) {
        char *line = lines->next;
        lines->next = text_cut(line, '\n');
        lines->line++;
        line = trimmed(line);
        if (line[0]) return line;
    }
    return NULL;
}
