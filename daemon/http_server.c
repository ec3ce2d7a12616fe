/* daemon/http_server.c: libmicrohttpd in external epoll mode; connections, their deadlines, who makes room.
 */
#include "daemon/http_server.h"
#include "base/assert.h"
#include "base/units.h"
#include "daemon/audit.h"
#include "daemon/exchange_state.h"
#include "daemon/http_head.h"
#include "daemon/http_listen.h"
#include "daemon/http_phase.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WATCH_NS (20 * NS_PER_MS)
enum {
    ACCEPTS_A_TURN = 256,
    DISCARDED_BYTES_MOST = 1 << 20, /* of a body that nobody wants, read so that the answer is seen */
    PEER_BYTES = 64,
};

struct connection {
    struct phase_member place; /* first */
    struct http_server *server;
    struct MHD_Connection *mhd;
    int socket;
    bool has_bad_uri;
    char peer[PEER_BYTES];
    /* of the request under way */
    struct exchange *exchange;
    enum http_head_fault fault;
    bool has_run, is_suspended, must_close;
    uint64_t discarded_bytes;
};

struct http_server {
    struct live *live;
    bool is_workers, is_remote, is_stopping, is_listening;
    bool has_resumed; /* libmicrohttpd's timeout does not tell */
    struct MHD_Daemon *mhd;
    int epoll, listener, spare; /* spare: a descriptor in hand for when they are out; -1: in use */
    uint16_t port;
    uint32_t most;
    int64_t now_ns, looked_ns, watched_ns;
    struct connection *newcomer; /* handed to libmicrohttpd right now */
    struct phases phases;
    struct http_counts counts;
};

static int64_t real_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* ---- phases ---- */

static void enter(struct connection *connection, enum phase phase)
{
    phase_enter(&connection->server->phases, &connection->place, phase, connection->server->now_ns);
}

/* libmicrohttpd finds the end of the stream, or a broken pipe, at its next turn. */
static void cut(struct connection *connection)
{
    (void)shutdown(connection->socket, SHUT_RDWR);
    enter(connection, PHASE_CUT);
}

static void cut_late_ones(struct http_server *server)
{
    struct phase_member *late;
    while ((late = phase_late(&server->phases, server->now_ns))) {
        server->counts.timed_out++;
        cut((struct connection *)late);
    }
}

static bool evict(struct http_server *server)
{
    struct phase_member *oldest = phase_oldest(&server->phases);
    if (!oldest) return false;
    server->counts.evicted++;
    cut((struct connection *)oldest);
    return true;
}

/* ---- answers ---- */

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    enum MHD_Result is_added = MHD_add_response_header(response, name, value);
    ASSERT(is_added == MHD_YES);
}

static enum MHD_Result queue(struct connection *connection, int status, struct MHD_Response *response)
{
    if (!response) return MHD_NO;
    add_header(response, "Cache-Control", "no-store");
    add_header(response, "X-Content-Type-Options", "nosniff");
    if (connection->must_close || connection->server->is_stopping)
        add_header(response, "Connection", "close");
    enter(connection, PHASE_ANSWERING);
    enum MHD_Result is_queued = MHD_queue_response(connection->mhd, (unsigned)status, response);
    MHD_destroy_response(response);
    return is_queued;
}

