/* daemon/rpc_server.c: sockets, buffers, and who is served next. */
#include "daemon/rpc_server.h"
#include "base/assert.h"
#include "base/units.h"
#include "base/escape.h"
#include "daemon/rpc_admin.h"
#include "daemon/rpc_buffer.h"
#include "daemon/rpc_http.h"
#include "daemon/rpc_listen.h"
#include "daemon/rpc_ws.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS = 256,
    READ_BYTES = 64 << 10,
    TAG_LISTEN = SERVER_CLIENTS_MAX, /* epoll tags: clients by place, then these */
    TAG_LISTEN_WS,
    TAG_SIGNAL,
};

struct client {
    int socket; /* -1: free */
    uint32_t id, address;
    bool is_ws, is_closing, waits_to_write;
    int64_t heard_ns;
    size_t unread_bytes;            /* as counted in the server's */
    struct buffer in, out, message; /* message: of a WebSocket, in several frames */
    bool is_amid_message;
};

struct rpc_server {
    struct rpc rpc;
    struct rpc_limits limits;
    int epoll, listen[2], signals, spare; /* spare: see rpc_listen.h */
    uint16_t port;
    uint32_t serial, client_count;
    size_t unread_bytes; /* of all clients */
    int64_t now_ns, swept_ns;
    struct client clients[SERVER_CLIENTS_MAX];
};

static int64_t real_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* -- writing -- */

static void count_unread(struct rpc_server *server, struct client *client)
{
    server->unread_bytes += buffer_left(&client->out) - client->unread_bytes;
    client->unread_bytes = buffer_left(&client->out);
}

static void client_close(struct rpc_server *server, struct client *client)
{
    if (client->socket < 0) return;
    close(client->socket);
    if (client->is_ws) subscriptions_forget(&server->rpc.subscriptions, client->id);
    buffer_free(&client->in);
    buffer_free(&client->out);
    buffer_free(&client->message);
    count_unread(server, client);
    client->socket = -1;
    server->client_count--;
}

static void watch(struct rpc_server *server, struct client *client, bool writes)
{
    struct epoll_event event = {.events = EPOLLIN | (writes ? EPOLLOUT : 0),
                                .data.u32 = (uint32_t)(client - server->clients)};
    client->waits_to_write = writes;
    (void)epoll_ctl(server->epoll, EPOLL_CTL_MOD, client->socket, &event);
}

static void client_flush(struct rpc_server *server, struct client *client)
{
    while (client->socket >= 0 && buffer_left(&client->out)) {
        ssize_t sent = send(client->socket, client->out.bytes + client->out.at, buffer_left(&client->out),
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno != EAGAIN) {
            client_close(server, client);
            return;
        }
        if (sent < 0) break;
        buffer_take(&client->out, (size_t)sent);
    }
    count_unread(server, client);
    if (client->socket < 0) return;
    bool writes = buffer_left(&client->out) > 0;
    if (!writes && client->is_closing) {
        client_close(server, client);
        return;
    }
    if (writes != client->waits_to_write) watch(server, client, writes);
}

static void client_add(struct rpc_server *server, struct client *client, const void *bytes, size_t size_bytes)
{
    if (client->socket < 0) return;
    bool is_too_much = buffer_left(&client->out) + size_bytes > SERVER_UNREAD_BYTES ||
                       server->unread_bytes + size_bytes > SERVER_UNREAD_ALL_BYTES;
    if (is_too_much || !buffer_add(&client->out, bytes, size_bytes))
        client_close(server, client);
    else
        count_unread(server, client);
}

static void send_frame(struct rpc_server *server, struct client *client, enum ws_opcode opcode,
                       const void *bytes, size_t size_bytes)
{
    unsigned char head[WS_HEAD_BYTES_MAX];
    client_add(server, client, head, ws_head(opcode, size_bytes, head));
    client_add(server, client, bytes, size_bytes);
}

/* The client may have gone meanwhile; its place may be another's. */
static void push(void *context, uint32_t id, const char *text, size_t size_bytes)
{
    struct rpc_server *server = context;
    struct client *client = &server->clients[(id - 1) % SERVER_CLIENTS_MAX];
    if (client->socket < 0 || client->id != id || client->is_closing) return;
    server->rpc.counts.notifications++;
    send_frame(server, client, WS_TEXT, text, size_bytes - (text[size_bytes - 1] == '\n'));
}

