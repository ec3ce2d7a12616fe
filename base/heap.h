/* base/heap.h: one deadline for each handle, the earliest on top.
 *
 * Order:   (key, handle). Ties fall to the smaller handle, so the order is
 *          total and a run depends on nothing but its events.
 * Cost:    set and remove O(log n) by handle, top O(1).
 * Memory:  arrays in the caller's arena, sized by the number of handles; a
 *          heap can therefore never be full.
 * Errors:  ERR_NOMEM arena too small. A handle out of range is a bug.
 * Threads: none. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct deadline_heap {
    int64_t *key_of_handle;
    uint32_t *heap;     /* handles; heap[0] has the smallest (key, handle) */
    uint32_t *position; /* of a handle in heap, plus one; 0 when it has no deadline */
    uint32_t count, handle_count;
};

size_t heap_bytes(uint32_t handle_count); /* what heap_init takes from an arena */
MUST_USE err heap_init(struct deadline_heap *out, struct arena *arena, uint32_t handle_count);
void heap_set(struct deadline_heap *heap, uint32_t handle, int64_t key); /* adds the handle or moves it */
bool heap_remove(struct deadline_heap *heap, uint32_t handle);           /* false: had no deadline */
bool heap_find(const struct deadline_heap *heap, uint32_t handle, int64_t *key_out);
bool heap_top(const struct deadline_heap *heap, uint32_t *handle_out, int64_t *key_out); /* false: empty */
