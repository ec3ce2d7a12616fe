/* daemon/http_client.c: curl says which sockets and which time; an epoll descriptor waits for them. */
#include "daemon/http_client.h"
#include "base/units.h"
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { BODY_KEPT_BYTES = 64 << 10 };

struct transfer {
    struct http_client *client;
    CURL *easy; /* kept for the next request: it holds no connection, the multi handle does */
    uint64_t tag;
    char *body;
    size_t size_bytes, room_bytes, head_bytes;
    bool is_busy, is_too_large;
    char why[CURL_ERROR_SIZE];
};

struct http_client {
    struct http_options options;
    CURLM *multi;
    struct curl_slist *headers;
    int epoll_fd;
    int64_t timer_ns;
    uint32_t busy;
    struct transfer transfers[HTTP_TRANSFERS];
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* -- what curl calls -- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
    struct http_client *client = context;
    (void)easy, (void)known;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(client->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    struct epoll_event event = {.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) |
                                          (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0),
                                .data.fd = fd};
    if (epoll_ctl(client->epoll_fd, EPOLL_CTL_MOD, fd, &event) != 0)
        return epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *context)
{
    struct http_client *client = context;
    (void)multi;
    client->timer_ns = ms < 0 ? NEVER_NS : now_ns() + ms * NS_PER_MS;
    return 0;
}

static bool grow(struct transfer *transfer, size_t size_bytes)
{
    size_t room = transfer->room_bytes ? transfer->room_bytes : 4096;
    while (room <= size_bytes) room *= 2;
    if (room == transfer->room_bytes) return true;
    char *grown = realloc(transfer->body, room);
    if (!grown) return false;
    transfer->body = grown;
    transfer->room_bytes = room;
    return true;
}

static size_t on_body(char *bytes, size_t one, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t size = one * count, total = transfer->size_bytes + size;
    transfer->is_too_large = total > transfer->client->options.body_bytes_most;
    if (transfer->is_too_large || !grow(transfer, total)) return 0;
    memcpy(transfer->body + transfer->size_bytes, bytes, size);
    transfer->size_bytes = total;
    return size;
}

static size_t on_head(char *bytes, size_t one, size_t count, void *context)
{
    struct transfer *transfer = context;
    (void)bytes;
    transfer->head_bytes += one * count;
    transfer->is_too_large = transfer->head_bytes > HTTP_HEAD_BYTES_MOST;
    return transfer->is_too_large ? 0 : one * count;
}

/* -- opening and closing -- */

static bool prepare(struct transfer *transfer, struct http_client *client)
{
    const struct http_options *options = &client->options;
    CURL *easy = curl_easy_init();
    transfer->client = client;
    transfer->easy = easy;
    if (!easy || !grow(transfer, 1)) return false;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* what was named is what is asked, whatever the environment */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(options->connect_ns / NS_PER_MS));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(options->total_ns / NS_PER_MS));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, client->headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->why);
    return true;
}

static bool add_header(struct http_client *client, const char *line)
{
    struct curl_slist *longer = curl_slist_append(client->headers, line);
    if (longer) client->headers = longer;
    return longer != NULL;
}

static err open_parts(struct http_client *client)
{
    client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (client->epoll_fd < 0) return ERR_IO;
    client->multi = curl_multi_init();
    if (!client->multi) return ERR_NOMEM;
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    /* Expect: would wait a second for a 100 that few servers send. */
    if (!add_header(client, "Content-Type: application/json") || !add_header(client, "Expect:") ||
        !add_header(client, "User-Agent: agenc"))
        return ERR_NOMEM;
    for (int i = 0; i < HTTP_TRANSFERS; i++)
        if (!prepare(&client->transfers[i], client)) return ERR_NOMEM;
    return OK;
}

err http_client_open(struct http_client **out, const struct http_options *options)
{
    struct http_client *client = calloc(1, sizeof *client);
    if (!client) return ERR_NOMEM;
    client->options = *options;
    client->epoll_fd = -1;
    client->timer_ns = NEVER_NS;
    err e = open_parts(client);
    if (e == OK)
        *out = client;
    else
        http_client_free(client);
    return e;
}