static enum MHD_Result answer(struct connection *connection)
{
    struct exchange *exchange = connection->exchange;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(exchange->text_bytes, exchange->text ? exchange->text : "",
                                        exchange->text ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (!response) return MHD_NO;
    exchange->text = NULL;
    if (exchange->content_type) add_header(response, "Content-Type", exchange->content_type);
    if (exchange->allow[0]) add_header(response, "Allow", exchange->allow);
    if (exchange->must_authenticate) add_header(response, "WWW-Authenticate", "Bearer");
    if (exchange->retries_later) add_header(response, "Retry-After", "1");
    return queue(connection, exchange->status, response);
}

/* Heads that nobody should have to guess at: told so, and no more is read. */
static enum MHD_Result answer_fault(struct connection *connection)
{
    const struct http_head_answer *words = http_head_answer(connection->fault);
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *out = open_memstream(&text, &size_bytes);
    if (!out) return MHD_NO;
    struct json_writer writer;
    json_write_begin(&writer, out, JSON_ONE_LINE);
    json_write_object(&writer, NULL);
    json_write_text(&writer, "code", words->code);
    json_write_object(&writer, "details");
    json_write_end(&writer);
    json_write_text(&writer, "error", words->text);
    json_write_end(&writer);
    json_write_finish(&writer);
    fclose(out);
    struct MHD_Response *response = MHD_create_response_from_buffer(size_bytes, text, MHD_RESPMEM_MUST_FREE);
    connection->must_close = true;
    connection->server->counts.refused++;
    if (response) add_header(response, "Content-Type", "application/json");
    return queue(connection, words->status, response);
}

static void resume(struct exchange *exchange)
{
    struct connection *connection = exchange->owner;
    if (!connection->is_suspended) return;
    connection->is_suspended = false;
    connection->server->counts.held--;
    enter(connection, PHASE_ANSWERING);
    MHD_resume_connection(connection->mhd);
    connection->server->has_resumed = true;
}

static void suspend(struct connection *connection)
{
    connection->is_suspended = true;
    connection->server->counts.held++;
    enter(connection, PHASE_HELD);
    MHD_suspend_connection(connection->mhd);
}

/* ---- requests ---- */

static enum MHD_Result look_at_header(void *context, enum MHD_ValueKind kind, const char *name,
                                      size_t name_bytes, const char *value, size_t value_bytes)
{
    (void)kind;
    http_head_see(context, name, name_bytes, value, value_bytes);
    return MHD_YES;
}

static enum MHD_Result keep_parameter(void *context, enum MHD_ValueKind kind, const char *name,
                                      size_t name_bytes, const char *value, size_t value_bytes)
{
    (void)kind;
    struct exchange_request *request = context;
    bool has_zero = strlen(name) != name_bytes || (value && strlen(value) != value_bytes);
    if (request->query_count < EXCHANGE_QUERY_MOST)
        request->query[request->query_count] =
            (struct exchange_pair){has_zero ? "\xff" : name, value ? value : ""};
    request->query_count++;
    return MHD_YES;
}

static const char *find_header(void *transport, const char *name)
{
    return MHD_lookup_connection_value(transport, MHD_HEADER_KIND, name);
}

/* The first call of a request: its head is there. */
static enum MHD_Result begin(struct connection *connection, const char *path, const char *method,
                             const char *version)
{
    struct http_server *server = connection->server;
    struct http_head_seen seen = {
        .method = method, .version = version, .has_bad_uri = connection->has_bad_uri};
    server->counts.requests++;
    MHD_get_connection_values_n(connection->mhd, MHD_HEADER_KIND, look_at_header, &seen);
    connection->fault = http_head_judge(&seen);
    connection->has_run = connection->must_close = false;
    connection->discarded_bytes = 0;
    if (connection->fault != HTTP_HEAD_GOOD) return answer_fault(connection);
    struct exchange_request request = {.method = method,
                                       .path = path,
                                       .is_of_workers = server->is_workers,
                                       .is_remote = server->is_remote,
                                       .authorization = find_header(connection->mhd, "Authorization"),
                                       .peer = connection->peer,
                                       .header = find_header,
                                       .transport = connection->mhd};
    MHD_get_connection_values_n(connection->mhd, MHD_GET_ARGUMENT_KIND, keep_parameter, &request);
    if (exchange_open(&connection->exchange, server->live, &request) != OK) return MHD_NO;
    connection->exchange->resume = resume;
    connection->exchange->owner = connection;
    enter(connection, PHASE_BODY);
    bool is_huge = seen.body_bytes > DISCARDED_BYTES_MOST;
    bool is_asked_first =
        seen.expects_continue && (connection->exchange->is_answered || seen.body_bytes > HTTP_BODY_BYTES);
    if (!is_huge && !is_asked_first) return MHD_YES;
    connection->exchange->is_too_large = seen.body_bytes > HTTP_BODY_BYTES;
    connection->must_close = true;
    exchange_run(connection->exchange);
    return answer(connection);
}

static enum MHD_Result take(struct connection *connection, const char *bytes, size_t *size_bytes)
{
    struct exchange *exchange = connection->exchange;
    if (!exchange) return MHD_NO; /* answered already: what follows is not read */
    exchange_take(exchange, bytes, *size_bytes);
    if (exchange->is_answered || exchange->is_too_large) connection->discarded_bytes += *size_bytes;
    *size_bytes = 0;
    return connection->discarded_bytes > DISCARDED_BYTES_MOST ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *mhd, const char *path,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *size_bytes, void **request)
{
    (void)context;
    struct connection *connection =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    if (!*request) {
        *request = connection;
        connection->mhd = mhd;
        return begin(connection, path, method, version);
    }
    if (*size_bytes) return take(connection, bytes, size_bytes);
    if (!connection->has_run) {
        connection->has_run = true;
        exchange_run(connection->exchange);
    }
    if (connection->exchange->is_held) {
        suspend(connection);
        return MHD_YES;
    }
    return answer(connection);
}

static void on_completed(void *context, struct MHD_Connection *mhd, void **request,
                         enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)mhd;
    (void)code;
    struct connection *connection = *request;
    if (!connection) return;
    exchange_free(connection->exchange);
    connection->exchange = NULL;
    *request = NULL;
    enter(connection, PHASE_IDLE);
}

