/* base/json.h: JSON from the world: read whole, checked, then asked for typed values.
 *
 * The only user of jansson. Reading refuses what has two meanings or none:
 * duplicate keys, invalid UTF-8, \u0000, NaN, numbers that overflow, nesting
 * beyond JSON_DEPTH, anything behind the end. The root is an object or array.
 *
 *   struct json *json;
 *   TRY(json_read_file(&json, path, diag));
 *   struct json_node root = json_root(json), config;
 *   err e = json_get_object(&root, "config", &config, diag);
 *   if (e == OK) e = json_get_u64(&config, "seed", &seed, diag);
 *   json_free(json);
 *
 * A getter takes an object and a key, or any node and NULL for the node
 * itself (elements of arrays). Missing, null and mistyped values are errors;
 * ask json_has first where they are optional.
 * Memory: nodes and texts borrow from the json. Threads: read-only once read.
 * Errors: ERR_IO, ERR_LIMIT, ERR_NOMEM reading a file; ERR_SYNTAX with
 * file:line:column, or with file and path ("runs[3].seed") when a value is not
 * what it should be; ERR_RANGE a number that does not fit. */
#pragma once
#include "base/err.h"
#include "base/json_write.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_DEPTH = 256, JSON_PATH_BYTES = 192, JSON_FILE_BYTES_MAX = 512 << 20 };

struct json;

struct json_node {
    const struct json *json;
    const void *value;          /* jansson's */
    char path[JSON_PATH_BYTES]; /* for messages; "" at the root */
};

/* A text that is not a file: the body of a request, the answer of a server. */
struct json_text {
    const char *name; /* for messages: "request body" */
    const char *text;
    size_t size_bytes;
};

MUST_USE err json_read_file(struct json **out, const char *path, struct diag *diag);
MUST_USE err json_read_text(struct json **out, const struct json_text *text, struct diag *diag);
void json_free(struct json *json); /* NULL is fine */
struct json_node json_root(const struct json *json);

bool json_has(const struct json_node *object, const char *key); /* there and not null */
bool json_is_null_node(const struct json_node *node);           /* null itself */

MUST_USE err json_get_u64(const struct json_node *node, const char *key, uint64_t *out, struct diag *diag);
MUST_USE err json_get_i64(const struct json_node *node, const char *key, int64_t *out, struct diag *diag);
MUST_USE err json_get_number(const struct json_node *node, const char *key, double *out, struct diag *diag);
MUST_USE err json_get_number_or_null(const struct json_node *node, const char *key, double *out,
                                     struct diag *diag); /* null is NAN */
MUST_USE err json_get_bool(const struct json_node *node, const char *key, bool *out, struct diag *diag);
MUST_USE err json_get_text(const struct json_node *node, const char *key, const char **out,
                           struct diag *diag);
MUST_USE err json_get_object(const struct json_node *node, const char *key, struct json_node *out,
                             struct diag *diag);
MUST_USE err json_get_array(const struct json_node *node, const char *key, struct json_node *out,
                            struct diag *diag);

size_t json_count(const struct json_node *node); /* elements of an array, members of an object, else 0 */
struct json_node json_item(const struct json_node *array, size_t index); /* index < json_count, asserted */

/* The member behind `key` in the order of the file, the first for NULL; false at the end.
 * *key_out is for the next call. For maps, and for naming keys that nobody knows. */
bool json_next(const struct json_node *object, const char *key, const char **key_out, struct json_node *out);

/* The value as JSON on one line, keys sorted; free() it. NULL: no memory. */
char *json_text_of(const struct json_node *node);

/* "results.json: runs[3].seed: <words>" into the diag, for checks of the caller's own. */
err json_fail(const struct json_node *node, struct diag *diag, err code, const char *words);
