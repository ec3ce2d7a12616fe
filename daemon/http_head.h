/* daemon/http_head.h: heads that two readers could understand differently, and therefore nobody may send.
 *
 * libmicrohttpd reads leniently: Content-Length beside Transfer-Encoding, two of one kind, no Host, names
 * with blanks pass. Behind a proxy that reads them otherwise the end of one request is the beginning of
 * another that nobody sent (request smuggling), so such a head is refused and the connection closed. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_FAULTS(X)                                                                                  \
    X(HTTP_HEAD_GOOD, 200, "", "")                                                                           \
    X(HTTP_HEAD_VERSION, 505, "http_version", "only HTTP/1.0 and HTTP/1.1 are spoken here")                  \
    X(HTTP_HEAD_URI, 400, "bad_request", "the path holds bytes that no path has")                            \
    X(HTTP_HEAD_NAME, 400, "bad_request", "a header's name is not one")                                      \
    X(HTTP_HEAD_VALUE, 400, "bad_request", "a header holds control characters")                              \
    X(HTTP_HEAD_HOST, 400, "bad_request", "HTTP/1.1 needs one Host header")                                  \
    X(HTTP_HEAD_LENGTH, 400, "bad_request", "Content-Length is not one whole number")                        \
    X(HTTP_HEAD_ENCODING, 400, "bad_request", "Transfer-Encoding may only be chunked, of HTTP/1.1")          \
    X(HTTP_HEAD_BOTH, 400, "bad_request", "Content-Length and Transfer-Encoding exclude each other")         \
    X(HTTP_HEAD_BODY, 400, "bad_request", "a request that reads has no body")                                \
    X(HTTP_HEAD_TWICE, 400, "bad_request", "a header that may come once came twice")                         \
    X(HTTP_HEAD_EXPECT, 417, "expectation_failed", "only 100-continue can be expected")

#define NAME_(name, status, code, text) name,
enum http_head_fault { HTTP_HEAD_FAULTS(NAME_) HTTP_HEAD_FAULT_COUNT };
#undef NAME_

struct http_head_answer {
    int status;
    const char *code, *text;
};
const struct http_head_answer *http_head_answer(enum http_head_fault fault);

struct http_head_seen { /* zeroed but for the first three */
    const char *method, *version;
    bool has_bad_uri;
    bool has_bad_name, has_bad_value, has_bad_length, has_bad_encoding, expects_continue, expects_other;
    uint32_t hosts, lengths, encodings, authorizations, keys;
    uint64_t body_bytes; /* as Content-Length says */
};
void http_head_see(struct http_head_seen *seen, const char *name, size_t name_bytes, const char *value,
                   size_t value_bytes);
enum http_head_fault http_head_judge(const struct http_head_seen *seen);

/* Of the target as it was sent: control characters, blanks, anything beyond ASCII, or a zero byte by its
 * number. */
bool http_uri_is_bad(const char *uri);
