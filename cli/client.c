/* cli/client.c: one request by libcurl, one answer, looked at before anyone believes it. */
#include "cli/client.h"
#include "cli/environment.h"
#include "cli/interrupt.h"
#include "base/units.h"
#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_BYTES_MOST = 64 << 20, CONNECT_MS = 3000, HEADER_BYTES_MOST = 4096, ADDRESS_BYTES_MOST = 1000 };
#define INTERVAL_LEAST_NS (100 * NS_PER_MS)

/* ---- addresses ---- */

static const char *named_address(const struct args *args)
{
    static const char *const VARIABLES[] = {"AGENC_URL", "ADMIN_URL"};
    const char *url = args_text(args, "url");
    for (size_t i = 0; !(url && *url) && i < sizeof VARIABLES / sizeof *VARIABLES; i++)
        url = environment_get(args->environment, VARIABLES[i]);
    return url && *url ? url : NULL;
}

static const char *address_of(const struct args *args)
{
    const char *url = named_address(args);
    return url ? url : "http://localhost:9090";
}

bool client_is_addressed(const struct args *args)
{
    return named_address(args) != NULL;
}

static bool is_plain(unsigned char byte)
{
    return isalnum(byte) || strchr("-._~", byte) != NULL;
}

static err append_escaped(char path[CLIENT_PATH_BYTES], size_t *used, const char *text, struct diag *diag)
{
    for (; *text; text++) {
        if (*used + 4 > CLIENT_PATH_BYTES)
            return diag_fail(diag, ERR_USAGE, "\"%.40s...\" is too long", text);
        unsigned char byte = (unsigned char)*text;
        *used += (size_t)snprintf(path + *used, 4, is_plain(byte) ? "%c" : "%%%02X", byte);
    }
    return OK;
}

err client_path(char out[CLIENT_PATH_BYTES], const char *format, const char *id, struct diag *diag)
{
    const char *hole = strstr(format, "%s");
    size_t used = (size_t)snprintf(out, CLIENT_PATH_BYTES, "%.*s", (int)(hole - format), format);
    TRY(append_escaped(out, &used, id, diag));
    if (used + strlen(hole + 2) >= CLIENT_PATH_BYTES)
        return diag_fail(diag, ERR_USAGE, "\"%.40s...\" is too long", id);
    snprintf(out + used, CLIENT_PATH_BYTES - used, "%s", hole + 2);
    return OK;
}

err client_query(char path[CLIENT_PATH_BYTES], const char *name, const char *value, struct diag *diag)
{
    if (!value) return OK;
    size_t used = strlen(path);
    if (used + strlen(name) + 3 >= CLIENT_PATH_BYTES)
        return diag_fail(diag, ERR_USAGE, "too many parameters");
    used +=
        (size_t)snprintf(path + used, CLIENT_PATH_BYTES - used, "%c%s=", strchr(path, '?') ? '&' : '?', name);
    return append_escaped(path, &used, value, diag);
}

/* ---- transport ---- */

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct client_reply *reply = context;
    size_t more = size * count;
    if (more > ANSWER_BYTES_MOST - reply->text_bytes) return 0;
    char *text = realloc(reply->text, reply->text_bytes + more + 1);
    if (!text) return 0;
    memcpy(text + reply->text_bytes, bytes, more);
    reply->text = text;
    reply->text_bytes += more;
    text[reply->text_bytes] = '\0';
    return more;
}

/* A header of our own; what a variable of the environment holds must not end the line. `origin` is named when
 * the value cannot be sent: the value itself may be a secret. */
static err add_header(struct curl_slist **headers, const char *name, const char *value, const char *origin,
                      struct diag *diag)
{
    char line[HEADER_BYTES_MOST + 64];
    if (!value || !*value) return OK;
    if (strpbrk(value, "\r\n"))
        return diag_fail(diag, ERR_USAGE, "%s holds a line break, want one line", origin);
    if (strlen(value) > HEADER_BYTES_MOST)
        return diag_fail(diag, ERR_USAGE, "%s is longer than %d bytes", origin, HEADER_BYTES_MOST);
    snprintf(line, sizeof line, "%s%s", name, value);
    struct curl_slist *longer = curl_slist_append(*headers, line);
    if (!longer) return diag_fail(diag, ERR_NOMEM, "out of memory for %s", origin);
    *headers = longer;
    return OK;
}

struct transfer {
    CURL *handle;
    struct curl_slist *headers;
    char url[CLIENT_PATH_BYTES * 2], why[CURL_ERROR_SIZE];
};

