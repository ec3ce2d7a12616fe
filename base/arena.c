/* base/arena.c: the fill mark moves, and that is all. */
#include "base/arena.h"
#include "base/assert.h"
#include <stdlib.h>

enum { LINE_BYTES = 64 };

size_t arena_array_bytes(size_t count, size_t size_bytes)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size_bytes, &bytes)) return SIZE_MAX;
    return bytes > SIZE_MAX - LINE_BYTES ? SIZE_MAX : (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
}

void arena_init(struct arena *arena, void *block, size_t size_bytes)
{
    ASSERT(((uintptr_t)block & (LINE_BYTES - 1)) == 0);
    *arena = (struct arena){.block = block, .size_bytes = size_bytes};
}

err arena_open(struct arena *arena, size_t size_bytes)
{
    size_t rounded = arena_array_bytes(size_bytes ? size_bytes : 1, 1);
    /* calloc leaves untouched pages unmapped: a generous table costs only what it uses. */
    unsigned char *block = rounded > SIZE_MAX - LINE_BYTES ? NULL : calloc(1, rounded + LINE_BYTES);
    if (!block) return ERR_NOMEM;
    uintptr_t misfit = (uintptr_t)block & (LINE_BYTES - 1);
    arena_init(arena, block + (misfit ? LINE_BYTES - misfit : 0), rounded);
    arena->owned = block;
    return OK;
}

void arena_close(struct arena *arena)
{
    free(arena->owned);
    *arena = (struct arena){0};
}

void *arena_array(struct arena *arena, size_t count, size_t size_bytes)
{
    size_t bytes = arena_array_bytes(count, size_bytes);
    if (bytes > arena->size_bytes - arena->used_bytes) return NULL;
    void *start = arena->block + arena->used_bytes;
    arena->used_bytes += bytes;
    return start;
}
