/* daemon/rpc_server.h: the node on the network: HTTP and WebSocket on one port, WebSocket on the next too.
 *
 * One thread, one epoll loop: it moves the chain on when its next event is due,
 * reads requests, writes answers. HTTP/1.1 with keep-alive and pipelining:
 *
 *     POST /          JSON-RPC            GET /health      ok, behind
 *     GET / Upgrade   WebSocket           POST /admin/X    faults (daemon/rpc_admin.h)
 *
 * Limits: connections, bytes of head, body and unread answers, seconds of silence; beyond
 * them 431, 413, 408, or a closed connection. Memory does not grow with what clients send.
 * (Not over libmicrohttpd: one loop must own the sockets of both protocols and the chain's clock.)
 * Errors: ERR_IO with the reason (port taken). */
#pragma once
#include "daemon/rpc.h"
#include "daemon/rpc_limits.h"

enum {
    SERVER_CLIENTS_MAX = 4096,
    SERVER_BODY_BYTES = 50 << 10, /* as nodes have it */
    SERVER_HEAD_BYTES = 16 << 10,
    SERVER_UNREAD_BYTES = 4 << 20, /* a client that reads slower than that is cut off */
    SERVER_UNREAD_ALL_BYTES = 256 << 20,
    SERVER_SILENT_S = 60, /* of an HTTP connection */
};

struct server_options {
    const struct chain_profile *profile;
    enum chain_path path;
    uint64_t seed;
    double time_scale;
    const char *listen;  /* an IPv4 address */
    uint16_t port;       /* 0: any free pair */
    uint32_t rate_limit; /* requests in 10 s from one address; 0: none */
};

struct rpc_server;

MUST_USE err rpc_server_open(struct rpc_server **out, const struct server_options *options,
                             struct diag *diag);
uint16_t rpc_server_port(const struct rpc_server *server);
/* Until SIGINT or SIGTERM. */
MUST_USE err rpc_server_run(struct rpc_server *server, struct diag *diag);
void rpc_server_free(struct rpc_server *server); /* NULL is fine */
