/* tests/lib/hostile_node.c: sockets, and what is said on them. */
#include "tests/lib/hostile_node.h"
#include "daemon/rpc_server.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_BYTES = 64 << 10, HUGE_BYTES = 10 << 20, DRIPS = 2000 };

struct connection {
    struct hostile_node *node;
    int fd;
    char request[REQUEST_BYTES];
    size_t size;
    const char *body;
};

static void say(int fd, const char *bytes, size_t size)
{
    while (size) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes += sent;
        size -= (size_t)sent;
    }
}

static void say_text(int fd, const char *text)
{
    say(fd, text, strlen(text));
}

static void answer(int fd, const char *status, const char *more, const char *body)
{
    char head[512];
    snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n", status,
             strlen(body), more);
    say_text(fd, head);
    say_text(fd, body);
}

static int dial(uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
    close(fd);
    return -1;
}

static void pass_on(struct connection *connection)
{
    char head[256], bytes[4096];
    int fd = dial(connection->node->backend_port);
    ssize_t size;
    if (fd < 0) return;
    snprintf(head, sizeof head,
             "POST / HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\nConnection: close\r\n"
             "Content-Length: %zu\r\n\r\n",
             strlen(connection->body));
    say_text(fd, head);
    say_text(fd, connection->body);
    while ((size = recv(fd, bytes, sizeof bytes, 0)) > 0) say(connection->fd, bytes, (size_t)size);
    close(fd);
}

static void drip(int fd)
{
    say_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n");
    for (int i = 0; i < DRIPS; i++) {
        if (send(fd, " ", 1, MSG_NOSIGNAL) != 1) return;
        usleep(20000);
    }
}

static void flood(int fd, bool is_body)
{
    static char spaces[64 << 10];
    memset(spaces, ' ', sizeof spaces);
    say_text(fd, is_body ? "HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n" : "HTTP/1.1 200 OK\r\nX:");
    for (size_t sent = 0; sent < HUGE_BYTES; sent += sizeof spaces)
        if (send(fd, spaces, sizeof spaces, MSG_NOSIGNAL) <= 0) return;
}

static void say_limited(int fd, enum hostility how)
{
    char line[128];
    time_t then = time(NULL) + 3;
    struct tm tm;
    if (how == HOSTILE_LIMITED_DATE)
        strftime(line, sizeof line, "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&then, &tm));
    else
        snprintf(line, sizeof line, "Retry-After: %d\r\n", how == HOSTILE_LIMITED ? 2 : 31536000);
    answer(fd, "429 Too Many Requests", line, "slow down");
}

static void say_result(struct connection *connection, const char *result, unsigned long id_added)
{
    char body[REQUEST_BYTES];
    const char *id = strstr(connection->body, "\"id\":");
    snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":%lu,\"result\":%s}",
             id ? strtoul(id + 5, NULL, 10) + id_added : 0, result);
    answer(connection->fd, "200 OK", "Content-Type: application/json\r\n", body);
}

/* As many statuses as signatures were asked for, so that nothing else is wrong. */
static void say_statuses(struct connection *connection, const char *slot, const char *word,
                         unsigned long id_added)
{
    char result[REQUEST_BYTES / 2];
    const char *at = strstr(connection->body, "[["), *end = at ? strchr(at, ']') : NULL;
    int used = snprintf(result, sizeof result, "{\"context\":{\"slot\":%s},\"value\":[", slot);
    bool is_first = true;
    for (int quotes = 0; at && at < end; at++) {
        if (*at != '"' || ++quotes % 2 == 0) continue;
        used += snprintf(result + used, sizeof result - (size_t)used,
                         "%s{\"slot\":1,\"confirmations\":1,\"err\":null,\"confirmationStatus\":\"%s\"}",
                         is_first ? "" : ",", word);
        is_first = false;
    }
    snprintf(result + used, sizeof result - (size_t)used, "]}");
    say_result(connection, result, id_added);
}

#define EPOCH_AT(slot) "{\"absoluteSlot\":" slot ",\"blockHeight\":1,\"epoch\":0}"