static void *on_uri(void *context, const char *uri, struct MHD_Connection *mhd)
{
    (void)context;
    struct connection *connection =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    connection->has_bad_uri = http_uri_is_bad(uri);
    enter(connection, PHASE_ARRIVING);
    return NULL;
}

/* ---- connections ---- */

static void on_connection(void *context, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = server->newcomer;
        server->newcomer->mhd = mhd;
        return;
    }
    struct connection *connection = *socket_context;
    phase_leave(&server->phases, &connection->place);
    server->counts.open--;
    free(connection);
}

static void peer_text(const struct sockaddr_storage *from, char out[PEER_BYTES])
{
    const struct sockaddr_in *v4 = (const void *)from;
    const struct sockaddr_in6 *v6 = (const void *)from;
    bool is_v6 = from->ss_family == AF_INET6;
    if (!inet_ntop(from->ss_family, is_v6 ? (const void *)&v6->sin6_addr : &v4->sin_addr, out, PEER_BYTES))
        out[0] = '\0';
}

static void welcome(struct http_server *server, int socket, const struct sockaddr_storage *from,
                    socklen_t from_bytes)
{
    int one = 1;
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) {
        close(socket);
        return;
    }
    connection->server = server;
    connection->socket = socket;
    peer_text(from, connection->peer);
    (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    phase_join(&server->phases, &connection->place, PHASE_ARRIVING, server->now_ns);
    server->newcomer = connection;
    server->counts.open++;
    server->counts.connections++;
    /* It closes the socket when it fails. */
    if (MHD_add_connection(server->mhd, socket, (const struct sockaddr *)from, from_bytes) != MHD_YES &&
        connection->mhd == NULL) {
        phase_leave(&server->phases, &connection->place);
        server->counts.open--;
        server->counts.refused++;
        free(connection);
    }
    server->newcomer = NULL;
}

static void listen_again(struct http_server *server, bool is_listening)
{
    if (server->is_listening == is_listening || server->listener < 0) return;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = server->listener};
    (void)epoll_ctl(server->epoll, is_listening ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, server->listener, &event);
    server->is_listening = is_listening;
}

static void keep_spare(struct http_server *server)
{
    if (server->spare < 0) server->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    listen_again(server, server->spare >= 0);
}

