/* daemon/rpc_listen.c: binds two ports, or says which is taken; takes connections. */
#include "daemon/rpc_listen.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT_TRIES = 64, BACKLOG = 1024 };

/* -1: errno says why. */
static int listen_at(const char *address, uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(*port)};
    socklen_t at_bytes = sizeof at;
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0) return -1;
    errno = EINVAL;
    if (inet_pton(AF_INET, address, &at.sin_addr) == 1 &&
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
        bind(listener, (struct sockaddr *)&at, sizeof at) == 0 && listen(listener, BACKLOG) == 0 &&
        getsockname(listener, (struct sockaddr *)&at, &at_bytes) == 0) {
        *port = ntohs(at.sin_port);
        return listener;
    }
    int reason = errno;
    close(listener);
    errno = reason;
    return -1;
}

/* Both ports, or neither. With port 0, pairs are tried until one is free. */
err rpc_listen(const char *address, uint16_t wanted, int listeners[2], uint16_t *got, struct diag *diag)
{
    for (int i = 0; i < PORT_TRIES; i++) {
        uint16_t port = wanted, next;
        listeners[0] = listen_at(address, &port);
        if (listeners[0] < 0) return diag_fail(diag, ERR_IO, "%s:%u: %s", address, port, strerror(errno));
        next = (uint16_t)(port + 1);
        *got = port;
        listeners[1] = next ? listen_at(address, &next) : -1;
        if (listeners[1] >= 0) return OK;
        int reason = errno;
        close(listeners[0]);
        listeners[0] = -1;
        if (wanted)
            return diag_fail(diag, ERR_IO, "%s:%u (for WebSocket): %s", address, next, strerror(reason));
    }
    return diag_fail(diag, ERR_IO, "%s: no two free ports side by side", address);
}

void rpc_descriptors_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* refused: fewer connections at a time */
}

static int accept_one(int listener, struct sockaddr_in *from)
{
    socklen_t from_bytes = sizeof *from;
    return accept4(listener, (struct sockaddr *)from, &from_bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* True: one that nobody can serve was waiting, and is sent away. Without descriptors the system does not even
 * say whether somebody waits. */
static bool turn_away(int listener, int *spare)
{
    struct sockaddr_in from;
    if ((errno != EMFILE && errno != ENFILE) || *spare < 0) return false;
    close(*spare);
    int socket = accept_one(listener, &from);
    if (socket >= 0) close(socket);
    *spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return socket >= 0;
}

struct rpc_caller rpc_accept(int listener, int *spare, uint64_t *refused)
{
    struct sockaddr_in from = {0};
    int socket;
    if (*spare < 0) *spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while ((socket = accept_one(listener, &from)) < 0 && turn_away(listener, spare)) ++*refused;
    return (struct rpc_caller){.address = ntohl(from.sin_addr.s_addr), .socket = socket};
}
