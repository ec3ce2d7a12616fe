/* daemon/http_listen.c */
#include "daemon/http_listen.h"
#include "daemon/http_server.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096, HOST_BYTES = 64 };

struct address {
    struct sockaddr_storage at;
    socklen_t at_bytes;
};

static bool split(const char *text, char host[HOST_BYTES], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || (size_t)(colon - text) >= HOST_BYTES) return false;
    size_t digits = strspn(colon + 1, "0123456789");
    if (!digits || digits > 5 || colon[1 + digits]) return false;
    unsigned long number = strtoul(colon + 1, NULL, 10);
    if (number > UINT16_MAX) return false;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    *port = (uint16_t)number;
    return true;
}

static bool read_address(const char *text, struct address *out)
{
    char host[HOST_BYTES];
    uint16_t port;
    struct sockaddr_in *v4 = (void *)&out->at;
    struct sockaddr_in6 *v6 = (void *)&out->at;
    *out = (struct address){0};
    if (!split(text, host, &port)) return false;
    size_t end = strlen(host) - 1;
    if (host[0] == '[' && host[end] == ']') {
        host[end] = '\0';
        *v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
        out->at_bytes = sizeof *v6;
        return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1;
    }
    *v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    out->at_bytes = sizeof *v4;
    return inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &v4->sin_addr) == 1;
}

bool http_listen_is_local(const char *listen)
{
    struct address address;
    const struct sockaddr_in *v4 = (const void *)&address.at;
    const struct sockaddr_in6 *v6 = (const void *)&address.at;
    if (!read_address(listen, &address)) return false;
    if (address.at.ss_family == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
}

err http_listen(const char *text, int *socket_out, uint16_t *port_out, struct diag *diag)
{
    struct address address;
    int one = 1;
    if (!read_address(text, &address))
        return diag_fail(diag, ERR_USAGE, "%.64s: not an address to listen at; 127.0.0.1:9090 is one", text);
    int listener = socket(address.at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0) return diag_fail(diag, ERR_IO, "%.64s: %s", text, strerror(errno));
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(listener, (struct sockaddr *)&address.at, address.at_bytes) != 0 ||
        listen(listener, BACKLOG) != 0 ||
        getsockname(listener, (struct sockaddr *)&address.at, &address.at_bytes) != 0) {
        int reason = errno;
        close(listener);
        return diag_fail(diag, ERR_IO, "%.64s: %s", text, strerror(reason));
    }
    *socket_out = listener;
    *port_out = ntohs(((struct sockaddr_in *)&address.at)->sin_port); /* the same place in both families */
    return OK;
}
