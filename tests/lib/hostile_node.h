/* tests/lib/hostile_node.h: a server that answers questions of JSON-RPC as no node should.
 *
 * One method is answered badly, or all; the rest goes to a real node. A thread accepts,
 * a thread a connection answers one request and closes. On loopback. */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hostility {
    HOSTILE_TRUNCATED, /* JSON that ends in the middle, in a whole body */
    HOSTILE_CUT,       /* a body that is shorter than it was said to be */
    HOSTILE_NAN,
    HOSTILE_TWICE, /* a key twice */
    HOSTILE_BACKWARDS,
    HOSTILE_WORD, /* an unknown confirmationStatus */
    HOSTILE_HUGE, /* 10 MB */
    HOSTILE_ID,
    HOSTILE_DRIP, /* a byte each 20 ms */
    HOSTILE_SILENT,
    HOSTILE_CLOSED,  /* no answer at all */
    HOSTILE_LIMITED, /* 429, Retry-After: 2 */
    HOSTILE_LIMITED_DATE,
    HOSTILE_LIMITED_LONG, /* Retry-After: a year */
    HOSTILE_REDIRECT,
    HOSTILE_HTML, /* 500 and a page */
    HOSTILE_HEAD, /* headers without end */
    HOSTILE_GARBAGE,
};

struct hostile_node {
    enum hostility how;
    const char *method;    /* NULL: every one */
    unsigned most;         /* so many hostile answers, then good ones; 0: for ever */
    uint16_t backend_port; /* of a real node; 0: none */
    uint16_t redirect_port;
    uint16_t port;
    int fd;
    atomic_uint requests, answers, longest_bytes; /* hostile answers; longest question */
};

void hostile_node_open(struct hostile_node *node); /* lives as long as the process */
uint16_t local_node_open(double time_scale);       /* a forked chain serve on localnet; dies with the test */
