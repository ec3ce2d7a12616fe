/* daemon/rpc_buffer.h: bytes that come in at one end and leave at the other. How many may wait is its user's
 * to say. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *bytes;
    size_t at, used, room; /* at .. used is what waits */
};

bool buffer_add(struct buffer *buffer, const void *bytes, size_t size_bytes); /* false: no memory */
void buffer_take(struct buffer *buffer, size_t size_bytes);                   /* so many are done */
void buffer_free(struct buffer *buffer);                                      /* fine on a zeroed one */

static inline size_t buffer_left(const struct buffer *buffer)
{
    return buffer->used - buffer->at;
}
