/* tests/unit/test_routes.c: every row is whole, and a path leads to one of them. */
#include "base/json.h"
#include "daemon/openapi.h"
#include "daemon/route.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static void check_fields(const struct route *route, const struct route_field *fields)
{
    for (const struct route_field *field = fields; field && field->name; field++) {
        cr_assert(field->help && *field->help, "%s: %s has no help", route->path, field->name);
        cr_assert(field->min <= field->max, "%s: %s", route->path, field->name);
        cr_assert(field->choices == NULL || field->type == FIELD_TEXT, "%s: %s", route->path, field->name);
        for (const struct route_field *other = fields; other < field; other++)
            cr_assert(ne(str, (char *)other->name, (char *)field->name), "%s", route->path);
    }
}

Test(routes, every_row_is_whole)
{
    cr_assert(gt(u32, route_count(), 50));
    for (uint32_t i = 0; i < route_count(); i++) {
        const struct route *route = route_at(i);
        cr_assert(eq(chr, route->path[0], '/'));
        cr_assert(route->handle && route->summary && *route->summary, "%s", route->path);
        cr_assert(route->method == ROUTE_POST || !route->body, "%s: GET has no body", route->path);
        cr_assert(route->method == ROUTE_GET || !route->is_open, "%s: who changes things says who he is",
                  route->path);
        check_fields(route, route->body);
        check_fields(route, route->query);
        for (uint32_t j = 0; j < i; j++)
            cr_assert(route_at(j)->method != route->method || strcmp(route_at(j)->path, route->path) != 0,
                      "%s twice", route->path);
    }
    cr_assert(eq(ptr, (void *)route_at(route_count()), NULL));
}

Test(routes, every_path_leads_to_its_own_row)
{
    for (uint32_t i = 0; i < route_count(); i++) {
        const struct route *route = route_at(i);
        struct route_match match;
        route_find(route->method, route->path, false, &match); /* {id} is as good a parameter as any */
        cr_assert(eq(ptr, (void *)match.route, (void *)route), "%s", route->path);
        cr_assert(ne(u32, match.allowed & 1u << route->method, 0));
    }
}

Test(routes, a_parameter_is_what_stands_for_it_and_holds_no_slash)
{
    struct route_match match;
    route_find(ROUTE_GET, "/admin/operation/abc-1/timeline", false, &match);
    cr_assert(eq(str, (char *)match.route->path, "/admin/operation/{id}/timeline"));
    cr_assert(eq(int, (int)match.parameter_bytes, 5));
    cr_assert(eq(int, strncmp(match.parameter, "abc-1", 5), 0));
    route_find(ROUTE_GET, "/admin/operation/a/b/timeline", false, &match);
    cr_assert(eq(u32, match.allowed, 0));
    route_find(ROUTE_GET, "/admin/operation//timeline", false, &match);
    cr_assert(eq(u32, match.allowed, 0));
    route_find(ROUTE_GET, "/admin/operation/", false, &match);
    cr_assert(eq(u32, match.allowed, 0));
}

Test(routes, a_path_that_is_written_out_is_no_parameter)
{
    struct route_match match;
    route_find(ROUTE_GET, "/admin/proof/clear-queue", false, &match);
    cr_assert(eq(ptr, (void *)match.route, NULL));
    cr_assert(eq(u32, match.allowed, 1u << ROUTE_POST));
}

Test(routes, the_workers_port_serves_its_own_rows_only)
{
    struct route_match match;
    route_find(ROUTE_GET, "/metrics", true, &match);
    cr_assert(ne(ptr, (void *)match.route, NULL));
    route_find(ROUTE_GET, "/admin/status", true, &match);
    cr_assert(eq(u32, match.allowed, 0));
}

Test(routes, the_nearest_path_is_named)
{
    cr_assert(eq(str, (char *)route_nearest("/admin/statis", false), "/admin/status"));
    cr_assert(eq(str, (char *)route_nearest("/helth", true), "/health"));
    cr_assert(eq(ptr, (void *)route_nearest("/nothing/like/any/of/them/at/all", false), NULL));
}

Test(routes, the_document_names_each_row_once)
{
    char *text = NULL;
    size_t size_bytes;
    struct json *json;
    struct diag diag = {0};
    struct json_node root, paths, path, method;
    FILE *out = open_memstream(&text, &size_bytes);
    openapi_write(out, "1.2.3");
    fclose(out);
    struct json_text whole = {"openapi", text, size_bytes};
    cr_assert(eq(int, json_read_text(&json, &whole, &diag), OK), "%s", diag.text);
    root = json_root(json);
    cr_assert(eq(int, json_get_object(&root, "paths", &paths, &diag), OK));
    size_t methods = 0;
    for (uint32_t i = 0; i < route_count(); i++) {
        cr_assert(eq(int, json_get_object(&paths, route_at(i)->path, &path, &diag), OK), "%s", diag.text);
        const char *name = route_at(i)->method == ROUTE_GET ? "get" : "post";
        cr_assert(eq(int, json_get_object(&path, name, &method, &diag), OK), "%s", diag.text);
    }
    const char *key = NULL;
    while (json_next(&paths, key, &key, &path)) methods += json_count(&path);
    cr_assert(eq(sz, methods, (size_t)route_count()));
    json_free(json);
    free(text);
}
