/* tests/live/webhook.c: an HTTP server that writes down what Alertmanager posts to it.
 *
 *   webhook FILE     prints its port, then appends to FILE a line each request: path, tab, body
 *
 * One connection after the other, one request each, on loopback; bodies up to 1 MiB, without line ends in
 * them. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { MOST = 1 << 20 };

static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 16)) exit(3);
    getsockname(fd, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

/* The whole request, head and body; NULL: it is none. */
static char *read_request(int fd, char **body)
{
    static char text[MOST + 1];
    size_t have = 0, length = 0;
    *body = NULL;
    for (;;) {
        ssize_t got = read(fd, text + have, MOST - have);
        if (got <= 0) return NULL;
        have += (size_t)got;
        text[have] = '\0';
        char *end = *body ? NULL : strstr(text, "\r\n\r\n");
        if (end) {
            char *header = strcasestr(text, "\r\ncontent-length:");
            length = header && header < end ? strtoul(header + 17, NULL, 10) : 0;
            *body = end + 4;
        }
        if (*body && have >= (size_t)(*body - text) + length) return text;
    }
}

static void write_down(FILE *file, char *text, const char *body)
{
    char *path = strchr(text, ' ');
    if (!path) return;
    path[1 + strcspn(path + 1, " \r\n")] = '\0';
    fprintf(file, "%s\t%.*s\n", path + 1, (int)strcspn(body, "\n"), body);
    fflush(file);
}

int main(int argc, char **argv)
{
    static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    const struct timeval patience = {.tv_sec = 2};
    FILE *file = argc == 2 ? fopen(argv[1], "a") : NULL;
    if (!file) return 2;
    int door = listen_somewhere();
    for (;;) {
        int fd = accept(door, NULL, NULL);
        if (fd < 0) return 3;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        char *body, *text = read_request(fd, &body);
        if (text) write_down(file, text, body);
        if (text && write(fd, ANSWER, sizeof ANSWER - 1) < 0) fprintf(stderr, "it went away\n");
        close(fd);
    }
}
