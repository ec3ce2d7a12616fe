/* tests/judge/locate.c: from a path in a document to a place in its text.
 *
 * The text is valid JSON; names may hold dots and brackets, so that of several
 * members whose name begins the path the longest is meant. */
#include "tests/judge/judge.h"
#include <string.h>

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* at is on the opening quote; returns what stands behind the closing one. */
static const char *skip_string(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && at[1]) at++;
    return *at ? at + 1 : at;
}

static const char *skip_value(const char *at)
{
    int depth = 0;
    do {
        if (*at == '"') {
            at = skip_string(at);
            continue;
        }
        if (*at == '{' || *at == '[') depth++;
        if (*at == '}' || *at == ']') depth--;
        at++;
    } while (*at && (depth > 0 || !strchr(",]} \t\r\n", *at)));
    return at;
}

/* The value of the member whose name begins `path`, and how much of the path that is; NULL: none. */
static const char *find_member(const char *at, const char *path, size_t *used_out)
{
    const char *found = NULL;
    *used_out = 0;
    for (at = skip_space(at + 1); *at == '"';) {
        const char *name = at + 1;
        at = skip_string(at);
        size_t size = (size_t)(at - name) - 1;
        at = skip_space(at);
        const char *value = skip_space(*at == ':' ? at + 1 : at);
        bool is_prefix = strncmp(name, path, size) == 0 && strchr(".[", path[size]);
        if (is_prefix && (!found || size > *used_out)) {
            found = value;
            *used_out = size;
        }
        at = skip_space(skip_value(value));
        if (*at == ',') at = skip_space(at + 1);
    }
    return found;
}

static const char *find_item(const char *at, const char *path, size_t *used_out)
{
    size_t digits = strspn(path + 1, "0123456789"), index = 0;
    if (path[1 + digits] != ']') return NULL;
    for (size_t i = 0; i < digits && i < 9; i++) index = index * 10 + (size_t)(path[1 + i] - '0');
    *used_out = digits + 2;
    for (at = skip_space(at + 1); index > 0 && *at && *at != ']'; index--) {
        at = skip_space(skip_value(at));
        if (*at == ',') at = skip_space(at + 1);
    }
    return *at == ']' ? NULL : at;
}

const char *locate(const char *text, const char *path)
{
    const char *at = skip_space(text);
    while (*path) {
        size_t used = 0;
        const char *next = NULL;
        if (*at == '{') next = find_member(at, path, &used);
        if (*at == '[' && *path == '[') next = find_item(at, path, &used);
        if (!next) return at;
        at = next;
        path += used;
        if (*path == '.') path++;
    }
    return at;
}
