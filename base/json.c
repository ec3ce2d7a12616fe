/* base/json.c: jansson parses; what it would let pass is checked here. */
#include "base/json.h"
#include "base/assert.h"
#include "base/file.h"
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json {
    json_t *root;
    char *name; /* of the file, for messages */
};

enum { READ_FLAGS = JSON_REJECT_DUPLICATES };

/* Where nesting first exceeds the limit; NULL: nowhere. Strings are skipped, so that brackets in them do not
 * count. */
static const char *too_deep(const char *text, size_t size_bytes)
{
    bool in_string = false;
    int depth = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        char byte = text[i];
        if (in_string && byte == '\\')
            i++;
        else if (byte == '"')
            in_string = !in_string;
        else if (!in_string && (byte == '[' || byte == '{') && ++depth > JSON_DEPTH)
            return text + i;
        else if (!in_string && (byte == ']' || byte == '}'))
            depth--;
    }
    return NULL;
}

struct place {
    int line, column;
};

static struct place place_of(const char *text, const char *at)
{
    struct place place = {1, 1};
    for (; text < at; text++) {
        place.column++;
        if (*text == '\n') place = (struct place){place.line + 1, 1};
    }
    return place;
}

/* Where the parser's own words speak of its flags and types. */
static const char *plain_words(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_null_character:
    case json_error_null_byte_in_key: return "a text may not hold \\u0000";
    case json_error_numeric_overflow: return "a number is out of range";
    default: return error->text;
    }
}

static err fail_parsing(const struct json_text *text, const json_error_t *error, struct diag *diag)
{
    char words[sizeof error->text];
    snprintf(words, sizeof words, "%s", plain_words(error));
    for (char *at = words; *at; at++) /* it quotes the input: keep the line one line */
        if ((unsigned char)*at < ' ') *at = ' ';
    if (json_error_code(error) == json_error_out_of_memory)
        return diag_fail(diag, ERR_NOMEM, "%.160s: out of memory", text->name);
    return diag_fail(diag, ERR_SYNTAX, "%.160s:%d:%d: not valid JSON: %s", text->name, error->line,
                     error->column > 0 ? error->column : 1, words);
}

static err make_json(struct json **out, const struct json_text *text, json_t *root, struct diag *diag)
{
    struct json *json = malloc(sizeof *json);
    char *name = strdup(text->name);
    if (!json || !name) {
        free(json);
        free(name);
        json_decref(root);
        return diag_fail(diag, ERR_NOMEM, "%.160s: out of memory", text->name);
    }
    *json = (struct json){.root = root, .name = name};
    *out = json;
    return OK;
}

err json_read_text(struct json **out, const struct json_text *text, struct diag *diag)
{
    const char *deep = too_deep(text->text, text->size_bytes);
    if (deep) {
        struct place place = place_of(text->text, deep);
        return diag_fail(diag, ERR_SYNTAX, "%.160s:%d:%d: nested deeper than %d levels", text->name,
                         place.line, place.column, JSON_DEPTH);
    }
    json_error_t error;
    json_t *root = json_loadb(text->text, text->size_bytes, READ_FLAGS, &error);
    if (!root) return fail_parsing(text, &error, diag);
    return make_json(out, text, root, diag);
}

err json_read_file(struct json **out, const char *path, struct diag *diag)
{
    struct file_bytes file;
    TRY(file_read(path, JSON_FILE_BYTES_MAX, &file, diag));
    struct json_text text = {path, file.text, file.size_bytes};
    err result = json_read_text(out, &text, diag);
    free(file.text);
    return result;
}

void json_free(struct json *json)
{
    if (!json) return;
    json_decref(json->root);
    free(json->name);
    free(json);
}

struct json_node json_root(const struct json *json)
{
    return (struct json_node){.json = json, .value = json->root};
}

/* The path of a child; too long a path loses its end, never more than the message does. */
static void name_child(struct json_node *child, const struct json_node *parent, const char *key)
{
    size_t used = strlen(parent->path);
    memcpy(child->path, parent->path, used + 1);
    snprintf(child->path + used, sizeof child->path - used, "%s%s", used ? "." : "", key);
}

/* The member, which may not exist (its value is NULL), or the node itself without a key. */
static struct json_node find(const struct json_node *node, const char *key)
{
    if (!key) return *node;
    struct json_node child = {.json = node->json, .value = json_object_get(node->value, key)};
    name_child(&child, node, key);
    return child;
}

err json_fail(const struct json_node *node, struct diag *diag, err code, const char *words)
{
    return diag_fail(diag, code, "%.160s: %s%s%s", node->json->name, node->path, node->path[0] ? ": " : "",
                     words);
}

static const char *type_words(const json_t *value)
{
    if (!value) return "missing";
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "an array";
    case JSON_STRING: return "a string";
    case JSON_INTEGER:
    case JSON_REAL: return "a number";
    case JSON_TRUE:
    case JSON_FALSE: return "a boolean";
    case JSON_NULL: return "null";
    }
    return "unknown";
}