/* -- HTTP -- */

struct answer {
    int status;
    const char *type, *extra; /* extra: whole header lines */
    const char *text;
    size_t size_bytes;
};

static void send_answer(struct rpc_server *server, struct client *client, const struct answer *answer)
{
    char head[512];
    int used = snprintf(head, sizeof head,
                        "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                        "Access-Control-Allow-Origin: *\r\n%s%s\r\n",
                        answer->status, http_reason(answer->status), answer->type, answer->size_bytes,
                        answer->extra, client->is_closing ? "Connection: close\r\n" : "");
    client_add(server, client, head, (size_t)used);
    client_add(server, client, answer->text, answer->size_bytes);
}

static void send_status(struct rpc_server *server, struct client *client, int status, const char *extra)
{
    const char *reason = http_reason(status);
    struct answer answer = {status, "text/plain", extra, reason, strlen(reason)};
    send_answer(server, client, &answer);
}

static void answer_post(struct rpc_server *server, struct client *client, const struct http_text *body)
{
    char *text = NULL;
    size_t size_bytes = 0;
    int status;
    struct rpc_request request = {body->text, body->size_bytes, 0};
    FILE *out = open_memstream(&text, &size_bytes);
    if (!out) {
        send_status(server, client, 500, "");
        return;
    }
    bool is_said = rpc_answer(&server->rpc, &request, out, &status);
    bool is_whole = fclose(out) == 0;
    struct answer answer = {status, "application/json; charset=utf-8", "", text, is_said ? size_bytes : 0};
    if (!is_whole || (status != 200 && !is_said))
        send_status(server, client, is_whole ? status : 500, status == 429 ? "Retry-After: 1\r\n" : "");
    else
        send_answer(server, client, &answer);
    free(text);
}

static void answer_admin(struct rpc_server *server, struct client *client, const struct http_head *head,
                         const struct http_text *body)
{
    char name[32], *text = NULL;
    size_t size_bytes = 0, prefix = strlen("/admin/");
    snprintf(name, sizeof name, "%.*s", (int)(head->path.size_bytes - prefix), head->path.text + prefix);
    struct admin_request request = {name, body->text, body->size_bytes, server->now_ns};
    FILE *out = open_memstream(&text, &size_bytes);
    if (!out) {
        send_status(server, client, 500, "");
        return;
    }
    struct answer answer = {.type = "application/json; charset=utf-8", .extra = ""};
    answer.status = rpc_admin(&server->rpc, &request, out);
    fclose(out);
    answer.text = text;
    answer.size_bytes = size_bytes;
    send_answer(server, client, &answer);
    free(text);
}

static void answer_health(struct rpc_server *server, struct client *client)
{
    static const char *const WORDS[] = {
        [RPC_HEALTHY] = "ok", [RPC_SLOTS_BEHIND] = "behind", [RPC_HEALTH_UNKNOWN] = "unknown"};
    uint64_t behind;
    const char *word = WORDS[rpc_health(&server->rpc, &behind)];
    struct answer answer = {200, "text/plain", "", word, strlen(word)};
    send_answer(server, client, &answer);
}

static void upgrade(struct rpc_server *server, struct client *client, const struct http_head *head)
{
    char accept[WS_ACCEPT_BYTES], text[256];
    if (!head->is_websocket_13 || !head->websocket_key.size_bytes) {
        client->is_closing = true;
        send_status(server, client, 426, "Sec-WebSocket-Version: 13\r\n");
        return;
    }
    ws_accept(head->websocket_key.text, head->websocket_key.size_bytes, accept);
    int used = snprintf(text, sizeof text,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: %s\r\n\r\n",
                        accept);
    client->is_ws = true;
    client_add(server, client, text, (size_t)used);
}

static bool is_rationed(struct rpc_server *server, struct client *client)
{
    char extra[40];
    uint32_t wait_s = rpc_limits_take(&server->limits, client->address, server->now_ns);
    if (!wait_s) return false;
    server->rpc.counts.limited++;
    snprintf(extra, sizeof extra, "Retry-After: %u\r\n", wait_s);
    send_status(server, client, 429, extra);
    return true;
}

