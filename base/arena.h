/* base/arena.h: memory that is handed out in order and given back all at once.
 *
 * An arena is a block with a fill mark. Nothing inside is freed by itself.
 * Alignment is 64 bytes (a cache line) unless asked smaller; memory is zeroed.
 * arena_open allocates the block (ours), arena_init borrows the caller's.
 * Errors: ERR_NOMEM when the block is full or cannot be had. */
#pragma once
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

struct arena {
    unsigned char *block;
    size_t size_bytes, used_bytes;
    unsigned char *owned; /* NULL when borrowed */
};

MUST_USE err arena_open(struct arena *arena, size_t size_bytes);
void arena_init(struct arena *arena, void *block, size_t size_bytes); /* block 64-byte aligned, zeroed */
void arena_close(struct arena *arena);                                /* all that it handed out is gone */

/* count * size_bytes zeroed bytes, cache-line aligned, or NULL when full. */
void *arena_array(struct arena *arena, size_t count, size_t size_bytes);

/* What arena_array will consume: for sizing an arena before it exists. */
size_t arena_array_bytes(size_t count, size_t size_bytes);