/* One connection; false: nobody waits, or there is no room. Out of descriptors the one in hand is used, and
 * the connection that has been idle longest is told to go; until then nobody else is let in. */
static bool accept_one(struct http_server *server)
{
    struct sockaddr_storage from = {0};
    socklen_t from_bytes = sizeof from;
    bool is_full = server->counts.open >= server->most;
    if (is_full && !evict(server)) return false;
    int socket =
        accept4(server->listener, (struct sockaddr *)&from, &from_bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0 && (errno == EMFILE || errno == ENFILE) && server->spare >= 0) {
        (void)evict(server);
        close(server->spare);
        server->spare = -1;
        socket =
            accept4(server->listener, (struct sockaddr *)&from, &from_bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
    }
    if (socket < 0) return false;
    welcome(server, socket, &from, from_bytes);
    return server->spare >= 0 && !is_full; /* who was told to go must have gone before the next is let in */
}

static bool has_gone(const struct connection *connection)
{
    char byte;
    ssize_t got = recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

/* Clients of held connections that have gone: nobody looks at those sockets otherwise. */
static void look_for_gone(struct http_server *server)
{
    if (server->now_ns - server->looked_ns < NS_PER_S) return;
    server->looked_ns = server->now_ns;
    struct phase_member *next;
    for (struct phase_member *member = server->phases.lists[PHASE_HELD].first; member; member = next) {
        next = member->next;
        const struct connection *held = (const struct connection *)member;
        struct exchange *exchange = held->exchange;
        if (!exchange->route->is_long || !has_gone(held)) continue;
        service_forget(server->live->service, exchange);
        exchange_fail(exchange, 499, "client_gone", "the client went away while it waited");
        exchange_send(exchange);
    }
}

/* Those that wait for something that nobody calls them for. */
static void look_at_watched(struct http_server *server)
{
    if (!server->live->watched || server->now_ns - server->watched_ns < WATCH_NS) return;
    server->watched_ns = server->now_ns;
    struct phase_member *next;
    for (struct phase_member *member = server->phases.lists[PHASE_HELD].first; member; member = next) {
        next = member->next;
        struct exchange *exchange = ((const struct connection *)member)->exchange;
        if (exchange->look) exchange->look(exchange);
    }
}

void http_server_turn(struct http_server *server)
{
    server->now_ns = real_ns();
    for (int i = 0; i < ACCEPTS_A_TURN && server->is_listening; i++)
        if (!accept_one(server)) break;
    cut_late_ones(server);
    look_for_gone(server);
    look_at_watched(server);
    server->has_resumed = false;
    (void)MHD_run(server->mhd);
    if (!server->is_stopping) keep_spare(server);
    if (server->live->audit) audit_flush(server->live->audit);
}

int http_server_fd(const struct http_server *server)
{
    return server->epoll;
}

int64_t http_server_next_ns(const struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;
    int64_t next_ns = NEVER_NS;
    if (server->has_resumed) return server->now_ns;
    if (MHD_get_timeout(server->mhd, &timeout_ms) == MHD_YES)
        next_ns = server->now_ns + (int64_t)timeout_ms * NS_PER_MS;
    int64_t deadline_ns = phase_next_ns(&server->phases);
    if (deadline_ns < next_ns) next_ns = deadline_ns;
    int64_t again_ns = server->now_ns + (server->live->watched ? WATCH_NS : NS_PER_S);
    bool looks = server->phases.lists[PHASE_HELD].first || (!server->is_listening && !server->is_stopping);
    return looks && again_ns < next_ns ? again_ns : next_ns;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_counts(const struct http_server *server, struct http_counts *out)
{
    *out = server->counts;
}

/* ---- the end ---- */

/* Not a byte of a request is there. */
static bool is_silent(const struct connection *connection)
{
    char byte;
    return recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

void http_server_stop(struct http_server *server)
{
    if (server->is_stopping) return;
    server->is_stopping = true;
    listen_again(server, false);
    if (server->listener >= 0) close(server->listener);
    server->listener = -1;
    server->now_ns = real_ns();
    struct phase_member *idle, *next;
    while ((idle = server->phases.lists[PHASE_IDLE].first)) cut((struct connection *)idle);
    for (struct phase_member *silent = server->phases.lists[PHASE_ARRIVING].first; silent; silent = next) {
        next = silent->next;
        if (is_silent((struct connection *)silent)) cut((struct connection *)silent);
    }
}

bool http_server_is_done(const struct http_server *server)
{
    return server->is_stopping && server->counts.open == 0;
}

static void answer_held(struct http_server *server)
{
    const struct phase_member *held;
    while ((held = server->phases.lists[PHASE_HELD].first)) {
        struct exchange *exchange = ((const struct connection *)held)->exchange;
        service_forget(server->live->service, exchange);
        exchange_fail(exchange, 503, "stopping", "the service stopped before this was done");
        exchange_send(exchange);
    }
}

void http_server_free(struct http_server *server)
{
    if (!server) return;
    if (server->mhd) {
        http_server_stop(server);
        answer_held(server);
        (void)MHD_run(server->mhd);
        MHD_stop_daemon(server->mhd);
    }
    int open[] = {server->epoll, server->listener, server->spare};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (open[i] >= 0) close(open[i]);
    free(server);
}

/* ---- the beginning ---- */

static void complain(void *context, const char *format, va_list arguments)
{
    (void)format;
    (void)arguments;
    struct http_server *server = context; /* what clients do wrong is counted, not written line by line */
    server->counts.complaints++;
}

static uint64_t descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* refused: fewer connections at a time */
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 1024;
}

/* What the two ports take leaves enough for the log, its snapshots and whatever else is opened. */
static uint32_t room_for(const struct http_server_options *options)
{
    uint64_t all = descriptors();
    uint64_t of_workers = all / 8 < HTTP_WORKERS_CONNECTIONS ? all / 8 : HTTP_WORKERS_CONNECTIONS;
    uint64_t rest = all - of_workers;
    uint64_t own = rest > 2 * HTTP_DESCRIPTORS_RESERVED ? rest - HTTP_DESCRIPTORS_RESERVED : rest / 2;
    uint64_t most = options->connections_most ? options->connections_most : HTTP_CONNECTIONS;
    uint64_t room = options->is_workers ? of_workers : own;
    return (uint32_t)(most < room ? most : room);
}

static err start(struct http_server *server, struct diag *diag)
{
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG;
    server->mhd = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, complain, server,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        server, MHD_OPTION_URI_LOG_CALLBACK, on_uri, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTP_HEAD_BYTES + 4096, MHD_OPTION_CONNECTION_LIMIT, server->most + 64,
        MHD_OPTION_STRICT_FOR_CLIENT, -1, MHD_OPTION_END);
    if (!server->mhd) return diag_fail(diag, ERR_NOMEM, "the HTTP server could not start");
    int inner = MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = inner};
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (server->epoll < 0 || epoll_ctl(server->epoll, EPOLL_CTL_ADD, inner, &event) != 0)
        return diag_fail(diag, ERR_IO, "epoll: %s", strerror(errno));
    server->now_ns = real_ns();
    keep_spare(server);
    return OK;
}

err http_server_open(struct http_server **out, const struct http_server_options *options, struct diag *diag)
{
    struct http_server *server = calloc(1, sizeof *server);
    if (!server) return ERR_NOMEM;
    server->live = options->live;
    server->is_workers = options->is_workers;
    server->is_remote = !http_listen_is_local(options->listen);
    server->epoll = server->listener = server->spare = -1;
    server->most = room_for(options);
    err e = http_listen(options->listen, &server->listener, &server->port, diag);
    if (e == OK) e = start(server, diag);
    if (e != OK) {
        http_server_free(server);
        return e;
    }
    *out = server;
    return OK;
}
