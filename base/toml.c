/* base/toml.c: reads the file, and refuses what would cost the parser its stack.
 *
 * toml++ bounds nested brackets, but builds and frees one table a part of a
 * dotted key by recursion, however many parts there are. scan_text walks the
 * text once and counts the dots of each run that could be a key. */
#include "base/toml.h"
#include "base/limits.h"
#include "base/toml_shim.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const TYPE_NAMES[] = {
    [TOML_STRING] = "text",           [TOML_INTEGER] = "an integer", [TOML_FLOAT] = "a number",
    [TOML_BOOLEAN] = "true or false", [TOML_ARRAY] = "a list",       [TOML_DATE] = "a date",
};

const char *toml_type_name(enum toml_type type)
{
    return TYPE_NAMES[type];
}

struct scan {
    const char *at, *end, *line_start;
    int line, dots;
};

static void step(struct scan *scan)
{
    if (*scan->at++ != '\n') return;
    scan->line++;
    scan->line_start = scan->at;
}

static bool continues_key(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == ' ' || c == '\t';
}

/* Steps over a string that opens at `at`; an unclosed one is the parser's to report. */
static void step_string(struct scan *scan)
{
    char quote = *scan->at;
    bool is_long = scan->end - scan->at >= 3 && scan->at[1] == quote && scan->at[2] == quote;
    int needed = is_long ? 3 : 1, closed = 0;
    scan->at += needed;
    while (scan->at < scan->end && closed < needed) {
        if (*scan->at == '\n' && !is_long) return;
        bool is_escape = *scan->at == '\\' && quote == '"' && scan->at + 1 < scan->end;
        closed = *scan->at == quote ? closed + 1 : 0;
        step(scan);
        if (is_escape) step(scan);
    }
}

static void step_comment(struct scan *scan)
{
    while (scan->at < scan->end && *scan->at != '\n') step(scan);
}

/* A character outside of strings and comments. */
static void step_plain(struct scan *scan)
{
    if (*scan->at == '.')
        scan->dots++;
    else if (!continues_key(*scan->at))
        scan->dots = 0;
    if (scan->dots < LIMIT_TOML_KEY_PARTS) step(scan);
}

static int column_of(const struct scan *scan)
{
    int column = 1;
    for (const char *at = scan->line_start; at < scan->at; at++) column += (*at & 0xC0) != 0x80;
    return column;
}

static err scan_text(const struct toml_source *source, struct diag *diag)
{
    struct scan scan = {
        .at = source->text, .end = source->text + source->size_bytes, .line_start = source->text, .line = 1};
    while (scan.at < scan.end && scan.dots < LIMIT_TOML_KEY_PARTS) {
        if (*scan.at == '"' || *scan.at == '\'')
            step_string(&scan);
        else if (*scan.at == '#')
            step_comment(&scan);
        else
            step_plain(&scan);
    }
    if (scan.dots < LIMIT_TOML_KEY_PARTS) return OK;
    return diag_fail(diag, ERR_SYNTAX, "%s:%d:%d: a key has more than %d parts", source->name, scan.line,
                     column_of(&scan), LIMIT_TOML_KEY_PARTS);
}

static err read_source(const struct toml_source *source, const struct toml_visitor *visitor,
                       struct diag *diag)
{
    static const char MARK[] = "\xEF\xBB\xBF";
    struct toml_source bare = *source;
    /* A byte order mark is no column. */
    if (bare.size_bytes >= 3 && memcmp(bare.text, MARK, 3) == 0) {
        bare.text += 3;
        bare.size_bytes -= 3;
    }
    TRY(scan_text(&bare, diag));
    return toml_shim_read(&bare, visitor, diag);
}

err toml_read_text(const char *name, const char *text, toml_visit *visit, void *context, struct diag *diag)
{
    struct toml_source source = {.name = name, .text = text, .size_bytes = strlen(text)};
    struct toml_visitor visitor = {.visit = visit, .context = context};
    if (source.size_bytes > LIMIT_TOML_BYTES)
        return diag_fail(diag, ERR_IO, "%s: larger than %d bytes", name, LIMIT_TOML_BYTES);
    return read_source(&source, &visitor, diag);
}

/* The whole file, at most one byte above the limit: enough to know that it is too large. */
static err read_bytes(const char *path, char *bytes, size_t *size_bytes, struct diag *diag)
{
    FILE *file = fopen(path, "rb");
    if (!file) return diag_fail(diag, ERR_IO, "%s: %s", path, strerror(errno));
    size_t count = fread(bytes, 1, LIMIT_TOML_BYTES + 1, file);
    int failure = ferror(file) ? errno : 0;
    fclose(file);
    if (failure) return diag_fail(diag, ERR_IO, "%s: %s", path, strerror(failure));
    if (count > LIMIT_TOML_BYTES)
        return diag_fail(diag, ERR_IO, "%s: larger than %d bytes", path, LIMIT_TOML_BYTES);
    *size_bytes = count;
    return OK;
}

err toml_read_file(const char *path, toml_visit *visit, void *context, struct diag *diag)
{
    char *bytes = malloc(LIMIT_TOML_BYTES + 1);
    if (!bytes) return diag_fail(diag, ERR_NOMEM, "%s: out of memory", path);
    struct toml_source source = {.name = path, .text = bytes};
    struct toml_visitor visitor = {.visit = visit, .context = context};
    err e = read_bytes(path, bytes, &source.size_bytes, diag);
    if (e == OK) e = read_source(&source, &visitor, diag);
    free(bytes);
    return e;
}