static err fail_type(const struct json_node *node, const char *wanted, struct diag *diag)
{
    char words[80];
    snprintf(words, sizeof words, "is %s, must be %s", type_words(node->value), wanted);
    return json_fail(node, diag, ERR_SYNTAX, words);
}

bool json_has(const struct json_node *object, const char *key)
{
    const json_t *value = json_object_get(object->value, key);
    return value && !json_is_null(value);
}

bool json_is_null_node(const struct json_node *node)
{
    return json_is_null((const json_t *)node->value);
}

/* Digits only, and only of what JSON readers cannot hold as a number: the form that json_write_u64 gives it.
 */
static bool read_digits(const char *text, uint64_t *out)
{
    if (!*text || strspn(text, "0123456789") != strlen(text)) return false;
    errno = 0;
    unsigned long long value = strtoull(text, NULL, 10);
    if (errno || value <= INT64_MAX) return false;
    *out = value;
    return true;
}

err json_get_u64(const struct json_node *node, const char *key, uint64_t *out, struct diag *diag)
{
    struct json_node found = find(node, key);
    if (json_is_string((const json_t *)found.value) && read_digits(json_string_value(found.value), out))
        return OK;
    if (!json_is_integer((const json_t *)found.value))
        return fail_type(&found, "a whole number, 0 or more", diag);
    json_int_t value = json_integer_value(found.value);
    if (value < 0) return json_fail(&found, diag, ERR_RANGE, "is negative, must be 0 or more");
    *out = (uint64_t)value;
    return OK;
}

err json_get_i64(const struct json_node *node, const char *key, int64_t *out, struct diag *diag)
{
    struct json_node found = find(node, key);
    if (!json_is_integer((const json_t *)found.value)) return fail_type(&found, "a whole number", diag);
    *out = json_integer_value(found.value);
    return OK;
}

err json_get_number(const struct json_node *node, const char *key, double *out, struct diag *diag)
{
    struct json_node found = find(node, key);
    if (!json_is_number((const json_t *)found.value)) return fail_type(&found, "a number", diag);
    *out = json_number_value(found.value);
    return OK;
}

err json_get_number_or_null(const struct json_node *node, const char *key, double *out, struct diag *diag)
{
    struct json_node found = find(node, key);
    if (json_is_null((const json_t *)found.value)) {
        *out = NAN;
        return OK;
    }
    if (!json_is_number((const json_t *)found.value)) return fail_type(&found, "a number or null", diag);
    *out = json_number_value(found.value);
    return OK;
}

err json_get_bool(const struct json_node *node, const char *key, bool *out, struct diag *diag)
{
    struct json_node found = find(node, key);
    if (!json_is_boolean((const json_t *)found.value)) return fail_type(&found, "true or false", diag);
    *out = json_is_true((const json_t *)found.value);
    return OK;
}

err json_get_text(const struct json_node *node, const char *key, const char **out, struct diag *diag)
{
    struct json_node found = find(node, key);
    if (!json_is_string((const json_t *)found.value)) return fail_type(&found, "a string", diag);
    *out = json_string_value(found.value);
    return OK;
}

err json_get_object(const struct json_node *node, const char *key, struct json_node *out, struct diag *diag)
{
    struct json_node found = find(node, key);
    if (!json_is_object((const json_t *)found.value)) return fail_type(&found, "an object", diag);
    *out = found;
    return OK;
}

err json_get_array(const struct json_node *node, const char *key, struct json_node *out, struct diag *diag)
{
    struct json_node found = find(node, key);
    if (!json_is_array((const json_t *)found.value)) return fail_type(&found, "an array", diag);
    *out = found;
    return OK;
}

size_t json_count(const struct json_node *node)
{
    const json_t *value = node->value;
    return json_is_array(value) ? json_array_size(value) : json_object_size(value);
}

struct json_node json_item(const struct json_node *array, size_t index)
{
    ASSERT(json_is_array((const json_t *)array->value));
    ASSERT(index < json_array_size(array->value));
    struct json_node item = {.json = array->json, .value = json_array_get(array->value, index)};
    snprintf(item.path, sizeof item.path, "%.*s[%zu]", (int)sizeof item.path - 24, array->path, index);
    return item;
}

bool json_next(const struct json_node *object, const char *key, const char **key_out, struct json_node *out)
{
    json_t *value = (json_t *)object->value; /* jansson's iterators want it so; nothing is changed */
    void *at = key ? json_object_iter_next(value, json_object_iter_at(value, key)) : json_object_iter(value);
    if (!at) return false;
    *key_out = json_object_iter_key(at);
    *out = find(object, *key_out);
    return true;
}

char *json_text_of(const struct json_node *node)
{
    return json_dumps(node->value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}
