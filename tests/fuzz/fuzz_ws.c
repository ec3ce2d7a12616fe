/* tests/fuzz/fuzz_ws.c: any bytes as frames one behind the other; each payload lies in the buffer. */
#include "daemon/rpc_ws.h"
#include "tests/fuzz/fuzz.h"

enum { PAYLOAD_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    unsigned char *text = (unsigned char *)fuzz_text(bytes, size_bytes);
    size_t at = 0;
    for (;;) {
        struct ws_frame frame;
        uint16_t code = 0;
        enum ws_verdict verdict = ws_read(text + at, size_bytes - at, PAYLOAD_MAX, &frame, &code);
        if (verdict == WS_BROKEN) ASSERT(code == WS_PROTOCOL_ERROR || code == WS_TOO_LARGE);
        if (verdict != WS_FRAME) break;
        ASSERT(frame.frame_bytes <= size_bytes - at && frame.payload_bytes <= PAYLOAD_MAX);
        ASSERT(frame.payload >= text + at);
        ASSERT(frame.payload + frame.payload_bytes == text + at + frame.frame_bytes);
        ASSERT(frame.opcode < WS_CLOSE || (frame.is_last && frame.payload_bytes <= 125));
        unsigned char head[WS_HEAD_BYTES_MAX];
        ASSERT(ws_head(frame.opcode, frame.payload_bytes, head) <= WS_HEAD_BYTES_MAX);
        at += frame.frame_bytes;
    }
    char accept[WS_ACCEPT_BYTES];
    ws_accept((const char *)bytes, size_bytes < 64 ? size_bytes : 64, accept);
    ASSERT(strlen(accept) == WS_ACCEPT_BYTES - 1);
    free(text);
    return 0;
}