static void answer_http(struct rpc_server *server, struct client *client, const struct http_head *head,
                        const struct http_text *body)
{
    bool is_admin = head->path.size_bytes > 7 && memcmp(head->path.text, "/admin/", 7) == 0;
    client->is_closing |= head->closes;
    if (http_is(&head->method, "OPTIONS"))
        send_status(server, client, 200,
                    "Access-Control-Allow-Methods: POST\r\nAccess-Control-Allow-Headers: *\r\n");
    else if (is_admin && http_is(&head->method, "POST"))
        answer_admin(server, client, head, body);
    else if (http_is(&head->path, "/admin/status") && http_is(&head->method, "GET"))
        answer_admin(server, client, head, &(struct http_text){"{}", 2});
    else if (http_is(&head->method, "GET") && head->upgrades)
        upgrade(server, client, head);
    else if (http_is(&head->method, "GET") && http_is(&head->path, "/health"))
        answer_health(server, client);
    else if (!http_is(&head->method, "POST"))
        send_status(server, client, 405, "Allow: POST\r\n");
    else if (!is_rationed(server, client))
        answer_post(server, client, body);
}

static void refuse_http(struct rpc_server *server, struct client *client, int status)
{
    client->is_closing = true;
    server->rpc.counts.refused++;
    send_status(server, client, status, "");
}

/* True: a request was there and is answered. */
static bool serve_http(struct rpc_server *server, struct client *client)
{
    struct http_head head;
    int status;
    const char *bytes = client->in.bytes + client->in.at;
    size_t left = buffer_left(&client->in);
    enum http_verdict verdict = http_read(bytes, left, SERVER_HEAD_BYTES, &head, &status);
    if (verdict == HTTP_INCOMPLETE) return false;
    if (verdict == HTTP_BROKEN || head.body_bytes > SERVER_BODY_BYTES) {
        refuse_http(server, client, verdict == HTTP_BROKEN ? status : 413);
        return false;
    }
    if (left < head.head_bytes + head.body_bytes) {
        static const char GO_ON[] = "HTTP/1.1 100 Continue\r\n\r\n";
        if (head.expects_continue && left == head.head_bytes)
            client_add(server, client, GO_ON, sizeof GO_ON - 1);
        return false;
    }
    struct http_text body = {bytes + head.head_bytes, head.body_bytes};
    answer_http(server, client, &head, &body);
    if (client->socket >= 0) buffer_take(&client->in, head.head_bytes + head.body_bytes);
    return client->socket >= 0 && !client->is_closing;
}

/* -- WebSocket -- */

static void close_ws(struct rpc_server *server, struct client *client, uint16_t code)
{
    unsigned char payload[2] = {(unsigned char)(code >> 8), (unsigned char)code};
    send_frame(server, client, WS_CLOSE, payload, sizeof payload);
    client->is_closing = true;
}

static void answer_message(struct rpc_server *server, struct client *client, const char *bytes,
                           size_t size_bytes)
{
    char *text = NULL;
    size_t text_bytes = 0;
    int status;
    struct rpc_request request = {bytes, size_bytes, client->id};
    if (!escape_is_utf8(bytes, size_bytes)) {
        close_ws(server, client, WS_BAD_TEXT);
        return;
    }
    FILE *out = open_memstream(&text, &text_bytes);
    if (!out) return;
    bool is_said = rpc_answer(&server->rpc, &request, out, &status);
    if (fclose(out) == 0 && is_said) send_frame(server, client, WS_TEXT, text, text_bytes);
    free(text);
    if (status != 200) close_ws(server, client, 1011);
    subscriptions_settle(&server->rpc.subscriptions);
}

/* Of a message in pieces, the pieces; of a whole one, itself. */
static void take_frame(struct rpc_server *server, struct client *client, const struct ws_frame *frame)
{
    bool begins = frame->opcode != WS_MORE;
    if (begins == client->is_amid_message) {
        close_ws(server, client, WS_PROTOCOL_ERROR);
    } else if (frame->opcode == WS_BINARY) {
        close_ws(server, client, WS_NOT_TEXT);
    } else if (begins && frame->is_last) {
        answer_message(server, client, (const char *)frame->payload, frame->payload_bytes);
    } else if (buffer_left(&client->message) + frame->payload_bytes > SERVER_BODY_BYTES ||
               !buffer_add(&client->message, frame->payload, frame->payload_bytes)) {
        close_ws(server, client, WS_TOO_LARGE);
    } else {
        client->is_amid_message = !frame->is_last;
        if (!frame->is_last) return;
        answer_message(server, client, client->message.bytes, client->message.used);
        buffer_free(&client->message);
    }
}

