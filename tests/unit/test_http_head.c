/* tests/unit/test_http_head.c: heads that two readers could understand differently are refused, others are
 * not. */
#include "daemon/http_head.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

enum { HEADERS_MOST = 4 };

struct head {
    const char *method, *version, *headers[HEADERS_MOST]; /* "Name: value" */
    enum http_head_fault fault;
};

static const struct head HEADS[] = {
    {"GET", "HTTP/1.1", {"Host: x"}, HTTP_HEAD_GOOD},
    {"GET", "HTTP/1.0", {NULL}, HTTP_HEAD_GOOD},
    {"POST", "HTTP/1.1", {"Host: x", "Content-Length: 12"}, HTTP_HEAD_GOOD},
    {"POST", "HTTP/1.1", {"Host: x", "Transfer-Encoding: Chunked"}, HTTP_HEAD_GOOD},
    {"POST", "HTTP/1.1", {"Host: x", "Content-Length: 0"}, HTTP_HEAD_GOOD},
    {"GET", "HTTP/1.1", {"Host: x", "Content-Length: 0"}, HTTP_HEAD_GOOD},
    {"POST", "HTTP/1.1", {"Host: x", "Expect: 100-Continue"}, HTTP_HEAD_GOOD},
    {"GET", "HTTP/2.0", {"Host: x"}, HTTP_HEAD_VERSION},
    {"GET", "HTTP/1.2", {"Host: x"}, HTTP_HEAD_VERSION},
    {"GET", "HTTP/1.1", {NULL}, HTTP_HEAD_HOST},
    {"GET", "HTTP/1.1", {"Host: x", "host: x"}, HTTP_HEAD_HOST},
    {"POST", "HTTP/1.1", {"Host: x", "Content-Length: 1", "Transfer-Encoding: chunked"}, HTTP_HEAD_BOTH},
    {"POST", "HTTP/1.1", {"Host: x", "Content-Length: 1", "content-length: 1"}, HTTP_HEAD_LENGTH},
    {"POST", "HTTP/1.1", {"Host: x", "Content-Length: 1, 1"}, HTTP_HEAD_LENGTH},
    {"POST", "HTTP/1.1", {"Host: x", "Content-Length: +1"}, HTTP_HEAD_LENGTH},
    {"POST", "HTTP/1.1", {"Host: x", "Content-Length: 0x1"}, HTTP_HEAD_LENGTH},
    {"POST", "HTTP/1.1", {"Host: x", "Content-Length: "}, HTTP_HEAD_LENGTH},
    {"POST", "HTTP/1.1", {"Host: x", "Content-Length: 1234567890123456789"}, HTTP_HEAD_LENGTH},
    {"POST", "HTTP/1.1", {"Host: x", "Transfer-Encoding: identity"}, HTTP_HEAD_ENCODING},
    {"POST", "HTTP/1.1", {"Host: x", "Transfer-Encoding: chunked, identity"}, HTTP_HEAD_ENCODING},
    {"POST",
     "HTTP/1.1",
     {"Host: x", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"},
     HTTP_HEAD_ENCODING},
    {"POST", "HTTP/1.0", {"Transfer-Encoding: chunked"}, HTTP_HEAD_ENCODING},
    {"GET", "HTTP/1.1", {"Host: x", "Content-Length: 5"}, HTTP_HEAD_BODY},
    {"HEAD", "HTTP/1.1", {"Host: x", "Transfer-Encoding: chunked"}, HTTP_HEAD_BODY},
    {"POST", "HTTP/1.1", {"Host: x", "Content-Length : 5"}, HTTP_HEAD_NAME},
    {"POST", "HTTP/1.1", {"Host: x", "Content Length: 5"}, HTTP_HEAD_NAME},
    {"GET", "HTTP/1.1", {"Host: x", "X: a\x01z"}, HTTP_HEAD_VALUE},
    {"GET", "HTTP/1.1", {"Host: x", "Authorization: a", "Authorization: b"}, HTTP_HEAD_TWICE},
    {"POST", "HTTP/1.1", {"Host: x", "Idempotency-Key: a", "idempotency-key: a"}, HTTP_HEAD_TWICE},
    {"POST", "HTTP/1.1", {"Host: x", "Expect: tea"}, HTTP_HEAD_EXPECT},
};

static enum http_head_fault judge(const struct head *head)
{
    struct http_head_seen seen = {.method = head->method, .version = head->version};
    for (int i = 0; i < HEADERS_MOST && head->headers[i]; i++) {
        char name[64];
        const char *colon = strchr(head->headers[i], ':');
        snprintf(name, sizeof name, "%.*s", (int)(colon - head->headers[i]), head->headers[i]);
        http_head_see(&seen, name, strlen(name), colon + 2, strlen(colon + 2));
    }
    return http_head_judge(&seen);
}

Test(http_head, heads_with_two_meanings_are_refused_and_others_are_not)
{
    for (size_t i = 0; i < sizeof HEADS / sizeof *HEADS; i++)
        cr_assert(eq(int, judge(&HEADS[i]), HEADS[i].fault), "head %zu", i);
}

Test(http_head, every_fault_but_a_bad_target_has_its_head_here)
{
    bool is_met[HTTP_HEAD_FAULT_COUNT] = {[HTTP_HEAD_URI] = true};
    for (size_t i = 0; i < sizeof HEADS / sizeof *HEADS; i++) is_met[HEADS[i].fault] = true;
    for (int i = 0; i < HTTP_HEAD_FAULT_COUNT; i++) {
        cr_assert(is_met[i], "fault %d", i);
        cr_assert(i == HTTP_HEAD_GOOD || http_head_answer((enum http_head_fault)i)->status >= 400);
    }
}

Test(http_head, targets_are_printable_and_hold_no_zero_byte)
{
    cr_assert(not(http_uri_is_bad("/admin/tasks/a%20b?x=%ff")));
    cr_assert(http_uri_is_bad("/health%00"));
    cr_assert(http_uri_is_bad("/health\x01"));
    cr_assert(http_uri_is_bad("/a b"));
    cr_assert(http_uri_is_bad("/\xc3\xa4"));
    struct http_head_seen seen = {.method = "GET", .version = "HTTP/1.1", .has_bad_uri = true, .hosts = 1};
    cr_assert(eq(int, http_head_judge(&seen), HTTP_HEAD_URI));
}

Test(http_head, the_length_of_the_body_is_read)
{
    struct http_head_seen seen = {.method = "POST", .version = "HTTP/1.1"};
    http_head_see(&seen, "Content-Length", 14, "65537", 5);
    cr_assert(eq(u64, seen.body_bytes, 65537));
}
