/* daemon/rpc_http.c: lines and headers. */
#include "daemon/rpc_http.h"
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static const struct {
    int status;
    const char *reason;
} REASONS[] = {{200, "OK"},
               {400, "Bad Request"},
               {404, "Not Found"},
               {405, "Method Not Allowed"},
               {408, "Request Timeout"},
               {411, "Length Required"},
               {413, "Payload Too Large"},
               {415, "Unsupported Media Type"},
               {426, "Upgrade Required"},
               {429, "Too Many Requests"},
               {431, "Request Header Fields Too Large"},
               {500, "Internal Server Error"},
               {502, "Bad Gateway"},
               {503, "Service Unavailable"},
               {504, "Gateway Timeout"}};

const char *http_reason(int status)
{
    for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++)
        if (REASONS[i].status == status) return REASONS[i].reason;
    return "Error";
}

bool http_is(const struct http_text *text, const char *word)
{
    return strlen(word) == text->size_bytes && memcmp(text->text, word, text->size_bytes) == 0;
}

static bool is_name(const struct http_text *text, const char *word)
{
    return strlen(word) == text->size_bytes && strncasecmp(text->text, word, text->size_bytes) == 0;
}

/* Is the word one of a comma-separated list? */
static bool lists(const struct http_text *value, const char *word)
{
    size_t size_bytes = strlen(word);
    for (size_t at = 0; at + size_bytes <= value->size_bytes; at++) {
        bool begins = at == 0 || strchr(", \t", value->text[at - 1]);
        bool ends = at + size_bytes == value->size_bytes || strchr(", \t;", value->text[at + size_bytes]);
        if (begins && ends && strncasecmp(value->text + at, word, size_bytes) == 0) return true;
    }
    return false;
}

/* Digits only; what does not fit is as large as can be. */
static bool read_length(const struct http_text *value, size_t *out)
{
    size_t length = 0;
    if (!value->size_bytes) return false;
    for (size_t i = 0; i < value->size_bytes; i++) {
        if (!isdigit((unsigned char)value->text[i])) return false;
        length = length > SIZE_MAX / 20 ? SIZE_MAX / 2 : length * 10 + (size_t)(value->text[i] - '0');
    }
    *out = length;
    return true;
}

/* What the header changes in *out; else the status to refuse it with. */
static int read_header(const struct http_text *name, const struct http_text *value, struct http_head *out)
{
    if (is_name(name, "content-length")) {
        size_t before = out->body_bytes;
        bool is_second = out->has_length;
        out->has_length = true;
        if (!read_length(value, &out->body_bytes)) return 400;
        /* Two lengths: whoever stands in between may believe the other one. */
        return is_second && before != out->body_bytes ? 400 : 0;
    }
    if (is_name(name, "transfer-encoding")) return 411;
    if (is_name(name, "connection")) {
        out->closes |= lists(value, "close");
    } else if (is_name(name, "upgrade"))
        out->upgrades = lists(value, "websocket");
    else if (is_name(name, "sec-websocket-key"))
        out->websocket_key = *value;
    else if (is_name(name, "sec-websocket-version"))
        out->is_websocket_13 = http_is(value, "13");
    else if (is_name(name, "expect"))
        out->expects_continue = is_name(value, "100-continue");
    return 0;
}

static struct http_text trim(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t')) from++;
    while (from < to && (to[-1] == ' ' || to[-1] == '\t')) to--;
    return (struct http_text){from, (size_t)(to - from)};
}

/* "POST / HTTP/1.1" */
static int read_first_line(const char *line, const char *end, struct http_head *out)
{
    const char *space = memchr(line, ' ', (size_t)(end - line));
    if (!space || space == line) return 400;
    const char *path = space + 1, *second = memchr(path, ' ', (size_t)(end - path));
    if (!second || second == path || end - second != 9 || memcmp(second + 1, "HTTP/1.", 7) != 0) return 400;
    out->method = (struct http_text){line, (size_t)(space - line)};
    out->path = (struct http_text){path, (size_t)(second - path)};
    out->closes = second[8] == '0';
    return 0;
}

enum http_verdict http_read(const char *bytes, size_t size_bytes, size_t head_max, struct http_head *out,
                            int *status)
{
    const char *end = memmem(bytes, size_bytes < head_max ? size_bytes : head_max, "\r\n\r\n", 4);
    struct http_head head = {.head_bytes = 0};
    if (!end) {
        *status = 431;
        return size_bytes >= head_max ? HTTP_BROKEN : HTTP_INCOMPLETE;
    }
    head.head_bytes = (size_t)(end - bytes) + 4;
    const char *line_end = memmem(bytes, head.head_bytes, "\r\n", 2);
    *status = read_first_line(bytes, line_end, &head);
    while (!*status && line_end < end) {
        const char *line = line_end + 2;
        line_end = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
        const char *colon = memchr(line, ':', (size_t)(line_end - line));
        if (!colon || colon == line) {
            *status = 400;
            break;
        }
        struct http_text name = {line, (size_t)(colon - line)}, value = trim(colon + 1, line_end);
        *status = read_header(&name, &value, &head);
    }
    if (*status) return HTTP_BROKEN;
    *out = head;
    return HTTP_REQUEST;
}