/* True: a frame was there and is dealt with. */
static bool serve_ws(struct rpc_server *server, struct client *client)
{
    struct ws_frame frame;
    uint16_t code;
    unsigned char *bytes = (unsigned char *)client->in.bytes + client->in.at;
    enum ws_verdict verdict = ws_read(bytes, buffer_left(&client->in), SERVER_BODY_BYTES, &frame, &code);
    if (verdict == WS_INCOMPLETE) return false;
    if (verdict == WS_BROKEN) {
        server->rpc.counts.refused++;
        close_ws(server, client, code);
        return false;
    }
    if (frame.opcode == WS_PING)
        send_frame(server, client, WS_PONG, frame.payload, frame.payload_bytes);
    else if (frame.opcode == WS_CLOSE)
        close_ws(server, client, ws_close_answer(&frame));
    else if (frame.opcode != WS_PONG)
        take_frame(server, client, &frame);
    if (client->socket >= 0) buffer_take(&client->in, frame.frame_bytes);
    return client->socket >= 0 && !client->is_closing;
}

/* -- connections -- */

static void serve(struct rpc_server *server, struct client *client)
{
    while (client->socket >= 0 && !client->is_closing && buffer_left(&client->in))
        if (!(client->is_ws ? serve_ws(server, client) : serve_http(server, client))) break;
    client_flush(server, client);
}

static void receive(struct rpc_server *server, struct client *client)
{
    char bytes[READ_BYTES];
    ssize_t got = recv(client->socket, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        client_close(server, client);
        return;
    }
    client->heard_ns = server->now_ns;
    if (client->is_closing) return; /* on its way out: what it still says is not read */
    if (buffer_add(&client->in, bytes, (size_t)got))
        serve(server, client);
    else
        client_close(server, client);
}

static struct client *free_client(struct rpc_server *server)
{
    for (uint32_t i = 0; i < SERVER_CLIENTS_MAX; i++)
        if (server->clients[i].socket < 0) return &server->clients[i];
    return NULL;
}

static void accept_all(struct rpc_server *server, int listener)
{
    struct rpc_caller caller;
    int one = 1;
    while ((caller = rpc_accept(listener, &server->spare, &server->rpc.counts.refused)).socket >= 0) {
        int socket = caller.socket;
        struct client *client = server->client_count < SERVER_CLIENTS_MAX ? free_client(server) : NULL;
        if (!client) {
            server->rpc.counts.refused++;
            close(socket);
            continue;
        }
        uint32_t place = (uint32_t)(client - server->clients);
        server->serial = (server->serial + 1) % (UINT32_MAX / SERVER_CLIENTS_MAX - 1);
        *client = (struct client){.socket = socket,
                                  .id = server->serial * SERVER_CLIENTS_MAX + place + 1,
                                  .address = caller.address,
                                  .heard_ns = server->now_ns};
        server->client_count++;
        (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = place};
        if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, socket, &event) != 0) client_close(server, client);
    }
}

/* Once a second: who has been silent too long, half a request in hand or none. */
static void sweep(struct rpc_server *server)
{
    if (server->now_ns - server->swept_ns < NS_PER_S) return;
    server->swept_ns = server->now_ns;
    for (uint32_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
        struct client *client = &server->clients[i];
        bool is_kept = client->is_ws && !client->is_closing;
        if (client->socket < 0 || is_kept || server->now_ns - client->heard_ns < SERVER_SILENT_S * NS_PER_S)
            continue;
        client_close(server, client);
    }
}

/* -- the loop -- */

static int wait_ms(struct rpc_server *server)
{
    int64_t wait_ns = rpc_clock_wait_ns(&server->rpc, real_ns());
    return (int)((wait_ns + NS_PER_MS - 1) / NS_PER_MS);
}