static err write_url(struct transfer *transfer, const struct args *args, const struct client_request *request,
                     struct diag *diag)
{
    const char *address = address_of(args);
    size_t size = strlen(address);
    while (size && address[size - 1] == '/') size--;
    if (size > ADDRESS_BYTES_MOST)
        return diag_fail(diag, ERR_USAGE, "--url (or AGENC_URL, ADMIN_URL): an address has at most %d bytes",
                         ADDRESS_BYTES_MOST);
    snprintf(transfer->url, sizeof transfer->url, "%.*s%s", (int)size, address, request->path);
    return OK;
}

static err prepare(struct transfer *transfer, const struct args *args, const struct client_request *request,
                   struct client_reply *reply, struct diag *diag)
{
    CURL *handle = transfer->handle;
    TRY(write_url(transfer, args, request, diag));
    TRY(add_header(&transfer->headers, "Authorization: Bearer ",
                   environment_get(args->environment, "ADMIN_TOKEN"), "ADMIN_TOKEN", diag));
    TRY(add_header(&transfer->headers, "Idempotency-Key: ", request->key, "--key", diag));
    if (request->body)
        TRY(add_header(&transfer->headers, "Content-Type: ", "application/json", "the body's type", diag));
    curl_easy_setopt(handle, CURLOPT_URL, transfer->url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    int64_t patience_ns = request->is_endless ? 0 : args_integer(args, "patience");
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)(patience_ns / NS_PER_MS));
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, reply);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, transfer->why);
    if (request->body) curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body);
    return OK;
}

static err explain(const struct args *args, const struct transfer *transfer, CURLcode code, struct diag *diag)
{
    const char *why = *transfer->why ? transfer->why : curl_easy_strerror(code);
    if (code == CURLE_COULDNT_CONNECT)
        return diag_fail(diag, ERR_IO,
                         "no service answers at %.200s: is `agenc serve` running? (--url, AGENC_URL)",
                         address_of(args));
    if (code == CURLE_OPERATION_TIMEDOUT)
        return diag_fail(diag, ERR_IO, "%.200s did not answer in time (--patience): %.150s", transfer->url,
                         why);
    if (code == CURLE_WRITE_ERROR)
        return diag_fail(diag, ERR_IO, "%.200s answered more than %d MB", transfer->url,
                         ANSWER_BYTES_MOST >> 20);
    return diag_fail(diag, ERR_IO, "%.200s: %.200s", transfer->url, why);
}

static err fetch(const struct args *args, const struct client_request *request, struct client_reply *reply,
                 struct diag *diag)
{
    struct transfer transfer = {.handle = curl_easy_init()};
    if (!transfer.handle) return ERR_NOMEM;
    err e = prepare(&transfer, args, request, reply, diag);
    CURLcode code = e == OK ? curl_easy_perform(transfer.handle) : CURLE_OK;
    long status = 0;
    curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(transfer.headers);
    curl_easy_cleanup(transfer.handle);
    reply->status = (int)status;
    return e == OK && code != CURLE_OK ? explain(args, &transfer, code, diag) : e;
}

/* ---- what came back ---- */

static err refusal_class(int status)
{
    bool is_ours = status == 400 || status == 401 || status == 403 || status == 405 || status == 413;
    return is_ours ? ERR_USAGE : ERR_CONFLICT;
}

/* The service's own words, with the name that was perhaps meant. */
static err refuse(const struct args *args, const struct client_request *request,
                  const struct client_reply *reply, struct diag *diag)
{
    const char *words = NULL, *nearest = NULL;
    struct json *json = NULL;
    const struct json_text text = {"answer", reply->text ? reply->text : "", reply->text_bytes};
    if (json_read_text(&json, &text, NULL) == OK) {
        struct json_node root = json_root(json), details;
        if (json_get_text(&root, "error", &words, NULL) != OK) words = NULL;
        if (json_get_object(&root, "details", &details, NULL) == OK &&
            json_get_text(&details, "nearest", &nearest, NULL) != OK)
            nearest = NULL;
    }
    err e = refusal_class(reply->status);
    if (words)
        diag_fail(diag, e, "%.300s%s%.60s%s (%d)", words, nearest ? "; did you mean " : "",
                  nearest ? nearest : "", nearest ? "?" : "", reply->status);
    else if (reply->status >= 200 && reply->status < 600)
        diag_fail(diag, e, "%.150s%.150s answered %d without a reason: is this an agenc service?",
                  address_of(args), request->path, reply->status);
    json_free(json);
    return diag_fail(diag, e, "%.200s answered no HTTP that is understood", address_of(args));
}

static err read_json(const struct args *args, struct client_reply *reply, struct diag *diag)
{
    struct diag why = {0};
    const struct json_text text = {"answer", reply->text ? reply->text : "", reply->text_bytes};
    if (json_read_text(&reply->json, &text, &why) == OK) return OK;
    return diag_fail(diag, ERR_IO, "%.200s answered what is no JSON: %.200s", address_of(args), why.text);
}

