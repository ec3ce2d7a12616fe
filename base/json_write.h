/* base/json_write.h: JSON as a stream, the same bytes for the same values.
 *
 * Keys come in sorted order (bytes, strictly rising; asserted), integers are
 * exact, doubles are the shortest text that reads back the same, a double that
 * is not finite is null. Text that is not UTF-8 is repaired (base/escape.h).
 * An unsigned value above INT64_MAX is written as a string of digits: many
 * readers, jansson among them, have no number for it; json_get_u64 reads both.
 *
 *   struct json_writer writer;
 *   json_write_begin(&writer, stream, JSON_LINES);
 *   json_write_object(&writer, NULL);
 *   json_write_u64(&writer, "seed", 42);
 *   json_write_end(&writer);                        of the object
 *   json_write_finish(&writer);
 *
 * `key` is the name inside an object and NULL inside an array or for the root;
 * a mismatch is a bug. For memory, give it a stream of open_memstream. Errors
 * stay in the stream: ferror, or file_commit (base/file.h). */
#pragma once
#include "base/limits.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_WRITE_DEPTH = 24 };

enum json_layout {
    JSON_LINES,    /* a key a line, indented: for files that people read and compare */
    JSON_ONE_LINE, /* for logs and HTTP */
};

struct json_writer {
    FILE *out; /* the caller's */
    enum json_layout layout;
    int depth; /* open objects and arrays */
    struct json_level {
        bool is_array, has_items;
        char last_key[LIMIT_NAME];
    } levels[JSON_WRITE_DEPTH];
    bool is_done; /* the root is written */
};

void json_write_begin(struct json_writer *writer, FILE *out, enum json_layout layout);
void json_write_finish(struct json_writer *writer); /* asserts that everything is closed; ends the line */

void json_write_object(struct json_writer *writer, const char *key);
void json_write_array(struct json_writer *writer, const char *key);
void json_write_end(struct json_writer *writer); /* of the innermost object or array */

void json_write_u64(struct json_writer *writer, const char *key, uint64_t value);
void json_write_i64(struct json_writer *writer, const char *key, int64_t value);
void json_write_number(struct json_writer *writer, const char *key, double value);
void json_write_bool(struct json_writer *writer, const char *key, bool value);
void json_write_text(struct json_writer *writer, const char *key, const char *text); /* NULL: null */
void json_write_null(struct json_writer *writer, const char *key);
/* A value that is JSON already, on one line: what json_read_text has accepted. */
void json_write_raw(struct json_writer *writer, const char *key, const char *json);