void http_client_free(struct http_client *client)
{
    if (!client) return;
    for (int i = 0; i < HTTP_TRANSFERS; i++) {
        struct transfer *transfer = &client->transfers[i];
        if (transfer->is_busy) curl_multi_remove_handle(client->multi, transfer->easy);
        curl_easy_cleanup(transfer->easy);
        free(transfer->body);
    }
    curl_multi_cleanup(client->multi);
    curl_slist_free_all(client->headers);
    if (client->epoll_fd >= 0) close(client->epoll_fd);
    free(client);
}

/* -- requests -- */

uint32_t http_client_free_transfers(const struct http_client *client)
{
    return HTTP_TRANSFERS - client->busy;
}

int http_client_fd(const struct http_client *client)
{
    return client->epoll_fd;
}

int64_t http_client_next_ns(const struct http_client *client)
{
    return client->timer_ns;
}

err http_client_post(struct http_client *client, const struct http_request *request)
{
    struct transfer *transfer = client->transfers;
    if (client->busy == HTTP_TRANSFERS) return ERR_LIMIT;
    while (transfer->is_busy) transfer++;
    transfer->tag = request->tag;
    transfer->size_bytes = transfer->head_bytes = 0;
    transfer->is_too_large = false;
    transfer->why[0] = '\0';
    curl_easy_setopt(transfer->easy, CURLOPT_URL, request->url);
    curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE, (long)request->body_bytes);
    curl_easy_setopt(transfer->easy, CURLOPT_COPYPOSTFIELDS, request->body);
    if (curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK) return ERR_NOMEM;
    transfer->is_busy = true;
    client->busy++;
    return OK;
}

static enum http_end end_of(const struct transfer *transfer, CURLcode code)
{
    if (transfer->is_too_large) return HTTP_TOO_LARGE;
    long sent = 0;
    switch (code) {
    case CURLE_OK: return HTTP_ANSWERED;
    case CURLE_URL_MALFORMAT:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION: return HTTP_NO_CONNECTION;
    case CURLE_OPERATION_TIMEDOUT:
        curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent);
        return sent ? HTTP_TIMED_OUT : HTTP_NO_CONNECTION;
    default: return HTTP_BROKEN;
    }
}

static int64_t retry_after_ns(CURL *easy)
{
    curl_off_t seconds = 0;
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds < 0) return 0;
    return (seconds < HTTP_RETRY_AFTER_MOST_S ? seconds : HTTP_RETRY_AFTER_MOST_S) * NS_PER_S;
}

/* A large answer is rare: its memory is not kept for the next one. */
static void forget_body(struct transfer *transfer)
{
    if (transfer->room_bytes <= BODY_KEPT_BYTES) return;
    char *shrunk = realloc(transfer->body, BODY_KEPT_BYTES);
    if (!shrunk) return;
    transfer->body = shrunk;
    transfer->room_bytes = BODY_KEPT_BYTES;
}

static void finish(struct transfer *transfer, CURLcode code)
{
    struct http_client *client = transfer->client;
    long status = 0;
    transfer->is_too_large |= code == CURLE_OUT_OF_MEMORY; /* what curl says of a header without end */
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->body[transfer->size_bytes] = '\0'; /* on_body keeps a byte of room */
    struct http_answer answer = {.tag = transfer->tag,
                                 .end = end_of(transfer, code),
                                 .status = (int)status,
                                 .retry_after_ns = retry_after_ns(transfer->easy),
                                 .body = transfer->body,
                                 .body_bytes = transfer->size_bytes,
                                 .why = transfer->is_too_large ? "answer too large"
                                        : *transfer->why       ? transfer->why
                                                               : curl_easy_strerror(code)};
    curl_multi_remove_handle(client->multi, transfer->easy);
    client->options.done(client->options.context, &answer);
    forget_body(transfer);
    transfer->is_busy = false; /* only now: `done` may post, and the body is still ours */
    client->busy--;
}

static void collect(struct http_client *client)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        struct transfer *transfer = NULL;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE) continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        finish(transfer, code);
    }
}

void http_client_step(struct http_client *client)
{
    struct epoll_event events[HTTP_TRANSFERS];
    int running, count = epoll_wait(client->epoll_fd, events, HTTP_TRANSFERS, 0);
    for (int i = 0; i < count; i++) {
        uint32_t seen = events[i].events;
        int what = (seen & EPOLLIN ? CURL_CSELECT_IN : 0) | (seen & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (seen & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(client->multi, events[i].data.fd, what, &running);
    }
    if (client->timer_ns <= now_ns()) {
        client->timer_ns = NEVER_NS;
        curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    collect(client);
}
