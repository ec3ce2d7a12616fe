/* cli/client.h: commands that ask a running service.
 *
 * A command says what to ask and how a person sees the answer; --output json prints the answer itself. The
 * address is --url, else AGENC_URL, else ADMIN_URL, else http://localhost:9090; the token is ADMIN_TOKEN's
 * and in no message. What can go wrong is one line: no service there, no answer in time, an answer that is
 * none (ERR_IO); a refusal in the service's own words (ERR_CONFLICT; ERR_USAGE where it says that the request
 * was wrong, or that the token is). Memory: a reply's JSON is its own. Threads: none. */
#pragma once
#include "base/json.h"
#include "cli/command.h"

#define FLAG_URL                                                                                             \
    {                                                                                                        \
        .name = "url", .value = "URL", .type = FLAG_TEXT,                                                    \
        .help = "of the service; default $AGENC_URL, $ADMIN_URL, http://localhost:9090"                      \
    }
#define FLAG_PATIENCE                                                                                        \
    {                                                                                                        \
        .name = "patience", .value = "10s", .type = FLAG_DURATION, .fallback = "10s",                        \
        .help = "how long to wait for an answer of the service"                                              \
    }
#define FLAG_WATCH                                                                                           \
    {                                                                                                        \
        .name = "watch", .value = "2s", .type = FLAG_DURATION, .bare = "2s",                                 \
        .help = "again and again, every so often, until interrupted"                                         \
    }
#define CLIENT_LIMIT                                                                                         \
    {                                                                                                        \
        .name = "limit", .value = "N", .type = FLAG_INTEGER, .min = 1, .max = 1000, .fallback = "100",       \
        .help = "at most so many"                                                                            \
    }
#define CLIENT_FLAGS FLAG_URL, FLAG_PATIENCE, FLAG_OUTPUT_FORMAT
#define CLIENT_WATCH CLIENT_FLAGS, FLAG_WATCH

enum { CLIENT_PATH_BYTES = 1024 };

struct client_request {
    const char *path; /* "/admin/status?component=speculation": escaped */
    const char *body; /* NULL: a GET, otherwise a POST of this JSON */
    const char *key;  /* an Idempotency-Key; NULL: none */
    bool is_endless;  /* as long as it takes: drain */
    bool is_text;     /* the answer is no JSON: metrics */
};

struct client_reply {
    int status; /* of HTTP, 2xx */
    char *text;
    size_t text_bytes;
    struct json *json; /* NULL: is_text */
};

MUST_USE err client_ask(const struct args *args, const struct client_request *request,
                        struct client_reply *out, struct diag *diag);
bool client_is_addressed(
    const struct args *args); /* by --url or a variable: somebody means a running service */
void client_reply_close(struct client_reply *reply);                          /* fine on a zeroed one */
void client_print(const struct args *args, const struct client_reply *reply); /* as it came */

/* A path with an id that may hold anything: "/admin/tasks/%s" and the id escaped. ERR_USAGE: too long. */
MUST_USE err client_path(char out[CLIENT_PATH_BYTES], const char *format, const char *id, struct diag *diag);
/* "?name=value", "&name=value" at the end of a path; NULL value: nothing. */
MUST_USE err client_query(char path[CLIENT_PATH_BYTES], const char *name, const char *value,
                          struct diag *diag);

/* A body, an object: keys through `writer`, sorted; `text` is good between end and close. */
struct client_body {
    struct json_writer writer;
    FILE *file;
    char *text;
    size_t text_bytes;
};
MUST_USE err client_body_open(struct client_body *out);
MUST_USE err client_body_end(struct client_body *body);
void client_body_close(struct client_body *body);

/* Asks and shows: as JSON, or with `show`; again and again with --watch. */
typedef err client_show(struct args *args, const struct json_node *root, struct diag *diag);
MUST_USE err client_run(struct args *args, const struct client_request *request, client_show *show,
                        struct diag *diag);
