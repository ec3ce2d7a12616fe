/* daemon/rpc_ws.c: frames, and the SHA-1 (FIPS 180-4) that the handshake wants. */
#include "daemon/rpc_ws.h"
#include "base/base64.h"
#include <string.h>

enum { SHA1_BYTES = 20, SHA1_BLOCK = 64, CONTROL_MAX = 125 };

static uint32_t rotate(uint32_t word, int by)
{
    return word << by | word >> (32 - by);
}

static void sha1_block(uint32_t state[5], const unsigned char *block)
{
    uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t f = i < 20              ? (b & c) | (~b & d)
                     : i < 40 || i >= 60 ? b ^ c ^ d
                                         : (b & c) | (b & d) | (c & d);
        uint32_t k = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6;
        uint32_t sum = rotate(a, 5) + f + e + k + w[i];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = sum;
    }
    uint32_t add[] = {a, b, c, d, e};
    for (int i = 0; i < 5; i++) state[i] += add[i];
}

/* Of at most 119 bytes: two blocks. */
static void sha1_short(const unsigned char *bytes, size_t size_bytes, unsigned char digest[SHA1_BYTES])
{
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    unsigned char blocks[2 * SHA1_BLOCK] = {0};
    size_t used = size_bytes < SHA1_BLOCK - 8 ? SHA1_BLOCK : 2 * SHA1_BLOCK;
    memcpy(blocks, bytes, size_bytes);
    blocks[size_bytes] = 0x80;
    for (size_t i = 0; i < 4; i++) blocks[used - 1 - i] = (unsigned char)((size_bytes * 8) >> (8 * i));
    for (size_t at = 0; at < used; at += SHA1_BLOCK) sha1_block(state, blocks + at);
    for (int i = 0; i < SHA1_BYTES; i++) digest[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
}

void ws_accept(const char *key, size_t key_bytes, char accept[WS_ACCEPT_BYTES])
{
    static const char GUID[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char joined[2 * SHA1_BLOCK] = {0}, digest[SHA1_BYTES];
    if (key_bytes > SHA1_BLOCK) key_bytes = SHA1_BLOCK; /* a true one has 24 */
    memcpy(joined, key, key_bytes);
    memcpy(joined + key_bytes, GUID, sizeof GUID - 1);
    sha1_short(joined, key_bytes + sizeof GUID - 1, digest);
    base64_encode(digest, SHA1_BYTES, accept);
}

static enum ws_verdict broken(uint16_t *close_code, uint16_t code)
{
    *close_code = code;
    return WS_BROKEN;
}

enum ws_verdict ws_read(unsigned char *bytes, size_t size_bytes, size_t payload_max, struct ws_frame *out,
                        uint16_t *close_code)
{
    if (size_bytes < 2) return WS_INCOMPLETE;
    uint32_t opcode = bytes[0] & 0x0f;
    bool is_last = bytes[0] & 0x80, is_control = opcode >= WS_CLOSE;
    if (bytes[0] & 0x70 || !(bytes[1] & 0x80)) return broken(close_code, WS_PROTOCOL_ERROR);
    if (opcode > WS_PONG || (opcode > WS_BINARY && !is_control)) return broken(close_code, WS_PROTOCOL_ERROR);
    uint64_t payload = bytes[1] & 0x7f;
    size_t head = 2, more = payload == 126 ? 2 : payload == 127 ? 8 : 0;
    if (is_control && (!is_last || payload > CONTROL_MAX)) return broken(close_code, WS_PROTOCOL_ERROR);
    if (size_bytes < head + more) return WS_INCOMPLETE;
    if (more) payload = 0;
    for (size_t i = 0; i < more; i++) payload = payload << 8 | bytes[head + i];
    head += more;
    if (payload > payload_max) return broken(close_code, WS_TOO_LARGE);
    if (size_bytes < head + 4 + payload) return WS_INCOMPLETE;
    const unsigned char *mask = bytes + head;
    unsigned char *text = bytes + head + 4;
    for (size_t i = 0; i < payload; i++) text[i] ^= mask[i % 4];
    *out = (struct ws_frame){.opcode = (enum ws_opcode)opcode,
                             .is_last = is_last,
                             .payload = text,
                             .payload_bytes = (size_t)payload,
                             .frame_bytes = head + 4 + (size_t)payload};
    return WS_FRAME;
}

uint16_t ws_close_answer(const struct ws_frame *frame)
{
    if (frame->payload_bytes == 0) return 1000;
    if (frame->payload_bytes == 1) return WS_PROTOCOL_ERROR;
    uint16_t code = (uint16_t)(frame->payload[0] << 8 | frame->payload[1]);
    /* 1004 to 1006 and 1015 are words about connections, never on them (RFC 6455, 7.4). */
    bool is_known = code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
    bool is_own = code >= 3000 && code <= 4999;
    return is_known || is_own ? code : WS_PROTOCOL_ERROR;
}

size_t ws_head(enum ws_opcode opcode, size_t payload_bytes, unsigned char head[WS_HEAD_BYTES_MAX])
{
    head[0] = (unsigned char)(0x80 | opcode);
    if (payload_bytes < 126) {
        head[1] = (unsigned char)payload_bytes;
        return 2;
    }
    size_t more = payload_bytes <= UINT16_MAX ? 2 : 8;
    head[1] = more == 2 ? 126 : 127;
    for (size_t i = 0; i < more; i++)
        head[2 + i] = (unsigned char)((uint64_t)payload_bytes >> (8 * (more - 1 - i)));
    return 2 + more;
}
