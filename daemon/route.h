/* daemon/route.h: the routes: one row each; dispatch, checks, 405, nearest names, OpenAPI and its tests read
 * the rows.
 *
 * A row names its body's fields and query parameters with types and ranges, so that handlers check nothing
 * twice. Tables of handlers' files are joined in daemon/routes.c. */
#pragma once
#include "daemon/exchange.h"

enum route_method { ROUTE_GET, ROUTE_POST };
enum field_type { FIELD_TEXT, FIELD_INTEGER, FIELD_NUMBER, FIELD_BOOL, FIELD_TEXTS, FIELD_OBJECT, FIELD_ANY };

struct route_field { /* of a body, or a query parameter (as text there) */
    const char *name, *help;
    enum field_type type;
    bool is_required;
    int64_t min, max;           /* FIELD_INTEGER: value; texts: length in bytes; both 0: any */
    const char *const *choices; /* FIELD_TEXT: NULL-terminated */
};

struct route_answer { /* fields that its JSON holds at least: for OpenAPI, checked against live answers */
    const char *name;
    enum field_type type;
};

struct route {
    enum route_method method;
    const char *path; /* "/admin/operation/{id}/timeline" */
    const char *summary;
    void (*handle)(struct exchange *exchange);
    const struct route_field *body, *query; /* each ends with {0}; NULL: none */
    const struct route_answer *answer;      /* ends with {0}; NULL: not an object */
    bool has_free_body; /* keys are the handler's to check (flat map of configuration keys) */
    bool has_text_body; /* what does not begin with a brace is the handler's to read, and no JSON */
    bool is_open;       /* never asks for a token: health, ready */
    bool is_of_workers; /* served on the workers' port as well */
    bool is_long;       /* may hold its connection: drain */
};
/* POST needs the token, GET does when admin.auth_reads or the listener is not on loopback (engine.md 5.1). */

uint32_t route_count(void);
const struct route *route_at(uint32_t index);

struct route_match {
    const struct route *route; /* NULL: no such path, or not with this method */
    uint32_t allowed;      /* methods that the path has: bits of 1 << enum route_method; 0: no such path */
    const char *parameter; /* within the path that was asked for; NULL: the path has none */
    size_t parameter_bytes;
};
/* is_of_workers: among the rows that the workers' port serves. */
void route_find(enum route_method method, const char *path, bool is_of_workers, struct route_match *out);
const char *route_nearest(const char *path, bool is_of_workers); /* NULL: none is close */