static bool handle(struct rpc_server *server, const struct epoll_event *event)
{
    uint32_t tag = event->data.u32;
    if (tag == TAG_SIGNAL) return false;
    if (tag == TAG_LISTEN || tag == TAG_LISTEN_WS) {
        accept_all(server, server->listen[tag - TAG_LISTEN]);
        return true;
    }
    struct client *client = &server->clients[tag];
    if (client->socket >= 0 && event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(server, client);
    if (client->socket >= 0 && event->events & EPOLLOUT) client_flush(server, client);
    return true;
}

static void flush_pushed(struct rpc_server *server)
{
    for (uint32_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
        struct client *client = &server->clients[i];
        if (client->socket >= 0 && client->is_ws && !client->waits_to_write && buffer_left(&client->out))
            client_flush(server, client);
    }
}

err rpc_server_run(struct rpc_server *server, struct diag *diag)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(server->epoll, events, EVENTS, wait_ms(server));
        if (count < 0 && errno != EINTR) return diag_fail(diag, ERR_IO, "epoll: %s", strerror(errno));
        server->now_ns = real_ns();
        uint64_t told = server->rpc.counts.notifications;
        err e = rpc_clock_advance(&server->rpc, server->now_ns);
        if (e != OK) return diag_fail(diag, e, "the chain cannot go on: %s", chain_slots_why(e));
        for (int i = 0; i < count; i++)
            if (!handle(server, &events[i])) return OK;
        if (server->rpc.counts.notifications != told) flush_pushed(server);
        sweep(server);
    }
}

/* -- opening -- */

static err fail(struct diag *diag, const char *what)
{
    return diag_fail(diag, ERR_IO, "%s: %s", what, strerror(errno));
}

static err watch_all(struct rpc_server *server, struct diag *diag)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0) return fail(diag, "signals");
    server->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (server->signals < 0 || server->epoll < 0) return fail(diag, "epoll");
    int watched[] = {server->listen[0], server->listen[1], server->signals};
    for (uint32_t i = 0; i < 3; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = TAG_LISTEN + i};
        if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, watched[i], &event) != 0) return fail(diag, "epoll");
    }
    return OK;
}

static err open_chain(struct rpc_server *server, const struct server_options *options, struct diag *diag)
{
    struct rpc *rpc = &server->rpc;
    struct ledger_options ledger = {options->profile, options->path, options->seed};
    int64_t start_ns;
    err e = ledger_open(&rpc->ledger, &ledger, &start_ns);
    if (e != OK) return diag_fail(diag, e, "the chain could not begin: %s", chain_slots_why(e));
    server->now_ns = server->swept_ns = real_ns();
    rpc->clock = (struct rpc_clock){.real_ns = server->now_ns,
                                    .chain_ns = start_ns,
                                    .seen_ns = start_ns,
                                    .scale = options->time_scale,
                                    .opened_height = rpc->ledger.height[COMMIT_CONFIRMED]};
    rpc->unix_base_s = time(NULL) - start_ns / NS_PER_S;
    rpc->subscriptions = (struct subscriptions){
        .ledger = &rpc->ledger, .unix_base_s = rpc->unix_base_s, .push = push, .context = server};
    rpc->ledger.watch = subscriptions_news;
    rpc->ledger.context = &rpc->subscriptions;
    return OK;
}

err rpc_server_open(struct rpc_server **out, const struct server_options *options, struct diag *diag)
{
    struct rpc_server *server = calloc(1, sizeof *server);
    if (!server) return ERR_NOMEM;
    server->epoll = server->signals = server->spare = server->listen[0] = server->listen[1] = -1;
    rpc_descriptors_raise();
    server->limits.most = options->rate_limit;
    for (uint32_t i = 0; i < SERVER_CLIENTS_MAX; i++) server->clients[i].socket = -1;
    err e = rpc_listen(options->listen, options->port, server->listen, &server->port, diag);
    if (e == OK) e = watch_all(server, diag);
    if (e == OK) e = open_chain(server, options, diag);
    if (e != OK) {
        rpc_server_free(server);
        return e;
    }
    *out = server;
    return OK;
}

uint16_t rpc_server_port(const struct rpc_server *server)
{
    return server->port;
}

void rpc_server_free(struct rpc_server *server)
{
    if (!server) return;
    for (uint32_t i = 0; i < SERVER_CLIENTS_MAX; i++) client_close(server, &server->clients[i]);
    int open[] = {server->epoll, server->signals, server->spare, server->listen[0], server->listen[1]};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (open[i] >= 0) close(open[i]);
    ledger_close(&server->rpc.ledger);
    subscriptions_close(&server->rpc.subscriptions);
    free(server);
}
