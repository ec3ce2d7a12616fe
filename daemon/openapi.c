/* daemon/openapi.c */
#include "daemon/openapi.h"
#include "daemon/route.h"
#include <stdlib.h>
#include <string.h>

/* ---- schemas ---- */

static void write_type(struct json_writer *out, enum field_type type)
{
    static const char *const NAMES[] = {
        [FIELD_TEXT] = "string",  [FIELD_INTEGER] = "integer", [FIELD_NUMBER] = "number",
        [FIELD_BOOL] = "boolean", [FIELD_TEXTS] = "array",     [FIELD_OBJECT] = "object"};
    if (type != FIELD_ANY) json_write_text(out, "type", NAMES[type]);
}

static void write_items(struct json_writer *out)
{
    json_write_object(out, "items");
    json_write_text(out, "type", "string");
    json_write_end(out);
}

/* Keys are sorted: description, enum, items, maxLength, maximum, minLength, minimum, type. */
static void write_field(struct json_writer *out, const char *key, const struct route_field *field)
{
    bool has_range = field->min || field->max, is_text = field->type == FIELD_TEXT;
    bool is_number = field->type == FIELD_INTEGER || field->type == FIELD_NUMBER;
    json_write_object(out, key);
    if (field->help) json_write_text(out, "description", field->help);
    if (field->choices) {
        json_write_array(out, "enum");
        for (const char *const *choice = field->choices; *choice; choice++)
            json_write_text(out, NULL, *choice);
        json_write_end(out);
    }
    if (field->type == FIELD_TEXTS) write_items(out);
    if (has_range && is_text) json_write_i64(out, "maxLength", field->max);
    if (has_range && is_number) json_write_i64(out, "maximum", field->max);
    if (has_range && is_text) json_write_i64(out, "minLength", field->min);
    if (has_range && is_number) json_write_i64(out, "minimum", field->min);
    write_type(out, field->type);
    json_write_end(out);
}

static uint32_t count_fields(const struct route_field *fields)
{
    uint32_t count = 0;
    while (fields && fields[count].name) count++;
    return count;
}

enum { FIELDS_MOST = 64 };

static int by_field(const void *a, const void *b)
{
    return strcmp((*(const struct route_field *const *)a)->name,
                  (*(const struct route_field *const *)b)->name);
}

static int by_answer(const void *a, const void *b)
{
    return strcmp((*(const struct route_answer *const *)a)->name,
                  (*(const struct route_answer *const *)b)->name);
}

static void write_body(struct json_writer *out, const struct route *route)
{
    const struct route_field *sorted[FIELDS_MOST];
    uint32_t count = count_fields(route->body);
    for (uint32_t i = 0; i < count; i++) sorted[i] = &route->body[i];
    qsort(sorted, count, sizeof *sorted, by_field);
    json_write_object(out, "schema");
    json_write_bool(out, "additionalProperties", route->has_free_body);
    json_write_object(out, "properties");
    for (uint32_t i = 0; i < count; i++) write_field(out, sorted[i]->name, sorted[i]);
    json_write_end(out);
    json_write_array(out, "required");
    for (uint32_t i = 0; i < count; i++)
        if (sorted[i]->is_required) json_write_text(out, NULL, sorted[i]->name);
    json_write_end(out);
    json_write_text(out, "type", "object");
    json_write_end(out);
}

static void write_request(struct json_writer *out, const struct route *route)
{
    bool is_required = route->has_free_body;
    for (uint32_t i = 0; i < count_fields(route->body); i++) is_required |= route->body[i].is_required;
    json_write_object(out, "requestBody");
    json_write_object(out, "content");
    json_write_object(out, "application/json");
    write_body(out, route);
    json_write_end(out);
    if (route->has_text_body) {
        json_write_object(out, "application/toml");
        json_write_end(out);
    }
    json_write_end(out);
    json_write_bool(out, "required", is_required);
    json_write_end(out);
}

/* ---- parameters ---- */

static void write_parameters(struct json_writer *out, const struct route *route)
{
    const char *brace = strchr(route->path, '{');
    json_write_array(out, "parameters");
    if (brace) {
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)(strcspn(brace + 1, "}")), brace + 1);
        json_write_object(out, NULL);
        json_write_text(out, "in", "path");
        json_write_text(out, "name", name);
        json_write_bool(out, "required", true);
        json_write_object(out, "schema");
        json_write_text(out, "type", "string");
        json_write_end(out);
        json_write_end(out);
    }
    for (const struct route_field *field = route->query; field && field->name; field++) {
        json_write_object(out, NULL);
        json_write_text(out, "in", "query");
        json_write_text(out, "name", field->name);
        json_write_bool(out, "required", field->is_required);
        write_field(out, "schema", field);
        json_write_end(out);
    }
    json_write_end(out);
}

/* ---- answers ---- */