err client_ask(const struct args *args, const struct client_request *request, struct client_reply *out,
               struct diag *diag)
{
    struct client_reply reply = {0};
    err e = fetch(args, request, &reply, diag);
    if (e == OK && (reply.status < 200 || reply.status > 299)) e = refuse(args, request, &reply, diag);
    if (e == OK && !request->is_text) e = read_json(args, &reply, diag);
    if (e == OK)
        *out = reply;
    else
        client_reply_close(&reply);
    return e;
}

void client_reply_close(struct client_reply *reply)
{
    json_free(reply->json);
    free(reply->text);
    *reply = (struct client_reply){0};
}

void client_print(const struct args *args, const struct client_reply *reply)
{
    fputs(reply->text, args->out);
    if (reply->text_bytes && reply->text[reply->text_bytes - 1] != '\n') fputc('\n', args->out);
}

/* ---- bodies ---- */

err client_body_open(struct client_body *out)
{
    *out = (struct client_body){0};
    out->file = open_memstream(&out->text, &out->text_bytes);
    if (!out->file) return ERR_NOMEM;
    json_write_begin(&out->writer, out->file, JSON_ONE_LINE);
    json_write_object(&out->writer, NULL);
    return OK;
}

err client_body_end(struct client_body *body)
{
    json_write_end(&body->writer);
    json_write_finish(&body->writer);
    bool is_bad = ferror(body->file);
    is_bad = fclose(body->file) != 0 || is_bad;
    body->file = NULL;
    return is_bad ? ERR_NOMEM : OK;
}

void client_body_close(struct client_body *body)
{
    if (body->file) fclose(body->file);
    free(body->text);
    *body = (struct client_body){0};
}

/* ---- showing ---- */

/* What is shown is whole: an answer that makes no sense halfway down leaves nothing on the screen. */
static err show_whole(struct args *args, const struct json_node *root, client_show *show, struct diag *diag)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = args->out;
    args->out = open_memstream(&text, &size);
    err e = args->out ? show(args, root, diag) : ERR_NOMEM;
    if (args->out && fclose(args->out) != 0 && e == OK) e = ERR_NOMEM;
    args->out = out;
    if (e == OK) fwrite(text, 1, size, out);
    free(text);
    return e;
}

static err show_once(struct args *args, const struct client_request *request, client_show *show,
                     struct diag *diag)
{
    struct client_reply reply;
    TRY(client_ask(args, request, &reply, diag));
    err e = OK;
    if (args_wants_json(args)) {
        client_print(args, &reply);
    } else {
        struct json_node root = json_root(reply.json);
        struct diag why = {0};
        e = show_whole(args, &root, show, &why);
        if (e == ERR_IO || e == ERR_SYNTAX || e == ERR_RANGE) /* a field is not what it should be */
            e = diag_fail(diag, ERR_IO, "%.150s answered nonsense: %.300s", address_of(args), why.text);
        else if (e != OK)
            diag_fail(diag, e, "%s", why.text);
    }
    client_reply_close(&reply);
    return e;
}

static void pause_for(int64_t span_ns, const volatile sig_atomic_t *stop)
{
    while (span_ns > 0 && !*stop) {
        int64_t slice_ns = span_ns < NS_PER_S / 10 ? span_ns : NS_PER_S / 10;
        nanosleep(&(struct timespec){.tv_nsec = (long)slice_ns}, NULL);
        span_ns -= slice_ns;
    }
}

/* On a terminal each answer takes the place of the one before. A service that is away for a while is waited
 * for. */
static err watch(struct args *args, const struct client_request *request, client_show *show,
                 struct diag *diag)
{
    const volatile sig_atomic_t *stop = interrupt_catch();
    bool is_terminal = isatty(fileno(args->out));
    err e = OK;
    for (uint64_t round = 0; !*stop; round++) {
        struct diag why = {0};
        if (is_terminal) fputs("\033[H\033[2J", args->out);
        e = show_once(args, request, show, &why);
        if (e != OK && (e != ERR_IO || round == 0)) {
            diag_fail(diag, e, "%s", why.text);
            break;
        }
        if (e != OK) fprintf(args->log, "agenc: %s\n", why.text);
        fflush(args->out);
        int64_t interval_ns = args_integer(args, "watch");
        pause_for(interval_ns > INTERVAL_LEAST_NS ? interval_ns : INTERVAL_LEAST_NS, stop);
        e = OK;
    }
    interrupt_release();
    return e;
}

err client_run(struct args *args, const struct client_request *request, client_show *show, struct diag *diag)
{
    bool is_watched = args_has(args, "watch") && args_given(args, "watch");
    return is_watched ? watch(args, request, show, diag) : show_once(args, request, show, diag);
}
