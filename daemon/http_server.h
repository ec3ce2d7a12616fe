/* daemon/http_server.h: the sockets of `agenc serve`: HTTP/1.1 over libmicrohttpd, in the caller's loop.
 *
 * No threads: whoever owns the loop waits until http_server_fd is readable or http_server_next_ns has come,
 * then calls http_server_turn. What a request means is decided in daemon/exchange.c and by the routes.
 *
 * Limits: HTTP_HEAD_BYTES (431) and HTTP_BODY_BYTES (413) of a request, seconds for a request to arrive,
 * for the next one and for an answer to be read, connections. When connections or descriptors are out, the
 * one that has been idle longest makes room, and a descriptor is kept in hand for the newcomer: so /health
 * is answered in any flood.
 * Heads that two readers could understand differently are refused by hand: libmicrohttpd lets them pass.
 * Errors: ERR_USAGE the address is none, ERR_IO it cannot be listened at, ERR_NOMEM. Threads: none. */
#pragma once
#include "daemon/live.h"

enum {
    HTTP_HEAD_BYTES = 16 << 10, /* and what libmicrohttpd needs besides, a connection */
    HTTP_BODY_BYTES = 64 << 10,
    HTTP_ARRIVE_S = 5,  /* from the connection, or the first byte that is seen, to the end of the head */
    HTTP_BODY_S = 10,   /* of the body */
    HTTP_IDLE_S = 60,   /* between two requests */
    HTTP_ANSWER_S = 30, /* to read an answer */
    HTTP_CONNECTIONS = 16384,
    HTTP_WORKERS_CONNECTIONS = 1024, /* of the workers' port, but an eighth of the descriptors at the most */
    HTTP_DESCRIPTORS_RESERVED = 128, /* for everything else that the process opens */
};

struct http_server;

struct http_server_options {
    struct live *live;
    const char *listen;        /* "127.0.0.1:9090", "[::1]:9090", "localhost:0"; port 0: any free one */
    bool is_workers;           /* the proof workers' port: routes of theirs only */
    uint32_t connections_most; /* 0: HTTP_CONNECTIONS, or as many as there are descriptors for */
};

MUST_USE err http_server_open(struct http_server **out, const struct http_server_options *options,
                              struct diag *diag);
/* What is held is answered with 503 first. NULL is fine. */
void http_server_free(struct http_server *server);

uint16_t http_server_port(const struct http_server *server);
int http_server_fd(const struct http_server *server);          /* an epoll */
int64_t http_server_next_ns(const struct http_server *server); /* of CLOCK_MONOTONIC; NEVER_NS: only the fd */
void http_server_turn(struct http_server *server);

/* The graceful end: nobody else is let in, each connection ends with the answer under way. */
void http_server_stop(struct http_server *server);
bool http_server_is_done(const struct http_server *server); /* stopped, and no request is left */

struct http_counts {
    uint64_t connections, requests, refused, evicted, timed_out; /* since the start */
    uint64_t complaints;                                         /* of libmicrohttpd about clients */
    uint32_t open, held;                                         /* now */
};
void http_server_counts(const struct http_server *server, struct http_counts *out);

/* Is it an address that only this machine reaches? false for what is no address. */
bool http_listen_is_local(const char *listen);
