/* tests/bench/bench_rpc.c: getSignatureStatuses over HTTP, as many as one core answers.
 *
 * A child serves; this process keeps eight connections busy for a while, one request at a time on each. The
 * rate is requests by the child's own processor time: what one core would do, whoever else is on the machine.
 */
#include "base/units.h"
#include "daemon/rpc_server.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 8, SPAN_MS = 1500 };

static const char BODY[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"getSignatureStatuses\",\"params\":[["
    "\"5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW\"]]}";

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(1);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection < 0 || connect(connection, (struct sockaddr *)&at, sizeof at) != 0) die("connect");
    return connection;
}

static void ask(int connection)
{
    char text[512];
    int used = snprintf(text, sizeof text, "POST / HTTP/1.1\r\nContent-Length: %zu\r\n\r\n%s",
                        sizeof BODY - 1, BODY);
    if (write(connection, text, (size_t)used) != used) die("write");
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
}

/* Answers are short and come whole: a read is one. */
static uint64_t drive(uint16_t port)
{
    struct pollfd polled[CONNECTIONS];
    char text[2048];
    uint64_t answers = 0;
    for (int i = 0; i < CONNECTIONS; i++) {
        polled[i] = (struct pollfd){.fd = connect_to(port), .events = POLLIN};
        ask(polled[i].fd);
    }
    for (int64_t end_ms = now_ms() + SPAN_MS; now_ms() < end_ms;) {
        if (poll(polled, CONNECTIONS, 100) < 0) die("poll");
        for (int i = 0; i < CONNECTIONS; i++) {
            if (!(polled[i].revents & POLLIN)) continue;
            ssize_t got = read(polled[i].fd, text, sizeof text - 1);
            if (got <= 0) die("read");
            text[got] = '\0';
            if (!strstr(text, "\"value\":[null]")) die("an answer is not what it should be");
            answers++;
            ask(polled[i].fd);
        }
    }
    return answers;
}

int main(void)
{
    struct chain_profile profile;
    struct diag diag = {""};
    struct rpc_server *server;
    struct rusage used;
    if (chain_profile_load(&profile, "scenarios/chain", "localnet", &diag) != OK) die(diag.text);
    struct server_options options = {.profile = &profile, .seed = 1, .time_scale = 1, .listen = "127.0.0.1"};
    if (rpc_server_open(&server, &options, &diag) != OK) die(diag.text);
    uint16_t port = rpc_server_port(server);
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) _exit(rpc_server_run(server, &diag) == OK ? 0 : 1);
    uint64_t answers = drive(port);
    kill(child, SIGKILL); /* its signalfd is the parent's: SIGTERM would go unheard */
    if (waitpid(child, NULL, 0) != child || getrusage(RUSAGE_CHILDREN, &used) != 0) die("wait");
    double seconds = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                     (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("rpc.get_signature_statuses %.0f /s >30000\n", (double)answers / seconds);
    rpc_server_free(server);
    return 0;
}
