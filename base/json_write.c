/* base/json_write.c: commas, indents and the order of keys. */
#include "base/json_write.h"
#include "base/assert.h"
#include "base/decimal.h"
#include "base/escape.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

void json_write_begin(struct json_writer *writer, FILE *out, enum json_layout layout)
{
    *writer = (struct json_writer){.out = out, .layout = layout};
}

void json_write_finish(struct json_writer *writer)
{
    ASSERT(writer->depth == 0 && writer->is_done);
    fputc('\n', writer->out);
}

static struct json_level *innermost(struct json_writer *writer)
{
    return writer->depth ? &writer->levels[writer->depth - 1] : NULL;
}

static void break_line(const struct json_writer *writer)
{
    if (writer->layout == JSON_LINES) fprintf(writer->out, "\n%*s", 2 * writer->depth, "");
}

static void remember_key(struct json_level *level, const char *key)
{
    size_t size_bytes = strlen(key) + 1;
    ASSERT(size_bytes <= sizeof level->last_key);
    ASSERT(!level->has_items || strcmp(level->last_key, key) < 0); /* sorted, and none twice */
    memcpy(level->last_key, key, size_bytes);
}

/* Whatever stands before a value: comma, line, key. */
static void begin_value(struct json_writer *writer, const char *key)
{
    struct json_level *level = innermost(writer);
    if (!level) {
        ASSERT(!key && !writer->is_done);
        writer->is_done = true;
        return;
    }
    ASSERT(level->is_array == !key);
    if (key) remember_key(level, key);
    if (level->has_items) fputs(level->is_array && writer->layout == JSON_LINES ? ", " : ",", writer->out);
    level->has_items = true;
    if (!key) return;
    break_line(writer);
    escape_json(writer->out, key);
    fputs(writer->layout == JSON_LINES ? ": " : ":", writer->out);
}

static void open_level(struct json_writer *writer, const char *key, bool is_array)
{
    begin_value(writer, key);
    ASSERT(writer->depth < JSON_WRITE_DEPTH);
    struct json_level *level = &writer->levels[writer->depth++];
    level->is_array = is_array;
    level->has_items = false;
    fputc(is_array ? '[' : '{', writer->out);
}

void json_write_object(struct json_writer *writer, const char *key)
{
    open_level(writer, key, false);
}

void json_write_array(struct json_writer *writer, const char *key)
{
    open_level(writer, key, true);
}

void json_write_end(struct json_writer *writer)
{
    ASSERT(writer->depth > 0);
    const struct json_level *level = innermost(writer);
    writer->depth--;
    if (!level->is_array && level->has_items) break_line(writer);
    fputc(level->is_array ? ']' : '}', writer->out);
}

void json_write_u64(struct json_writer *writer, const char *key, uint64_t value)
{
    begin_value(writer, key);
    fprintf(writer->out, value > INT64_MAX ? "\"%" PRIu64 "\"" : "%" PRIu64, value);
}

void json_write_i64(struct json_writer *writer, const char *key, int64_t value)
{
    begin_value(writer, key);
    fprintf(writer->out, "%" PRId64, value);
}

void json_write_number(struct json_writer *writer, const char *key, double value)
{
    if (!isfinite(value)) {
        json_write_null(writer, key);
        return;
    }
    char text[DECIMAL_TEXT_BYTES];
    decimal_from_double(text, value + 0.0); /* minus zero becomes zero: readers take it for an integer */
    begin_value(writer, key);
    fputs(text, writer->out);
}

void json_write_bool(struct json_writer *writer, const char *key, bool value)
{
    begin_value(writer, key);
    fputs(value ? "true" : "false", writer->out);
}

void json_write_text(struct json_writer *writer, const char *key, const char *text)
{
    if (!text) {
        json_write_null(writer, key);
        return;
    }
    begin_value(writer, key);
    escape_json(writer->out, text);
}

void json_write_null(struct json_writer *writer, const char *key)
{
    begin_value(writer, key);
    fputs("null", writer->out);
}

void json_write_raw(struct json_writer *writer, const char *key, const char *json)
{
    begin_value(writer, key);
    fputs(json, writer->out);
}
