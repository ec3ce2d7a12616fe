/* daemon/exchange_state.h: the inside of an exchange, for who moves it along: the HTTP server, and tests.
 *
 *   exchange_open -> exchange_take ... -> exchange_run -> (held: exchange_send, later) -> the answer's fields
 *
 * exchange_open judges the head (path, method, token, query): a refused exchange is answered already and
 * wants no body. Texts of the request are borrowed until exchange_free. */
#pragma once
#include "daemon/route.h"

enum {
    EXCHANGE_QUERY_MOST = 16,
    EXCHANGE_BODY_BYTES = 64 << 10,
    EXCHANGE_NAME_BYTES = 160, /* of the parameter in a path, decoded */
};

struct exchange_request {
    const char *method, *path; /* path: decoded, without the query */
    struct exchange_pair {
        const char *name, *value;
    } query[EXCHANGE_QUERY_MOST];
    uint32_t query_count;             /* may be more than were kept: then they are too many */
    bool is_remote;                   /* the port is not on loopback */
    bool is_of_workers;               /* came in at the proof workers' port */
    const char *authorization, *peer; /* NULL: none */
    const char *(*header)(void *transport, const char *name); /* NULL: none has any */
    void *transport;
};

struct exchange {
    struct live *live;
    struct exchange_request request;
    const struct route *route; /* NULL: refused before one was found */
    char parameter[EXCHANGE_NAME_BYTES], actor[24];
    int64_t began_ns; /* CLOCK_MONOTONIC */

    char *body;
    size_t body_bytes, body_capacity;
    bool is_too_large;
    struct json *json;
    struct json_node root;

    int status;
    const char *content_type;
    char allow[24]; /* header of a 405 */
    char *text;     /* the answer; the server may take it and put NULL here */
    size_t text_bytes;
    bool is_held, is_answered, has_failed, must_authenticate, retries_later;
    FILE *out;
    bool is_starved; /* there was no memory for all of the answer */
    struct json_writer writer;
    bool has_writer;
    struct {
        char words[512], field[128], nearest[128];
        const char *code;
        struct exchange_words {
            struct exchange_words *next;
            char text[];
        } * also, *also_last;
    } failure;
    char *before, *after; /* for the audit */
    void *kept;

    void (*look)(struct exchange *exchange);   /* NULL: nobody watches */
    void (*resume)(struct exchange *exchange); /* the server's: a held one was answered; NULL: nobody */
    void *owner;                               /* the server's */
};

MUST_USE err exchange_open(struct exchange **out, struct live *live, const struct exchange_request *request);
void exchange_take(struct exchange *exchange, const void *bytes, size_t size_bytes); /* of the body */
void exchange_run(struct exchange *exchange);
void exchange_free(struct exchange *exchange); /* NULL is fine */

/* daemon/exchange_check.c: is what came what the row says? False: refused, exchange_fail was called. */
bool exchange_check_head(struct exchange *exchange);
bool exchange_check_body(struct exchange *exchange);
