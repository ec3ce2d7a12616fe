/* daemon/rpc_http.h: the head of an HTTP/1.1 request, as far as this server needs it. Pure functions over
 * bytes. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum http_verdict { HTTP_REQUEST, HTTP_INCOMPLETE, HTTP_BROKEN };

struct http_text {
    const char *text; /* in the buffer; not ended by a NUL */
    size_t size_bytes;
};

struct http_head {
    struct http_text method, path;
    struct http_text websocket_key; /* empty: none */
    size_t head_bytes, body_bytes;
    bool has_length, closes, upgrades, expects_continue, is_websocket_13;
};

/* HTTP_BROKEN: *status is what to answer before closing. */
enum http_verdict http_read(const char *bytes, size_t size_bytes, size_t head_max, struct http_head *out,
                            int *status);
const char *http_reason(int status);
bool http_is(const struct http_text *text, const char *word); /* exactly */
