/* tests/fuzz/fuzz_http.c: any bytes as requests one behind the other; each head lies in the buffer. */
#include "daemon/rpc_http.h"
#include "tests/fuzz/fuzz.h"

enum { HEAD_MAX = 8192 };

static void check_inside(const struct http_text *text, const char *bytes, size_t size_bytes)
{
    if (text->size_bytes == 0) return;
    ASSERT(text->text >= bytes && text->text + text->size_bytes <= bytes + size_bytes);
}

/* What is broken or whole stays so when more comes behind. */
static void check_stable(const char *bytes, size_t size_bytes, const struct http_head *whole)
{
    struct http_head head;
    int status = 0;
    ASSERT(http_read(bytes, whole->head_bytes, HEAD_MAX, &head, &status) == HTTP_REQUEST);
    ASSERT(head.head_bytes == whole->head_bytes && head.body_bytes == whole->body_bytes);
    ASSERT(http_read(bytes, whole->head_bytes - 1, HEAD_MAX, &head, &status) != HTTP_REQUEST);
    (void)size_bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    char *text = fuzz_text(bytes, size_bytes);
    for (size_t at = 0; at < size_bytes;) {
        struct http_head head;
        int status = 0;
        enum http_verdict verdict = http_read(text + at, size_bytes - at, HEAD_MAX, &head, &status);
        if (verdict == HTTP_BROKEN) ASSERT(status >= 400 && status < 600 && *http_reason(status));
        if (verdict != HTTP_REQUEST) break;
        ASSERT(head.head_bytes > 0 && head.head_bytes <= size_bytes - at);
        check_inside(&head.method, text + at, head.head_bytes);
        check_inside(&head.path, text + at, head.head_bytes);
        check_inside(&head.websocket_key, text + at, head.head_bytes);
        check_stable(text + at, size_bytes - at, &head);
        if (head.body_bytes > size_bytes - at - head.head_bytes) break;
        at += head.head_bytes + head.body_bytes;
    }
    free(text);
    return 0;
}
