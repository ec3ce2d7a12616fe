/* tests/soak/load.c: clients of a running service, many at once, from one thread.
 *
 *   load submit PORT TOKEN RATE SECONDS PREFIX ACKED
 *       POST /admin/tasks, open loop: a request's latency counts from when it was due, not from when a
 *       connection was free. What was acknowledged goes to the file ACKED, a line "ID NUMBER" each. PREFIX
 *       "key...": the service chooses the ids, and the idempotency keys alone say what is the same
 *   load read PORT SECONDS ACKED
 *       GET /admin/tasks/ID of those ids, as fast as the connections go
 *   load check PORT ACKED
 *       each of them once: how many are there
 *   load idle PORT COUNT SECONDS
 *       connections that say nothing
 *   load slow PORT COUNT SECONDS
 *       connections that send a byte of a head each second
 *
 * Prints one line of JSON. Loopback only; bounded in count and time. */
#include "base/units.h"
#include "base/sort.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS = 512,
    IDLE_MOST = 20000,
    SAMPLES_MOST = 4 << 20,
    IDS_MOST = 4 << 20,
    REQUEST_BYTES = 1024,
    ANSWER_BYTES = 8192
};

enum state { CLOSED, READY, SENT };

struct connection {
    int fd;
    enum state state;
    int64_t due_ns;
    uint64_t number; /* of what it asked for */
    char answer[ANSWER_BYTES];
    size_t size;
};