static void write_answer_schema(struct json_writer *out, const struct route_answer *answer)
{
    const struct route_answer *sorted[FIELDS_MOST];
    uint32_t count = 0;
    for (; answer && answer[count].name; count++) sorted[count] = &answer[count];
    qsort(sorted, count, sizeof *sorted, by_answer);
    json_write_object(out, "schema");
    json_write_object(out, "properties");
    for (uint32_t i = 0; i < count; i++) {
        json_write_object(out, sorted[i]->name);
        if (sorted[i]->type == FIELD_TEXTS) write_items(out);
        write_type(out, sorted[i]->type);
        json_write_end(out);
    }
    json_write_end(out);
    json_write_array(out, "required");
    for (uint32_t i = 0; i < count; i++) json_write_text(out, NULL, sorted[i]->name);
    json_write_end(out);
    json_write_text(out, "type", "object");
    json_write_end(out);
}

static void write_good(struct json_writer *out, const struct route *route)
{
    json_write_object(out, "2XX");
    if (route->answer) {
        json_write_object(out, "content");
        json_write_object(out, "application/json");
        write_answer_schema(out, route->answer);
        json_write_end(out);
        json_write_end(out);
    }
    json_write_text(out, "description", route->summary);
    json_write_end(out);
}

static void write_responses(struct json_writer *out, const struct route *route)
{
    json_write_object(out, "responses");
    write_good(out, route);
    json_write_object(out, "default");
    json_write_object(out, "content");
    json_write_object(out, "application/json");
    json_write_object(out, "schema");
    json_write_text(out, "$ref", "#/components/schemas/Error");
    json_write_end(out);
    json_write_end(out);
    json_write_end(out);
    json_write_text(out, "description", "what is wrong, and what would be right");
    json_write_end(out);
    json_write_end(out);
}

/* ---- routes ---- */

static void write_route(struct json_writer *out, const struct route *route)
{
    bool posts = route->method == ROUTE_POST;
    json_write_object(out, posts ? "post" : "get");
    if (route->query || strchr(route->path, '{')) write_parameters(out, route);
    if (posts && (route->body || route->has_free_body)) write_request(out, route);
    write_responses(out, route);
    if (posts) {
        json_write_array(out, "security");
        json_write_object(out, NULL);
        json_write_array(out, "token");
        json_write_end(out);
        json_write_end(out);
        json_write_end(out);
    }
    json_write_text(out, "summary", route->summary);
    json_write_end(out);
}

static int by_path(const void *a, const void *b)
{
    const struct route *const *first = a, *const *second = b;
    int order = strcmp((*first)->path, (*second)->path);
    return order ? order : (int)(*first)->method - (int)(*second)->method;
}

static void write_paths(struct json_writer *out)
{
    enum { ROUTES_MOST = 256 };
    const struct route *sorted[ROUTES_MOST];
    uint32_t count = route_count() < ROUTES_MOST ? route_count() : ROUTES_MOST;
    for (uint32_t i = 0; i < count; i++) sorted[i] = route_at(i);
    qsort(sorted, count, sizeof *sorted, by_path);
    json_write_object(out, "paths");
    for (uint32_t i = 0; i < count; i++) {
        bool is_first = i == 0 || strcmp(sorted[i - 1]->path, sorted[i]->path) != 0;
        bool is_last = i + 1 == count || strcmp(sorted[i]->path, sorted[i + 1]->path) != 0;
        if (is_first) json_write_object(out, sorted[i]->path);
        write_route(out, sorted[i]);
        if (is_last) json_write_end(out);
    }
    json_write_end(out);
}

static void write_components(struct json_writer *out)
{
    static const struct route_answer FIELDS[] = {
        {"code", FIELD_TEXT}, {"details", FIELD_OBJECT}, {"error", FIELD_TEXT}, {0}};
    json_write_object(out, "components");
    json_write_object(out, "schemas");
    json_write_object(out, "Error");
    json_write_object(out, "properties");
    for (const struct route_answer *field = FIELDS; field->name; field++) {
        json_write_object(out, field->name);
        write_type(out, field->type);
        json_write_end(out);
    }
    json_write_end(out);
    json_write_array(out, "required");
    for (const struct route_answer *field = FIELDS; field->name; field++)
        json_write_text(out, NULL, field->name);
    json_write_end(out);
    json_write_text(out, "type", "object");
    json_write_end(out);
    json_write_end(out);
    json_write_object(out, "securitySchemes");
    json_write_object(out, "token");
    json_write_text(out, "scheme", "bearer");
    json_write_text(out, "type", "http");
    json_write_end(out);
    json_write_end(out);
    json_write_end(out);
}

void openapi_write(FILE *stream, const char *version)
{
    struct json_writer writer, *out = &writer;
    json_write_begin(out, stream, JSON_LINES);
    json_write_object(out, NULL);
    write_components(out);
    json_write_object(out, "info");
    json_write_text(out, "title", "agenc serve");
    json_write_text(out, "version", version);
    json_write_end(out);
    json_write_text(out, "openapi", "3.1.0");
    write_paths(out);
    json_write_end(out);
    json_write_finish(out);
}
