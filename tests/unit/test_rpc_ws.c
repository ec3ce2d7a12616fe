/* tests/unit/test_rpc_ws.c: frames of RFC 6455, and every way in which they can be wrong. */
#include "daemon/rpc_ws.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

TestSuite(rpc_ws, .timeout = 5);

Test(rpc_ws, the_example_of_the_handshake)
{
    char accept[WS_ACCEPT_BYTES];
    ws_accept("dGhlIHNhbXBsZSBub25jZQ==", 24, accept);
    cr_assert(eq(str, accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
}

Test(rpc_ws, the_masked_example_reads_hello_and_every_prefix_is_incomplete)
{
    static const unsigned char HELLO[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
    struct ws_frame frame;
    uint16_t code = 0;
    for (size_t size = 0; size <= sizeof HELLO; size++) {
        unsigned char bytes[sizeof HELLO];
        memcpy(bytes, HELLO, sizeof HELLO);
        enum ws_verdict verdict = ws_read(bytes, size, 100, &frame, &code);
        if (verdict == WS_FRAME) cr_assert(memcmp(frame.payload, "Hello", 5) == 0);
        cr_assert(verdict == (size < sizeof HELLO ? WS_INCOMPLETE : WS_FRAME), "%zu", size);
    }
    cr_assert(eq(sz, frame.payload_bytes, 5));
    cr_assert(eq(sz, frame.frame_bytes, sizeof HELLO));
}

static uint16_t refusal(unsigned char first, unsigned char second)
{
    unsigned char bytes[16] = {first, second, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct ws_frame frame;
    uint16_t code = 0;
    return ws_read(bytes, sizeof bytes, 100, &frame, &code) == WS_BROKEN ? code : 0;
}

Test(rpc_ws, what_a_client_must_not_send_has_its_close_code)
{
    cr_assert(eq(u16, refusal(0x81, 0x01), WS_PROTOCOL_ERROR)); /* no mask */
    cr_assert(eq(u16, refusal(0xc1, 0x81), WS_PROTOCOL_ERROR)); /* reserved bit */
    cr_assert(eq(u16, refusal(0x83, 0x81), WS_PROTOCOL_ERROR)); /* opcode */
    cr_assert(eq(u16, refusal(0x8b, 0x81), WS_PROTOCOL_ERROR));
    cr_assert(eq(u16, refusal(0x09, 0x81), WS_PROTOCOL_ERROR)); /* control frame in pieces */
    cr_assert(eq(u16, refusal(0x89, 0xfe), WS_PROTOCOL_ERROR)); /* long control frame */
    cr_assert(eq(u16, refusal(0x81, 0xfe), WS_TOO_LARGE));
    cr_assert(eq(u16, refusal(0x81, 0xff), WS_TOO_LARGE)); /* 2^64 - 1 */
}

Test(rpc_ws, heads_have_the_three_forms_of_length)
{
    unsigned char head[WS_HEAD_BYTES_MAX];
    cr_assert(eq(sz, ws_head(WS_TEXT, 125, head), 2));
    cr_assert(eq(sz, ws_head(WS_TEXT, 126, head), 4));
    cr_assert(head[1] == 126 && head[2] == 0 && head[3] == 126);
    cr_assert(eq(sz, ws_head(WS_TEXT, 65536, head), 10));
    cr_assert(head[1] == 127 && head[7] == 1 && head[8] == 0 && head[9] == 0);
}

static uint16_t answer_to(size_t size, unsigned char first, unsigned char second)
{
    unsigned char payload[2] = {first, second};
    struct ws_frame frame = {.opcode = WS_CLOSE, .payload = payload, .payload_bytes = size};
    return ws_close_answer(&frame);
}

Test(rpc_ws, a_close_is_answered_with_its_code_unless_that_may_not_be_sent)
{
    cr_expect(eq(u16, answer_to(0, 0, 0), 1000));
    cr_expect(eq(u16, answer_to(2, 0x03, 0xe9), 1001));
    cr_expect(eq(u16, answer_to(2, 0x0b, 0xb8), 3000));
    cr_expect(eq(u16, answer_to(1, 0x03, 0), WS_PROTOCOL_ERROR));
    cr_expect(eq(u16, answer_to(2, 0x03, 0xed), WS_PROTOCOL_ERROR)); /* 1005 */
    cr_expect(eq(u16, answer_to(2, 0x00, 0x01), WS_PROTOCOL_ERROR));
}
