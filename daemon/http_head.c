/* daemon/http_head.c */
#include "daemon/http_head.h"
#include <string.h>
#include <strings.h>

enum { LENGTH_DIGITS_MOST = 18 };

const struct http_head_answer *http_head_answer(enum http_head_fault fault)
{
    static const struct http_head_answer TABLE[] = {
#define X(name, status, code, text) [name] = {status, code, text},
        HTTP_HEAD_FAULTS(X)
#undef X
    };
    return &TABLE[fault];
}

static bool is_token(const char *text, size_t size_bytes)
{
    static const char OTHERS[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < size_bytes; i++) {
        char byte = text[i];
        bool is_word = (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
        if (!is_word && (!byte || !strchr(OTHERS, byte))) return false;
    }
    return size_bytes > 0;
}

static bool is_plain(const char *text, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return false;
    }
    return true;
}

static void see_length(struct http_head_seen *seen, const char *value, size_t value_bytes)
{
    seen->lengths++;
    if (!value_bytes || value_bytes > LENGTH_DIGITS_MOST) seen->has_bad_length = true;
    for (size_t i = 0; i < value_bytes && !seen->has_bad_length; i++) {
        if (value[i] < '0' || value[i] > '9')
            seen->has_bad_length = true;
        else
            seen->body_bytes = seen->body_bytes * 10 + (uint64_t)(value[i] - '0');
    }
}

void http_head_see(struct http_head_seen *seen, const char *name, size_t name_bytes, const char *value,
                   size_t value_bytes)
{
    static const char *const ONCE[] = {"Host", "Transfer-Encoding", "Authorization", "Idempotency-Key"};
    uint32_t *counts[] = {&seen->hosts, &seen->encodings, &seen->authorizations, &seen->keys};
    seen->has_bad_name |= !is_token(name, name_bytes);
    if (!value) {
        value = "";
        value_bytes = 0;
    }
    seen->has_bad_value |= !is_plain(value, value_bytes);
    if (strcasecmp(name, "Content-Length") == 0) see_length(seen, value, value_bytes);
    for (size_t i = 0; i < sizeof ONCE / sizeof *ONCE; i++)
        if (strcasecmp(name, ONCE[i]) == 0) ++*counts[i];
    if (strcasecmp(name, "Transfer-Encoding") == 0 && strcasecmp(value, "chunked") != 0)
        seen->has_bad_encoding = true;
    if (strcasecmp(name, "Expect") == 0) {
        bool is_known = strcasecmp(value, "100-continue") == 0;
        seen->expects_continue |= is_known;
        seen->expects_other |= !is_known;
    }
}

enum http_head_fault http_head_judge(const struct http_head_seen *seen)
{
    bool is_new = strcmp(seen->version, "HTTP/1.1") == 0;
    bool reads = strcmp(seen->method, "GET") == 0 || strcmp(seen->method, "HEAD") == 0;
    if (!is_new && strcmp(seen->version, "HTTP/1.0") != 0) return HTTP_HEAD_VERSION;
    if (seen->has_bad_uri) return HTTP_HEAD_URI;
    if (seen->has_bad_name) return HTTP_HEAD_NAME;
    if (seen->has_bad_value) return HTTP_HEAD_VALUE;
    if (seen->hosts > 1 || (is_new && seen->hosts != 1)) return HTTP_HEAD_HOST;
    if (seen->lengths && seen->encodings) return HTTP_HEAD_BOTH;
    if (seen->lengths > 1 || seen->has_bad_length) return HTTP_HEAD_LENGTH;
    if (seen->encodings > 1 || seen->has_bad_encoding || (seen->encodings && !is_new))
        return HTTP_HEAD_ENCODING;
    if (seen->authorizations > 1 || seen->keys > 1) return HTTP_HEAD_TWICE;
    if (reads && (seen->body_bytes || seen->encodings)) return HTTP_HEAD_BODY;
    if (seen->expects_other) return HTTP_HEAD_EXPECT;
    return HTTP_HEAD_GOOD;
}

bool http_uri_is_bad(const char *uri)
{
    for (const char *byte = uri; *byte; byte++) {
        if ((unsigned char)*byte <= 0x20 || (unsigned char)*byte >= 0x7f) return true;
        if (byte[0] == '%' && byte[1] == '0' && byte[2] == '0') return true;
    }
    return false;
}
