/* daemon/exchange_check.c: what came against what the row says: path, method, token, query, body. */
#include "base/escape.h"
#include "base/nearest.h"
#include "daemon/auth.h"
#include "daemon/exchange_state.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- path and method ---- */

static void refuse_path(struct exchange *exchange, const char *path)
{
    exchange_fail(exchange, 404, "not_found", "%.128s: there is no such path", path);
    exchange_nearest(exchange, route_nearest(path, exchange->request.is_of_workers));
}

static void refuse_method(struct exchange *exchange, uint32_t allowed)
{
    bool has_get = allowed & 1u << ROUTE_GET, has_post = allowed & 1u << ROUTE_POST;
    snprintf(exchange->allow, sizeof exchange->allow, "%s%s%s", has_get ? "GET, HEAD" : "",
             has_get && has_post ? ", " : "", has_post ? "POST" : "");
    exchange_fail(exchange, 405, "method_not_allowed", "%.128s takes %s", exchange->request.path,
                  exchange->allow);
}

static bool find_route(struct exchange *exchange)
{
    const char *method = exchange->request.method, *path = exchange->request.path;
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    struct route_match match;
    route_find(reads ? ROUTE_GET : ROUTE_POST, path, exchange->request.is_of_workers, &match);
    if (!match.allowed) {
        refuse_path(exchange, path);
        return false;
    }
    if (!match.route || (!reads && strcmp(method, "POST") != 0)) {
        refuse_method(exchange, match.allowed);
        return false;
    }
    exchange->route = match.route;
    if (match.parameter_bytes >= sizeof exchange->parameter || !escape_is_utf8(path, strlen(path))) {
        exchange_fail(exchange, 404, "not_found", "no such name is known");
        return false;
    }
    if (match.parameter) memcpy(exchange->parameter, match.parameter, match.parameter_bytes);
    return true;
}

/* ---- the token ---- */

static bool needs_token(const struct exchange *exchange)
{
    const struct service *service = exchange->live->service;
    if (exchange->route->is_open) return false;
    if (exchange->route->method == ROUTE_POST || exchange->request.is_remote) return true;
    return service_config(service)->settings.admin_auth_reads;
}

static bool check_token(struct exchange *exchange)
{
    const struct live *live = exchange->live;
    const char *authorization = exchange->request.authorization;
    bool has_token = live->token && live->token[0];
    enum auth_verdict verdict = has_token ? auth_judge(authorization, live->token) : AUTH_MISSING;
    if (verdict == AUTH_GOOD) auth_actor(live->token, exchange->actor);
    if (!needs_token(exchange) || verdict == AUTH_GOOD) return true;
    const char *variable = service_config(live->service)->settings.admin_token_env;
    if (!has_token) {
        exchange_fail(exchange, 403, "token_not_configured",
                      "no token is configured: start the service with %s in its environment", variable);
        return false;
    }
    exchange->must_authenticate = true;
    if (verdict == AUTH_MISSING)
        exchange_fail(exchange, 401, "unauthorized", "this needs the header Authorization: Bearer TOKEN");
    else
        exchange_fail(exchange, 401, "unauthorized", "this is not the token");
    return false;
}

/* ---- fields ---- */

static const struct route_field *find_field(const struct route_field *fields, const char *name)
{
    for (; fields && fields->name; fields++)
        if (strcmp(fields->name, name) == 0) return fields;
    return NULL;
}

static bool refuse_field(struct exchange *exchange, const char *name, const char *words)
{
    exchange_fail(exchange, 400, "validation_failed", "%.64s: %s", name, words);
    exchange_field(exchange, name);
    return false;
}

static bool refuse_unknown(struct exchange *exchange, const struct route_field *fields, const char *name,
                           const char *what)
{
    struct nearest nearest = {.wanted = name};
    for (const struct route_field *field = fields; field && field->name; field++)
        nearest_offer(&nearest, field->name);
    if (!fields || !fields->name)
        exchange_fail(exchange, 400, "unknown_key", "%.64s: no %s is expected", name, what);
    else
        exchange_fail(exchange, 400, "unknown_key", "%.64s: there is no such %s%s%s", name, what,
                      nearest.best ? "; did you mean " : "", nearest.best ? nearest.best : "");
    exchange_field(exchange, name);
    exchange_nearest(exchange, nearest.best);
    return false;
}

