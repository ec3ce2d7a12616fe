/* daemon/http_client.h: POST requests that never block: libcurl's multi interface behind one descriptor.
 *
 * Whoever has an event loop waits for http_client_fd to become readable, at
 * most until http_client_next_ns, and calls http_client_step; every request
 * ends in exactly one call of `done`, from inside that step. The descriptor is
 * an epoll of curl's sockets, so it fits into any other epoll or poll.
 * Answers are bounded: bytes of body and of head, time to connect and in all. Redirects
 * are not followed, and only http and https are spoken.
 * Memory: HTTP_TRANSFERS transfers and their bodies; requests are copied. Threads: one. Errors: ERR_LIMIT
 * when all transfers are busy; ERR_NOMEM; ERR_IO. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_TRANSFERS = 64, HTTP_HEAD_BYTES_MOST = 64 << 10, HTTP_RETRY_AFTER_MOST_S = 300 };

enum http_end {
    HTTP_ANSWERED,
    HTTP_NO_CONNECTION, /* surely nothing was sent */
    HTTP_TIMED_OUT,
    HTTP_TOO_LARGE,
    HTTP_BROKEN, /* cut off, or not HTTP */
};

struct http_answer {
    uint64_t tag;
    enum http_end end;
    int status;             /* of HTTP_ANSWERED */
    int64_t retry_after_ns; /* of a Retry-After in seconds or as a date; 0: none */
    const char *body;       /* body_bytes and a NUL; gone after `done` */
    size_t body_bytes;
    const char *why; /* a few words, when not HTTP_ANSWERED */
};

typedef void http_done(void *context, const struct http_answer *answer);

struct http_options {
    int64_t connect_ns, total_ns;
    size_t body_bytes_most;
    http_done *done; /* may post again */
    void *context;
};

struct http_request {
    const char *url, *body;
    size_t body_bytes;
    uint64_t tag;
};

struct http_client;

MUST_USE err http_client_open(struct http_client **out, const struct http_options *options);
void http_client_free(struct http_client *client); /* NULL is fine; what is under way ends without `done` */
MUST_USE err http_client_post(struct http_client *client, const struct http_request *request);
uint32_t http_client_free_transfers(const struct http_client *client);
int http_client_fd(const struct http_client *client);
int64_t http_client_next_ns(const struct http_client *client); /* of CLOCK_MONOTONIC; NEVER_NS: no timer */
void http_client_step(struct http_client *client);