static void be_hostile(struct connection *connection, unsigned turn)
{
    char line[128];
    int fd = connection->fd;
    switch (connection->node->how) {
    case HOSTILE_TRUNCATED:
        answer(fd, "200 OK", "", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"con");
        return;
    case HOSTILE_CUT: say_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"jsonrpc\":"); return;
    case HOSTILE_NAN: say_statuses(connection, "NaN", "confirmed", 0); return;
    case HOSTILE_TWICE: say_statuses(connection, "5,\"slot\":6", "confirmed", 0); return;
    case HOSTILE_BACKWARDS: say_result(connection, turn % 2 ? EPOCH_AT("1") : EPOCH_AT("90"), 0); return;
    case HOSTILE_WORD: say_statuses(connection, "90", "certain", 0); return;
    case HOSTILE_ID: say_statuses(connection, "90", "confirmed", 1); return;
    case HOSTILE_HUGE: flood(fd, true); return;
    case HOSTILE_HEAD: flood(fd, false); return;
    case HOSTILE_DRIP: drip(fd); return;
    case HOSTILE_SILENT: sleep(30); return;
    case HOSTILE_CLOSED: return;
    case HOSTILE_LIMITED:
    case HOSTILE_LIMITED_DATE:
    case HOSTILE_LIMITED_LONG: say_limited(fd, connection->node->how); return;
    case HOSTILE_REDIRECT:
        snprintf(line, sizeof line, "Location: http://127.0.0.1:%u/\r\n", connection->node->redirect_port);
        answer(fd, "307 Temporary Redirect", line, "");
        return;
    case HOSTILE_HTML:
        answer(fd, "500 Internal Server Error", "", "<html><body>\noops</body></html>");
        return;
    case HOSTILE_GARBAGE: say_text(fd, "\x16\x03\x01\x02 hello\r\n\r\n"); return;
    }
}

/* The whole request; false when it does not come. */
static bool read_request(struct connection *connection)
{
    for (;;) {
        ssize_t got = recv(connection->fd, connection->request + connection->size,
                           sizeof connection->request - 1 - connection->size, 0);
        if (got <= 0) return false;
        connection->size += (size_t)got;
        connection->request[connection->size] = '\0';
        const char *end = strstr(connection->request, "\r\n\r\n");
        const char *length = strstr(connection->request, "Content-Length: ");
        if (!end || !length) continue;
        connection->body = end + 4;
        if (strlen(connection->body) >= strtoul(length + 16, NULL, 10)) return true;
    }
}

static void *serve_one(void *context)
{
    struct connection *connection = context;
    struct hostile_node *node = connection->node;
    if (read_request(connection)) {
        node->requests++;
        unsigned bytes = (unsigned)strlen(connection->body);
        if (bytes > node->longest_bytes) node->longest_bytes = bytes;
        bool is_over = node->most && node->answers >= node->most;
        if (is_over || (node->method && !strstr(connection->body, node->method)))
            pass_on(connection);
        else
            be_hostile(connection, node->answers++);
    }
    shutdown(connection->fd, SHUT_WR);
    close(connection->fd);
    free(connection);
    return NULL;
}

static void *accept_all(void *context)
{
    struct hostile_node *node = context;
    for (;;) {
        struct connection *connection = calloc(1, sizeof *connection);
        pthread_t thread;
        if (!connection) return NULL;
        connection->node = node;
        connection->fd = accept(node->fd, NULL, NULL);
        if (connection->fd < 0 || pthread_create(&thread, NULL, serve_one, connection) != 0) {
            free(connection);
            return NULL;
        }
        pthread_detach(thread);
    }
}

void hostile_node_open(struct hostile_node *node)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    pthread_t thread;
    node->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(node->fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(node->fd, 64) != 0 ||
        getsockname(node->fd, (struct sockaddr *)&at, &size) != 0 ||
        pthread_create(&thread, NULL, accept_all, node) != 0)
        abort();
    pthread_detach(thread);
    node->port = ntohs(at.sin_port);
}

static void run_local_node(double time_scale, int fd)
{
    struct diag diag = {""};
    struct chain_profile profile;
    struct rpc_server *server;
    struct server_options options = {.profile = &profile,
                                     .path = CHAIN_STAKED,
                                     .seed = 1,
                                     .time_scale = time_scale,
                                     .listen = "127.0.0.1"};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (chain_profile_load(&profile, "scenarios/chain", "localnet", &diag) != OK ||
        rpc_server_open(&server, &options, &diag) != OK) {
        fprintf(stderr, "%s\n", diag.text);
        _exit(1);
    }
    uint16_t port = rpc_server_port(server);
    if (write(fd, &port, sizeof port) != sizeof port) _exit(1);
    err e = rpc_server_run(server, &diag);
    _exit(e == OK ? 0 : 1);
}

uint16_t local_node_open(double time_scale)
{
    int pipes[2];
    uint16_t port = 0;
    if (pipe(pipes) != 0) abort();
    pid_t child = fork();
    if (child == 0) run_local_node(time_scale, pipes[1]);
    close(pipes[1]);
    if (read(pipes[0], &port, sizeof port) != sizeof port) abort();
    close(pipes[0]);
    return port;
}