static bool check_length(struct exchange *exchange, const struct route_field *field, const char *text)
{
    char words[96];
    size_t size_bytes = strlen(text);
    if (!(field->min || field->max) || (size_bytes >= (size_t)field->min && size_bytes <= (size_t)field->max))
        return true;
    snprintf(words, sizeof words, "%zu bytes are not %" PRId64 " to %" PRId64, size_bytes, field->min,
             field->max);
    return refuse_field(exchange, field->name, words);
}

static bool check_choice(struct exchange *exchange, const struct route_field *field, const char *text)
{
    char words[256];
    struct nearest nearest = {.wanted = text};
    size_t used = 0;
    if (!field->choices) return check_length(exchange, field, text);
    for (const char *const *choice = field->choices; *choice; choice++) {
        if (strcmp(*choice, text) == 0) return true;
        nearest_offer(&nearest, *choice);
        int more =
            snprintf(words + used, sizeof words - used, "%s%s", used ? ", " : "must be one of ", *choice);
        used = (size_t)more < sizeof words - used ? used + (size_t)more : sizeof words - 1;
    }
    (void)refuse_field(exchange, field->name, words);
    exchange_nearest(exchange, nearest.best);
    return false;
}

static bool check_range(struct exchange *exchange, const struct route_field *field, double value)
{
    char words[96];
    if (!(field->min || field->max) || (value >= (double)field->min && value <= (double)field->max))
        return true;
    snprintf(words, sizeof words, "must be %" PRId64 " to %" PRId64, field->min, field->max);
    return refuse_field(exchange, field->name, words);
}

static bool check_integer(struct exchange *exchange, const struct route_field *field, int64_t value)
{
    char words[96];
    if (!(field->min || field->max) || (value >= field->min && value <= field->max)) return true;
    snprintf(words, sizeof words, "must be %" PRId64 " to %" PRId64, field->min, field->max);
    return refuse_field(exchange, field->name, words);
}

/* ---- the query ---- */

/* Query parameters are text; what their types allow as text. */
static bool check_parameter(struct exchange *exchange, const struct route_field *field, const char *text)
{
    char *end;
    errno = 0;
    switch (field->type) {
    case FIELD_INTEGER: {
        long long value = strtoll(text, &end, 10);
        if (end == text || *end || errno || isspace((unsigned char)*text) || *text == '+')
            return refuse_field(exchange, field->name, "must be a whole number");
        return check_integer(exchange, field, value);
    }
    case FIELD_NUMBER: {
        double value = strtod(text, &end);
        if (end == text || *end || !isfinite(value) || isspace((unsigned char)*text))
            return refuse_field(exchange, field->name, "must be a number");
        return check_range(exchange, field, value);
    }
    case FIELD_BOOL:
        if (strcmp(text, "1") == 0 || strcmp(text, "0") == 0 || strcmp(text, "true") == 0 ||
            strcmp(text, "false") == 0)
            return true;
        return refuse_field(exchange, field->name, "must be 1, 0, true or false");
    default: return check_choice(exchange, field, text);
    }
}

static bool check_query(struct exchange *exchange)
{
    const struct route_field *fields = exchange->route->query;
    const struct exchange_request *request = &exchange->request;
    for (uint32_t i = 0; i < request->query_count; i++) {
        const struct exchange_pair *pair = &request->query[i];
        const struct route_field *field = find_field(fields, pair->name);
        if (!escape_is_utf8(pair->name, strlen(pair->name)) ||
            !escape_is_utf8(pair->value, strlen(pair->value)))
            return refuse_field(exchange, "query", "is not valid UTF-8");
        if (!field) return refuse_unknown(exchange, fields, pair->name, "query parameter");
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(request->query[j].name, pair->name) == 0)
                return refuse_field(exchange, pair->name, "is given twice");
        if (!check_parameter(exchange, field, pair->value)) return false;
    }
    for (; fields && fields->name; fields++)
        if (fields->is_required && !exchange_query(exchange, fields->name))
            return refuse_field(exchange, fields->name, "is required");
    return true;
}

