/* daemon/rpc_buffer.c: one block that doubles, and is given back when empty. */
#include "daemon/rpc_buffer.h"
#include <stdlib.h>
#include <string.h>

enum { KEPT_BYTES = 16 << 10 }; /* of an emptied buffer that is larger, nothing is kept */

bool buffer_add(struct buffer *buffer, const void *bytes, size_t size_bytes)
{
    if (buffer->at > buffer->used / 2) { /* what is done makes room, when that is worth moving the rest */
        memmove(buffer->bytes, buffer->bytes + buffer->at, buffer->used - buffer->at);
        buffer->used -= buffer->at;
        buffer->at = 0;
    }
    if (buffer->used + size_bytes > buffer->room) {
        size_t room = buffer->room ? buffer->room : 1024;
        while (room < buffer->used + size_bytes) room *= 2;
        char *grown = realloc(buffer->bytes, room);
        if (!grown) return false;
        buffer->bytes = grown;
        buffer->room = room;
    }
    memcpy(buffer->bytes + buffer->used, bytes, size_bytes);
    buffer->used += size_bytes;
    return true;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){0};
}

void buffer_take(struct buffer *buffer, size_t size_bytes)
{
    buffer->at += size_bytes;
    if (buffer->at < buffer->used) return;
    buffer->at = buffer->used = 0;
    if (buffer->room > KEPT_BYTES) buffer_free(buffer);
}
