/* daemon/rpc_ws.h: WebSocket frames (RFC 6455), as a server sees them.
 *
 * Pure functions over bytes. What a client must not send (no mask, reserved
 * bits, unknown opcodes, long or split control frames, too large a payload)
 * has its close code. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ws_opcode { WS_MORE = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

enum {
    WS_GOING_AWAY = 1001,
    WS_PROTOCOL_ERROR = 1002,
    WS_NOT_TEXT = 1003,
    WS_BAD_TEXT = 1007,
    WS_TOO_LARGE = 1009,
    WS_ACCEPT_BYTES = 29,   /* base64 of 20 bytes, with the NUL */
    WS_HEAD_BYTES_MAX = 10, /* of a frame that we send */
};

struct ws_frame {
    enum ws_opcode opcode;
    bool is_last;
    unsigned char *payload; /* in the buffer given, unmasked in place */
    size_t payload_bytes, frame_bytes;
};

enum ws_verdict { WS_FRAME, WS_INCOMPLETE, WS_BROKEN };

/* The first frame of the bytes. WS_BROKEN: *close_code says why. */
enum ws_verdict ws_read(unsigned char *bytes, size_t size_bytes, size_t payload_max, struct ws_frame *out,
                        uint16_t *close_code);

/* What a close frame is answered with: its own code, 1000 for none, or 1002 for one that may not be sent. */
uint16_t ws_close_answer(const struct ws_frame *frame);

size_t ws_head(enum ws_opcode opcode, size_t payload_bytes, unsigned char head[WS_HEAD_BYTES_MAX]);
void ws_accept(const char *key, size_t key_bytes, char accept[WS_ACCEPT_BYTES]);