struct load {
    int port, poll;
    const char *token, *prefix;
    bool submits;
    struct connection connections[CONNECTIONS];
    int64_t *latencies;
    uint32_t latency_count;
    uint64_t asked, good, missing, refused, broken;
    char (*ids)[40];
    uint32_t id_count;
    FILE *acked;
    uint64_t behind;      /* how far back a parent is: of 80 ms ago */
    unsigned char *known; /* by number: it was acknowledged, so another may stand below it */
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int dial(int port, bool blocks)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    if (fd < 0) return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    if (!blocks) fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void hang_up(struct connection *connection)
{
    if (connection->fd >= 0) close(connection->fd);
    connection->fd = -1;
    connection->state = CLOSED;
}

static bool call(struct load *load, struct connection *connection)
{
    struct epoll_event watch = {.events = EPOLLIN, .data.ptr = connection};
    connection->fd = dial(load->port, false);
    if (connection->fd < 0) return false;
    epoll_ctl(load->poll, EPOLL_CTL_ADD, connection->fd, &watch);
    connection->state = READY;
    return true;
}

/* ---- requests ---- */

/* Most tasks stand below one of a while ago, if that was acknowledged: some are speculative then. */
static int write_submission(const struct load *load, char *out, uint64_t number)
{
    char body[512], id[128] = "", parent[64] = "";
    const unsigned long long mine = number,
                             first = number < load->behind ? 0 : (number - load->behind) / 4 * 4;
    bool has_name = strncmp(load->prefix, "key", 3) != 0;
    if (has_name) snprintf(id, sizeof id, "\"task_id\":\"%s-%08llu\",", load->prefix, mine);
    if (has_name && mine >= load->behind && mine % 4 != 0 && load->known[first])
        snprintf(parent, sizeof parent, ",\"depends_on\":[\"%s-%08llu\"]", load->prefix, first);
    int size =
        snprintf(body, sizeof body,
                 "{%s\"type\":\"compute\",\"idempotency_key\":\"%s-%08llu\",\"agent_id\":\"agent-%llu\","
                 "\"payload\":{\"value\":%llu%s}%s}",
                 id, load->prefix, mine, number / 4 % 50ull, mine,
                 number % 101 == 100 ? ",\"fail\":true" : "", parent);
    return snprintf(
        out, REQUEST_BYTES,
        "POST /admin/tasks HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: "
        "application/json\r\nContent-Length: %d\r\n\r\n%s",
        load->token, size, body);
}

static void ask(struct load *load, struct connection *connection, uint64_t number, int64_t due_ns)
{
    char request[REQUEST_BYTES];
    int size = load->submits ? write_submission(load, request, number)
                             : snprintf(request, sizeof request,
                                        "GET /admin/tasks/%s HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                        load->ids[number % load->id_count]);
    connection->number = number;
    connection->due_ns = due_ns;
    connection->size = 0;
    load->asked++;
    if (send(connection->fd, request, (size_t)size, MSG_NOSIGNAL) != size) {
        load->broken++;
        hang_up(connection);
        return;
    }
    connection->state = SENT;
}

/* ---- answers ---- */

static void acknowledge(struct load *load, const struct connection *connection)
{
    const char *id = strstr(connection->answer, "\"task_id\":\"");
    if (load->acked && id)
        fprintf(load->acked, "%.*s %llu\n", (int)strcspn(id + 11, "\""), id + 11,
                (unsigned long long)connection->number);
}

static void count(struct load *load, const struct connection *connection)
{
    int status = atoi(connection->answer + 9);
    if (load->latency_count < SAMPLES_MOST)
        load->latencies[load->latency_count++] = now_ns() - connection->due_ns;
    if (status >= 200 && status < 300) {
        load->good++;
        if (load->submits) {
            load->known[connection->number] = 1;
            acknowledge(load, connection);
        }
    } else if (status == 404) {
        load->missing++;
        if (load->missing <= 3)
            fprintf(stderr, "missing: %s\n",
                    load->submits ? connection->answer : load->ids[connection->number % load->id_count]);
    } else {
        load->refused++;
        if (load->refused <= 3) fprintf(stderr, "%.300s\n", connection->answer);
    }
}

static bool is_whole(struct connection *connection)
{
    connection->answer[connection->size] = 0;
    const char *end = strstr(connection->answer, "\r\n\r\n"),
               *length = strcasestr(connection->answer, "content-length:");
    if (!end || !length || length > end) return false;
    return connection->size >= (size_t)(end + 4 - connection->answer) + strtoul(length + 15, NULL, 10);
}

static void hear(struct load *load, struct connection *connection)
{
    ssize_t size =
        recv(connection->fd, connection->answer + connection->size, ANSWER_BYTES - 1 - connection->size, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
        if (connection->state == SENT) load->broken++;
        hang_up(connection);
        return;
    }
    connection->size += (size_t)size;
    if (!is_whole(connection)) return;
    count(load, connection);
    connection->state = READY;
}

static void listen_for(struct load *load, int64_t until_ns)
{
    struct epoll_event events[CONNECTIONS];
    int64_t left_ns = until_ns - now_ns();
    int timeout = left_ns <= 0 ? 0 : (int)(left_ns / NS_PER_MS);
    int ready = epoll_wait(load->poll, events, CONNECTIONS, timeout);
    for (int i = 0; i < ready; i++) hear(load, events[i].data.ptr);
}

static struct connection *free_connection(struct load *load)
{
    for (int i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &load->connections[i];
        if (connection->state == CLOSED && !call(load, connection)) return NULL;
        if (connection->state == READY) return connection;
    }
    return NULL;
}

static bool is_busy(const struct load *load)
{
    for (int i = 0; i < CONNECTIONS; i++)
        if (load->connections[i].state == SENT) return true;
    return false;
}

static void drain(struct load *load)
{
    for (int64_t end_ns = now_ns() + 2 * NS_PER_S; is_busy(load) && now_ns() < end_ns;)
        listen_for(load, now_ns() + 10 * NS_PER_MS);
}

/* ---- the loads ---- */

static void submit(struct load *load, double rate, double seconds)
{
    int64_t begin_ns = now_ns(), gap_ns = (int64_t)(1e9 / rate);
    uint64_t total = (uint64_t)(rate * seconds), number = 0;
    load->behind = (uint64_t)(rate * .08) + 4;
    load->known = calloc(total + 1, 1);
    if (!load->known) return;
    int failures = 0;
    while (number < total && failures < 200) {
        int64_t due_ns = begin_ns + (int64_t)number * gap_ns;
        struct connection *connection = now_ns() >= due_ns ? free_connection(load) : NULL;
        if (connection) {
            ask(load, connection, number++, due_ns);
            continue;
        }
        uint64_t before = load->good + load->refused;
        listen_for(load, now_ns() >= due_ns ? now_ns() + NS_PER_MS : due_ns);
        bool is_dead = load->connections[0].state == CLOSED;
        failures = is_dead && before == load->good + load->refused ? failures + 1 : 0;
    }
    drain(load);
}

static void read_on(struct load *load, double seconds, uint64_t most)
{
    int64_t end_ns = now_ns() + (int64_t)(seconds * 1e9);
    uint64_t number = 0;
    for (struct connection *connection; now_ns() < end_ns && number < most;) {
        while (number < most && (connection = free_connection(load)))
            ask(load, connection, number++, now_ns());
        listen_for(load, now_ns() + 10 * NS_PER_MS);
    }
    drain(load);
}

static void hold(int port, int wanted, double seconds, bool is_slow)
{
    static int fds[IDLE_MOST];
    const char head[] =
        "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    int open_count = 0, lost = 0;
    const struct rlimit many = {IDLE_MOST + 100, IDLE_MOST + 100};
    setrlimit(RLIMIT_NOFILE, &many);
    for (; open_count < wanted && open_count < IDLE_MOST; open_count++)
        if ((fds[open_count] = dial(port, false)) < 0) break;
    printf("{\"open\":%d", open_count);
    fflush(stdout);
    for (double at = 0; at < seconds; at++) {
        if (is_slow)
            for (int i = 0; i < open_count; i++)
                if (fds[i] >= 0 && send(fds[i], head + (int)at % (int)sizeof head, 1, MSG_NOSIGNAL) < 0) {
                    close(fds[i]);
                    fds[i] = -1;
                    lost++;
                }
        sleep(1);
    }
    printf(",\"closed_by_server\":%d}\n", lost);
}

/* ---- the rest ---- */

static double quantile_ms(const struct load *load, double share)
{
    if (!load->latency_count) return 0;
    uint32_t rank = (uint32_t)(share * load->latency_count);
    if (rank >= load->latency_count) rank = load->latency_count - 1;
    return (double)load->latencies[rank] / 1e6;
}

static void report(struct load *load, int64_t span_ns)
{
    double seconds = (double)span_ns / 1e9;
    sort_i64(load->latencies, load->latency_count);
    printf("{\"asked\":%llu,\"good\":%llu,\"missing\":%llu,\"refused\":%llu,\"broken\":%llu,\"per_s\":%.0f,"
           "\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"p999_ms\":%.2f,\"max_ms\":%.2f}\n",
           (unsigned long long)load->asked, (unsigned long long)load->good, (unsigned long long)load->missing,
           (unsigned long long)load->refused, (unsigned long long)load->broken, (double)load->good / seconds,
           quantile_ms(load, .5), quantile_ms(load, .99), quantile_ms(load, .999), quantile_ms(load, 1));
}

static void read_ids(struct load *load, const char *path)
{
    FILE *file = fopen(path, "r");
    load->ids = malloc(IDS_MOST * sizeof *load->ids);
    while (file && load->ids && load->id_count < IDS_MOST &&
           fscanf(file, "%39s %*s", load->ids[load->id_count]) == 1)
        load->id_count++;
    if (file) fclose(file);
    if (load->id_count == 0) {
        fprintf(stderr, "%s: no ids\n", path);
        exit(2);
    }
}

int main(int count_, char **words)
{
    static struct load load;
    if (count_ < 4) return 2;
    signal(SIGPIPE, SIG_IGN);
    load.port = atoi(words[2]);
    if (strcmp(words[1], "idle") == 0 || strcmp(words[1], "slow") == 0) {
        hold(load.port, atoi(words[3]), atof(words[4]), words[1][0] == 's');
        return 0;
    }
    load.poll = epoll_create1(EPOLL_CLOEXEC);
    load.latencies = malloc(SAMPLES_MOST * sizeof *load.latencies);
    for (int i = 0; i < CONNECTIONS; i++) load.connections[i].fd = -1;
    int64_t begin_ns = now_ns();
    if (strcmp(words[1], "submit") == 0 && count_ == 8) {
        load.submits = true;
        load.token = words[3];
        load.prefix = words[6];
        load.acked = fopen(words[7], "a");
        submit(&load, atof(words[4]), atof(words[5]));
        if (load.acked && fclose(load.acked) != 0) return 3;
    } else if (strcmp(words[1], "read") == 0 && count_ == 5) {
        read_ids(&load, words[4]);
        read_on(&load, atof(words[3]), UINT64_MAX);
    } else if (strcmp(words[1], "check") == 0 && count_ == 4) {
        read_ids(&load, words[3]);
        read_on(&load, 120, load.id_count);
    } else {
        return 2;
    }
    report(&load, now_ns() - begin_ns);
    return 0;
}
