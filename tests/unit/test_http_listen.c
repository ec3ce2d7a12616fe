/* tests/unit/test_http_listen.c: which addresses are some, which of them are this machine's alone. */
#include "daemon/http_listen.h"
#include "daemon/http_server.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *listen;
    bool is_address, is_local;
} ADDRESSES[] = {
    {"127.0.0.1:9090", true, true},    {"127.8.8.8:0", true, true},    {"localhost:9090", true, true},
    {"[::1]:9090", true, true},        {"0.0.0.0:9090", true, false},  {"10.0.0.1:9090", true, false},
    {"[::]:9090", true, false},        {"128.0.0.1:1", true, false},   {"", false, false},
    {":9090", false, false},           {"127.0.0.1", false, false},    {"127.0.0.1:", false, false},
    {"127.0.0.1:65536", false, false}, {"127.0.0.1:-1", false, false}, {"127.0.0.1:90x", false, false},
    {"example.org:80", false, false},  {"::1:80", false, false},       {"[::1:80", false, false},
    {"127.1:80", false, false},
};

Test(http_listen, only_loopback_is_local)
{
    for (size_t i = 0; i < sizeof ADDRESSES / sizeof *ADDRESSES; i++)
        cr_assert(eq(int, http_listen_is_local(ADDRESSES[i].listen), ADDRESSES[i].is_local), "address %zu",
                  i);
}

Test(http_listen, what_is_no_address_is_refused_with_one_that_is)
{
    int listener;
    uint16_t port;
    for (size_t i = 0; i < sizeof ADDRESSES / sizeof *ADDRESSES; i++) {
        struct diag diag = {0};
        if (ADDRESSES[i].is_address) continue;
        cr_assert(eq(int, http_listen(ADDRESSES[i].listen, &listener, &port, &diag), ERR_USAGE),
                  "address %zu", i);
        cr_assert(strstr(diag.text, "127.0.0.1:9090") != NULL);
    }
}

Test(http_listen, port_0_is_a_free_one_and_a_taken_one_is_said)
{
    int listener, second;
    uint16_t port = 0, other;
    char taken[32];
    struct diag diag = {0};
    cr_assert(eq(int, http_listen("127.0.0.1:0", &listener, &port, &diag), OK), "%s", diag.text);
    cr_assert(ne(u16, port, 0));
    snprintf(taken, sizeof taken, "127.0.0.1:%u", (unsigned)port);
    cr_assert(eq(int, http_listen(taken, &second, &other, &diag), ERR_IO));
    cr_assert(strstr(diag.text, taken) != NULL, "%s", diag.text);
    close(listener);
}
