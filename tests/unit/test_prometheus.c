/* tests/unit/test_prometheus.c: a socket that answers once stands in for the server. */
#include "daemon/prometheus.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(prometheus, .timeout = 60);

static struct diag diag;
static char *csv;
static char request[4096]; /* what the server was asked */

/* The child hands back what it read by a pipe. */
static pid_t serve(int listener, int back, const char *status, const char *body)
{
    pid_t child = fork();
    if (child != 0) return child;
    char answer[8192], asked[4096];
    int client = accept(listener, NULL, NULL);
    ssize_t size = read(client, asked, sizeof asked - 1);
    if (size > 0 && write(back, asked, (size_t)size) != size) _exit(1);
    int length =
        snprintf(answer, sizeof answer, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                 status, strlen(body), body);
    if (write(client, answer, (size_t)length) != length) _exit(1);
    close(client);
    _exit(0);
}

static err fetch(const char *status, const char *body)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), back[2];
    cr_assert(eq(int, bind(listener, (struct sockaddr *)&address, size), 0));
    cr_assert(eq(int, listen(listener, 1), 0));
    getsockname(listener, (struct sockaddr *)&address, &size);
    cr_assert(eq(int, pipe(back), 0));
    pid_t child = serve(listener, back[1], status, body);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    const struct prometheus_range range = {url, "rate(x{a=\"b\"}[1m]) > 0", "proof_ms", "1", "60", "15s"};
    err e = prometheus_fetch(&csv, &range, &diag);
    close(back[1]);
    ssize_t got = read(back[0], request, sizeof request - 1);
    request[got > 0 ? got : 0] = '\0';
    waitpid(child, NULL, 0);
    close(back[0]);
    close(listener);
    return e;
}

static bool says(const char *part)
{
    return strstr(diag.text, part) != NULL;
}

#define MATRIX(result) "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":" result "}}"

Test(prometheus, every_point_of_every_series_is_a_row)
{
    err e = fetch("200 OK", MATRIX("[{\"metric\":{},\"values\":[[1,\"10.5\"],[16,\"11\"]]},"
                                   "{\"metric\":{},\"values\":[[1,\"NaN\"]]}]"));
    cr_assert(eq(int, e, OK), "%s", diag.text);
    cr_assert(eq(str, csv, "proof_ms\n10.5\n11\nNaN\n"));
    cr_assert(
        ne(ptr,
           strstr(request, "GET /api/v1/query_range?query=rate%28x%7Ba%3D%22b%22%7D%5B1m%5D%29%20%3E%200"
                           "&start=1&end=60&step=15s HTTP/"),
           NULL));
    free(csv);
}

Test(prometheus, the_servers_own_words_are_passed_on)
{
    cr_assert(
        eq(int, fetch("400 Bad Request", "{\"status\":\"error\",\"error\":\"parse error: x\"}"), ERR_IO));
    cr_assert(says("status 400: parse error: x"), "%s", diag.text);
}

Test(prometheus, what_is_no_answer_is_refused)
{
    cr_assert(eq(int, fetch("502 Bad Gateway", "<html>"), ERR_IO));
    cr_assert(says("status 502"), "%s", diag.text);
}

Test(prometheus, no_points_and_other_forms_are_refused)
{
    cr_assert(eq(int, fetch("200 OK", MATRIX("[]")), ERR_SYNTAX));
    cr_assert(says("no points for this query"), "%s", diag.text);
    diag.text[0] = '\0';
    cr_assert(eq(
        int, fetch("200 OK", "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}"),
        ERR_SYNTAX));
    cr_assert(says("not matrix"), "%s", diag.text);
    diag.text[0] = '\0';
    cr_assert(eq(int, fetch("200 OK", MATRIX("[{\"values\":[[1]]}]")), ERR_SYNTAX));
    cr_assert(says("no point"), "%s", diag.text);
    diag.text[0] = '\0';
    cr_assert(eq(int, fetch("200 OK", MATRIX("[{\"values\":[[1,\"2,3\"]]}]")), ERR_SYNTAX));
    cr_assert(says("is no number"), "%s", diag.text);
}
