/* daemon/routes.c: the tables of all handlers' files, joined; which row a path belongs to. */
#include "daemon/route_tables.h"
#include "base/nearest.h"
#include <string.h>

static const struct route *const TABLES[] = {
#define NAME_(name) name,
    ROUTE_TABLES(NAME_)
#undef NAME_
};
enum { TABLE_COUNT = sizeof TABLES / sizeof *TABLES };

uint32_t route_count(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < TABLE_COUNT; i++)
        for (const struct route *route = TABLES[i]; route->path; route++) count++;
    return count;
}

const struct route *route_at(uint32_t index)
{
    for (uint32_t i = 0; i < TABLE_COUNT; i++)
        for (const struct route *route = TABLES[i]; route->path; route++)
            if (index-- == 0) return route;
    return NULL;
}

/* "/admin/operation/{id}/timeline" against a path: the part between the braces may be anything but empty. */
static bool is_path_of(const struct route *route, const char *path, struct route_match *match)
{
    const char *brace = strchr(route->path, '{');
    if (!brace) return strcmp(route->path, path) == 0;
    size_t head = (size_t)(brace - route->path), path_bytes = strlen(path);
    const char *tail = strchr(brace, '}') + 1;
    size_t tail_bytes = strlen(tail);
    if (path_bytes <= head + tail_bytes || strncmp(route->path, path, head) != 0) return false;
    const char *end = path + path_bytes - tail_bytes;
    if (strcmp(end, tail) != 0 || memchr(path + head, '/', (size_t)(end - path) - head)) return false;
    match->parameter = path + head;
    match->parameter_bytes = (size_t)(end - match->parameter);
    return true;
}

static void look_for(enum route_method method, const char *path, bool is_of_workers, bool has_parameter,
                     struct route_match *out)
{
    for (uint32_t i = 0; i < TABLE_COUNT; i++)
        for (const struct route *route = TABLES[i]; route->path; route++) {
            if (is_of_workers && !route->is_of_workers) continue;
            if (has_parameter != (strchr(route->path, '{') != NULL) || !is_path_of(route, path, out))
                continue;
            out->allowed |= 1u << route->method;
            if (route->method == method) out->route = route;
        }
}

/* A path that is written out is nobody's parameter: /admin/proof/clear-queue is no proof. */
void route_find(enum route_method method, const char *path, bool is_of_workers, struct route_match *out)
{
    *out = (struct route_match){0};
    look_for(method, path, is_of_workers, false, out);
    if (!out->allowed) look_for(method, path, is_of_workers, true, out);
}

const char *route_nearest(const char *path, bool is_of_workers)
{
    struct nearest nearest = {.wanted = path};
    for (uint32_t i = 0; i < TABLE_COUNT; i++)
        for (const struct route *route = TABLES[i]; route->path; route++)
            if (!is_of_workers || route->is_of_workers) nearest_offer(&nearest, route->path);
    return nearest.best;
}