bool exchange_check_head(struct exchange *exchange)
{
    return find_route(exchange) && check_token(exchange) && check_query(exchange);
}

/* ---- the body ---- */

static bool refuse_diag(struct exchange *exchange, const char *code, const struct diag *diag,
                        const char *field)
{
    exchange_fail(exchange, 400, code, "%s", diag->text);
    exchange_field(exchange, field);
    return false;
}

static bool check_texts(struct exchange *exchange, const struct route_field *field,
                        const struct json_node *node)
{
    struct diag diag = {0};
    struct json_node array;
    if (json_get_array(node, NULL, &array, &diag) != OK)
        return refuse_diag(exchange, "validation_failed", &diag, field->name);
    for (size_t i = 0; i < json_count(&array); i++) {
        struct json_node item = json_item(&array, i);
        const char *text;
        if (json_get_text(&item, NULL, &text, &diag) != OK)
            return refuse_diag(exchange, "validation_failed", &diag, field->name);
        if (!check_length(exchange, field, text)) return false;
    }
    return true;
}

static bool check_value(struct exchange *exchange, const struct route_field *field,
                        const struct json_node *node)
{
    struct diag diag = {0};
    struct json_node object;
    const char *text = NULL;
    int64_t integer = 0;
    double number = 0;
    bool flag;
    switch (field->type) {
    case FIELD_TEXT:
        if (json_get_text(node, NULL, &text, &diag) == OK) return check_choice(exchange, field, text);
        break;
    case FIELD_INTEGER:
        if (json_get_i64(node, NULL, &integer, &diag) == OK) return check_integer(exchange, field, integer);
        break;
    case FIELD_NUMBER:
        if (json_get_number(node, NULL, &number, &diag) == OK) return check_range(exchange, field, number);
        break;
    case FIELD_BOOL:
        if (json_get_bool(node, NULL, &flag, &diag) == OK) return true;
        break;
    case FIELD_OBJECT:
        if (json_get_object(node, NULL, &object, &diag) == OK) return true;
        break;
    case FIELD_TEXTS: return check_texts(exchange, field, node);
    case FIELD_ANY: return true;
    }
    return refuse_diag(exchange, "validation_failed", &diag, field->name);
}

static bool check_fields(struct exchange *exchange)
{
    const struct route_field *fields = exchange->route->body;
    const char *key = NULL;
    struct json_node node;
    while (exchange->json && json_next(&exchange->root, key, &key, &node)) {
        const struct route_field *field = find_field(fields, key);
        if (!field) return refuse_unknown(exchange, fields, key, "key");
        if (!check_value(exchange, field, &node)) return false;
    }
    for (; fields && fields->name; fields++)
        if (fields->is_required && !(exchange->json && json_has(&exchange->root, fields->name)))
            return refuse_field(exchange, fields->name, "is required");
    return true;
}

static bool is_blank(const char *text, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        if (!strchr(" \t\r\n", text[i]) || !text[i]) return false;
    return true;
}

static bool begins_with_brace(const struct exchange *exchange)
{
    const char *text = exchange->body ? exchange->body : "";
    return text[strspn(text, " \t\r\n")] == '{';
}

bool exchange_check_body(struct exchange *exchange)
{
    struct diag diag = {0};
    if (exchange->route->method == ROUTE_GET) return true;
    if (exchange->route->has_text_body && !begins_with_brace(exchange)) return true;
    if (!is_blank(exchange->body, exchange->body_bytes)) {
        struct json_text text = {"request body", exchange->body, exchange->body_bytes};
        if (json_read_text(&exchange->json, &text, &diag) != OK)
            return refuse_diag(exchange, "invalid_json", &diag, "");
        struct json_node root = json_root(exchange->json);
        if (json_get_object(&root, NULL, &exchange->root, &diag) != OK)
            return refuse_diag(exchange, "invalid_json", &diag, "");
    }
    return exchange->route->has_free_body || check_fields(exchange);
}
